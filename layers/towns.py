"""Town areas: derived from the seats, because the official ones are not public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.geometry import thiessen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapely import Point, Polygon
    from shapely.geometry.base import BaseGeometry

    from layers.ground import Ground
    from layers.records import Element


def town_areas(elements: Iterable[Element], points: Mapping[str, Point], district: Polygon) -> dict[str, BaseGeometry]:
    """Return the Thiessen area of every town, by the place id of its seat; together they tile the district."""
    seats = {e.at[0]: points[e.at[0]] for e in elements if e.shape == "thiessen"}
    return thiessen(seats, district) if seats else {}


def build_town(element: Element, ground: Ground) -> BaseGeometry:
    """Return the area of a town."""
    return ground.towns[element.at[0]]
