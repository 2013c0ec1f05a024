"""Lines through places: axes, roads, railways, rivers, corridors, and lines that follow another line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.geometry import curve_through

if TYPE_CHECKING:
    from shapely import LineString
    from shapely.geometry.base import BaseGeometry

    from layers.ground import Ground
    from layers.records import Element


def build_route(element: Element, ground: Ground) -> LineString:
    """Return a smooth line that passes every place of `via`, in order."""
    return curve_through([ground.points[place] for place in element.via])


def build_along(element: Element, ground: Ground) -> BaseGeometry:
    """Return the part of another element's line that lies in the district."""
    return ground.lines[element.along].intersection(ground.district)
