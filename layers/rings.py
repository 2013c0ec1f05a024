"""Rings (环线): closed routes through member towns. A ring here is a loop, not an annulus around a centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from shapely import Polygon

from layers.geometry import curve_through
from layers.outlines import largest_part

if TYPE_CHECKING:
    from shapely import LineString

    from layers.ground import Ground
    from layers.records import Element


def build_loop(element: Element, ground: Ground) -> LineString:
    """Return a smooth closed line that passes every place of `via` and returns to the first."""
    return curve_through([ground.points[place] for place in element.via], closed=True)


def build_enclosure(element: Element, ground: Ground) -> Polygon:
    """Return the area that a ring encloses; of a ring that crosses itself, the largest part."""
    return largest_part(shapely.make_valid(Polygon(ground.lines[element.along].coords)))
