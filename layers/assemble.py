"""Makes a `Plan` of a district's records: places are located, elements drawn by their recipe, kinds become layers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import shapely
from shapely import Point

from layers import crs, outlines, towns, zones
from layers.certainty import certainty, outline_certainty
from layers.ground import Ground
from layers.kinds import vocabulary
from layers.plan import Feature, Layer, Plan
from layers.recipes import LINES, RECIPES, fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyproj
    from shapely import Polygon
    from shapely.geometry.base import BaseGeometry

    from layers.errors import Findings
    from layers.records import Element, Place, Spec

_GEOMETRY_TYPES: Final = {
    "point": ({"Point"}, "点", "a point"),
    "line": ({"LineString", "MultiLineString"}, "线", "a line"),
    "area": ({"Polygon", "MultiPolygon"}, "面", "an area"),
}


def assemble(spec: Spec, fingerprint: str, found: Findings) -> Plan | None:
    """
    Make the plan of a district.

    Parameters
    ----------
    spec
        The records without a fault.
    fingerprint
        Hash of the data, kept with the plan.
    found
        Receives what cannot be drawn, and why.

    Returns
    -------
    plan
        With every feature that can be drawn; None if there is no CRS or no outline to work in.
    """
    where = f"{spec.district.id}/district.toml"
    try:
        working = crs.working_crs(spec.district.crs)
    except ValueError as error:
        found.add("bad_crs", f"{where}: crs", value=spec.district.crs, detail=error)
        return None
    areas = _project_outlines(spec, working, found)
    if spec.district.outline not in areas:
        return None
    located = locate(spec.places, working)
    district = outlines.largest_part(areas[spec.district.outline])
    fitting = [
        element
        for element in spec.elements.values()
        if fits(element, spec, located, found) and (element.shape != "outline" or element.at[0] in areas)
    ]
    unseated = _unseated(fitting, located, district, found)
    drawable = {e.id: e for e in fitting if e.id not in unseated}
    ground = _ground(drawable, {**areas, spec.district.outline: district}, located, spec)
    clauses: dict[str, list[str]] = {}
    for statement in spec.statements.values():
        for feature in statement.features:
            clauses.setdefault(feature, []).append(statement.id)
    rows = [
        row
        for element in drawable.values()
        if (row := _feature(element, ground, spec, clauses.get(element.id, []), found))
    ]
    return Plan(
        district=spec.district,
        crs=working,
        layers=MappingProxyType(_layers(rows, working)),
        places=spec.places,
        sources=spec.sources,
        statements=spec.statements,
        targets=spec.targets,
        fingerprint=fingerprint,
    )


def locate(places: Mapping[str, Place], working: pyproj.CRS) -> dict[str, Point]:
    """Return the position of every located place in the working CRS, whatever its datum."""
    positions: dict[str, Point] = {}
    for datum in crs.DATUMS:
        some = [place for place in places.values() if place.datum == datum and place.is_located]
        lon, lat = np.array([(place.lon, place.lat) for place in some], float).reshape(-1, 2).T
        east, north = crs.project(*crs.to_wgs84(lon, lat, datum), working)
        positions |= {p.id: Point(x, y) for p, x, y in zip(some, east, north, strict=True)}
    return {id_: positions[id_] for id_ in places if id_ in positions}


def _project_outlines(spec: Spec, working: pyproj.CRS, found: Findings) -> dict[str, BaseGeometry]:
    areas: dict[str, BaseGeometry] = {}
    for outline in spec.outlines.values():
        try:
            areas[outline.id] = outlines.project_outline(outline, working)
        except (ValueError, TypeError, shapely.errors.ShapelyError):
            found.add("empty_geometry", outline.where, value=outline.name)
    return areas


def _unseated(
    elements: Iterable[Element], located: Mapping[str, Point], district: Polygon, found: Findings
) -> set[str]:
    """Report towns whose seat cannot have an area: outside the district, or where another seat is."""
    unseated: set[str] = set()
    taken: dict[tuple[float, float], str] = {}
    for element in (element for element in elements if element.shape == "thiessen"):
        seat = located[element.at[0]]
        spot = (round(seat.x, 3), round(seat.y, 3))
        if not district.contains(seat):
            found.add("seat_outside", element.where.at("at"), value=element.name)
        elif spot in taken:
            found.add("same_spot", element.where.at("at"), value=element.name, near=taken[spot])
        else:
            taken[spot] = element.name
            continue
        unseated.add(element.id)
    return unseated


def _ground(
    elements: Mapping[str, Element],
    areas: Mapping[str, BaseGeometry],
    located: Mapping[str, Point],
    spec: Spec,
) -> Ground:
    district = cast("Polygon", areas[spec.district.outline])
    cells = towns.town_areas(elements.values(), located, district)
    ground = Ground(
        district=district,
        outlines=areas,
        places=spec.places,
        points=located,
        towns=cells,
        shares=zones.town_shares(elements.values(), located, cells),
        lines={},
    )
    routes = [element for element in elements.values() if element.shape in LINES]
    lines = {element.id: RECIPES[element.shape].build(element, ground) for element in routes}
    return replace(ground, lines=lines)


def _feature(element: Element, ground: Ground, spec: Spec, clauses: list[str], found: Findings) -> Feature | None:
    """Return a feature, or None if its geometry fails."""
    kind = vocabulary().kinds[element.kind]
    places, joined = _places_of(element, spec), _towns_of(element, ground)
    follows = () if element.shape == "point" or not element.along else (element.along,)
    if not {*joined} <= {*ground.towns} or not {*follows} <= {*ground.lines}:
        return None  # what it is made from could not be drawn, which is reported there
    recipe = RECIPES[element.shape]
    shape = recipe.build(element, ground)
    if recipe.reaches and not kind.beyond:
        shape = shape.intersection(ground.district)
    if shape.is_empty or not shape.is_valid:
        found.add("empty_geometry", element.where.at(), value=element.name)
        return None
    allowed, zh, en = _GEOMETRY_TYPES[kind.geometry]
    if shape.geom_type not in allowed:
        where = element.where.at("shape")
        found.add("wrong_geometry", where, kind=kind.id, wanted=zh, wanted_en=en)
        return None
    outline = spec.outlines[element.at[0]] if element.shape == "outline" else None
    if outline:
        basis, sigma_m = outline_certainty(outline)
    else:
        basis, sigma_m = certainty(element, places, joined, ground, found)
    return Feature(
        id=element.id,
        name=element.name,
        kind=element.kind,
        class_=element.class_,
        status=element.status,
        basis=basis,
        sigma_m=sigma_m,
        source=outline.source if outline else element.source,
        clauses=tuple(clauses),
        rank=element.rank,
        places=places,
        towns=joined,
        note=element.note,
        geometry=shape,
    )


def _towns_of(element: Element, ground: Ground) -> tuple[str, ...]:
    """Return the seats of the towns that a feature joins."""
    return element.at if element.shape == "thiessen" else ground.shares.get(element.id, ())


def _places_of(element: Element, spec: Spec) -> tuple[str, ...]:
    """Return the places a feature is made from, through the line it follows if need be."""
    if element.shape == "outline":
        return ()
    own = dict.fromkeys((*element.at, *element.via, *element.towns))
    if element.along in spec.elements and element.shape != "point":
        own |= dict.fromkeys(_places_of(spec.elements[element.along], spec))
    return tuple(own)


def _layers(rows: list[Feature], working: pyproj.CRS) -> dict[str, Layer]:
    return {
        kind.id: Layer(kind, working, tuple(row for row in rows if row.kind == kind.id))
        for kind in vocabulary().kinds.values()
    }
