"""The only module that opens files under `geodata/`; it returns rows and tables, and judges nothing but their form.

Tables are CSV because planners edit them in a spreadsheet. Excel on a Chinese Windows saves GBK, or UTF-8 with a mark
in front: both are read without a question.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.errors import Finding, PlanError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DISTRICT_FILE = "district.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column name, and where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell, stripped; blank if empty."""
        return self.cells[column]

    def at(self, column: str = "") -> str:
        """Return the place of a cell as a reader would look it up."""
        name = self.cells.get("id", "")
        place = f"{self.file}: 第 {self.line} 行"
        place += f" ({name})" if name else ""
        return f"{place} {column}".rstrip()


def district_folders(root: Path) -> tuple[Path, ...]:
    """
    Return the folders of `root` that hold a district, in the order of their names.

    Raises
    ------
    PlanError
        If there is none.
    """
    folders = tuple(sorted(file.parent for file in root.glob(f"*/{DISTRICT_FILE}")))
    if not folders:
        raise PlanError([Finding("no_district", str(root))])
    return folders


def fingerprint(*folders: Path) -> str:
    """Return a hash of the names and contents of all files directly in these folders."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.iterdir() if file.is_file()):
        digest.update(file.name.encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def label(file: Path) -> str:
    """Return a file's name as findings give it: its folder and its name."""
    return f"{file.parent.name}/{file.name}"


def read_text(file: Path) -> str:
    """
    Read a text file in UTF-8, with or without a byte-order mark, or else in GBK.

    Raises
    ------
    PlanError
        If it is missing or in neither encoding.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise PlanError([Finding("missing_file", label(file))]) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanError([Finding("bad_encoding", label(file))])


def read_toml(file: Path) -> dict[str, Any]:
    """
    Read a TOML file.

    Raises
    ------
    PlanError
        If it is missing or malformed; the finding names line and column.
    """
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise PlanError([Finding("bad_syntax", label(file), {"detail": error})]) from error


def read_table(file: Path, columns: Sequence[str]) -> list[Row]:
    """
    Read a CSV table whose columns are known.

    Parameters
    ----------
    file
        Comma separated, one header line; cells are stripped.
    columns
        The columns it must have, in any order; no others are allowed, so that a misspelt one cannot go unseen.

    Returns
    -------
    rows
        Blank lines are left out.

    Raises
    ------
    PlanError
        If the file is missing or malformed, or the columns differ.
    """
    name = label(file)
    reader = csv.reader(io.StringIO(read_text(file), newline=""), strict=True)
    rows: list[Row] = []
    found: list[Finding] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        found += _header_findings(name, header, columns)
        start = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
                row = Row(name, start, dict(zip(header, padded, strict=False)))
                if len(cells) > len(header):
                    found.append(Finding("long_row", row.at()))
                rows.append(row)
            start = reader.line_num + 1
    except csv.Error as error:
        detail = f"第 {reader.line_num} 行 {error}"
        found.append(Finding("bad_syntax", name, {"detail": detail}))
    if found:
        raise PlanError(found)
    return rows


def _header_findings(name: str, header: Sequence[str], columns: Sequence[str]) -> list[Finding]:
    missing = [column for column in columns if column not in header]
    unknown = [column for column in header if column not in columns]
    doubled = sorted({column for column in header if header.count(column) > 1})
    return [
        *(Finding("missing_column", name, {"value": c, "near": nearest(c, unknown)}) for c in missing),
        *(Finding("unknown_column", name, {"value": c, "near": nearest(c, columns)}) for c in unknown),
        *(Finding("duplicate_id", name, {"value": c}) for c in doubled),
    ]


def read_features(file: Path) -> list[tuple[str, object, object]]:
    """
    Read the features of a GeoJSON file.

    Returns
    -------
    features
        For each: where it stands, its properties, its geometry, as they were read.

    Raises
    ------
    PlanError
        If the file is missing, not JSON, or not a FeatureCollection.
    """
    name = label(file)
    try:
        members = json.loads(read_text(file))["features"]
        pairs = [(member["properties"], member["geometry"]) for member in members]
        return [(f"{name}: features[{n}]", *pair) for n, pair in enumerate(pairs)]
    except (json.JSONDecodeError, RecursionError) as error:
        raise PlanError([Finding("bad_syntax", name, {"detail": error})]) from error
    except (KeyError, TypeError) as error:
        detail = "FeatureCollection: features[] = { properties, geometry }"
        raise PlanError([Finding("bad_syntax", name, {"detail": detail})]) from error
