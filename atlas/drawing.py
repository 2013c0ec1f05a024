"""What a sheet draws, whoever draws it: the web map and the print figure take features, order and classes from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from atlas.legend import classify
from layers import vocabulary
from layers.assemble import locate

if TYPE_CHECKING:
    from collections.abc import Collection

    from shapely.geometry.base import BaseGeometry

    from atlas.legend import LegendEntry
    from atlas.sheets import Sheet, SheetLayer
    from layers import Feature, Kind, Plan
    from layers.errors import Language


@dataclass(frozen=True, slots=True)
class Drawn:
    """
    A layer of a sheet, resolved.

    Parameters
    ----------
    id, kind
        As the sheet has it, and what its features are.
    features
        In drawing order, lowest first.
    legend
        Its rows, one per way of drawing.
    rows
        For each feature the index of its row.
    """

    id: str
    kind: Kind
    features: tuple[Feature, ...]
    legend: tuple[LegendEntry, ...]
    rows: tuple[int, ...]


def draw(id_: str, kind: Kind, features: Collection[Feature], language: Language, theme: str = "standard") -> Drawn:
    """Return some features of a kind as a layer, each with its legend row."""
    legend, rows = classify(kind, list(features), language, theme)
    return Drawn(id_, kind, tuple(features), tuple(legend), tuple(rows))


def drawn(plan: Plan, wanted: SheetLayer, language: Language, theme: str = "standard") -> Drawn:
    """Return a layer of a sheet: the features of its kind, and of its status where it is limited to one."""
    rows = [feature for feature in plan.layers[wanted.kind].rows if wanted.status in {"", feature.status}]
    return draw(wanted.id, vocabulary().kinds[wanted.kind], rows, language, theme)


def is_shown(layer: SheetLayer, hidden: Collection[str]) -> bool:
    """Say whether a layer is seen, given the ids that are switched off and the ``!id`` that are switched on."""
    return f"!{layer.id}" in hidden or (layer.on and layer.id not in hidden)


def extent(plan: Plan, sheet: Sheet) -> BaseGeometry:
    """Return what a sheet must show: the district, or the surroundings of some places; working CRS, metres."""
    if not sheet.extent:
        return shapely.union_all([row.geometry for row in plan.layers["district"].rows])
    points = locate({id_: plan.places[id_] for id_ in sheet.extent}, plan.crs)
    spread: BaseGeometry = shapely.MultiPoint(list(points.values())).envelope
    return spread.buffer(sheet.margin_km * 1000)


def left_open(plan: Plan, sheet: Sheet) -> list[tuple[str, str]]:
    """Return what a sheet speaks of but the text does not place: name, and what is missing."""
    return [
        (statement.name, statement.reason)
        for statement in plan.statements.values()
        if statement.state == "unlocated" and statement.kind in sheet.about
    ]


def shared_borders(shapes: Collection[BaseGeometry]) -> BaseGeometry:
    """Return the borders between the areas of a coverage, each once, without the outer edge."""
    borders = shapely.union_all([shape.boundary for shape in shapes])
    return shapely.line_merge(borders.difference(shapely.union_all(list(shapes)).boundary))
