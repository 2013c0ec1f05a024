"""What makes land suitable, as data: `suitability.toml` read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers import Name

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Preset:
    """
    One way of weighing land.

    Parameters
    ----------
    id, name
        What it is for.
    weights
        Weight of each criterion.
    curves
        Of each criterion with a number: values and their scores from 0 to 1, straight lines between.
    scores
        Of the criterion ``zone``: score of each class of functional zone.
    """

    id: str
    name: Name
    weights: Mapping[str, float]
    curves: Mapping[str, tuple[tuple[float, float], ...]]
    scores: Mapping[str, float]


@cache
def tables() -> Mapping[str, Any]:
    """Return the tables of `suitability.toml`."""
    with Path(__file__).with_name("suitability.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def presets() -> Mapping[str, Preset]:
    """Return the presets by id."""
    return {
        id_: Preset(
            id=id_,
            name=Name(entry["zh"], entry["en"]),
            weights={key: float(value) for key, value in entry["weights"].items()},
            curves={key: tuple((float(x), float(y)) for x, y in curve) for key, curve in entry["curves"].items()},
            scores=entry.get("zone", {}),
        )
        for id_, entry in tables()["presets"].items()
    }
