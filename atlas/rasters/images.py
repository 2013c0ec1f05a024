"""Rasters as pictures: coloured by class for figures, quantised for the browser, each with its place and its legend.

Colours stand in `theme.toml`. The browser gets one grey PNG of quantised values in Web Mercator and colours it itself:
picture, legend and the value under the pointer cannot differ.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyproj
import rasterio
import shapely
from PIL import Image
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject

from atlas.figures.model import RasterImage
from atlas.theme import theme
from layers.crs import WEB_CRS, project, unproject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from atlas.rasters.grid import Grid, Values

# 0 stands for no value, the rest for values.
_LEVELS: Final = 255
_EDGE_CELLS: Final = 16


@dataclass(frozen=True)
class Ramp:
    """
    How values are classed and coloured.

    Parameters
    ----------
    edges
        Lower edge of each class, ascending; a class reaches to the next, the last without end.
    colors
        Of each class, ``#rrggbb``.
    titles
        Of each class, in the language of the view; blank for one between two that have a title.
    step
        What the browser's values are rounded down to; the edges are multiples of it above the first.
    opacity
        Of the whole picture.
    """

    edges: tuple[float, ...]
    colors: tuple[str, ...]
    titles: tuple[str, ...]
    step: float
    opacity: float

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Colour and title of each class that has a title."""
        return [(color, title) for color, title in zip(self.colors, self.titles, strict=True) if title]

    def classes(self, values: Values) -> NDArray[np.uint8]:
        """Return the class of each value, counted from 1; 0 where there is no value."""
        known = np.isfinite(values)
        found = np.searchsorted(np.array(self.edges[1:]), np.where(known, values, 0), side="right") + 1
        return np.where(known, found, 0).astype(np.uint8)


def ramp(id_: str, edges: Sequence[float], titles: Sequence[str], step: float) -> Ramp:
    """
    Return the ramp of a quantity with the theme's colours for it.

    Raises
    ------
    ValueError
        If the theme does not hold a colour for each class.
    """
    table = theme()["rasters"][id_]
    colors = table["colors"]
    if not len(edges) == len(titles) == len(colors):
        raise ValueError(f"{id_}: {len(edges)} edges, {len(titles)} titles, {len(colors)} colours")
    return Ramp(tuple(edges), tuple(colors), tuple(titles), step, float(table["opacity"]))


def figure_image(values: Values, grid: Grid, colours: Ramp, id_: str, title: str) -> RasterImage:
    """
    Return a raster as a picture in the working CRS.

    Parameters
    ----------
    values
        On the grid; NaN is transparent.
    grid
        Where it lies.
    colours
        How it is classed and coloured.
    id_, title
        What it is, and the title of its legend.
    """
    picture = png(colours.classes(values), colours.colors)
    return RasterImage(id_, title, picture, grid.bounds, colours.opacity, tuple(colours.legend))


def png(classes: NDArray[np.uint8], colors: Sequence[str]) -> bytes:
    """Return classes (0: transparent) as a PNG with a palette."""
    image = Image.fromarray(classes).convert("P")
    image.putpalette([0, 0, 0, *(int(color[k : k + 2], 16) for color in colors for k in (1, 3, 5))])
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0)
    return out.getvalue()


def web_image(values: Values, grid: Grid, colours: Ramp) -> dict[str, Any]:
    """
    Return a raster as the browser gets it.

    Returns
    -------
    image
        ``png`` (a data address), ``bounds`` (corners in degrees, latitude first), ``size`` (width and height),
        ``low`` and ``step`` (a pixel of n > 0 holds low + (n - 1) step), ``edges`` and ``colors`` of the classes.
        The picture is in Web Mercator, as Leaflet draws it: its edges are those of the bounds.
    """
    pixels, bounds = web_pixels(values, grid, colours)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return {
        "png": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii"),
        "bounds": bounds,
        "size": [pixels.shape[1], pixels.shape[0]],
        "low": colours.edges[0],
        "step": colours.step,
        "edges": list(colours.edges),
        "colors": list(colours.colors),
    }


def web_pixels(values: Values, grid: Grid, colours: Ramp) -> tuple[NDArray[np.uint8], list[list[float]]]:
    """Return quantised values in Web Mercator, and the corners of their outer edges in degrees, latitude first."""
    values, grid = cropped(values, grid)
    source = rasterio.crs.CRS.from_wkt(grid.crs.to_wkt("WKT1_GDAL"))
    web = pyproj.CRS(WEB_CRS)
    # Straight edges are curved there. PROJ takes long to find a way between two systems, and these ways it has found.
    edge = shapely.get_coordinates(shapely.segmentize(shapely.box(*grid.bounds), grid.cell_m * _EDGE_CELLS))
    lon, lat = unproject(edge[:, 0], edge[:, 1], grid.crs)
    x, y = project(lon, lat, web)
    # Web Mercator stretches the ground with the latitude: pixels as large as the cells are there.
    pixel = grid.cell_m / np.cos(np.radians((lat.min() + lat.max()) / 2))
    west, north = float(x.min()), float(y.max())
    width, height = int(np.ceil((x.max() - west) / pixel)), int(np.ceil((north - y.min()) / pixel))
    there = np.full((height, width), np.nan, np.float32)
    reproject(
        values,
        there,
        src_transform=grid.transform,
        src_crs=source,
        src_nodata=np.nan,
        dst_transform=from_origin(west, north, pixel, pixel),
        dst_crs=WEB_CRS,
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    known = np.isfinite(there)
    levels = np.floor((np.where(known, there, colours.edges[0]) - colours.edges[0]) / colours.step) + 1
    pixels = np.where(known, np.clip(levels, 1, _LEVELS), 0).astype(np.uint8)
    lon, lat = unproject([west, west + width * pixel], [north - height * pixel, north], web)
    return pixels, np.column_stack([lat, lon]).tolist()


def cropped(values: Values, grid: Grid) -> tuple[Values, Grid]:
    """Return the part of a raster that holds values; all of it if none does."""
    rows, columns = (np.flatnonzero(np.isfinite(values).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return values, grid
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    west, north = grid.west + float(left) * grid.cell_m, grid.north - float(top) * grid.cell_m
    part = type(grid)(grid.crs, west, north, grid.cell_m, int(bottom - top), int(right - left))
    return values[top:bottom, left:right], part
