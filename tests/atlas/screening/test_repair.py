"""The smallest change that passes: it passes, nothing smaller does, and "none" is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, affinity

from atlas.screening.engine import Sites
from atlas.screening.repair import GRAIN_M, Move, Nothing, Trim, _case, smallest_change
from atlas.screening.rules import read_rules
from atlas.screening.screen import Screening, screen
from tests.atlas.screening.made import control, site_set
from tests.conftest import opened

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PLAN = opened("toyland").plan
[OUTLINE] = [row.geometry for row in PLAN.layers["district"].rows]
X, Y = OUTLINE.representative_point().coords[0]


def box_at(east: float, north: float, half: float) -> BaseGeometry:
    return LineString([(X + east - half, Y + north), (X + east + half, Y + north)]).buffer(half, cap_style="flat")


def screened(site: BaseGeometry, *shapes: BaseGeometry, sigma_m: float = 0.0, **more: BaseGeometry) -> Screening:
    controls = [control("farmland", shapes, sigma_m)]
    controls += [control(id_, [shape], sigma_m) for id_, shape in more.items()]
    return screen(site_set(PLAN, [site], 0.0), PLAN, controls=controls)


def passes(screening: Screening, shape: BaseGeometry) -> bool:
    """Screen again, with nothing of what the search itself uses."""
    again = screen(site_set(PLAN, [shape], 0.0), PLAN, controls=screening.controls)
    mine, theirs = again.tidy.set_index("layer")["verdict"], screening.tidy.set_index("layer")["verdict"]
    counted = [id_ for id_, found in again.by_rule.items() if not found.rule.informative]
    order = {"clear": 0, "no_data": 0, "uncertain": 1, "hit": 2}
    failed = [id_ for id_ in counted if theirs[id_] == "hit"]
    return all(mine[id_] == "clear" for id_ in failed) and all(order[mine[i]] <= order[theirs[i]] for i in counted)


def test_a_site_that_fails_nothing_needs_nothing() -> None:
    assert smallest_change(screened(box_at(0, 0, 50), box_at(5_000, 0, 50)), "s0") is None


def test_the_shortest_way_out_of_a_square_is_its_nearest_side() -> None:
    screening = screened(box_at(60, 0, 50), box_at(0, 0, 100))
    repair = smallest_change(screening, "s0")
    assert repair is not None
    assert isinstance(repair.move, Move)
    assert repair.move.distance_m == pytest.approx(90, abs=GRAIN_M)
    assert repair.move.bearing == pytest.approx(90, abs=3)
    assert passes(screening, repair.move.geometry)
    assert repair.smallest is repair.move
    assert repair.move.text("zh").startswith("向东")
    assert repair.move.text("en").startswith("Moving")


def test_errors_make_the_way_longer() -> None:
    sigma = 20.0
    screening = screened(box_at(60, 0, 50), box_at(0, 0, 100), sigma_m=sigma)
    repair = smallest_change(screening, "s0")
    assert repair is not None
    assert isinstance(repair.move, Move)
    assert repair.move.distance_m == pytest.approx(90 + read_rules().reach * sigma, abs=GRAIN_M)
    assert passes(screening, repair.move.geometry)


def test_a_cut_keeps_off_and_says_how_much_it_takes() -> None:
    screening = screened(box_at(80, 0, 50), box_at(0, 0, 100))
    repair = smallest_change(screening, "s0")
    assert repair is not None
    assert isinstance(repair.trim, Trim)
    assert repair.trim.cut_share == pytest.approx(0.7, abs=0.01)
    assert repair.trim.cut_m2 == pytest.approx(7_000, rel=0.02)
    assert passes(screening, repair.trim.geometry)
    assert "70." in repair.trim.text("en")


def test_no_way_out_is_proven() -> None:
    repair = smallest_change(screened(box_at(0, 0, 50), box_at(0, 0, 2_000)), "s0", radius_m=500)
    assert repair is not None
    assert repair.move == Nothing(500, proven=True, rules=("farmland",))
    assert repair.trim is None
    assert "500" in repair.smallest.text("zh")


def test_it_does_not_flee_from_one_rule_into_another() -> None:
    """The short way east leads into the redline: it goes west."""
    screening = screened(box_at(30, 0, 50), box_at(0, 0, 100), eco_redline=box_at(350, 0, 200))
    repair = smallest_change(screening, "s0")
    assert repair is not None
    assert isinstance(repair.move, Move)
    assert passes(screening, repair.move.geometry)
    assert abs(repair.move.bearing - 90) > 20


@settings(max_examples=15)
@given(data=st.data())
def test_what_is_offered_passes_and_nothing_nearer_does(data: st.DataObject) -> None:
    spots = data.draw(
        st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6), st.integers(1, 4)), min_size=1, max_size=6)
    )
    shapes = [box_at(60 * e, 60 * n, 40 * half) for e, n, half in spots]
    site = box_at(0, 0, 50)
    screening = screened(site, *shapes)
    repair = smallest_change(screening, "s0", radius_m=400)
    if repair is None:
        assert screening.tidy.set_index("layer").loc["farmland", "verdict"] != "hit"
        return
    if repair.trim:
        assert passes(screening, repair.trim.geometry)
    limit = 400.0
    if isinstance(repair.move, Move):
        assert passes(screening, repair.move.geometry)
        limit = repair.move.distance_m - 2 * GRAIN_M
    else:
        assert repair.move.proven
    case = _case(screening, 0)
    rng = np.random.default_rng(1)
    length, angle = np.sqrt(rng.random(150)) * max(limit, 0), rng.uniform(0, 2 * np.pi, 150)
    for east, north in zip(length * np.cos(angle), length * np.sin(angle), strict=True):
        shifted = affinity.translate(site, east, north)
        if case.passes(shifted):
            # Only through a gap too narrow for the grain.
            room = Sites(np.array([shifted.buffer(GRAIN_M * 1.5)], object), np.zeros(1), PLAN.crs)
            assert any(shape.intersects(room.geometries[0]) for shape in shapes)
