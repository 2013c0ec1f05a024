"""Typed access to the cells of a row and to the keys of a table; what does not fit becomes a finding."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from layers.crs import DATUMS, REFUSED_DATUMS
from layers.errors import nearest
from layers.kinds import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from layers.errors import Findings
    from layers.io import Row

# Plain ASCII numbers: Python alone would also read 1_000, nan and full-width digits.
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,6}", re.ASCII)
# No length or error of a district is longer than this.
_LARGEST: Final = 1_000_000.0

_NUMBER_WORDS: Final = {"wanted": "数字", "wanted_en": "a number"}
_WHOLE_WORDS: Final = {"wanted": "整数", "wanted_en": "a whole number"}
_SIZE_WORDS: Final = {"wanted": "零到一百万之间的数", "wanted_en": "a number between zero and a million"}


class Cells:
    """
    The cells of a row of a table.

    Each reader reports what does not fit and returns a harmless value, so that one pass finds everything.
    """

    def __init__(self, row: Row, found: Findings) -> None:
        self.row, self.found = row, found

    def text(self, column: str, *, needed: bool = True) -> str:
        """Return a cell's text."""
        if needed and not self.row[column]:
            self.found.add("missing_value", self.row.at(column), value=column)
        return self.row[column]

    def ids(self, column: str) -> tuple[str, ...]:
        """Return the ids that a cell lists, divided by blanks."""
        return tuple(self.row[column].split())

    def number(self, column: str, *, needed: bool = True) -> float:
        """Return a finite number; NaN where the cell is blank or wrong."""
        text = self.text(column, needed=needed)
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if text and not math.isfinite(value):
            self.found.add("bad_number", self.row.at(column), value=text[:40], **_NUMBER_WORDS)
            return math.nan
        return value

    def size(self, column: str, *, needed: bool = True) -> float:
        """Return a length or an error: a number from zero to a million; NaN where the cell is blank or wrong."""
        value = self.number(column, needed=needed)
        if not (math.isnan(value) or 0 <= value <= _LARGEST):
            self.found.add("bad_number", self.row.at(column), value=self.row[column][:40], **_SIZE_WORDS)
            return math.nan
        return value

    def whole(self, column: str, default: int | None = None) -> int:
        """Return a whole number; without a default the cell may not be blank."""
        text = self.text(column, needed=default is None)
        if text and not _WHOLE.fullmatch(text):
            self.found.add("bad_number", self.row.at(column), value=text[:40], **_WHOLE_WORDS)
        return int(text) if _WHOLE.fullmatch(text) else default or 0

    def word(self, column: str, allowed: Iterable[str], *, needed: bool = True) -> str:
        """Return a word of a closed list."""
        text = self.text(column, needed=needed)
        if text:
            check_word(self.row.at(column), text, allowed, self.found)
        return text

    def datum(self, column: str) -> str:
        """Return a datum that can be converted."""
        text = self.text(column)
        if text:
            check_datum(self.row.at(column), text, self.found)
        return text


class Table:
    """
    A table of TOML, or an object of JSON, whose keys are known.

    Parameters
    ----------
    where
        File and place in it.
    value
        What was read; anything but a table is reported.
    found
        Receives what does not fit.
    needed, optional
        The keys it must and may have; None leaves the keys open.
    """

    def __init__(
        self,
        where: str,
        value: object,
        found: Findings,
        needed: Iterable[str] | None = None,
        optional: Iterable[str] = (),
    ) -> None:
        self.where, self.found = where, found
        self.values: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self._wrong(where, value, "一张表", "a table")
        elif needed is not None:
            wanted, known = list(needed), [*needed, *optional]
            for key in self.values:
                if key not in known:
                    found.add("unknown_key", self.at(key), value=key, near=nearest(key, known))
            for key in wanted:
                if key not in self.values:
                    found.add("missing_value", where, value=key)

    def at(self, key: str) -> str:
        """Return the place of a key as a reader would look it up."""
        return f"{self.where}.{key}" if ": " in self.where else f"{self.where}: {key}"

    def _wrong(self, where: str, value: object, wanted: str, wanted_en: str) -> None:
        shown = str(value)[:40] or "—"
        self.found.add("wrong_type", where, value=shown, wanted=wanted, wanted_en=wanted_en)

    def text(self, key: str) -> str:
        """Return a text that is not blank; blank where it is missing or wrong."""
        value = self.values.get(key, "")
        if key in self.values and not (isinstance(value, str) and value.strip()):
            self._wrong(self.at(key), value, "文字", "a text")
        return value if isinstance(value, str) else ""

    def word(self, key: str, allowed: Iterable[str]) -> str:
        """Return a word of a closed list."""
        if text := self.text(key):
            check_word(self.at(key), text, allowed, self.found)
        return text

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._wrong(self.at(key), value, "文字的列表", "a list of texts")
            return ()
        for item in dict.fromkeys(item for item in value if value.count(item) > 1):
            self.found.add("duplicate_id", self.at(key), value=item)
        return tuple(value)

    def size(self, key: str) -> float:
        """Return a number from zero to a million; zero where it is missing or wrong."""
        value = self.values.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
            self._wrong(self.at(key), value, _SIZE_WORDS["wanted"], _SIZE_WORDS["wanted_en"])
            return 0.0
        return float(value)

    def name(self, key: str) -> Name:
        """Return a name in both languages."""
        if key not in self.values:
            return Name("", "")
        inner = Table(self.at(key), self.values[key], self.found, ("zh", "en"))
        return Name(inner.text("zh"), inner.text("en"))

    def datum(self, key: str) -> str:
        """Return a datum that can be converted."""
        if text := self.text(key):
            check_datum(self.at(key), text, self.found)
        return text


def check_word(where: str, text: str, allowed: Iterable[str], found: Findings) -> None:
    """Report a word that is not in a closed list, with the nearest that is."""
    known = list(allowed)
    if text not in known:
        near, some = nearest(text, known), " ".join(known[:12])
        found.add("unknown_word", where, value=text[:40], near=near, known=some)


def check_datum(where: str, text: str, found: Findings) -> None:
    """Report a datum that is refused or unknown."""
    if text in REFUSED_DATUMS:
        found.add("refused_datum", where, value=text)
    else:
        check_word(where, text, DATUMS, found)
