"""What the builders of features stand on: located places, outlines, town areas and lines, all in the working CRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely import Point, Polygon
    from shapely.geometry.base import BaseGeometry

    from layers.records import Place


@dataclass(frozen=True, slots=True)
class Ground:
    """
    Geometry by id, in metres of the working CRS.

    Parameters
    ----------
    district
        The district's outline.
    outlines
        All outlines, by their id.
    places, points
        The gazetteer, and the position of each located place.
    towns
        The area of each town, by the place id of its seat.
    shares
        For each element that joins towns: the seats of those towns.
    lines
        The line of each element that others may follow.
    """

    district: Polygon
    outlines: Mapping[str, BaseGeometry]
    places: Mapping[str, Place]
    points: Mapping[str, Point]
    towns: Mapping[str, BaseGeometry]
    shares: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, BaseGeometry]
