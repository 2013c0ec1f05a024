"""Project lists: rows of text cells with a header somewhere, titles above it, sections and totals among the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import shapely
from shapely import LineString, Point, Polygon

from atlas.sites.columns import Columns, Grid, find_columns
from atlas.sites.formats.rings import LEAST_RING, add_corner, area_of
from atlas.sites.numbers import Written, parse_coordinate, parse_money, parse_pairs
from atlas.sites.raw import Claim, RawFile, RawSite, is_finite, label, refuse
from atlas.sites.vocabulary import datum_stated, plain, vocabulary
from layers import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

_TEXT_FIELDS: Final = ("id", "name", "category", "nature", "location", "content", "years", "owner", "note")
_COORDINATES: Final = ("lon", "lat", "x", "y", "pair", "corners")
_POSITION_FIELDS: Final = (*_COORDINATES, "datum", "corner", "ring")


def read_grid(grid: Grid, format_: str, encoding: str, file: str, sheet: str = "") -> RawFile:
    """
    Read a table.

    Parameters
    ----------
    grid
        Rows of cells as text, row 1 of the file first; blank cells are blank.
    format_, encoding
        As of the result.
    file, sheet
        Names for findings.

    Returns
    -------
    raw
        `order` is what the headers promise; X is north and Y is east, as surveyors have it.

    Raises
    ------
    PlanError
        If it holds no column of coordinates.
    """
    grid = [[plain(cell) if cell else "" for cell in row] for row in grid]
    where = f"{file} · {sheet}" if sheet else file
    if not any(any(row) for row in grid):
        raise refuse("empty_file", where)
    columns = find_columns(grid)
    if columns.first_number < 0 or ("lon" in columns.known) != ("lat" in columns.known):
        raise refuse("no_coordinate_columns", where, known=_short(columns.titles))
    found = Findings()
    rows = _data(grid, columns, where)
    if "corner" in columns.known and columns.known.keys() & {"lon", "x"}:
        sites = _plots(rows, columns, found)
    else:
        sites = [site for row in rows if (site := _site(row, columns, found))]
    order = "lon,lat" if "lon" in columns.known or "x" not in columns.known else "north,east"
    return RawFile(format_, encoding, order, sites, tuple(found), _claim(grid, columns))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of data, the title of the section it stands in, and its place in the file."""

    cells: Sequence[str]
    section: str
    place: str


def _data(grid: Grid, columns: Columns, where: str) -> Iterator[_Line]:
    """Return the rows that are data."""
    section = ""
    for number, row in enumerate(grid[columns.first :], columns.first):
        kind = _kind_of(row, columns)
        if kind == "section":
            section = _section(row, columns)
        elif kind == "data":
            yield _Line(row, section, f"{where}: 第 {number + 1} 行")


def _short(titles: Sequence[str]) -> str:
    return "、".join(title for title in titles if title)[:80] or "—"


def _claim(grid: Grid, columns: Columns) -> Claim | None:
    """Return what the titles, headers and notes say of the coordinates' datum, if they agree."""
    if columns.datum:
        return Claim(columns.datum, words=columns.words)
    rows = [*grid[: columns.first], *(row for row in grid[columns.first :] if _is_note(row))]
    said = {datum: cell for row in rows for cell in row if (datum := datum_stated(cell))}
    return _agreed(said)


def _agreed(said: Mapping[str, str]) -> Claim | None:
    """Return what several texts say by datum, if it is one thing."""
    return next((Claim(datum, words=words[:60]) for datum, words in said.items()), None) if len(said) == 1 else None


def _is_note(row: Sequence[str]) -> bool:
    first = next((cell for cell in row if cell), "")
    return first.upper().startswith(tuple(plain(word).upper() for word in vocabulary()["rows"]["notes"]))


def _kind_of(row: Sequence[str], columns: Columns) -> str:
    """Return whether a row is data, a section's title (with its subtotal), or nothing of use."""
    filled = [cell for cell in row if cell]
    if not filled or tuple(row) == tuple(columns.titles[: len(row)]):
        return "blank"
    position = any(_cell(row, columns, name) for name in _COORDINATES)
    lead = [cell for cell in row[:3] if cell]
    words = vocabulary()["rows"]
    if any(re.sub(r"\s", "", cell).upper().rstrip(":") in words["totals"] for cell in lead):
        return "total"
    if position:
        return "data"
    if _is_note(row):
        return "note"
    numeral = rf"[((]?[{words['numerals']}]+[))]?"
    if re.fullmatch(numeral, filled[0]) or re.match(rf"{numeral}[、.．\s]", filled[0]):
        return "section"
    # A title that is merged over the row stands in its first cell; a name alone is a project without a position.
    titled = len(filled) == 1 and bool(row[0]) and columns.known.get("name") != 0
    return "section" if titled and parse_coordinate(row[0]) is None else "data"


def _section(row: Sequence[str], columns: Columns) -> str:
    words = vocabulary()["rows"]
    texts = [cell for cell in row if cell and parse_coordinate(cell) is None]
    titled = [text for text in texts if not re.fullmatch(rf"[((]?[{words['numerals']}]+[))]?", text)]
    name = _cell(row, columns, "name") or (titled[0] if titled else "")
    return re.sub(rf"^[((]?[{words['numerals']}]+[))]?[、.．\s]+", "", name)


def _cell(row: Sequence[str], columns: Columns, name: str) -> str:
    column = columns.known.get(name, -1)
    return row[column] if 0 <= column < len(row) else ""


def _plots(lines: Iterable[_Line], columns: Columns, found: Findings) -> list[RawSite]:
    """Return plots whose corner points stand one in a row; what is blank below a plot's first row goes on."""
    plots: list[tuple[RawSite, list[tuple[str, list[tuple[float, float]]]]]] = []
    last: tuple[str, str] | None = None
    for line in lines:
        own = _cell(line.cells, columns, "id"), _cell(line.cells, columns, "name")
        corner = _site(line, columns, found)
        if corner is None:
            continue
        if last is None or (any(own) and own != last):
            plots.append((corner, []))
            last = own
        x, y = corner.shape.coords[0]
        add_corner(plots[-1][1], _cell(line.cells, columns, "ring"), (x, y))
    sites = []
    for first, rings in plots:
        shape = area_of([ring for _, ring in rings], label(first), found)
        sites.append(replace(first, shape=shape or first.shape))
    return sites


def _site(line: _Line, columns: Columns, found: Findings) -> RawSite | None:
    row, section, place = line.cells, line.section, line.place
    fields = {name: _cell(row, columns, name) for name in _TEXT_FIELDS}
    named = f"{place} ({fields['name']})" if fields["name"] else place
    written = _written(row, columns)
    if not "".join(written):
        found.add("no_position", named)
        return None
    read = _shape(written, columns)
    if read is None:
        found.add("bad_position", named, value=" | ".join(cell for cell in written if cell)[:80])
        return None
    shape, step = read
    money = _cell(row, columns, "investment_wan")
    amount = parse_money(money, columns.unit)
    fields["investment_wan"] = repr(amount) if is_finite(amount) else ""
    taken = {columns.known[n] for n in (*_TEXT_FIELDS, *_POSITION_FIELDS) if n in columns.known}
    if is_finite(amount) or not money:
        taken.add(columns.known.get("investment_wan", -1))
    attributes = {
        title or f"{n + 1}": row[n]
        for n, title in enumerate(columns.titles)
        if n < len(row) and row[n] and n not in taken
    }
    if section:
        fields["category"] = fields["category"] or section
        attributes[vocabulary()["rows"]["section"]] = section
    return RawSite(place, shape, fields, attributes, _row_claim(row, columns, fields), step)


def _row_claim(row: Sequence[str], columns: Columns, fields: Mapping[str, str]) -> Claim | None:
    """Return what a row says of its own coordinates: in a column for it, or in its words."""
    own = _cell(row, columns, "datum")
    if own and (datum := datum_stated(own, about_coordinates=True)):
        return Claim(datum, words=own)
    known = set(columns.known.values())
    texts = [fields["note"], fields["content"], fields["location"]]
    texts += [cell for n, cell in enumerate(row) if n not in known]
    said = {datum: text for text in texts if text and (datum := datum_stated(text))}
    return _agreed(said)


def _written(row: Sequence[str], columns: Columns) -> tuple[str, ...]:
    for names in (("lon", "lat"), ("x", "y"), ("corners",), ("pair",)):
        cells = tuple(_cell(row, columns, name) for name in names)
        if "".join(cells):
            return cells
    return ()


def _shape(written: tuple[str, ...], columns: Columns) -> tuple[BaseGeometry, float] | None:
    """Return the geometry of a row and the weight of its last digit, or None if its numbers cannot be read."""
    if len(written) == 1:
        return _shape_of_pairs(written[0], is_area="corners" in columns.known)
    first, second = (parse_coordinate(cell) for cell in written)
    if first is None or second is None:
        pairs = None if all(written) else parse_pairs("".join(written))
        return _points(pairs, is_area=False) if pairs else None
    return _points([(first, second)], is_area=False)


def _shape_of_pairs(text: str, *, is_area: bool) -> tuple[BaseGeometry, float] | None:
    if re.match(r"\s*(MULTI)?(POINT|LINESTRING|POLYGON)", text, re.IGNORECASE):
        try:
            return shapely.force_2d(shapely.from_wkt(text)), 0.0
        except shapely.errors.GEOSException:
            return None
    pairs = parse_pairs(text)
    return _points(pairs, is_area=is_area) if pairs else None


def _points(pairs: list[tuple[Written, Written]], *, is_area: bool) -> tuple[BaseGeometry, float]:
    # Letters for the sides are worth more than the order: a latitude that says so goes second.
    ordered = [(b, a) if a.is_lat is True or b.is_lat is False else (a, b) for a, b in pairs]
    positions = [(a.value, b.value) for a, b in ordered]
    # A spreadsheet drops the zeros at a number's end: the longer of two numbers tells how finely both were written.
    step = max(min(a.step, b.step) for a, b in pairs)
    if len(positions) == 1:
        return Point(positions[0]), step
    closed = positions[0] == positions[-1]
    if len(set(positions)) >= LEAST_RING and (is_area or closed):
        return Polygon(positions), step
    return LineString(positions), step
