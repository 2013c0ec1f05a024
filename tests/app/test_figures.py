"""The page 出图, run without a browser: every choice shows in the figure, findings mend, and files come back."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from atlas.figurepanel import book_of, file_of, preview_of, reopen
from atlas.figures.carry import recipe_in
from atlas.figures.paper import SCALES
from atlas.figures.recipe import PAPERS, THEMES, Recipe
from atlas.opened import Opened
from atlas.words import LANGUAGES
from layers import PlanError
from layers.errors import Language
from tests.app.test_app import App, words
from tests.conftest import DISTRICTS, Draft, opened

RECIPE: Final = Recipe("toyland", "all", compiler="玩具区人民政府", compiled="2026年11月")


@pytest.fixture(autouse=True)
def _toyland(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Serve toyland, or the copy of it that a test spoils; keep the book's cache out of the user's own folder."""
    monkeypatch.setenv("ATLAS_WORKSPACE", str(tmp_path / "workspace"))
    root = request.getfixturevalue("draft").root if "draft" in request.fixturenames else DISTRICTS["toyland"].parent
    monkeypatch.setenv("ATLAS_GEODATA", str(root))


def held() -> Opened:
    """Return toyland as the app holds it."""
    toyland = opened("toyland")
    return Opened(toyland.plan, toyland.atlas, toyland.found)


class Page(App):
    """The page 出图."""

    def __init__(self, **query: str) -> None:
        super().__init__("figures", **query)

    @property
    def facts(self) -> str:
        """Paper, size and scale, as they stand below the preview."""
        return next(str(part.proto.body) for part in self._html() if "atlas-preview-facts" in part.proto.body)

    @property
    def findings(self) -> str:
        """What the linter says."""
        return " ".join(part.proto.body for part in self._html() if "atlas-finding" in part.proto.body)

    @property
    def download(self) -> Any:  # noqa: ANN401 - a button
        """The button that takes the figure along."""
        return next(part for part in self.test.get("download_button") if part.proto.label.startswith("下载"))

    def signed(self) -> "Page":
        """Fill in who made it."""
        self.choose("figure_compiler", "玩具区人民政府")
        return self


# ---- the choices


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_has_a_figure(language: Language) -> None:
    page = Page(lang=language)
    for id_ in opened("toyland").atlas.sheets:
        page.choose("figure_sheet", id_)
        assert page.query["sheet"] == id_
        assert len(page.test.get("image")) == 1
        assert "error" not in page.findings


@pytest.mark.parametrize("paper", PAPERS)
def test_the_paper_is_chosen(paper: str) -> None:
    page = Page().choose("figure_paper", paper)
    assert isinstance(page, Page)
    assert paper in page.facts
    page.choose("figure_orientation", "landscape")
    assert words("figures.orientation_landscape") in page.facts


def test_a_segment_that_is_clicked_again_stays() -> None:
    page = Page()
    page.choose("figure_paper", "A2").choose("figure_paper", None)
    assert "A2" in page.facts


def test_the_scale_is_chosen_or_the_largest_that_fits() -> None:
    page = Page()
    automatic = page.facts
    smaller = SCALES[-1]
    page.choose("figure_scale", smaller)
    assert f"1:{smaller:_}".replace("_", " ") in page.facts
    assert page.choose("figure_scale", 0) is page
    assert page.facts == automatic


def test_a_scale_too_large_is_said_and_mended() -> None:
    page = Page()
    page.choose("figure_scale", SCALES[0])
    assert words("figures.none") in page.text
    assert not page.test.get("image")
    assert f"<span>{words('figures.scale')}</span>" in page.findings
    page.press(words("figures.mend"))
    assert page.test.get("image")


def test_the_choices_outlast_a_look_at_another_page() -> None:
    page = Page().choose("figure_paper", "A4").choose("figure_title", "另一个图名")
    page.go("targets").go("figures")
    assert isinstance(page, Page)
    assert "A4" in page.facts
    assert page.widget("figure_title").value == "另一个图名"


def test_a_date_that_nobody_wrote_speaks_the_language_of_the_page() -> None:
    page = Page()
    chinese = page.widget("figure_compiled").value
    page.choose("pick_language", "en")
    assert "年" not in page.widget("figure_compiled").value
    page.choose("figure_compiled", "5 May 2026").choose("pick_language", "zh")
    assert page.widget("figure_compiled").value == "5 May 2026" != chinese


def test_a_layer_is_switched_off_and_on() -> None:
    page = Page(sheet="structure")
    toyland = opened("toyland")
    layers = reversed(toyland.atlas.sheet("structure").layers)
    layer = next(layer for layer in layers if layer.on and len(toyland.plan.layers[layer.kind]))
    [box] = [box for box in page.test.checkbox if box.key == f"figure_layer_{layer.id}"]
    box.uncheck()
    page.run()
    assert page.query["off"] == layer.id
    [box] = [box for box in page.test.checkbox if box.key == f"figure_layer_{layer.id}"]
    assert not box.value
    box.check()
    assert "off" not in page.run().query


def test_the_map_leads_here_with_its_view() -> None:
    app = App(sheet="structure", off="axis")
    app.press(words("figures.to_figures"))
    assert app.query["sheet"] == "structure"
    assert app.query["off"] == "axis"
    assert app.test.get("image")


def test_a_link_to_a_sheet_that_is_gone_is_said() -> None:
    page = Page(sheet="gone")
    assert words("app.unknown_sheet") in page.text
    assert page.test.get("image")


# ---- the checks


def test_who_made_it_is_asked_for() -> None:
    page = Page()
    assert "no_compiler" not in page.findings
    assert words("part.compiler") in page.findings
    page.signed()
    assert not page.findings
    assert words("figures.checks_none") in page.text


def test_a_blocking_finding_stops_the_download_until_it_is_mended() -> None:
    page = Page().signed()
    page.choose("figure_title", "长" * 45)
    assert "atlas-finding error" in page.findings
    assert page.download.proto.disabled
    assert words("figures.blocked") in page.text
    page.press(words("figures.mend"))
    assert not page.findings
    assert not page.download.proto.disabled
    assert page.widget("figure_title").value == ""


def test_a_draft_may_be_taken_along() -> None:
    page = Page().signed()
    page.choose("figure_title", "长" * 45)
    page.test.toggle[0].set_value(True)
    page.run()
    assert not page.download.proto.disabled


def test_a_public_edition_is_told_of_the_review() -> None:
    page = Page().signed()
    page.choose("figure_edition", "public")
    assert words("part.review_number") in page.findings
    page.choose("figure_review_number", "川S(2026)12号")
    assert not page.findings


def test_markup_in_a_title_is_text() -> None:
    page = Page()
    page.choose("figure_title", "<img src=x onerror=alert(1)>" + "长" * 40)
    assert "<img src=x" not in page.markup


# ---- files


@pytest.mark.parametrize("format_", ["pdf", "png", "svg", "docx"])
def test_a_file_carries_what_was_chosen(format_: str) -> None:
    content = file_of(held(), RECIPE, format_, 150)
    back = recipe_in(io.BytesIO(content), f"a.{format_}")
    assert replace(back, fingerprint="") == RECIPE


def test_the_preview_is_the_page() -> None:
    shown = preview_of(held(), RECIPE)
    picture = Image.open(io.BytesIO(shown.picture))
    width, height = shown.figure.page
    assert picture.width / picture.height == pytest.approx(width / height, rel=0.01)
    assert preview_of(held(), RECIPE) is shown
    large = Image.open(io.BytesIO(preview_of(held(), replace(RECIPE, paper="A0")).picture))
    assert max(large.size) == pytest.approx(max(picture.size), rel=0.05)
    assert preview_of(held(), replace(RECIPE, theme=THEMES[1])).picture != shown.picture


def test_a_blocked_figure_is_not_made() -> None:
    recipe = replace(RECIPE, title="长" * 45)
    with pytest.raises(PlanError):
        file_of(held(), recipe, "pdf", 150)
    assert file_of(held(), replace(recipe, draft=True), "pdf", 150)


def test_the_book_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    content = book_of(held(), RECIPE, with_towns=False, progress=lambda done, total, _: told.append((done, total)))
    assert content.startswith(b"%PDF")
    assert told
    assert all(0 <= done <= total for done, total in told)


# ---- dropped back in


@pytest.fixture
def other() -> Recipe:
    """Return the recipe of a figure that differs in everything from what the page starts with."""
    return replace(
        RECIPE,
        sheet="structure",
        paper="A4",
        orientation="landscape",
        theme="accessible",
        title="放回来的图",
        hidden=("axis",),
        compiled="2025年1月",
    )


def drop(page: Page, content: bytes, name: str = "a.png") -> None:
    [uploader] = page.test.file_uploader
    uploader.set_value((name, content, "image/png"))
    page.run()


def test_a_figure_dropped_in_opens_its_state(other: Recipe) -> None:
    page = Page()
    drop(page, file_of(held(), other, "png", 150))
    assert words("figures.reopened") in page.text
    assert page.query == {"district": "toyland", "sheet": "structure", "off": "axis", "lang": "zh"}
    assert "A4" in page.facts
    assert words("figures.orientation_landscape") in page.facts
    assert page.widget("figure_theme").value == "accessible"
    for field in ("title", "compiler", "compiled"):
        assert page.widget(f"figure_{field}").value == getattr(other, field)


def test_changed_data_are_noticed(other: Recipe, draft: Draft) -> None:
    content = file_of(held(), other, "png", 150)
    draft.edit("district.toml", "玩具区", "玩具新区")
    page = Page()
    drop(page, content)
    assert words("figures.reopened_changed") in page.text
    assert page.test.get("image")


def test_a_strangers_file_is_said_and_changes_nothing() -> None:
    page = Page().choose("figure_paper", "A4")
    assert isinstance(page, Page)
    drop(page, b"<html>", "b.svg")
    assert "b.svg" in page.text or words("level.error") in page.text
    assert "A4" in page.facts


def test_another_districts_figure_is_refused(other: Recipe) -> None:
    with pytest.raises(PlanError) as error:
        reopen(held(), io.BytesIO(file_of(held(), other, "svg", 150)), "a.svg", ("bazhou",))
    assert error.value.findings[0].code == "unknown_district"
