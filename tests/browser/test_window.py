"""The window: nothing but this machine may reach the app, nothing of Streamlit's own shows, a phone is wide enough."""

import http.client
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Screen, words
from tests.conftest import Opened

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
WIDTH = "document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth"


def test_only_this_machine_is_listened_to(server: str) -> None:
    port = urlsplit(server).port
    assert port
    # All of 127/8 is this machine; only a server that listens on every address answers on all of it.
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", port)) != 0
    with socket.socket() as own:
        own.settimeout(2)
        assert own.connect_ex(("127.0.0.1", port)) == 0


def test_a_foreign_page_cannot_talk_to_it(server: str) -> None:
    port = urlsplit(server).port
    for name, status in ((f"localhost:{port}", 101), ("planning.example", 400)):
        connection = http.client.HTTPConnection("localhost", port, timeout=10)
        connection.putrequest("GET", "/_stcore/stream", skip_host=True)
        for header, value in {
            "Host": name,
            "Origin": f"http://{name}",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }.items():
            connection.putheader(header, value)
        connection.endheaders()
        assert connection.getresponse().status == status, name
        connection.close()
    for path in ("/", "/first-map", "/register", "/_stcore/health"):
        connection = http.client.HTTPConnection("localhost", port, timeout=10)
        connection.request("GET", path, headers={"Host": "planning.example"})
        assert connection.getresponse().status == 400, path
        connection.close()


def test_no_deploy_button_no_menu_no_statistics(screen: Screen) -> None:
    for page in ("", "register", "targets", "sources"):
        screen.open(page)
        for id_ in ("stAppDeployButton", "stMainMenu", "stMainMenuButton"):
            expect(screen.page.get_by_test_id(id_)).to_have_count(0)
        expect(screen.page.get_by_text("Deploy", exact=True)).to_have_count(0)


def test_the_map_page_is_one_window(screen: Screen) -> None:
    screen.open()
    for selector in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        scrolls = screen.page.evaluate(f"{selector}.scrollHeight - {selector}.clientHeight")
        assert scrolls <= 2, f"{selector} scrolls by {scrolls} px"
    box = screen.frame_element.bounding_box()
    assert box
    assert box["height"] > 700, "the map fills the height"
    assert box["y"] + box["height"] <= 900
    # A small laptop, and a window that grows under the map.
    for width, height in ((1280, 720), (1920, 1080)):
        screen.page.set_viewport_size({"width": width, "height": height})
        screen.map_is("map.getSize().y > arg", height * 0.8)
        assert screen.page.evaluate("document.documentElement.scrollHeight <= innerHeight + 2")
        bounds = screen.ask("(b => atlas.map.getBounds().contains(b))(atlas.spec.view.bounds)")
        assert bounds, f"the sheet does not fit into {width} x {height}"


def test_the_side_column_scrolls_by_itself(screen: Screen, bazhou: Opened) -> None:
    most = max(bazhou.atlas.sheets, key=lambda id_: len(bazhou.atlas.sheet(id_).topics))
    screen.open(sheet=most)
    button = screen.side.get_by_role("button", name=words("app.download_html"))
    button.scroll_into_view_if_needed()
    expect(button).to_be_in_viewport()
    assert screen.page.evaluate("scrollY") == 0


def test_a_phone_shows_map_and_card(open_screen: Callable[..., Screen], bazhou: Opened) -> None:
    screen = open_screen(**PHONE)
    feature = bazhou.plan.layers["core"].rows[0]
    screen.open(sheet="structure")
    expect(screen.frame_element).to_be_in_viewport(ratio=0.9)
    box = screen.frame_element.bounding_box()
    assert box
    assert box["width"] > 340
    centre = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    assert screen.page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", centre) == "IFRAME", (
        "something lies over the map"
    )
    assert screen.page.evaluate(WIDTH)
    assert screen.map.evaluate(WIDTH)

    screen.page.touchscreen.tap(*screen.spot(feature.id))
    screen.wait_for_query(feature=feature.id)
    title = screen.side.get_by_role("heading", name=feature.name).first
    title.scroll_into_view_if_needed()
    expect(title).to_be_in_viewport()
    assert screen.page.evaluate(WIDTH)

    screen.map.get_by_role("button", name=words("map.layers")).click()
    expect(screen.layer_box(bazhou.plan.layers["town"].kind.name.zh)).to_be_in_viewport()
    assert screen.map.evaluate(WIDTH)


@pytest.mark.parametrize("page", ["register", "targets", "sources"])
def test_other_pages_fit_a_phone(open_screen: Callable[..., Screen], page: str) -> None:
    screen = open_screen(**PHONE)
    screen.open(page)
    heading = screen.heading(words(f"app.page_{page}"))
    expect(heading).to_be_in_viewport()
    box = heading.bounding_box()
    assert box
    on_top = "([x, y]) => Boolean(document.elementFromPoint(x, y).closest('h2'))"
    assert screen.page.evaluate(on_top, [box["x"] + 4, box["y"] + 8]), "something lies over the page"
    assert screen.page.evaluate(WIDTH)
