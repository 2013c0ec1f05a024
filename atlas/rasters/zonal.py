"""Statistics of a raster within areas, each cell weighted by exactly the part of it that lies within.

The part is found without intersecting polygons: walking along an outline, every piece of it within a cell adds the
ground to its right, with its sign; summed up row by row this is the covered part of each cell, exact to rounding. Only
the cells on an outline are summed; along a row, those between them are all covered alike.
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

    from atlas.rasters.grid import Floats, Mask, Values

    Counts = NDArray[np.intp]

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


@dataclass(frozen=True)
class _Cover:
    """
    What an area covers of a grid, whose rows have one cell more than it has columns.

    Parameters
    ----------
    at, part
        Cells on the outline, counted row by row, and which part of each is covered.
    start, stop, run
        Runs of cells in between that are covered: the first, the one after the last, and which part of each.
    """

    at: Counts
    part: Floats
    start: Counts
    stop: Counts
    run: Floats


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
    cover = _cover(area, grid)
    dense = np.zeros(grid.rows * (grid.columns + 1))
    dense[_runs(cover, grid)] = np.repeat(cover.run, cover.stop - cover.start)
    dense[cover.at] = cover.part
    return dense.reshape(grid.rows, grid.columns + 1)[:, : grid.columns]


def _cover(area: BaseGeometry, grid: Grid) -> _Cover:
    area = shapely.orient_polygons(shapely.clip_by_rect(area, *grid.bounds))
    pieces = [(np.zeros(0, np.intp), np.zeros(0))]
    for ring in shapely.get_rings(shapely.get_parts(area)):
        points = shapely.get_coordinates(ring)
        x = np.clip((points[:, 0] - grid.west) / grid.cell_m, 0, grid.columns)
        y = np.clip((grid.north - points[:, 1]) / grid.cell_m, 0, grid.rows)
        pieces.append(_walk(x, y, grid))
    cells, adds = (np.concatenate(column) for column in zip(*pieces, strict=True))
    at, first = np.unique(cells, return_inverse=True)
    # What an outline adds to a row it takes away again, so that the sum may run on into the next row. Which sign the
    # inside has depends on the way outlines run; holes run the other way.
    part = np.minimum(np.abs(np.cumsum(np.bincount(first, adds, minlength=len(at)))), 1)
    between = (part[:-1] > _TINY) & (np.diff(at) > 1)
    return _Cover(at, part, at[:-1][between] + 1, at[1:][between], part[:-1][between])


def _runs(cover: _Cover, grid: Grid) -> Mask:
    """Return which cells belong to a run; one row after the other."""
    steps = np.zeros(grid.rows * (grid.columns + 1), np.int8)
    steps[cover.start] += 1
    # A run may end where the next begins.
    np.subtract.at(steps, cover.stop, 1)
    return np.cumsum(steps, dtype=np.int8, out=steps).view(bool)


def _walk(x: Floats, y: Floats, grid: Grid) -> tuple[Counts, Floats]:
    """Return what an outline, in columns and rows, adds from which cell on: cells may come several times."""
    edges = len(x) - 1
    parts = [_crossings(x[:-1], x[1:]), _crossings(y[:-1], y[1:])]
    edge = np.concatenate([np.arange(edges), np.arange(edges), *(part[0] for part in parts)])
    way = np.concatenate([np.zeros(edges), np.ones(edges), *(part[1] for part in parts)])
    order = np.lexsort((way, edge))
    edge, way = edge[order], way[order]
    at_x = x[edge] + way * (x[edge + 1] - x[edge])
    at_y = y[edge] + way * (y[edge + 1] - y[edge])
    fall = at_y[1:] - at_y[:-1]
    moves = (edge[1:] == edge[:-1]) & (fall != 0)
    fall = fall[moves]
    middle_x = ((at_x[1:] + at_x[:-1]) / 2)[moves]
    row = np.minimum(((at_y[1:] + at_y[:-1]) / 2)[moves].astype(np.intp), grid.rows - 1)
    # Along the last edge an outline covers nothing more.
    column = np.minimum(middle_x.astype(np.intp), grid.columns)
    inside = np.where(column < grid.columns, middle_x - column, 0.0)
    cell = row * (grid.columns + 1) + column
    last = column == grid.columns
    return np.concatenate([cell, cell[~last] + 1]), np.concatenate([fall * (1 - inside), (fall * inside)[~last]])


def _crossings(start: Floats, end: Floats) -> tuple[Counts, Floats]:
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
    padded = np.empty((part.rows, part.columns + 1), np.float32)
    padded[:, :-1], padded[:, -1] = values[rows, columns], 0
    flat = padded.reshape(-1)
    cover = _cover(area, part)
    touched = (cover.part > _TINY) & np.isfinite(flat[cover.at])
    some, rim = cover.part[touched], flat[cover.at][touched].astype(float)
    total = float(cover.part.sum()) + float((cover.run * (cover.stop - cover.start)).sum())
    whole = _sums(flat, cover, part, edges)
    count = float(some.sum()) + whole.count
    if not count:
        return _nothing(len(edges))
    shares = np.bincount(_classes(rim, edges), some, minlength=len(edges)) + whole.classes if edges else whole.classes
    # Of the whole area, also what lies off the grid is unknown.
    asked = max(area.area / grid.cell_m**2, total, _TINY)
    return Zone(
        count=count,
        known=min(count / asked, 1.0),
        low=min(float(rim.min(initial=np.inf)), whole.low),
        mean=(float((rim * some).sum()) + whole.total) / count,
        high=max(float(rim.max(initial=-np.inf)), whole.high),
        shares=tuple(float(share) / count for share in shares),
    )


@dataclass(frozen=True)
class _Sums:
    """Count, sum, lowest and highest of the cells in the runs, and how many are of each class; weighted."""

    count: float
    total: float
    low: float
    high: float
    classes: Floats


def _sums(flat: Values, cover: _Cover, grid: Grid, edges: Sequence[float]) -> _Sums:
    if not len(cover.start):
        return _Sums(0.0, 0.0, np.inf, -np.inf, np.zeros(len(edges)))
    if not edges:
        # Run by run; what lies between two runs comes out as well, and is left.
        bounds = np.column_stack([cover.start, cover.stop]).ravel()
        total = float((cover.run * np.add.reduceat(flat, bounds, dtype=float)[::2]).sum())
        if np.isfinite(total):
            low = float(np.minimum.reduceat(flat, bounds)[::2].min())
            high = float(np.maximum.reduceat(flat, bounds)[::2].max())
            return _Sums(float((cover.run * (cover.stop - cover.start)).sum()), total, low, high, np.zeros(0))
    inside = flat[_runs(cover, grid)]
    weight = np.repeat(cover.run, cover.stop - cover.start)
    known = np.isfinite(inside)
    inside, weight = inside[known], weight[known]
    classes = np.bincount(_classes(inside, edges), weight, minlength=len(edges)).astype(float) if edges else np.zeros(0)
    low, high = float(inside.min(initial=np.inf)), float(inside.max(initial=-np.inf))
    return _Sums(float(weight.sum()), float((inside * weight).sum()), low, high, classes)


def _classes(values: NDArray[np.floating], edges: Sequence[float]) -> Counts:
    return np.searchsorted(np.asarray(edges[1:], float), values, side="right")


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
