"""Geometry for the browser: neighbours stay neighbours after simplification and rounding."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.webshapes import web_shapes
from layers import audit, vocabulary
from tests.conftest import Opened, scratch

TILING = [kind.id for kind in vocabulary().kinds.values() if kind.tiles]


@pytest.mark.parametrize("kind", TILING)
def test_neighbours_neither_gap_nor_overlap(district: Opened, kind: str) -> None:
    """Towns, zones, farm zones: a valid coverage in the very numbers that the browser gets."""
    shapes = web_shapes(district.plan)
    areas = [shapes[row.id] for row in district.plan.layers[kind].rows]
    assert all(area.is_valid and not area.is_empty for area in areas)
    assert shapely.coverage_is_valid(areas)


@pytest.mark.parametrize("kind", TILING)
def test_zones_cover_exactly_what_the_towns_cover(district: Opened, kind: str) -> None:
    """Switching from towns to zones moves no outer border by a pixel."""
    shapes = web_shapes(district.plan)
    towns = shapely.union_all([shapes[row.id] for row in district.plan.layers["town"].rows])
    joined = shapely.union_all([shapes[row.id] for row in district.plan.layers[kind].rows])
    assert joined.symmetric_difference(towns).area == 0


def test_zone_borders_are_town_borders(district: Opened) -> None:
    shapes = web_shapes(district.plan)
    borders = shapely.union_all([shapes[row.id].boundary for row in district.plan.layers["town"].rows])
    for kind in ("zone", "farm_zone"):
        for row in district.plan.layers[kind].rows:
            assert shapes[row.id].boundary.difference(borders).length == 0


def test_every_feature_has_a_shape_near_its_own(district: Opened) -> None:
    """Simplified and rounded by some metres at most, in degrees, longitude first."""
    shapes = web_shapes(district.plan)
    assert set(shapes) == {feature.id for feature in district.plan.features()}
    for feature, degrees in zip(district.plan.features(), shapes.values(), strict=False):
        west, south, east, north = shapes[feature.id].bounds
        assert 70 < west <= east < 140
        assert 0 < south <= north < 60
        assert not degrees.is_empty


def test_coordinates_are_rounded(district: Opened) -> None:
    """Five decimals are a metre; more would only be weight."""
    for shape in web_shapes(district.plan).values():
        xy = shapely.get_coordinates(shape)
        assert np.array_equal(xy, np.round(xy, 5))


@given(
    moves=st.fixed_dictionaries(
        {id_: st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)) for id_ in ("jia", "yi", "wu")}
    )
)
@settings(max_examples=20)
def test_wherever_the_seats_are_the_coverage_holds(moves: dict[str, tuple[float, float]]) -> None:
    with scratch() as draft:
        for row in draft.rows("places.csv"):
            if row["id"] in moves:
                east, north = moves[row["id"]]
                draft.cell(
                    "places.csv", row["id"], lon=f"{float(row['lon']) + east}", lat=f"{float(row['lat']) + north}"
                )
        plan, _ = audit(draft.folder)
        assert plan
        shapes = web_shapes(plan)
        for kind in TILING:
            assert shapely.coverage_is_valid([shapes[row.id] for row in plan.layers[kind].rows])
