"""Slope, aspect and hillshade of a window of heights, after Horn (1981): a plane fitted to eight weighted neighbours.

Plain numpy on blocks of rows that stay in the cache. Each function takes heights with one cell more on every
side than it returns, and is NaN where any of the nine cells has no height; metres in, float32 throughout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from atlas.rasters.grid import Values

    Kernel = Callable[[Values, float], Values]

DEGREES: Final = np.float32(180 / np.pi)
# Light from the north-west, half way up, as maps have it.
_AZIMUTH, _ALTITUDE = np.radians(315.0), np.radians(45.0)
_BLOCK_CELLS: Final = 60_000


def gradient(heights: Values, cell_m: float) -> tuple[Values, Values]:
    """Return how much the ground rises per metre towards the east and towards the north."""
    across = heights[:-2] + heights[2:]
    across += heights[1:-1]
    across += heights[1:-1]
    east = across[:, 2:] - across[:, :-2]
    along = heights[:, :-2] + heights[:, 2:]
    along += heights[:, 1:-1]
    along += heights[:, 1:-1]
    north = along[:-2] - along[2:]
    scale = np.float32(1 / (8 * cell_m))
    east *= scale
    north *= scale
    return east, north


def slope_ratio(heights: Values, cell_m: float) -> Values:
    """Return rise over run."""
    east, north = gradient(heights, cell_m)
    east *= east
    north *= north
    east += north
    np.sqrt(east, out=east)
    return _known(east, heights)


def slope_degrees(heights: Values, cell_m: float) -> Values:
    """Return the slope in degrees."""
    ratio = slope_ratio(heights, cell_m)
    np.arctan(ratio, out=ratio)
    ratio *= DEGREES
    return ratio


def slope_percent(heights: Values, cell_m: float) -> Values:
    """Return the slope in percent."""
    ratio = slope_ratio(heights, cell_m)
    ratio *= np.float32(100)
    return ratio


def aspect(heights: Values, cell_m: float) -> Values:
    """Return which way the ground falls, degrees clockwise from north; NaN where it is level."""
    east, north = gradient(heights, cell_m)
    level = (east == 0) & (north == 0)
    # The way down is against the gradient.
    np.arctan2(-east, -north, out=east)
    east *= DEGREES
    east[east < 0] += np.float32(360)
    east[level] = np.nan
    return _known(east, heights)


def hillshade(heights: Values, cell_m: float) -> Values:
    """Return how brightly the ground is lit, 1 (in the dark) to 255."""
    east, north = gradient(heights, cell_m)
    light_east = np.float32(254 * np.sin(_AZIMUTH) * np.cos(_ALTITUDE))
    light_north = np.float32(254 * np.cos(_AZIMUTH) * np.cos(_ALTITUDE))
    # What faces the light is bright: the scalar product of the light's way in and the ground's normal.
    lit = east * -light_east
    lit -= north * light_north
    lit += np.float32(254 * np.sin(_ALTITUDE))
    east *= east
    north *= north
    east += north
    east += np.float32(1)
    np.sqrt(east, out=east)
    lit /= east
    np.maximum(lit, np.float32(0), out=lit)
    lit += np.float32(1)
    return _known(lit, heights)


def height(heights: Values, cell_m: float) -> Values:  # noqa: ARG001 - a kernel like the others
    """Return the heights themselves."""
    return heights[1:-1, 1:-1]


KERNELS: Final[dict[str, Kernel]] = {
    "slope": slope_degrees,
    "slope-percent": slope_percent,
    "aspect": aspect,
    "hillshade": hillshade,
}


def by_blocks(kernel: Kernel, heights: Values, cell_m: float) -> Values:
    """Return a kernel's values for a large window, computed some rows at a time; shape of heights less two each way."""
    rows, columns = heights.shape[0] - 2, heights.shape[1] - 2
    values = np.empty((rows, columns), np.float32)
    step = max(8, _BLOCK_CELLS // max(columns, 1))
    for top in range(0, rows, step):
        values[top : top + step] = kernel(heights[top : min(top + step, rows) + 2], cell_m)
    return values


def _known(values: Values, heights: Values) -> Values:
    """Take the values away where the middle cell, which the fit leaves out, has no height."""
    unknown = np.isnan(heights[1:-1, 1:-1])
    if unknown.any():
        values[unknown] = np.nan
    return values
