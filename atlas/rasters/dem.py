"""The elevation model a planner brings: checked, cut to the district, and kept as a Cloud Optimized GeoTIFF.

Nothing of the file is believed without a look: what has no CRS, is no elevation, is in feet or lies elsewhere is
refused in one line and leaves nothing behind. Files larger than memory are read window by window.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyproj
import rasterio
import rasterio.shutil
import shapely
from pyproj.exceptions import CRSError
from rasterio import features
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling, calculate_default_transform, transform_bounds
from rasterio.windows import Window

from atlas.locations import ELEVATION_FILE
from atlas.rasters.export import COG_OPTIONS, draft_of, one_line
from atlas.rasters.grid import Grid, snapped
from layers import Finding, PlanError
from layers.crs import STORAGE_CRS, is_refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.grid import Mask
    from atlas.rasters.recipes import Ground

    Progress = Callable[[float], None]

MARGIN_M: Final = 2_000.0
_DRIVERS: Final = {"GTiff", "COG", "SRTMHGT", "AAIGrid", "HFA", "ENVI", "USGSDEM"}
_TILE: Final = 1_024
# No land lies lower or higher, metres; what is beyond is a mark for nothing, or no height.
_DEEPEST, _HIGHEST = -500.0, 9_000.0
_FOOT_M: Final = 0.3048
_CACHE_MB: Final = 128
_LOOK: Final = 2_048
_NOTHING: Final = -32_768.0


@dataclass(frozen=True)
class Elevation:
    """
    An imported elevation model.

    Parameters
    ----------
    file
        Heights in metres, float32, NaN where unknown; in the district's working CRS, cut to the district and a margin.
    grid
        Where its cells lie.
    resolution_m
        Size of a cell of the file it came from, metres.
    name, imported
        That file's name, and the day (ISO 8601).
    low_m, high_m
        Lowest and highest cell, metres.
    covered
        Share of the district that has heights.
    """

    file: Path
    grid: Grid
    resolution_m: float
    name: str
    imported: str
    low_m: float
    high_m: float
    covered: float

    @property
    def stamp(self) -> str:
        """Changes whenever another model is imported."""
        return f"{self.file.stat().st_mtime_ns}"


@dataclass(frozen=True)
class _Task:
    """What is to be cut out, and how; `exact` if the cells are the file's own."""

    source: Path
    area: BaseGeometry
    ground: Ground
    exact: bool
    progress: Progress


def elevation_file(workspace: Path, district: str) -> Path:
    """Return where the elevation model of a district is kept in a workspace."""
    return workspace / district / ELEVATION_FILE


def open_elevation(file: Path) -> Elevation | None:
    """
    Return the elevation model that was imported, or None if there is none.

    Raises
    ------
    PlanError
        If the file cannot be read.
    """
    if not file.is_file():
        return None
    try:
        with rasterio.open(file) as source:
            tags, (west, _, _, north) = source.tags(), source.bounds
            crs = pyproj.CRS.from_wkt(source.crs.to_wkt()) if source.crs else None
            if crs is None:
                raise _refusal("dem_no_crs", file)
            if not crs.is_projected:
                raise _refusal("bad_crs", file, value=crs.name, detail="not projected in metres")
            grid = Grid(crs, west, north, source.res[0], source.height, source.width)
            return Elevation(
                file=file,
                grid=grid,
                resolution_m=float(tags.get("ATLAS_RESOLUTION_M", source.res[0])),
                name=tags.get("ATLAS_NAME", file.name),
                imported=tags.get("ATLAS_IMPORTED", ""),
                low_m=float(tags.get("ATLAS_LOW_M", "nan")),
                high_m=float(tags.get("ATLAS_HIGH_M", "nan")),
                covered=float(tags.get("ATLAS_COVERED", "nan")),
            )
    except (RasterioError, CRSError) as error:
        raise _refusal("dem_unreadable", file, detail=one_line(error)) from error


def import_elevation(
    source: Path,
    out: Path,
    area: BaseGeometry,
    crs: pyproj.CRS,
    ground: Ground,
    *,
    assume_crs: str = "",
    progress: Progress = lambda _: None,
) -> Elevation:
    """
    Check an elevation file, cut it to an area, and keep it.

    Parameters
    ----------
    source
        A GeoTIFF, HGT, ASCII grid or the like, in any CRS, of any size.
    out
        Where it is kept, as `elevation_file` says; replaced only if all goes well.
    area, crs
        The district and its working CRS.
    ground
        Between which heights the district lies, as far as it is known.
    assume_crs
        What the file is taken to be in if it does not say.
    progress
        Told the share that is done, 0 to 1.

    Raises
    ------
    PlanError
        If the file cannot be used, and why.
    """
    if not source.is_file():
        raise _refusal("missing_file", source)
    out.parent.mkdir(parents=True, exist_ok=True)
    options = {"GDAL_CACHEMAX": _CACHE_MB, "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE"}
    try:
        with (
            rasterio.Env(**options),
            warnings.catch_warnings(),
            _opened(source) as opened,
            draft_of(out) as draft,
        ):
            from_crs = _checked(opened, source, assume_crs)
            grid, exact = _target(opened, from_crs, area, crs, source)
            plain = draft.with_name(f"{draft.stem}.plain.tif")
            try:
                task = _Task(source, area, ground, exact, progress)
                _cut(opened, from_crs, plain, grid, task)
                rasterio.shutil.copy(plain, draft, **COG_OPTIONS)
            finally:
                with contextlib.suppress(OSError):
                    plain.unlink(missing_ok=True)
    except RasterioError as error:
        raise _refusal("dem_unreadable", source, detail=one_line(error)) from error
    progress(1.0)
    kept = open_elevation(out)
    if kept is None:
        raise _refusal("dem_unreadable", out, detail="—")
    return kept


def _opened(source: Path) -> rasterio.DatasetReader:
    """Open a file; that it lies nowhere is told in our own words."""
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    return rasterio.open(source)


def _checked(opened: rasterio.DatasetReader, source: Path, assume_crs: str) -> pyproj.CRS:
    """Return the CRS of a file that may be an elevation model; refuse any other."""
    if opened.driver not in _DRIVERS:
        raise _refusal("dem_not_elevation", source, value=opened.driver)
    if opened.count != 1:
        raise _refusal("dem_bands", source, count=opened.count)
    if np.dtype(opened.dtypes[0]).kind not in "iuf" or opened.dtypes[0] == "uint8":
        raise _refusal("dem_not_elevation", source, value=opened.dtypes[0])
    declared = opened.crs.to_wkt() if opened.crs else assume_crs
    try:
        crs = pyproj.CRS.from_user_input(declared) if declared else None
    except CRSError as error:
        raise _refusal("bad_crs", source, value=declared[:40], detail="unknown to PROJ") from error
    if crs is None or not (crs.is_geographic or crs.is_projected or crs.is_compound):
        raise _refusal("dem_no_crs", source)
    if is_refused(crs):
        raise _refusal("refused_datum", source, value=crs.name)
    upward = [axis.unit_name for axis in crs.axis_info if axis.direction == "up"]
    unit = (opened.units[0] or (upward or ["metre"])[0]).strip().lower()
    if unit not in {"m", "metre", "metres", "meter", "meters", "米"}:
        raise _refusal("dem_feet", source, value=unit)
    return crs


def _target(
    opened: rasterio.DatasetReader, from_crs: pyproj.CRS, area: BaseGeometry, crs: pyproj.CRS, source: Path
) -> tuple[Grid, bool]:
    """Return the grid to cut to, at the file's own resolution, and whether its cells are the file's own."""
    there, here = _wkt(from_crs), _wkt(crs)
    wanted = shapely.box(*area.bounds).buffer(MARGIN_M, join_style="mitre")
    own = shapely.box(*opened.bounds)
    if not own.intersects(shapely.box(*transform_bounds(here, there, *wanted.bounds))):
        lon, lat = (sum(pair) / 2 for pair in zip(*np.reshape(_degrees(there, opened.bounds), (2, 2)), strict=True))
        raise _refusal("dem_elsewhere", source, lon=f"{lon:.2f}", lat=f"{lat:.2f}")
    if there == here and not opened.transform.b and math.isclose(*opened.res) and opened.transform.e < 0:
        cell, (left, _, _, top) = opened.res[0], opened.bounds
        west, south, east, north = wanted.bounds
        column, row = math.floor((west - left) / cell), math.floor((top - north) / cell)
        columns, rows = math.ceil((east - left) / cell) - column, math.ceil((top - south) / cell) - row
        return Grid(crs, left + column * cell, top - row * cell, cell, rows, columns), True
    overlap = own.intersection(shapely.box(*transform_bounds(here, there, *wanted.bounds)))
    across = max(1, round((overlap.bounds[2] - overlap.bounds[0]) / opened.res[0]))
    down = max(1, round((overlap.bounds[3] - overlap.bounds[1]) / opened.res[1]))
    transform, _, _ = calculate_default_transform(there, here, across, down, *overlap.bounds)
    return snapped(area, crs, round(transform.a, 2), MARGIN_M), False


def _cut(
    opened: rasterio.DatasetReader,
    from_crs: pyproj.CRS,
    out: Path,
    grid: Grid,
    task: _Task,
) -> None:
    """Write the heights of a grid, tile by tile; refuse what comes out as no heights of this place."""
    low, high, inside, known = math.inf, -math.inf, 0, 0
    nodata = _mark(opened) if opened.nodata is None else opened.nodata
    profile = {
        "driver": "GTiff",
        "width": grid.columns,
        "height": grid.rows,
        "count": 1,
        "dtype": "float32",
        "crs": _wkt(grid.crs),
        "transform": grid.transform,
        "nodata": np.nan,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "DEFLATE",
        "predictor": 3,
        "zlevel": 1,
        "bigtiff": "IF_SAFER",
        "sparse_ok": True,
    }
    with (
        WarpedVRT(
            opened,
            src_crs=_wkt(from_crs),
            crs=_wkt(grid.crs),
            transform=grid.transform,
            width=grid.columns,
            height=grid.rows,
            resampling=Resampling.nearest if task.exact else Resampling.bilinear,
            src_nodata=nodata,
            nodata=np.nan,
            dtype="float32",
            warp_mem_limit=64,
            tolerance=0.01,
        ) as warped,
        rasterio.open(out, "w", **profile) as kept,
    ):
        tiles = list(windows(grid))
        for n, window in enumerate(tiles):
            heights = warped.read(1, window=window)
            heights[(heights < _DEEPEST) | (heights > _HIGHEST / _FOOT_M)] = np.nan
            have = np.isfinite(heights)
            if have.any():
                kept.write(heights, 1, window=window)
                low, high = min(low, float(np.nanmin(heights))), max(high, float(np.nanmax(heights)))
            within = _inside(task.area, grid, window)
            inside, known = inside + int(within.sum()), known + int((have & within).sum())
            task.progress(0.9 * (n + 1) / len(tiles))
        covered = known / max(inside, 1)
        _judge(task.source, low, high, covered, task.ground)
        kept.update_tags(
            ATLAS_NAME=task.source.name,
            ATLAS_RESOLUTION_M=f"{grid.cell_m:.2f}",
            ATLAS_IMPORTED=datetime.now(UTC).date().isoformat(),
            ATLAS_LOW_M=f"{low:.1f}",
            ATLAS_HIGH_M=f"{high:.1f}",
            ATLAS_COVERED=f"{covered:.4f}",
        )


def _mark(opened: rasterio.DatasetReader) -> float:
    """Return what marks unknown ground in a file that declares nothing: its lowest value, if no land lies so low."""
    shape = min(opened.height, _LOOK), min(opened.width, _LOOK)
    lowest = float(opened.read(1, out_shape=shape, resampling=Resampling.nearest).min())
    return lowest if lowest < _DEEPEST else _NOTHING


def _judge(source: Path, low: float, high: float, covered: float, ground: Ground) -> None:
    """Refuse heights that are none, are in feet, or cannot be this district's."""
    if not covered:
        raise _refusal("dem_empty", source)
    values = {"low": f"{low:.0f}", "high": f"{high:.0f}"}
    if ground.high_m:
        # Neighbours and the model's own errors may go beyond, but not by half; a foot is three times too many.
        feet_fit = ground.low_m * 0.5 <= low * _FOOT_M and high * _FOOT_M <= ground.high_m * 1.5
        if high > ground.high_m * 2 and feet_fit:
            raise _refusal("dem_feet", source, value=f"{low:.0f}–{high:.0f}")
        if high < ground.low_m or low > ground.high_m or high > ground.high_m * 3:
            raise _refusal("dem_heights", source, **values)
    if high > _HIGHEST:
        raise _refusal("dem_heights", source, **values)


def windows(grid: Grid, tile: int = _TILE) -> Iterator[Window]:
    """Return the tiles of a grid, row by row."""
    for row in range(0, grid.rows, tile):
        for column in range(0, grid.columns, tile):
            yield Window(column, row, min(tile, grid.columns - column), min(tile, grid.rows - row))


def _inside(area: BaseGeometry, grid: Grid, window: Window) -> Mask:
    transform = rasterio.windows.transform(window, grid.transform)
    mask = features.rasterize([area], (window.height, window.width), transform=transform, dtype="uint8")
    return np.asarray(mask, bool)


def _wkt(crs: pyproj.CRS) -> rasterio.crs.CRS:
    return rasterio.crs.CRS.from_wkt(crs.to_wkt())


def _degrees(crs: rasterio.crs.CRS, bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = transform_bounds(crs, STORAGE_CRS, *bounds)
    return west, south, east, north


def _refusal(code: str, file: Path, **values: object) -> PlanError:
    return PlanError([Finding(code, str(file), values)])
