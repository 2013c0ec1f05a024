"""How sure an answer is: against closed forms, against thrown dice, at no error, and as errors grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Polygon, affinity, box

from atlas.screening.engine import Sites
from atlas.screening.rules import VERDICTS, read_rules
from atlas.screening.uncertainty import DRAWS, involved, longest_shift, shifts
from tests.atlas.screening.made import CRS, EAST, NORTH, ask, at, square, target
from tests.strategies import areas

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# What as many random draws would scatter by, at worst.
DICE = 0.5 / math.sqrt(DRAWS)
FAR = 1e6


def probability(shape: shapely.Geometry, layer: object, sigma_m: float = 0.0, limit_m: float = 0.0) -> float:
    sites = Sites(np.array([shape], object), np.array([sigma_m]), CRS)
    return float(involved(sites, layer, limit_m)[0])  # type: ignore[arg-type]  # a Target


def normal(x: float) -> float:
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def test_there_are_at_least_five_hundred_shifts_and_they_are_standard_normal() -> None:
    draws = shifts()
    assert len(draws) == DRAWS >= 500
    assert draws.mean(axis=0) == pytest.approx([0, 0], abs=0.01)
    assert np.cov(draws.T) == pytest.approx(np.eye(2), abs=0.02)
    assert np.hypot(*draws.T).max() == pytest.approx(longest_shift())


@pytest.mark.parametrize("distance", [-900, -300, -50, 0, 20, 250, 700])
def test_a_straight_border_gives_the_normal_distribution(distance: float) -> None:
    half = box(EAST, NORTH - FAR, EAST + FAR, NORTH + FAR)
    got = probability(at(-distance, 0), target("a", [half], 300.0), 400.0)
    assert got == pytest.approx(normal(-distance / 500), abs=DICE / 2)


@pytest.mark.parametrize(("radius", "sigma"), [(100, 50), (100, 100), (100, 400), (1000, 300)])
def test_a_disc_about_the_site_gives_the_rayleigh_distribution(radius: float, sigma: float) -> None:
    expected = 1 - math.exp(-(radius**2) / (2 * sigma**2))
    assert probability(at(0, 0), target("a", [at(0, 0)], sigma), 0.0, radius) == pytest.approx(expected, abs=DICE / 2)
    disc = at(0, 0).buffer(radius, quad_segs=64)
    assert probability(at(0, 0), target("a", [disc], sigma)) == pytest.approx(expected, abs=DICE / 2)


@pytest.mark.parametrize("offset", [0, 40, 150, 400])
def test_a_square_site_and_a_square_layer_give_the_product_of_two_intervals(offset: float) -> None:
    """Two squares meet if they do in both directions: a closed form for a site with an extent."""
    sigma, mine, theirs = 120.0, 30.0, 80.0
    reach = mine + theirs
    east = normal((reach - offset) / sigma) - normal((-reach - offset) / sigma)
    north = normal(reach / sigma) - normal(-reach / sigma)
    got = probability(square(offset, 0, mine), target("a", [square(0, 0, theirs)], sigma))
    assert got == pytest.approx(east * north, abs=DICE)


@pytest.mark.parametrize(
    "site",
    [
        at(0, 0),
        square(0, 0, 200),
        LineString([at(-800, -100), at(0, 300), at(900, 0)]),
        Polygon([at(0, 0), at(600, 0), at(600, 100), at(100, 100), at(100, 700), at(0, 700)]),
        shapely.MultiPolygon([square(-500, 0, 50), square(500, 0, 80)]),
        square(0, 0, 300).difference(square(0, 0, 250)),
    ],
    ids=["point", "square", "line", "hook", "two parts", "frame"],
)
@pytest.mark.parametrize("limit", [0.0, 150.0])
def test_agrees_with_thrown_dice(site: shapely.Geometry, limit: float) -> None:
    shapes = [square(700, 200, 250), at(-400, -900).buffer(300), LineString([at(-900, 600), at(900, 900)])]
    layer = target("a", shapes, 350.0)
    got = probability(site, layer, 100.0, limit)
    rng = np.random.default_rng(11)
    zone = shapely.union_all(shapely.buffer(shapes, limit, quad_segs=32) if limit else shapes)
    thrown = rng.normal(scale=math.hypot(350, 100), size=(4_000, 2))
    hits = [zone.intersects(affinity.translate(site, *shift)) for shift in thrown]
    assert got == pytest.approx(float(np.mean(hits)), abs=1.5 * DICE)


@given(area=areas(), east=st.floats(-25_000, 25_000), north=st.floats(-25_000, 25_000), half=st.floats(0, 3_000))
def test_without_error_it_is_exact_geometry(area: Polygon, east: float, north: float, half: float) -> None:
    shape: BaseGeometry = shapely.Point(EAST + east, NORTH - 200_000 + north)
    shape = shape.buffer(half, cap_style="square") if half > 1 else shape
    answer = ask([shape], target("a", [area]))
    shared = shape.intersection(area).area
    assert answer.probability[0] in {0.0, 1.0}
    if shape.area == 0 or shared > 2 or not shape.intersects(area):
        assert (VERDICTS[answer.verdicts[0]] == "hit") == shape.intersects(area)
        assert VERDICTS[answer.verdicts[0]] in {"hit", "clear"}


@given(limit=st.floats(1, 500), distance=st.floats(0, 1_000))
def test_without_error_a_distance_is_exact(limit: float, distance: float) -> None:
    answer = ask([at(distance, 0)], target("a", [at(0, 0)]), "within_distance", distance_m=limit)
    if abs(distance - limit) > 1e-3:
        assert VERDICTS[answer.verdicts[0]] == ("hit" if distance < limit else "clear")


@given(
    corners=st.lists(st.tuples(st.floats(-3_000, 3_000), st.floats(-3_000, 3_000)), min_size=3, max_size=9),
    sigmas=st.lists(st.floats(0, 4_000), min_size=2, max_size=5),
    own=st.floats(0, 500),
)
def test_larger_errors_never_make_an_answer_surer(
    corners: list[tuple[float, float]], sigmas: list[float], own: float
) -> None:
    """Of convex areas; a hit may become a doubt, a clear too, and neither comes back."""
    area = shapely.convex_hull(shapely.MultiPoint([at(*corner) for corner in corners]))
    if area.area < 1:
        return
    sites = [at(0, 0), square(500, 500, 100), area.representative_point()]
    surer = np.ones(3, bool)
    before = None
    for sigma in sorted(sigmas):
        answer = ask(sites, target("a", [area], sigma), sigma_m=own)
        sure = np.isin(answer.verdicts, [VERDICTS.index("hit"), VERDICTS.index("clear")])
        assert (sure <= surer).all()
        if before is not None:
            assert (answer.verdicts[sure] == before[sure]).all()
        surer, before = sure, answer.verdicts


@given(area=areas(), sigma=st.floats(0, 6_000), east=st.floats(-40_000, 40_000), north=st.floats(-40_000, 40_000))
def test_every_hit_and_every_clear_is_as_sure_as_promised(
    area: Polygon, sigma: float, east: float, north: float
) -> None:
    rules = read_rules()
    middle = area.centroid
    answer = ask([shapely.Point(middle.x + east, middle.y + north)], target("a", [area], sigma))
    verdict, chance = VERDICTS[answer.verdicts[0]], answer.probability[0]
    if verdict == "hit":
        assert chance >= rules.sure
    if verdict == "clear":
        assert chance <= 1 - rules.sure + 1 / DRAWS


def test_both_errors_count_and_it_is_the_same_every_time() -> None:
    shapes = [square(300, 0, 100)]
    one = probability(at(0, 0), target("a", shapes, 300.0), 400.0)
    other = probability(at(0, 0), target("a", shapes, 500.0), 0.0)
    assert one == other == probability(at(0, 0), target("a", shapes, 0.0), 500.0)


def test_many_sites_are_answered_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    spots = np.random.default_rng(2).uniform(-500, 500, (25, 2))
    shapes = [square(east, north, 40) for east, north in spots]
    sites = Sites(np.array(shapes, object), np.full(25, 60.0), CRS)
    layer = target("a", [square(0, 0, 200), square(300, 300, 100)], [50.0, 100.0])
    for only in (None, np.arange(25, dtype=np.int32) % 2):
        whole = involved(sites, layer, 10.0, only=only)
        monkeypatch.setattr("atlas.screening.uncertainty._SITES_AT_ONCE", 4)
        monkeypatch.setattr("atlas.screening.uncertainty._SHIFTED_AT_ONCE", 100)
        assert involved(sites, layer, 10.0, only=only).tolist() == whole.tolist()
        monkeypatch.undo()


def test_features_with_different_errors_each_count_with_their_own() -> None:
    sure, vague = square(5_000, 0, 100), square(-3_000, 0, 100)
    layer = target("a", [sure, vague], [1.0, 2_000.0])
    answer = ask([at(4_600, 0)], layer, "overlaps")
    # The near one is known well and is 300 m away; the far one, 7.5 km away, is not known to 2 km.
    assert VERDICTS[answer.verdicts[0]] == "clear"
    answer = ask([at(1_000, 0)], layer, "overlaps")
    assert VERDICTS[answer.verdicts[0]] == "uncertain"
    assert answer.sigma_m[0] == 2_000
