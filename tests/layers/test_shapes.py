"""The recipes of single shapes, measured on toyland: widths, radii, bearings and lengths are those of the data."""

import math

import pytest
import shapely
from shapely import Point, Polygon

from layers import Feature
from layers.assemble import locate
from tests.conftest import Draft, Opened, opened


def drawn(id_: str) -> Feature:
    feature = opened("toyland").plan.feature(id_)
    assert feature
    return feature


def points() -> dict[str, Point]:
    plan = opened("toyland").plan
    return locate(plan.places, plan.crs)


def changed(draft: Draft, id_: str, **cells: str) -> Feature:
    """Return a feature as it is drawn after a change of its row."""
    from layers import audit  # noqa: PLC0415 - only here

    draft.cell("elements.csv", id_, **cells)
    plan, found = audit(draft.folder)
    assert plan
    assert not found.errors()
    feature = plan.feature(id_)
    assert feature
    return feature


def test_a_belt_is_as_wide_as_the_data_say() -> None:
    """Half its width to either side of its line, where the district does not cut it."""
    ring, belt = drawn("ring-toy").geometry, drawn("ring-toy-belt").geometry
    outline = drawn("district").geometry
    inner = belt.boundary.difference(outline.boundary.buffer(1.0))
    away = [ring.distance(Point(xy)) for xy in shapely.get_coordinates(inner)]
    assert away
    assert max(away) <= 1000.5
    assert sorted(away)[len(away) // 2] == pytest.approx(1000, abs=10)


def test_a_belt_through_places_passes_them() -> None:
    belt = drawn("herb-toy").geometry
    assert all(belt.covers(points()[place]) for place in ("ding", "wu"))


def test_a_disc_lies_around_its_place(draft: Draft) -> None:
    """Well inside the district it is a circle of its radius."""
    disc = changed(draft, "eco-core-toy", at="jia", radius_m="900").geometry
    assert disc.area == pytest.approx(math.pi * 900**2, rel=0.01)
    assert disc.centroid.distance(points()["jia"]) < 1


@pytest.mark.parametrize(("bearing", "east", "north"), [(0, 0, 1), (90, 1, 0), (180, 0, -1), (262, -0.990, -0.139)])
def test_an_arrow_points_where_the_text_says(draft: Draft, bearing: int, east: float, north: float) -> None:
    """Clockwise from north; it ends as far from its place as the data say."""
    arrow = changed(draft, "direction-east", bearing=str(bearing)).geometry
    start, end = points()["jia"], Point(arrow.coords[-1])
    assert end.distance(start) == pytest.approx(4000, abs=1e-3)
    assert (end.x - start.x) / 4000 == pytest.approx(east, abs=1e-3)
    assert (end.y - start.y) / 4000 == pytest.approx(north, abs=1e-3)
    assert 0 < Point(arrow.coords[0]).distance(start) < 4000


def test_an_enclosure_is_what_its_ring_encloses() -> None:
    """As far as it lies in the district."""
    inside = Polygon(drawn("ring-toy").geometry.coords).intersection(drawn("district").geometry)
    assert drawn("demo-toy").geometry.symmetric_difference(inside).area < 1e-6 * inside.area


def test_what_follows_a_river_lies_on_it() -> None:
    river, levee = drawn("river-toy").geometry, drawn("levee-toy").geometry
    assert river.buffer(0.01).covers(levee)
    assert levee.length == pytest.approx(river.intersection(drawn("district").geometry).length, rel=1e-6)


def test_a_zone_joins_the_towns_it_lists() -> None:
    towns = shapely.union_all([drawn(f"town-{seat}").geometry for seat in ("jia", "ding", "wu")])
    assert drawn("farm-south").geometry.symmetric_difference(towns).area < 1


def test_zones_share_out_all_towns_and_keep_their_cores(toyland: Opened) -> None:
    shares = [set(zone.towns) for zone in toyland.plan.layers["zone"].rows]
    assert set.union(*shares) == {"jia", "yi", "bing", "ding", "wu"}
    assert sum(map(len, shares)) == 5
    assert {"jia", "yi"} <= shares[0]
    assert "wu" in shares[1]


def test_a_feature_that_says_nothing_is_as_unsure_as_its_least_sure_place(toyland: Opened) -> None:
    axis = drawn("axis-south")
    assert axis.sigma_m == max(toyland.plan.places[place].sigma_m for place in ("jia", "wu", "harbour"))
    assert drawn("core-old").basis == "gazetteer"
    assert drawn("node-wu").basis == "schematic"


def test_what_the_data_say_of_certainty_comes_first() -> None:
    assert drawn("direction-east").sigma_m == 2000
    assert drawn("district").sigma_m == 300
    assert drawn("district").basis == "digitised"
