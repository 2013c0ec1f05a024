"""Exact overlay: the same as plain shapely says, whatever the order, the place and the way a site is cut."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point, affinity, box

from atlas.screening.engine import Sites, overlay
from atlas.screening.measure import areas_m2, point_scale
from atlas.screening.nearest import in_blocks, nearest_of_points
from atlas.screening.target import of_the_plan
from layers.crs import ellipsoidal_area
from tests.atlas.screening.made import CRS, EAST, NORTH, at, inside, square, target
from tests.strategies import areas

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.conftest import Opened

MIDDLE = np.array([EAST, NORTH])


def sites(*shapes: object, sigma_m: float = 0.0) -> Sites:
    return Sites(np.array(shapes, object), np.full(len(shapes), sigma_m), CRS)


def test_touch_overlap_share_and_distance_are_those_of_the_plane_in_the_middle_of_the_zone() -> None:
    layer = target("a", [square(0, 0, 100), square(1000, 0, 100)])
    found = overlay(sites(square(100, 0, 50), square(0, 0, 10), square(400, 0, 50)), layer)
    assert found.touches.tolist() == [True, True, False]
    assert found.overlap_m2[:2] == pytest.approx([5_000, 400], rel=1e-6)
    assert found.share.tolist() == pytest.approx([0.5, 1.0, 0.0])
    assert found.distance_m.tolist() == pytest.approx([0, 0, 250], rel=1e-6)
    assert found.nearest.tolist() == [0, 0, 0]


def test_a_line_has_a_share_of_its_length_and_no_area() -> None:
    layer = target("a", [square(0, 0, 100)])
    found = overlay(sites(LineString([at(0, 0), at(400, 0)])), layer)
    assert found.share[0] == pytest.approx(0.25)
    assert np.isnan(found.overlap_m2[0])


def test_of_several_the_one_with_most_of_the_site_is_named() -> None:
    layer = target("a", [box(EAST, NORTH, EAST + 100, NORTH + 100), box(EAST + 100, NORTH, EAST + 300, NORTH + 100)])
    part = box(EAST + 60, NORTH, EAST + 200, NORTH + 50)
    found = overlay(sites(part), layer, of_nearest=True)
    assert found.nearest.tolist() == [1]
    assert found.share[0] == pytest.approx(100 / 140)
    assert overlay(sites(part), layer).share[0] == pytest.approx(1.0)


def test_ground_in_two_overlapping_areas_counts_once() -> None:
    layer = target("a", [square(0, 0, 100), square(50, 0, 100)])
    found = overlay(sites(square(25, 0, 50)), layer)
    assert found.share[0] == pytest.approx(1.0)
    assert found.overlap_m2[0] == pytest.approx(10_000, rel=1e-6)


@given(area=areas(), cut=st.floats(0.05, 0.95), turn=st.floats(0, 180))
def test_a_site_cut_in_two_shares_as_much_as_whole(area: shapely.Polygon, cut: float, turn: float) -> None:
    west, south, east, north = area.bounds
    layer = target("a", [area])
    site = affinity.rotate(box(west + 1000, south + 1000, east, (south + north) / 2), turn)
    x0, y0, x1, y1 = site.bounds
    middle = x0 + cut * (x1 - x0)
    parts = [shapely.intersection(site, box(x0 - 1, y0 - 1, middle, y1 + 1))]
    parts += [shapely.difference(site, box(x0 - 1, y0 - 1, middle, y1 + 1))]
    whole, halves = overlay(sites(site), layer), overlay(sites(*parts), layer)
    assert halves.overlap_m2.sum() == pytest.approx(whole.overlap_m2[0], rel=1e-5, abs=1.0)
    assert whole.share[0] == pytest.approx(site.intersection(area).area / site.area, abs=1e-9)


@given(area=areas(), shift=st.tuples(st.floats(-50_000, 50_000), st.floats(-50_000, 50_000)), factor=st.floats(0.5, 2))
def test_shifting_and_scaling_everything_changes_no_share(
    area: shapely.Polygon, shift: tuple[float, float], factor: float
) -> None:
    site = area.centroid.buffer(4_000, quad_segs=4)
    other = Point(area.bounds[2] + 9_000, area.bounds[3]).buffer(50)

    def both(shape: BaseGeometry) -> BaseGeometry:
        grown = affinity.scale(shape, factor, factor, origin=(EAST, NORTH))
        return affinity.translate(grown, *shift)

    here = overlay(sites(site, other), target("a", [area]))
    there = overlay(sites(both(site), both(other)), target("a", [both(area)]))
    assert there.touches.tolist() == here.touches.tolist()
    assert there.share == pytest.approx(here.share, abs=1e-6)
    assert there.distance_m == pytest.approx(here.distance_m * factor, rel=1e-3)


def test_order_does_not_matter(bazhou: Opened) -> None:
    shapes = inside(bazhou.plan, 30)
    order = np.random.default_rng(5).permutation(len(shapes))
    for layer in (of_the_plan(layer) for layer in bazhou.plan.layers.values() if len(layer)):
        one, other = overlay(sites(*shapes), layer), overlay(sites(*[shapes[n] for n in order]), layer)
        assert other.nearest.tolist() == one.nearest[order].tolist()
        assert other.distance_m.tolist() == one.distance_m[order].tolist()
        np.testing.assert_array_equal(other.overlap_m2, one.overlap_m2[order])


@pytest.mark.parametrize("count", [1, 7, 3_000])
def test_many_points_are_answered_as_one_by_one(district: Opened, count: int) -> None:
    """The fast way for points gives what shapely gives for each geometry."""
    [outline] = [row.geometry for row in district.plan.layers["district"].rows]
    west, south, east, north = outline.bounds
    spots = np.random.default_rng(count).uniform((west - 5e3, south - 5e3), (east + 5e3, north + 5e3), (count, 2))
    points = np.asarray(shapely.points(spots), dtype=object)
    layers = [of_the_plan(layer) for layer in district.plan.layers.values() if len(layer)]
    mine = Sites(points, np.zeros(count), district.plan.crs)
    for layer in layers:
        found = overlay(mine, layer)
        distances = shapely.distance(points[:, None], layer.geometries[None, :])
        assert found.distance_m * mine.scale == pytest.approx(distances.min(axis=1), abs=1e-6)
        named = distances[np.arange(count), found.nearest]
        assert named == pytest.approx(distances.min(axis=1), abs=1e-6)
        assert found.touches.tolist() == (distances.min(axis=1) == 0).tolist()


@given(data=st.data())
def test_blocks_miss_no_edge(data: st.DataObject) -> None:
    seed, edges = data.draw(st.integers(0, 10_000)), data.draw(st.integers(1, 60))
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-1e4, 1e4, (edges + 1, 2)) + MIDDLE
    layer = target("a", [LineString(pair) for pair in pairwise(corners)])
    spots = rng.uniform(-2e4, 2e4, (200, 2)) + MIDDLE
    which = rng.random(200) < 0.7
    rows, nearest, distance = nearest_of_points(in_blocks(spots), which, layer)
    assert sorted(rows) == np.flatnonzero(which).tolist()
    table = shapely.distance(np.asarray(shapely.points(spots[rows]), dtype=object)[:, None], layer.geometries[None, :])
    assert distance == pytest.approx(table.min(axis=1), abs=1e-6)
    assert table[np.arange(len(rows)), nearest] == pytest.approx(table.min(axis=1), abs=1e-6)


def test_a_layer_with_very_many_edges_goes_by_a_tree() -> None:
    ring = LineString([at(1000 * np.cos(a), 1000 * np.sin(a)) for a in np.linspace(0, 6.28, 6_000)])
    _, nearest, distance = nearest_of_points(
        in_blocks(np.array([[EAST, NORTH]])), np.array([True]), target("a", [ring])
    )
    assert nearest.tolist() == [0]
    assert distance == pytest.approx([1000], abs=0.01)


def test_edges_of_every_kind_of_geometry() -> None:
    hole = square(0, 0, 100).difference(square(0, 0, 50))
    layer = target("a", [at(0, 0), LineString([at(0, 0), at(5, 0), at(5, 5)]), hole, MultiPoint([at(1, 1), at(2, 2)])])
    edges, owners = layer.segments
    assert np.bincount(owners).tolist() == [1, 2, 8, 2]
    lengths = np.hypot(*(edges[:, 2:] - edges[:, :2]).T)
    assert lengths[owners == 2].sum() == pytest.approx(hole.length)
    assert lengths[owners == 3].tolist() == [0, 0]


def test_areas_and_lengths_are_those_on_the_ellipsoid() -> None:
    """At the edge of the zone, where the plane stretches most."""
    [x], [y] = pyproj.Transformer.from_crs(4490, CRS, always_xy=True).transform([106.6], [31.8])
    for half in (100.0, 2_000.0, 15_000.0):
        shape = np.array([box(x - half, y - half, x + half, y + half)], object)
        assert areas_m2(shape, CRS) == pytest.approx(ellipsoidal_area(shape, CRS), rel=1e-5)
    scale = point_scale(np.array([[x, y]]), CRS)
    lon, lat = pyproj.Transformer.from_crs(CRS, 4490, always_xy=True).transform([x, x], [y, y + 500])
    [geodesic] = pyproj.Geod(ellps="GRS80").inv(lon[:1], lat[:1], lon[1:], lat[1:])[2:]
    assert 500 / scale[0] == pytest.approx(geodesic[0], rel=1e-6)
    assert scale[0] > 1.0001
