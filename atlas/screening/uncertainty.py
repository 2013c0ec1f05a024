"""How sure an answer is: site and layer are shifted against each other as far as their errors let them.

Both positions have normal errors, the same in every direction; what matters is the shift of one against the other,
whose standard error is the hypotenuse of both. A site is moved as a whole, 512 times, and the share of shifts that
leave it involved is the probability. The shifts are not thrown but laid out evenly (a spiral with the golden angle, its
radius the quantiles of a normal error): the same every time on every machine, closer to the closed forms than as many
random ones, and larger errors mean the same shifts drawn out, so that doubt can only grow with them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atlas.screening.engine import Sites
    from atlas.screening.target import Target

DRAWS: Final = 512
# A site may be drawn with fewer vertices while it is shifted, if this part of the error hides the difference.
_BLUR: Final = 0.01
# What is held in memory at once: sites with all their shifts, and shifted geometries.
_SITES_AT_ONCE: Final = 5_000
_SHIFTED_AT_ONCE: Final = 125_000


@cache
def shifts() -> NDArray[np.float64]:
    """Return the shifts in standard errors, shape ``(DRAWS, 2)``, from the shortest to the longest."""
    turn = np.arange(DRAWS)
    radius = np.sqrt(-2 * np.log(1 - (turn + 0.5) / DRAWS))
    angle = turn * np.pi * (3 - np.sqrt(5))
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def longest_shift() -> float:
    """Return the longest shift, in standard errors."""
    return float(np.sqrt(-2 * np.log(0.5 / DRAWS)))


def involved(
    sites: Sites, target: Target, limit_m: float, *, only: NDArray[np.int32] | None = None
) -> NDArray[np.float64]:
    """
    Return the probability that a site lies within a distance of a layer's features.

    Parameters
    ----------
    sites, target
        In the same CRS. All features of the layer are shifted alike, each as far as its own error lets it.
    limit_m
        The distance in the plane; 0 asks whether they touch.
    only
        For each site the one feature that counts, shape ``(n,)``; all if None.

    Returns
    -------
    probability
        Shape ``(n,)``; 0 or 1 where neither has an error.
    """
    probability = np.zeros(len(sites))
    for start in range(0, len(sites), _SITES_AT_ONCE):
        some = np.arange(start, min(start + _SITES_AT_ONCE, len(sites)))
        hits = _hits(sites.some(some), target, limit_m, None if only is None else only[some])
        probability[some] = hits.mean(axis=1)
    return probability


def _hits(sites: Sites, target: Target, limit_m: float, only: NDArray[np.int32] | None) -> NDArray[np.bool_]:
    """Return which shifts leave each site involved, shape ``(n, DRAWS)``."""
    hits = np.zeros((len(sites), DRAWS), bool)
    groups = target.sigma_m if only is None else np.arange(len(target))
    for group in np.unique(groups):
        features = np.flatnonzero(groups == group)
        sigma = np.hypot(sites.sigma_m, target.sigma_m[features[0]])
        rows = np.arange(len(sites)) if only is None else np.flatnonzero(only == group)
        geometries = target.geometries[features]
        tree = shapely.STRtree(geometries)
        # Nothing beyond the longest shift can be reached.
        reach = limit_m + longest_shift() * sigma[rows]
        near, feature = tree.query(sites.geometries[rows], predicate="dwithin", distance=reach)
        if len(near):
            zone = _zone(geometries[np.unique(feature)], limit_m)
            rows = rows[np.unique(near)]
            hits[rows] |= _shifted_into(sites.some(rows), sigma[rows], zone)
    return hits


def _zone(geometries: NDArray[np.object_], limit_m: float) -> shapely.Geometry:
    """Return all that lies within a distance of geometries."""
    return shapely.union_all(shapely.buffer(geometries, limit_m, quad_segs=32) if limit_m else geometries)


def _shifted_into(sites: Sites, sigma: NDArray[np.float64], zone: shapely.Geometry) -> NDArray[np.bool_]:
    """Return which shifts bring each site into a zone, shape ``(n, DRAWS)``."""
    shapely.prepare(zone)
    exact = sigma == 0
    hits = np.zeros((len(sites), DRAWS), bool)
    hits[exact] = shapely.intersects(zone, sites.geometries[exact])[:, None]
    moved = np.flatnonzero(~exact)
    at = sites.anchors[moved, None, :] + sigma[moved, None, None] * shifts()
    # A position of the site within the zone is proof enough, and cheap.
    hits[moved] = shapely.contains_xy(zone, at[..., 0], at[..., 1])
    size = np.zeros(len(moved)) if sites.are_points else _radii(sites, moved)
    for power in np.unique(np.ceil(np.log2(np.maximum(size[size > 0], 1e-3)))):
        some = (size > 0) & (np.ceil(np.log2(np.maximum(size, 1e-3))) == power)
        # Further from the zone than the site reaches, it cannot touch. A buffer's corners are cut by 2 %.
        wide = shapely.buffer(zone, 1.03 * 2.0**power, quad_segs=4)
        shapely.prepare(wide)
        near = shapely.contains_xy(wide, at[some, :, 0], at[some, :, 1])
        site, draw = np.nonzero(near & ~hits[moved[some]])
        rows = moved[some][site]
        hits[rows, draw] = _each_shifted(sites.geometries, rows, sigma, draw, zone)
    return hits


def _radii(sites: Sites, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how far each site reaches from its anchor."""
    points, site = shapely.get_coordinates(sites.geometries[rows], return_index=True)
    radius = np.zeros(len(rows))
    np.maximum.at(radius, site, np.hypot(*(points - sites.anchors[rows][site]).T))
    return radius


def _each_shifted(
    geometries: NDArray[np.object_],
    rows: NDArray[np.intp],
    sigma: NDArray[np.float64],
    draw: NDArray[np.intp],
    zone: shapely.Geometry,
) -> NDArray[np.bool_]:
    """Return whether geometries, each moved by a shift, meet a zone."""
    simple = geometries.copy()
    used = np.unique(rows)
    simple[used] = shapely.simplify(geometries[used], _BLUR * sigma[used])
    result = np.zeros(len(rows), bool)
    for start in range(0, len(rows), _SHIFTED_AT_ONCE):
        some = slice(start, start + _SHIFTED_AT_ONCE)
        drawn = simple[rows[some]]
        points, index = shapely.get_coordinates(drawn, return_index=True)
        moves = sigma[rows[some], None] * shifts()[draw[some]]
        result[some] = shapely.intersects(zone, shapely.set_coordinates(drawn, points + moves[index]))
    return result
