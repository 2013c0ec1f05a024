"""Travel time where the answer is known: open ground, a road, a wall, a district."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atlas.rasters.grid import Grid, cut, district_area, district_grid, snapped
from atlas.rasters.network import costs, roads_of, speeds
from atlas.rasters.suitability import distances
from atlas.rasters.traveltime import isochrone, least_minutes, origin_of, starts_on, travel_grid, travel_time
from layers import Plan, PlanError
from layers.crs import ellipsoidal_area
from tests.conftest import Opened
from tests.terrain import grid


@given(
    rows=st.integers(2, 30), columns=st.integers(2, 30), kmh=st.floats(1, 100), cell_m=st.sampled_from([10.0, 100.0])
)
def test_on_open_ground_one_goes_straight_or_at_half_right_angles(
    rows: int, columns: int, kmh: float, cell_m: float
) -> None:
    """The distance of eight neighbours, in closed form: diagonals first, then straight on."""
    per_metre = 0.06 / kmh
    minutes = least_minutes(np.full((rows, columns), per_metre), cell_m, [(0, 0)])
    row, column = np.mgrid[0:rows, 0:columns]
    near, far = np.minimum(row, column), np.maximum(row, column)
    assert np.allclose(minutes, (near * math.sqrt(2) + far - near) * cell_m * per_metre, rtol=1e-5)


def test_a_road_is_worth_a_detour() -> None:
    ground = np.full((11, 101), 0.06 / 5)
    ground[0] = 0.06 / 50
    minutes = least_minutes(ground, 100.0, [(0, 0)])
    assert minutes[0, 100] == pytest.approx(100 * 100 * 0.06 / 50, rel=1e-5)
    # Seen from the road, the last leg is across open ground; the first step of it is half on the road.
    assert minutes[10, 50] < 11 * 100 * 0.06 / 5 + minutes[0, 50]


def test_a_wall_is_passed_at_its_gap_or_not_at_all() -> None:
    ground = np.full((9, 9), 0.001)
    ground[:, 4] = np.inf
    assert np.isnan(least_minutes(ground, 10.0, [(4, 0)])[:, 4:]).all()
    ground[8, 4] = 0.001
    around = least_minutes(ground, 10.0, [(4, 0)])
    assert around[4, 8] == pytest.approx(2 * (4 * math.sqrt(2)) * 10 * 0.001, rel=1e-5)


def test_a_thin_river_leaves_no_diagonal_gap() -> None:
    where = grid(40, 40)
    river = where.burn(
        [shapely.LineString([(where.west, where.north - 13), (where.west + 400, where.north - 391)])], touched=True
    )
    ground = np.where(river, np.inf, 0.001)
    assert np.isnan(least_minutes(ground, 10.0, [(39, 0)])[0, 39])


def test_an_isochrone_on_open_ground_is_the_octagon() -> None:
    where = grid(201, 201)
    minutes = least_minutes(np.full(where.shape, 0.001), 10.0, [(100, 100)])
    reached = isochrone(minutes, where, 0.8)
    assert reached.area == pytest.approx(2 * math.sqrt(2) * 800**2, rel=2e-3)
    assert reached.contains(shapely.Point(where.west + 1005, where.north - 1005))


def test_an_isochrone_keeps_the_hole_of_what_is_not_reached() -> None:
    where = grid(41, 41)
    minutes = np.ones(where.shape, np.float32)
    minutes[18:23, 18:23] = 50
    minutes[30:, :] = np.nan
    reached = isochrone(minutes, where, 10)
    assert not reached.contains(shapely.Point(where.west + 205, where.north - 205))
    assert reached.bounds[1] > where.north - 310


def test_larger_limits_enclose_smaller_ones(district: Opened) -> None:
    result = travel_time(district.plan, "city" if "city" in district.plan.places else "jia", "planned", cell_m=200)
    areas = [circle.area for circle in result.isochrones]
    assert all(small.difference(large).area < 1 for small, large in pairwise(areas))
    assert [circle.km2 for circle in result.isochrones] == sorted(circle.km2 for circle in result.isochrones)
    for circle in result.isochrones:
        assert set(circle.towns) == {town for town, spent in result.towns if spent <= circle.minutes}
        # The plane of the CRS and the ellipsoid agree to a thousandth here.
        assert circle.km2 == pytest.approx(circle.area.area / 1e6, rel=2e-3)


def test_more_roads_never_take_longer(toyland: Opened) -> None:
    existing = travel_time(toyland.plan, "jia", "existing").minutes
    planned = travel_time(toyland.plan, "jia", "planned").minutes
    assert (planned <= existing + 1e-4)[np.isfinite(existing)].all()
    assert (planned < existing - 1).any()


def test_steep_ground_slows_down_who_leaves_the_road(toyland: Opened) -> None:
    where = travel_grid(toyland.plan)
    steep = np.full(where.shape, 20, np.float32)
    flat, hilly = (costs(toyland.plan, where, "existing", slope) for slope in (None, steep))
    roads = where.burn([f.geometry for _, f in roads_of(toyland.plan, "existing")], touched=True)
    assert np.array_equal(flat.minutes[roads], hilly.minutes[roads])
    assert (hilly.minutes >= flat.minutes).all()
    assert (hilly.minutes > flat.minutes).any()


def test_a_river_takes_its_crossing(toyland: Opened) -> None:
    where = travel_grid(toyland.plan)
    ground = costs(toyland.plan, where, "existing")
    river = where.burn([f.geometry for f in toyland.plan.layers["river"].rows], touched=True)
    roads = where.burn([f.geometry for _, f in roads_of(toyland.plan, "existing")], touched=True)
    assert np.allclose(ground.minutes[river & ~roads] * where.cell_m, speeds()["crossing_min"])
    assert (ground.minutes[river & roads] < 0.01).all()


@pytest.mark.parametrize(
    ("origin", "network", "says"),
    [("jai", "planned", "jia"), ("jia", "planed", "planned"), ("lost-lake", "planned", "失落湖")],
)
def test_what_is_not_there_is_named(toyland: Opened, origin: str, network: str, says: str) -> None:
    with pytest.raises(PlanError, match=says):
        travel_time(toyland.plan, origin, network)


def test_time_may_start_from_any_feature(toyland: Opened) -> None:
    name, shape = origin_of(toyland.plan, "road-old")
    result = travel_time(toyland.plan, "road-old", "existing", cell_m=200)
    assert result.origin == name
    cell = result.grid.cell(*shape.interpolate(0.5, normalized=True).coords[0])
    assert cell
    assert result.minutes[cell] < 1


def test_cells_lie_in_the_same_places_whatever_the_margin(district: Opened) -> None:
    plan: Plan = district.plan
    wide, narrow = (district_grid(plan, 100, margin) for margin in (7_000, 0))
    values = np.arange(wide.rows * wide.columns, dtype=np.float32).reshape(wide.shape)
    part = cut(values, wide, narrow)
    assert part.shape == narrow.shape
    row, column = wide.cell(narrow.west + 1, narrow.north - 1) or (0, 0)
    assert part[0, 0] == values[row, column]
    west, south, east, north = district_area(plan).bounds
    assert (narrow.bounds[0] <= west) & (narrow.bounds[1] <= south) & (narrow.bounds[2] >= east)
    assert narrow.bounds[3] >= north


def test_what_lies_beyond_the_margin_is_left_out_and_changes_nothing(district: Opened) -> None:
    plan = district.plan
    town = plan.layers["town"].rows[0]
    result = travel_time(plan, town.places[0], "existing", cell_m=200, limits=())
    everywhere = costs(plan, result.grid, "existing")
    starts = starts_on(result.grid, origin_of(plan, town.places[0])[1], everywhere)
    minutes = least_minutes(everywhere.minutes, 200, starts)
    inside = result.grid.burn([district_area(plan)])
    assert np.allclose(result.minutes[inside], minutes[inside], equal_nan=True)
    far = distances([district_area(plan)], result.grid) > speeds()["margin_km"] * 1000 + 400
    assert np.isinf(result.costs.minutes[far]).all()


def test_areas_are_those_of_the_ellipsoid(bazhou: Opened) -> None:
    """At the edge of its zone the plane is too large by the square of the scale factor, which PROJ knows."""
    crs = bazhou.plan.crs
    x, y = district_area(bazhou.plan).centroid.coords[0]
    square = shapely.box(x, y, x + 1000, y + 1000)
    scale = 1 + (x - 500_000) ** 2 / (2 * 6.371e6**2)
    assert ellipsoidal_area(np.array([square]), crs)[0] == pytest.approx(1e4 * 100 / scale**2, rel=1e-5)
    assert ellipsoidal_area(np.array([shapely.Polygon()]), crs)[0] == 0
    holed = square.difference(shapely.box(x + 400, y + 400, x + 500, y + 500))
    assert ellipsoidal_area(np.array([holed]), crs)[0] == pytest.approx(1e4 * 99 / scale**2, rel=1e-5)


def test_a_grid_covers_what_it_was_made_for() -> None:
    crs = grid().crs
    tiny: Grid = snapped(shapely.Point(400_050, 3_300_050), crs, 100)
    assert tiny.shape == (1, 1)
    assert tiny.cell(400_050, 3_300_050) == (0, 0)
    assert tiny.cell(400_150, 3_300_050) is None
