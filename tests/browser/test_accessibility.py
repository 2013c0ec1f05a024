"""Axe finds nothing serious or critical, on any page, in the map, or in the file that opens offline."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Frame, Page, expect

from atlas.webmap import WebMap
from atlas.webpage import save_page
from tests.browser.conftest import Screen, words
from tests.conftest import Opened

pytestmark = pytest.mark.browser

ADDRESSES: dict[str, tuple[str, dict[str, str]]] = {
    "map": ("", {"sheet": "structure"}),
    "map, with a card": ("", {"sheet": "structure", "feature": "core-city"}),
    "map, in English": ("", {"sheet": "transport", "lang": "en"}),
    "register": ("register", {"statement": "R011"}),
    "targets": ("targets", {}),
    "sources": ("sources", {}),
}


def faults(document: Page | Frame) -> list[str]:
    """Return what axe finds serious or critical."""
    found: list[dict[str, Any]] = Axe().run(document).response["violations"]
    for violation in found:
        print(violation["impact"], violation["id"], [node["html"][:120] for node in violation["nodes"][:3]])
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages(screen: Screen, address: str) -> None:
    page, query = ADDRESSES[address]
    screen.open(page, **query)
    if page == "targets":
        expect(screen.page.locator("canvas, svg.marks").first).to_be_visible()
    assert not faults(screen.page)
    if not page:
        assert not faults(screen.map)


def test_a_link_that_is_gone(screen: Screen) -> None:
    screen.page.goto(f"{screen.url}/?sheet=gone&feature=gone")
    expect(screen.page.get_by_text(words("app.unknown_sheet"))).to_be_visible()
    expect(screen.page.get_by_text(words("app.unknown_feature"))).to_be_visible()
    screen.wait_for_map()
    screen.rest()
    assert not faults(screen.page)


def test_opened_parts_of_the_map(screen: Screen) -> None:
    """Sliders, folded groups, the table beside the map, and the list of the search."""
    screen.open(sheet="structure")
    screen.map.locator("button[aria-expanded]").first.click()
    screen.map.locator("button[aria-expanded]").first.click()
    screen.map.get_by_role("button", name=words("map.opacity")).first.click()
    screen.side.get_by_role("tab", name=words("app.table_twin")).click()
    screen.page.get_by_role("combobox", name=words("app.search")).click()
    expect(screen.page.get_by_role("option").first).to_be_visible()
    assert not faults(screen.map)
    assert not faults(screen.page)


def test_the_file_that_opens_offline(browser: Browser, bazhou: Opened, tmp_path: Path) -> None:
    sheet = bazhou.atlas.sheet("structure")
    save_page(WebMap(bazhou.plan, bazhou.atlas), sheet, tmp_path / "map.html")
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto((tmp_path / "map.html").as_uri())
        page.wait_for_function("window.atlasMap && atlasMap.frame === null")
        assert not faults(page)
        page.evaluate("atlasMap.select('core-city', true)")
        page.get_by_role("combobox").fill(sheet.title.zh[:1])
        page.locator("summary").first.click()
        assert not faults(page)
