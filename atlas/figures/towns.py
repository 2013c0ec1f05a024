"""What stands beside the map of a town (一镇一图): its tier and zones, what the plan says of it, and its numbers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.cards import target_text
from atlas.words import certainty, say
from layers import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from layers import Feature, Plan
    from layers.errors import Language
    from layers.records import Statement


@cache
def _table() -> Mapping[str, Any]:
    with Path(__file__).with_name("towns.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True, slots=True)
class TownText:
    """
    The words of a town's page.

    Parameters
    ----------
    facts
        Labelled facts.
    rows
        Of what is on its map: name, kind and status, words of the plan, how the position is known.
    mentions
        Words of the plan that name the town and are not on the map.
    numbers
        Targets of the plan that belong to these statements.
    more
        How many rows were left out.
    """

    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, str, str], ...]
    mentions: tuple[str, ...]
    numbers: tuple[str, ...]
    more: int


def towns(plan: Plan) -> tuple[Feature, ...]:
    """Return the towns of a district that have an area on the map."""
    kinds = [kind.id for kind in vocabulary().kinds.values() if kind.tiles and not kind.plan]
    return tuple(row for kind in kinds if kind in plan.layers for row in plan.layers[kind].rows if row.towns)


def town_text(plan: Plan, town: Feature, language: Language) -> TownText:
    """
    Return what the plan says of a town.

    Parameters
    ----------
    plan
        The plan.
    town
        One of `towns`.
    language
        Of labels; the words of the plan stay as they are.
    """
    most = _table()["rows"]
    told = sorted(_touching(plan, town), key=lambda feature: (not _is_named(feature, town), feature.rank))
    zones = [feature for feature in told if vocabulary().kinds[feature.kind].tiles]
    shown = [feature for feature in told if feature not in zones] + zones
    kinds = vocabulary().kinds
    rows = tuple(
        (
            feature.name,
            f"{kinds[feature.kind].name.in_(language)} · {say(language, 'status.' + feature.status)}",
            ";".join(plan.statements[id_].phrase for id_ in feature.clauses[: _table()["clauses"]]),
            certainty(language, feature.basis, feature.sigma_m),
        )
        for feature in shown[:most]
    )
    clauses = dict.fromkeys(id_ for feature in (town, *shown) for id_ in feature.clauses)
    mentions = [s for s in _naming(plan, town) if s.id not in clauses and s.state != "mapped"]
    wanted = {*clauses, *(statement.id for statement in mentions)}
    facts = [
        (say(language, "book.tier"), _class(plan, town, language)),
        (say(language, "book.zones"), "、".join(dict.fromkeys(zone.name for zone in zones))),
        (say(language, "card.position"), certainty(language, town.basis, town.sigma_m)),
    ]
    return TownText(
        facts=tuple((label, text) for label, text in facts if text),
        rows=rows,
        mentions=tuple(dict.fromkeys(f"{s.phrase}({s.chapter} {s.section})" for s in mentions))[:most],
        numbers=tuple(target_text(target, language) for target in plan.targets.values() if target.statement in wanted)[
            :most
        ],
        more=max(0, len(shown) - most),
    )


def _touching(plan: Plan, town: Feature) -> Iterator[Feature]:
    """Yield what is on a town's map: what is made from its seat, and what lies in or runs through its area."""
    for feature in plan.features():
        kind = vocabulary().kinds[feature.kind]
        if feature.kind == town.kind or kind.backdrop or not (kind.plan or feature.clauses):
            continue
        if _is_named(feature, town):
            yield feature
        elif feature.geometry.intersects(town.geometry):
            part = feature.geometry.intersection(town.geometry)
            if not _is_area(feature) or part.area >= _table()["share"] * min(town.geometry.area, feature.geometry.area):
                yield feature


def _is_named(feature: Feature, town: Feature) -> bool:
    """Whether a feature is made from the seat of a town."""
    return bool({*town.places, *town.towns} & {*feature.places, *feature.towns})


def _is_area(feature: Feature) -> bool:
    return vocabulary().kinds[feature.kind].geometry == "area"


def _naming(plan: Plan, town: Feature) -> Iterator[Statement]:
    """Yield the statements whose words name a town, with or without what it is."""
    whole = {town.name, *(plan.places[id_].name for id_ in town.places)}
    short = {name.removesuffix(end) for name in whole for end in _table()["suffixes"]}
    names = {name for name in whole | short if len(name) > 1}
    for statement in plan.statements.values():
        if any(name in f"{statement.name}{statement.phrase}" for name in names):
            yield statement


def _class(plan: Plan, town: Feature, language: Language) -> str:
    """Return the tier of a town: the class of the settlement at its seat."""
    for row in plan.features():
        if row.class_ and set(row.places) == set(town.places) and not _is_area(row):
            return vocabulary().classes[row.class_].in_(language)
    return ""
