"""A Word file for a report: it fits the page, names Chinese typefaces, describes its picture, and gives it back."""

import io
from dataclasses import replace
from typing import Any, Final

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from atlas.figures.carry import recipe_in
from atlas.figures.compose import compose
from atlas.figures.export import printed
from atlas.figures.recipe import Orientation, Recipe
from atlas.figures.word import docx
from tests.conftest import opened

RECIPE: Final = Recipe("toyland", "all", paper="A4", compiler="玩具区人民政府", compiled="2026年11月")


def written(recipe: Recipe = RECIPE) -> tuple[Any, bytes]:
    """Return a document, opened, and its bytes."""
    toyland = opened("toyland")
    figure = compose(toyland.plan, toyland.atlas, recipe)
    content = docx(figure, printed(figure, "png", dpi=150))
    return Document(io.BytesIO(content)), content


def lines(document: Any) -> list[str]:  # noqa: ANN401 - a document
    return [paragraph.text for paragraph in document.paragraphs if paragraph.text]


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_the_figure_fits_the_text_of_an_a4_page(orientation: Orientation) -> None:
    document, _ = written(replace(RECIPE, orientation=orientation))
    [section], [picture] = document.sections, document.inline_shapes
    assert sorted((round(section.page_width.mm), round(section.page_height.mm))) == [210, 297]
    assert (section.page_width > section.page_height) == (orientation == "landscape")
    wide = section.page_width - section.left_margin - section.right_margin
    high = section.page_height - section.top_margin - section.bottom_margin
    assert picture.width <= wide
    assert picture.height <= high
    # It is as large as the page allows, one way or the other, with room for three lines below.
    assert picture.width > 0.98 * wide or picture.height > high - Mm(35)
    landscape = 297 / 210
    shape = picture.width / picture.height
    assert shape == pytest.approx(landscape if orientation == "landscape" else 1 / landscape, rel=0.01)


def test_the_caption_names_sheet_scale_and_source() -> None:
    document, _ = written()
    toyland = opened("toyland")
    figure = compose(toyland.plan, toyland.atlas, RECIPE)
    caption, source, status = lines(document)
    assert figure.title in caption
    assert f"1:{figure.scale:_}".replace("_", " ") in caption
    assert figure.part("sheet_number").texts[0].text in caption  # type: ignore[union-attr]  # it has one
    assert source.startswith("资料来源")
    assert "示意图" in status
    assert "审图号" in status


def test_chinese_letters_have_chinese_typefaces() -> None:
    """Word keeps a name for each script; without one it would take its own default."""
    document, _ = written()
    normal = document.styles["Normal"].element.rPr.rFonts
    assert normal.get(qn("w:eastAsia")) == "宋体"
    assert normal.get(qn("w:eastAsiaTheme")) is None
    faces = [run._element.rPr.rFonts.get(qn("w:eastAsia")) for p in document.paragraphs for run in p.runs if run.text]
    assert faces == ["黑体", "宋体", "宋体"]
    assert normal.get(qn("w:ascii")) == "Times New Roman"


def test_the_picture_is_described() -> None:
    document, _ = written()
    described = document.inline_shapes[0]._inline.docPr
    assert described.get("descr").startswith("地图:")
    assert len(described.get("descr")) > 40
    assert document.core_properties.title == described.get("title")


def test_a_draft_says_so_in_words_too() -> None:
    assert "草稿" in lines(written(replace(RECIPE, draft=True))[0])[2]
    assert "草稿" not in "".join(lines(written()[0]))


def test_the_recipe_comes_back_from_the_word_file() -> None:
    _, content = written()
    back = recipe_in(io.BytesIO(content), "a.docx")
    assert replace(back, fingerprint="") == RECIPE
    assert back.fingerprint == opened("toyland").plan.fingerprint
