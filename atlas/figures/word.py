"""A Word file ready for a report: the figure as wide as the text, its caption below, and where it comes from.

A4 with the margins of an official letter (GB/T 9704-2012: 37 mm above, 26 mm at the right; here balanced for a report),
headings in heiti and text in songti as Chinese Word names them, so that no machine replaces them.
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
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph

    from atlas.figures.model import Figure
    from layers import Plan

# The names by which Word on Windows and macOS knows heiti and songti, and the Latin face that goes with them.
_HEITI: Final = "黑体"
_SONGTI: Final = "宋体"
_LATIN: Final = "Times New Roman"
_A4: Final = (210.0, 297.0)
_MARGIN: Final = 25.0
# Kept free for heading, caption and source, mm.
_WORDS_HIGH: Final = 44.0
_BODY_PT, _CAPTION_PT, _SMALL_PT, _HEADING_PT = 12, 10.5, 9, 16


def docx(figure: Figure, picture: bytes, plan: Plan) -> bytes:
    """
    Return a Word file with a figure in it.

    Parameters
    ----------
    figure
        What is shown.
    picture
        The figure as a PNG that carries its recipe; its shape decides how the page stands.
    plan
        The plan it shows.
    """
    language = figure.recipe.language
    document = Document()
    _page(document, figure)
    _fonts(document)
    document.core_properties.title = figure.title
    document.core_properties.author = figure.recipe.compiler
    document.core_properties.language = "zh-CN" if language == "zh" else "en"
    document.add_heading(figure.title, 1).alignment = WD_ALIGN_PARAGRAPH.CENTER
    _picture(document, figure, picture)
    # A sheet's number is that of its drawing, not of the report's figure: the writer keeps or renumbers it.
    number = "".join(text.text for part in figure.furniture if part.kind == "sheet_number" for text in part.texts)
    caption = say(language, "figures.caption", number=number, title=figure.title, scale=f"{figure.scale:,}")
    _line(document, caption, _CAPTION_PT, bold=True)
    source = "".join(text.text for part in figure.furniture if part.kind == "source" for text in part.texts)
    _line(document, source, _SMALL_PT)
    facts = [plan.district.plan_title.in_(language), say(language, "app.disclaimer"), _review(figure)]
    if figure.recipe.draft:
        facts.insert(0, say(language, "figure.draft"))
    _line(document, " · ".join(facts), _SMALL_PT)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _review(figure: Figure) -> str:
    return "".join(text.text for part in figure.furniture if part.kind == "review_number" for text in part.texts)


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
    """Name the typefaces for Latin and for Chinese letters in the styles that are used."""
    for name, chinese, points in (
        ("Normal", _SONGTI, _BODY_PT),
        ("Heading 1", _HEITI, _HEADING_PT),
    ):
        style: ParagraphStyle = document.styles[name]
        style.font.name, style.font.size = _LATIN, Pt(points)
        style.font.color.rgb = None
        style.font.bold = False
        _chinese(style.element.get_or_add_rPr(), chinese)
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
