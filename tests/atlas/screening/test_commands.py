"""`atlas screen` and `atlas verify`: what they print and write, and how they fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest

from atlas.cli import main
from atlas.screening.screen import TIDY
from tests.atlas.screening.made import inside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Opened


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        status = main([str(word) for word in argv])
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, out, err


@pytest.fixture
def given(bazhou: Opened, tmp_path: Path) -> tuple[object, ...]:
    """Write a list of sites and a control layer; return the options that every call has."""
    shapes = inside(bazhou.plan, 4)
    names = ["甲", "乙", "丙", "=丁"]
    frame = gpd.GeoDataFrame({"名称": names}, geometry=shapes, crs=bazhou.plan.crs).to_crs(4326)
    frame.to_file(tmp_path / "list.geojson")
    frame.iloc[1:2].to_file(tmp_path / "永久基本农田.gpkg")
    return ("--geodata", bazhou.root, "--district", bazhou.folder.name, "--workspace", tmp_path / "ws")


def test_screens_and_verifies(given: tuple[object, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, proof = tmp_path / "o.csv", tmp_path / "c.zip"
    argv = ("screen", tmp_path / "list.geojson", "--out", out, "--control", tmp_path / "永久基本农田.gpkg")
    status, said, _ = run(capsys, *argv, "--certificate", proof, *given)
    assert status == 0
    lines = said.splitlines()
    assert len(lines) == 5
    assert lines[-1] == "初步筛查,需以主管部门法定数据核定"
    assert "涉及:永久基本农田" in lines[1]
    table = pd.read_csv(out, encoding="utf-8-sig")
    assert list(table.columns) == list(TIDY)
    status, said, _ = run(capsys, "verify", proof)
    assert status == 0
    assert str(len(table)) in said
    status, said, _ = run(capsys, "verify", proof, "--json")
    stated = json.loads(said)
    assert stated["verified"] is True
    assert set(stated["inputs"]) == {"list.geojson", "永久基本农田.gpkg"}


def test_json_counts_the_conclusions(
    given: tuple[object, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ("screen", tmp_path / "list.geojson", "--out", tmp_path / "o.xlsx", "--json", "--lang", "en")
    status, said, err = run(capsys, *argv, *given)
    result = json.loads(said)
    assert (status, err) == (0, "")
    assert result["sites"] == sum(result["conclusions"].values()) == len(result["results"]) == 4
    assert set(result["conclusions"]) == {"hit", "clear", "uncertain", "no_data"}
    assert result["note"].startswith("A first screening")


def test_an_office_s_rules_in_the_workspace_count(
    given: tuple[object, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "rules.toml").write_text('[rules.mine]\nlayer = "town"\npredicate = "member"\n', "utf-8")
    assert run(capsys, "screen", tmp_path / "list.geojson", "--out", tmp_path / "o.csv", *given)[0] == 0
    assert "mine" in set(pd.read_csv(tmp_path / "o.csv")["layer"])
    (tmp_path / "ws" / "rules.toml").write_text("[rules.mine]\n", "utf-8")
    status, _, err = run(capsys, "screen", tmp_path / "list.geojson", "--out", tmp_path / "p.csv", *given)
    assert status == 2
    assert "rules.mine" in err
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"--out": "o.docx"}, ".docx"),
        ({"--out": "nowhere/o.csv"}, "nowhere"),
        ({"--out": "list.geojson"}, "list.geojson"),
        ({"file": "gone.csv"}, "gone.csv"),
        ({"--control": "gone.gpkg"}, "gone.gpkg"),
        ({"--certificate": "nowhere/c.zip"}, "nowhere"),
        ({"--engine": "dask"}, "dask"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(
    given: tuple[object, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    says: str,
) -> None:
    before = sorted(tmp_path.rglob("*"))
    options = {"--out": "o.csv"} | change
    file = tmp_path / options.pop("file", "list.geojson")
    words = [w for k, v in options.items() for w in (k, v if k == "--engine" else tmp_path / v)]
    status, out, err = run(capsys, "screen", file, *words, "--lang", "en", *given)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert says in err
    assert sorted(tmp_path.rglob("*")) == before


def test_verify_refuses_what_is_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.zip").write_bytes(b"PK")
    status, out, err = run(capsys, "verify", tmp_path / "c.zip")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
