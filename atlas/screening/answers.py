"""A site's answers one by one, in words: the same for the card, the report and the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from atlas.screening.rules import VERDICTS
from atlas.words import distance, say

if TYPE_CHECKING:
    from atlas.screening.rules import Rule, Verdict
    from atlas.screening.screen import Screening
    from layers.errors import Language

M2_PER_HA: Final = 10_000.0
MU_PER_HA: Final = 15.0
# What whole percent would round to never and always.
_ALMOST: Final = 0.005


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer for one site.

    Parameters
    ----------
    layer, title
        Id of the rule, and what it is called.
    verdict
        hit | clear | uncertain | no_data.
    nearest, distance_m, overlap_m2, share, sigma_m, probability
        As in `Screening.tidy`; NaN and blank where there is none.
    wording
        The answer as a sentence without full stop.
    informative
        Whether it is told without being part of the conclusion.
    source
        The law it rests on; may be blank.
    """

    layer: str
    title: str
    verdict: Verdict
    nearest: str
    distance_m: float
    overlap_m2: float
    share: float
    sigma_m: float
    probability: float
    wording: str
    informative: bool
    source: str


def answers_of(screening: Screening, site: str, language: Language) -> tuple[Answer, ...]:
    """
    Return every answer for a site, in the order of the rules.

    Raises
    ------
    KeyError
        If there is no site of this id.
    """
    row = screening.row_of(site)
    result = []
    for id_, found in screening.by_rule.items():
        rule = found.rule
        numbers = {
            name: float(getattr(found, name)[row])
            for name in ("distance_m", "overlap_m2", "share", "sigma_m", "probability")
        }
        verdict, nearest = VERDICTS[found.verdicts[row]], str(found.nearest[row])
        text = _in_words(rule, verdict, nearest, numbers, language)
        title, source = rule.title.in_(language), rule.source.in_(language)
        result.append(
            Answer(id_, title, verdict, nearest, **numbers, wording=text, informative=rule.informative, source=source)
        )
    return tuple(result)


def area_text(m2: float, language: Language) -> str:
    """Return an area as offices write it: hectares to four digits, mu to two."""
    hectares = m2 / M2_PER_HA
    return say(language, "screening.area", ha=f"{hectares:.4f}", mu=f"{hectares * MU_PER_HA:.2f}")


def share_text(share: float) -> str:
    """Return a share in percent, to two digits."""
    return f"{share * 100:.2f}%"


def chance_text(probability: float, language: Language) -> str:
    """Return a probability in whole percent, but never as a certainty that it is not; blank where there is none."""
    if np.isnan(probability):
        return ""
    if probability < _ALMOST:
        return say(language, "screening.less_than", percent="1%")
    if probability > 1 - _ALMOST:
        return say(language, "screening.more_than", percent="99%")
    return f"{probability:.0%}"


def _in_words(rule: Rule, verdict: Verdict, nearest: str, numbers: dict[str, float], language: Language) -> str:
    area = ""
    if numbers["overlap_m2"] > 0:
        area = say(
            language,
            "screening.overlap",
            area=area_text(numbers["overlap_m2"], language),
            share=share_text(numbers["share"]),
        )
    return (
        rule.wording[verdict]
        .in_(language)
        .format(
            title=rule.title.in_(language),
            nearest=nearest or rule.title.in_(language),
            distance=_distance(numbers["distance_m"], language),
            limit=_distance(rule.distance_m, language),
            area=area,
            share=share_text(numbers["share"]),
            sigma=_distance(numbers["sigma_m"], language),
            percent=chance_text(numbers["probability"], language),
        )
    )


def _distance(metres: float, language: Language) -> str:
    return "" if np.isnan(metres) else distance(language, metres)
