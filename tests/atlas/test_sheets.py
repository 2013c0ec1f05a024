"""Sheets: layers in the order of the data over those of the base, with what starts hidden, extent and topics."""

import pytest

from layers import PlanError
from tests.conftest import Opened


def test_base_layers_lie_under_every_sheet(district: Opened) -> None:
    for sheet in district.atlas.sheets.values():
        assert [layer.kind for layer in sheet.layers[:2]] == ["neighbour", "district"]


def test_a_sheet_keeps_the_order_of_its_data(toyland: Opened) -> None:
    sheet = toyland.atlas.sheet("structure")
    ids = [layer.id for layer in sheet.layers[2:]]
    assert ids == ["zone", "town", "road:planned", "axis", "settlement", "core", "reservoir"]
    assert [layer.id for layer in sheet.layers if not layer.on] == ["road:planned"]
    assert sheet.extent == ("jia", "wu")
    assert sheet.margin_km == 2.5
    assert sheet.topics == ("urban", "transport")


def test_sheets_are_numbered_in_order_and_grouped(district: Opened) -> None:
    sheets = list(district.atlas.sheets.values())
    assert [sheet.number for sheet in sheets] == list(range(len(sheets)))
    assert {sheet.group for sheet in sheets} <= set(district.atlas.groups)
    for sheet in sheets:
        assert sheet.title.zh
        assert sheet.title.en
        assert sheet.note.zh
        assert sheet.note.en


def test_without_an_id_the_first_sheet_opens(district: Opened) -> None:
    assert district.atlas.sheet().number == 0
    assert district.atlas.sheet("").id == next(iter(district.atlas.sheets))


def test_an_unknown_sheet_names_the_nearest(toyland: Opened) -> None:
    with pytest.raises(PlanError) as caught:
        toyland.atlas.sheet("structrue")
    [finding] = caught.value.findings
    assert '"structure"' in finding.line("en")
