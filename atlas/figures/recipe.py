"""The recipe of a print figure: everything that defines it, as one JSON object that travels with the picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from layers import Finding, Findings, PlanError
from layers.fields import Table

if TYPE_CHECKING:
    from layers.errors import Language

Paper = Literal["A4", "A3", "A2", "A1", "A0"]
Orientation = Literal["auto", "portrait", "landscape"]
ThemeName = Literal["standard", "accessible"]
Edition = Literal["internal", "public"]

PAPERS: Final[tuple[Paper, ...]] = get_args(Paper)
ORIENTATIONS: Final[tuple[Orientation, ...]] = get_args(Orientation)
THEMES: Final[tuple[ThemeName, ...]] = get_args(ThemeName)
EDITIONS: Final[tuple[Edition, ...]] = get_args(Edition)

_WORDS: Final = {
    "paper": PAPERS,
    "orientation": ORIENTATIONS,
    "theme": THEMES,
    "edition": EDITIONS,
    "language": ("zh", "en"),
}
_ID_LENGTH: Final = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    Everything that defines a figure, and nothing else: the same recipe and the same data give the same figure.

    Parameters
    ----------
    district, sheet
        Ids of what is drawn.
    paper, orientation
        Of the page; `auto` goes by the shape of the extent.
    scale
        The N of 1:N; None takes the largest of the standard series that fits.
    theme, language
        How it looks, and which language it speaks.
    title
        Over the map; blank takes the sheet's own.
    compiler, compiled
        Who made it (编制单位), and when, as printed.
    review_number
        审图号 as the authority gave it; blank prints that the map was not submitted.
    edition
        For use inside the office, or for the public.
    hidden
        Layers switched as on the web map: ``id`` is off, ``!id`` is on though it starts off.
    draft
        Printed with a watermark.
    fingerprint
        Of the data it was made from; blank for whatever is there.
    """

    district: str
    sheet: str
    paper: Paper = "A3"
    orientation: Orientation = "auto"
    scale: int | None = None
    theme: ThemeName = "standard"
    language: Language = "zh"
    title: str = ""
    compiler: str = ""
    compiled: str = ""
    review_number: str = ""
    edition: Edition = "internal"
    hidden: tuple[str, ...] = ()
    draft: bool = False
    fingerprint: str = ""

    @property
    def id(self) -> str:
        """Short hash of the recipe, printed on the page."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:_ID_LENGTH]

    def to_json(self) -> str:
        """Return the recipe as one JSON object, keys in order of the fields."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, where: str = "recipe") -> Recipe:
        """
        Read a recipe.

        Parameters
        ----------
        text
            A JSON object as `to_json` writes it; keys with a default may be missing.
        where
            What the text was read from, for messages.

        Raises
        ------
        PlanError
            If it is no JSON object, or has a key or a value that a recipe does not have; the nearest is named.
        """
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise PlanError([Finding("bad_syntax", where, {"detail": str(error)[:80]})]) from error
        found = Findings()
        optional = [part.name for part in fields(cls)][2:]
        table = Table(where, value, found, ("district", "sheet"), optional)
        values: dict[str, Any] = {
            part.name: _read(table, part.name) for part in fields(cls) if part.name in table.values
        }
        found.raise_errors()
        return cls(**values)


def _read(table: Table, key: str) -> object:
    """Return one value of a recipe; what does not fit is reported to the table."""
    value = table.values[key]
    if key in _WORDS:
        return table.word(key, _WORDS[key])
    if key == "hidden":
        return table.words(key)
    wanted, fits = "文字", isinstance(value, str)
    wanted_en = "a text"
    if key == "draft":
        wanted, wanted_en, fits = "true 或 false", "true or false", isinstance(value, bool)
    elif key == "scale":
        whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
        wanted, wanted_en, fits = "正整数", "a positive whole number", value is None or whole
    if not fits:
        values = {"value": str(value)[:40] or "—", "wanted": wanted, "wanted_en": wanted_en}
        table.found.add("wrong_type", table.at(key), **values)
    return value
