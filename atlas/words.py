"""The wording of the interface in both languages; the words themselves are data (`words/*.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.errors import Language

LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
_KILOMETRE: Final = 1000


@cache
def words(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Return all words of a language, by section and key."""
    with (Path(__file__).parent / "words" / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def say(language: Language, key: str, **values: object) -> str:
    """Return the words of ``section.key``, their blanks filled."""
    section, _, name = key.partition(".")
    return words(language)[section][name].format_map(values)


def distance(language: Language, metres: float) -> str:
    """Return a length in plain words: metres below one kilometre, else kilometres to one decimal."""
    if metres < _KILOMETRE:
        return say(language, "card.metres", n=f"{metres:.0f}")
    return say(language, "card.kilometres", n=f"{metres / _KILOMETRE:.1f}".removesuffix(".0"))


def certainty(language: Language, basis: str, sigma_m: float) -> str:
    """Return how a position is known and how far it may be off, e.g. what a card says of it."""
    known = say(language, f"basis.{basis}")
    return say(language, "card.sigma", basis=known, distance=distance(language, sigma_m))
