"""Belts, discs and circles: the text gives a line or a point, and the drawing gives the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapely import LineString

from layers.geometry import curve_through

if TYPE_CHECKING:
    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry

    from layers.ground import Ground
    from layers.records import Element


def build_belt(element: Element, ground: Ground) -> BaseGeometry:
    """Return the band of `width_m` along another element's line, or else through the places of `via`."""
    if element.along:
        line = ground.lines[element.along]
    else:
        line = curve_through([ground.points[place] for place in element.via])
    return line.buffer(element.width_m / 2)


def build_disc(element: Element, ground: Ground) -> Polygon:
    """Return the disc of `radius_m` around a place."""
    return ground.points[element.at[0]].buffer(element.radius_m)


def build_circle(element: Element, ground: Ground) -> LineString:
    """Return the line at `radius_m` around a place."""
    return LineString(build_disc(element, ground).exterior.coords)
