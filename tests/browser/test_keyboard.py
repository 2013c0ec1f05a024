"""Without a mouse: sheets, layers, features and search by keys alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Screen, words
from tests.conftest import Opened

pytestmark = pytest.mark.browser

# What has the focus: its role or element, and its name.
FOCUS = """() => {
    let node = document.activeElement, where = 'page';
    if (node?.tagName === 'IFRAME') [node, where] = [node.contentDocument.activeElement, 'map'];
    return node ? `${where}|${node.getAttribute('role') || node.tagName}|` +
        (node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent).trim() : '';
}"""


def tab_to(screen: Screen, wanted: str, presses: int = 120) -> None:
    """Press Tab until the focus is on what is wanted."""
    seen = []
    for _ in range(presses):
        screen.page.keyboard.press("Tab")
        seen.append(str(screen.page.evaluate(FOCUS)))
        if wanted in seen[-1]:
            return
    pytest.fail(f"{presses} tabs do not reach {wanted!r}: {seen}")


def test_a_sheet_by_keyboard(screen: Screen, bazhou: Opened) -> None:
    screen.open()
    tab_to(screen, f"page|BUTTON|{bazhou.atlas.sheet('towns').title.zh}")
    screen.page.keyboard.press("Enter")
    screen.wait_for_map("towns")
    screen.wait_for_query(sheet="towns")


def test_layers_by_keyboard(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="towns")
    screen.frame_element.focus()
    tab_to(screen, f"map|BUTTON|{words('map.layers')}")
    screen.page.keyboard.press("Enter")
    expect(screen.layer_box(bazhou.plan.layers["town"].kind.name.zh)).to_be_hidden()
    screen.page.keyboard.press("Enter")
    tab_to(screen, f"map|INPUT|{bazhou.plan.layers['river'].kind.name.zh}")
    screen.page.keyboard.press("Space")
    assert not screen.visible("river")
    assert screen.query["off"] == "river"
    assert screen.page.evaluate(FOCUS).startswith("map|INPUT"), "the focus stays where it was"


def test_features_by_keyboard(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    screen.frame_element.focus()
    tab_to(screen, f"map|listbox|{words('map.features')}")
    cursor = screen.map.get_by_role("listbox", name=words("map.features"))
    first = cursor.inner_text()
    screen.page.keyboard.press("ArrowDown")
    assert cursor.inner_text() != first
    screen.page.keyboard.press("Enter")
    selected = screen.ask("atlas.selected")
    screen.wait_for_query(feature=selected)
    feature = bazhou.plan.feature(selected)
    assert feature
    expect(screen.heading(feature.name).first).to_be_visible()
    screen.page.keyboard.press("Escape")
    screen.wait_for_query(feature=None)


def test_search_by_keyboard(screen: Screen, bazhou: Opened) -> None:
    feature = bazhou.plan.layers["airport"].rows[0]
    screen.open()
    search = screen.page.get_by_role("combobox", name=words("app.search"))
    for _ in range(40):
        screen.page.keyboard.press("Tab")
        if search.evaluate("node => node === document.activeElement"):
            break
    else:
        pytest.fail("40 tabs do not reach the search")
    screen.page.keyboard.type(feature.name)
    expect(screen.page.get_by_role("option", name=feature.name).first).to_be_visible()
    screen.page.keyboard.press("Enter")
    screen.wait_for_query(feature=feature.id)
    screen.map_is("selected === arg", feature.id)


def test_the_focus_can_be_seen(screen: Screen) -> None:
    screen.open(sheet="towns")
    screen.frame_element.focus()
    tab_to(screen, f"map|BUTTON|{words('map.zoom_in')}")
    style = screen.map.evaluate(
        "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
    )
    assert style[0] != "none"
    assert style[1] >= 2
