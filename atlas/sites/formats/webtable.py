"""HTML tables, which many systems hand out as ``.xls``: the cells' text alone, nothing of the page is run or kept."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

from atlas.sites.formats.table import read_grid
from atlas.sites.raw import RawFile, refuse
from atlas.sites.vocabulary import vocabulary

if TYPE_CHECKING:
    from atlas.sites.columns import Grid

_LARGEST_SPAN: Final = 1000


def read_webtable(text: str, file: str, encoding: str) -> RawFile:
    """
    Read the tables of a page as one.

    Parameters
    ----------
    text
        The page.
    file, encoding
        As of the result.

    Raises
    ------
    PlanError
        If it has no table, or too many rows, or no coordinates.
    """
    page = _Page()
    page.feed(text)
    if len(page.grid) > (most := vocabulary()["caps"]["sheet_rows"]):
        raise refuse("too_many_rows", file, count=len(page.grid), most=most)
    return read_grid(page.grid, "html", encoding, file)


class _Page(HTMLParser):
    """Collects the cells of a page's tables; what spans several rows stands in each, as it does in a workbook."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.grid: Grid = []
        self._cell: list[str] | None = None
        self._spans: dict[int, tuple[int, str]] = {}
        self._size = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self._finish()
            self.grid.append([])
            self._fill()
        elif tag in {"td", "th"} and self.grid:
            self._finish()
            sizes = [dict(attrs).get(name) or "1" for name in ("rowspan", "colspan")]
            rows, columns = (min(int(size), _LARGEST_SPAN) if size.isdecimal() else 1 for size in sizes)
            self._cell, self._size = [], (max(rows, 1), max(columns, 1))

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in {"td", "th", "tr", "table"}:
            self._finish()

    def handle_data(self, data: str) -> None:
        """Add to the cell."""
        if self._cell is not None:
            self._cell.append(data)

    def _finish(self) -> None:
        if self._cell is None:
            return
        text = " ".join("".join(self._cell).split())
        rows, columns = self._size
        if rows > 1:
            self._spans[len(self.grid[-1])] = (rows - 1, text)
        self.grid[-1] += [text, *[""] * (columns - 1)]
        self._cell = None
        self._fill()

    def _fill(self) -> None:
        """Repeat what spans into this row from above."""
        while (column := len(self.grid[-1])) in self._spans and len(self.grid) > 1:
            left, text = self._spans.pop(column)
            if left > 1:
                self._spans[column] = (left - 1, text)
            self.grid[-1].append(text)
