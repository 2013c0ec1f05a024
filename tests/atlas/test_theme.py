"""How things are drawn: every kind has a style, and what is unsure looks it."""

import re
from itertools import combinations, product
from typing import Any

import pytest

from atlas.drawing import drawn
from atlas.figures.colours import look_alike
from atlas.figures.recipe import THEMES
from atlas.theme import STANDARD, style, theme
from layers import Kind, vocabulary
from layers.records import BASES, STATUSES
from tests.conftest import Opened

KINDS = list(vocabulary().kinds.values())
NAMES = [kind.id for kind in KINDS]
LINES = [kind for kind in KINDS if kind.geometry == "line"]


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_every_kind_can_be_drawn_whatever_its_status_and_basis(kind: Kind, name: str) -> None:
    for status, basis in product(STATUSES, BASES):
        way = style(kind, status=status, basis=basis, name=name)
        if kind.geometry == "point":
            assert way["size"] > 0
            assert way["symbol"]
        elif kind.id not in theme(name)["classes"]:
            assert way["color"]


@pytest.mark.parametrize("name", THEMES)
def test_the_theme_styles_no_kind_or_class_that_does_not_exist(name: str) -> None:
    """A misspelt key would style nothing, unseen."""
    known, tables = vocabulary(), theme(name)
    assert set(tables) == set(theme())
    assert set(tables["kinds"]) == {*known.kinds, *known.own, *known.computed}
    assert set(tables["classes"]) <= set(known.kinds)
    for classes in tables["classes"].values():
        assert set(classes) <= set(known.classes)
    assert set(tables["status"]) == set(STATUSES)
    assert set(tables["basis"]) <= set(BASES)


@pytest.mark.parametrize("name", [name for name in THEMES if name != STANDARD])
def test_another_theme_changes_values_and_keeps_what_it_does_not_name(name: str) -> None:
    kinds = vocabulary().kinds
    changed = [kind.id for kind in kinds.values() if style(kind, name=name) != style(kind)]
    assert changed
    assert len(changed) < len(kinds)
    river, own = style(kinds["river"], name=name), style(kinds["river"])
    assert river["color"] != own["color"]
    assert river["weight"] == own["weight"]
    assert river["label"]["size"] == own["label"]["size"]


@pytest.mark.parametrize("name", THEMES)
def test_what_stands_on_one_sheet_can_be_told_apart(district: Opened, name: str) -> None:
    """
    By anybody, also red-green blind or in grey print: by colour, or by another mark.

    Where the standard theme has neither, the names on the map tell; the accessible theme needs no names.
    """
    for sheet in district.atlas.sheets.values():
        layers = [drawn(district.plan, layer, "zh", name) for layer in sheet.layers if layer.on]
        rows = [row for layer in layers if not layer.kind.backdrop for row in layer.legend]
        for one, other in combinations(rows, 2):
            named = "label" in one.style and "label" in other.style
            if one.geometry == other.geometry and not (named and name == STANDARD):
                assert look_alike(one.style, other.style, one.geometry) is None, (sheet.id, one.title, other.title)


@pytest.mark.parametrize("name", THEMES)
def test_no_two_rows_look_the_same(district: Opened, name: str) -> None:
    """Nobody needs names to tell them: as most people see, in colour, everything on a sheet differs."""
    for sheet in district.atlas.sheets.values():
        layers = [drawn(district.plan, layer, "zh", name) for layer in sheet.layers if layer.on]
        rows = [row for layer in layers if not layer.kind.backdrop for row in layer.legend]
        for one, other in combinations(rows, 2):
            alike = look_alike(one.style, other.style, one.geometry) if one.geometry == other.geometry else None
            assert alike is None or alike[0] != "normal", (sheet.id, one.title, other.title)


@pytest.mark.parametrize("name", THEMES)
def test_colours_are_written_as_six_digits(name: str) -> None:
    """The browser, and the figures to come, read them alike."""

    def colours(node: Any) -> list[str]:  # noqa: ANN401 - any TOML
        if isinstance(node, dict):
            own = [value for key, value in node.items() if key in {"color", "fill", "core"} and isinstance(value, str)]
            return own + [colour for value in node.values() for colour in colours(value)]
        return []

    found = colours(dict(theme(name)))
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
