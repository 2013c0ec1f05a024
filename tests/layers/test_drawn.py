"""What is drawn of a plan: the promises that hold for every district, and for districts made up on the spot."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from layers import audit, vocabulary
from layers.assemble import locate
from layers.plan import COLUMNS
from layers.records import BASES, STATUSES
from tests.conftest import DISTRICTS, Opened, opened, scratch

TILING = [kind.id for kind in vocabulary().kinds.values() if kind.tiles]
METRE = 1.0


def outline_of(district: Opened) -> BaseGeometry:
    return shapely.union_all([row.geometry for row in district.plan.layers["district"].rows])


def test_layers_stand_in_drawing_order(district: Opened) -> None:
    """Every kind of the vocabulary is a layer, empty or not, lowest first."""
    assert list(district.plan.layers) == list(vocabulary().kinds)
    drawn = [feature.kind for feature in district.plan.features()]
    assert drawn == sorted(drawn, key=list(vocabulary().kinds).index)


def test_every_feature_says_what_it_is_and_how_it_is_known(district: Opened) -> None:
    ids = [feature.id for feature in district.plan.features()]
    assert len(ids) == len(set(ids))
    for feature in district.plan.features():
        assert feature.name
        assert feature.status in STATUSES
        assert feature.basis in BASES
        assert feature.sigma_m > 0
        assert math.isfinite(feature.sigma_m)
        assert feature.source in district.plan.sources
        assert set(feature.clauses) <= set(district.plan.statements)
        assert set(feature.places) | set(feature.towns) <= set(district.plan.places)


def test_every_geometry_is_valid_and_of_its_kind(district: Opened) -> None:
    wanted = {"point": {"Point"}, "line": {"LineString", "MultiLineString"}, "area": {"Polygon", "MultiPolygon"}}
    for feature in district.plan.features():
        assert feature.geometry.is_valid
        assert not feature.geometry.is_empty
        assert feature.geometry.geom_type in wanted[vocabulary().kinds[feature.kind].geometry]


def test_areas_stay_in_the_district_unless_their_kind_may_leave(district: Opened) -> None:
    inside = outline_of(district).buffer(METRE)
    for feature in district.plan.features():
        kind = vocabulary().kinds[feature.kind]
        if kind.geometry == "area" and not kind.beyond:
            assert inside.covers(feature.geometry), feature.id


def test_neighbours_do_not_reach_into_the_district(district: Opened) -> None:
    outline = outline_of(district)
    for neighbour in district.plan.layers["neighbour"].rows:
        assert neighbour.geometry.intersection(outline).area < 1e-6 * outline.area


@pytest.mark.parametrize("kind", TILING)
def test_what_tiles_leaves_no_gap_and_no_overlap(district: Opened, kind: str) -> None:
    """Towns, zones and farm zones cover the district within 0.1 %."""
    areas = [row.geometry for row in district.plan.layers[kind].rows]
    total = outline_of(district).area
    assert shapely.union_all(areas).area == pytest.approx(total, rel=1e-3)
    assert sum(area.area for area in areas) == pytest.approx(total, rel=1e-3)
    assert shapely.coverage_is_valid(areas)


def test_lines_pass_every_place_they_name(district: Opened) -> None:
    """To a millimetre, and in the order in which they name them."""
    points = locate(district.plan.places, district.plan.crs)
    for kind in ("axis", "ring", "river", "road", "railway", "expressway", "tour_route"):
        for feature in district.plan.layers[kind].rows:
            assert isinstance(feature.geometry, LineString)
            assert all(feature.geometry.distance(points[place]) <= 1e-3 for place in feature.places), feature.id
            along = [feature.geometry.project(points[place]) for place in feature.places]
            assert feature.geometry.is_closed or not feature.geometry.is_simple or along == sorted(along)


def test_rings_are_closed_and_do_not_cross_themselves(district: Opened) -> None:
    for ring in district.plan.layers["ring"].rows:
        assert isinstance(ring.geometry, LineString)
        assert ring.geometry.is_ring
        assert Polygon(ring.geometry.coords).is_valid


def test_belts_follow_their_ring(district: Opened) -> None:
    """The belt of a ring lies around it, as wide as the data say, as far as the district goes."""
    rings = [ring.geometry for ring in district.plan.layers["ring"].rows]
    outline = outline_of(district)
    for belt in district.plan.layers["ring_belt"].rows:
        ring = min(rings, key=lambda ring: ring.distance(belt.geometry.representative_point()))
        assert belt.geometry.buffer(METRE).covers(ring.intersection(outline))


def test_nodes_lie_on_an_axis(district: Opened) -> None:
    axes = [axis.geometry for axis in district.plan.layers["axis"].rows]
    for node in district.plan.layers["node"].rows:
        assert min(axis.distance(node.geometry) for axis in axes) <= METRE


def test_a_feature_is_never_surer_than_its_places(district: Opened) -> None:
    """Derived ones apart, which say that they are computed."""
    for feature in district.plan.features():
        used = [district.plan.places[id_].basis for id_ in feature.places]
        if used and feature.basis != "derived":
            assert BASES.index(feature.basis) >= max(map(BASES.index, used)), feature.id


def test_every_layer_is_a_frame_in_the_working_crs(district: Opened) -> None:
    """The column contract holds for empty layers too."""
    assert district.plan.crs.is_projected
    for layer in district.plan.layers.values():
        assert tuple(layer.features.columns) == COLUMNS
        assert layer.features.crs == district.plan.crs
        assert len(layer.features) == len(layer) == len(layer.rows)


def test_a_plan_tells_itself_in_one_line(district: Opened) -> None:
    line = repr(district.plan)
    assert len(line.splitlines()) == 1
    assert district.plan.district.id in line
    assert district.plan.crs.to_string() in line


def test_a_feature_is_found_by_its_id(district: Opened) -> None:
    feature = next(iter(district.plan.features()))
    assert district.plan.feature(feature.id) is feature
    assert district.plan.feature("no-such") is None


def test_shifted_datums_land_where_they_belong(toyland: Opened) -> None:
    """Toyland's GCJ-02 and BD-09 places were written from known WGS84 positions."""
    points = locate(toyland.plan.places, toyland.plan.crs)
    known = opened("toyland").plan
    for id_, (lon, lat) in {"bing": (120.13, 30.09), "ding": (119.97, 29.95)}.items():
        from layers.crs import project  # noqa: PLC0415 - only here

        east, north = project(lon, lat, known.crs)
        assert points[id_].distance(Point(float(east), float(north))) < 2.0  # five decimals


def test_both_districts_are_in_crs_of_their_own() -> None:
    codes = {opened(id_).plan.crs.to_epsg() for id_ in DISTRICTS}
    assert len(codes) == len(DISTRICTS)


@given(
    moves=st.fixed_dictionaries(
        {id_: st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)) for id_ in ("jia", "yi", "wu")}
    )
)
@settings(max_examples=25)
def test_wherever_the_seats_are_zones_tile_and_rings_pass_their_members(
    moves: dict[str, tuple[float, float]],
) -> None:
    """Better coordinates change the drawing, and break none of its promises."""
    with scratch() as draft:
        for row in draft.rows("places.csv"):
            if row["id"] in moves:
                east, north = moves[row["id"]]
                draft.cell(
                    "places.csv", row["id"], lon=f"{float(row['lon']) + east}", lat=f"{float(row['lat']) + north}"
                )
        plan, found = audit(draft.folder)
        assert plan
        assert not found.errors(), [finding.line() for finding in found.errors()]
        points = locate(plan.places, plan.crs)
        total = plan.layers["district"].rows[0].geometry.area
        for kind in TILING:
            areas = [row.geometry for row in plan.layers[kind].rows]
            assert shapely.coverage_is_valid(areas)
            assert sum(area.area for area in areas) == pytest.approx(total, rel=1e-6)
        for id_ in ("ring-toy", "axis-east", "axis-south", "river-toy"):
            feature = plan.feature(id_)
            assert feature
            assert all(feature.geometry.distance(points[place]) <= 1e-3 for place in feature.places)
