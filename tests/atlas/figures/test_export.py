"""Printed figures: what a stranger reads in the file is what the figure says; a spoiled file is never left behind."""

import io
import itertools
import json
import os
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from atlas.figures import export as exporting
from atlas.figures import pixels, typeset
from atlas.figures.carry import read_recipe
from atlas.figures.compose import compose
from atlas.figures.export import FORMATS, Format, export, facts, printed, read_back
from atlas.figures.model import MM_PER_POINT, Box, Figure
from atlas.figures.recipe import Paper, Recipe, ThemeName
from layers import PlanError
from tests.conftest import GOLDEN, opened


@cache
def figure(id_: str = "toyland", sheet: str = "structure", paper: Paper = "A4", **values: Any) -> Figure:  # noqa: ANN401 - values of a recipe
    """Return a figure of a district, composed once."""
    district = opened(id_)
    recipe = Recipe(district.plan.district.id, sheet, paper=paper, compiled="2026-11-25", compiler="测试局", **values)
    return compose(district.plan, district.atlas, recipe)


def exported(out: Path, drawn: Figure, **options: Any) -> Path:  # noqa: ANN401 - of `export`
    """Export a figure of a district."""
    district = opened(drawn.recipe.district)
    export(drawn, district.plan, district.atlas.sheet(drawn.recipe.sheet), out, **options)
    return out


@pytest.mark.parametrize("sheet", list(opened("bazhou").atlas.sheets))
def test_a_pdf_has_the_words_of_the_figure_and_no_others(sheet: str) -> None:
    drawn = figure("bazhou", sheet, "A3")
    with pypdfium2.PdfDocument(printed(drawn, "pdf")) as document:
        assert len(document) == 1
        assert [side * MM_PER_POINT for side in document[0].get_size()] == pytest.approx(drawn.page, abs=0.1)
        text = "".join(document[0].get_textpage().get_text_range().split())
    words = "".join("".join(line.split()) for line in facts(drawn).words)
    assert Counter(text) == Counter(words)


def test_a_pdf_tells_of_itself(tmp_path: Path) -> None:
    drawn = figure(title="图 #1 [x] $y$ *z* @w \\ `code` <b>")
    file = exported(tmp_path / "figure.pdf", drawn)
    with pypdfium2.PdfDocument(file) as document:
        about = document.get_metadata_dict()
        assert about["Title"] == drawn.title
        assert about["Author"] == "测试局"
        assert about["CreationDate"].startswith("D:20261125")
        assert document.is_tagged()
        assert document.count_attachments() == 1
        assert drawn.title.replace(" ", "") in "".join(document[0].get_textpage().get_text_range().split())
    assert read_recipe(file) == drawn.recipe
    assert b"FontFile" in file.read_bytes()


def test_an_archival_pdf_says_so(tmp_path: Path) -> None:
    plain, archival = (exported(tmp_path / f"{a}.pdf", figure(), archival=a).read_bytes() for a in (False, True))
    assert b"pdfaid:part" in archival
    assert b"pdfaid:part" not in plain


def test_the_same_figure_is_the_same_file() -> None:
    for format_ in FORMATS:
        assert printed(figure(), format_, dpi=150) == printed(figure(), format_, dpi=150)


@pytest.mark.parametrize("dpi", exporting.RESOLUTIONS)
def test_a_png_states_its_resolution(tmp_path: Path, dpi: int) -> None:
    drawn = figure()
    with Image.open(exported(tmp_path / "figure.png", drawn, dpi=dpi)) as image:
        assert image.info["dpi"] == pytest.approx((dpi, dpi), abs=0.1)
        assert [side / dpi * 25.4 for side in image.size] == pytest.approx(drawn.page, abs=0.2)
    assert read_recipe(tmp_path / "figure.png") == drawn.recipe


def test_a_large_png_is_no_attack(monkeypatch: pytest.MonkeyPatch) -> None:
    """As A0 at 600 dpi, which has more pixels than the library opens without complaint."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    read_back(figure(), "png", printed(figure(), "png", dpi=150), "figure")


def test_an_svg_stands_alone(tmp_path: Path) -> None:
    drawn = figure()
    root = ET.parse(exported(tmp_path / "figure.svg", drawn)).getroot()  # noqa: S314 - our own file
    assert (root.get("width"), root.get("height")) == tuple(f"{side:g}mm" for side in drawn.page)
    links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href") and not v.startswith("#")]
    assert all(link.startswith("data:") for link in links)
    fonts = {e.get("font-family", "") for e in root.iter() if e.tag.endswith("text")}
    assert all("Microsoft YaHei" in names or "SimSun" in names for names in fonts)
    assert read_recipe(tmp_path / "figure.svg") == drawn.recipe


@given(st.integers(1, 40), st.integers(1, 1200), st.integers(0, 2**32 - 1))
def test_packed_pixels_come_back(width: int, height: int, seed: int) -> None:
    """Our packer against Pillow's reader, whatever the number of strips."""
    rows = np.random.default_rng(seed).integers(0, 256, (height, width * 3), np.uint8)
    strips = [pixels._pack(rows[top : top + pixels._STRIP]) for top in range(0, height, pixels._STRIP)]
    with Image.open(io.BytesIO(pixels._png(strips, width, height, 300))) as image:
        assert np.array_equal(np.asarray(image).reshape(height, -1), rows)


@given(st.integers(2, 30), st.integers(300, 700), st.data())
def test_a_second_colour_is_found_wherever_it_is(width: int, height: int, data: st.DataObject) -> None:
    """Behind the first row that says its colour outright, one pixel is enough; outside the box none counts."""
    page = np.full((height, width, 3), 255, np.uint8)
    top = data.draw(st.integers(0, 20))
    left = data.draw(st.integers(0, width - 1))
    row, column = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    page[row, column] = data.draw(st.integers(0, 254))
    flat = page.reshape(height, -1)
    strips = [pixels._pack(flat[at : at + pixels._STRIP]) for at in range(0, height, pixels._STRIP)]
    found = pixels.varies(pixels._png(strips, width, height, 300), left, top, width, height)
    inside = row >= top and column >= left
    plain = 0 if top == 0 else pixels._STRIP
    if not inside and not (row < top and column >= left):
        assert not found
    # The box must be wider than the pixel, or a whole row changes colour, which the rows below it tell.
    elif inside and row > plain and (width - left > 1 or row < height - 1):
        assert found


def test_a_png_is_the_page() -> None:
    """Strips meet without a seam: the same pixels as drawn in one piece."""
    pdf = printed(figure(), "pdf")
    with Image.open(io.BytesIO(pixels.page_png(pdf, 144))) as image, pypdfium2.PdfDocument(pdf) as document:
        whole = pixels.page_pixels(document[0], 144)
        stripes = np.asarray(image).astype(int)
        both = tuple(slice(min(a, b)) for a, b in zip(whole.shape, stripes.shape, strict=True))
        assert np.mean(np.abs(whole[both].astype(int) - stripes[both]) > 64) < 0.004


def _blank(drawn: Figure) -> Figure:
    return replace(drawn, body_svg='<svg xmlns="http://www.w3.org/2000/svg">\n\n</svg>\n', labels=(), furniture=())


def _larger(drawn: Figure) -> Figure:
    return replace(drawn, page=(drawn.page[0] + 5, drawn.page[1]))


def _wordier(drawn: Figure) -> Figure:
    label = drawn.labels[0]
    return replace(drawn, labels=(*drawn.labels, replace(label, pieces=(replace(label.pieces[0], text="龘鬱"),))))


FAULTS = [
    ("blank", _blank, "blank", "pdf"),
    ("blank", _blank, "blank", "png"),
    ("size", _larger, "mm instead of", "pdf"),
    ("size", _larger, "mm instead of", "svg"),
    ("size", _larger, "mm instead of", "png"),
    ("text", _wordier, "龘", "pdf"),
    ("text", _wordier, "龘", "svg"),
]


@pytest.mark.parametrize(("name", "spoil", "says", "format_"), FAULTS, ids=[f"{f[0]}-{f[3]}" for f in FAULTS])
def test_what_does_not_read_back_is_refused(
    name: str, spoil: Callable[[Figure], Figure], says: str, format_: Format
) -> None:
    del name
    drawn = figure()
    # What was printed and what is expected differ by the fault.
    blank = says == "blank"
    content = printed(spoil(drawn) if blank else drawn, format_, dpi=150)
    wanted = spoil(drawn)
    with pytest.raises(PlanError) as caught:
        read_back(wanted, format_, content, "figure")
    assert any(says in finding.line("en") for finding in caught.value.findings)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("content", [b"", b"nothing", b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"<svg", b"<svg/>"])
def test_what_is_no_file_at_all_is_refused(format_: Format, content: bytes) -> None:
    with pytest.raises(PlanError):
        read_back(figure(), format_, content, "figure")


def test_two_pages_are_not_one() -> None:
    drawn = figure()
    pages = [exporting.drawing(drawn)] * 2
    with pytest.raises(PlanError, match="2"):
        read_back(drawn, "pdf", typeset.set_figures(pages, "两页", drawn.recipe), "figure")


def test_nothing_is_left_of_a_file_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "figure.pdf"
    out.write_bytes(b"an older one")
    monkeypatch.setattr(exporting, "printed", lambda *_, **__: b"%PDF-spoiled")
    with pytest.raises(PlanError):
        exported(out, figure())
    assert [file.name for file in tmp_path.iterdir()] == ["figure.pdf"]
    assert out.read_bytes() == b"an older one"


def test_a_draft_says_so_on_the_page() -> None:
    with pypdfium2.PdfDocument(printed(figure(draft=True), "pdf")) as document:
        assert "草稿" in document[0].get_textpage().get_text_range()


def test_a_template_that_fails_is_one_line() -> None:
    with pytest.raises(PlanError) as caught:
        typeset.compile_pdf("pages.typ", {"title": json.dumps({})}, {})
    assert len(str(caught.value).splitlines()) == 1


BASELINES = GOLDEN / "figures"
# Of a picture 24 pixels per inch small, two drawings of the same page may differ so far: letters' edges.
_TOLERANCE, _SHARE = 24, 0.01


@pytest.mark.parametrize(("sheet", "theme"), list(itertools.product(("all", "structure"), ("standard", "accessible"))))
def test_pages_look_as_they_did(sheet: str, theme: ThemeName) -> None:
    """Pinned pictures: bundled fonts, A4, few pixels; what differs beyond the edges of letters has changed."""
    picture = Image.open(io.BytesIO(printed(figure(sheet=sheet, theme=theme), "png", dpi=150))).convert("RGB")
    small = picture.reduce(3)
    file = BASELINES / f"{sheet}-{theme}.png"
    if os.environ.get("ATLAS_UPDATE_GOLDEN"):
        BASELINES.mkdir(exist_ok=True)
        small.quantize(128).save(file, optimize=True)
    with Image.open(file) as kept:
        before, after = np.asarray(kept.convert("RGB")).astype(int), np.asarray(small).astype(int)
    assert before.shape == after.shape
    off = np.abs(before - after).max(axis=2) > _TOLERANCE
    assert off.mean() < _SHARE


def test_the_map_is_looked_at_where_it_is() -> None:
    """A map of one colour is blank, however full the page is around it."""
    wanted = exporting.Facts((200, 100), Box(20, 10, 160, 80), ())
    page = np.zeros((100, 200, 3), np.uint8)
    page[:12] = 255
    assert [code for code, _ in exporting._blank_faults(wanted, page)] == ["export_blank"]
    page[50, 100] = 255
    assert not list(exporting._blank_faults(wanted, page))
