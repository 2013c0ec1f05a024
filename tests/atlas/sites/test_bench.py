"""The bench: what is drawn, moved, edited and deleted by hand, and that each of it can be undone."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from atlas.sites.bench import DRAWN_SIGMA_M, EDITABLE, Bench, drawn, edited, empty, moved, replaced, without
from atlas.sites.model import COLUMNS
from layers.crs import STORAGE_CRS
from tests.atlas.sites.test_workspace import sites_of
from tests.conftest import Opened, opened


def heart(district: Opened) -> tuple[float, float]:
    """Return a longitude and latitude inside a district."""
    point = district.plan.layers["district"].features.to_crs(STORAGE_CRS).geometry.iloc[0].representative_point()
    return point.x, point.y


def fresh(district: Opened) -> Bench:
    """Return an empty bench."""
    return Bench(empty("草图", district.plan))


def test_an_empty_set_is_a_set(district: Opened) -> None:
    bench = fresh(district)
    assert list(bench.sites.frame.columns) == list(COLUMNS)
    assert bench.sites.frame.crs == district.plan.crs
    assert not bench.is_changed
    assert bench.undone() == bench


def test_points_lines_and_areas_are_drawn_where_they_were(district: Opened) -> None:
    x, y = heart(district)
    shapes = {"point": [(x, y)], "line": [(x, y), (x + 0.01, y)], "area": [(x, y), (x + 0.002, y), (x, y + 0.003)]}
    bench = fresh(district)
    for tool, coordinates in shapes.items():
        bench = drawn(bench, district.plan, tool, coordinates, name=tool)
    frame = bench.sites.frame
    assert list(frame["name"]) == list(shapes)
    assert frame["id"].is_unique
    assert list(frame.geom_type) == ["Point", "LineString", "Polygon"]
    assert frame["inside"].all()
    assert set(frame["sigma_m"]) == {DRAWN_SIGMA_M}
    back = frame.to_crs(STORAGE_CRS).geometry
    for shape, coordinates in zip(back, shapes.values(), strict=True):
        assert np.allclose(shapely.get_coordinates(shape)[: len(coordinates)], coordinates, atol=1e-9)
    true = abs(Geod(ellps="GRS80").geometry_area_perimeter(back.iloc[2])[0])
    assert frame.geometry.iloc[2].area == pytest.approx(true, rel=1e-3)


def test_an_area_that_crosses_itself_is_mended(toyland: Opened) -> None:
    x, y = heart(toyland)
    bow = [(x, y), (x + 0.01, y + 0.01), (x + 0.01, y), (x, y + 0.01)]
    shape = drawn(fresh(toyland), toyland.plan, "area", bow, name="结").sites.frame["geometry"].iloc[0]
    assert shape.is_valid
    assert shape.geom_type == "MultiPolygon"


@pytest.mark.parametrize(("tool", "steps"), [("line", [(0, 0), (0, 0)]), ("area", [(0, 0), (0.01, 0), (0, 0)])])
def test_what_has_no_extent_is_not_added(toyland: Opened, tool: str, steps: list[tuple[float, float]]) -> None:
    x, y = heart(toyland)
    bench = fresh(toyland)
    assert drawn(bench, toyland.plan, tool, [(x + dx, y) for dx, _ in steps], name="") is bench


def test_a_site_beyond_the_border_is_marked(toyland: Opened) -> None:
    x, y = heart(toyland)
    assert not drawn(fresh(toyland), toyland.plan, "point", [(x + 5, y)], name="远").sites.frame["inside"].iloc[0]


@given(east=st.floats(-0.02, 0.02), north=st.floats(-0.02, 0.02))
def test_moving_there_and_back_changes_nothing(east: float, north: float) -> None:
    district = opened("toyland")
    bench = Bench(sites_of(district))
    x, y = heart(district)
    there = moved(bench, district.plan, "s2", (x, y), (x + east, y + north))
    before, after = bench.sites.frame.geometry, there.sites.frame.geometry
    assert after.iloc[2].area == pytest.approx(before.iloc[2].area)
    assert [a.equals(b) for a, b in zip(after, before, strict=True)][:2] == [True, True]
    back = moved(there, district.plan, "s2", (x + east, y + north), (x, y))
    assert back.sites.frame.geometry.iloc[2].hausdorff_distance(before.iloc[2]) < 1e-5
    assert there.undone().sites is bench.sites


def test_a_site_gets_another_geometry(toyland: Opened) -> None:
    bench = Bench(sites_of(toyland))
    shape = bench.sites.frame.geometry.iloc[2].buffer(-20)
    after = replaced(bench, toyland.plan, "s2", shape)
    assert after.sites.frame.geometry.iloc[2].equals(shape)
    assert replaced(bench, toyland.plan, "gone", shape) is bench
    assert moved(bench, toyland.plan, "gone", (0, 0), (1, 1)) is bench


def test_attributes_are_edited_and_numbers_stay_numbers(toyland: Opened) -> None:
    bench = Bench(sites_of(toyland))
    after = edited(bench, "s1", {"name": "=1+1", "category": None, "investment_wan": "88.5", "sigma_m": -3, "id": "x"})
    row = after.sites.frame.iloc[1]
    assert (row["name"], row["category"], row["investment_wan"], row["sigma_m"], row["id"]) == (
        "=1+1",
        "",
        88.5,
        5,
        "s1",
    )
    assert math.isnan(edited(after, "s1", {"investment_wan": "很多"}).sites.frame["investment_wan"].iloc[1])
    assert edited(bench, "s1", {"sigma_m": math.inf}).sites.frame["sigma_m"].iloc[1] == 5
    assert set(EDITABLE) < set(COLUMNS)
    assert bench.sites.frame["name"].iloc[1] == "<b>甲</b>"


def test_everything_can_be_undone_in_order(toyland: Opened) -> None:
    bench = start = Bench(sites_of(toyland))
    bench = without(bench, {"s0", "s2"})
    bench = edited(bench, "s1", {"name": "新"})
    bench = drawn(bench, toyland.plan, "point", [heart(toyland)], name="点")
    assert list(bench.sites.frame["name"]) == ["新", "点"]
    assert bench.sites.reading.features == 2
    assert bench.is_changed
    names = []
    while bench.past:
        bench = bench.undone()
        names.append(list(bench.sites.frame["name"]))
    assert names[0] == ["新"]
    assert bench.sites is start.sites
    assert without(bench, {"gone"}) is bench


def test_the_undo_is_not_without_end(toyland: Opened) -> None:
    bench = Bench(sites_of(toyland, count=1))
    for n in range(60):
        bench = edited(bench, "s0", {"name": str(n)})
    assert len(bench.past) == 50


def test_saving_and_renaming(toyland: Opened) -> None:
    bench = Bench(sites_of(toyland)).saved("r1")
    assert not bench.is_changed
    other = bench.renamed("别名")
    assert (other.sites.name, other.revision, other.is_changed) == ("别名", "", True)
    assert edited(bench, "s0", {"name": "新"}).revision == "r1"
