"""The map before the app: at its place at once, and gone without a trace when the app's own map is there."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Frame, Route, expect

from tests.browser.conftest import Screen, words
from tests.conftest import Draft

pytestmark = pytest.mark.browser

# The script that starts Streamlit's page.
STARTER: Final = re.compile(r"/static/js/index\.\w+\.js$")
BOX: Final = "node => (({left, top, width, height}) => [left, top, width, height])(node.getBoundingClientRect())"


class Doorstep:
    """
    A window in which the app is held back, so that only the first map is there.

    Parameters
    ----------
    screen
        The window.
    query
        What the address asks for.
    """

    def __init__(self, screen: Screen, query: str = "") -> None:
        self.screen = screen
        self.held: list[Route] = []
        screen.page.route(STARTER, lambda route: self.held.append(route))  # noqa: PLW0108 - a builtin is refused
        screen.page.goto(f"{screen.url}/?{query}", wait_until="commit")
        element = screen.page.wait_for_selector("#atlas-first")
        assert element
        frame = element.content_frame()
        assert frame
        self.frame: Frame = frame
        frame.wait_for_function("window.atlasMap && window.atlasMap.spec && window.atlasMap.frame === null")
        while not self.held:
            screen.page.wait_for_timeout(10)

    def go_on(self) -> None:
        """Let the app come, and wait until it stands."""
        [starter] = self.held
        starter.continue_()
        self.screen.wait_for_map()
        self.screen.rest()


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700), (700, 900), (390, 844)], ids=str)
def test_the_first_map_stands_where_the_app_puts_its_own(
    open_screen: Callable[..., Screen], size: tuple[int, int]
) -> None:
    screen = open_screen(viewport={"width": size[0], "height": size[1]})
    doorstep = Doorstep(screen, "sheet=zones")
    first = screen.page.locator("#atlas-first").evaluate(BOX)
    doorstep.go_on()
    assert screen.frame_element.evaluate(BOX) == pytest.approx(first, abs=1.5)


@pytest.mark.parametrize("query", ["", "sheet=zones", "sheet=structure&lang=en&off=river", "sheet=gone&feature=gone"])
def test_the_first_map_is_the_map_of_the_app(screen: Screen, query: str) -> None:
    ask = """map => [map.spec.sheet, map.spec.lang, map.selected, map.drawn().map(({id, visible}) => id + visible),
        [...document.querySelectorAll('.atlas-label')].map(label => label.textContent).sort()]"""
    doorstep = Doorstep(screen, query)
    first = doorstep.frame.evaluate(f"({ask})(window.atlasMap)")
    doorstep.go_on()
    assert screen.map.evaluate(f"({ask})(window.atlasMap)") == first


def test_what_is_done_on_the_first_map_is_not_lost(screen: Screen) -> None:
    doorstep = Doorstep(screen, "sheet=zones")
    done: dict[str, Any] = doorstep.frame.evaluate(
        """() => { const atlas = window.atlasMap;
            atlas.setVisible(['river'], false); atlas.setOpacity('zone', 0.4); atlas.select('core-city', true);
            atlas.moved = true; atlas.map.setView([31.9, 106.9], 11.5, {animate: false});
            return {zoom: atlas.map.getZoom()}; }"""
    )
    doorstep.go_on()
    assert not screen.visible("river")
    assert screen.ask("atlas.opacityOf('zone')") == 0.4
    assert screen.ask("[atlas.map.getCenter().lat, atlas.map.getCenter().lng]") == pytest.approx(
        [31.9, 106.9], abs=1e-3
    )
    assert screen.ask("atlas.map.getZoom()") == done["zoom"]
    screen.wait_for_query(feature="core-city", off="river")
    expect(screen.side.get_by_role("heading").first).to_be_visible()


def test_a_fault_in_the_data_is_told_by_the_page(toy_screen: Screen, edited: Draft) -> None:
    edited.edit("district.toml", "outline =", "outlin =")
    toy_screen.page.goto(toy_screen.url)
    expect(toy_screen.page.get_by_text(words("app.data_problem"))).to_be_visible()
    expect(toy_screen.page.locator("#atlas-first")).to_have_count(0)


def test_only_the_map_page_has_one(screen: Screen) -> None:
    screen.open("register")
    expect(screen.page.locator("#atlas-first")).to_have_count(0)


def test_a_district_that_takes_its_time_keeps_nobody_from_the_page(screen: Screen) -> None:
    waiting: list[Route] = []
    screen.page.route("**/first-map?*", lambda route: waiting.append(route))  # noqa: PLW0108 - as above
    screen.page.goto(screen.url)
    screen.wait_for_map()
    assert waiting
