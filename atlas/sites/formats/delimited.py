"""Tables as text: CSV, TSV, and what is pasted from a spreadsheet or a letter."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Final

from atlas.sites.formats.table import read_grid
from atlas.sites.raw import RawFile, refuse
from atlas.sites.vocabulary import vocabulary

if TYPE_CHECKING:
    from atlas.sites.columns import Grid

_DELIMITERS: Final = ("\t", ",", ";", "|", "，")
_SAMPLE_LINES: Final = 60


def read_delimited(text: str, file: str, encoding: str) -> RawFile:
    """
    Read a table from text.

    Parameters
    ----------
    text
        Lines of cells; the delimiter is told by how evenly it divides the lines.
    file
        Name for findings.
    encoding
        As of the result.

    Raises
    ------
    PlanError
        If it is empty, too long, or has no coordinates.
    """
    if not text.strip():
        raise refuse("empty_file", file)
    most = vocabulary()["caps"]["rows"]
    if (count := text.count("\n")) > most:
        raise refuse("too_many_rows", file, count=count, most=most)
    return read_grid(_grid(text, file), "csv", encoding, file)


def _grid(text: str, file: str) -> Grid:
    text = text.replace("\0", "")
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]
    delimiter = max(_DELIMITERS, key=lambda mark: _evenness(mark, lines))
    if _evenness(delimiter, lines) == (0, 0):
        return [line.split() for line in text.splitlines()]
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    grid: Grid = []
    try:
        for cells in reader:
            # A cell with line breaks spans several lines: row numbers stay those of the file.
            grid.extend([[]] * (reader.line_num - 1 - len(grid)))
            grid.append(cells)
    except csv.Error as error:
        raise refuse("damaged_file", f"{file}: 第 {reader.line_num} 行", detail=error) from error
    return grid


def _evenness(mark: str, lines: list[str]) -> tuple[int, int]:
    """Return how many lines a mark divides into the same number of cells, and into how many."""
    counts = Counter(line.count(mark) for line in lines if mark in line)
    return max(((times, cells) for cells, times in counts.items()), default=(0, 0))
