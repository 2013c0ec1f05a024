"""Areas joined from whole towns: functional zones, farm zones, and works told by the towns they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from layers.geometry import nearest_along_borders

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapely import Point
    from shapely.geometry.base import BaseGeometry

    from layers.ground import Ground
    from layers.records import Element


def town_shares(
    elements: Iterable[Element], points: Mapping[str, Point], towns: Mapping[str, BaseGeometry]
) -> dict[str, tuple[str, ...]]:
    """
    Return the town seats that each element of shape ``union`` or ``zone`` joins.

    A ``union`` lists its towns. A ``zone`` names only its cores: the towns of the district are shared out among all
    zones of its kind, from neighbour to neighbour, each to the nearest core.
    """
    shares: dict[str, tuple[str, ...]] = {}
    cores: dict[str, dict[str, list[str]]] = {}
    for element in elements:
        if element.shape == "union":
            shares[element.id] = element.towns
        elif element.shape == "zone":
            cores.setdefault(element.kind, {})[element.id] = [a for a in element.at if a in towns]
    for starts in cores.values():
        shared = nearest_along_borders(starts, points, towns)
        shares |= {id_: tuple(share) for id_, share in shared.items()}
    return shares


def build_zone(element: Element, ground: Ground) -> BaseGeometry:
    """Return the joined area of an element's towns."""
    return shapely.union_all([ground.towns[seat] for seat in ground.shares[element.id]])
