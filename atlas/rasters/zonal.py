"""Statistics of a raster within areas, each cell weighted by exactly the part of it that lies within.

The part is found without intersecting polygons: walking along an outline, every piece of it within a cell adds the
ground to its right, with its sign; summed up row by row this is the covered part of each cell, exact to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from atlas.rasters.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.grid import Floats, Values

_TINY: Final = 1e-9


@dataclass(frozen=True)
class Zone:
    """
    The statistics of an area.

    Parameters
    ----------
    count
        Cells within, parts of cells counted as such; only those with a value.
    known
        Share of the area that has values, 0 to 1.
    low, mean, high
        Of the values; NaN where there is none. The mean is weighted.
    shares
        Share of each class among what has values; empty where no classes were asked for.
    """

    count: float
    known: float
    low: float
    mean: float
    high: float
    shares: tuple[float, ...]


def coverage(area: BaseGeometry, grid: Grid) -> Floats:
    """
    Return which part of each cell an area covers, 0 to 1, shape of the grid.

    Parameters
    ----------
    area
        A valid polygon or several, in the grid's CRS; what lies off the grid is left out.
    grid
        Square cells.
    """
    area = shapely.orient_polygons(shapely.clip_by_rect(area, *grid.bounds))
    # One cell more at the right takes what an outline on the last edge adds.
    sums = np.zeros((grid.rows, grid.columns + 2))
    for ring in shapely.get_rings(shapely.get_parts(area)):
        points = shapely.get_coordinates(ring)
        x = np.clip((points[:, 0] - grid.west) / grid.cell_m, 0, grid.columns)
        y = np.clip((grid.north - points[:, 1]) / grid.cell_m, 0, grid.rows)
        _walk(x, y, sums)
    covered = np.cumsum(sums, axis=1, out=sums)[:, : grid.columns]
    # Which sign the inside has depends on the way outlines run; holes run the other way.
    np.abs(covered, out=covered)
    return np.minimum(covered, 1, out=covered)


def _walk(x: Floats, y: Floats, sums: Floats) -> None:
    """Add what an outline, in columns and rows, leaves to its right: in its own cell, and in all further ones."""
    parts = [_crossings(x[:-1], x[1:]), _crossings(y[:-1], y[1:])]
    edge = np.concatenate([np.arange(len(x) - 1)] * 2 + [part[0] for part in parts])
    way = np.concatenate([np.zeros(len(x) - 1), np.ones(len(x) - 1), *(part[1] for part in parts)])
    order = np.lexsort((way, edge))
    edge, way = edge[order], way[order]
    at_x = x[edge] + way * (x[edge + 1] - x[edge])
    at_y = y[edge] + way * (y[edge + 1] - y[edge])
    same = edge[1:] == edge[:-1]
    fall = (at_y[1:] - at_y[:-1])[same]
    middle_x = ((at_x[1:] + at_x[:-1]) / 2)[same]
    middle_y = ((at_y[1:] + at_y[:-1]) / 2)[same]
    moves = np.abs(fall) > 0
    fall, middle_x, middle_y = fall[moves], middle_x[moves], middle_y[moves]
    row = np.minimum(middle_y.astype(np.intp), sums.shape[0] - 1)
    column = middle_x.astype(np.intp)
    inside = middle_x - column
    np.add.at(sums, (row, column), fall * (1 - inside))
    np.add.at(sums, (row, column + 1), fall * inside)


def _crossings(start: Floats, end: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return where edges cross whole numbers: which edge, and how far along it."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    first, last = np.floor(low) + 1, np.ceil(high) - 1
    counts = np.maximum(last - first + 1, 0).astype(np.intp)
    edge = np.repeat(np.arange(len(start)), counts)
    nth = np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    line = first[edge] + nth
    return edge, (line - start[edge]) / (end[edge] - start[edge])


def zone(values: Values, grid: Grid, area: BaseGeometry, edges: Sequence[float] = ()) -> Zone:
    """
    Return the statistics of a raster in memory within an area.

    Parameters
    ----------
    values
        On the grid, NaN where unknown.
    grid
        Where it lies.
    area
        In the grid's CRS.
    edges
        Lower edge of each class, ascending; a class reaches to the next, the last without end.
    """
    if area.is_empty:
        return _nothing(len(edges))
    rows, columns, part = _part(grid, area)
    weight = coverage(area, part)
    inner = values[rows, columns]
    counted = (weight > _TINY) & np.isfinite(inner)
    total, some = float(weight.sum()), weight[counted]
    inside, count = inner[counted].astype(float), float(some.sum())
    if not count:
        return _nothing(len(edges))
    shares = np.zeros(len(edges))
    if edges:
        found = np.searchsorted(np.asarray(edges[1:], float), inside, side="right")
        shares = np.bincount(found, some, minlength=len(edges)) / count
    # Of the whole area, also what lies off the grid is unknown.
    whole = max(area.area / grid.cell_m**2, total, _TINY)
    return Zone(
        count=count,
        known=min(count / whole, 1.0),
        low=float(inside.min()),
        mean=float((inside * some).sum() / count),
        high=float(inside.max()),
        shares=tuple(float(share) for share in shares),
    )


def _nothing(classes: int) -> Zone:
    return Zone(0.0, 0.0, np.nan, np.nan, np.nan, (0.0,) * classes)


def _part(grid: Grid, area: BaseGeometry) -> tuple[slice, slice, Grid]:
    """Return rows, columns and grid of the part that an area touches; one cell at least."""
    west, south, east, north = area.bounds
    top = int(np.clip((grid.north - north) // grid.cell_m, 0, grid.rows - 1))
    bottom = int(np.clip(-((south - grid.north) // grid.cell_m), top + 1, grid.rows))
    left = int(np.clip((west - grid.west) // grid.cell_m, 0, grid.columns - 1))
    right = int(np.clip(-((grid.west - east) // grid.cell_m), left + 1, grid.columns))
    place = (grid.west + left * grid.cell_m, grid.north - top * grid.cell_m)
    part = Grid(grid.crs, *place, grid.cell_m, bottom - top, right - left)
    return slice(top, bottom), slice(left, right), part
