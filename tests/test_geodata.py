"""What the data must hold: every statement has an end, every position a source, and the plan's own counts are kept."""

import re
from collections import Counter
from typing import Final

import pytest

from atlas.locations import ROOT
from atlas.theme import theme
from atlas.words import LANGUAGES, words
from layers import vocabulary
from tests.conftest import Opened

TOWNS: Final = 22


def test_the_audit_finds_no_error(district: Opened) -> None:
    """A district that ships, or stands for one, opens."""
    assert [finding.line() for finding in district.found if finding.level == "error"] == []


def test_nothing_is_left_to_warn_of(bazhou: Opened) -> None:
    """What cannot be mended is a note."""
    assert {finding.level for finding in bazhou.found} <= {"note"}


def test_every_statement_ends_in_one_state(bazhou: Opened) -> None:
    """278 statements, none without an end, and mapped means that features on the map show it."""
    statements = bazhou.plan.statements
    assert list(statements) == [f"R{n:03}" for n in range(1, 279)]
    drawn = {feature.id for feature in bazhou.plan.features()}
    for statement in statements.values():
        assert bool(statement.features) == (statement.state == "mapped")
        assert set(statement.features) <= drawn
        assert bool(statement.reason) or statement.state != "unlocated"


def test_every_place_and_feature_says_how_it_is_known(district: Opened) -> None:
    """Source, datum, basis and sigma on every place; a source and an error on every feature."""
    for place in district.plan.places.values():
        assert place.source in district.plan.sources
        assert not place.is_located or place.sigma_m > 0
    for feature in district.plan.features():
        assert feature.source in district.plan.sources
        assert feature.sigma_m > 0


def test_the_plans_own_counts_are_kept(bazhou: Opened) -> None:
    """22 towns in three located tiers, five zones, four farm zones, three rings, three axes, one core."""
    layers = bazhou.plan.layers
    counts = {"town": TOWNS, "settlement": TOWNS, "zone": 5, "farm_zone": 4, "ring": 3, "axis": 3, "core": 1}
    assert {kind: len(layers[kind]) for kind in counts} == counts
    tiers = Counter(seat.class_ for seat in layers["settlement"].rows)
    assert tiers == {"central_city": 6, "key_town": 4, "market_town": 12}
    for kind in ("zone", "farm_zone"):
        assert sum(len(zone.towns) for zone in layers[kind].rows) == TOWNS


def test_each_ring_passes_the_towns_of_its_statement(bazhou: Opened) -> None:
    """The members of a ring are those that its statement names, in its order."""
    for ring in bazhou.plan.layers["ring"].rows:
        statement = bazhou.plan.statements[ring.clauses[0]]
        named = re.search(r"\((.+)\)", statement.phrase)
        assert named
        members = named[1].split("—")
        names = [bazhou.plan.places[id_].name for id_ in ring.places]
        assert [name.startswith(member) for name, member in zip(names, members, strict=True)] == [True] * len(members)


def test_there_are_enough_sheets(bazhou: Opened) -> None:
    """At least the 22 thematic sheets, and one with all layers that shows every located plan kind."""
    sheets = bazhou.atlas.sheets
    assert len(sheets) > TOWNS
    everything = {layer.kind for layer in sheets["all"].layers}
    assert {kind for kind, layer in bazhou.plan.layers.items() if len(layer)} == everything


def test_every_open_statement_stands_on_a_sheet(bazhou: Opened) -> None:
    """Whoever looks at the maps alone is told of what they lack; a policy without a map has the register."""
    about = {kind for sheet in bazhou.atlas.sheets.values() for kind in sheet.about} | {"economy"}
    assert {s.kind for s in bazhou.plan.statements.values() if s.state == "unlocated"} <= about


def test_every_kind_has_a_style() -> None:
    """The theme and the vocabulary hold the same kinds, and the classes it colours exist."""
    assert set(theme()["kinds"]) == {*vocabulary().kinds, *vocabulary().own, *vocabulary().computed}
    assert set(theme()["classes"]) <= set(vocabulary().kinds)
    for classes in theme()["classes"].values():
        assert set(classes) <= set(vocabulary().classes)


def test_both_languages_have_the_same_words() -> None:
    """No key is missing in either, and none is blank unless it is in both."""
    chinese, english = (words(language) for language in LANGUAGES)
    assert {section: set(keys) for section, keys in chinese.items()} == {
        section: set(keys) for section, keys in english.items()
    }


@pytest.mark.parametrize("folder", ["atlas", "atlas/pages"])
def test_every_word_that_is_said_exists(folder: str) -> None:
    """Keys written out in the code are in the word files."""
    for file in (ROOT / folder).glob("*.py"):
        for section, key in re.findall(r'say\([^"()]*"(\w+)\.(\w+)"', file.read_text("utf-8")):
            assert key in words("zh")[section], f"{file.name}: {section}.{key}"
