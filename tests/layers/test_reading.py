"""Reading a district: the same plan comes of the same rows, however they were saved and in whatever order they stand."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import Plan, audit
from layers.io import fingerprint
from tests.conftest import Draft, Opened, scratch

TABLES = ("sources.csv", "places.csv", "elements.csv", "register.csv", "targets.csv")
TEXTS = (*TABLES, "district.toml", "outlines.geojson", "sheets.toml")


def read(draft: Draft) -> Plan:
    plan, found = audit(draft.folder)
    assert plan
    assert not found.errors(), [finding.line() for finding in found]
    return plan


def assert_same(one: Plan, other: Plan) -> None:
    """Assert that two plans hold the same features, places and statements, in whatever order."""
    left = {feature.id: feature for feature in one.features()}
    right = {feature.id: feature for feature in other.features()}
    assert set(left) == set(right)
    for id_, feature in left.items():
        twin = right[id_]
        assert (feature.name, feature.kind, feature.status, feature.basis, feature.sigma_m, feature.note) == (
            twin.name,
            twin.kind,
            twin.status,
            twin.basis,
            twin.sigma_m,
            twin.note,
        )
        assert set(feature.clauses) == set(twin.clauses)
        assert set(feature.towns) == set(twin.towns)
        assert feature.geometry.hausdorff_distance(twin.geometry) <= 1e-3
    assert set(one.places) == set(other.places)
    assert {id_: statement.features for id_, statement in one.statements.items()} == {
        id_: statement.features for id_, statement in other.statements.items()
    }
    assert {target.id: target.value for target in one.targets.values()} == {
        target.id: target.value for target in other.targets.values()
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_of_a_chinese_office_read_alike(draft: Draft, toyland: Opened, encoding: str) -> None:
    """Excel saves GBK, or UTF-8 with a mark in front; both are read without a question."""
    for file in TEXTS:
        draft.write(file, draft.text(file).encode(encoding))
    assert_same(read(draft), toyland.plan)


def test_plain_gbk_reads_as_well(draft: Draft, toyland: Opened) -> None:
    """GBK itself, without the signs that only GB 18030 has."""
    for file in TABLES:
        draft.write(file, draft.text(file).encode("gbk"))
    assert_same(read(draft), toyland.plan)


@pytest.mark.parametrize(
    "resave",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="windows line ends"),
        pytest.param(lambda text: text.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(lambda text: text.rstrip("\n"), id="no line end at the end"),
        pytest.param(lambda text: text + ",,,\n", id="a line of commas"),
        pytest.param(lambda text: "\n".join(_quoted(text)), id="every cell in quotes"),
        pytest.param(lambda text: text.replace(",", " , "), id="blanks around cells"),
    ],
)
def test_habits_of_spreadsheets_make_no_difference(draft: Draft, toyland: Opened, resave: Callable[[str], str]) -> None:
    for table in TABLES:
        text = draft.text(table)
        # A blank before a quoted cell would make the quote part of the cell.
        if '"' not in text or " , " not in resave("a,b"):
            draft.write(table, resave(text))
    plan = read(draft)
    assert {feature.id for feature in plan.features()} == {feature.id for feature in toyland.plan.features()}
    assert set(plan.statements) == set(toyland.plan.statements)


def _quoted(text: str) -> list[str]:
    import csv  # noqa: PLC0415 - only here
    import io  # noqa: PLC0415

    rows = csv.reader(io.StringIO(text, newline=""))
    return [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]


@given(seed=st.integers(0, 2**16))
@settings(max_examples=15)
def test_the_order_of_rows_and_columns_changes_nothing_drawn(seed: int) -> None:
    """Sorting a table in a spreadsheet is safe."""
    shuffle = random.Random(seed).shuffle  # noqa: S311 - no secret
    with scratch() as draft:
        before = read(draft)
        for table in TABLES:
            rows = draft.rows(table)
            columns = list(rows[0])
            shuffle(rows)
            shuffle(columns)
            lines = [[row[column] for column in columns] for row in rows]
            draft.write(table, "\n".join(_quoted_rows([columns, *lines])))
        assert_same(read(draft), before)


def _quoted_rows(rows: list[list[str]]) -> list[str]:
    return [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]


def test_the_order_of_rows_is_the_order_within_a_layer(draft: Draft) -> None:
    """Who wants a feature on top of its like moves its row down."""
    rows = draft.rows("elements.csv")
    draft.write_rows("elements.csv", rows[::-1])
    wanted = [row["id"] for row in rows[::-1] if row["kind"] == "settlement"]
    assert [feature.id for feature in read(draft).layers["settlement"].rows] == wanted


def test_reading_twice_gives_the_same_plan(toyland: Opened) -> None:
    plan, _ = audit(toyland.folder)
    assert plan
    assert plan.fingerprint == toyland.plan.fingerprint
    assert_same(plan, toyland.plan)


@pytest.mark.parametrize("file", TEXTS)
def test_any_change_of_any_file_changes_the_fingerprint(draft: Draft, file: str) -> None:
    """What is cached under it cannot go stale."""
    before = fingerprint(draft.folder)
    assert fingerprint(draft.folder) == before
    draft.write(file, draft.text(file) + "\n")
    assert fingerprint(draft.folder) != before


def test_a_renamed_file_changes_the_fingerprint(draft: Draft) -> None:
    before = fingerprint(draft.folder)
    (draft.folder / "sheets.toml").rename(draft.folder / "sheets.bak")
    assert fingerprint(draft.folder) != before


def test_reading_writes_nothing(draft: Draft) -> None:
    """`--geodata` may be a read-only share."""

    def state(folder: Path) -> dict[str, tuple[int, int]]:
        return {str(file): (file.stat().st_mtime_ns, file.stat().st_size) for file in folder.rglob("*")}

    before = state(draft.root)
    draft.findings()
    assert state(draft.root) == before
