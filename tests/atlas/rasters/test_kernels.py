"""Slope, aspect and shade of surfaces whose answer is known, and of any surface as gdaldem has it."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from atlas.rasters.derive import derive
from atlas.rasters.kernels import (
    KERNELS,
    aspect,
    by_blocks,
    hillshade,
    slope_degrees,
    slope_percent,
)
from layers import PlanError
from tests.terrain import centres, grid, heights, write_grid

GDALDEM = shutil.which("gdaldem")


@given(east=st.floats(-2, 2), north=st.floats(-2, 2), cell_m=st.sampled_from([1.0, 30.0, 100.0]))
def test_a_plane_has_its_slope_and_aspect_everywhere(east: float, north: float, cell_m: float) -> None:
    where = grid(12, 15, cell_m)
    plane = heights(where, lambda x, y: east * (x - where.west) + north * (y - where.north))
    ratio = np.hypot(east, north)
    assert np.allclose(slope_percent(plane, cell_m), 100 * ratio, atol=0.05)
    assert np.allclose(slope_degrees(plane, cell_m), np.degrees(np.arctan(ratio)), atol=0.03)
    if ratio > 0.1:
        facing = np.degrees(np.arctan2(-east, -north)) % 360
        off = np.abs(aspect(plane, cell_m) - facing)
        assert np.minimum(off, 360 - off).max() < 0.3


def test_level_ground_has_no_aspect_and_is_lit_half() -> None:
    flat = np.full((6, 7), 500, np.float32)
    assert np.isnan(aspect(flat, 30.0)).all()
    assert np.allclose(hillshade(flat, 30.0), 1 + 254 * np.sqrt(0.5))


def test_a_cone_is_equally_steep_all_around_and_falls_outward() -> None:
    where = grid(101, 101)
    middle = (where.west + 505, where.north - 505)
    cone = heights(where, lambda x, y: 1000 - 0.5 * np.hypot(x - middle[0], y - middle[1]))
    x, y = (values[1:-1, 1:-1] - part for values, part in zip(centres(where), middle, strict=True))
    away = np.hypot(x, y) > 100
    assert np.abs(slope_degrees(cone, 10.0) - np.degrees(np.arctan(0.5)))[away].max() < 0.1
    off = np.abs(aspect(cone, 10.0) - np.degrees(np.arctan2(x, y)) % 360)
    assert np.minimum(off, 360 - off)[away].max() < 0.5


def test_a_gaussian_hill_is_as_steep_as_its_derivative() -> None:
    where, wide, high = grid(200, 200, 5.0), 150.0, 100.0
    x, y = centres(where)
    x, y = x - (where.west + 500), y - (where.north - 500)
    hill = (high * np.exp(-(x**2 + y**2) / (2 * wide**2))).astype(np.float32)
    exact = hill * np.hypot(x, y) / wide**2
    assert np.abs(np.tan(np.radians(slope_degrees(hill, 5.0))) - exact[1:-1, 1:-1]).max() < 0.002


@given(rows=st.integers(3, 40), columns=st.integers(3, 60), seed=st.integers(0, 9))
def test_blocks_make_no_difference(rows: int, columns: int, seed: int) -> None:
    ground = np.random.default_rng(seed).uniform(0, 100, (rows, columns)).astype(np.float32)
    for kernel in KERNELS.values():
        assert np.array_equal(by_blocks(kernel, ground, 30.0), kernel(ground, 30.0), equal_nan=True)


def test_unknown_ground_makes_its_neighbours_unknown() -> None:
    ground = np.full((7, 7), 100, np.float32)
    ground[3, 3] = np.nan
    assert np.isnan(slope_degrees(ground, 10.0)).sum() == 9


@pytest.mark.parametrize("what", ["slope", "hillshade"])
def test_a_file_is_derived_the_same_whatever_its_tiles(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = grid(700, 130)
    source = write_grid(tmp_path / "dem.tif", where, heights(where, lambda x, y: 50 * np.sin(x / 90) * np.cos(y / 70)))
    derive(source, tmp_path / "whole.tif", what)
    monkeypatch.setattr("atlas.rasters.derive.STRIP_CELLS", 1)
    derive(source, tmp_path / "strips.tif", what, cog=True)
    with rasterio.open(tmp_path / "whole.tif") as whole, rasterio.open(tmp_path / "strips.tif") as strips:
        assert np.array_equal(whole.read(1), strips.read(1), equal_nan=True)
        assert strips.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert whole.transform == strips.transform == where.transform


@pytest.mark.skipif(GDALDEM is None, reason="no gdaldem here")
@pytest.mark.parametrize(
    ("what", "options", "off"),
    [
        ("slope", ["slope"], 1e-3),
        ("slope-percent", ["slope", "-p"], 1e-2),
        ("hillshade", ["hillshade"], 1),
        ("aspect", ["aspect"], 0.02),
    ],
)
def test_gdaldem_finds_the_same(what: str, options: list[str], off: float, tmp_path: Path) -> None:
    where, rng = grid(90, 120, 30.0), np.random.default_rng(5)
    rough = 400 + rng.normal(0, 20, where.shape).cumsum(0).cumsum(1) / 20
    rough[20, 30] = -9999
    source = write_grid(tmp_path / "dem.tif", where, rough.astype(np.float32), nodata=-9999)
    derive(source, tmp_path / "ours.tif", what)
    theirs = str(tmp_path / "theirs.tif")
    subprocess.run([str(GDALDEM), options[0], str(source), theirs, *options[1:], "-q"], check=True)
    with rasterio.open(tmp_path / "ours.tif") as one, rasterio.open(theirs) as other:
        ours, known = one.read(1).astype(float), other.read(1, masked=True)
        ours[one.read_masks(1) == 0] = np.nan
    theirs_known = ~np.ma.getmaskarray(known)
    assert np.array_equal(np.isfinite(ours), theirs_known)
    away = np.abs(ours - known.filled(0).astype(float))[theirs_known]
    assert (np.minimum(away, 360 - away) if what == "aspect" else away).max() <= off


def test_heights_in_degrees_are_no_ground_to_measure_slope_on(tmp_path: Path) -> None:
    where = grid(10, 10)
    source = write_grid(tmp_path / "dem.tif", where, np.zeros(where.shape, np.float32))
    with rasterio.open(source, "r+") as dataset:
        dataset.crs = "EPSG:4326"
    with pytest.raises(PlanError, match=r"dem\.tif"):
        derive(source, tmp_path / "out.tif", "slope")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dem.tif"]
