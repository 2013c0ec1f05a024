"""The document of a sheet, as the browser gets it: whole, small, stable, and telling when something changed."""

import json
from typing import Any

import pytest

from atlas.sheets import Sheet, SheetLayer, read_sheets
from atlas.webmap import WebMap
from layers import Findings, audit, vocabulary
from layers.errors import Language
from tests.conftest import Draft, Opened

LIMIT_BYTES = 500_000


def documents(district: Opened, language: Language = "zh") -> dict[str, dict[str, Any]]:
    web = WebMap(district.plan, district.atlas, language)
    return {sheet.id: web.document(sheet) for sheet in district.atlas.sheets.values()}


def test_every_sheet_has_a_document_of_plain_json(district: Opened) -> None:
    """Without NaN, which no browser reads, and at most 500 kB."""
    for id_, document in documents(district).items():
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        assert len(text.encode()) <= LIMIT_BYTES, id_
        assert json.loads(text)["sheet"] == id_


def test_layers_are_drawn_in_the_order_of_the_sheet(district: Opened) -> None:
    for id_, document in documents(district).items():
        sheet = district.atlas.sheets[id_]
        assert [layer["id"] for layer in document["layers"]] == [layer.id for layer in sheet.layers]
        assert [layer["on"] for layer in document["layers"]] == [layer.on for layer in sheet.layers]


def test_a_document_holds_every_feature_of_its_layers(district: Opened) -> None:
    for document in documents(district).values():
        for layer in document["layers"]:
            kind, _, status = layer["id"].partition(":")
            wanted = [row.id for row in district.plan.layers[kind].rows if status in {"", row.status}]
            assert [feature["id"] for feature in layer["features"]] == wanted


def test_every_feature_is_drawn_by_a_class_of_its_layer(district: Opened) -> None:
    for document in documents(district).values():
        for layer in document["layers"]:
            used = {feature["c"] for feature in layer["features"]}
            assert used == set(range(len(layer["classes"])))
            assert layer["group"] in {group["id"] for group in document["groups"]}


def test_features_say_how_far_they_may_be_off(district: Opened) -> None:
    for document in documents(district).values():
        for layer in document["layers"]:
            for feature in layer["features"]:
                plain = district.plan.feature(feature["id"])
                assert plain
                assert feature["sigma_m"] == plain.sigma_m
                assert "±" in feature["hint"]


def test_geometry_is_longitude_and_latitude_inside_the_view(district: Opened) -> None:
    for document in documents(district).values():
        (south, west), (north, east) = document["max_bounds"]
        assert -90 < south < north < 90
        assert 70 < west < east < 140
        (low, left), (high, right) = document["view"]["bounds"]
        assert south <= low < high <= north
        assert west <= left < right <= east


def test_a_sheet_without_extent_shows_the_whole_district(toyland: Opened) -> None:
    (south, west), (north, east) = documents(toyland)["all"]["view"]["bounds"]
    assert (west, south, east, north) == pytest.approx((119.88, 29.9, 120.2, 30.16), abs=1e-3)


def test_an_extent_fits_its_places_and_a_margin(toyland: Opened) -> None:
    """Two towns, 2.5 km around them."""
    (south, west), (north, east) = documents(toyland)["structure"]["view"]["bounds"]
    assert west == pytest.approx(120.03 - 0.0259, abs=1e-3)
    assert east == pytest.approx(120.12 + 0.0259, abs=1e-3)
    assert south == pytest.approx(29.97 - 0.02255, abs=1e-3)
    assert north == pytest.approx(30.02 + 0.02255, abs=1e-3)


def test_drawing_twice_gives_the_same_document(district: Opened) -> None:
    """So a rerun sends nothing new to the browser."""
    assert json.dumps(documents(district)) == json.dumps(documents(district))


def test_a_layer_has_the_same_hash_on_every_sheet(district: Opened) -> None:
    """The browser keeps what it knows: a sheet switch rebuilds only what changed."""
    hashes: dict[str, set[str]] = {}
    for document in documents(district).values():
        for layer in document["layers"]:
            hashes.setdefault(layer["id"], set()).add(layer["hash"])
    assert all(len(values) == 1 for values in hashes.values())
    assert len(set.union(*hashes.values())) == len(hashes)


@pytest.mark.parametrize(
    ("table", "id_", "cells", "layer"),
    [
        ("places.csv", "jia", {"lon": "120.04"}, "core"),
        ("elements.csv", "core-old", {"name": "旧城核"}, "core"),
        ("elements.csv", "core-old", {"rank": "5"}, "core"),
        ("elements.csv", "core-old", {"sigma_m": "9000"}, "core"),
        ("elements.csv", "road-new", {"status": "building"}, "road"),
        ("elements.csv", "seat-wu", {"class_": "key_town"}, "settlement"),
    ],
)
def test_any_change_of_a_layer_changes_its_hash(
    draft: Draft, table: str, id_: str, cells: dict[str, str], layer: str
) -> None:
    """No stale map after a change of the data."""

    def hash_() -> str:
        plan, found = audit(draft.folder)
        assert plan
        atlas = read_sheets(draft.folder, plan, found)
        return str(WebMap(plan, atlas).layer(SheetLayer(layer))["hash"])

    before = hash_()
    assert hash_() == before
    draft.cell(table, id_, **cells)
    assert hash_() != before


def test_the_language_changes_words_and_no_geometry(toyland: Opened) -> None:
    zh, en = documents(toyland, "zh")["all"], documents(toyland, "en")["all"]
    assert (zh["lang"], en["lang"]) == ("zh-CN", "en")
    assert zh["title"] != en["title"]
    for one, other in zip(zh["layers"], en["layers"], strict=True):
        assert one["title"] != other["title"]
        assert [f["geometry"] for f in one["features"]] == [f["geometry"] for f in other["features"]]
        assert [f["name"] for f in one["features"]] == [f["name"] for f in other["features"]]


def test_backdrop_has_no_name_to_point_at(district: Opened) -> None:
    """Neighbours and the district's own area are not hovered, clicked or found."""
    for document in documents(district).values():
        for layer in document["layers"]:
            named = [bool(feature["name"]) for feature in layer["features"]]
            assert named == [not vocabulary().kinds[layer["id"].partition(":")[0]].backdrop] * len(named)


def test_a_document_alone_holds_what_the_app_would_show_beside_it(toyland: Opened) -> None:
    """Card of every feature, note, and what the text leaves open."""
    web, sheet = WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet()
    alone = web.document(sheet, alone=True)
    assert set(alone["cards"]) >= {f["id"] for layer in alone["layers"] for f in layer["features"]}
    assert alone["note"] == sheet.note.zh
    assert any("失落湖" in line and "未给位置" in line for line in alone["left_open"])
    served = web.document(sheet)
    assert (served["cards"], served["note"], served["left_open"]) == (None, None, None)


def test_choices_of_the_user_are_passed_on(toyland: Opened) -> None:
    web, sheet = WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet()
    document = web.document(sheet, selected="core-old", hidden={"zone", "axis"}, fly=3)
    assert (document["selected"], document["hidden"], document["fly"]) == ("core-old", ["axis", "zone"], 3)
    assert web.document(sheet)["selected"] is None


def test_a_sheet_of_one_empty_layer_can_be_drawn(toyland: Opened) -> None:
    """The plan says school and names no place: the sheet opens all the same."""
    base = toyland.atlas.sheet()
    sheet = Sheet("empty", 9, base.group, base.title, base.note, (SheetLayer("school"),))
    [layer] = WebMap(toyland.plan, toyland.atlas).document(sheet, alone=True)["layers"]
    assert layer["features"] == []
    assert layer["classes"] == []


def test_a_seat_moved_moves_no_layer_that_does_not_use_it(draft: Draft, toyland: Opened) -> None:
    """Only what changed is sent again."""
    draft.cell("places.csv", "gate", lon="120.07")
    plan, _ = audit(draft.folder)
    assert plan
    found = Findings()
    before = WebMap(toyland.plan, toyland.atlas)
    after = WebMap(plan, read_sheets(draft.folder, plan, found))
    changed = {
        layer.id
        for layer in toyland.atlas.sheet("all").layers
        if before.layer(layer)["hash"] != after.layer(layer)["hash"]
    }
    assert changed == {"culture"}
