"""Pictures lie where the ground is, to half a pixel, in colours that the legend has; recipes say what is wrong with them."""

import base64
import io
import json
import math

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer

from atlas.rasters.export import cog_bytes, csv_bytes
from atlas.rasters.grid import Grid, district_area
from atlas.rasters.images import Ramp, cropped, figure_image, ramp, web_image, web_pixels
from atlas.rasters.views import Surfaces
from atlas.theme import theme
from atlas.webmap import WebMap
from layers.crs import STORAGE_CRS, WEB_CRS
from layers.errors import Language
from tests.conftest import Draft, Opened
from tests.terrain import centres, grid, heights

RAMP = Ramp((0, 10, 20), ("#102030", "#405060", "#708090"), ("a", "b", "c"), 0.5, 0.8)


def edge_in_pixels(
    where: Grid, at: tuple[float, float], pixels: np.ndarray, bounds: list[list[float]]
) -> tuple[float, float]:
    """Return column and row (of outer edges) at which a position lies in a picture in Web Mercator."""
    web = Transformer.from_crs(STORAGE_CRS, WEB_CRS, always_xy=True)
    (south, west), (north, east) = bounds
    left, bottom = web.transform(west, south)
    right, top = web.transform(east, north)
    x, y = Transformer.from_crs(where.crs, WEB_CRS, always_xy=True).transform(*at)
    return pixels.shape[1] * (x - left) / (right - left), pixels.shape[0] * (top - y) / (top - bottom)


@pytest.mark.parametrize("away_m", [0, 40_000])
def test_edges_are_right_to_half_a_pixel(away_m: int) -> None:
    """Also far from the central meridian, where grid north is not north."""
    where = Grid(grid().crs, 500_000.0 + away_m, 3_320_000.0, 100.0, 200, 240)
    values = np.full(where.shape, np.nan, np.float32)
    values[60:140, 70:150] = 15
    pixels, bounds = web_pixels(values, where, RAMP)
    for fraction in (0.2, 0.5, 0.8):
        x = where.west + (70 + 80 * fraction) * 100
        y = where.north - (60 + 80 * fraction) * 100
        for at, axis, first in (
            ((x, where.north - 6000), 1, True),
            ((x, where.north - 14000), 1, False),
            ((where.west + 7000, y), 0, True),
            ((where.west + 15000, y), 0, False),
        ):
            column, row = edge_in_pixels(where, at, pixels, bounds)
            if axis:
                known = np.flatnonzero(pixels[:, min(int(column), pixels.shape[1] - 1)])
                found, wanted = (known[0] if first else known[-1] + 1), row
            else:
                known = np.flatnonzero(pixels[min(int(row), pixels.shape[0] - 1)])
                found, wanted = (known[0] if first else known[-1] + 1), column
            # Half a pixel, and what an edge that is not quite level rises within one.
            assert abs(found - wanted) <= 0.5 + 0.02


def test_values_are_those_of_the_place() -> None:
    where = grid(120, 150, 100)
    values = heights(where, lambda x, y: (x - where.west) / 1000 + (where.north - y) / 2000)
    pixels, bounds = web_pixels(values, where, RAMP)
    x, y = centres(where)
    for row, column in ((10, 10), (60, 75), (110, 140)):
        left, top = edge_in_pixels(where, (float(x[row, column]), float(y[row, column])), pixels, bounds)
        level = pixels[int(top), int(left)]
        # Rounded down to a step, and a cell's worth of the surface.
        assert 0.5 * (int(level) - 1) == pytest.approx(values[row, column], abs=0.5 + 0.15)


def test_the_browsers_picture_holds_levels_and_what_they_mean() -> None:
    where = grid(20, 30, 100)
    values = np.full(where.shape, 12.3, np.float32)
    values[:, :10] = np.nan
    image = json.loads(json.dumps(web_image(values, where, RAMP)))
    raw = np.asarray(Image.open(io.BytesIO(base64.b64decode(image["png"].split(",")[1]))))
    assert [raw.shape[1], raw.shape[0]] == image["size"]
    assert set(np.unique(raw)) <= {0, 25}
    assert image["low"] + (25 - 1) * image["step"] == 12
    assert image["colors"] == list(RAMP.colors)


def test_values_beyond_the_last_level_stay_in_the_last_class() -> None:
    where = grid(5, 5, 100)
    pixels, _ = web_pixels(np.full(where.shape, 1e6, np.float32), where, RAMP)
    assert pixels.max() == 255
    assert RAMP.edges[-1] < 0.5 * 254


def test_a_figures_picture_has_a_pixel_per_cell_in_the_colours_of_the_legend() -> None:
    where = grid(4, 5)
    values = np.array([[0, 9.9, 10, 20, np.nan]] * 4, np.float32)
    made = figure_image(values, where, RAMP, "travel_time", "title")
    picture = Image.open(io.BytesIO(made.png)).convert("RGBA")
    assert picture.size == (5, 4)
    assert [picture.getpixel((column, 0)) for column in range(4)] == [
        (16, 32, 48, 255),
        (16, 32, 48, 255),
        (64, 80, 96, 255),
        (112, 128, 144, 255),
    ]
    assert picture.getpixel((4, 0))[3] == 0  # type: ignore[index]  # a pixel of four bands
    assert made.bounds == where.bounds
    assert made.legend == (("#102030", "a"), ("#405060", "b"), ("#708090", "c"))


def test_empty_margins_are_cut_off() -> None:
    where = grid(10, 10)
    values = np.full(where.shape, np.nan, np.float32)
    assert cropped(values, where)[1] == where
    values[3:5, 6] = 1
    part, inner = cropped(values, where)
    assert part.shape == inner.shape == (2, 1)
    assert (inner.west, inner.north) == (where.west + 60, where.north - 30)


def test_a_ramp_needs_a_colour_for_each_class() -> None:
    for id_, table in theme()["rasters"].items():
        if "colors" in table:
            assert ramp(id_, range(len(table["colors"])), list(map(str, table["colors"])), 1).opacity <= 1
    with pytest.raises(ValueError, match="travel_time"):
        ramp("travel_time", [0, 1], ["a", "b"], 1)


def test_a_raster_leaves_as_a_cloud_optimized_geotiff_in_its_place() -> None:
    where = grid(700, 20)
    values = np.random.default_rng(0).uniform(0, 1, where.shape).astype(np.float32)
    with rasterio.MemoryFile(cog_bytes(values, where, {"TITLE": "车程"})) as memory, memory.open() as read:
        assert np.array_equal(read.read(1), values)
        assert read.transform == where.transform
        assert read.tags()["TITLE"] == "车程"
        assert read.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_a_table_opens_in_excel() -> None:
    assert csv_bytes(["乡镇"], [["甲,城"]]) == '\ufeff乡镇\r\n"甲,城"\r\n'.encode()


# ---- sheets with a raster


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_recipe_has_a_view(district: Opened, language: Language) -> None:
    surfaces = Surfaces(district.plan, language)
    for recipe in district.atlas.rasters.values():
        view = surfaces.view(recipe)
        assert surfaces.view(recipe) is view
        known = np.isfinite(view.values)
        assert known.any()
        assert not known[~view.grid.burn([district_area(district.plan)], touched=True)].any()
        assert len(view.ramp.edges) == len(view.ramp.titles) == len(set(view.ramp.titles))
        for title, head, rows in view.tables:
            assert title
            assert {len(row) for row in rows} <= {len(head)}
        text = " ".join(view.notes)
        assert "100" in text  # the cell
        assert ("示意" if language == "zh" else "schematic") in text
        for edge in view.ramp.edges[1:]:
            assert math.isclose((edge - view.ramp.edges[0]) / view.ramp.step % 1, 0, abs_tol=1e-9)


def test_a_sheet_with_a_raster_brings_its_surface(district: Opened) -> None:
    web = WebMap(district.plan, district.atlas)
    for sheet in district.atlas.sheets.values():
        document = web.document(sheet)
        assert ("surface" in document) == bool(sheet.raster)
        if sheet.raster:
            surface = document["surface"]
            assert surface["picture"]["image"]["png"].startswith("data:image/png;base64,")
            assert {f["name"] for f in surface["lines"]["features"]} == {""}
            (south, west), (north, east) = surface["picture"]["image"]["bounds"]
            outline = district.plan.layers["district"].features.to_crs(STORAGE_CRS).total_bounds
            assert np.allclose([west, south, east, north], outline, atol=0.01)


def test_both_kinds_of_rasters_are_on_a_sheet(district: Opened) -> None:
    shown = [district.atlas.rasters[sheet.raster].kind for sheet in district.atlas.sheets.values() if sheet.raster]
    assert sorted(set(shown)) == ["suitability", "travel_time"]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("rasters.toml", 'kind = "travel_time"', 'kind = "travel_tim"', "travel_time"),
        ("rasters.toml", 'from = "jia"', 'from = "jai"', "jia"),
        ("rasters.toml", 'network = "planned"', 'network = "plan"', "planned"),
        ("rasters.toml", 'preset = "herbs"', 'preset = "herb"', "herbs"),
        ("rasters.toml", '\npreset = "herbs"', "", "preset"),
        ("rasters.toml", "low_m = 0", "low_m = -900", "low_m"),
        ("rasters.toml", "[recipes.commute]", "[recipe.commute]", "recipe"),
        ("rasters.toml", "[ground]", "[ground", "rasters.toml"),
        ("sheets.toml", 'raster = "commute"', 'raster = "comute"', "commute"),
    ],
)
def test_a_faulty_recipe_is_named(draft: Draft, file: str, old: str, new: str, says: str) -> None:
    draft.edit(file, old, new)
    lines = [finding.line("en") for finding in draft.findings() if finding.level == "error"]
    assert any(says in line and file in line for line in lines), lines


def test_a_district_without_rasters_is_a_district(draft: Draft) -> None:
    (draft.folder / "rasters.toml").unlink()
    text = draft.text("sheets.toml")
    draft.write("sheets.toml", text.replace('raster = "commute"\n', "").replace('raster = "herb-land"\n', ""))
    assert not [finding for finding in draft.findings() if finding.level == "error"]
