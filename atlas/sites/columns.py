"""Which column of a table is what: the header row found among titles, its words compared with the vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from atlas.sites.numbers import money_unit, parse_coordinate, parse_pairs
from atlas.sites.vocabulary import datum_stated, plain, squeezed, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

Grid = list[list[str]]

_HEADER_WITHIN: Final = 40
_HEADER_WORDS: Final = 2
_LONGEST_HEADER: Final = 40
_COORDINATES: Final = ("lon", "lat", "x", "y", "pair", "corners")


@dataclass(frozen=True, slots=True)
class Columns:
    """
    What the columns of a table are.

    Parameters
    ----------
    header, first
        Number of the header row (counted from 0; -1 if there is none) and of the first row of data.
    titles
        Of every column.
    known
        Column number by field.
    unit
        What bare amounts of money are counted in, in 万元.
    datum, words
        What the headers of the coordinates say of their datum, and in which words.
    """

    header: int
    first: int
    titles: tuple[str, ...]
    known: dict[str, int] = field(default_factory=dict)
    unit: float = 1.0
    datum: str = ""
    words: str = ""

    @property
    def first_number(self) -> int:
        """The column of the first number of a position, or of the whole one; -1 if there is none."""
        return next((self.known[name] for name in ("lon", "x", "pair", "corners") if name in self.known), -1)


def find_columns(grid: Grid) -> Columns:
    """Return what the columns of a table are, from its header row or else from its numbers."""
    best, found = 0, None
    for number, row in enumerate(grid[:_HEADER_WITHIN]):
        titles, depth = _titles(grid, number, row)
        known = _matched(titles)
        weight = len(known) + 2 * any(name in known for name in _COORDINATES)
        if len(known) >= _HEADER_WORDS and weight > best:
            best, found = weight, _with_units(grid, number, number + depth, titles, known)
    return found or _by_numbers(grid)


def _titles(grid: Grid, number: int, row: Sequence[str]) -> tuple[list[str], int]:
    """Return a header row, joined with the next one where that holds the rest of it (坐标 over 经度, 纬度)."""
    below = grid[number + 1] if number + 1 < len(grid) else []
    under = _matched(below)
    splits = {"lon", "lat", "x", "y"} & under.keys()
    above = _matched(row).keys() - {"datum"}
    if len(splits) < 2 or not above or {"lon", "x"} & above:  # noqa: PLR2004 - a position has two numbers
        return list(row), 1
    width = max(len(row), len(below))
    over = [*row, *[""] * (width - len(row))]
    rest = [*below, *[""] * (width - len(below))]
    return [bottom or top for top, bottom in zip(over, rest, strict=True)], 2


@cache
def _words() -> tuple[tuple[str, str, int], ...]:
    words = [
        (squeezed(word), name, rank)
        for name, known in vocabulary()["columns"].items()
        for rank, word in enumerate(known)
    ]
    return tuple(sorted(words, key=lambda entry: -len(entry[0])))


@lru_cache(maxsize=4096)
def field_of(title: str) -> tuple[str, int]:
    """Return the field that a header stands for, and how well it says so; blank if it stands for none."""
    bare = squeezed(re.sub(r"[(（\[【].*?[)）\]】]", "", plain(title)))
    bare = bare or squeezed(title).strip("()[]")
    if not bare or len(bare) > _LONGEST_HEADER:
        return "", 0
    for word, name, rank in _words():
        if bare == word:
            return name, 1000 - rank
    for word, name, _ in _words():
        if (len(word) > 1 and not word.isascii() and word in bare) or _is_axis(word, name, bare):
            return name, len(word)
    return "", 0


def _is_axis(word: str, name: str, bare: str) -> bool:
    """Say whether a header such as "X北" or "Y(m)" names an axis: one letter and no other Latin one."""
    return name in {"x", "y"} and len(word) == 1 and bare.startswith(word) and not re.search(r"[A-Z]", bare[1:])


def _matched(titles: Sequence[str]) -> dict[str, int]:
    """Return column number by field; where two columns claim a field, the better wording has it."""
    found: dict[str, tuple[int, int]] = {}
    for number, title in enumerate(titles):
        name, weight = field_of(title)
        if name and weight > found.get(name, (-1, 0))[1]:
            found[name] = (number, weight)
    return {name: number for name, (number, _) in found.items()}


def _with_units(grid: Grid, header: int, first: int, titles: list[str], known: dict[str, int]) -> Columns:
    unit = 0.0
    if "investment_wan" in known:
        unit = money_unit(titles[known["investment_wan"]])
    above = [cell for row in grid[:header] for cell in row if "单位" in cell and money_unit(cell)]
    unit = unit or (money_unit(above[0].rpartition("单位")[2]) if above else 0.0) or 1.0
    spoken = [titles[known[name]] for name in _COORDINATES if name in known]
    stated = {(datum_stated(text, about_coordinates=True), text) for text in spoken}
    datums = {datum for datum, _ in stated} - {""}
    datum = datums.pop() if len(datums) == 1 else ""
    words = next((text for said, text in sorted(stated) if said == datum), "") if datum else ""
    return Columns(header, first, tuple(plain(title) for title in titles), known, unit, datum, words)


def _by_numbers(grid: Grid) -> Columns:
    """Return the columns of a table without a header: two of coordinates, and the first text as the name."""
    width = max((len(row) for row in grid), default=0)
    rows = [row for row in grid[:_HEADER_WITHIN] if any(row)]
    values = [[parse_coordinate(row[n]) if n < len(row) and row[n] else None for row in rows] for n in range(width)]
    likely = [
        n
        for n, column in enumerate(values)
        if rows and sum(v is not None and abs(v.value) > 1 and v.step < 1 for v in column) > len(rows) / 2
    ]
    known: dict[str, int] = {}
    if len(likely) > 1:
        known = {"lon": likely[0], "lat": likely[1]}
    else:
        pairs = [n for n in range(width) if sum(n < len(r) and bool(parse_pairs(r[n])) for r in rows) > len(rows) / 2]
        known = {"pair": pairs[0]} if pairs else {}
    texts = [n for n in range(width) if n not in known.values() and any(n < len(r) and r[n] for r in rows)]
    worded = [n for n in texts if any(n < len(r) and r[n] and parse_coordinate(r[n]) is None for r in rows)]
    if known and worded:
        known["name"] = worded[0]
    return Columns(-1, 0, tuple(f"{n + 1}" for n in range(width)), known)
