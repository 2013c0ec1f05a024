"""The raster commands: what they write, what they say of it, and that a failure or Ctrl+C leaves nothing behind."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

import atlas.rasters.derive
from atlas.cli import main
from atlas.rasters.commands import CANCELLED, Progress
from tests.conftest import DISTRICTS, Opened
from tests.terrain import Floats, degrees_dem, grid, heights, write_grid


class Command:
    """Runs commands in a folder and a workspace of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.err = folder, capsys, ""
        self.workspace = folder / "workspace"

    def __call__(self, *words: object, status: int = 0) -> str:
        """Run a command on toyland, which must end with a status; what it printed."""
        place = [
            "--geodata",
            str(DISTRICTS["toyland"].parent),
            "--district",
            "toyland",
            "--workspace",
            str(self.workspace),
        ]
        self.capsys.readouterr()
        try:
            ended = main([*place, *map(str, words)])
        except SystemExit as leaving:
            ended = int(leaving.code or 0)
        said = self.capsys.readouterr()
        self.err = said.err
        assert ended == status, said.err
        return said.out


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands."""
    return Command(tmp_path, capsys)


@pytest.fixture
def hilly(run: Command, toyland: Opened, tmp_path: Path) -> Command:
    """Return the same with an elevation model in its workspace."""
    source = degrees_dem(
        tmp_path / "hills.tif", toyland.plan, lambda lon, lat: 250 + 90 * np.sin(lon * 150) * np.cos(lat * 170)
    )
    told = json.loads(run("import", source, "--kind", "dem", "--json"))
    assert told["covered"] == 1
    assert Path(told["out"]).parent == run.workspace / "toyland"
    return run


def test_every_raster_of_the_ground_is_written(hilly: Command) -> None:
    for what in ("slope", "slope-percent", "aspect", "hillshade"):
        out = hilly.folder / f"{what}.tif"
        hilly("rasters", what, "--out", out)
        with rasterio.open(out) as written:
            values = written.read(1, masked=True)
            assert values.count() > 0.9 * values.size
            assert written.crs.to_epsg() == 4549


def test_travel_time_in_all_its_forms(run: Command) -> None:
    said = run("rasters", "travel-time", "--out", run.folder / "a.tif")
    assert "示意" in said
    run("rasters", "travel-time", "--from", "wu", "--network", "existing", "--out", run.folder / "a.png")
    run("rasters", "travel-time", "--out", run.folder / "a.csv")
    with rasterio.open(run.folder / "a.tif") as written:
        assert 0 <= np.nanmin(written.read(1)) < 1
    with Image.open(run.folder / "a.png") as picture:
        assert picture.format == "PNG"
    assert (run.folder / "a.csv").read_text("utf-8-sig").count("\n") == 6


def test_suitability_takes_weights_and_says_what_is_missing(run: Command) -> None:
    words = ("rasters", "suitability", "--preset", "housing", "--weight", "zone=90", "--out", run.folder / "a.csv")
    assert "坡度" in run(*words)
    run("rasters", "suitability", "--preset", "huosing", "--out", run.folder / "b.csv", status=2)
    assert "housing" in run.err
    run("rasters", "suitability", "--preset", "housing", "--weight", "zon=1", "--out", run.folder / "b.csv", status=2)
    assert "zone" in run.err
    run("rasters", "suitability", "--preset", "housing", "--weight", "zone=x", "--out", run.folder / "b.csv", status=2)
    assert sorted(file.name for file in run.folder.iterdir()) == ["a.csv"]


def test_an_imported_model_changes_what_is_said_of_slope(hilly: Command) -> None:
    assert "坡度" in hilly("rasters", "suitability", "--preset", "housing", "--out", hilly.folder / "a.csv")
    said = hilly("--lang", "en", "rasters", "suitability", "--preset", "housing", "--out", hilly.folder / "a.csv")
    assert "Slope" in said.partition("weights in effect")[2]
    assert "hills.tif" in said


def test_an_imported_model_answers_the_screening_s_question_of_slope(run: Command, toyland: Opened) -> None:
    """Without a model nobody knows; a level one clears the sites, a steep one hits them."""
    middle = toyland.plan.layers["district"].rows[0].geometry.representative_point()
    sites = run.folder / "sites.geojson"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[middle.buffer(150)], crs=toyland.plan.crs).to_crs(4326).to_file(sites)

    def answer() -> str:
        out = run.folder / "answers.csv"
        run("screen", sites, "--out", out)
        table = pd.read_csv(out, encoding="utf-8-sig")
        [row] = table[table["layer"] == "steep_slope"].to_dict("records")
        return str(row["verdict"])

    assert answer() == "no_data"
    for surface, verdict in ((lambda lon, _: 250 + 0 * lon, "clear"), (_steep, "hit")):
        source = degrees_dem(run.folder / f"{verdict}.tif", toyland.plan, surface)
        run("import", source, "--kind", "dem")
        assert answer() == verdict
    run("rasters", "zonal", "--sites", sites, "--out", run.folder / "zonal.csv")
    [row] = pd.read_csv(run.folder / "zonal.csv", encoding="utf-8-sig").to_dict("records")
    assert row[">25° %"] > 50
    assert row["平均坡度(°)"] > 20


def _steep(lon: Floats, _: Floats) -> Floats:
    """Return a saw: eight hundred metres up and down again every three kilometres."""
    return 100 + 800 * np.abs(lon * 66 % 2 - 1)


def test_slope_and_height_as_pictures_and_tables(hilly: Command) -> None:
    for what, ending in (("slope", "png"), ("elevation", "png"), ("elevation", "tif"), ("elevation", "csv")):
        assert "hills.tif" in hilly("rasters", what, "--out", hilly.folder / f"{what}.{ending}")
    with Image.open(hilly.folder / "elevation.png") as picture, rasterio.open(hilly.folder / "elevation.tif") as raster:
        assert picture.size == (raster.width, raster.height)
        assert 160 <= np.nanmin(raster.read(1)) < np.nanmax(raster.read(1)) <= 340


def test_zonal_statistics_contours_and_a_reservoir(hilly: Command) -> None:
    said = hilly("rasters", "zonal", "--of", "zone", "--scheme", "building", "--out", hilly.folder / "zones.csv")
    assert "hills.tif" in said
    assert (hilly.folder / "zones.csv").read_text("utf-8-sig").count("\n") == 3
    hilly("rasters", "zonal", "--of", "zones", "--out", hilly.folder / "no.csv", status=2)
    assert "zone" in hilly.err
    hilly("rasters", "zonal", "--scheme", "farm", "--out", hilly.folder / "no.csv", status=2)
    hilly("rasters", "contours", "--interval", "40", "--out", hilly.folder / "lines.gpkg")
    lines = gpd.read_file(hilly.folder / "lines.gpkg")
    assert set(lines["height_m"]) == {200, 240, 280, 320}
    told = json.loads(
        hilly("rasters", "reservoir", "--from", "gate", "--level", "345", "--out", hilly.folder / "r.csv", "--json")
    )
    assert told["open"] == "yes"
    assert lines.crs
    for name in ("r.gpkg", "r.geojson"):
        hilly("rasters", "reservoir", "--from", "gate", "--level", "345", "--out", hilly.folder / name)
        lakes = gpd.read_file(hilly.folder / name).to_crs(lines.crs)
        assert lakes.area.to_list() == pytest.approx([float(told["surface_ha"]) * 1e4], rel=0.001)
    hilly("rasters", "suitability", "--control", hilly.folder / "none.gpkg", "--out", hilly.folder / "s.csv", status=2)
    assert "none.gpkg" in hilly.err
    assert not (hilly.folder / "no.csv").exists()


def test_the_public_edition_has_no_contours(hilly: Command) -> None:
    hilly("rasters", "contours", "--edition", "public", "--out", hilly.folder / "lines.gpkg", status=2)
    assert "公开版" in hilly.err
    assert not (hilly.folder / "lines.gpkg").exists()


@pytest.mark.parametrize("what", ["slope", "elevation", "contours", "zonal", "reservoir"])
def test_without_a_model_slope_is_not_guessed(run: Command, what: str) -> None:
    ending = {"slope": "tif", "elevation": "png", "contours": "gpkg"}.get(what, "csv")
    run("rasters", what, "--from", "jia", "--out", run.folder / f"a.{ending}", status=2)
    assert run.err.count("\n") == 1
    assert "import" in run.err
    assert list(run.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("rasters", "slope", "--dem", "gone.tif", "--out", "a.tif"), "gone.tif"),
        (("rasters", "travel-time", "--out", "a.jpg"), ".png"),
        (("rasters", "travel-time", "--from", "jai", "--out", "a.tif"), "jia"),
        (("rasters", "travel-time", "--network", "plan", "--out", "a.tif"), "planned"),
        (("rasters", "travel-time", "--out", "no/such/a.tif"), "a.tif"),
        (("rasters", "slop", "--out", "a.tif"), "slope"),
        (("import", "a.tif", "--kind", "dam"), "dem"),
        (("import", "gone.tif", "--kind", "dem"), "gone.tif"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(run.folder)
    run(*words, status=2)
    assert says in run.err
    assert run.err.count("\n") == 1
    assert list(run.folder.iterdir()) == []


def test_ctrl_c_leaves_nothing(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    where = grid(200, 200)
    source = write_grid(run.folder / "dem.tif", where, heights(where, lambda x, _: x * 0.1))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(atlas.rasters.derive, "read_window", interrupt)
    run("rasters", "slope", "--dem", source, "--out", run.folder / "a.tif", status=CANCELLED)
    assert [file.name for file in run.folder.iterdir()] == ["dem.tif"]
    assert "nothing was written" in run.err


def test_progress_is_told_on_the_error_stream_and_only_in_long_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 0.1, 0.2, 0.9, 1.0, 1.1]).__next__
    monkeypatch.setattr("atlas.rasters.commands.time.monotonic", clock)
    progress = Progress("dem.tif")
    progress(0.1)
    progress(0.2)
    assert capsys.readouterr().err == ""
    progress(0.5)
    progress(1.0)
    assert capsys.readouterr().err == "\rdem.tif  50%\rdem.tif 100%\n"
