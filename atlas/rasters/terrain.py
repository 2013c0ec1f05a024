"""What an elevation model tells of the ground: slope, aspect, shade, contours, and how steep an area is.

Everything is read window by window. Slope is that of the model: 30 m cells smooth a terrace or a cutting away and make
steep ground look gentler than it is, so every number comes with the resolution.
"""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyproj
import rasterio
import rasterio.shutil
import shapely
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window
from skimage.measure import find_contours

from atlas.rasters.dem import open_elevation
from atlas.rasters.export import COG_OPTIONS, draft_of
from atlas.rasters.grid import Grid
from atlas.rasters.kernels import KERNELS, by_blocks, slope_degrees
from atlas.rasters.zonal import coverage
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.dem import Elevation
    from atlas.rasters.grid import Values
    from atlas.rasters.kernels import Kernel

_STRIP_CELLS: Final = 4_000_000
_TILE: Final = 1_024
# Below this share of known cells an area's slope is not known.
_KNOWN_SHARE: Final = 0.99


@cache
def class_tables() -> Mapping[str, Any]:
    """Return the tables of `classes.toml`: the classes of slope, aspect and elevation."""
    with Path(__file__).with_name("classes.toml").open("rb") as file:
        return tomllib.load(file)


def derive(
    source: Path,
    out: Path,
    what: str,
    *,
    cog: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """
    Write a surface derived from an elevation model.

    Parameters
    ----------
    source
        Heights in metres in a projected CRS, of any size; read strip by strip.
    out
        GeoTIFF: float32 with NaN for unknown; a hillshade is bytes, 0 for unknown. The outermost cells are unknown.
    what
        One of `KERNELS`.
    cog
        Whether the file is made a Cloud Optimized GeoTIFF with overviews, which takes longer.
    progress
        Told the share that is done, 0 to 1.

    Raises
    ------
    PlanError
        If a file cannot be read or written, or the model is not in a projected CRS in metres.
    """
    shade = what == "hillshade"
    profile = {
        "driver": "GTiff",
        "dtype": "uint8" if shade else "float32",
        "nodata": 0 if shade else np.nan,
        "count": 1,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "bigtiff": "IF_SAFER",
    }
    try:
        with rasterio.open(source) as heights, draft_of(out) as draft:
            _check_metres(heights, source)
            plain = draft.with_name(f"{draft.stem}.plain.tif") if cog else draft
            try:
                size = {"width": heights.width, "height": heights.height}
                place = {"crs": heights.crs, "transform": heights.transform}
                with rasterio.open(plain, "w", **profile, **size, **place) as derived:
                    for window, values in _strips(heights, KERNELS[what], progress):
                        if shade:
                            values = np.nan_to_num(values + np.float32(0.5), nan=0).astype(np.uint8)  # noqa: PLW2901
                        derived.write(values, 1, window=window)
                if cog:
                    rasterio.shutil.copy(plain, draft, **COG_OPTIONS)
            finally:
                if cog:
                    plain.unlink(missing_ok=True)
    except RasterioError as error:
        detail = " ".join(str(error).split())[:120]
        raise PlanError([Finding("dem_unreadable", str(source), {"detail": detail})]) from error
    progress(1.0)


def _check_metres(heights: rasterio.DatasetReader, source: Path) -> None:
    crs = pyproj.CRS.from_wkt(heights.crs.to_wkt()) if heights.crs else None
    if crs is None:
        raise PlanError([Finding("dem_no_crs", str(source))])
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        values = {"value": crs.name, "detail": "not projected in metres"}
        raise PlanError([Finding("bad_crs", str(source), values)])


def _strips(
    heights: rasterio.DatasetReader, kernel: Kernel, progress: Callable[[float], None]
) -> Iterator[tuple[Window, Values]]:
    """Return a kernel's values of a whole raster strip by strip; one is computed while the next is read."""
    rows, columns = heights.height, heights.width
    step = max(64, min(rows, _STRIP_CELLS // columns) // 512 * 512)
    cell_m = heights.res[0]
    with ThreadPoolExecutor(2) as pool:
        waiting = None
        for top in range(0, rows, step):
            count = min(step, rows - top)
            read = read_window(heights, Window(-1, top - 1, columns + 2, count + 2))
            job = pool.submit(by_blocks, kernel, read, cell_m)
            if waiting:
                yield waiting[0], waiting[1].result()
            waiting = Window(0, top, columns, count), job
            progress(top / rows)
        if waiting:
            yield waiting[0], waiting[1].result()


def read_window(heights: rasterio.DatasetReader, window: Window) -> Values:
    """Return the heights of a window, float32; NaN where there is none or the window leaves the raster."""
    top, left = max(window.row_off, 0), max(window.col_off, 0)
    bottom = min(window.row_off + window.height, heights.height)
    right = min(window.col_off + window.width, heights.width)
    values = np.full((window.height, window.width), np.nan, np.float32)
    if bottom <= top or right <= left:
        return values
    inner = values[
        top - window.row_off : bottom - window.row_off,
        left - window.col_off : right - window.col_off,
    ]
    inner[:] = heights.read(1, window=Window(left, top, right - left, bottom - top), out_dtype="float32")
    if heights.nodata is not None and not np.isnan(heights.nodata):
        inner[inner == np.float32(heights.nodata)] = np.nan
    return values


def slope_on(elevation: Elevation, grid: Grid) -> Values:
    """
    Return the mean slope in the cells of a coarser grid, degrees.

    It is computed at the model's own resolution first: the slope of averaged heights would be too gentle.

    Parameters
    ----------
    elevation
        An imported model.
    grid
        In its CRS.

    Returns
    -------
    slope
        Float32, shape of the grid, NaN where there are no heights.
    """
    result = np.full(grid.shape, np.nan, np.float32)
    fine = elevation.grid
    ratio = max(grid.cell_m / fine.cell_m, 1.0)
    step = max(1, int(_STRIP_CELLS / (ratio * ratio * grid.columns)))
    with rasterio.open(elevation.file) as heights:
        for row in range(0, grid.rows, step):
            count = min(step, grid.rows - row)
            part = Grid(grid.crs, grid.west, grid.north - row * grid.cell_m, grid.cell_m, count, grid.columns)
            window, inner = window_of(fine, part.bounds)
            slope = by_blocks(slope_degrees, read_window(heights, window), fine.cell_m)
            reproject(
                slope,
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
