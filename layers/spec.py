"""Reads a district's folder into records, checked cell by cell; no geometry and no drawing here.

Reading a table never stops at the first fault: every fault becomes a finding with its file, row and column, and the
record is left out, so that one look at the list is enough to mend the file.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, cast

from layers import io
from layers.errors import Findings, PlanError, nearest
from layers.fields import Cells, Table
from layers.kinds import Name, vocabulary
from layers.records import (
    BASES,
    PERIODS,
    QUALIFIERS,
    SHAPES,
    STATES,
    STATUSES,
    Basis,
    District,
    Element,
    Outline,
    Place,
    Shape,
    Source,
    Spec,
    State,
    Statement,
    Status,
    Target,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

T = TypeVar("T")

PHRASE_LENGTH: Final = 60
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(columns.split())
    for name, columns in {
        "sources": "id title licence datum accessed reference note",
        "places": "id name kind lon lat datum basis sigma_m source outside note",
        "elements": "id kind name shape at via along towns bearing length_m width_m radius_m class rank status "
        "basis sigma_m source note",
        "register": "id name kind chapter section phrase target state features reason note",
        "targets": "id statement chapter section topic indicator_zh indicator_en qualifier value value_max unit "
        "year period phrase note",
    }.items()
}
# Which columns hold ids, and of which table.
REFERENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "places": {"source": "sources"},
    "elements": {"source": "sources", "at": "places", "via": "places", "towns": "places", "along": "elements"},
    "register": {"features": "elements"},
    "targets": {"statement": "register"},
}
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|R\d+")


def _records(rows: Iterable[io.Row], found: Findings, make: Callable[[Cells], T]) -> dict[str, T]:
    """Make a record of each row; rows with a fault are reported and left out."""
    records: dict[str, T] = {}
    for row in rows:
        before = len(found.errors())
        id_ = row["id"]
        if id_ in records:
            found.add("duplicate_id", row.at("id"), value=id_)
        if not _ID.fullmatch(id_):
            near = re.sub(r"[^a-z0-9]+", "-", id_.lower()).strip("-") or "new-id"
            found.add("bad_id", row.at("id"), value=id_, near=near)
        record = make(Cells(row, found))
        if len(found.errors()) == before:
            records[id_] = record
    return records


def _source(c: Cells) -> Source:
    texts = {column: c.row[column] for column in TABLES["sources"]}
    return Source(**texts | {"title": c.text("title"), "licence": c.text("licence")})


def _place(c: Cells) -> Place:
    given = bool(c.row["lon"] or c.row["lat"])
    lon, lat = c.number("lon", needed=given), c.number("lat", needed=given)
    located = not (math.isnan(lon) or math.isnan(lat))
    # A longitude of this country never is a latitude: a swapped pair is caught here.
    if located and not (70 < lon < 140 and 0 < lat < 60):  # noqa: PLR2004 - China's bounds
        c.found.add("bad_coordinate", c.row.at("lon"), lon=lon, lat=lat)
    return Place(
        id=c.row["id"],
        name=c.text("name"),
        kind=c.text("kind"),
        lon=lon if located else None,
        lat=lat if located else None,
        datum=c.datum("datum") if given else "wgs84",
        basis=cast("Basis", c.word("basis", BASES) if given else "schematic"),
        sigma_m=c.size("sigma_m", needed=given),
        source=c.text("source"),
        outside=c.word("outside", ("yes", "no"), needed=False) == "yes",
        note=c.row["note"],
        where=c.row,
    )


def _element(c: Cells) -> Element:
    sigma_m = c.size("sigma_m", needed=False)
    basis = c.word("basis", BASES, needed=False)
    return Element(
        id=c.row["id"],
        kind=c.word("kind", vocabulary().kinds),
        name=c.text("name"),
        shape=cast("Shape", c.word("shape", SHAPES)),
        at=c.ids("at"),
        via=c.ids("via"),
        along=c.row["along"],
        towns=c.ids("towns"),
        bearing=c.number("bearing", needed=False),
        length_m=c.size("length_m", needed=False),
        width_m=c.size("width_m", needed=False),
        radius_m=c.size("radius_m", needed=False),
        class_=c.word("class", vocabulary().classes, needed=False),
        rank=c.whole("rank", 3),
        status=cast("Status", c.word("status", STATUSES)),
        basis=cast("Basis", basis) if basis else None,
        sigma_m=None if math.isnan(sigma_m) else sigma_m,
        source=c.text("source"),
        note=c.row["note"],
        where=c.row,
    )


def _statement(c: Cells) -> Statement:
    phrase = c.text("phrase")
    if len(phrase) > PHRASE_LENGTH:
        c.found.add("long_phrase", c.row.at("phrase"), count=len(phrase))
    if not c.row["state"]:
        c.found.add("unlinked_statement", c.row.at("state"))
    state = c.word("state", STATES, needed=False)
    features = c.ids("features")
    if state == "mapped" and not features:
        c.found.add("mapped_without_features", c.row.at("features"))
    if state in {"district_wide", "unlocated"} and features:
        c.found.add("features_without_mapped", c.row.at("features"), value=state)
    if state == "unlocated" and not c.row["reason"]:
        c.found.add("unlocated_without_reason", c.row.at("reason"))
    return Statement(
        id=c.row["id"],
        name=c.text("name"),
        kind=c.word("kind", vocabulary().kinds),
        chapter=c.text("chapter"),
        section=c.row["section"],
        phrase=phrase,
        target=c.row["target"],
        state=cast("State", state),
        features=features,
        reason=c.row["reason"],
        note=c.row["note"],
        where=c.row,
    )


def _target(c: Cells) -> Target:
    value_max = c.number("value_max", needed=False)
    return Target(
        id=c.row["id"],
        statement=c.row["statement"],
        chapter=c.text("chapter"),
        section=c.row["section"],
        topic=c.text("topic"),
        indicator=Name(c.text("indicator_zh"), c.text("indicator_en")),
        qualifier=c.word("qualifier", QUALIFIERS),
        value=c.number("value"),
        value_max=None if math.isnan(value_max) else value_max,
        unit=c.row["unit"],
        year=c.whole("year"),
        period=c.word("period", PERIODS),
        phrase=c.text("phrase"),
        note=c.row["note"],
    )


_DISTRICT_KEYS: Final = {
    "district": ("name", "crs", "outline", "source"),
    "plan": ("title", "period", "dated", "note"),
}


def _district(folder: Path, found: Findings) -> District | None:
    file = folder / io.DISTRICT_FILE
    name, before = io.label(file), len(found)
    whole = Table(name, io.read_toml(file), found, _DISTRICT_KEYS)
    tables = {
        key: Table(f"{name}: {key}", whole.values.get(key, {}), found, keys)
        for key, keys in _DISTRICT_KEYS.items()
        if key in whole.values
    }
    if len(found) > before:
        return None
    district, plan = tables["district"], tables["plan"]
    record = District(
        id=folder.name,
        name=district.name("name"),
        crs=district.text("crs"),
        outline=district.text("outline"),
        source=district.text("source"),
        plan_title=plan.name("title"),
        plan_period=plan.text("period"),
        plan_dated=plan.text("dated"),
        plan_note=plan.name("note"),
    )
    return record if len(found) == before else None


def _outlines(folder: Path, found: Findings) -> dict[str, Outline]:
    outlines: dict[str, Outline] = {}
    file = folder / "outlines.geojson"
    for where, properties, geometry in io.read_features(file):
        before = len(found)
        table = Table(where, properties, found, ("id", "name", "datum", "basis", "sigma_m", "source"))
        if not isinstance(geometry, dict):
            found.add("wrong_type", f"{where} geometry", value=geometry, wanted="一张表", wanted_en="a table")
        outline = Outline(
            id=table.text("id"),
            name=table.text("name"),
            datum=table.datum("datum"),
            basis=cast("Basis", table.word("basis", BASES)),
            sigma_m=table.size("sigma_m"),
            source=table.text("source"),
            geometry=cast("Mapping[str, object]", geometry),
            where=where,
        )
        if outline.id in outlines:
            found.add("duplicate_id", where, value=outline.id)
        if len(found) == before:
            outlines[outline.id] = outline
    if not outlines and not found.errors():
        found.add("missing_value", io.label(file), value="features")
    return outlines


def read_spec(folder: Path, found: Findings) -> Spec | None:
    """
    Read a district's folder.

    Parameters
    ----------
    folder
        Holds ``district.toml``, ``outlines.geojson`` and the tables ``sources``, ``places``, ``elements``,
        ``register`` and ``targets`` (CSV).
    found
        Receives every fault of every file.

    Returns
    -------
    spec
        The records without a fault; None if a file is missing or malformed as a whole.
    """
    tables = {
        name: _attempt(partial(io.read_table, folder / f"{name}.csv", columns), found)
        for name, columns in TABLES.items()
    }
    outlines = _attempt(partial(_outlines, folder, found), found)
    district = _attempt(partial(_district, folder, found), found)
    rows = {name: table for name, table in tables.items() if table is not None}
    if len(rows) < len(TABLES) or not outlines or district is None:
        return None
    spec = Spec(
        district=district,
        sources=_records(rows["sources"], found, _source),
        outlines=outlines,
        places=_records(rows["places"], found, _place),
        elements=_records(rows["elements"], found, _element),
        statements=_records(rows["register"], found, _statement),
        targets=_records(rows["targets"], found, _target),
    )
    _check_references(spec, rows, found)
    return spec


def _attempt(read: Callable[[], T], found: Findings) -> T | None:
    """Read a whole file; if that fails, its findings join the others."""
    try:
        return read()
    except PlanError as error:
        found.extend(error.findings)
        return None


def _check_references(spec: Spec, rows: Mapping[str, list[io.Row]], found: Findings) -> None:
    """
    Report every id that names nothing, with the nearest one that does.

    The rows are looked at, not the records: one that was left out for a fault of its own still is there, so that what
    refers to it is not reported a second time.
    """
    known = {name: [row["id"] for row in table] for name, table in rows.items()}
    known["outlines"] = list(spec.outlines)

    def check(where: str, values: Iterable[str], table: str) -> None:
        for value in values:
            if value not in known[table]:
                file = "outlines.geojson" if table == "outlines" else f"{table}.csv"
                near = nearest(value, known[table])
                found.add("unknown_id", where, value=value[:40], file=file, near=near)

    def check_column(name: str, column: str, table: str) -> None:
        for row in rows[name]:
            outlined = column == "at" and row["shape"] == "outline"
            check(row.at(column), row[column].split(), "outlines" if outlined else table)

    district, file = spec.district, f"{spec.district.id}/{io.DISTRICT_FILE}"
    check(f"{file}: outline", [district.outline], "outlines")
    check(f"{file}: source", [district.source], "sources")
    for outline in spec.outlines.values():
        check(f"{outline.where} source", [outline.source], "sources")
    for name, columns in REFERENCES.items():
        for column, table in columns.items():
            check_column(name, column, table)
