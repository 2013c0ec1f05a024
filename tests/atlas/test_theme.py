"""How things are drawn: every kind has a style, and what is unsure looks it."""

import re
from itertools import product
from typing import Any

import pytest

from atlas.theme import style, theme
from layers import Kind, vocabulary
from layers.records import BASES, STATUSES

KINDS = list(vocabulary().kinds.values())
NAMES = [kind.id for kind in KINDS]
LINES = [kind for kind in KINDS if kind.geometry == "line"]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_every_kind_can_be_drawn_whatever_its_status_and_basis(kind: Kind) -> None:
    for status, basis in product(STATUSES, BASES):
        drawn = style(kind, status=status, basis=basis)
        if kind.geometry == "point":
            assert drawn["size"] > 0
            assert drawn["symbol"]
        elif kind.id not in theme()["classes"]:
            assert drawn["color"]


def test_the_theme_styles_no_kind_or_class_that_does_not_exist() -> None:
    """A misspelt key would style nothing, unseen."""
    known = vocabulary()
    assert set(theme()["kinds"]) == {*known.kinds, *known.own}
    assert set(theme()["classes"]) <= set(known.kinds)
    for classes in theme()["classes"].values():
        assert set(classes) <= set(known.classes)
    assert set(theme()["status"]) == set(STATUSES)
    assert set(theme()["basis"]) <= set(BASES)


def test_colours_are_written_as_six_digits() -> None:
    """The browser, and the figures to come, read them alike."""

    def colours(node: Any) -> list[str]:  # noqa: ANN401 - any TOML
        if isinstance(node, dict):
            own = [value for key, value in node.items() if key in {"color", "fill", "core"} and isinstance(value, str)]
            return own + [colour for value in node.values() for colour in colours(value)]
        return []

    found = colours(dict(theme()))
    assert found
    assert [colour for colour in found if not re.fullmatch("#[0-9a-f]{6}", colour)] == []


@pytest.mark.parametrize("kind", LINES, ids=[kind.id for kind in LINES])
def test_a_schematic_line_is_soft_and_a_surveyed_one_is_not(kind: Kind) -> None:
    own = theme()["kinds"][kind.id]
    assert style(kind, basis="schematic").get("halo") == own.get("halo")
    assert "halo" not in style(kind, basis="official")


def test_planned_lines_are_dashed_unless_the_kind_forbids() -> None:
    kinds = vocabulary().kinds
    assert style(kinds["road"], status="planned")["dash"] != style(kinds["road"], status="study")["dash"]
    assert not style(kinds["road"], status="existing").get("dash")
    assert style(kinds["axis"], status="planned")["dash"] == ""


def test_derived_areas_have_dashed_borders_and_schematic_points_are_hollow() -> None:
    kinds = vocabulary().kinds
    assert style(kinds["town"], basis="derived")["dash"]
    assert "dash" not in style(kinds["town"], basis="official")
    assert style(kinds["reservoir"], basis="schematic")["hollow"]
    assert "hollow" not in style(kinds["reservoir"], basis="gazetteer")


def test_a_class_differs_from_its_kind() -> None:
    zone = vocabulary().kinds["zone"]
    fills = {style(zone, class_=class_)["fill"] for class_ in theme()["classes"]["zone"]}
    assert len(fills) == len(theme()["classes"]["zone"])


def test_drawing_one_feature_does_not_change_the_next() -> None:
    """Styles are copies: nothing leaks into the table they come from."""
    road = vocabulary().kinds["road"]
    before = style(road)
    style(road)["color"] = "#000000"
    assert style(road) == before
