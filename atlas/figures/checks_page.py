"""Checks of the page around the map: that every part is there, says what is true, and is readable. Page mm."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from typing import TYPE_CHECKING, Final

import shapely

from atlas.figures import fonts
from atlas.figures.grid import true_north
from atlas.figures.model import PARTS
from atlas.figures.paper import SCALES
from atlas.figures.recipe import PAPERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas.figures.case import Case, Remark
    from atlas.figures.model import Part, Text

# Parts that a page may lack: a sheet need not have a note.
_OPTIONAL: Final = {"note"}
# Parts that are lines and no words.
_WORDLESS: Final = {"neatline"}
# Parts that lie around or over others by their nature.
_AROUND: Final = {"neatline", "graticule", "title", "sheet_number"}


def missing_parts(case: Case) -> Iterator[Remark]:
    """Yield the parts that are not there, there twice, or blank."""
    for kind in PARTS:
        parts = [part for part in case.figure.furniture if part.kind == kind]
        if not parts:
            if kind not in _OPTIONAL:
                yield case.remark("lint_missing_part", kind)
        elif len(parts) > 1:
            yield case.remark("lint_double_part", kind, count=len(parts))
        else:
            [part] = parts
            filled = part.drawing if kind in _WORDLESS else "".join(text.text for text in part.texts)
            if not filled.strip() or min(part.box.width, part.box.height) <= 0:
                yield case.remark("lint_blank_part", kind)


def title(case: Case) -> Iterator[Remark]:
    """Yield a title that is not the figure's, or too long to be read at a glance."""
    part, longest = case.figure.part("title"), case.limits["page"]["title"]
    if part and case.figure.title.strip():
        printed = "".join(text.text for text in part.texts)
        if case.figure.title not in printed:
            yield case.remark("lint_other_words", "title", value=case.figure.title[:40])
    if not case.figure.title.strip():
        yield case.remark("lint_blank_part", "title", change={"title": ""})
    if _columns(case.figure.title) > 2 * longest:
        yield case.remark("lint_long_title", "title", change={"title": ""}, count=len(case.figure.title), most=longest)


def _columns(text: str) -> int:
    """Return how wide a text is in letters of the Latin alphabet; a Chinese one counts as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def stated_words(case: Case) -> Iterator[Remark]:
    """Yield parts that do not say what they must: that it is a sketch, its CRS, and which recipe it is."""
    figure = case.figure
    wanted: dict[Part, str] = {
        "status_words": case.say("app.disclaimer"),
        "crs_note": case.plan.district.crs.rpartition(":")[2],
        "recipe_id": figure.recipe.id,
        "sheet_number": str(case.sheet.number + 1),
        "compiler": figure.recipe.compiler,
        "review_number": figure.recipe.review_number,
    }
    for kind, words in wanted.items():
        part = figure.part(kind)
        printed = "".join(text.text for text in part.texts) if part else ""
        if printed.strip() and words not in printed:
            yield case.remark("lint_other_words", kind, value=words[:40])


def unsigned(case: Case) -> Iterator[Remark]:
    """Yield what only the user can fill in: who compiled it, and when."""
    if not case.figure.recipe.compiler.strip():
        yield case.remark("lint_no_compiler", "compiler")
    if not case.figure.recipe.compiled.strip():
        yield case.remark("lint_no_date", "compiler")


def scale(case: Case) -> Iterator[Remark]:
    """Yield a scale that is unusual, misstated, or not what the scale bar measures."""
    figure, limits = case.figure, case.limits["scale"]
    if figure.scale not in SCALES:
        near = min(SCALES, key=lambda known: abs(known - figure.scale))
        yield case.remark("lint_odd_scale", "scale_text", change={"scale": near}, value=figure.scale, near=near)
    part = figure.part("scale_text")
    if part:
        digits = re.sub(r"\D", "", "".join(text.text for text in part.texts).partition(":")[2])
        if digits and (digits != str(figure.scale) or part.data.get("scale") != figure.scale):
            yield case.remark("lint_false_scale", "scale_text", value=digits, scale=figure.scale)
    bar = figure.part("scale_bar")
    if bar:
        metres, mm = float(bar.data.get("metres", 0)), float(bar.data.get("mm", 0))
        off = abs(mm * figure.scale / 1000 / metres - 1) if metres > 0 else 1.0
        if off > limits["bar"]:
            yield case.remark("lint_false_bar", "scale_bar", percent=f"{100 * off:.1f}", scale=figure.scale)


def north(case: Case) -> Iterator[Remark]:
    """Yield an arrow that does not point to true north at the middle of the map."""
    part = case.figure.part("north")
    if part:
        turn = true_north(case.figure.centre, case.plan.crs)
        off = abs((float(part.data.get("convergence_deg", 0)) + turn + 180) % 360 - 180)
        if off > case.limits["scale"]["north"]:
            yield case.remark("lint_false_north", "north", degrees=f"{off:.1f}", turn=f"{turn:.2f}")


def pages(case: Case) -> Iterator[Remark]:
    """Yield a page number that no page can have."""
    part = case.figure.part("page_number")
    if part:
        page, of = part.data.get("page", 0), part.data.get("of", 0)
        if not 1 <= page <= of or str(page) not in "".join(text.text for text in part.texts):
            yield case.remark("lint_false_page", "page_number", page=page, of=of)


def texts(case: Case) -> Iterator[Remark]:
    """Yield text that is too small to read in print, has letters its font lacks, or runs off the page."""
    figure, least = case.figure, case.limits["page"]["text_pt"]
    pieces = list(figure.texts())
    if little := [text for text in pieces if text.text.strip() and text.size_pt < least - 0.01]:
        smallest = min(little, key=lambda text: text.size_pt)
        values = {"count": len(little), "value": smallest.text[:20], "points": f"{smallest.size_pt:.1f}"}
        yield case.remark(
            "lint_small_text", _place(smallest), change=_larger(figure.recipe.paper), least=least, **values
        )
    for family in dict.fromkeys(text.family for text in pieces):
        words = "".join(text.text for text in pieces if text.family == family)
        if lacking := fonts.missing_glyphs(words, family):
            first = next(text for text in pieces if set(text.text) & set(lacking))
            yield case.remark("lint_no_glyph", _place(first), value=lacking[:20], font=fonts.family_name(family))
    width, height = figure.page
    for part in figure.furniture:
        if outside := [text for text in part.texts if not _within(text, width, height)]:
            yield case.remark("lint_off_page", part.kind, value=outside[0].text[:20])


def _place(text: Text) -> str:
    return text.role if text.role in PARTS else "labels"


def _larger(paper: str) -> dict[str, str]:
    """Return the change to the next larger paper, if there is one."""
    following = PAPERS.index(paper) + 1
    return {"paper": PAPERS[following]} if following < len(PAPERS) else {}


def _within(text: Text, width: float, height: float) -> bool:
    west, north_, east, south = text.outline.bounds
    return west >= 0 and north_ >= 0 and east <= width and south <= height


def overlaps(case: Case) -> Iterator[Remark]:
    """Yield parts of the page that lie over one another."""
    least = case.limits["page"]["overlap_mm2"]
    solid = [part for part in case.figure.furniture if part.kind not in _AROUND]
    for one, other in combinations(solid, 2):
        if one.box.polygon.intersection(other.box.polygon).area > least:
            yield case.remark("lint_overlap", one.kind, other=case.say(f"part.{other.kind}"))
    lines = [(part.kind, text.outline) for part in case.figure.furniture for text in part.texts]
    outlines = [outline for _, outline in lines]
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects").T if outlines else ()
    over = {
        (lines[first][0], lines[second][0])
        for first, second in pairs
        if first < second and outlines[first].intersection(outlines[second]).area > least
    }
    for kind, other_kind in sorted(over):
        if kind != other_kind and {kind, other_kind} & _AROUND:
            yield case.remark("lint_overlap", kind, other=case.say(f"part.{other_kind}"))


def typefaces(case: Case) -> Iterator[Remark]:
    """Yield more typefaces than a sheet may have (市级国土空间总体规划制图规范 2.6: at most four)."""
    figure, most = case.figure, case.limits["page"]["typefaces"]
    drawn = "".join((figure.body_svg, *(part.drawing for part in figure.furniture)))
    # The first of a list of names; quotes stand as they are or escaped.
    listed = re.findall(r"font-family=(?:\"|')([^\"'>]+)", drawn)
    named = {re.split(r",", names)[0].replace("&quot;", "").strip(" '\"") for names in listed}
    used = named | {fonts.family_name(text.family) for text in figure.texts()}
    if len(used) > most:
        yield case.remark("lint_many_typefaces", "title", count=len(used), most=most)


PAGE_CHECKS: Final = (
    *(missing_parts, title, stated_words, unsigned, scale, north, pages),
    *(texts, overlaps, typefaces),
)
