"""The nearest feature of very many points: blocks of points, and for each block the few edges that can be nearest.

For a block with centre c and radius r, an edge can be nearest to one of its points only if it is no further from c than
the nearest edge plus 2 r (twice the triangle inequality). What is left, a few edges per point, is plain arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atlas.screening.target import Target

# Points in a block, on average, and how many distances may be in memory at once.
_CROWD: Final = 40
_AT_ONCE: Final = 500_000
# So few edges are tried one by one; with so many, finding the few for each block would cost more than a tree.
_FEW_EDGES: Final = 6
_MOST_EDGES: Final = 4_000


@dataclass(frozen=True)
class Points:
    """
    Points, sorted so that those of a block follow one another.

    Parameters
    ----------
    positions
        Easting and northing in metres, shape ``(n, 2)``.
    blocks
        Number of the block, shape ``(n,)``.
    rows
        Where each point stood before, shape ``(n,)``.
    """

    positions: NDArray[np.float64]
    blocks: NDArray[np.int64]
    rows: NDArray[np.intp]


def in_blocks(positions: NDArray[np.float64]) -> Points:
    """Return points with the squares of a grid, of a few dozen points each, as their blocks."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    side = max(float(np.sqrt(np.prod(np.maximum(high - low, 1e-3)) * _CROWD / len(positions))), 1e-3)
    cells = np.floor((positions - low) / side).astype(np.int64)
    blocks = cells[:, 0] * (cells[:, 1].max() + 1) + cells[:, 1]
    rows = np.argsort(blocks, kind="stable")
    return Points(positions[rows], blocks[rows], rows)


def nearest_of_points(
    points: Points, which: NDArray[np.bool_], target: Target
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """
    Return the nearest feature of each point, and how far its edge is.

    Parameters
    ----------
    points
        In metres of the working CRS.
    which
        Those that are asked for, by where they stood before they were sorted, shape ``(n,)``.
    target
        With at least one feature.

    Returns
    -------
    rows
        Where each point asked for stood before, shape ``(m,)``.
    nearest
        Index of its nearest feature, shape ``(m,)``; of several equally near, any.
    distance_m
        In the plane, to the edge (a point within an area is not at distance zero), shape ``(m,)``.
    """
    positions, blocks, rows = points.positions, points.blocks, points.rows
    if not which.all():
        some = which[rows]
        positions, blocks, rows = positions[some], blocks[some], rows[some]
    edges, owners = target.segments
    if len(edges) > _MOST_EDGES:
        shapes = shapely.points(positions)
        found, distance = target.segment_tree.query_nearest(shapes, return_distance=True, all_matches=False)
        return rows, owners[found[1]], distance
    rays = _rays(edges)
    nearest = np.zeros(len(rows), np.intp)
    squared = np.full(len(rows), np.inf)
    if len(edges) <= _FEW_EDGES:
        for n, ray in enumerate(rays):
            far = _squared(positions, ray)
            closer = far < squared
            nearest[closer], squared[closer] = n, far[closer]
    else:
        starts = np.flatnonzero(np.r_[True, blocks[1:] != blocks[:-1]])
        bounds = np.append(starts, len(rows))
        step = max(1, _AT_ONCE // len(edges))
        for first in range(0, len(starts), step):
            chunk = bounds[first : first + step + 1]
            mine = slice(chunk[0], chunk[-1])
            nearest[mine], squared[mine] = _within_blocks(positions[mine], np.diff(chunk), rays)
    return rows, owners[nearest], np.sqrt(squared)


def _within_blocks(
    points: NDArray[np.float64], sizes: NDArray[np.intp], rays: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the nearest edge of points that stand block after block, and the square of its distance."""
    starts = np.cumsum(sizes) - sizes
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    radius = np.hypot(*(high - low).T) / 2
    away = np.sqrt(_squared(((low + high) / 2)[:, None, :], rays))
    # A hair more, so that rounding leaves no edge out.
    block, near = np.nonzero(away <= ((away.min(axis=1) + 2 * radius) * (1 + 1e-9) + 1e-6)[:, None])
    kept = np.bincount(block, minlength=len(sizes))
    first = np.repeat(np.cumsum(kept) - kept, sizes)
    left = np.repeat(kept, sizes)
    nearest, squared = near[first], _squared(points, rays[near[first]])
    for turn in range(1, int(kept.max())):
        rows = np.flatnonzero(left > turn)
        mine = near[first[rows] + turn]
        far = _squared(points[rows], rays[mine])
        closer = far < squared[rows]
        nearest[rows[closer]], squared[rows[closer]] = mine[closer], far[closer]
    return nearest, squared


def _rays(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges as start, direction, and the direction by the square of its length: shape ``(m, 6)``."""
    way = edges[:, 2:] - edges[:, :2]
    length2 = (way**2).sum(axis=1)
    return np.hstack([edges[:, :2], way, way / np.where(length2 > 0, length2, 1.0)[:, None]])


def _squared(points: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squares of the distances between points (last axis 2) and rays (last axis 6), as they broadcast."""
    x, y = points[..., 0] - rays[..., 0], points[..., 1] - rays[..., 1]
    along = x * rays[..., 4] + y * rays[..., 5]
    along = np.minimum(np.maximum(along, 0.0, out=along), 1.0, out=along)
    x -= along * rays[..., 2]
    y -= along * rays[..., 3]
    return np.asarray(x * x + y * y)
