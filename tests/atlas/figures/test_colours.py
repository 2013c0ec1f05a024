"""Colours that can be told apart, by whom, and what helps where they cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.figures.colours import SIGHTS, difference, look_alike, nearest_pair, on_paper

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LINE = {"color": "#ad2c46", "weight": 3.0}


def test_the_ministrys_forest_and_industry_are_one_colour_to_a_deuteranope() -> None:
    """A published pair: 25 apart to most people, 1.9 to those who lack green."""
    assert difference("#68b167", "#bb9674") == pytest.approx(25.5, abs=0.5)
    assert difference("#68b167", "#bb9674", "deutan") == pytest.approx(1.9, abs=0.1)


def test_the_ministrys_three_control_lines_stay_apart() -> None:
    """Published too: at least 41.8, 14.6 and 12.7 apart, and 10.7 of lightness."""
    lines = {"town": "#e48b8b", "farmland": "#fefe60", "ecology": "#4d9757"}
    least = [nearest_pair(lines, sight)[2] for sight in SIGHTS]
    assert least == pytest.approx([41.8, 14.6, 12.7, 10.7], abs=0.6)


@given(COLOURS, COLOURS)
def test_a_difference_has_no_direction(one: str, other: str) -> None:
    for sight in SIGHTS:
        assert difference(one, other, sight) == pytest.approx(difference(other, one, sight), abs=1e-6)
        assert difference(one, one, sight) == pytest.approx(0, abs=1e-6)


def test_grey_print_sees_lightness_alone() -> None:
    assert difference("#000000", "#ffffff", "grey") == pytest.approx(100, abs=0.1)
    assert difference("#e60012", "#8a6fd1", "grey") < 10 < difference("#e60012", "#8a6fd1")


def test_a_translucent_colour_pales_on_paper() -> None:
    assert on_paper("#000000", 0.5) == "#808080"
    assert on_paper("#123456", 1) == "#123456"
    assert on_paper("#123456", 0) == "#ffffff"


def test_the_one_to_whom_a_pair_is_most_alike_is_named() -> None:
    forest, industry = {"color": "#68b167", "weight": 3.0}, {"color": "#bb9674", "weight": 3.0}
    alike = look_alike(forest, industry, "line")
    assert alike
    assert alike[0] in {"deutan", "grey"}
    assert look_alike(LINE, LINE, "line") == ("normal", 0)


@pytest.mark.parametrize("mark", [{"dash": "9 6"}, {"core": "#ffffff"}, {"arrow": True}, {"weight": 6.0}], ids=str)
def test_another_mark_tells_lines_apart(mark: dict[str, object]) -> None:
    assert look_alike(LINE, {**LINE, **mark}, "line") is None


def test_an_unbroken_dash_is_no_mark() -> None:
    assert look_alike(LINE, {**LINE, "dash": ""}, "line") is not None


def test_areas_are_compared_as_they_lie_on_paper() -> None:
    red, green = {"fill": "#ff0000", "fill_opacity": 0.03}, {"fill": "#00ff00", "fill_opacity": 0.03}
    assert look_alike(red, green, "area") is not None
    strong = [{**way, "fill_opacity": 1.0} for way in (red, green)]
    assert difference("#ff0000", "#00ff00", "deutan") > 10
    assert look_alike(strong[0], strong[1], "area") is None
    assert look_alike({**red, "pattern": "hatch"}, green, "area") is None
