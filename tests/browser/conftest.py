"""One server for each district, one Chromium for all, and a screen that records whatever it sends and asks for."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Frame,
    Locator,
    Page,
    ViewportSize,
    WebSocket,
    expect,
    sync_playwright,
)
from streamlit.proto.BackMsg_pb2 import BackMsg

from atlas.locations import GEODATA, ROOT
from atlas.words import say
from tests.chromium import chromium_path
from tests.conftest import DISTRICTS, Draft

START_S: Final = 60
PATIENCE_MS: Final = 15_000
WINDOW: Final = ViewportSize(width=1440, height=900)
# Chromium's own errands are off, and no name but this machine's leads anywhere: what needs the network fails here.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
)
# What Streamlit's own page says of itself; and it asks below a page's address before it asks at the root.
_NOT_OURS: Final = re.compile(r"Unrecognized feature|allow-scripts and allow-same-origin|/_stcore/(health|host-config)")

expect.set_options(timeout=PATIENCE_MS)


def words(key: str, **values: object) -> str:
    """Return words of the Chinese interface."""
    return say("zh", key, **values)


# ---- the app


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the district that ships; the app's address."""
    yield from _serve(GEODATA, tmp_path_factory.mktemp("server") / "log.txt")


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    """Copy toyland, for an app to serve while tests change it; each puts back what it changes."""
    folder = tmp_path_factory.mktemp("playground") / "toyland"
    draft = Draft(Path(shutil.copytree(DISTRICTS["toyland"], folder)))
    # The two cores' statement also shows the town whose name is markup.
    draft.cell("register.csv", "R001", features="core-old core-new seat-bing")
    return draft


@pytest.fixture
def edited(playground: Draft) -> Iterator[Draft]:
    """Lend the served district for changes, and put it back."""
    before = {file: file.read_bytes() for file in playground.folder.iterdir()}
    yield playground
    for file, content in before.items():
        file.write_bytes(content)


@pytest.fixture(scope="session")
def toy_server(playground: Draft, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the playground; the app's address."""
    yield from _serve(playground.root, tmp_path_factory.mktemp("toy-server") / "log.txt")


def _serve(geodata: Path, log: Path) -> Iterator[str]:
    """Run `python -m atlas serve` on a free port; in the end its log must hold no traceback through the atlas."""
    with closing(socket.socket()) as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    workspace = str(log.parent / "workspace")
    command = [sys.executable, "-m", "atlas", "serve", "--geodata", str(geodata), "--workspace", workspace]
    command += ["--no-browser", "--port", str(port)]
    url = f"http://localhost:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"ATLAS_NO_VENV": "1"},
            stdout=out,
            stderr=out,
            start_new_session=os.name == "posix",
        )
        try:
            _wait_until_healthy(url, process, log)
            yield url
        finally:
            _stop(process)
    said = log.read_text("utf-8", errors="replace")
    # Streamlit tells when a window closes in the middle of a sentence; what concerns us runs through our own files.
    assert not [line for line in said.splitlines() if 'File "' in line and str(ROOT / "atlas") in line], said


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"no app at {url}: {log.read_text('utf-8', errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt the server and what it started, as Ctrl+C in its terminal does."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGINT)
    else:  # no signal reaches a grandchild on Windows
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], check=False, capture_output=True)  # noqa: S607
    process.wait(timeout=20)


# ---- the browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window and without a way out."""
    path = chromium_path()
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium here: install it, or name it in ATLAS_CHROMIUM")
    assert path, "CI runs the browser tests, so it must have a Chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


class Screen:
    """
    A window on the app.

    Parameters
    ----------
    context
        The browser context it opens in; its own, so that nothing is left over from another window.
    url
        Where the app answers.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.requests: list[str] = []
        self.troubles: list[str] = []
        self.reruns: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda message: self._heard(message.type, message.text, message.location["url"]))
        self.page.on("dialog", self._asked)
        self.page.on("websocket", self._connected)

    def _heard(self, type_: str, text: str, source: str) -> None:
        if type_ in {"error", "warning"} and not _NOT_OURS.search(f"{text} {source}"):
            self.troubles.append(f"{type_}: {text} ({source})")

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _connected(self, socket: WebSocket) -> None:
        self.requests.append(socket.url)
        socket.on("framesent", self._sent)

    def _sent(self, frame: str | bytes) -> None:
        message = BackMsg()
        message.ParseFromString(frame if isinstance(frame, bytes) else frame.encode())
        if message.WhichOneof("type") == "rerun_script":
            self.reruns.append(message.rerun_script.query_string)

    # -- going somewhere

    def open(self, page: str = "", **query: str) -> "Screen":
        """Go to a page of the app and wait until it stands."""
        self.page.goto(f"{self.url}/{page}?{urlencode(query)}")
        if page:
            expect(self.page.locator(".atlas-heading").last).to_be_visible()
        else:
            self.wait_for_map(query.get("sheet"))
        self.rest()
        return self

    def rest(self) -> None:
        """Wait until the server has nothing left to do for this window."""
        expect(self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_have_count(1)

    def wait_for_map(self, sheet: str | None = None) -> None:
        """Wait until the map shows a sheet (any, if none is named), names and all."""
        expect(self.frame_element).to_have_count(1)
        expect(self.page.locator("#atlas-first")).to_have_count(0)  # the map before the app has made way
        self.map_is("spec !== null")
        if sheet:
            self.map_is(f"spec.sheet === {sheet!r}")
        self.map_is("frame === null")

    def choose(self, sheet: str) -> None:
        """Choose a sheet from the list."""
        self.page.locator(f".st-key-sheet-{sheet}").get_by_role("button").click()
        self.wait_for_map(sheet)
        self.rest()

    @property
    def query(self) -> dict[str, str]:
        """The view, as the address line has it."""
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.page.url).query).items()}

    def wait_for_query(self, **wanted: str | None) -> None:
        """Wait until parts of the address line are as wanted; None for those that must not be there."""
        self.page.wait_for_function(
            """wanted => {
                const query = new URLSearchParams(location.search);
                return Object.entries(wanted).every(([key, value]) => query.get(key) === value);
            }""",
            arg=wanted,
        )

    # -- the map

    @property
    def frame_element(self) -> Locator:
        """The element that holds the map."""
        return self.page.locator('iframe[title*="atlas_map"]')

    @property
    def map(self) -> Frame:
        """The document inside it."""
        return next(frame for frame in self.page.frames if "atlas_map" in frame.url)

    def map_is(self, condition: str, arg: object = None) -> None:
        """Wait until something holds of the map client, say ``selected === null``."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not any("atlas_map" in frame.url for frame in self.page.frames):
            assert time.monotonic() < deadline, "no map"
            self.page.wait_for_timeout(20)
        self.map.wait_for_function(
            f"arg => window.atlasMap && window.atlasMap.{condition}", arg=arg, timeout=PATIENCE_MS
        )

    def ask(self, expression: str, arg: object = None) -> Any:  # noqa: ANN401 - whatever JSON it answers
        """Ask the map client, known as `atlas`."""
        return self.map.evaluate(f"arg => {{ const atlas = window.atlasMap; return ({expression}); }}", arg)

    def drawn(self) -> list[dict[str, Any]]:
        """Return the layers in drawing order, lowest first."""
        layers: list[dict[str, Any]] = self.ask("atlas.drawn()")
        return layers

    def visible(self, layer: str) -> bool:
        """Say whether a layer is on."""
        return any(entry["id"] == layer and entry["visible"] for entry in self.drawn())

    def can_click(self, id_: str) -> bool:
        """Say whether a click at a feature's point, or a hover, would meet this feature and no other."""
        return bool(
            self.ask(
                """(at => at && atlas.hits(...(({left, top}) => [at.x + left, at.y + top])(
                    atlas.map.getContainer().getBoundingClientRect()))[0]?.id === arg)(atlas.find(arg))""",
                id_,
            )
        )

    def spot(self, id_: str) -> tuple[float, float]:
        """Return where on the page a feature can be clicked."""
        return self._on_page(self.ask("atlas.find(arg)", id_))

    def empty_spot(self) -> tuple[float, float]:
        """Return where on the page there is map and no feature, some way off the controls."""
        return self._on_page(
            self.ask(
                """(() => {
                    const box = atlas.map.getContainer(), {left, top} = box.getBoundingClientRect();
                    for (let y = 60; y < box.clientHeight - 100; y += 10) {
                        for (let x = 150; x < box.clientWidth - 60; x += 10) {
                            const node = document.elementFromPoint(x + left, y + top);
                            if (node.closest('.leaflet-control, .atlas-card')) continue;
                            if (!atlas.hits(x + left, y + top).length) return {x, y};
                        }
                    }
                    return null;
                })()"""
            )
        )

    def _on_page(self, at: dict[str, float]) -> tuple[float, float]:
        box = self.frame_element.bounding_box()
        assert box
        return box["x"] + at["x"], box["y"] + at["y"]

    def click(self, id_: str) -> None:
        """Click a feature on the map."""
        self.page.mouse.click(*self.spot(id_))

    def layer_box(self, title: str) -> Locator:
        """Return the switch of a layer, or of a group."""
        return self.map.get_by_role("checkbox", name=title, exact=True)

    # -- what stands beside it

    @property
    def side(self) -> Locator:
        """The column with the card or the note."""
        return self.page.locator(".st-key-side")

    def heading(self, text: str) -> Locator:
        """Return a heading of the page by its text."""
        return self.page.get_by_role("heading", name=text, exact=True)

    @property
    def foreign_requests(self) -> list[str]:
        """What was asked of anybody but the app."""
        own = urlsplit(self.url).netloc
        return [
            url for url in self.requests if urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).netloc != own
        ]


@pytest.fixture
def open_screen(browser: Browser, server: str) -> Iterator[Callable[..., Screen]]:
    """Open windows that share nothing; what one says in its console, or asks outside, fails the test."""
    opened: list[tuple[BrowserContext, Screen]] = []

    def new(url: str = server, **options: Any) -> Screen:  # noqa: ANN401 - whatever a context may be given
        settings = {"viewport": WINDOW, "locale": "zh-CN", "reduced_motion": "reduce"} | options
        context = browser.new_context(**settings)
        opened.append((context, Screen(context, url)))
        return opened[-1][1]

    yield new
    for context, _ in opened:
        context.close()
    for _, screen in opened:
        assert not screen.troubles
        assert not screen.foreign_requests


@pytest.fixture
def screen(open_screen: Callable[..., Screen]) -> Screen:
    """Open a window on the district that ships."""
    return open_screen()


@pytest.fixture
def toy_screen(open_screen: Callable[..., Screen], toy_server: str) -> Screen:
    """Open a window on the playground."""
    return open_screen(toy_server)
