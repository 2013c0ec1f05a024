"""The nearest feature of very many points: blocks of points, and for each block the few edges that can be nearest.

For a block with centre c and radius r, an edge can be nearest to one of its points only if it is no further from c than
the nearest edge plus 2 r (twice the triangle inequality). What is left, a few edges per point, is plain arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atlas.screening.target import Target

# Points in a block, on average, and how many numbers may be in memory at once.
_CROWD: Final = 60
_AT_ONCE: Final = 4_000_000
# With more edges than this, finding the few for each block would cost more than a tree.
_MOST_EDGES: Final = 4_000


def nearest_of_points(points: NDArray[np.float64], target: Target) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """
    Return the nearest feature of each point, and how far its edge is.

    Parameters
    ----------
    points
        Easting and northing in metres of the working CRS, shape ``(n, 2)``.
    target
        With at least one feature.

    Returns
    -------
    nearest
        Index of the feature, shape ``(n,)``; of several equally near, any.
    distance_m
        In the plane, to the edge (a point within an area is not at distance zero), shape ``(n,)``.
    """
    edges, owners = target.segments
    if len(edges) > _MOST_EDGES:
        found, distance = target.segment_tree.query_nearest(
            shapely.points(points), return_distance=True, all_matches=False
        )
        return owners[found[1]], distance
    edge = np.empty(len(points), np.intp)
    distance = np.empty(len(points))
    order, starts = _blocks(points)
    ends = np.append(starts[1:], len(points))
    step = max(1, _AT_ONCE // (8 * len(edges)))
    for first in range(0, len(starts), step):
        some = slice(first, first + step)
        mine = order[starts[some][0] : ends[some][-1]]
        sizes = ends[some] - starts[some]
        edge[mine], distance[mine] = _within_blocks(points[mine], sizes, edges)
    return owners[edge], distance


def _blocks(points: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return an order in which the points of a block follow one another, and where each block starts."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(np.sqrt(np.prod(np.maximum(high - low, 1e-3)) * _CROWD / len(points)), 1e-3)
    columns = np.floor((points - low) / side).astype(np.int64)
    key = columns[:, 0] * (columns[:, 1].max() + 1) + columns[:, 1]
    order = np.argsort(key, kind="stable")
    return order, np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])


def _within_blocks(
    points: NDArray[np.float64], sizes: NDArray[np.intp], edges: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the nearest edge of points that stand block after block, and how far it is."""
    starts = np.cumsum(sizes) - sizes
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    radius = np.hypot(*(high - low).T) / 2
    away = _distances(((low + high) / 2)[:, None, :], edges[None, :, :])
    block, near = np.nonzero(away <= (away.min(axis=1) + 2 * radius)[:, None] * (1 + 1e-9) + 1e-6)
    # Every point with every edge that its block keeps.
    kept = np.bincount(block, minlength=len(sizes))
    per_point = np.repeat(kept, sizes)
    best, edge = np.full(len(points), np.inf), np.zeros(len(points), np.intp)
    first = np.repeat(np.cumsum(kept) - kept, sizes)
    for turn in range(int(per_point.max())):
        rows = np.flatnonzero(per_point > turn)
        mine = near[first[rows] + turn]
        far = _distances(points[rows], edges[mine])
        closer = far < best[rows]
        best[rows[closer]], edge[rows[closer]] = far[closer], mine[closer]
    return edge, best


def _distances(points: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between points (last axis 2) and edges (last axis 4), as they broadcast."""
    east, north = edges[..., 2] - edges[..., 0], edges[..., 3] - edges[..., 1]
    x, y = points[..., 0] - edges[..., 0], points[..., 1] - edges[..., 1]
    length2 = east * east + north * north
    along = np.clip((x * east + y * north) / np.where(length2 > 0, length2, 1.0), 0.0, 1.0)
    return np.asarray(np.hypot(x - along * east, y - along * north))
