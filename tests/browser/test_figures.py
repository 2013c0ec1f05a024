"""The page 出图 in a browser: what is chosen is shown, what is downloaded reads back, and what is dropped in comes back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Locator, expect

from atlas.figures.carry import read_recipe
from atlas.figures.compose import compose
from atlas.figures.export import printed
from atlas.figures.recipe import Recipe
from tests.browser.conftest import Screen, words
from tests.browser.test_accessibility import faults
from tests.conftest import Opened

pytestmark = pytest.mark.browser


def preview(screen: Screen) -> Locator:
    """Return the picture of the page."""
    return screen.page.locator(".st-key-preview img")


def segment(screen: Screen, field: str, title: str) -> Locator:
    """Return a choice of a row of buttons."""
    return screen.page.locator(f".st-key-figure_{field}").get_by_role("radio", name=title, exact=True)


def pick(screen: Screen, field: str, title: str) -> None:
    """Make a choice, and wait for what it leads to."""
    if not segment(screen, field, title).is_checked():
        segment(screen, field, title).click()
        expect(segment(screen, field, title)).to_be_checked()
    screen.rest()


def picture(screen: Screen) -> str:
    """Return the address of the picture, which holds a hash of its content."""
    return preview(screen).get_attribute("src") or ""


def proportion(screen: Screen) -> float:
    """Return width by height of the picture, once it is there."""
    drawn = preview(screen)
    screen.page.wait_for_function("() => document.querySelector('.st-key-preview img')?.naturalWidth > 0")
    return float(drawn.evaluate("img => img.naturalWidth / img.naturalHeight"))


@pytest.fixture
def figures(screen: Screen) -> Screen:
    """Open the page with a sheet."""
    screen.open("figures", sheet="zones")
    expect(preview(screen)).to_be_visible()
    screen.rest()
    return screen


def test_another_paper_is_another_preview(figures: Screen) -> None:
    before, shape = picture(figures), proportion(figures)
    pick(figures, "orientation", words("figures.orientation_landscape"))
    expect(preview(figures)).not_to_have_attribute("src", before)
    assert proportion(figures) == pytest.approx(1 / shape, rel=0.02)
    pick(figures, "paper", "A4")
    expect(figures.page.locator(".atlas-preview-facts")).to_contain_text("A4")
    before = picture(figures)
    pick(figures, "theme", words("figures.theme_accessible"))
    expect(preview(figures)).not_to_have_attribute("src", before)


def test_the_whole_page_is_seen_without_scrolling(figures: Screen) -> None:
    box, window = preview(figures).bounding_box(), figures.page.viewport_size
    assert box
    assert window
    assert box["y"] > 0
    assert box["y"] + box["height"] < window["height"]
    assert box["height"] > 0.7 * window["height"]


@pytest.mark.parametrize("format_", ["pdf", "docx"])
def test_what_is_downloaded_reads_back(figures: Screen, tmp_path: Path, format_: str) -> None:
    figures.page.get_by_label(words("figures.compiler"), exact=True).fill("巴州区人民政府")
    figures.page.keyboard.press("Enter")
    figures.rest()
    expect(figures.page.get_by_text(words("figures.checks_none"))).to_be_visible()
    pick(figures, "format", words(f"figures.format_{format_}"))
    title = words("figures.download", format=words(f"figures.format_{format_}"))
    with figures.page.expect_download(timeout=60_000) as waiting:
        figures.page.get_by_role("button", name=title, exact=True).click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.suffix == f".{format_}"
    recipe = read_recipe(file)
    assert (recipe.sheet, recipe.paper, recipe.compiler) == ("zones", "A3", "巴州区人民政府")
    if format_ == "pdf":
        with pypdfium2.PdfDocument(file) as document:
            assert len(document) == 1
            assert "巴州区人民政府" in document[0].get_textpage().get_text_range()


@pytest.fixture
def earlier(tmp_path: Path, bazhou: Opened) -> Path:
    """Export a figure that differs in everything from what the page starts with."""
    recipe = Recipe("bazhou", "structure", paper="A4", orientation="landscape", theme="accessible", title="旧图")
    file = tmp_path / "earlier.png"
    figure = compose(bazhou.plan, bazhou.atlas, replace(recipe, hidden=("axis",)))
    file.write_bytes(printed(figure, "png", dpi=150))
    return file


def test_a_figure_dropped_in_comes_back(figures: Screen, earlier: Path) -> None:
    figures.page.locator(".st-key-figure_dropped input[type=file]").set_input_files(earlier)
    figures.wait_for_query(sheet="structure", off="axis")
    expect(figures.page.get_by_text(words("figures.reopened"))).to_be_visible()
    figures.rest()
    expect(segment(figures, "paper", "A4")).to_be_checked()
    expect(segment(figures, "theme", words("figures.theme_accessible"))).to_be_checked()
    expect(figures.page.get_by_label(words("figures.title"), exact=True)).to_have_value("旧图")
    # What is changed afterwards stays changed.
    pick(figures, "paper", "A3")
    expect(segment(figures, "paper", "A3")).to_be_checked()


@pytest.mark.parametrize("page", ["figures", "sites", "sources"])
def test_the_uploader_speaks_the_language_of_the_page(screen: Screen, page: str) -> None:
    """As read on the screen: Streamlit's own English is covered by a style, which must not lose its letters."""
    screen.open(page)
    button = screen.page.locator("[data-testid=stFileUploaderDropzone] button p").first
    assert button.evaluate("part => getComputedStyle(part, '::after').content") == f'"{words("app.choose_file")}"'


def test_the_sites_that_are_open_lie_over_the_sheet_unless_switched_off(screen: Screen, tmp_path: Path) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("名称,经度,纬度\n甲厂,106.85,31.80\n", "utf-8")
    screen.open("sites")
    screen.wait_for_map()
    screen.page.locator(".st-key-sites_upload input[type=file]").set_input_files(sites)
    screen.map_is("items.filter(item => item.layer.spec.own).length === 1")
    screen.rest()
    screen.page.get_by_role("link", name=words("app.page_figures"), exact=True).click()
    expect(preview(screen)).to_be_visible()
    screen.rest()
    pick(screen, "format", "SVG")
    assert "甲厂" in downloaded(screen, tmp_path)
    with_sites = picture(screen)
    screen.page.locator(".st-key-figure_sites label").click()
    expect(preview(screen)).not_to_have_attribute("src", with_sites)
    screen.rest()
    assert "甲厂" not in downloaded(screen, tmp_path)
    # What was chosen outlives a look at another page.
    screen.page.get_by_role("link", name=words("app.page_targets"), exact=True).click()
    screen.rest()
    screen.page.get_by_role("link", name=words("app.page_figures"), exact=True).click()
    expect(screen.page.locator(".st-key-figure_sites").get_by_role("switch")).not_to_be_checked()


def downloaded(screen: Screen, folder: Path) -> str:
    """Return the SVG that the page gives."""
    title = words("figures.download", format="SVG")
    with screen.page.expect_download(timeout=60_000) as waiting:
        screen.page.get_by_role("button", name=title, exact=True).click()
    waiting.value.save_as(folder / "figure.svg")
    return (folder / "figure.svg").read_text("utf-8")


def test_a_foreign_picture_is_refused_in_words(figures: Screen, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    figures.page.locator(".st-key-figure_dropped input[type=file]").set_input_files(file)
    expect(figures.page.locator(".atlas-finding.error")).to_be_visible()
    assert preview(figures).is_visible()


def test_the_map_leads_to_the_figure_with_its_layers(screen: Screen, bazhou: Opened) -> None:
    screen.open(sheet="structure")
    screen.layer_box(bazhou.plan.layers["river"].kind.name.zh).click()
    screen.wait_for_query(off="river")
    screen.side.get_by_role("button", name=words("figures.to_figures")).click()
    screen.wait_for_query(sheet="structure", off="river")
    expect(preview(screen)).to_be_visible()


def test_the_choices_are_made_with_the_keyboard(figures: Screen) -> None:
    segment(figures, "paper", "A3").focus()
    before = picture(figures)
    figures.page.keyboard.press("ArrowRight")
    figures.page.keyboard.press("Enter")
    figures.rest()
    expect(segment(figures, "paper", "A2")).to_be_checked()
    expect(preview(figures)).not_to_have_attribute("src", before)


def test_axe_finds_nothing_serious(figures: Screen) -> None:
    assert not faults(figures.page)
    figures.page.get_by_text(words("figures.layers"), exact=True).click()
    figures.rest()
    assert not faults(figures.page)


def test_a_phone_shows_the_page_too(open_screen: Callable[..., Screen]) -> None:
    screen = open_screen(viewport={"width": 390, "height": 800})
    screen.open("figures", sheet="zones")
    expect(preview(screen)).to_be_visible()
    box = preview(screen).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
