"""The words, caps and odds of the reader: what ``vocabulary.toml`` says, with spellings made comparable."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.crs import identify

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def vocabulary() -> Mapping[str, Any]:
    """Return the tables of ``vocabulary.toml``."""
    with Path(__file__).with_name("vocabulary.toml").open("rb") as file:
        return tomllib.load(file)


def plain(text: str) -> str:
    """Return text with full-width letters and digits made ordinary, and without blanks at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


def squeezed(text: str) -> str:
    """Return text for comparison: plain, in upper case, without blanks, hyphens and underscores."""
    return re.sub(r"[\s\-_:]+", "", plain(text)).upper()


@cache
def _datum_words() -> tuple[tuple[str, str], ...]:
    words = vocabulary()["datum_words"]
    return tuple((squeezed(word), datum) for datum, known in words.items() for word in known)


def datums_named(text: str) -> set[str]:
    """Return every datum that a text names, the refused ones included."""
    squeezed_text = squeezed(text)
    found = {datum for word, datum in _datum_words() if word in squeezed_text}
    for number in re.findall(r"EPSG:?(\d{4,5})", squeezed(text)):
        try:
            found.add(identify(f"EPSG:{number}").datum)
        except ValueError:
            continue
    return found - {""}


def _short_datums(text: str) -> set[str]:
    return {datum for datum, known in vocabulary()["datum_short"].items() if text in known}


def datum_stated(text: str, *, about_coordinates: bool = False) -> str:
    """
    Return the datum that a text says its coordinates are in; blank if it says none, or names several.

    Parameters
    ----------
    text
        A cell or a line of a file.
    about_coordinates
        Whether it stands where only a datum can be meant. Otherwise it must speak of coordinates, and not tell the
        writer what to do.
    """
    found = datums_named(text) or (_short_datums(squeezed(text)) if about_coordinates else set())
    if len(found) != 1:
        return ""
    context = vocabulary()["datum_context"]
    upper = squeezed(text)
    speaks = any(word in upper for word in context["near"])
    instructs = any(word in upper for word in context["instructing"])
    return found.pop() if about_coordinates or (speaks and not instructs) else ""
