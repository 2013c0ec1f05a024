"""A Word file ready for a report: the figure as wide as the text, its caption below, and where it comes from.

A4, standing as the figure does; the caption in heiti and the text in songti under the names by which Word knows them,
so that it shows the real ones. The picture carries its recipe, and with it the file.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from atlas.words import say

if TYPE_CHECKING:
    from docx.document import Document as Opened
    from docx.text.paragraph import Paragraph

    from atlas.figures.model import Figure, Part

# The names by which Word on Windows and macOS knows heiti and songti, and the Latin face that goes with them.
_HEITI: Final = "黑体"
_SONGTI: Final = "宋体"
_LATIN: Final = "Times New Roman"
_A4: Final = (210.0, 297.0)
_MARGIN: Final = 25.0
# Kept free for caption and source, mm.
_WORDS_HIGH: Final = 32.0
_BODY_PT, _CAPTION_PT, _SMALL_PT = 12, 10.5, 9


def docx(figure: Figure, picture: bytes) -> bytes:
    """
    Return a Word file with a figure in it.

    Parameters
    ----------
    figure
        What is shown.
    picture
        The figure as a PNG that carries its recipe; its shape decides how the page stands.
    """
    language = figure.recipe.language
    document = Document()
    _page(document, figure)
    _fonts(document)
    document.core_properties.title = figure.title
    document.core_properties.author = figure.recipe.compiler
    document.core_properties.language = "zh-CN" if language == "zh" else "en"
    _picture(document, figure, picture)
    # The number is the sheet's in the atlas; a report that counts its figures renumbers it.
    scale = f"{figure.scale:_}".replace("_", " ")
    caption = say(language, "figures.caption", number=_words(figure, "sheet_number"), title=figure.title, scale=scale)
    _line(document, caption, _CAPTION_PT, bold=True)
    _line(document, _words(figure, "source"), _SMALL_PT)
    draft = [say(language, "figure.draft")] if figure.recipe.draft else []
    facts = [*draft, say(language, "app.disclaimer"), _words(figure, "review_number")]
    _line(document, " · ".join(facts), _SMALL_PT)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _words(figure: Figure, kind: Part) -> str:
    """Return what a part of the page says."""
    part = figure.part(kind)
    return "".join(text.text for text in part.texts) if part else ""


def _paper(figure: Figure) -> tuple[float, float]:
    """Return width and height of the page, which stands as the figure does; mm."""
    return _A4[::-1] if figure.orientation == "landscape" else _A4


def _page(document: Opened, figure: Figure) -> None:
    section, (width, height) = document.sections[0], _paper(figure)
    section.orientation = WD_ORIENT.LANDSCAPE if width > height else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(width), Mm(height)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN))


def _fonts(document: Opened) -> None:
    """Name the typefaces for Latin and for Chinese letters in the style that all others follow."""
    style = document.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(_BODY_PT)
    _chinese(style.element.get_or_add_rPr(), _SONGTI)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(4)


def _chinese(properties: Any, name: str) -> None:  # noqa: ANN401 - an element of the document
    """Set the typeface of Chinese letters, which Word keeps apart, and take the theme's out of its way."""
    fonts = properties.get_or_add_rFonts()
    for script in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{script}"), None)
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:ascii"), _LATIN)
    fonts.set(qn("w:hAnsi"), _LATIN)


def _picture(document: Opened, figure: Figure, picture: bytes) -> None:
    """Add the picture as large as the page allows, with words for those who cannot see it."""
    wide, high = _paper(figure)
    width, height = figure.page
    share = min((wide - 2 * _MARGIN) / width, (high - 2 * _MARGIN - _WORDS_HIGH) / height)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(picture), width=Mm(width * share), height=Mm(height * share))
    described = shape._inline.docPr  # noqa: SLF001 - the library has no way of its own to describe a picture
    described.set("descr", say(figure.recipe.language, "figures.alt", title=figure.title, legend=_legend(figure)))
    described.set("title", figure.title)


def _legend(figure: Figure) -> str:
    separator = say(figure.recipe.language, "figure.and")
    return separator.join(row.title for row in figure.legend if row.layer)


def _line(document: Opened, text: str, points: float, *, bold: bool = False) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(points), _LATIN
    _chinese(run._element.get_or_add_rPr(), _HEITI if bold else _SONGTI)  # noqa: SLF001 - as above
    return paragraph
