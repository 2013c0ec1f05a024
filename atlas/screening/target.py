"""`Target`: the features of one layer as the engine wants them, whether the plan's own or a control layer's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers import Layer


@dataclass(frozen=True)
class Target:
    """
    What sites are held against.

    Parameters
    ----------
    id
        Kind of the plan, or id of a control layer.
    geometries
        Valid, in the working CRS, shape ``(n,)``.
    names
        What each feature is called.
    sigma_m
        Standard error of each feature's position in metres, shape ``(n,)``.
    bases
        How each feature's position is known.
    """

    id: str
    geometries: NDArray[np.object_]
    names: tuple[str, ...]
    sigma_m: NDArray[np.float64]
    bases: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.geometries)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index of the features."""
        return shapely.STRtree(self.geometries)

    @cached_property
    def has_areas(self) -> bool:
        """Whether its features are areas."""
        return bool((shapely.get_dimensions(self.geometries) == 2).any())  # noqa: PLR2004 - two dimensions

    @cached_property
    def overlaps_itself(self) -> bool:
        """Whether areas of it share ground, so that overlaps with them may not simply be added."""
        one, other = self.tree.query(self.geometries, predicate="intersects")
        pairs = one < other
        shared = shapely.intersection(self.geometries[one[pairs]], self.geometries[other[pairs]])
        return bool((shapely.area(shared) > 1.0).any())

    @cached_property
    def segments(self) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """
        Every edge of its features, and whose it is.

        Returns
        -------
        edges
            Shape ``(m, 4)``: from east, from north, to east, to north; a point is an edge of no length.
        owners
            Index of the feature, shape ``(m,)``.
        """
        parts, owners = shapely.get_parts(self.geometries, return_index=True)
        areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        rings, ring_owners = shapely.get_rings(parts[areas], return_index=True)
        lines = np.concatenate([parts[~areas], rings])
        owners = np.concatenate([owners[~areas], owners[areas][ring_owners]])
        points, line = shapely.get_coordinates(lines, return_index=True)
        starts = np.r_[line[:-1] == line[1:], False] if len(line) else np.zeros(0, bool)
        single = np.bincount(line, minlength=len(lines))[line] == 1
        first = np.flatnonzero(starts | single)
        last = np.where(single[first], first, first + 1)
        return np.hstack([points[first], points[last]]), owners[line[first]]

    @cached_property
    def segment_tree(self) -> shapely.STRtree:
        """Index of the edges."""
        edges, _ = self.segments
        return shapely.STRtree(np.asarray(shapely.linestrings(edges.reshape(-1, 2, 2)), dtype=object))


def of_the_plan(layer: Layer) -> Target:
    """Return a layer of the plan as a target."""
    return Target(
        layer.kind.id,
        np.array([row.geometry for row in layer.rows], dtype=object),
        tuple(row.name for row in layer.rows),
        np.array([row.sigma_m for row in layer.rows], dtype=float),
        tuple(row.basis for row in layer.rows),
    )
