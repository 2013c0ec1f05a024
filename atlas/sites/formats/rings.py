"""Rings of corner points to one area: what contains what tells the holes, whatever the rings are numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import shapely
from shapely import Polygon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from layers import Findings

LEAST_RING: Final = 3


def area_of(rings: Sequence[Sequence[tuple[float, float]]], label: str, found: Findings) -> BaseGeometry | None:
    """
    Return the area that rings bound; None if none of them has three corners.

    Parameters
    ----------
    rings
        Corner points in order; the first may be repeated at the end.
    label
        Where they stand, for findings.
    found
        Told if one of several rings crosses itself; a single one is left as it is.
    """
    areas: list[BaseGeometry] = [Polygon(ring) for ring in rings if len(set(ring)) >= LEAST_RING]
    if len(areas) <= 1:
        return areas[0] if areas else None
    if not all(area.is_valid for area in areas):
        found.add("repaired_geometry", label, detail=shapely.is_valid_reason(next(a for a in areas if not a.is_valid)))
        areas = [shapely.make_valid(area) for area in areas]
    # What lies in an even number of others is land, in an odd number a hole: the differences follow the sizes.
    areas.sort(key=lambda area: -area.area)
    whole = areas[0]
    for area in areas[1:]:
        inside = whole.contains(area.representative_point())
        whole = whole.difference(area) if inside else whole.union(area)
    return whole


def add_corner(rings: list[tuple[str, list[tuple[float, float]]]], ring: str, corner: tuple[float, float]) -> None:
    """Append a corner to the last ring, or to a new one if that has another number or is closed already."""
    last, corners = rings[-1] if rings else ("", [])
    if not rings or last != ring or (len(corners) > LEAST_RING and corners[0] == corners[-1]):
        rings.append((ring, corners := []))
    corners.append(corner)
