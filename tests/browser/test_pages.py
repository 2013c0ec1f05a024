"""From page to page: register and map lead to each other, data that change on disk show, and names stay text."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Screen, words
from tests.conftest import Draft, Opened

pytestmark = pytest.mark.browser

MARKUP = "丙桥镇<b>HTML</b>&"  # a town of toyland


def link(id_: str) -> re.Pattern[str]:
    """Match the card's link to a statement."""
    return re.compile(f"{re.escape(words('app.statement_link'))}.*{id_}")


def test_from_the_register_to_the_map_and_back(screen: Screen, bazhou: Opened) -> None:
    statement = next(s for s in bazhou.plan.statements.values() if s.state == "mapped")
    feature = bazhou.plan.feature(statement.features[0])
    assert feature
    screen.open("register", statement=statement.id)
    expect(screen.side).to_contain_text(statement.phrase)
    screen.side.get_by_role("link", name=feature.name).first.click()
    screen.wait_for_query(feature=feature.id)
    screen.wait_for_map()
    screen.map_is("selected === arg", feature.id)
    assert screen.visible(feature.kind)
    expect(screen.heading(feature.name).first).to_be_visible()
    expect(screen.side).to_contain_text(statement.phrase)

    screen.side.get_by_role("link", name=link(statement.id)).click()
    screen.wait_for_query(statement=statement.id)
    assert screen.page.url.startswith(f"{screen.url}/register")
    expect(screen.heading(statement.name)).to_be_visible()
    expect(screen.side).to_contain_text(statement.phrase)


def test_every_page_can_be_reached_from_the_top(screen: Screen) -> None:
    screen.open()
    for name in ("register", "targets", "figures", "sources", "map"):
        screen.page.get_by_role("link", name=words(f"app.page_{name}"), exact=True).click()
        if name == "map":
            screen.wait_for_map()
        else:
            expect(screen.heading(words(f"app.page_{name}"))).to_be_visible()
    screen.rest()


def test_the_map_is_as_it_was_after_a_look_at_another_page(screen: Screen, bazhou: Opened) -> None:
    feature = bazhou.plan.layers["core"].rows[0]
    screen.open(sheet="zones", feature=feature.id)
    screen.layer_box(bazhou.plan.layers["river"].kind.name.zh).click()
    screen.page.get_by_role("link", name=words("app.page_targets"), exact=True).click()
    expect(screen.heading(words("app.page_targets"))).to_be_visible()
    screen.page.get_by_role("link", name=words("app.page_map"), exact=True).click()
    screen.wait_for_map("zones")
    screen.map_is("selected === arg", feature.id)
    assert not screen.visible("river")


def test_the_interface_changes_its_language_in_place(screen: Screen, bazhou: Opened) -> None:
    sheet = bazhou.atlas.sheet("zones")
    screen.open(sheet=sheet.id)
    screen.ask("Boolean(window.sameMap = atlas)")
    screen.page.locator(".st-key-pick_language").get_by_role("radio").last.click()
    screen.wait_for_query(lang="en")
    expect(screen.map.locator("h1")).to_have_text(sheet.title.en)
    assert screen.ask("window.sameMap === atlas")
    assert screen.map.locator("html").get_attribute("lang") == "en"
    expect(screen.page.get_by_role("link", name="Register", exact=True)).to_be_visible()


def test_a_changed_file_shows_at_the_next_step(toy_screen: Screen, edited: Draft) -> None:
    toy_screen.open(sheet="all")
    [old] = [name for name in toy_screen.ask("atlas.items.map(i => i.feature.name)") if name == "东关门楼"]
    edited.cell("elements.csv", "culture-gate", name="西关门楼")
    edited.cell("places.csv", "gate", lon="119.99")
    toy_screen.choose("structure")
    toy_screen.choose("all")
    names = toy_screen.ask("atlas.items.map(i => i.feature.name)")
    assert "西关门楼" in names
    assert old not in names
    assert toy_screen.ask("atlas.item('culture-gate').latlng.lng") == pytest.approx(119.99)
    toy_screen.click("culture-gate")
    expect(toy_screen.heading("西关门楼").first).to_be_visible()


def test_faults_show_as_a_panel_and_go_when_mended(toy_screen: Screen, edited: Draft) -> None:
    toy_screen.open(sheet="all")
    good = edited.text("district.toml")
    edited.edit("district.toml", "outline =", "outlin =")
    toy_screen.page.locator(".st-key-sheet-structure").get_by_role("button").click()
    expect(toy_screen.page.get_by_text(words("app.data_problem"))).to_be_visible()
    row = toy_screen.page.get_by_role("row").filter(has_text="outlin")
    expect(row.first).to_contain_text("toyland/district.toml")
    expect(row.first).to_contain_text("outline")
    expect(toy_screen.page.get_by_text("Traceback")).to_have_count(0)
    edited.write("district.toml", good)
    toy_screen.page.get_by_role("button", name=words("app.reload")).click()
    toy_screen.wait_for_map("structure")
    expect(toy_screen.page.get_by_text(words("app.data_problem"))).to_have_count(0)


def test_names_with_markup_are_text_everywhere(toy_screen: Screen) -> None:
    screen = toy_screen

    def no_markup_came_alive() -> None:
        for document in (screen.page, screen.map if screen.page.locator("iframe").count() else screen.page):
            assert document.locator("b", has_text=re.compile("^HTML$")).count() == 0
            assert document.locator("b, i", has_text=re.compile("^(引领|走向)$")).count() == 0
            assert document.locator("img[onerror]").count() == 0
        assert not screen.troubles

    screen.open(sheet="all", feature="seat-bing")
    expect(screen.heading(MARKUP).first).to_be_visible()
    expect(screen.side).to_contain_text("</script><script>alert(1)</script><img src=x onerror=alert(2)>")
    expect(screen.map.locator(".atlas-label", has_text=MARKUP).first).to_be_attached()
    no_markup_came_alive()
    screen.side.get_by_role("button", name=words("app.close")).click()
    screen.map_is("selected === null")
    screen.page.mouse.move(*screen.spot("seat-bing"))
    expect(screen.map.locator(".atlas-tooltip")).to_contain_text(MARKUP)
    no_markup_came_alive()
    screen.choose("structure")
    expect(screen.side).to_contain_text("<i>走向</i>为示意")
    screen.side.get_by_role("tab", name=words("app.table_twin")).click()
    # The table is drawn on a canvas; its twin for screen readers lies inside.
    expect(screen.page.locator("canvas [role=gridcell]", has_text=MARKUP).first).to_be_attached()
    no_markup_came_alive()

    screen.open("register", statement="R001")
    expect(screen.side).to_contain_text("<b>引领</b>全区")
    expect(screen.side.get_by_role("link", name=MARKUP)).to_be_visible()
    no_markup_came_alive()
    screen.open("register", statement="R010")
    expect(screen.side).to_contain_text("<script>alert(3)</script>")
    no_markup_came_alive()
    for page in ("targets", "sources"):
        screen.open(page)
        no_markup_came_alive()
