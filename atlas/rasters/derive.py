"""Writes a whole surface derived from an elevation model: slope, aspect or shade, strip by strip.

It loads no more than it must, because it is held against tools that do nothing else, from the start of the process.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.windows import Window

from atlas.rasters.export import COG_OPTIONS, draft_of, one_line
from atlas.rasters.kernels import KERNELS, by_blocks
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from atlas.rasters.grid import Values
    from atlas.rasters.kernels import Kernel

STRIP_CELLS: Final = 4_000_000


def derive(
    source: Path,
    out: Path,
    what: str,
    *,
    cog: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> float:
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

    Returns
    -------
    cell_m
        Side of its cells, metres: what is smaller cannot be seen.

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
            cell_m = float(heights.res[0])
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
        raise PlanError([Finding("dem_unreadable", str(source), {"detail": one_line(error)})]) from error
    progress(1.0)
    return cell_m


def _check_metres(heights: rasterio.DatasetReader, source: Path) -> None:
    if not heights.crs:
        raise PlanError([Finding("dem_no_crs", str(source))])
    if not heights.crs.is_projected or heights.crs.linear_units_factor[1] != 1:
        values = {"value": heights.crs.to_string()[:40], "detail": "not projected in metres"}
        raise PlanError([Finding("bad_crs", str(source), values)])


def _strips(
    heights: rasterio.DatasetReader, kernel: Kernel, progress: Callable[[float], None]
) -> Iterator[tuple[Window, Values]]:
    """Return a kernel's values of a whole raster strip by strip; one is computed while the next is read."""
    rows, columns = heights.height, heights.width
    step = max(64, min(rows, STRIP_CELLS // columns) // 512 * 512)
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
