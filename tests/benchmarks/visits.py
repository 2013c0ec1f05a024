"""A visitor in Chromium: a browser context of her own, and the time from navigation until the map is drawn."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import Error, sync_playwright

from atlas.webpage import leaflet_folder
from tests.chromium import chromium_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, CDPSession, ConsoleMessage

_PATIENCE_MS: Final = 90_000
_MARK: Final = "benchmark-drawn "
# Runs in every frame, ours and the peer's alike; the mark is set after the frame in which the map is painted.
_WATCH: Final = """(() => {
  const drawn = () => %s;
  const timer = setInterval(() => {
    let done = false;
    try { done = drawn(); } catch (error) { done = false; }
    if (!done) return;
    clearInterval(timer);
    requestAnimationFrame(() => setTimeout(() => console.info('%s' + (performance.timeOrigin + performance.now()))));
  }, 5);
})();"""
OURS_DRAWN: Final = (
    "window.atlasMap.drawn().some((layer) => layer.visible && layer.features)"
    " && document.querySelector('.leaflet-pane path[d^=M]')"
)
# The same in the app's own frame, which comes with the page around it.
APP_DRAWN: Final = f"location.pathname.includes('atlas_map') && {OURS_DRAWN}"
PEER_DRAWN: Final = "document.querySelectorAll('.leaflet-overlay-pane path, .leaflet-marker-pane img').length >= %d"
EMPTY_DRAWN: Final = "document.querySelector('[data-testid=stMarkdown] p')"
# folium's page calls this plugin, and one failed call would leave the map blank.
_FULLSCREEN: Final = b"""L.Control.FullScreen = L.Control.extend({onAdd: () => L.DomUtil.create('a')});
L.control.fullscreen = (options) => new L.Control.FullScreen(options);"""
_PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c636060606000000005000157a3b5e70000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """How long the visitor waited, and which addresses outside this machine were asked for."""

    seconds: float
    outside: tuple[str, ...]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Open the machine's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def visit(browser: Browser, url: str, drawn: str) -> Visit:
    """
    Open a page as a new visitor.

    Parameters
    ----------
    browser
        Where the visitor gets a context of her own: nothing is cached.
    url
        Of the page.
    drawn
        JavaScript that is true in the frame that holds the map, once it is drawn.
    """
    outside: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        context.add_init_script(_WATCH % (drawn, _MARK))
        page = context.new_page()
        _answer_outside(context.new_cdp_session(page), outside)
        with page.expect_console_message(_is_mark, timeout=_PATIENCE_MS) as message:
            page.goto(url, wait_until="commit")
        start = float(page.evaluate("performance.timeOrigin"))
        end = float(message.value.text.removeprefix(_MARK))
    finally:
        context.close()
    return Visit((end - start) / 1000, tuple(outside))


def _is_mark(message: ConsoleMessage) -> bool:
    return message.text.startswith(_MARK)


def _answer_outside(session: CDPSession, outside: list[str]) -> None:
    """Answer at once what CDNs and tile servers would, and note what was asked for.

    All of them are https, this machine's servers are http: what comes from here is not touched. Playwright's own routes
    would stop every request, and cost each side some milliseconds for each.
    """

    def answer(event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        outside.append(url)
        kind, body = _stand_in(url)
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": kind}
        response = {
            "requestId": event["requestId"],
            "responseCode": 200,
            "responseHeaders": [{"name": name, "value": value} for name, value in headers.items()],
            "body": base64.b64encode(body).decode(),
        }
        # Leaflet takes back tiles that it no longer needs.
        with contextlib.suppress(Error):
            session.send("Fetch.fulfillRequest", response)

    session.on("Fetch.requestPaused", answer)
    session.send("Fetch.enable", {"patterns": [{"urlPattern": "https://*"}]})


def _stand_in(url: str) -> tuple[str, bytes]:
    """Return type and content of what stands in for an address: Leaflet as it is, tiles blank, the rest empty."""
    name = url.partition("?")[0].rpartition("/")[2].lower()
    kind = {"js": "text/javascript", "css": "text/css"}.get(name.rpartition(".")[2], "image/png")
    if name in {"leaflet.js", "leaflet.css"}:
        return kind, (leaflet_folder() / name).read_bytes()
    if kind == "image/png":
        return kind, _PIXEL
    return kind, _FULLSCREEN if "fullscreen.min.js" in name else b""
