"""Made-up ground for the raster tests: surfaces with known slope and volume, written as elevation models of any kind."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
from affine import Affine
from numpy.typing import NDArray

from atlas.rasters.dem import Elevation, import_elevation
from atlas.rasters.grid import Grid, district_area
from atlas.rasters.recipes import Ground
from layers import Plan
from layers.crs import STORAGE_CRS

Floats = NDArray[np.float64]
Surface = Callable[[Floats, Floats], Floats]


def grid(rows: int = 60, columns: int = 80, cell_m: float = 10.0) -> Grid:
    """Return a small grid somewhere in a Gauss-Kruger zone."""
    return Grid(pyproj.CRS.from_epsg(4549), 400_000.0, 3_320_000.0, cell_m, rows, columns)


def centres(where: Grid) -> tuple[Floats, Floats]:
    """Return easting and northing of all cell centres, shape of the grid."""
    rows, columns = np.mgrid[0 : where.rows, 0 : where.columns]
    return where.west + (columns + 0.5) * where.cell_m, where.north - (rows + 0.5) * where.cell_m


def heights(where: Grid, surface: Surface) -> NDArray[np.float32]:
    """Return a surface at the cell centres."""
    return surface(*centres(where)).astype(np.float32)


def write(file: Path, values: NDArray[Any], crs: str, transform: Affine, **more: Any) -> Path:  # noqa: ANN401
    """Write values as a raster; GeoTIFF unless said otherwise."""
    bands = values if values.ndim == 3 else values[None]
    profile = {"driver": "GTiff", "nodata": None} | more
    count, height, width = bands.shape
    place = {"crs": crs, "transform": transform, "width": width, "height": height, "count": count}
    with rasterio.open(file, "w", dtype=bands.dtype, **place, **profile) as out:
        out.write(bands)
    return file


def write_grid(file: Path, where: Grid, values: NDArray[Any], **more: Any) -> Path:  # noqa: ANN401
    """Write values on a grid."""
    return write(file, values, where.crs.to_wkt(), where.transform, **more)


def degrees_dem(
    file: Path,
    plan: Plan,
    surface: Surface,
    *,
    size: int = 400,
    dtype: str = "float32",
    **more: Any,  # noqa: ANN401
) -> Path:
    """Write an elevation model in longitude and latitude that covers a district; the surface is given in degrees."""
    west, south, east, north = plan.layers["district"].features.to_crs(STORAGE_CRS).total_bounds
    room = 0.05
    bounds = (west - room, south - room, east + room, north + room)
    cell = (bounds[2] - bounds[0]) / size
    transform = Affine(cell, 0, bounds[0], 0, -cell, bounds[3])
    rows, columns = np.mgrid[0 : math.ceil((bounds[3] - bounds[1]) / cell), 0:size] + 0.5
    lon, lat = transform.a * columns + transform.c, transform.e * rows + transform.f
    return write(file, surface(lon, lat).astype(dtype), STORAGE_CRS, transform, **more)


def imported(source: Path, plan: Plan, out: Path, ground: Ground | None = None) -> Elevation:
    """Import an elevation model for a district."""
    return import_elevation(source, out, district_area(plan), plan.crs, ground or Ground())
