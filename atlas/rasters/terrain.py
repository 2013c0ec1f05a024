"""What an elevation model tells of the ground: slope, aspect, shade, contours, and how steep an area is.

Everything is read window by window. Slope is that of the model: 30 m cells smooth a terrace or a cutting away and make
steep ground look gentler than it is, so every number comes with the resolution.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
import shapely
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window
from skimage.measure import find_contours

from atlas.rasters.dem import open_elevation
from atlas.rasters.derive import STRIP_CELLS, read_window
from atlas.rasters.grid import Grid
from atlas.rasters.kernels import by_blocks, slope_degrees
from atlas.rasters.zonal import coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.dem import Elevation
    from atlas.rasters.grid import Values
    from atlas.rasters.kernels import Kernel

_TILE: Final = 1_024
# Below this share of known cells an area's slope is not known.
_KNOWN_SHARE: Final = 0.99


@cache
def class_tables() -> Mapping[str, Any]:
    """Return the tables of `classes.toml`: the classes of slope, aspect and elevation."""
    with Path(__file__).with_name("classes.toml").open("rb") as file:
        return tomllib.load(file)


def slope_on(elevation: Elevation, grid: Grid) -> Values:
    """Return the mean slope in the cells of a coarser grid, degrees; otherwise as `mean_on`."""
    return mean_on(elevation, grid, slope_degrees)


def mean_on(elevation: Elevation, grid: Grid, kernel: Kernel) -> Values:
    """
    Return the mean of a kernel's values in the cells of a coarser grid.

    It is computed at the model's own resolution first: the slope of averaged heights would be too gentle.

    Parameters
    ----------
    elevation
        An imported model.
    grid
        In its CRS.
    kernel
        Of `kernels`.

    Returns
    -------
    values
        Float32, shape of the grid, NaN where there are no heights.
    """
    result = np.full(grid.shape, np.nan, np.float32)
    fine = elevation.grid
    ratio = max(grid.cell_m / fine.cell_m, 1.0)
    step = max(1, int(STRIP_CELLS / (ratio * ratio * grid.columns)))
    with rasterio.open(elevation.file) as heights:
        for row in range(0, grid.rows, step):
            count = min(step, grid.rows - row)
            part = Grid(grid.crs, grid.west, grid.north - row * grid.cell_m, grid.cell_m, count, grid.columns)
            window, inner = window_of(fine, part.bounds)
            values = by_blocks(kernel, read_window(heights, window), fine.cell_m)
            reproject(
                values,
                result[row : row + count],
                src_transform=inner.transform,
                src_crs=heights.crs,
                src_nodata=np.nan,
                dst_transform=part.transform,
                dst_crs=heights.crs,
                dst_nodata=np.nan,
                resampling=Resampling.average if ratio > 1 else Resampling.bilinear,
            )
    return result


def window_of(fine: Grid, bounds: Sequence[float]) -> tuple[Window, Grid]:
    """Return the window of some bounds with a cell more on every side, and the grid of the cells without these."""
    west, south, east, north = bounds
    left, top = int((west - fine.west) // fine.cell_m), int((fine.north - north) // fine.cell_m)
    right = int(-((fine.west - east) // fine.cell_m))
    bottom = int(-((south - fine.north) // fine.cell_m))
    inner = Grid(
        fine.crs,
        fine.west + left * fine.cell_m,
        fine.north - top * fine.cell_m,
        fine.cell_m,
        max(bottom - top, 1),
        max(right - left, 1),
    )
    return Window(left - 1, top - 1, inner.columns + 2, inner.rows + 2), inner


class DemTerrain:
    """
    What is known of the slope within an area, for the screening of sites.

    Parameters
    ----------
    elevation
        An imported model.
    """

    def __init__(self, elevation: Elevation) -> None:
        self.elevation = elevation

    @property
    def resolution_m(self) -> float:
        """Size of a cell of the model, metres."""
        return self.elevation.resolution_m

    @classmethod
    def opened(cls, file: Path) -> DemTerrain | None:
        """Return the terrain of an imported model, or None if there is none."""
        elevation = open_elevation(file)
        return cls(elevation) if elevation else None

    def share_steeper(self, geometry: BaseGeometry, degrees: float) -> float | None:
        """
        Return which share of an area, a line or a point is steeper than some degrees.

        Parameters
        ----------
        geometry
            In the district's working CRS. Cells at the edge of an area count with the part that lies within.
        degrees
            Slope.

        Returns
        -------
        share
            0 to 1; None where the model has no heights for (nearly) all of it.
        """
        if geometry.is_empty:
            return None
        fine = self.elevation.grid
        window, inner = window_of(fine, geometry.bounds)
        with rasterio.open(self.elevation.file) as heights:
            slope = by_blocks(slope_degrees, read_window(heights, window), fine.cell_m)
        if geometry.area:
            weight = coverage(geometry, inner)
        else:
            weight = np.zeros(inner.shape)
            step = fine.cell_m / 4
            spots = shapely.get_coordinates(shapely.segmentize(geometry, step) if geometry.length else geometry)
            for x, y in spots:
                if cell := inner.cell(x, y):
                    weight[cell] += 1
        known = np.isfinite(slope) & (weight > 0)
        total = float(weight.sum())
        if not total or float(weight[known].sum()) < _KNOWN_SHARE * total:
            return None
        return float(weight[known & (slope > degrees)].sum() / weight[known].sum())


def contours(elevation: Elevation, interval_m: float) -> dict[float, BaseGeometry]:
    """
    Return the lines of equal height.

    Parameters
    ----------
    elevation
        An imported model.
    interval_m
        Between the lines, metres.

    Returns
    -------
    lines
        By height, in the model's CRS. Computed tile by tile, joined where tiles meet.
    """
    pieces: dict[float, list[shapely.LineString]] = {}
    fine, tile = elevation.grid, _TILE
    with rasterio.open(elevation.file) as heights:
        for row in range(0, fine.rows, tile):
            for column in range(0, fine.columns, tile):
                # Neighbouring tiles share a row of cell centres, so that their lines meet.
                values = read_window(heights, Window(column, row, tile + 1, tile + 1))
                if not np.isfinite(values).any():
                    continue
                first = np.ceil(np.nanmin(values) / interval_m)
                for n in range(int(first), int(np.nanmax(values) // interval_m) + 1):
                    for line in find_contours(values, n * interval_m):
                        if len(line) > 1:
                            spots = np.round(fine.ground(line[:, 0] + row, line[:, 1] + column), 3)
                            pieces.setdefault(n * interval_m, []).append(shapely.LineString(spots))
    return {height: shapely.line_merge(shapely.MultiLineString(lines)) for height, lines in sorted(pieces.items())}
