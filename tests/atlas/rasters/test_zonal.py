"""Statistics in areas: exact at the edges, the same however a raster is cut, equal to exactextract where it is installed."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from atlas.rasters.zonal import coverage, zone
from tests.terrain import grid

WHERE = grid(30, 40)


@st.composite
def areas(draw: st.DrawFn) -> BaseGeometry:
    """Return an area that may have holes, parts, and corners on the lines of the grid or off it."""
    corners = draw(st.integers(3, 14))
    reach = np.array(draw(st.lists(st.floats(5, 260), min_size=corners, max_size=corners)))
    x = WHERE.west + draw(st.sampled_from([0.0, 200.0, 201.5, 395.0]))
    y = WHERE.north - draw(st.sampled_from([0.0, 150.0, 148.25]))
    turn = np.arange(corners) / corners * 2 * math.pi
    star: BaseGeometry = Polygon(np.column_stack([x + reach * np.cos(turn), y + reach * np.sin(turn)])).buffer(0)
    if draw(st.booleans()):
        star = star.difference(shapely.Point(x + 20, y).buffer(draw(st.floats(1, 90))))
    if draw(st.booleans()):
        star = star.union(shapely.box(x + 100, y - 140, x + 140, y - 120))
    return star


@given(areas())
def test_each_cell_counts_with_exactly_its_part(area: BaseGeometry) -> None:
    column, row = np.meshgrid(np.arange(WHERE.columns), np.arange(WHERE.rows))
    west, north = WHERE.west + column * WHERE.cell_m, WHERE.north - row * WHERE.cell_m
    cells = shapely.box(west, north - WHERE.cell_m, west + WHERE.cell_m, north)
    exact = shapely.area(shapely.intersection(cells, area)) / WHERE.cell_m**2
    assert np.abs(coverage(area, WHERE) - exact).max() < 1e-7


@given(areas(), st.integers(0, 5))
def test_parts_of_an_area_add_up(area: BaseGeometry, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(0, 10, WHERE.shape).astype(np.float32)
    cut = shapely.box(WHERE.west, WHERE.bounds[1], WHERE.west + 187.3, WHERE.north)
    whole, *parts = (zone(values, WHERE, part) for part in (area, area.intersection(cut), area.difference(cut)))
    assert whole.count == pytest.approx(sum(part.count for part in parts), abs=1e-6)
    if whole.count > 1e-3:
        total = sum(part.mean * part.count for part in parts if part.count)
        assert whole.mean == pytest.approx(total / whole.count, rel=1e-6)


def test_a_plane_over_a_symmetric_area_has_its_value_in_the_middle() -> None:
    column, row = np.meshgrid(np.arange(WHERE.columns) + 0.5, np.arange(WHERE.rows) + 0.5)
    plane = (3 * column - 2 * row).astype(np.float32)
    middle = shapely.Point(WHERE.west + 203.7, WHERE.north - 151.1)
    found = zone(plane, WHERE, middle.buffer(97))
    assert found.mean == pytest.approx(3 * 20.37 - 2 * 15.11, abs=0.02)
    assert found.known == pytest.approx(1)


def test_classes_share_out_what_is_known() -> None:
    values = np.full(WHERE.shape, 1, np.float32)
    values[:, 20:] = 7
    values[:, 30:] = np.nan
    found = zone(values, WHERE, shapely.box(*WHERE.bounds), (0, 2, 6, 8))
    assert found.shares == pytest.approx((2 / 3, 0, 1 / 3, 0))
    assert found.known == pytest.approx(0.75)
    assert (found.low, found.high) == (1, 7)


def test_a_value_on_the_edge_of_a_class_belongs_to_the_upper_one() -> None:
    values = np.full(WHERE.shape, 6, np.float32)
    assert zone(values, WHERE, shapely.box(*WHERE.bounds), (0, 2, 6)).shares == (0, 0, 1)


def test_off_the_raster_nothing_is_known() -> None:
    values = np.zeros(WHERE.shape, np.float32)
    away = zone(values, WHERE, shapely.box(0, 0, 10, 10), (0, 1))
    assert away.count == 0
    assert math.isnan(away.mean)
    half = shapely.box(WHERE.west - 100, WHERE.north - 100, WHERE.west + 100, WHERE.north)
    assert zone(values, WHERE, half).known == pytest.approx(0.5)


@given(areas())
def test_exactextract_finds_the_same(area: BaseGeometry) -> None:
    extract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource  # type: ignore[import-not-found]  # noqa: PLC0415

    values = np.arange(WHERE.rows * WHERE.columns, dtype=np.float32).reshape(WHERE.shape)
    west, south, east, north = WHERE.bounds
    source = NumPyRasterSource(values, xmin=west, ymin=south, xmax=east, ymax=north)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(area)}
    [theirs] = extract.exact_extract(source, [feature], ["count", "mean", "min", "max"])
    ours = zone(values, WHERE, area)
    assert ours.count == pytest.approx(theirs["properties"]["count"], abs=1e-3)
    assert ours.mean == pytest.approx(theirs["properties"]["mean"], rel=1e-5)
