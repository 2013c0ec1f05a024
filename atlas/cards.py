"""What is known of a feature, in plain words: the same for the app's card and for the page that opens offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.words import certainty, say
from layers import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers import Feature, Plan
    from layers.errors import Language
    from layers.records import Target


@dataclass(frozen=True, slots=True)
class Clause:
    """A statement of the plan as a card quotes it; `missing` says what of it the map does not show."""

    id: str
    phrase: str
    where: str
    target: str
    missing: str


@dataclass(frozen=True, slots=True)
class Card:
    """
    What is known of a feature.

    Parameters
    ----------
    title, subtitle
        Its name; its kind and status.
    rows
        Labelled facts, in reading order.
    clauses
        The statements of the plan that it shows.
    targets
        Numbers of these statements.
    """

    id: str
    title: str
    subtitle: str
    rows: tuple[tuple[str, str], ...]
    clauses: tuple[Clause, ...]
    targets: tuple[str, ...]


def card(plan: Plan, feature: Feature, language: Language) -> Card:
    """
    Return the card of a feature.

    Parameters
    ----------
    plan
        The plan it belongs to.
    feature
        One of its features.
    language
        Of labels and kinds; names and the words of the plan stay as they are.
    """
    places = [plan.places[id_] for id_ in feature.places]
    towns = [plan.places[id_].name for id_ in feature.towns]
    names = [place.name for place in places]
    origins = dict.fromkeys(place.source for place in places if place.source != feature.source)
    kind = vocabulary().kinds[feature.kind].name.in_(language)
    class_ = vocabulary().classes[feature.class_].in_(language) if feature.class_ else ""
    facts = (
        ("card.kind", " · ".join(filter(None, (kind, class_)))),
        ("card.status", say(language, f"status.{feature.status}")),
        ("card.position", certainty(language, feature.basis, feature.sigma_m)),
        ("card.via" if len(names) > 1 else "card.at", "" if towns else "—".join(names)),
        ("card.towns", "、".join(towns)),
        ("card.source", plan.sources[feature.source].title),
        ("card.position_source", "、".join(plan.sources[id_].title for id_ in origins)),
        ("card.note", feature.note),
    )
    statements = [plan.statements[id_] for id_ in feature.clauses]
    return Card(
        id=feature.id,
        title=feature.name,
        subtitle=f"{kind} · {say(language, 'status.' + feature.status)}",
        rows=tuple((say(language, label), text) for label, text in facts if text),
        clauses=tuple(
            Clause(s.id, s.phrase, " ".join(filter(None, (s.chapter, s.section))), s.target, s.reason)
            for s in statements
        ),
        targets=tuple(
            target_text(target, language) for target in plan.targets.values() if target.statement in feature.clauses
        ),
    )


def target_text(target: Target, language: Language) -> str:
    """Return a number of the plan in words: indicator, qualifier, value, unit and year."""
    return f"{target.indicator.in_(language)} {target_value(target, language)}({target.year})"


def target_value(target: Target, language: Language) -> str:
    """Return a number of the plan with its qualifier and unit."""
    values = filter(None, (_plain(target.value), _plain(target.value_max)))
    space = " " if target.unit not in {"%", "‰"} else ""
    return f"{say(language, f'qualifier.{target.qualifier}')}{'–'.join(values)}{space}{target.unit}".strip()


def targets_of(targets: Iterable[Target], topics: Iterable[str]) -> list[Target]:
    """Return the targets of some topics, in the order of the text."""
    wanted = set(topics)
    return [target for target in targets if target.topic in wanted]


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
