"""Typefaces: the same answer as the font itself gives, and a missing letter is never a box."""

import sys
from functools import cache
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from atlas.figures import fonts
from atlas.figures.model import MM_PER_POINT
from layers import PlanError

TEXTS = st.text(st.sampled_from("城乡空间结构图区县水库农业中东西南北0123456789ABCxyz(),。·— "), max_size=30)


@cache
def metrics() -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    """Return letters, advances and units of the regular face, as the font itself has them."""
    file, number = fonts.face().regular
    with TTFont(file, fontNumber=number, lazy=True) as font:
        return font.getBestCmap(), font["hmtx"].metrics, font["head"].unitsPerEm


def test_bundled_fonts_are_never_the_unfree_one() -> None:
    for family in ("sans", "serif"):
        face = fonts.face(family)
        assert face.family.startswith("Noto")
        assert "mplfonts" in str(face.regular[0])


@given(TEXTS, st.floats(4, 60))
def test_width_is_the_sum_of_the_advances(text: str, size: float) -> None:
    cmap, advances, units = metrics()
    expected = sum(advances[cmap[ord(char)]][0] for char in text) / units * size * MM_PER_POINT
    assert fonts.text_width(text, size) == pytest.approx(expected, rel=1e-3, abs=0.05)


def test_width_grows_with_the_text() -> None:
    assert fonts.text_width("", 10) == 0
    assert fonts.text_width("区区", 10) == pytest.approx(2 * fonts.text_width("区", 10))
    assert fonts.text_width("区", 20) == pytest.approx(2 * fonts.text_width("区", 10))


def test_rare_characters_of_the_field_are_there() -> None:
    assert fonts.missing_glyphs("蟒龛坎腔塝㟃 1:200 000 ±6公里 °′ ≥≤—·「」") == ""
    assert fonts.missing_glyphs("蟒龛坎腔塝", "serif") == ""


def test_missing_letters_are_named_once_in_order() -> None:
    assert fonts.missing_glyphs("区\U0001f600水\U00020000\U0001f600") == "\U0001f600\U00020000"


def test_without_any_font_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts._face.cache_clear()
    monkeypatch.setattr(fonts, "_wheel", lambda: None)
    with pytest.raises(PlanError, match="Microsoft YaHei"):
        fonts.face()
    fonts._face.cache_clear()


def test_system_fonts_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first of the table whose file is found, looked for in the folders of this system."""
    bundled = fonts.face().regular[0]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "NotoSansCJKsc-Regular.otf").symlink_to(bundled)
    table = {**fonts._table(), "folders": {sys.platform: [str(tmp_path / "nowhere"), str(tmp_path)]}}
    monkeypatch.setattr(fonts, "_table", lambda: table)
    monkeypatch.delenv(fonts.BUNDLED_ONLY)
    fonts._face.cache_clear()
    assert fonts.face().regular == (tmp_path / "deep" / "NotoSansCJKsc-Regular.otf", 0)
    assert fonts.face().bold == fonts.face().regular
    fonts._face.cache_clear()


def test_others_get_names_to_fall_back_on() -> None:
    assert fonts.similar()[0] == fonts.family_name()
    assert "Microsoft YaHei" in fonts.similar()
