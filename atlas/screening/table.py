"""The summary: one row per site, once as offices write it (项目总表), once as columns that a GIS can filter by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from atlas.screening.answers import M2_PER_HA, MU_PER_HA, area_text
from atlas.screening.rules import VERDICTS
from atlas.screening.screen import GRAVITY, passing
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atlas.screening.rules import Verdict
    from atlas.screening.screen import Screening
    from layers.errors import Language

# Columns of the sites' own frame that every summary repeats.
_OWN = ("category", "nature", "location", "content", "investment_wan", "years", "owner", "note")


def summary(screening: Screening, language: Language) -> pd.DataFrame:
    """
    Return the summary table in the order that reviews are used to, one row per site.

    Parameters
    ----------
    screening
        What was found.
    language
        Of headings and verdicts.

    Returns
    -------
    table
        Areas in hectares (4 digits) and mu (2), shares in percent (2); blank (NaN) where the site is no area, and the
        words for "no data" where a layer is missing: that and zero are never the same.
    """
    rules, frame = screening.rules, screening.sites.frame
    hectares = np.where(screening.area_m2 > 0, screening.area_m2 / M2_PER_HA, np.nan)

    def head(key: str, layer: str = "") -> str:
        titled = screening.by_rule[layer].rule.title.in_(language) if layer else ""
        return say(language, f"screening.{key}", layer=titled)

    columns: dict[str, object] = {
        head("column_number"): np.arange(1, len(frame) + 1),
        head("column_id"): frame["id"].to_numpy(),
        head("column_name"): frame["name"].to_numpy(),
        head("column_ha"): np.round(hectares, 4),
        head("column_mu"): np.round(hectares * MU_PER_HA, 2),
    }
    if rules.inside in screening.by_rule:
        within = screening.by_rule[rules.inside]
        clear = np.array(VERDICTS)[within.verdicts] == "clear"
        share = np.where(clear, np.where(hectares > 0, 0.0, np.nan), within.share)
        missing = np.array(VERDICTS)[within.verdicts] == "no_data"
        said = say(language, "screening.verdict_no_data")
        parts = {
            "column_inside": np.round(share * hectares, 4),
            "column_inside_share": np.round(share * 100, 2),
            "column_outside": np.round((1 - share) * hectares, 4),
            "column_outside_share": np.round((1 - share) * 100, 2),
        }
        for key, numbers in parts.items():
            cells = [said if gone else number for gone, number in zip(missing, numbers, strict=True)]
            columns[head(key, rules.inside)] = np.array(cells, object) if missing.any() else numbers
    for id_ in (id_ for id_ in rules.verdicts if id_ in screening.by_rule):
        found = screening.by_rule[id_]
        columns[found.rule.title.in_(language)] = [
            _verdict(VERDICTS[v], m2, language) for v, m2 in zip(found.verdicts, found.overlap_m2, strict=True)
        ]
    for id_ in (id_ for id_ in rules.names if id_ in screening.by_rule):
        found = screening.by_rule[id_]
        columns[found.rule.title.in_(language)] = [
            _belongs(VERDICTS[v], name, language) for v, name in zip(found.verdicts, found.nearest, strict=True)
        ]
    columns[head("column_conclusion")] = conclusion_texts(screening, language)
    columns[head("column_version")] = version_text(screening, language)
    return pd.DataFrame(columns)


def conclusion_texts(screening: Screening, language: Language) -> list[str]:
    """Return the conclusion of each site, which rules brought it about, and how many others are open or missing."""
    counted = [a for a in screening.by_rule.values() if not a.rule.informative]
    passed = np.array([passing(answer) for answer in counted], np.int8).reshape(len(counted), len(screening))
    return [
        _conclusion(
            verdict,
            {answer.rule.title.in_(language): VERDICTS[v] for answer, v in zip(counted, passed[:, n], strict=True)},
            language,
        )
        for n, verdict in enumerate(screening.conclusions)
    ]


def _conclusion(verdict: Verdict, answers: Mapping[str, Verdict], language: Language) -> str:
    """Return a conclusion with its reasons: what every rule that counts says, by its title."""
    said = say(language, f"screening.verdict_{verdict}")
    if verdict == "clear":
        return said
    titles = [title for title, each in answers.items() if each == verdict]
    text = say(language, "screening.because", verdict=said, titles=say(language, "screening.and").join(titles))
    for lesser in GRAVITY[GRAVITY.index(verdict) + 1 : -1]:
        if count := sum(each == lesser for each in answers.values()):
            rest = say(language, f"screening.verdict_{lesser}")
            text += say(language, "screening.besides", verdict=rest, count=count)
    return text


def version_text(screening: Screening, language: Language) -> str:
    """Return which data the answers rest on: the plan, its date and fingerprint, and the control layers."""
    district = screening.plan.district
    files = [name for control in screening.controls for name in control.files]
    plan = say(language, "screening.version", dated=district.plan_dated, fingerprint=screening.plan.fingerprint)
    return "; ".join(dict.fromkeys((plan, *files)))


def features(screening: Screening) -> pd.DataFrame:
    """
    Return one row per site with plain columns, in the order of the sites.

    Columns: `site, name`, what the list says of it, `sigma_m, inside, area_m2`, `conclusion`, and for each rule its
    verdict under the rule's id; where the layer is there also ``ID_name`` and ``ID_m`` (distance), and for areas
    ``ID_m2``.
    """
    frame = screening.sites.frame
    columns: dict[str, object] = {"site": frame["id"].to_numpy(), "name": frame["name"].to_numpy()}
    columns |= {name: frame[name].to_numpy() for name in _OWN}
    columns |= {
        "sigma_m": frame["sigma_m"].to_numpy(float),
        "inside": frame["inside"].to_numpy(bool),
        "area_m2": np.round(screening.area_m2, 2),
        "conclusion": list(screening.conclusions),
    }
    no_data = VERDICTS.index("no_data")
    for id_, found in screening.by_rule.items():
        columns[id_] = np.array(VERDICTS, object)[found.verdicts]
        if (found.verdicts != no_data).any():
            columns[f"{id_}_name"] = found.nearest
            columns[f"{id_}_m"] = np.round(found.distance_m, 2)
            if np.isfinite(found.overlap_m2).any():
                columns[f"{id_}_m2"] = np.round(found.overlap_m2, 2)
    return pd.DataFrame(columns)


def worst_first(screening: Screening) -> list[int]:
    """Return the rows of the sites, those with the weightiest conclusion first."""
    return sorted(range(len(screening)), key=lambda n: GRAVITY.index(screening.conclusions[n]))


def _verdict(verdict: str, m2: float, language: Language) -> str:
    said = say(language, f"screening.verdict_{verdict}")
    return f"{said} {area_text(m2, language)}" if m2 > 0 else said


def _belongs(verdict: str, name: str, language: Language) -> str:
    if verdict == "hit":
        return name
    said = say(language, f"screening.verdict_{verdict}")
    return f"{name}({said})" if verdict == "uncertain" else said
