"""Every export, read back: whole, safe to open, in the right place, and never half-written."""

from __future__ import annotations

import csv
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest

from atlas.screening.exports import SUFFIXES, _short_names, export, safe
from atlas.screening.screen import TIDY, Screening, screen
from atlas.screening.table import features, summary
from layers import PlanError
from tests.atlas.screening.made import control, inside, site_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Opened

NASTY = [
    '=HYPERLINK("http://x","y")',
    "+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "<script>alert(1)</script>",
    "一期，二标",
    'a,b\n"c"',
]


@pytest.fixture
def screening(toyland: Opened) -> Screening:
    shapes = inside(toyland.plan, len(NASTY))
    controls = [control("farmland", [shapes[1].buffer(20)], 2.0)]
    return screen(site_set(toyland.plan, shapes, names=NASTY), toyland.plan, controls=controls)


def same(got: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Both tables say the same, blanks included."""
    assert list(got.columns) == list(wanted.columns)
    for column in wanted.columns:
        a, b = got[column], wanted[column]
        if pd.api.types.is_numeric_dtype(b.dtype):
            np.testing.assert_allclose(pd.to_numeric(a).to_numpy(float), b.to_numpy(float), rtol=1e-9)
        else:
            assert ["" if pd.isna(x) else str(x) for x in a] == [safe(str(x)) for x in b]


def test_csv_is_the_tidy_table_with_a_mark_that_excel_needs(screening: Screening, tmp_path: Path) -> None:
    assert export(screening, tmp_path / "o.csv") == ()
    raw = (tmp_path / "o.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.decode("utf-8-sig").splitlines()[0] == ",".join(TIDY)
    same(pd.read_csv(tmp_path / "o.csv", encoding="utf-8-sig"), screening.tidy)


def test_parquet_is_the_tidy_table(screening: Screening, tmp_path: Path) -> None:
    export(screening, tmp_path / "o.parquet")
    same(pd.read_parquet(tmp_path / "o.parquet"), screening.tidy)


def test_xlsx_has_the_summary_and_the_tidy_table_and_no_formula(screening: Screening, tmp_path: Path) -> None:
    export(screening, tmp_path / "o.xlsx")
    sheets = pd.read_excel(tmp_path / "o.xlsx", engine="calamine", sheet_name=None, header=None)
    assert list(sheets) == ["项目总表", "明细表"]
    title, note = str(sheets["项目总表"].iloc[0, 0]).split(" · ")
    assert title == "项目总表"
    assert note == "初步筛查,需以主管部门法定数据核定"
    assert sheets["项目总表"].iloc[1].tolist() == list(summary(screening, "zh").columns)
    tidy = sheets["明细表"]
    same(pd.DataFrame(tidy.iloc[1:].to_numpy(), columns=tidy.iloc[0]), screening.tidy)
    cells = [cell for sheet in sheets.values() for cell in sheet.to_numpy().ravel() if isinstance(cell, str)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'" + NASTY[0] in cells
    with zipfile.ZipFile(tmp_path / "o.xlsx") as book:
        text = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert "<f>" not in text
    assert "hyperlink" not in text.replace("HYPERLINK", "")


def test_english_headings(screening: Screening, tmp_path: Path) -> None:
    export(screening, tmp_path / "o.xlsx", "en")
    sheets = pd.read_excel(tmp_path / "o.xlsx", engine="calamine", sheet_name=None, header=None)
    assert list(sheets) == ["Projects", "Answers"]


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".geoparquet"])
def test_maps_hold_one_whole_feature_per_site(screening: Screening, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"o{suffix}"
    export(screening, file)
    frame = gpd.read_parquet(file) if suffix == ".geoparquet" else gpd.read_file(file, layer=0)
    wanted = features(screening)
    assert len(frame) == len(wanted)
    assert frame["name"].tolist() == NASTY
    assert frame["site"].tolist() == wanted["site"].tolist()
    assert frame["conclusion"].tolist() == list(screening.conclusions)
    assert {"farmland", "road", "town", "town_name"} <= set(frame.columns)
    there = screening.sites.frame.geometry.to_crs(4326)
    assert frame.geometry.geom_equals_exact(there, 2e-7).all()
    assert pyproj.CRS(frame.crs).to_epsg() == 4326


def test_geopackage_has_the_tidy_table_as_a_layer(screening: Screening, tmp_path: Path) -> None:
    export(screening, tmp_path / "o.gpkg")
    assert pyogrio.list_layers(tmp_path / "o.gpkg")[:, 0].tolist() == ["sites", "screening"]
    got = pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="screening", read_geometry=False)
    assert list(got.columns) == list(TIDY)
    assert len(got) == len(screening.tidy)
    assert got["distance_m"].isna().sum() == screening.tidy["distance_m"].isna().sum()


def test_kml_renders_nothing(screening: Screening, tmp_path: Path) -> None:
    export(screening, tmp_path / "o.kml")
    text = (tmp_path / "o.kml").read_text("utf-8")
    assert "script>" not in text
    assert "\uff1cscript\uff1ealert(1)" in text
    assert len(gpd.read_file(tmp_path / "o.kml")) == len(screening)


@pytest.mark.parametrize("suffix", [".shp", ".zip"])
def test_shapefile_says_what_it_cuts_and_keeps_the_names(screening: Screening, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"o{suffix}"
    found = export(screening, file)
    assert [f.code for f in found] == ["short_names", "several_shapefiles"]
    assert all(f.level == "warning" for f in found)
    if suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            archive.extractall(tmp_path)
    frames = [gpd.read_file(path) for path in sorted(tmp_path.glob("*.shp"))]
    assert sum(map(len, frames)) == len(screening)
    with (tmp_path / "o_fields.csv").open(encoding="utf-8-sig", newline="") as names:
        full = {row["field"]: row["name"] for row in csv.DictReader(names)}
    assert set(full.values()) == set(features(screening).columns)
    for frame in frames:
        assert set(frame.columns) - {"geometry"} <= set(full)
    assert sorted(name for frame in frames for name in frame["name"]) == sorted(NASTY)


def test_short_names_are_short_and_differ() -> None:
    names = ["transport_corridor", "transport_corridor_m", "TRANSPORT_x", "a", *(f"expressway_{n}" for n in range(12))]
    short = _short_names(names)
    assert len({name.lower() for name in short.values()}) == len(names)
    assert max(map(len, short.values())) <= 10
    assert short["a"] == "a"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_fails_leaves_nothing(screening: Screening, tmp_path: Path, suffix: str) -> None:
    (tmp_path / "there").write_text("x")
    with pytest.raises(PlanError):
        export(screening, tmp_path / "there" / f"o{suffix}")
    taken = tmp_path / f"o{suffix}"
    taken.mkdir()
    with pytest.raises(PlanError):
        export(screening, taken)
    assert not list(tmp_path.glob(".draft*"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_site_is_a_file_all_the_same(toyland: Opened, tmp_path: Path, suffix: str) -> None:
    export(screen(site_set(toyland.plan, []), toyland.plan), tmp_path / f"o{suffix}")
    assert (tmp_path / f"o{suffix}").stat().st_size > 0


def test_more_rows_than_excel_holds_are_refused(
    screening: Screening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas.screening.exports._MOST_ROWS", 100)
    with pytest.raises(PlanError) as caught:
        export(screening, tmp_path / "o.xlsx")
    assert ".csv" in caught.value.text("en")
    assert not list(tmp_path.iterdir())


def test_an_unknown_suffix_names_the_nearest(screening: Screening, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        export(screening, tmp_path / "o.xslx")
    assert ".xlsx" in caught.value.text("en")
