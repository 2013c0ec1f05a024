"""The map under the hand: moving costs nothing, clicks open cards, switches keep the order, links restore the view."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from atlas.cards import card
from layers import Feature
from tests.browser.conftest import Screen, words
from tests.conftest import Opened

pytestmark = pytest.mark.browser


def clickable(screen: Screen, bazhou: Opened, count: int = 1) -> list[Feature]:
    """Return features that the map shows, that statements of the plan name, and that nothing covers."""
    shown = [layer["id"] for layer in reversed(screen.drawn()) if layer["visible"]]
    rows = [row for kind in shown for row in bazhou.plan.layers[kind.partition(":")[0]].rows if row.clauses]
    found: list[Feature] = []
    for row in rows:
        if screen.can_click(row.id):
            found.append(row)
        if len(found) == count:
            return found
    pytest.fail(f"only {len(found)} features of {len(rows)} can be clicked")


def test_twenty_pans_and_zooms_cause_no_rerun(screen: Screen) -> None:
    screen.open(sheet="towns")
    before = len(screen.reruns)
    updates = screen.ask("atlas.stats.updates")
    x, y = screen.empty_spot()
    for turn in range(10):
        view = screen.ask("[atlas.map.getCenter().lng, atlas.map.getZoom()]")
        screen.page.mouse.move(x, y)
        screen.page.mouse.down()
        screen.page.mouse.move(x + (40 if turn % 2 else -40), y + (25 if turn % 2 else -25), steps=3)
        screen.page.mouse.up()
        screen.map_is("map.getCenter().lng !== arg", view[0])
        screen.page.mouse.wheel(0, 240 if turn % 2 else -240)
        screen.map_is("map.getZoom() !== arg", view[1])
    screen.rest()
    assert len(screen.reruns) == before
    assert screen.ask("atlas.stats.updates") == updates
    # Whatever the moves might have sent later would have come before this one.
    screen.choose("zones")
    assert len(screen.reruns) == before + 1


def test_a_click_opens_the_card_and_a_click_beside_closes_it(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    for feature in clickable(screen, bazhou, 3):
        before = len(screen.reruns)
        screen.click(feature.id)
        screen.wait_for_query(feature=feature.id, sheet="structure")
        expect(screen.side).to_contain_text(bazhou.plan.statements[feature.clauses[0]].phrase)
        known = card(bazhou.plan, feature, "zh")
        expect(screen.heading(known.title).first).to_be_visible()
        for label, text in known.rows:
            expect(screen.side).to_contain_text(label)
            expect(screen.side).to_contain_text(text)
        screen.rest()
        assert len(screen.reruns) == before + 1
    screen.page.mouse.click(*screen.empty_spot())
    screen.wait_for_query(feature=None, sheet="structure")
    expect(screen.heading(known.title)).to_have_count(0)
    screen.map_is("selected === null")


def test_the_card_can_be_closed(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    [feature] = clickable(screen, bazhou)
    screen.click(feature.id)
    screen.side.get_by_role("button", name=words("app.close"), exact=True).click()
    screen.wait_for_query(feature=None)
    screen.map_is("selected === null")


def test_hovering_names_a_feature(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    [feature] = clickable(screen, bazhou)
    before = len(screen.reruns)
    screen.page.mouse.move(*screen.spot(feature.id))
    expect(screen.map.locator(".atlas-tooltip")).to_contain_text(feature.name)
    screen.page.mouse.move(*screen.empty_spot())
    expect(screen.map.locator(".atlas-tooltip")).to_have_count(0)
    assert len(screen.reruns) == before


def test_the_coordinates_under_the_pointer_are_said(screen: Screen) -> None:
    screen.open(sheet="towns")
    x, y = screen.empty_spot()
    screen.page.mouse.move(x, y)
    position = screen.map.locator(".atlas-position")
    expect(position).to_have_text(re.compile(f"^{words('map.lon')}"))
    box = screen.frame_element.bounding_box()
    assert box
    at = screen.ask("atlas.map.containerPointToLatLng(arg)", [x - box["x"], y - box["y"]])
    said = [float(number) for number in re.findall(r"[\d.]+", position.inner_text())]
    assert said == pytest.approx([at["lng"], at["lat"]], abs=0.002)


def test_a_link_restores_the_view(open_screen: Callable[..., Screen], bazhou: Opened) -> None:
    first = open_screen().open(sheet="zones")
    river = bazhou.plan.layers["river"].kind.name.zh
    first.layer_box(river).click()
    first.wait_for_query(off="river")
    [feature] = clickable(first, bazhou)
    first.click(feature.id)
    first.wait_for_query(sheet="zones", off="river", feature=feature.id)
    first.rest()

    second = open_screen()
    second.page.goto(first.page.url)
    second.wait_for_map("zones")
    assert second.ask("atlas.selected") == feature.id
    assert not second.visible("river")
    expect(second.layer_box(river)).not_to_be_checked()
    expect(second.heading(feature.name).first).to_be_visible()
    assert second.query == first.query
    assert [layer | {"z": 0} for layer in second.drawn()] == [layer | {"z": 0} for layer in first.drawn()]


def test_switching_layers_costs_no_rerun_and_keeps_the_order(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    order = screen.drawn()
    before = len(screen.reruns)
    titles = {
        layer.kind: bazhou.plan.layers[layer.kind].kind.name.zh for layer in bazhou.atlas.sheet("structure").layers
    }
    for kind, title in titles.items():
        screen.layer_box(title).click()
        assert not screen.visible(kind)
        assert kind in screen.query["off"].split(",")
    # From the top down, the other way round than they went.
    for kind, title in reversed(titles.items()):
        screen.layer_box(title).click()
        assert screen.visible(kind)
    assert "off" not in screen.query
    assert screen.drawn() == order
    panes = screen.ask("atlas.drawn().map((layer) => Number(atlas.layers.get(layer.id).pane.style.zIndex))")
    assert panes == sorted(set(panes))
    screen.rest()
    assert len(screen.reruns) == before


def test_a_group_switches_all_its_layers(screen: Screen) -> None:
    screen.open(sheet="structure")
    group = screen.ask("atlas.spec.groups[0]")
    own = "atlas.spec.layers.filter((layer) => layer.group === arg && layer.features.length).map((layer) => layer.id)"
    layers = screen.ask(own, group["id"])
    screen.layer_box(group["title"]).click()
    assert not any(screen.visible(layer) for layer in layers)
    screen.layer_box(group["title"]).click()
    assert all(screen.visible(layer) for layer in layers)


def test_the_opacity_of_a_layer(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="zones")
    title = bazhou.plan.layers["zone"].kind.name.zh
    name = f"{words('map.opacity')} · {title}"
    screen.map.get_by_role("button", name=name).click()
    slider = screen.map.get_by_role("slider", name=name)
    slider.fill("40")
    assert screen.ask("atlas.layers.get('zone').pane.style.opacity") == "0.4"
    # It outlives a look at another sheet.
    screen.choose("towns")
    screen.choose("zones")
    assert screen.ask("atlas.layers.get('zone').pane.style.opacity") == "0.4"


def test_another_sheet_keeps_what_both_show(screen: Screen) -> None:
    screen.open(sheet="towns")
    shared = screen.ask("window.kept = atlas.layers.get('town')") and screen.ask("atlas.stats.layersBuilt")
    screen.choose("zones")
    assert screen.ask("window.kept === atlas.layers.get('town')")
    built = {layer["id"] for layer in screen.drawn()} - {
        "neighbour",
        "district",
        "town",
        "river",
        "former_seat",
        "settlement",
    }
    assert screen.ask("atlas.stats.layersBuilt") == shared + len(built)


def test_a_sheet_of_the_same_extent_keeps_the_view(screen: Screen) -> None:
    screen.open(sheet="towns")
    screen.ask("(atlas.moved = true, atlas.map.setZoom(11, {animate: false}), null)")
    view = screen.ask("[atlas.map.getCenter().lng, atlas.map.getCenter().lat, atlas.map.getZoom()]")
    screen.choose("zones")
    assert screen.ask("[atlas.map.getCenter().lng, atlas.map.getCenter().lat, atlas.map.getZoom()]") == view


def test_the_back_button_undoes_one_step_at_a_time(screen: Screen) -> None:
    screen.open(sheet="towns")
    screen.choose("zones")
    screen.choose("rings")
    for sheet in ("zones", "towns"):
        screen.page.go_back()
        screen.wait_for_query(sheet=sheet, feature=None)
        screen.wait_for_map(sheet)
        screen.rest()
        assert screen.query["sheet"] == sheet


def test_the_back_button_leaves_a_selected_feature(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    [feature] = clickable(screen, bazhou)
    screen.click(feature.id)
    screen.wait_for_query(feature=feature.id)
    expect(screen.heading(feature.name).first).to_be_visible()
    screen.choose("zones")
    screen.page.go_back()
    screen.wait_for_query(sheet="structure", feature=feature.id)
    screen.wait_for_map("structure")
    expect(screen.heading(feature.name).first).to_be_visible()


def test_the_back_button_leaves_what_a_search_found(screen: Screen, bazhou: Opened) -> None:
    feature = bazhou.plan.layers["airport"].rows[0]
    screen.open(sheet="transport")
    screen.page.get_by_role("combobox", name=words("app.search")).fill(feature.name)
    screen.page.get_by_role("option", name=feature.name).first.click()
    screen.wait_for_query(feature=feature.id)
    screen.map_is("selected === arg", feature.id)
    screen.rest()
    screen.page.go_back()
    screen.wait_for_query(feature=None, sheet="transport")
    screen.map_is("selected === null")
    screen.rest()
    assert "feature" not in screen.query


def test_search_flies_to_a_feature(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="towns")
    [*_, feature] = bazhou.plan.layers["reservoir"].rows
    search = screen.page.get_by_role("combobox", name=words("app.search"))
    search.fill(feature.name)
    screen.page.get_by_role("option", name=feature.name).first.click()
    screen.wait_for_query(feature=feature.id)
    expect(screen.heading(feature.name).first).to_be_visible()
    screen.map_is("selected === arg", feature.id)
    screen.map_is("map.getBounds().contains(atlasMap.item(arg).latlng)", feature.id)
    sheet = bazhou.atlas.sheet(screen.query["sheet"])
    assert "reservoir" in {layer.kind for layer in sheet.layers if layer.on}


def test_a_basemap_that_does_not_answer_is_said(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen()
    screen.open(sheet="towns")
    before = len(screen.reruns)
    screen.map.get_by_role("radio").nth(1).check()
    expect(screen.map.get_by_role("status")).to_contain_text(words("map.basemap_failed"))
    assert screen.query["base"]
    assert screen.foreign_requests, "a basemap is the one thing that comes from elsewhere, when somebody asks for it"
    assert all(
        layer["features"] == len(screen.ask("atlas.layers.get(arg).items", layer["id"])) for layer in screen.drawn()
    )
    screen.map.get_by_role("radio").first.check()
    assert "base" not in screen.query
    assert len(screen.reruns) == before
    screen.requests.clear()
    screen.troubles.clear()
