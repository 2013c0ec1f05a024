"""The file that `atlas map` writes: opened from a disk, with networking off, it is the same map."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect

from atlas.cli import main
from atlas.locations import GEODATA
from tests.browser.conftest import WINDOW, Screen, words
from tests.conftest import DATA, Opened

pytestmark = pytest.mark.browser

SHEET = "structure"


class Offline:
    """A page in a browser without network, and all it asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.troubles: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._heard)
        page.on("dialog", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, file: Path) -> Page:
        """Open a file from the disk."""
        self.page.goto(file.as_uri())
        self.page.wait_for_function("window.atlasMap && atlasMap.spec && atlasMap.frame === null")
        return self.page

    def spot(self, id_: str) -> tuple[float, float]:
        """Return where a feature can be clicked."""
        at = self.page.evaluate("id => atlasMap.find(id)", id_)
        return at["x"], at["y"]


@pytest.fixture
def offline(browser: Browser) -> Iterator[Offline]:
    """Open a browser without network; a page may ask for its own file, and for nothing else."""
    context = browser.new_context(viewport=WINDOW, reduced_motion="reduce", offline=True)
    context.set_default_timeout(15_000)
    context.route(re.compile("^(?!file:|data:)"), lambda route: route.abort())
    one = Offline(context.new_page())
    yield one
    context.close()
    assert [url for url in one.requests if not url.startswith("data:")] == [one.requests[0]]
    assert one.requests[0].startswith("file:")
    assert not one.troubles


def write(geodata: Path, sheet: str, file: Path, language: str = "zh") -> Path:
    """Write a sheet as the command line does."""
    assert main(["--geodata", str(geodata), "--lang", language, "map", "--sheet", sheet, "--out", str(file)]) == 0
    return file


def test_it_opens_from_a_disk_and_works(offline: Offline, bazhou: Opened, tmp_path: Path) -> None:
    page = offline.open(write(GEODATA, SHEET, tmp_path / "图 1.html"))
    sheet = bazhou.atlas.sheet(SHEET)
    expect(page.locator("h1")).to_have_text(sheet.title.zh)
    labels = page.locator(".atlas-label").all_inner_texts()
    assert len(labels) > 10
    drawn = page.evaluate("atlasMap.drawn()")
    kinds = [(layer.id, layer.kind, layer.status) for layer in sheet.layers]
    counts = {id_: sum(s in {"", row.status} for row in bazhou.plan.layers[k].rows) for id_, k, s in kinds}
    assert {layer["id"]: layer["features"] for layer in drawn} == counts

    core = bazhou.plan.layers["core"].rows[0]
    page.mouse.click(*offline.spot(core.id))
    card = page.get_by_role("region", name=words("map.card"))
    expect(card).to_be_visible()
    expect(card.get_by_role("heading", name=core.name)).to_be_visible()
    expect(card).to_contain_text(bazhou.plan.statements[core.clauses[0]].phrase)
    expect(card).to_contain_text("±")
    card.get_by_role("button", name=words("map.close")).click()
    expect(card).to_be_hidden()

    axis = bazhou.plan.layers["axis"].rows[0]
    search = page.get_by_role("combobox", name=words("map.search"))
    search.fill(axis.name[:4])
    search.press("Enter")
    expect(card.get_by_role("heading", name=axis.name)).to_be_visible()

    page.get_by_text(words("map.note"), exact=True).click()
    expect(page.get_by_text(sheet.note.zh)).to_be_visible()
    card.get_by_role("button", name=words("map.close")).click()
    page.get_by_role("checkbox", name=bazhou.plan.layers["town"].kind.name.zh, exact=True).uncheck()
    assert not next(layer for layer in page.evaluate("atlasMap.drawn()") if layer["id"] == "town")["visible"]


def test_the_app_hands_out_the_same_file(screen: Screen, offline: Offline, bazhou: Opened, tmp_path: Path) -> None:
    screen.open(sheet=SHEET)
    with screen.page.expect_download() as download:
        screen.side.get_by_role("button", name=words("app.download_html")).click()
    assert download.value.suggested_filename == f"bazhou-{SHEET}.html"
    handed, written = tmp_path / "handed.html", write(GEODATA, SHEET, tmp_path / "written.html")
    download.value.save_as(handed)
    page = offline.open(handed)
    expect(page.locator("h1")).to_have_text(bazhou.atlas.sheet(SHEET).title.zh)
    # folium names its map by chance
    one, other = (re.sub(r"[0-9a-f]{32}", "", file.read_text("utf-8")) for file in (handed, written))
    assert one == other


def test_its_words_are_english_if_asked(offline: Offline, bazhou: Opened, tmp_path: Path) -> None:
    page = offline.open(write(GEODATA, SHEET, tmp_path / "map.html", "en"))
    expect(page.locator("h1")).to_have_text(bazhou.atlas.sheet(SHEET).title.en)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()


def test_names_with_markup_are_text_in_it(offline: Offline, toyland: Opened, tmp_path: Path) -> None:
    name = next(row.name for row in toyland.plan.layers["settlement"].rows if row.id == "seat-bing")
    page = offline.open(write(DATA, "all", tmp_path / "toy.html"))
    # Leaflet, surfaces, the client and its part for sites, the document
    assert page.evaluate("document.querySelectorAll('script').length") == 5
    expect(page.locator(".atlas-label", has_text=name).first).to_be_attached()
    page.mouse.move(*offline.spot("seat-bing"))
    expect(page.locator(".atlas-tooltip")).to_contain_text(name)
    page.mouse.click(*offline.spot("seat-bing"))
    page.evaluate("atlasMap.select('seat-bing', true)")
    card = page.get_by_role("region", name=words("map.card"))
    expect(card.get_by_role("heading", name=name)).to_be_visible()
    expect(card).to_contain_text("<script>alert(1)</script>")
    page.get_by_role("combobox", name=words("map.search")).fill("<b>")
    expect(page.get_by_role("option").filter(has_text=name).first).to_be_visible()
    page.get_by_text(words("map.note"), exact=True).click()
    assert page.locator("b", has_text=re.compile("^HTML$")).count() == 0
    assert page.locator("img").count() == 0


def test_it_fits_a_phone(offline: Offline, bazhou: Opened, tmp_path: Path) -> None:
    offline.page.set_viewport_size({"width": 390, "height": 844})
    page = offline.open(write(GEODATA, SHEET, tmp_path / "map.html"))
    core = bazhou.plan.layers["core"].rows[0]
    page.mouse.click(*offline.spot(core.id))
    expect(page.get_by_role("heading", name=core.name)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
