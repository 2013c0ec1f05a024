"""By which recipe each shape is drawn, and what a recipe asks of an element before it is drawn.

The builders do not know each other; here is the one list of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from layers import belts, outlines, points, rings, routes, towns, zones

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shapely.geometry.base import BaseGeometry

    from layers.errors import Findings
    from layers.ground import Ground
    from layers.records import Element, Shape, Spec


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How an element of one shape is drawn.

    Parameters
    ----------
    build
        Pure function from the element and its ground to a geometry in the working CRS.
    needs
        Columns that must be filled; a tuple means any one of them.
    also
        Columns that may be filled; all others must be blank.
    places
        Least number of different places in the first needed column.
    single
        Whether that column takes one place only.
    reaches
        Whether the geometry may reach over the edge of the district, and is to be cut there.
    """

    build: Callable[[Element, Ground], BaseGeometry]
    needs: tuple[str | tuple[str, ...], ...]
    also: tuple[str, ...] = ()
    places: int = 1
    single: bool = False
    reaches: bool = False


RECIPES: Final[Mapping[Shape, Recipe]] = MappingProxyType(
    {
        "outline": Recipe(outlines.build_outline, ("at",), single=True),
        "thiessen": Recipe(towns.build_town, ("at",), single=True),
        "point": Recipe(points.build_point, ("at",), also=("along",), single=True),
        "arrow": Recipe(points.build_arrow, ("at", "bearing", "length_m"), single=True),
        "route": Recipe(routes.build_route, ("via",), places=2),
        "loop": Recipe(rings.build_loop, ("via",), places=3),
        "along": Recipe(routes.build_along, ("along",)),
        "belt": Recipe(belts.build_belt, (("along", "via"), "width_m"), reaches=True),
        "disc": Recipe(belts.build_disc, ("at", "radius_m"), single=True, reaches=True),
        "circle": Recipe(belts.build_circle, ("at", "radius_m"), single=True),
        "enclosure": Recipe(rings.build_enclosure, ("along",), reaches=True),
        "union": Recipe(zones.build_zone, ("towns",)),
        "zone": Recipe(zones.build_zone, ("at",)),
    }
)
COLUMNS: Final = ("at", "via", "along", "towns", "bearing", "length_m", "width_m", "radius_m")
LINES: Final = ("route", "loop")


def fits(element: Element, spec: Spec, located: Collection[str], found: Findings) -> bool:
    """
    Say whether an element can be drawn by its recipe.

    Parameters
    ----------
    element
        What is to be drawn.
    spec
        Where the ids it names are looked up; those that name nothing were reported when they were read.
    located
        Ids of the places that have a position.
    found
        Receives what the recipe misses, has no use for, or cannot use.
    """
    before = len(found)
    _check_columns(element, found)
    at, elements = element.where.at, spec.elements
    if element.along in elements and elements[element.along].shape not in LINES:
        found.add("not_a_line", at("along"), value=element.along)
    if element.shape == "outline":
        return len(found) == before and set(element.at) <= set(spec.outlines)
    used = {*element.at, *element.via, *element.towns}
    for place in sorted(used & set(spec.places) - set(located)):
        found.add("unlocated_place", at(), value=place)
    seats = {other.at[0] for other in elements.values() if other.shape == "thiessen" and other.at}
    column, joined = ("at", element.at) if element.shape == "zone" else ("towns", element.towns)
    for seat in sorted(set(joined) & set(spec.places) - seats):
        found.add("not_a_town", at(column), value=seat)
    resolved = used <= set(located) and (not element.along or element.along in elements)
    return resolved and len(found) == before


def _check_columns(element: Element, found: Findings) -> None:
    """Report the cells that the recipe needs and misses, or has no use for."""
    recipe, row = RECIPES[element.shape], element.where
    needs = [(need,) if isinstance(need, str) else need for need in recipe.needs]
    for columns in needs:
        if not any(row[column] for column in columns):
            words = " / ".join(columns)
            found.add("missing_field", row.at(columns[0]), shape=element.shape, value=words)
    useful = {column for columns in needs for column in columns} | set(recipe.also)
    for column in COLUMNS:
        if row[column] and column not in useful:
            found.add("idle_field", row.at(column), shape=element.shape, value=column)
    first = needs[0][0]
    given = row[first].split()
    if 0 < len(set(given)) < recipe.places:
        found.add("too_few", row.at(first), value=first, count=recipe.places)
    if recipe.single and len(given) > 1:
        found.add("too_many", row.at(first), value=first)
