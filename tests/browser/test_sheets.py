"""Every sheet in Chromium: all that its document says is drawn, nothing is fetched from elsewhere, nothing scrolls."""

import pytest

from atlas.webmap import WebMap
from tests.browser.conftest import Screen
from tests.conftest import Opened

pytestmark = pytest.mark.browser

# Per layer the features that leave no ink: a symbol for each point, a stroke with a course for each line or area.
WITHOUT_INK = """
atlas.drawn().filter(({visible}) => visible).flatMap(({id}) => {
    const {pane, items} = atlas.layers.get(id);
    return items.filter(({object}) => !pane.isConnected || !(object._icon?.querySelector('path')
        || object._strokes?.some(([, node]) => pane.contains(node) && node.getAttribute('d')?.length > 4))).map((item) => item.id);
})
"""

# Slanted names have boxes far larger than their ink; those that stand straight must be apart.
NAMES_OVER_EACH_OTHER = """
(() => {
    const straight = [...document.querySelectorAll('.atlas-label')].filter((n) => !/rotate/.test(n.getAttribute('transform')));
    const boxes = straight.map((node) => [node.textContent, node.getBoundingClientRect()]);
    return boxes.flatMap(([a, p], i) => boxes.slice(i + 1).filter(([, q]) =>
        p.left + 3 < q.right && q.left + 3 < p.right && p.top + 4 < q.bottom && q.top + 4 < p.bottom).map(([b]) => `${a} | ${b}`));
})()
"""


def test_every_sheet_draws_what_its_document_says(screen: Screen, bazhou: Opened) -> None:
    web = WebMap(bazhou.plan, bazhou.atlas)
    screen.open(sheet=list(bazhou.atlas.sheets)[-1])
    screen.ask("Boolean(window.sameMap = atlas)")
    for sheet in bazhou.atlas.sheets.values():
        kept = screen.ask("atlas.stats.layersKept")
        screen.choose(sheet.id)
        wanted = web.document(sheet)["layers"]
        # A surface and its lines are on the map, but no layers of the plan.
        surfaces = [layer["id"] for layer in screen.drawn() if layer["id"].startswith("surface")]
        assert bool(surfaces) == bool(sheet.raster)
        drawn = [layer for layer in screen.drawn() if layer["id"] not in surfaces]

        assert [(layer["id"], len(layer["features"]), layer["on"]) for layer in wanted] == [
            (layer["id"], layer["features"], layer["visible"]) for layer in drawn
        ], sheet.id
        assert [layer["z"] for layer in drawn] == sorted({layer["z"] for layer in drawn}), sheet.id
        assert screen.map.locator("h1").inner_text() == sheet.title.zh
        assert screen.map.locator(".atlas-label").count() > 3, sheet.id
        assert not screen.ask(NAMES_OVER_EACH_OTHER), sheet.id
        assert screen.ask("window.sameMap === atlas"), f"{sheet.id} started another map"
        assert screen.ask("atlas.stats.layersKept") > kept, f"{sheet.id} drew anew what both sheets show"
        assert screen.page.evaluate("document.documentElement.scrollHeight <= innerHeight + 2"), f"{sheet.id} scrolls"

        # From far enough away everything is in view.
        screen.ask("(atlas.map.setZoom(atlas.map.getMinZoom(), {animate: false}), null)")
        assert screen.ask(WITHOUT_INK) == [], sheet.id
        screen.ask("atlas.home(false)")
    assert {url.split("/")[2] for url in screen.requests if url.startswith(("http", "ws"))} == {screen.url[7:]}


def test_a_sheet_of_the_address_opens_at_once(screen: Screen, bazhou: Opened) -> None:
    last = list(bazhou.atlas.sheets.values())[-1]
    screen.open(sheet=last.id)
    assert screen.map.locator("h1").inner_text() == last.title.zh
    assert screen.ask("atlas.stats.updates") == 1, "drawn once, not first as another sheet"
