"""An elevation model comes in whole or not at all, from any format and CRS, and then answers questions of slope."""

import math
import re
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.errors import NotGeoreferencedWarning

from atlas.rasters import dem
from atlas.rasters.dem import import_elevation, open_elevation
from atlas.rasters.derive import read_window
from atlas.rasters.grid import district_area, district_grid
from atlas.rasters.kernels import slope_degrees
from atlas.rasters.recipes import Ground
from atlas.rasters.report import slope_table, tint_edges
from atlas.rasters.reservoir import lake
from atlas.rasters.terrain import DemTerrain, contours, slope_on
from layers import Plan, PlanError
from layers.crs import project
from tests.conftest import Opened
from tests.terrain import Floats, degrees_dem, heights, imported, write, write_grid

GROUND = Ground(0, 500)


def ramp(lon: Floats, lat: Floats) -> Floats:
    """Rise steadily towards the north-east, in degrees."""
    return 300 + 400 * (lon - 120) + 600 * (lat - 30)


def level(height: float, lon: Floats, _: Floats) -> Floats:
    """Stay at a height."""
    return 0 * lon + height


def own_dem(file: Path, plan: Plan, surface: Callable[[Floats, Floats], Floats], **more: Any) -> Path:  # noqa: ANN401
    """Write an elevation model in the district's own CRS, at 30 m."""
    where = district_grid(plan, 30, 3_000)
    return write_grid(file, where, heights(where, surface), **more)


# ---- coming in


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("dem.tif", {}),
        ("dem.tif", {"dtype": "int16", "nodata": -32768}),
        ("tiled.tif", {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "LZW"}),
        ("dem.asc", {"driver": "AAIGrid", "size": 300}),
        ("dem.img", {"driver": "HFA"}),
    ],
)
def test_heights_arrive_where_they_were(toyland: Opened, tmp_path: Path, name: str, more: dict[str, Any]) -> None:
    plan = toyland.plan
    if more.get("driver") == "AAIGrid":  # rasterio only copies into this format
        first = degrees_dem(tmp_path / "first.tif", plan, ramp, size=300)
        rasterio.shutil.copy(first, tmp_path / name, driver="AAIGrid")
        source = tmp_path / name
    else:
        source = degrees_dem(tmp_path / name, plan, ramp, **more)
    kept = imported(source, plan, tmp_path / "ws" / "toyland" / "dem.tif", GROUND)
    assert kept.covered == 1
    assert kept.name == name
    assert kept.grid.crs == plan.crs
    with rasterio.open(kept.file) as opened:
        values = read_window(opened, rasterio.windows.Window(0, 0, kept.grid.columns, kept.grid.rows))
        assert opened.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    for place in ("jia", "wu", "gate"):
        point = plan.places[place]
        lon, lat = float(point.lon or 0), float(point.lat or 0)
        x, y = project(lon, lat, plan.crs)
        cell = kept.grid.cell(float(x), float(y))
        assert cell
        # Half a cell of a slope of less than 1 %, and a metre for whole numbers.
        assert values[cell] == pytest.approx(ramp(np.array(lon), np.array(lat)), abs=0.005 * kept.resolution_m + 1)


def test_the_same_crs_is_cut_and_not_resampled(toyland: Opened, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, _: rng.uniform(100, 200, x.shape))
    kept = imported(source, toyland.plan, tmp_path / "out.tif")
    with rasterio.open(source) as before, rasterio.open(kept.file) as after:
        window = rasterio.windows.from_bounds(*after.bounds, transform=before.transform)
        assert np.array_equal(before.read(1, window=window.round()), after.read(1))
    assert kept.resolution_m == 30


def test_tiles_make_no_difference(toyland: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = degrees_dem(tmp_path / "dem.tif", toyland.plan, ramp)
    whole = imported(source, toyland.plan, tmp_path / "whole.tif")
    monkeypatch.setattr(dem, "_TILE", 96)
    monkeypatch.setattr(dem.windows, "__defaults__", (96,))
    tiled = imported(source, toyland.plan, tmp_path / "tiled.tif")
    with rasterio.open(whole.file) as one, rasterio.open(tiled.file) as other:
        assert np.allclose(one.read(1), other.read(1), atol=0.02, equal_nan=True)


def test_holes_stay_holes_and_marks_that_nobody_declared_are_holes(toyland: Opened, tmp_path: Path) -> None:
    def holed(lon: Floats, lat: Floats) -> Floats:
        return np.where((lon > 120.0) & (lat > 30.0), -9999, ramp(lon, lat))

    kept = imported(degrees_dem(tmp_path / "dem.tif", toyland.plan, holed), toyland.plan, tmp_path / "out.tif", GROUND)
    assert 0.3 < kept.covered < 0.9
    assert kept.low_m > 0
    with rasterio.open(kept.file) as opened:
        assert np.isnan(opened.read(1)).any()


def test_progress_ends_at_one_and_a_second_import_replaces_the_first(toyland: Opened, tmp_path: Path) -> None:
    shares: list[float] = []
    out, area = tmp_path / "dem.tif", district_area(toyland.plan)
    for height in (100.0, 200.0):
        source = degrees_dem(tmp_path / "new.tif", toyland.plan, partial(level, height), size=50)
        import_elevation(source, out, area, toyland.plan.crs, GROUND, progress=shares.append)
    kept = open_elevation(out)
    assert kept
    assert kept.high_m == 200
    assert shares[-1] == 1
    assert max(shares) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dem.tif", "new.tif"]


def test_a_cancelled_import_leaves_nothing(toyland: Opened, tmp_path: Path) -> None:
    def cancel(_: float) -> None:
        raise KeyboardInterrupt

    source = degrees_dem(tmp_path / "new.tif", toyland.plan, ramp, size=50)
    with pytest.raises(KeyboardInterrupt):
        import_elevation(
            source, tmp_path / "dem.tif", district_area(toyland.plan), toyland.plan.crs, GROUND, progress=cancel
        )
    assert [file.name for file in tmp_path.iterdir()] == ["new.tif"]


# ---- bad input


def _truncated(folder: Path, plan: Plan) -> Path:
    file = degrees_dem(folder / "half.tif", plan, ramp)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return file


def _picture(folder: Path, plan: Plan) -> Path:
    values = np.zeros((20, 20), np.uint8)
    return write(folder / "picture.tif", values, plan.crs.to_wkt(), Affine.scale(30), driver="PNG")


def _bare(folder: Path, plan: Plan) -> Path:
    file = degrees_dem(folder / "bare.tif", plan, ramp)
    with rasterio.open(file) as dataset:
        values, transform = dataset.read(1), dataset.transform
    return write(folder / "none.tif", values, "", transform)


def _feet_by_unit(folder: Path, plan: Plan) -> Path:
    file = degrees_dem(folder / "unit.tif", plan, ramp)
    with rasterio.open(file, "r+") as dataset:
        dataset.units = ["ft"]
    return file


def _old_datum(folder: Path, plan: Plan) -> Path:
    file = own_dem(folder / "old.tif", plan, lambda x, _: 0 * x + 100)
    with rasterio.open(file) as dataset:
        values, transform = dataset.read(1), dataset.transform
    return write(folder / "xian.tif", values, "EPSG:2383", transform)


BAD: dict[str, tuple[Callable[[Path, Plan], Path], str]] = {
    "no CRS": (_bare, "coordinate system"),
    "three bands": (
        lambda folder, plan: write(
            folder / "rgb.tif", np.ones((3, 9, 9), np.float32), plan.crs.to_wkt(), Affine.scale(30)
        ),
        "3 bands",
    ),
    "all nodata": (
        lambda folder, plan: degrees_dem(folder / "void.tif", plan, lambda lon, _: 0 * lon - 9999, nodata=-9999),
        "no heights",
    ),
    "another country": (
        lambda folder, _: write(
            folder / "alps.tif", np.ones((9, 9), np.float32), "EPSG:4326", Affine(0.1, 0, 7, 0, -0.1, 47)
        ),
        "longitude 7.45, latitude 46.55",
    ),
    "feet by its heights": (
        lambda folder, plan: degrees_dem(folder / "feet.tif", plan, lambda lon, _: 3.28 * (50 + 700 * (lon - 119.8))),
        "metres",
    ),
    "feet by its unit": (_feet_by_unit, "ft"),
    "truncated": (_truncated, "half.tif"),
    "a PNG named .tif": (_picture, "PNG"),
    "a text named .tif": (lambda folder, _: _written(folder / "text.tif", "no raster"), "text.tif"),
    "bytes": (lambda folder, plan: degrees_dem(folder / "grey.tif", plan, ramp, dtype="uint8"), "uint8"),
    "the moon": (lambda folder, plan: degrees_dem(folder / "moon.tif", plan, lambda lon, _: 0 * lon + 8000), "8000"),
    "a refused datum": (_old_datum, "Xian 1980"),
    "nothing there": (lambda folder, _: folder / "missing.tif", "missing.tif"),
}


def _written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


@pytest.mark.parametrize("fault", BAD)
def test_bad_input_is_one_line_and_nothing_is_stored(toyland: Opened, tmp_path: Path, fault: str) -> None:
    make, says = BAD[fault]
    source, out = make(tmp_path, toyland.plan), tmp_path / "ws" / "dem.tif"
    # What the libraries have to say on top would be a second line.
    with warnings.catch_warnings(action="error", category=NotGeoreferencedWarning), pytest.raises(PlanError) as raised:
        imported(source, toyland.plan, out, GROUND)
    for language in ("zh", "en"):
        text = raised.value.text(language)
        assert "\n" not in text
        assert not re.search(r"[.。][.。]", text)
        assert source.name in text
    assert says in raised.value.text("en")
    assert list(out.parent.glob("*")) == []


# ---- what it then tells


def test_slope_in_an_area_of_a_plane_is_all_or_nothing(toyland: Opened, tmp_path: Path) -> None:
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, _: 0.2 * (x - 490_000))
    terrain = DemTerrain.opened(imported(source, toyland.plan, tmp_path / "out.tif").file)
    assert terrain
    assert terrain.resolution_m == 30
    area = district_area(toyland.plan)
    middle = area.representative_point()
    for shape in (
        middle.buffer(500),
        middle,
        shapely.LineString([middle, shapely.Point(middle.x + 400, middle.y + 90)]),
    ):
        assert terrain.share_steeper(shape, 11) == 1  # arctan 0.2 = 11.3 degrees
        assert terrain.share_steeper(shape, 12) == 0
    far = shapely.Point(middle.x + 1e6, middle.y).buffer(100)
    assert terrain.share_steeper(far, 5) is None
    assert terrain.share_steeper(shapely.Polygon(), 5) is None
    assert DemTerrain.opened(tmp_path / "none.tif") is None


def test_half_an_area_on_a_slope_is_half_steep(toyland: Opened, tmp_path: Path) -> None:
    edge = district_area(toyland.plan).representative_point().x // 30 * 30
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, _: 100 + np.clip(x - edge, 0, 3_000))
    terrain = DemTerrain.opened(imported(source, toyland.plan, tmp_path / "out.tif").file)
    y = district_area(toyland.plan).representative_point().y
    square = shapely.box(edge - 1500, y - 1500, edge + 1500, y + 1500)
    assert terrain
    # The cells at the foot of the slope are half steep: a cell of a hundred is left open.
    assert terrain.share_steeper(square, 40) == pytest.approx(0.5, abs=0.011)


def test_slope_on_a_coarse_grid_is_the_mean_of_the_fine_one(toyland: Opened, tmp_path: Path) -> None:
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, y: 300 + 40 * np.sin(x / 300) * np.cos(y / 250))
    kept = imported(source, toyland.plan, tmp_path / "out.tif")
    coarse = district_grid(toyland.plan, 300)
    found = slope_on(kept, coarse)
    with rasterio.open(kept.file) as opened:
        fine = slope_degrees(opened.read(1), 30)
    assert np.nanmean(found) == pytest.approx(np.nanmean(fine), rel=0.02)
    left, top = round((coarse.west - kept.grid.west) / 30) - 1, round((kept.grid.north - coarse.north) / 30) - 1
    block = fine[top + 100 : top + 110, left + 100 : left + 110]
    assert found[10, 10] == pytest.approx(block.mean(), rel=0.1)


def test_the_table_of_towns_says_what_it_rests_on(toyland: Opened, tmp_path: Path) -> None:
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, _: 0.1 * (x - 490_000))
    kept = imported(source, toyland.plan, tmp_path / "out.tif")
    areas = [(town.name, town.geometry) for town in toyland.plan.layers["town"].rows]
    for scheme in ("farmland", "building"):
        table = slope_table(kept, areas, scheme, "en")
        for row in table.rows:
            numbers = dict(zip(table.head, row, strict=True))
            assert float(numbers["Mean slope (°)"]) == pytest.approx(math.degrees(math.atan(0.1)), abs=0.06)
            assert float(numbers["2–6° %" if scheme == "farmland" else "3–8° %"]) == 100
        assert "30 m" in " ".join(table.notes)
    assert "not checked" in " ".join(table.notes)


def test_a_lake_in_a_cone_has_the_volume_of_the_cone(toyland: Opened, tmp_path: Path) -> None:
    middle = district_area(toyland.plan).representative_point()
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, y: 100 + 0.05 * np.hypot(x - middle.x, y - middle.y))
    kept = imported(source, toyland.plan, tmp_path / "out.tif")
    found = lake(kept, 150, middle.x, middle.y)
    assert found.area.area == pytest.approx(found.surface_m2)
    assert found.area.contains(middle)
    assert found.surface_m2 == pytest.approx(math.pi * 1000**2, rel=0.01)
    assert found.volume_m3 == pytest.approx(math.pi * 1000**2 * 50 / 3, rel=0.01)
    assert not found.open
    assert lake(kept, 3_000, middle.x, middle.y).open
    with pytest.raises(PlanError, match="100"):
        lake(kept, 90, middle.x, middle.y)
    with pytest.raises(PlanError):
        lake(kept, 150, middle.x + 1e6, middle.y)


def test_a_second_hollow_is_another_lake(toyland: Opened, tmp_path: Path) -> None:
    middle = district_area(toyland.plan).representative_point()
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, _: 100 + 0.05 * np.abs(np.abs(x - middle.x) - 3000))
    found = lake(imported(source, toyland.plan, tmp_path / "out.tif"), 200, middle.x - 3000, middle.y)
    assert found.wet.any()
    columns = np.flatnonzero(found.wet.any(axis=0))
    assert found.open  # a valley that leaves the model
    assert (columns.max() - columns.min()) * 30 < 4_100


@pytest.mark.parametrize("tile", [1024, 100])
def test_contours_of_a_cone_are_rings(
    toyland: Opened, tmp_path: Path, tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas.rasters.terrain._TILE", tile)
    middle = district_area(toyland.plan).representative_point()
    source = own_dem(tmp_path / "dem.tif", toyland.plan, lambda x, y: 400 - 0.1 * np.hypot(x - middle.x, y - middle.y))
    lines = contours(imported(source, toyland.plan, tmp_path / "out.tif"), 50)
    for height in (250.0, 300.0, 350.0):
        radius = (400 - height) / 0.1
        assert lines[height].length == pytest.approx(2 * math.pi * radius, rel=0.01)
        assert lines[height].geom_type == "LineString"
        assert lines[height].is_ring


@given(low=st.floats(-400, 4000), rise=st.floats(1, 5000))
def test_a_tint_reaches_from_the_lowest_to_the_highest(low: float, rise: float) -> None:
    edges = tint_edges(low, low + rise)
    steps = np.diff(edges)
    assert edges[0] <= low
    assert (steps > 0).all()
    assert edges[-1] + steps[0] >= low + rise - 1e-6


def test_crs_of_the_model_is_the_districts(toyland: Opened, tmp_path: Path) -> None:
    """A model in another zone of the same system arrives where it belongs."""
    utm = pyproj.CRS.from_epsg(32651)
    plan = toyland.plan
    west, south, east, north = plan.layers["district"].features.to_crs(utm).total_bounds
    columns, rows = int((east - west + 8000) / 40), int((north - south + 8000) / 40)
    values = np.full((rows, columns), 123, np.float32)
    source = write(tmp_path / "utm.tif", values, utm.to_wkt(), Affine(40, 0, west - 4000, 0, -40, north + 4000))
    kept = imported(source, plan, tmp_path / "out.tif")
    assert (kept.low_m, kept.high_m, kept.covered) == (123, 123, 1)
    assert kept.resolution_m == pytest.approx(40, rel=0.02)
