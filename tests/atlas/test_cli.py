"""The command line: what it prints, in words and as JSON, and how it fails: one line, status 2, nothing half-written."""

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from atlas.cli import main
from layers import vocabulary
from tests.atlas.test_bad_sheets import FAULTS as SHEET_FAULTS
from tests.conftest import Draft, Fault, Opened
from tests.layers.test_bad_data import FAULTS as DATA_FAULTS

ERRORS = [fault for fault in (*DATA_FAULTS, *SHEET_FAULTS) if fault.level == "error"]


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return its output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command."""

    def run_(*argv: object) -> Said:
        capsys.readouterr()
        try:
            status = main([str(word) for word in argv])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(status, out, err)

    return run_


def test_districts_one_per_line(run: Run, district: Opened) -> None:
    said = run("districts", "--geodata", district.root)
    assert (said.status, said.err) == (0, "")
    assert f"{district.plan.district.id}\t{district.plan.district.name.zh}" in said.out.splitlines()
    rows = run("districts", "--geodata", district.root, "--json").json
    assert {"id": district.plan.district.id, "title": district.plan.district.name.zh} in rows


def test_sheets_in_order(run: Run, district: Opened) -> None:
    lines = run("sheets", "--geodata", district.root).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == list(district.atlas.sheets)
    rows = run("sheets", "--geodata", district.root, "--json").json
    assert rows == [{"id": sheet.id, "title": sheet.title.zh} for sheet in district.atlas.sheets.values()]


def test_places_in_order(run: Run, district: Opened) -> None:
    lines = run("places", "--geodata", district.root).out.splitlines()
    assert [line.split("\t")[0] for line in lines] == list(district.plan.places)
    rows = run("places", "--geodata", district.root, "--json").json
    assert rows == [{"id": place.id, "title": place.name} for place in district.plan.places.values()]


def test_check_counts_layers_and_statements(run: Run, district: Opened) -> None:
    """The shape that scripts rely on: district, layers, register, findings."""
    said = run("check", "--geodata", district.root, "--json")
    assert (said.status, said.err) == (0, "")
    result = said.json
    assert set(result) == {"district", "layers", "register", "findings"}
    assert result["district"] == district.plan.district.id
    assert result["layers"] == {id_: len(layer) for id_, layer in district.plan.layers.items()}
    assert list(result["layers"]) == list(vocabulary().kinds)
    register = result["register"]
    assert set(register) == {"total", "mapped", "district_wide", "unlocated", "unlinked"}
    assert register["total"] == sum(count for state, count in register.items() if state != "total")
    assert register["total"] == len(district.plan.statements)
    for finding in result["findings"]:
        assert set(finding) == {"level", "where", "what", "fix"}
    assert len(result["findings"]) == len(district.found)


def test_check_in_words_has_a_line_for_each_finding_and_one_for_the_sum(run: Run, district: Opened) -> None:
    said = run("check", "--geodata", district.root)
    lines = said.out.splitlines()
    assert len(lines) == len(district.found) + 1
    assert lines[-1].startswith(district.plan.district.id)
    assert f"total={len(district.plan.statements)}" in lines[-1]
    assert all(line.split("\t")[0] in {"warning", "note"} for line in lines[:-1])


def test_the_real_district_is_whole(run: Run, bazhou: Opened) -> None:
    """278 statements, none without a state, no error: the condition under which the plan may be shown."""
    result = run("check", "--geodata", bazhou.root, "--district", bazhou.plan.district.id, "--json").json
    assert result["register"]["total"] == 278
    assert result["register"]["unlinked"] == 0
    assert [finding for finding in result["findings"] if finding["level"] == "error"] == []


def test_check_counts_what_has_no_state(run: Run, draft: Draft) -> None:
    draft.cell("register.csv", "R010", state="")
    said = run("check", "--geodata", draft.root, "--json")
    assert said.status == 1
    assert said.json["register"]["unlinked"] == 1


@pytest.mark.parametrize("command", ["districts", "sheets", "places", "check"])
@pytest.mark.parametrize("option", ["--geodata", "--json", "--lang", "--district"])
def test_global_options_stand_before_or_after_the_command(run: Run, toyland: Opened, command: str, option: str) -> None:
    """Either way round they mean the same."""
    values: dict[str, list[str]] = {
        "--geodata": [str(toyland.root)],
        "--json": [],
        "--lang": ["en"],
        "--district": ["toyland"],
    }
    rest = [word for name, value in values.items() if name != option for word in (name, *value)]
    before = run(option, *values[option], command, *rest)
    after = run(command, *rest, option, *values[option])
    assert before == after
    assert before.status == 0
    assert "toyland" in before.out.lower() or command in {"sheets", "places"}


def test_output_speaks_the_language_asked_for(run: Run, toyland: Opened) -> None:
    zh = run("sheets", "--geodata", toyland.root)
    en = run("sheets", "--geodata", toyland.root, "--lang", "en")
    assert "空间结构图" in zh.out
    assert "Structure" in en.out
    findings = run("check", "--geodata", toyland.root, "--lang", "en", "--json").json["findings"]
    assert any("several datums" in finding["what"] for finding in findings)


def test_map_writes_one_file_and_says_which(run: Run, district: Opened, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    sheet = list(district.atlas.sheets)[1]
    said = run("map", "--geodata", district.root, "--sheet", sheet, "--out", out)
    assert (said.status, said.err) == (0, "")
    assert said.out == f"{sheet}\t{out}\n"
    text = out.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert district.atlas.sheets[sheet].title.zh in text
    assert not re.search(r"<(script|img|iframe)[^>]*\ssrc=|<link\b", text)
    assert [file.name for file in tmp_path.iterdir()] == ["map.html"]


def test_map_as_json_and_without_a_sheet(run: Run, toyland: Opened, tmp_path: Path) -> None:
    """The first sheet is the one meant."""
    out = tmp_path / "map.html"
    rows = run("map", "--geodata", toyland.root, "--out", out, "--json").json
    assert rows == [{"sheet": "all", "out": str(out)}]


def test_map_in_english(run: Run, toyland: Opened, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    assert run("map", "--geodata", toyland.root, "--out", out, "--lang", "en").status == 0
    assert '<html lang="en">' in out.read_text("utf-8")


def test_map_replaces_an_older_file(run: Run, toyland: Opened, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    out.write_text("old")
    assert run("map", "--geodata", toyland.root, "--out", out).status == 0
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    "out", ["missing/map.html", "file/map.html", "folder", ".", "..", "", "/", "x" * 300 + ".html"]
)
def test_a_file_that_cannot_be_written_gives_one_line(
    run: Run, toyland: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(tmp_path)
    said = run("map", "--geodata", toyland.root, "--out", out)
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("map --out x.html --sheet structrue", "structure"),
        ("sheets --district toylnd", "toyland"),
        ("check --district toylnd", "toyland"),
        ("map --out x.html --district ../toyland", "toyland"),
        ("serve --port 99999999 --no-browser", "99999999"),
    ],
)
def test_an_unknown_id_gives_one_line_with_the_nearest(
    run: Run, draft: Draft, monkeypatch: pytest.MonkeyPatch, line: str, word: str
) -> None:
    monkeypatch.chdir(draft.root)
    said = run(*line.split(), "--geodata", draft.root, "--lang", "en")
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert word in said.err
    assert list(draft.root.iterdir()) == [draft.folder]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["chekc"],
        ["map"],
        ["map", "--out"],
        ["check", "--sheet", "all"],
        ["check", "--lang", "fr"],
        ["--lang", "fr", "check"],
        ["serve", "--port", "many"],
    ],
)
def test_a_wrong_command_line_gives_one_line(run: Run, argv: list[str]) -> None:
    said = run(*argv)
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert "--help" in said.err


def test_help_names_every_command(run: Run) -> None:
    said = run("--help")
    assert said.status == 0
    for command in ("serve", "districts", "sheets", "places", "check", "map"):
        assert re.search(rf"^ +{command} ", said.out, re.MULTILINE), command


@pytest.mark.parametrize("command", ["districts", "sheets", "places", "check", "map"])
@pytest.mark.parametrize("name", ["empty", "foreign", "file", "nowhere"])
def test_a_folder_without_a_plan_gives_one_line(run: Run, tmp_path: Path, command: str, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign" / "photos").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    out = tmp_path / "map.html"
    said = run(command, "--geodata", tmp_path / name, *(["--out", out] if command == "map" else []))
    assert (said.status, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert "--geodata" in said.err
    assert not out.exists()


@pytest.mark.parametrize("fault", ERRORS, ids=[f"{n}-{fault.name[:30]}" for n, fault in enumerate(ERRORS)])
def test_bad_data_give_one_line_for_each_finding_and_no_map(
    run: Run, draft: Draft, tmp_path: Path, fault: Fault
) -> None:
    """`check` prints all and ends with 1; `map` prints the errors, ends with 2, and writes nothing."""
    fault.spoil(draft)
    found = [finding.line("en") for finding in draft.findings()]
    said = run("check", "--geodata", draft.root, "--lang", "en")
    assert (said.status, said.err) == (1, "")
    assert [line.partition("\t")[2] for line in said.out.splitlines()[:-1]] == found
    out = tmp_path / "map.html"
    said = run("map", "--geodata", draft.root, "--lang", "en", "--out", out)
    assert (said.status, said.out) == (2, "")
    assert said.err.splitlines()
    assert set(said.err.splitlines()) <= set(found)
    assert list(tmp_path.iterdir()) == [draft.root]


def test_districts_lists_a_broken_one_beside_the_sound(run: Run, draft: Draft, toyland: Opened) -> None:
    """One bad folder does not hide the others."""
    broken = draft.root / "wrong"
    broken.mkdir()
    (broken / "district.toml").write_text("[")
    said = run("districts", "--geodata", draft.root)
    assert said.status == 0
    assert [line.split("\t")[0] for line in said.out.splitlines()] == ["toyland", "wrong"]
    assert toyland.plan.district.name.zh in said.out


def test_the_console_of_a_chinese_windows_can_print_it(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    """GBK lacks signs that a name may hold; they are replaced, and the command goes on."""
    draft.cell("places.csv", "gate", name="东关😀")
    console = io.TextIOWrapper(io.BytesIO(), encoding="gbk")
    monkeypatch.setattr(sys, "stdout", console)
    assert main(["places", "--geodata", str(draft.root)]) == 0
    console.flush()
    assert "东关" in console.buffer.getvalue().decode("gbk")
