"""The surface in Chromium: coloured by its legend, in its place, told under the pointer, and moved by the panel."""

import pytest
from playwright.sync_api import expect

from atlas.webmap import WebMap
from tests.browser.conftest import Screen, words
from tests.conftest import Opened

pytestmark = pytest.mark.browser

SURFACE = "atlas.layers.get('surface').surface"


def test_the_surface_lies_in_its_place_and_answers_the_pointer(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="one-hour")
    screen.map_is("layers.get('surface').surface.levels !== null")
    image = WebMap(bazhou.plan, bazhou.atlas).document(bazhou.atlas.sheets["one-hour"])["surface"]["picture"]["image"]

    # Its corners, on the screen, are those of its bounds to half a pixel of the picture.
    off = screen.ask(
        """(() => {
            const {overlay, image} = atlas.layers.get('surface').surface, box = overlay.getElement().getBoundingClientRect();
            const frame = atlas.map.getContainer().getBoundingClientRect(), [[south, west], [north, east]] = arg;
            const a = atlas.map.latLngToContainerPoint([north, west]), b = atlas.map.latLngToContainerPoint([south, east]);
            const pixel = (b.x - a.x) / image.size[0];
            return [box.left - frame.left - a.x, box.top - frame.top - a.y, box.right - frame.left - b.x,
                box.bottom - frame.top - b.y].map((d) => Math.abs(d) - Math.max(1, pixel / 2));
        })()""",
        image["bounds"],
    )
    assert max(off) <= 0, off

    # At the core the trip has not begun; the text under the pointer says so.
    assert screen.ask(f"{SURFACE}.value(atlas.find('core-city'))") < 1
    x, y = screen.spot("core-city")
    screen.page.mouse.move(x + 40, y + 60)
    expect(screen.map.locator(".atlas-position")).to_contain_text(words("raster.travel_time"))

    # It can be switched off like any layer, and then no longer speaks.
    screen.layer_box(words("raster.travel_time")).uncheck()
    assert not screen.visible("surface")
    screen.page.mouse.move(x + 44, y + 64)
    expect(screen.map.locator(".atlas-position")).not_to_contain_text(words("raster.travel_time"))
    assert screen.troubles == []


def test_the_panel_moves_the_surface_and_keeps_the_view(screen: Screen) -> None:
    screen.open(sheet="suitability")
    screen.map_is("layers.get('surface').surface.levels !== null")
    before = screen.ask("atlas.layers.get('surface').spec.hash")
    zoom = screen.ask("atlas.map.getZoom()")
    screen.side.get_by_text(words("network.existing_short"), exact=True).click()
    screen.wait_for_query(network="existing")
    screen.map_is("layers.get('surface').spec.hash !== arg", before)
    assert screen.ask("atlas.map.getZoom()") == zoom
    screen.rest()
    with screen.page.expect_download() as download:
        screen.side.get_by_role("button", name="GeoTIFF").click()
    assert download.value.suggested_filename == "bazhou-suitability.tif"
    assert screen.troubles == []
