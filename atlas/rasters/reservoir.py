"""The lake that would stand at a water level: its surface and volume, from the heights alone.

No drainage is computed. The lake is what lies below the level and hangs together with the given place; where it runs
off the model's edge the number is only a part, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import rasterio
import shapely
from rasterio import features
from rasterio.windows import Window
from scipy import ndimage

from atlas.rasters.derive import read_window
from layers import Finding, PlanError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.dem import Elevation
    from atlas.rasters.grid import Mask


@dataclass(frozen=True)
class Lake:
    """
    A lake at a water level.

    Parameters
    ----------
    level_m
        Water level, metres above sea.
    surface_m2, volume_m3
        Its size.
    depth_m
        Where it is deepest.
    open
        Whether it runs off the model or into unknown ground, so that its size is a lower bound.
    wet
        Which cells of the model's grid it covers.
    area
        The same as an area in the model's CRS, along the edges of the cells.
    """

    level_m: float
    surface_m2: float
    volume_m3: float
    depth_m: float
    open: bool
    wet: Mask
    area: BaseGeometry


def lake(elevation: Elevation, level_m: float, x: float, y: float) -> Lake:
    """
    Return the lake at a level.

    Parameters
    ----------
    elevation
        An imported model.
    level_m
        Water level, metres above sea.
    x, y
        A place in the lake, in the model's CRS.

    Raises
    ------
    PlanError
        If the place lies off the model, or above the level.
    """
    grid = elevation.grid
    cell = grid.cell(x, y)
    if cell is None:
        raise PlanError([Finding("dem_off", f"{x:.0f} {y:.0f}")])
    with rasterio.open(elevation.file) as opened:
        heights = read_window(opened, Window(0, 0, grid.columns, grid.rows))
    ground = float(heights[cell])
    if not ground <= level_m:
        raise PlanError([Finding("dem_dry", f"--level {level_m:g}", {"height": f"{ground:.1f}"})])
    parts, _ = ndimage.label(heights <= level_m)
    wet = parts == parts[cell]
    around = ndimage.binary_dilation(wet, np.ones((3, 3)))
    rim = np.ones(grid.shape, bool)
    rim[1:-1, 1:-1] = False
    outlines = features.shapes(wet.astype(np.uint8), wet, transform=grid.transform)
    depth = (level_m - heights[wet]).astype(float)
    cell_m2 = grid.cell_m**2
    return Lake(
        level_m=level_m,
        surface_m2=float(wet.sum() * cell_m2),
        volume_m3=float(depth.sum() * cell_m2),
        depth_m=float(depth.max()),
        open=bool((around & np.isnan(heights)).any() or (wet & rim).any()),
        wet=wet,
        area=shapely.union_all([shapely.geometry.shape(part) for part, _ in outlines]),
    )
