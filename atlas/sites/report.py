"""The Word report of a screening, in the order that reviewers in a county office are used to.

It says what was found and how sure that is, and nowhere that anything may be built: it is a first screening.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from atlas.screening.answers import answers_of, area_text, chance_text
from atlas.screening.exports import draft_folder
from atlas.screening.rules import VERDICTS
from atlas.screening.table import conclusion_texts, version_text
from atlas.theme import theme
from atlas.words import distance, say, words
from layers.crs import STORAGE_CRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from docx.table import Table
    from docx.text.paragraph import Paragraph

    from atlas.screening.answers import Answer
    from atlas.screening.screen import Screening
    from layers.errors import Language

# More would make a document that no word processor opens with pleasure; the table at its head still has all sites.
MOST_CHAPTERS: Final = 200
_MOST_CORNERS: Final = 500
_WIDTH_CM: Final = 15.6
_LABEL_CM: Final = 3.4
_ORDER: Final = ("hit", "uncertain", "clear", "no_data")
_CONTROL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_report(
    screening: Screening,
    out: Path,
    *,
    language: Language = "zh",
    figure: Callable[[str], bytes | None] | None = None,
    overview: bytes | None = None,
    progress: Callable[[int, int, str], None] = lambda *_: None,
) -> None:
    """
    Write the report of a screening.

    Parameters
    ----------
    screening
        What was found.
    out
        A ``.docx`` file; whole or not there.
    language
        Of everything but names and the user's own words.
    figure
        Gives the map of a site, by its id, as PNG; without it the chapters have no maps.
    overview
        A map of all sites, as PNG.
    progress
        Told before each chapter how many are done, of how many, and the site's name.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    report = _Report(screening, language)
    report.cover()
    report.outline(overview)
    report.chapters(figure, progress)
    report.conclusion()
    report.corners()
    with draft_folder(out) as folder:
        report.document.save(str(folder / out.name))


class _Report:
    """The document while it is written."""

    def __init__(self, screening: Screening, language: Language) -> None:
        self.screening, self.language = screening, language
        self.frame = screening.sites.frame
        self.document = Document()
        self.look = theme()["report"]
        self.conclusions = conclusion_texts(screening, language)
        self._styles()

    def say(self, key: str, **values: object) -> str:
        """Return words of the report."""
        return say(self.language, f"report.{key}", **values)

    def verdict(self, verdict: str) -> str:
        """Return a verdict in words."""
        return say(self.language, f"screening.verdict_{verdict}")

    # ---- parts, in their order

    def cover(self) -> None:
        """Write title, district, list, date, and the sentence that stands over everything."""
        plan = self.screening.plan.district
        for text, size, space in (
            (plan.name.in_(self.language), 16, 90),
            (self.say("title"), 26, 12),
            (self.screening.sites.name, 16, 12),
        ):
            line = self._line(text, size=size, bold=size > 20, before=space)  # noqa: PLR2004 - the title itself
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        rows = [
            (self.say("plan"), plan.plan_title.in_(self.language)),
            (self.say("sites"), self.say("count", n=len(self.frame))),
            (self.say("data"), version_text(self.screening, self.language)),
            (self.say("date"), f"{datetime.now(UTC).astimezone():%Y-%m-%d}"),
        ]
        self._line("", before=90)
        self._facts(rows)
        note = self._line(say(self.language, "screening.first_screening"), bold=True, before=60)
        note.alignment = WD_ALIGN_PARAGRAPH.CENTER
        hint = self._line(self.say("no_approval"), size=10.5)
        hint.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self.document.add_page_break()

    def outline(self, overview: bytes | None) -> None:
        """Write what was screened against what, and all sites in one table."""
        self._heading(self.say("part_outline"))
        plan, reading = self.screening.plan, self.screening.sites.reading
        counts = [(v, self.screening.conclusions.count(v)) for v in _ORDER]
        summed = "、" if self.language == "zh" else ", "
        self._line(
            self.say(
                "outline",
                n=len(self.frame),
                plan=plan.district.plan_title.in_(self.language),
                rules=len(self.screening.by_rule),
                counts=summed.join(f"{self.verdict(v)} {n}" for v, n in counts if n),
            ),
            indent=True,
        )
        self._line(self.say("verdicts"), indent=True)
        self._line(
            self.say("reading", format=self._format(), crs=reading.crs, confidence=f"{reading.confidence:.0%}"),
            indent=True,
        )
        if overview:
            self._picture(overview, self.say("figure_overview"))
        self._caption(self.say("table_all"))
        head = [self.say(key) for key in ("number", "name", "category", "area", "investment", "found")]
        table = self._table(head, [1.2, 3.8, 1.8, 2.7, 2.1, 4.0])
        for n, (site, m2, text) in enumerate(
            zip(self.frame.to_dict("records"), self.screening.area_m2, self.conclusions, strict=True), 1
        ):
            money = f"{site['investment_wan']:,.0f}" if np.isfinite(site["investment_wan"]) else "—"
            area = area_text(float(m2), self.language) if m2 > 0 else "—"
            self._row(table, [str(n), site["name"] or site["id"], site["category"] or "—", area, money, text])

    def chapters(self, figure: Callable[[str], bytes | None] | None, progress: Callable[[int, int, str], None]) -> None:
        """Write a chapter for each site: where and what it is, its map, and every answer."""
        self._heading(self.say("part_sites"))
        count = min(len(self.frame), MOST_CHAPTERS)
        for row in range(count):
            site = self.frame.iloc[row]
            progress(row, count, site["name"] or site["id"])
            self._chapter(row, figure)
        if len(self.frame) > MOST_CHAPTERS:
            self._line(self.say("more_sites", n=len(self.frame) - MOST_CHAPTERS), indent=True)

    def conclusion(self) -> None:
        """Write what follows for whom, and what is missing."""
        self._heading(self.say("part_conclusion"))
        names = self.frame["name"].where(self.frame["name"] != "", self.frame["id"]).tolist()
        for verdict in _ORDER:
            some = [name for name, v in zip(names, self.screening.conclusions, strict=True) if v == verdict]
            if some:
                self._line(self.say(f"advice_{verdict}", n=len(some), names=_joined(some, self.language)), indent=True)
        missing = [
            a.rule.title.in_(self.language)
            for a in self.screening.by_rule.values()
            if not a.rule.informative and (a.verdicts == VERDICTS.index("no_data")).all()
        ]
        if missing:
            self._line(self.say("missing", names=_joined(missing, self.language)), indent=True)
        self._line(say(self.language, "screening.first_screening"), bold=True, indent=True)

    def corners(self) -> None:
        """Write the coordinates of every vertex, as far as there are not too many."""
        self._heading(self.say("part_corners"), new_page=True)
        crs = self.screening.plan.crs
        self._line(self.say("corners", crs=f"{crs.name} ({crs.to_string()})"), indent=True)
        head = [self.say(key) for key in ("site", "part", "lon", "lat", "north", "east")]
        table = self._table(head, [4.4, 1.6, 2.4, 2.4, 2.4, 2.4])
        total = 0
        degrees = self.frame.geometry.to_crs(STORAGE_CRS)
        for row, site in enumerate(self.frame.to_dict("records")):
            plane = shapely.get_coordinates(site["geometry"])
            turned = shapely.get_coordinates(degrees.iloc[row])
            for n, ((east, north), (lon, lat)) in enumerate(zip(plane, turned, strict=True), 1):
                if (total := total + 1) <= _MOST_CORNERS:
                    cells = [f"{lon:.6f}", f"{lat:.6f}", f"{north:.2f}", f"{east:.2f}"]
                    self._row(table, [site["name"] or site["id"] if n == 1 else "", f"J{n}", *cells])
        if total > _MOST_CORNERS:
            self._line(self.say("more_corners", n=total - _MOST_CORNERS), indent=True)

    # ---- one site

    def _chapter(self, row: int, figure: Callable[[str], bytes | None] | None) -> None:
        site = self.frame.iloc[row]
        name = f"{row + 1}. {site['name'] or site['id']}"
        self._heading(name, level=2)
        self._facts(self._about(row))
        if figure and (picture := figure(str(site["id"]))):
            self._picture(picture, self.say("figure", n=row + 1, name=site["name"] or site["id"]))
        answers = answers_of(self.screening, str(site["id"]), self.language)
        counted = [answer for answer in answers if not answer.informative]
        self._caption(self.say("table_site", n=row + 1))
        head = [self.say(key) for key in ("matter", "found", "how", "law")]
        table = self._table(head, [3.0, 1.8, 6.6, 4.2])
        for answer in (a for v in ("hit", "uncertain") for a in counted if a.verdict == v):
            self._row(
                table, [answer.title, self.verdict(answer.verdict), self._how(answer), answer.source], answer.verdict
            )
        for verdict in ("clear", "no_data"):
            titles = [answer.title for answer in counted if answer.verdict == verdict]
            if titles:
                self._row(
                    table,
                    [self.say("these", n=len(titles)), self.verdict(verdict), _joined(titles, self.language, 99), ""],
                    verdict,
                )
        wanted = [a for id_ in self.look["placed"] for a in answers if a.layer == id_ and a.verdict != "no_data"]
        if wanted:
            self._caption(self.say("placed", n=row + 1))
            self._facts([(answer.title, answer.wording) for answer in wanted])
        self._line(self.say("result", text=self.conclusions[row]), bold=True, indent=True, before=8)

    def _about(self, row: int) -> list[tuple[str, str]]:
        site, m2 = self.frame.iloc[row], float(self.screening.area_m2[row])
        money = site["investment_wan"]
        outside = "" if site["inside"] else say(self.language, "sites.outside")
        length = site["geometry"].length if m2 == 0 else 0.0
        facts = (
            ("location", " · ".join(filter(None, (site["location"], outside)))),
            ("content", site["content"]),
            ("nature", " · ".join(filter(None, (site["category"], site["nature"])))),
            ("area", area_text(m2, self.language) if m2 > 0 else ""),
            ("length", distance(self.language, length) if length else ""),
            ("investment", f"{money:,.0f}" if np.isfinite(money) else ""),
            ("years", site["years"]),
            ("owner", site["owner"]),
            ("sigma", distance(self.language, site["sigma_m"])),
        )
        return [(self.say(key), text) for key, text in facts if text]

    def _format(self) -> str:
        known = words(self.language)["format"]
        return known.get(self.screening.sites.reading.format, self.screening.sites.reading.format)

    def _how(self, answer: Answer) -> str:
        if answer.verdict == "uncertain" and np.isfinite(answer.probability) and "%" not in answer.wording:
            return self.say("likely", text=answer.wording, percent=chance_text(answer.probability, self.language))
        return answer.wording

    # ---- the document

    def _styles(self) -> None:
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.7)
        section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.3)
        for name, size, font in (("Normal", 12, "body"), ("Heading 1", 16, "heading"), ("Heading 2", 14, "heading")):
            style = self.document.styles[name]
            style.font.name, style.font.size = self.look["latin"], Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme_font in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme_font}"), None)
            for script in ("ascii", "hAnsi"):
                fonts.set(qn(f"w:{script}"), self.look["latin"])
            fonts.set(qn("w:eastAsia"), self.look[font])
        core = self.document.core_properties
        core.title, core.author, core.comments = self.say("title"), "", say(self.language, "screening.first_screening")
        header = section.header.paragraphs[0]
        header.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(header, f"{self.say('title')} · {say(self.language, 'screening.first_screening')}", size=9)
        footer = section.footer.paragraphs[0]
        footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = self._run(footer, "", size=9)
        for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = text
            run._r.append(part)  # noqa: SLF001 - python-docx has no field of its own

    def _heading(self, text: str, *, level: int = 1, new_page: bool = False) -> None:
        heading = self.document.add_heading(_clean(text), level)
        heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(14), Pt(6)
        heading.paragraph_format.page_break_before = new_page

    def _line(
        self, text: str, *, size: float = 12, bold: bool = False, before: float = 0, indent: bool = False
    ) -> Paragraph:
        line = self.document.add_paragraph()
        self._run(line, text, size=size, bold=bold)
        form = line.paragraph_format
        form.space_before, form.space_after, form.line_spacing = Pt(before), Pt(4), 1.4
        if indent and self.language == "zh":
            form.first_line_indent = Pt(2 * size)
        return line

    def _run(self, line: Paragraph, text: str, *, size: float, bold: bool = False) -> Any:  # noqa: ANN401 - a docx Run
        run = line.add_run(_clean(text))
        run.font.size, run.font.bold = Pt(size), bold
        return run

    def _caption(self, text: str) -> None:
        line = self._line(text, size=10.5, bold=True, before=8)
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.keep_with_next = True

    def _picture(self, png: bytes, title: str) -> None:
        self.document.add_picture(io.BytesIO(png), width=Cm(_WIDTH_CM))
        picture = self.document.paragraphs[-1]
        picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
        picture.paragraph_format.keep_with_next = True
        picture.paragraph_format.space_before = Pt(6)
        line = self._line(title, size=10.5)
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER

    def _facts(self, rows: Iterable[tuple[str, str]]) -> None:
        table = self.document.add_table(0, 2)
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        widths = Cm(_LABEL_CM), Cm(_WIDTH_CM - _LABEL_CM)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for label, text in rows:
            cells = table.add_row().cells
            for cell, said, width in zip(cells, (label, text), widths, strict=True):
                cell.width = width
                self._cell(cell, said, bold=said is label)
            _shade(cells[0], self.look["head"])

    def _table(self, head: Sequence[str], widths: Sequence[float]) -> Table:
        table: Table = self.document.add_table(1, len(head))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width * _WIDTH_CM / sum(widths))
        for cell, text in zip(table.rows[0].cells, head, strict=True):
            self._cell(cell, text, bold=True)
            _shade(cell, self.look["head"])
        repeat = OxmlElement("w:tblHeader")
        repeat.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)  # noqa: SLF001 - python-docx has no such property
        return table

    def _row(self, table: Table, texts: Sequence[str], verdict: str = "") -> None:
        row = table.add_row()
        whole = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole)  # noqa: SLF001 - python-docx has no such property
        for cell, column, text in zip(row.cells, table.columns, texts, strict=True):
            cell.width = column.width
            self._cell(cell, text)
        if verdict in self.look["verdicts"]:
            _shade(row.cells[1], self.look["verdicts"][verdict])

    def _cell(self, cell: Any, text: str, *, bold: bool = False) -> None:  # noqa: ANN401 - a docx cell
        line = cell.paragraphs[0]
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)
        self._run(line, text, size=10.5, bold=bold)


def _shade(cell: Any, colour: str) -> None:  # noqa: ANN401 - a docx cell
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:fill"), colour.removeprefix("#"))
    cell._tc.get_or_add_tcPr().append(shading)  # noqa: SLF001 - python-docx has no such property


def _clean(text: str) -> str:
    """Return text without the control characters that XML cannot hold."""
    return _CONTROL.sub("", text)


def _joined(names: Sequence[str], language: Language, most: int = 12) -> str:
    comma = "、" if language == "zh" else ", "
    shown = comma.join(names[:most])
    return say(language, "report.and_more", names=shown, n=len(names)) if len(names) > most else shown
