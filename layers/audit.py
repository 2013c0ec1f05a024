"""What must be true of a plan on the map: zones tile, rings and axes pass what they name, nothing lost its source.

`read_spec` and `assemble` report what they cannot read or draw; this module judges what has been drawn.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import shapely

from layers import io
from layers.assemble import assemble, locate
from layers.errors import Findings
from layers.spec import read_spec

if TYPE_CHECKING:
    from pathlib import Path

    from layers.plan import Plan
    from layers.records import Element, Outline, Place, Spec

# The gazetteer may reach a neighbouring seat, but a place this far away is a slip of the datum or of a digit.
FAR_M: Final = 80_000.0
# Generalised outlines may leave a place at the edge just outside.
EDGE_M: Final = 1_000.0
# A tiling may miss this share of the district's area, and a line this many metres of a place it names.
TILING_SHARE: Final = 0.001
PASSING_M: Final = 1.0


def audit(folder: Path) -> tuple[Plan | None, Findings]:
    """
    Read, build and check a district.

    Parameters
    ----------
    folder
        The district's folder.

    Returns
    -------
    plan, found
        The plan as far as it could be drawn (None if not at all), and everything that is wrong with it.
    """
    found = Findings()
    spec = read_spec(folder, found)
    read = not found.errors()
    plan = assemble(spec, io.fingerprint(folder), found) if spec else None
    if spec and plan:
        drawn = not found.errors()
        _check_places(spec, plan, found)
        # With a record left out, the others would only report what follows from it.
        if read:
            _check_links(spec, plan, found)
        if drawn:
            _check_tiling(plan, found)
            _check_passing(spec, plan, found)
            _check_sources(spec, found)
    return plan, found


def _check_places(spec: Spec, plan: Plan, found: Findings) -> None:
    """Places lie where they say they do, and datums are not mixed unseen."""
    outline = next((row.geometry for row in plan.layers["district"].rows), None)
    if outline is None:
        if not found.errors():
            found.add("no_outline", f"{spec.district.id}/elements.csv: kind")
        return
    for id_, point in locate(spec.places, plan.crs).items():
        place, away = spec.places[id_], outline.distance(point)
        km = f"{away / 1000:.1f}"
        if away > FAR_M:
            found.add("far_place", place.where.at("lon"), value=place.name, km=km)
        elif away > EDGE_M and not place.outside:
            found.add("place_outside", place.where.at("lon"), value=place.name, km=km)
        elif place.outside and away == 0 and outline.boundary.distance(point) > EDGE_M:
            found.add("place_inside", place.where.at("outside"), value=place.name)
    datums = Counter("wgs84" if p.datum == "cgcs2000" else p.datum for p in spec.places.values())
    if len(datums) > 1:
        known = ", ".join(f"{datum} × {count}" for datum, count in datums.items())
        found.add("mixed_datums", f"{spec.district.id}/places.csv: datum", known=known)


def _check_tiling(plan: Plan, found: Findings) -> None:
    """Kinds that tile the district leave no gap and no overlap."""
    total = sum(row.geometry.area for row in plan.layers["district"].rows)
    for layer in plan.layers.values():
        if not layer.kind.tiles or not len(layer) or not total:
            continue
        areas = [row.geometry for row in layer.rows]
        joined = shapely.union_all(areas).area
        off = max(abs(joined - total), abs(sum(area.area for area in areas) - total)) / total
        if off > TILING_SHARE:
            where = f"{plan.district.id}/elements.csv: {layer.kind.id}"
            found.add("not_tiling", where, kind=layer.kind.name.zh, percent=f"{off * 100:.2f}")


def _check_passing(spec: Spec, plan: Plan, found: Findings) -> None:
    """Lines pass every place they name, nodes lie on their axis' places, and rings do not cross themselves."""
    points = locate(spec.places, plan.crs)
    for feature in plan.features():
        element = spec.elements[feature.id]
        if element.shape in {"route", "loop"}:
            for place in element.via:
                away = feature.geometry.distance(points[place])
                if away > PASSING_M:
                    values = {"value": element.name, "place": place, "metres": f"{away:.0f}"}
                    found.add("not_passing", element.where.at("via"), **values)
        if element.shape == "loop" and not feature.geometry.is_simple:
            found.add("crossed_ring", element.where.at("via"), value=element.name)
        if element.shape == "point" and element.along in spec.elements:
            axis = spec.elements[element.along]
            if not set(element.at) <= set(axis.via):
                values = {"value": element.name, "near": axis.name}
                found.add("node_off_axis", element.where.at("at"), **values)


def _check_links(spec: Spec, plan: Plan, found: Findings) -> None:
    """Find mapped statements whose feature is gone, and features of the plan that no statement names."""
    drawn = {feature.id: feature for feature in plan.features()}
    for statement in spec.statements.values():
        for id_ in statement.features:
            if id_ in spec.elements and id_ not in drawn:
                near = spec.elements[id_].name
                found.add("lost_feature", statement.where.at("features"), value=id_, near=near)
    for id_, feature in drawn.items():
        # Things that stood before the plan need no statement of it.
        of_the_plan = plan.layers[feature.kind].kind.plan and feature.source == spec.district.source
        if of_the_plan and feature.status != "existing" and not feature.clauses:
            found.add("unclaimed_feature", spec.elements[id_].where.at(), value=feature.name)


def _check_sources(spec: Spec, found: Findings) -> None:
    """Every source is used, and what rests on none is said."""
    records: list[Place | Element | Outline] = []
    records += [*spec.places.values(), *spec.elements.values(), *spec.outlines.values()]
    file = f"{spec.district.id}/sources.csv"
    for source in spec.sources.values():
        names = [record.name for record in records if record.source == source.id]
        if not names and source.id != spec.district.source:
            found.add("unused_source", f"{file}: {source.id}", value=source.id)
        elif names and not source.reference:
            known = "、".join(names[:6])
            found.add("unsourced", f"{file}: {source.id}", count=len(names), known=known)
