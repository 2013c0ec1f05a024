"""Exact overlay of sites with one layer: what they touch, how much of it, and how far the nearest is.

Everything is measured in the plane of the working CRS and corrected for its scale at the site (`measure`). Nothing here
knows of verdicts or of errors; those are the business of `uncertainty` and `screen`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from atlas.screening.measure import areas_m2, point_scale
from atlas.screening.nearest import Points, in_blocks, nearest_of_points

if TYPE_CHECKING:
    import pyproj
    from numpy.typing import NDArray

    from atlas.screening.target import Target

_LINE: Final = 1
_AREA: Final = 2
# Up to so many areas it is faster to ask each for all points than to ask a tree.
_FEW_AREAS: Final = 6


@dataclass(frozen=True)
class Sites:
    """
    Geometries to be screened.

    Parameters
    ----------
    geometries
        Valid and not empty, in the working CRS, shape ``(n,)``.
    sigma_m
        Standard error of each position in metres, shape ``(n,)``.
    crs
        The working CRS.
    """

    geometries: NDArray[np.object_]
    sigma_m: NDArray[np.float64]
    crs: pyproj.CRS

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.geometries)

    @cached_property
    def dimensions(self) -> NDArray[np.int_]:
        """0 for points, 1 for lines, 2 for areas, shape ``(n,)``."""
        return np.asarray(shapely.get_dimensions(self.geometries))

    @cached_property
    def anchors(self) -> NDArray[np.float64]:
        """A position on each site, shape ``(n, 2)``."""
        if self.are_points:
            return np.asarray(shapely.get_coordinates(self.geometries))
        return np.asarray(shapely.get_coordinates(shapely.point_on_surface(self.geometries)))

    @cached_property
    def points(self) -> Points:
        """The anchors in blocks."""
        return in_blocks(self.anchors)

    @cached_property
    def are_points(self) -> bool:
        """Whether every site is a single point."""
        return bool((shapely.get_type_id(self.geometries) == shapely.GeometryType.POINT).all())

    @cached_property
    def scale(self) -> NDArray[np.float64]:
        """By how much the plane stretches lengths at each site, shape ``(n,)``."""
        return point_scale(self.anchors, self.crs)

    @cached_property
    def area_m2(self) -> NDArray[np.float64]:
        """Area of each site on the ellipsoid, shape ``(n,)``."""
        return areas_m2(self.geometries, self.crs)

    @cached_property
    def size(self) -> NDArray[np.float64]:
        """What a share is a share of: the area of an area, the length of a line (in the plane); NaN for points."""
        sizes = np.where(self.dimensions == _LINE, shapely.length(self.geometries), shapely.area(self.geometries))
        return np.where(self.dimensions == 0, np.nan, sizes)

    def some(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Sites:
        """Return some of the sites."""
        return Sites(self.geometries[rows], self.sigma_m[rows], self.crs)


@dataclass(frozen=True)
class Overlay:
    """
    How sites lie to one layer; every array has shape ``(n,)``.

    Parameters
    ----------
    touches
        Whether a site shares at least a point with a feature.
    nearest
        Index of the feature with most of the site, or else the nearest one.
    distance_m
        To it: zero where the site touches, otherwise in true metres.
    overlap_m2
        Area that the site shares with the layer, on the ellipsoid; NaN unless both are areas.
    share
        Part of the site (area or length) that lies in the layer's areas; NaN for points and for layers without areas.
    """

    touches: NDArray[np.bool_]
    nearest: NDArray[np.int32]
    distance_m: NDArray[np.float64]
    overlap_m2: NDArray[np.float64]
    share: NDArray[np.float64]


def overlay(sites: Sites, target: Target, *, of_nearest: bool = False) -> Overlay:
    """
    Overlay sites with a layer that has at least one feature.

    Parameters
    ----------
    sites, target
        In the same CRS.
    of_nearest
        Whether `overlap_m2` and `share` are those with the one feature named, rather than with the whole layer.
    """
    if sites.are_points:
        return _overlay_points(sites, target)
    found = shared_ground(sites, target, of_nearest=of_nearest)
    away = ~found.touches
    if away.any():
        nearest, flat = target.tree.query_nearest(sites.geometries[away], return_distance=True, all_matches=False)
        found.nearest[away] = nearest[1]
        found.distance_m[away] = flat / sites.scale[away]
    return found


def shared_ground(sites: Sites, target: Target, *, of_nearest: bool = False) -> Overlay:
    """
    Return what sites share with a layer, as `overlay` does, without looking for what is near to the others.

    Returns
    -------
    overlay
        `nearest` is -1 and `distance_m` 0 where a site touches nothing.
    """
    count = len(sites)
    overlap, share = np.full(count, np.nan), np.full(count, np.nan)
    nearest = np.full(count, -1, np.int32)
    site, feature, size, inner = _shared(sites, target)
    touches = np.bincount(site, minlength=count) > 0
    # Sorted so that the feature with most of a site comes last, and the first of equals after the others.
    order = np.lexsort((-feature, size, site))
    nearest[site[order]] = feature[order]
    if target.has_areas:
        kept = feature == nearest[site] if of_nearest else np.ones(len(site), bool)
        total = np.bincount(site[kept], size[kept], minlength=count).astype(float)
        if target.overlaps_itself and not of_nearest:
            total = _without_doubles(total, site, inner, sites)
        share = np.minimum(total / np.where(sites.size > 0, sites.size, np.nan), 1.0)
        overlap = np.where(sites.dimensions == _AREA, share * sites.area_m2, np.nan)
    return Overlay(touches, nearest, np.zeros(count), overlap, share)


def _overlay_points(sites: Sites, target: Target) -> Overlay:
    count = len(sites)
    nothing = np.broadcast_to(np.nan, count)
    nearest = np.full(count, -1, np.int32)
    if target.has_areas and len(target) <= _FEW_AREAS:
        shapely.prepare(target.geometries)
        for n in reversed(range(len(target))):
            nearest[shapely.intersects_xy(target.geometries[n], sites.anchors)] = n
    elif target.has_areas:
        site, found = target.tree.query(sites.geometries, predicate="intersects")
        # Of several, the first in the data.
        order = np.lexsort((-found, site))
        nearest[site[order]] = found[order]
    distance = np.zeros(count)
    away = nearest < 0
    if away.any():
        rows, feature, flat = nearest_of_points(sites.points, away, target)
        nearest[rows] = feature
        distance[rows] = flat / sites.scale[rows]
    return Overlay(distance == 0, nearest, distance, nothing, nothing)


def _shared(
    sites: Sites, target: Target
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.object_]]:
    """
    Return what touches: site, feature, size of what they share (as `Sites.size`), and the shared geometry.

    Cutting polygons is what costs. A site that lies wholly in a feature need not be cut, which a prepared feature
    tells far faster.
    """
    site, feature = target.tree.query(sites.geometries, predicate="intersects")
    order = np.argsort(feature, kind="stable")
    site, feature = site[order], feature[order]
    mine, theirs = sites.geometries[site], target.geometries[feature]
    size = np.zeros(len(site))
    shared = mine.copy()
    if target.has_areas:
        shapely.prepare(target.geometries)
        whole = shapely.covers(theirs, mine)
        shared[~whole] = shapely.intersection(mine[~whole], theirs[~whole])
        size[whole] = np.nan_to_num(sites.size[site[whole]])
        lines = sites.dimensions[site] == _LINE
        cut = ~whole
        size[cut] = np.where(lines[cut], shapely.length(shared[cut]), shapely.area(shared[cut]))
    return site, feature, size, shared


def _without_doubles(
    total: NDArray[np.float64], site: NDArray[np.intp], inner: NDArray[np.object_], sites: Sites
) -> NDArray[np.float64]:
    """Return the sizes shared with a layer whose areas overlap: what lies in two of them counts once."""
    for several in np.flatnonzero(np.bincount(site, minlength=len(sites)) > 1):
        joined = shapely.union_all(inner[site == several])
        total[several] = joined.length if sites.dimensions[several] == _LINE else joined.area
    return total
