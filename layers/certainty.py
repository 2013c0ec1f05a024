"""How sure a feature is: its basis, and the standard error of its position."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layers.records import BASES

if TYPE_CHECKING:
    from layers.errors import Findings
    from layers.ground import Ground
    from layers.records import Basis, Element, Outline


def certainty(
    element: Element,
    places: tuple[str, ...],
    towns: tuple[str, ...],
    ground: Ground,
    found: Findings,
) -> tuple[Basis, float]:
    """
    Return basis and standard error of a feature that is made from places.

    What the data say comes first; a feature that says nothing is as unsure as its least sure place.

    Parameters
    ----------
    element
        What the data say of it.
    places, towns
        Ids of the places it is made from, and of the seats of the towns it joins.
    ground
        Where these are looked up.
    found
        Told if the data claim more than the places bear.

    Returns
    -------
    basis, sigma_m
        The error in metres.
    """
    least = max((ground.places[place].basis for place in places), key=BASES.index)
    basis = element.basis or least
    if BASES.index(basis) < BASES.index(least) and basis != "derived":
        found.add("surer_than_places", element.where.at("basis"), value=basis, near=least)
    if element.sigma_m is not None:
        return basis, element.sigma_m
    if towns:
        return basis, max(border_error(seat, ground) for seat in towns)
    return basis, max(ground.places[place].sigma_m for place in places)


def outline_certainty(outline: Outline) -> tuple[Basis, float]:
    """Return basis and standard error (m) of an area given by its vertices."""
    return outline.basis, outline.sigma_m


def border_error(seat: str, ground: Ground) -> float:
    """
    Return the standard error of a town's border in metres, to the nearest hundred.

    The border with a neighbour is the bisector of two seats: it moves by half of what they move. The worst neighbour
    counts.
    """
    cell, own = ground.towns[seat], ground.places[seat].sigma_m
    others = [place for place, area in ground.towns.items() if area.intersects(cell)]
    worst = max(math.hypot(own, ground.places[other].sigma_m) / 2 for other in others)
    return round(worst, -2)
