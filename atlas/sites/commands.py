"""The commands about project sites: what `inspect` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from atlas.sites.read import read_sites
from atlas.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from atlas.sites.model import Reading
    from layers import Plan
    from layers.errors import Language


def inspect(file: Path, plan: Plan, assume_crs: str, language: Language, *, as_json: bool) -> str:
    """
    Return how a file of project sites is understood, for people or as JSON.

    Raises
    ------
    PlanError
        If nothing of it can be used.
    """
    reading = read_sites(file, plan, assume_crs=assume_crs).reading
    if as_json:
        return json.dumps(reading.as_json(language), ensure_ascii=False, indent=1)
    return "\n".join(lines_of(reading, language))


def lines_of(reading: Reading, language: Language) -> list[str]:
    """Return a reading in lines for people: what it is, the alternatives, and the problems."""
    facts = {
        "format": say(language, f"format.{reading.format}"),
        "encoding": reading.encoding or "—",
        "crs": reading.crs,
        "datum": say(language, f"datum.{reading.datum}"),
        "axis_order": reading.axis_order,
        "confidence": f"{reading.confidence:.0%}",
        "features": f"{reading.features}",
    }
    lines = [f"{say(language, f'reading.{name}')}\t{value}" for name, value in facts.items()]
    for other in reading.alternatives:
        chance, metres = f"{other.confidence:.1%}", f"{other.shift_m:,.0f}"
        lines.append(say(language, "reading.alternative", assume=other.assume, confidence=chance, metres=metres))
    return [*lines, *(f"{finding.level}\t{finding.line(language)}" for finding in reading.problems)]
