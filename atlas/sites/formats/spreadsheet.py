"""Excel's tables, old and new, and OpenDocument's; of a formula the stored value is read, and nothing executed."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any, Final

import python_calamine as calamine

from atlas.sites.formats.table import read_grid
from atlas.sites.raw import RawFile, refuse
from atlas.sites.vocabulary import vocabulary
from layers import Finding, PlanError

if TYPE_CHECKING:
    from atlas.sites.columns import Grid

_CELL: Final = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError)
_CHUNK: Final = 1 << 20
_LONGEST_CELL: Final = 16


def read_spreadsheet(raw: bytes, file: str, format_: str) -> RawFile:
    """
    Read every visible sheet of a workbook that has coordinates.

    Raises
    ------
    PlanError
        If it is locked, damaged or too large, or no sheet has coordinates.
    """
    _check_extent(raw, file)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
    except calamine.PasswordError as error:
        raise refuse("locked_file", file) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise refuse("damaged_file", file, detail=_short(error)) from error
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == calamine.SheetVisibleEnum.Visible and sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    results: list[RawFile] = []
    errors: list[Finding] = []
    for name in shown:
        try:
            grid = _grid(book, name, file)
            results.append(read_grid(grid, format_, "", file, name if len(shown) > 1 else ""))
        except PlanError as error:
            errors.extend(error.findings)
    if not results:
        raise PlanError(_kept(errors) or [Finding("empty_file", file)])
    return _joined(results)


def _check_extent(raw: bytes, file: str) -> None:
    """
    Refuse a workbook whose cells lie so far apart that the sheet between them fills the memory.

    The reader of workbooks lays a sheet out whole, and ends the program where that does not fit: it has to be known
    before. Sheets of the old kind are small enough by their format.
    """
    if not raw.startswith(b"PK"):
        return
    caps = vocabulary()["caps"]
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                try:
                    with archive.open(name) as sheet:
                        rows, columns = _extent(sheet)
                except _DAMAGE as error:
                    raise refuse("damaged_file", file, detail=_short(error)) from error
                if rows > caps["sheet_rows"] or rows * columns > caps["sheet_cells"]:
                    raise refuse("too_many_rows", file, count=rows, most=caps["sheet_rows"])


def _extent(sheet: IO[bytes]) -> tuple[int, int]:
    """Return the last row and the last column that a sheet's cells name."""
    last_row, letters, rest = 1, {b"A"}, b""
    while chunk := sheet.read(_CHUNK):
        found = _CELL.findall(rest + chunk)
        letters.update(column for column, _ in found)
        last_row = max([last_row, *(int(row) for _, row in found)])
        rest = chunk[-_LONGEST_CELL:]
    widest = max(letters, key=lambda column: (len(column), column))
    columns = 0
    for letter in widest:
        columns = 26 * columns + letter - ord("A") + 1
    return last_row, columns


def _kept(errors: list[Finding]) -> list[Finding]:
    """Return why nothing can be used; that a sheet is empty matters only if all are."""
    return [error for error in errors if error.code != "empty_file"] or errors[:1]


def _joined(results: list[RawFile]) -> RawFile:
    first = max(results, key=lambda result: len(result.sites))
    sites = [site for result in results for site in result.sites]
    findings = [finding for result in results for finding in result.findings]
    return RawFile(first.format, "", first.order, sites, tuple(findings), first.claim)


def _grid(book: calamine.CalamineWorkbook, name: str, file: str) -> Grid:
    """Return the cells of a sheet as text; what is merged downwards stands in each of its rows."""
    try:
        sheet = book.get_sheet_by_name(name)
        _check_rows(sheet.height, file)
        grid = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
        merged = sheet.merged_cell_ranges or []
    except PlanError:
        raise
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise refuse("damaged_file", file, detail=_short(error)) from error
    for (top, left), (bottom, _) in merged:
        if top < len(grid) and left < len(grid[top]):
            for row in range(top + 1, min(bottom + 1, len(grid))):
                grid[row][left] = grid[row][left] or grid[top][left]
    return grid


def _check_rows(rows: int, file: str) -> None:
    if rows > (most := vocabulary()["caps"]["sheet_rows"]):
        raise refuse("too_many_rows", file, count=rows, most=most)


def _text(cell: Any) -> str:  # noqa: ANN401 - whatever the workbook holds
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{cell:.0f}" if math.isfinite(cell) and cell == round(cell) and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004 - exact integers
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
