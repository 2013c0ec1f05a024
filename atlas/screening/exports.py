"""Results as files: tables (xlsx, csv, parquet) and maps (gpkg, geojson, shp, kml, geoparquet).

Text of the user's lists goes out as text: a cell that a spreadsheet would take for a formula gets an apostrophe in
front, and in KML, whose readers render HTML, angle brackets become full-width. A file is written beside its place and
then put there, so that a failure leaves nothing half-written.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import xlsxwriter

from atlas.screening.table import features, summary
from atlas.words import say
from layers import Finding, Findings, PlanError
from layers.crs import STORAGE_CRS
from layers.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas.screening.screen import Screening
    from layers.errors import Language

SUFFIXES: Final = (".xlsx", ".csv", ".parquet", ".gpkg", ".geojson", ".shp", ".zip", ".kml", ".geoparquet")
# What Excel, WPS and LibreOffice take for the start of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# KML's readers render HTML; full-width brackets look the same and mean nothing to them.
_HARMLESS: Final = str.maketrans("<>", "\uff1c\uff1e")
# Of a Shapefile: bytes of a field's name and of a text.
_FIELD: Final = 10
_TEXT: Final = 254
# Of a sheet: its widest column, the rows that widths are taken from, and how many rows Excel holds.
_WIDEST: Final = 48
_LOOKED_AT: Final = 200
_MOST_ROWS: Final = 1_048_575


def export(screening: Screening, path: Path, language: Language = "zh") -> tuple[Finding, ...]:
    """
    Write a screening to a file of the kind that its suffix names.

    Parameters
    ----------
    screening
        What was found.
    path
        ``.csv`` and ``.parquet`` hold the tidy table, ``.xlsx`` the summary and the tidy table, ``.gpkg`` the sites
        with their summary and the tidy table as a layer of its own, the others the sites with their summary, in
        longitude and latitude. ``.zip`` is a zipped Shapefile.
    language
        Of headings.

    Returns
    -------
    found
        What a reader of the file must know.

    Raises
    ------
    PlanError
        If the suffix is unknown or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        values = {"value": suffix or path.name, "near": nearest(suffix, SUFFIXES), "known": " ".join(SUFFIXES)}
        raise PlanError([Finding("unknown_suffix", str(path), values)])
    found = Findings()
    with draft_folder(path) as folder:
        draft = folder / path.name
        if suffix == ".xlsx":
            _xlsx(screening, draft, language)
        elif suffix == ".csv":
            safe_table(screening.tidy).to_csv(draft, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        elif suffix == ".parquet":
            screening.tidy.to_parquet(draft, index=False)
        elif suffix in {".shp", ".zip"}:
            _shapefile(screening, draft, found)
        else:
            _map(screening, draft, suffix)
    return tuple(found)


@contextlib.contextmanager
def draft_folder(path: Path) -> Iterator[Path]:
    """
    Lend a folder beside a file; what stands in it at the end is put in place, unless something failed.

    Raises
    ------
    PlanError
        If there is no such folder, or it cannot be written to.
    """
    folder: Path | None = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=".draft-", dir=path.parent))
        yield folder
        for file in sorted(folder.iterdir()):
            file.replace(path.parent / file.name)
    except OSError as error:
        raise PlanError([Finding("unwritable", str(path), {"detail": error.strerror or str(error)})]) from error
    except pyogrio.errors.DataSourceError as error:
        detail = " ".join(str(error).split())[:120]
        raise PlanError([Finding("unwritable", str(path), {"detail": detail})]) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text no spreadsheet takes for formulas."""
    result = table.copy()
    for column in result.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in result.dtypes]]:
        result[column] = [safe(cell) if isinstance(cell, str) else cell for cell in result[column]]
    return result


def _xlsx(screening: Screening, draft: Path, language: Language) -> None:
    if len(screening.tidy) >= _MOST_ROWS:
        raise PlanError([Finding("rows_beyond_excel", draft.name, {"count": len(screening.tidy), "most": _MOST_ROWS})])
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with xlsxwriter.Workbook(draft, options) as book:
        title, note = say(language, "screening.sheet_summary"), say(language, "screening.first_screening")
        _sheet(book, title, summary(screening, language), language, caption=f"{title} · {note}")
        _sheet(book, say(language, "screening.sheet_tidy"), screening.tidy, language)


def _sheet(book: xlsxwriter.Workbook, name: str, table: pd.DataFrame, language: Language, *, caption: str = "") -> None:
    """Write a table as a sheet: headings frozen and filtered, columns as wide as what is in them."""
    sheet = book.add_worksheet(name)
    font = {"font_name": say(language, "screening.font"), "font_size": 10, "valign": "vcenter"}
    head = book.add_format({**font, "bold": True, "bg_color": "#E8EEF2", "border": 1, "text_wrap": True})
    plain = book.add_format({**font, "text_wrap": bool(caption)})
    numbers = {digits: book.add_format({**font, "num_format": f"0.{'0' * digits}"}) for digits in (2, 4)}
    names = [str(column) for column in table.columns]
    shapes = [plain] * len(names)
    for n, column in enumerate(names):
        cells = table.iloc[:_LOOKED_AT, n].tolist()
        if caption and any(isinstance(cell, float) for cell in cells):
            shapes[n] = numbers[4 if say(language, "screening.hectares") in column else 2]
        widths = [_width(str(cell)) for cell in cells if cell == cell]  # noqa: PLR0124 - not a number
        widths.append(round(_width(column) / (2 if caption else 1)))
        sheet.set_column(n, n, min(max(widths) + 2, _WIDEST))
    # Rows one after another: only the last is held in memory.
    top = 1 if caption else 0
    if caption:
        sheet.write_string(0, 0, caption, book.add_format({**font, "bold": True, "font_size": 12}))
        sheet.set_row(top, 32)  # headings may take two lines
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, top)
    for n, column in enumerate(names):
        sheet.write_string(top, n, safe(column), head)
    for row, values in enumerate(table.itertuples(index=False, name=None), top + 1):
        for n, cell in enumerate(values):
            if isinstance(cell, str):
                sheet.write_string(row, n, safe(cell), plain)
            elif np.isfinite(cell):
                sheet.write_number(row, n, cell, shapes[n])
    sheet.freeze_panes(top + 1, 3 if caption else 0)
    sheet.autofilter(top, 0, top + max(len(table), 1), len(names) - 1)


def _width(text: str) -> int:
    """Return how many columns of a fixed-width font a text takes; Chinese characters take two."""
    return sum(1 if ord(letter) < 0x2E80 else 2 for letter in text)  # noqa: PLR2004 - where CJK begins


def _frame(screening: Screening) -> gpd.GeoDataFrame:
    """Return the sites with their summary, in longitude and latitude."""
    table, geometry = features(screening), screening.sites.frame.geometry.to_numpy()
    return gpd.GeoDataFrame(table, geometry=geometry, crs=screening.plan.crs).to_crs(STORAGE_CRS)


def _map(screening: Screening, draft: Path, suffix: str) -> None:
    frame = _frame(screening)
    if suffix == ".geoparquet":
        frame.to_parquet(draft, index=False)
    elif suffix == ".gpkg":
        pyogrio.write_dataframe(frame, draft, driver="GPKG", layer="sites", geometry_type="Unknown")
        pyogrio.write_dataframe(screening.tidy, draft, driver="GPKG", layer="screening", append=True)
    elif suffix == ".geojson":
        pyogrio.write_dataframe(frame, draft, driver="GeoJSON", layer_options={"RFC7946": "YES"})
    else:
        for column in frame.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes]]:
            if column != frame.geometry.name:
                frame[column] = [str(cell).translate(_HARMLESS) for cell in frame[column]]
        # In KML, Name is what the map shows; a second column of that name would fight it.
        frame = frame.rename(columns={"name": "Name"})
        pyogrio.write_dataframe(frame, draft, driver="KML", layer="sites")


def _shapefile(screening: Screening, draft: Path, found: Findings) -> None:
    """Write a Shapefile for each kind of geometry, and beside it the full names of its fields."""
    frame = _frame(screening)
    short = _short_names([str(column) for column in frame.columns if column != frame.geometry.name])
    cut = sum(name != new for name, new in short.items())
    cells = [text for column in short for text in frame[column] if isinstance(text, str)]
    long = sum(len(text.encode()) > _TEXT for text in cells)
    kinds = {"Point": "", "LineString": "_lines", "Polygon": "_areas"}
    shapes = frame.geometry.geom_type.str.removeprefix("Multi")
    largest = shapes.value_counts().index[0] if len(frame) else "Point"
    inner = draft.with_suffix("") if draft.suffix == ".zip" else draft.parent
    inner.mkdir(exist_ok=True)
    names = []
    for kind, ending in kinds.items():
        some = frame[shapes == kind]
        if len(some) or kind == largest:
            ending = "" if kind == largest else ending or "_points"  # noqa: PLW2901
            file = inner / f"{draft.stem}{ending}.shp"
            wanted = kind if kind == "Point" and (some.geom_type == kind).all() else f"Multi{kind}"
            wanted = "LineString" if kind == "LineString" else wanted.replace("MultiPolygon", "Polygon")
            options = {"driver": "ESRI Shapefile", "encoding": "UTF-8", "geometry_type": wanted}
            pyogrio.write_dataframe(some.rename(columns=short), file, **options)
            names.append(file.name)
    fields = pd.DataFrame({"field": list(short.values()), "name": list(short)})
    safe_table(fields).to_csv(inner / f"{draft.stem}_fields.csv", index=False, encoding="utf-8-sig")
    if cut:
        found.add("short_names", draft.name, count=cut, file=f"{draft.stem}_fields.csv")
    if long:
        found.add("short_texts", draft.name, count=long)
    if len(names) > 1:
        found.add("several_shapefiles", draft.name, known=" ".join(names))
    if draft.suffix == ".zip":
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(inner.iterdir()):
                archive.write(file, file.name)
        shutil.rmtree(inner)


def _short_names(names: list[str]) -> dict[str, str]:
    """Return for each name one of at most ten letters; no two alike, whatever the case."""
    short: dict[str, str] = {}
    for name in names:
        new, turn = name[:_FIELD], 0
        while new.lower() in {other.lower() for other in short.values()}:
            turn += 1
            new = f"{name[: _FIELD - 1 - len(str(turn))]}_{turn}"
        short[name] = new
    return short
