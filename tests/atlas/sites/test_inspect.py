"""`atlas inspect`: what it prints in words and as JSON, and how it refuses."""

import json
from pathlib import Path

import pytest

from atlas.cli import main
from tests.atlas.sites import writers as w
from tests.conftest import Opened

KEYS = ["format", "encoding", "crs", "datum", "axis_order", "confidence", "alternatives", "features", "problems"]


@pytest.fixture
def file(district: Opened, tmp_path: Path) -> Path:
    """Return a project list that says nothing of its datum."""
    path = tmp_path / "清单.csv"
    path.write_bytes(w.csv_of(w.rows_of(district.plan, w.System("lonlat")), "gb18030"))
    return path


def argv(district: Opened, *more: object) -> list[str]:
    """Return the arguments of an inspection."""
    return ["--geodata", str(district.root), "--district", district.plan.district.id, "inspect", *map(str, more)]


def test_it_prints_what_the_design_says(district: Opened, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv(district, file, "--json")) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == set(KEYS)
    assert (said["format"], said["encoding"], said["datum"], said["features"]) == ("csv", "gb18030", "unknown", 3)
    assert said["crs"] == "EPSG:4490"
    assert said["confidence"] < 0.9
    assert {other["datum"] for other in said["alternatives"]} == {"gcj02", "bd09"}
    assert all(set(problem) == {"where", "what", "fix"} for problem in said["problems"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_speaks_both_languages(
    district: Opened,
    file: Path,
    language: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(argv(district, file, "--lang", language)) == 0
    out = capsys.readouterr().out
    assert ("坐标系\tEPSG:4490" if language == "zh" else "CRS\tEPSG:4490") in out
    assert "--assume-crs gcj02" in out


def test_the_users_word_decides(district: Opened, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv(district, file, "--json", "--assume-crs", "gcj02")) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["datum"] == "gcj02"
    assert said["confidence"] >= 0.9


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", "项目名称,经度,纬度\n甲,116.4,39.9\n".encode()])
def test_a_refusal_is_one_line_and_status_two(
    district: Opened,
    tmp_path: Path,
    content: bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert main(argv(district, path)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("x.csv: ")
