"""Things at a place: seats, nodes, stations, reservoirs, parks; and arrows that start from one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from shapely import LineString

if TYPE_CHECKING:
    from shapely import Point

    from layers.ground import Ground
    from layers.records import Element

# An arrow starts off the symbol at its place, or it would hide under it.
_ARROW_START: Final = 0.3


def build_point(element: Element, ground: Ground) -> Point:
    """Return the position of the place it stands at."""
    return ground.points[element.at[0]]


def build_arrow(element: Element, ground: Ground) -> LineString:
    """Return a straight line of `length_m` that leaves a place at `bearing` (degrees from grid north, clockwise)."""
    start = ground.points[element.at[0]]
    east, north = math.sin(math.radians(element.bearing)), math.cos(math.radians(element.bearing))
    reach = (element.length_m * _ARROW_START, element.length_m)
    return LineString([(start.x + far * east, start.y + far * north) for far in reach])
