"""The parts of the page beside the map: title, neatlines, scale, north, locator and the lines below. Page mm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import shapely

from atlas.figures import fonts
from atlas.figures.legendbox import line
from atlas.figures.model import MM_PER_POINT, Box, Furniture
from atlas.figures.paper import color
from atlas.figures.svg import element, number, path, polyline, rectangle
from atlas.words import say
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.figures.body import Affine
    from atlas.figures.model import Text
    from atlas.figures.paper import Layout
    from atlas.figures.recipe import Recipe
    from atlas.sheets import Sheet
    from layers import Plan

_TITLE_PT: Final = 19.0
_SMALLEST_TITLE_PT: Final = 10.0
_NOTE_PT: Final = 7.0
SMALLEST_PT: Final = 6.0
_METRES_PER_KM: Final = 1000
# Of the frame's width: how long the scale bar may be.
_BAR_SHARE: Final = 0.15


def small(layout: Layout) -> float:
    """Return the size of the lines below the map, points."""
    return max(_NOTE_PT * layout.enlarge, SMALLEST_PT)


def title(words: str, plan: Plan, sheet: Sheet, recipe: Recipe, layout: Layout) -> Iterator[Furniture]:
    """
    Yield the title at the right over the map, the plan's name at the left, and the sheet's number.

    Raises
    ------
    PlanError
        If the title does not fit at the smallest size.
    """
    box, e = layout.title, layout.enlarge
    plan_pt = max(7.5 * e, SMALLEST_PT)
    left = wrap(plan.district.plan_title.in_(recipe.language), 0.4 * box.width, plan_pt, 2)
    step = plan_pt * MM_PER_POINT * 1.25
    texts = [
        line(row, (box.x, box.bottom - (len(left) - i) * step - 1.1 * e), plan_pt, "title", color="soft")
        for i, row in enumerate(left)
    ]
    number_text = say(recipe.language, "figure.sheet_number", n=sheet.number + 1)
    mark = line(number_text, (box.right, 0), 9 * e, "sheet_number", color="soft", align=1)
    room = box.width - max((text.box.width for text in texts), default=0) - mark.box.width - 8 * e
    size = _TITLE_PT * e
    width = fonts.text_width(words, size, 700)
    size *= min(1.0, room / width)
    if size < _SMALLEST_TITLE_PT * e:
        values = {"value": words[:20], "count": len(words), "fits": int(len(words) * size / (_SMALLEST_TITLE_PT * e))}
        raise PlanError([Finding("title_too_long", "recipe: title", values)])
    base = box.bottom - 1.8 * e
    high = size * MM_PER_POINT
    main = line(words, (mark.box.x - 3 * e, base - 0.92 * high), size, "title", weight=700, align=1)
    at = (box.right, base - 0.9 * 9 * e * MM_PER_POINT)
    yield Furniture("title", box, (*texts, main), "", {"title": words})
    yield Furniture("sheet_number", box, (line(number_text, at, 9 * e, "sheet_number", color="soft", align=1),))


def neatline(layout: Layout) -> Furniture:
    """Return the thick outer and the thin inner line around the map."""
    e = layout.enlarge
    band = {"fill": "none", "stroke": color("ink")}
    drawing = rectangle(layout.outer, stroke_width=0.8 * e, **band) + rectangle(
        layout.frame, stroke_width=0.2 * e, **band
    )
    return Furniture("neatline", layout.outer, (), drawing)


def scale_parts(layout: Layout, scale: int, recipe: Recipe) -> Iterator[Furniture]:
    """Yield the scale in figures and the scale bar, of a round length, at the top of its box."""
    e, box, size = layout.enlarge, layout.scale, small(layout)
    longest = min(_BAR_SHARE * layout.frame.width, 0.8 * box.width) * scale / 1000
    step = 10 ** math.floor(math.log10(longest))
    metres = next(factor * step for factor in (5, 4, 3, 2, 1) if factor * step <= longest)
    length, parts = metres * 1000 / scale, 4
    aside = 4 * e if layout.is_portrait else 0.0
    x, y, high = box.x + (box.width - length) / 2 - aside, box.y + 11.5 * e, 1.2 * e
    shares = (0.0, 0.5, 1.0)
    pieces = [
        rectangle(Box(x + i * length / parts, y, length / parts, high), fill=color("paper" if i % 2 else "ink"))
        for i in range(parts)
    ]
    pieces.append(rectangle(Box(x, y, length, high), fill="none", stroke=color("ink"), stroke_width=0.15 * e))
    unit, per_unit = ("map.km", _METRES_PER_KM) if metres >= _METRES_PER_KM else ("map.m", 1)
    top = y - 1.25 * size * MM_PER_POINT
    texts = [
        line(f"{metres * share / per_unit:g}", (x + share * length, top), size, "scale_bar", align=0.5)
        for share in shares
    ]
    texts.append(line(say(recipe.language, unit), (texts[-1].box.right + 0.8 * e, top), size, "scale_bar"))
    data = {"metres": metres, "mm": length}
    yield Furniture("scale_bar", Box(x, top, length, y + high - top), tuple(texts), "".join(pieces), data)
    shown, middle = f"1:{scale:_}".replace("_", " "), box.x + box.width / 2 - aside
    words = line(shown, (middle, box.y + 0.5 * e), 11 * e, "scale_text", weight=700, align=0.5)
    yield Furniture("scale_text", words.box, (words,), "", {"scale": scale})


def north(layout: Layout, turn: float, recipe: Recipe, *, at_left: bool) -> Furniture:
    """
    Return the arrow to true north in an upper corner of the map.

    Parameters
    ----------
    turn
        True north clockwise of grid north, degrees.
    at_left
        Whether it stands at the left.
    """
    e, frame = layout.enlarge, layout.frame
    width, height, gap = 9 * e, 16 * e, 3 * e
    box = Box(frame.x + gap if at_left else frame.right - gap - width, frame.y + gap, width, height)
    x, y = box.centre[0], box.y + 10.2 * e
    r, w = 5.6 * e, 2.4 * e
    left = polyline((x, y - r), (x - w, y + r), (x, y + 0.55 * r)) + "Z"
    right = polyline((x, y - r), (x + w, y + r), (x, y + 0.55 * r)) + "Z"
    pen = {"stroke": color("ink"), "stroke_width": 0.25 * e, "stroke_linejoin": "round"}
    arrow = element("path", d=left, fill=color("ink"), **pen) + element("path", d=right, fill=color("paper"), **pen)
    halo = element(
        "path",
        d=left + right,
        fill=color("paper"),
        stroke=color("paper"),
        stroke_width=1.6 * e,
        stroke_linejoin="round",
    )
    turned = element("g", halo + arrow, transform=f"rotate({turn:.2f} {number(x)} {number(y)})")
    letter = line(say(recipe.language, "figure.north"), (x, box.y), 9 * e, "north", weight=700, align=0.5)
    return Furniture("north", box, (letter,), turned, {"convergence_deg": -turn})


def backdrop(layout: Layout) -> str:
    """Return the ground of the map, which is seen where no layer is."""
    return rectangle(layout.frame, fill=color("ground"))


def veil(layout: Layout, focus: BaseGeometry | None, affine: Affine) -> str:
    """Return what makes everything paler outside an area of the working CRS, and the area's outline."""
    if focus is None:
        return ""
    a, _, _, d, x, y = affine
    area = shapely.transform(focus, lambda xy: xy * (a, d) + (x, y))
    around = element("path", d=path(layout.frame.polygon.difference(area)), fill=color("paper"), fill_opacity=0.5)
    return around + element("path", d=path(area), fill="none", stroke=color("shown"), stroke_width=0.5 * layout.enlarge)


def locator(layout: Layout, plan: Plan, bounds: tuple[float, float, float, float], recipe: Recipe) -> Furniture:
    """Return a small map of the district among its neighbours, with what this page shows of it."""
    e, box = layout.enlarge, layout.locator
    district, around = plan.layers["district"].rows, plan.layers["neighbour"].rows
    inner = shapely.union_all([row.geometry for row in district])
    west, south, east, north_ = shapely.total_bounds([row.geometry for row in (*district, *around)])
    k = 0.94 * min(box.width / (east - west), box.height / (north_ - south))
    x0, y0 = box.centre[0] - k * (west + east) / 2, box.centre[1] + k * (south + north_) / 2

    def moved(shape: BaseGeometry) -> BaseGeometry:
        placed: BaseGeometry = shapely.transform(shape.simplify(0.15 / k), lambda xy: xy * (k, -k) + (x0, y0))
        return placed

    thin = {"stroke": color("border"), "stroke_width": 0.15 * e}
    parts = [element("path", d=path(moved(row.geometry)), fill=color("around"), **thin) for row in around]
    parts.append(element("path", d=path(moved(inner)), fill=color("here"), stroke=color("ink"), stroke_width=0.3 * e))
    a, b, c, d = bounds
    shown = moved(shapely.box(a, b, c, d)).intersection(box.inset(0.4 * e).polygon)
    parts.append(element("path", d=path(shown), fill="none", stroke=color("shown"), stroke_width=0.4 * e))
    size = SMALLEST_PT * max(1.0, e * 0.95)
    texts: list[Text] = []
    names = [(plan.district.name.in_(recipe.language), inner, 700)]
    for name, shape, weight in (*names, *((row.name, row.geometry, 400) for row in around)):
        heart = moved(shape).point_on_surface()
        shade = "ink" if shape is inner else "soft"
        made = line(name, (heart.x, heart.y - 1.1 * e), size, "locator", weight=weight, color=shade, align=0.5)
        others = [text.box.polygon for text in texts]
        if box.polygon.covers(made.box.polygon) and not any(made.box.polygon.intersects(other) for other in others):
            texts.append(made)
    drawing = "".join((rectangle(box, fill=color("ground"), stroke=color("ink"), stroke_width=0.2 * e), *parts))
    return Furniture("locator", box, tuple(texts), drawing, {"bounds": bounds})


def wrap(text: str, width: float, size_pt: float, most: int) -> list[str]:
    """Return a text in lines of at most a width; what the last one cannot hold ends in an ellipsis."""
    rows: list[str] = []
    rest = text
    while rest and len(rows) < most:
        count = _fitting(rest, width, size_pt)
        if count < len(rest) and len(rows) == most - 1:
            cut = _fitting(rest, width - fonts.text_width("…", size_pt), size_pt)
            return [*rows, rest[:cut].rstrip() + "…"]
        rows.append(rest[:count].rstrip())
        rest = rest[count:].lstrip()
    return rows


def _fitting(text: str, width: float, size_pt: float) -> int:
    """Return how many characters fit into a width, breaking neither Latin words nor before a closing mark."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if fonts.text_width(text[:middle], size_pt) <= width:
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return low
    for count in range(low, max(low - 24, 1), -1):
        left, right = text[count - 1], text[count]
        whole_word = left.isascii() and left.isalnum() and right.isascii() and right.isalnum()
        if not whole_word and right not in ",。、;:)”」!?,.;:)":
            return count
    return low


def footer(
    layout: Layout,
    words: tuple[Sequence[str], Sequence[str]],
    plan: Plan,
    recipe: Recipe,
    page: tuple[int, int],
) -> Iterator[Furniture]:
    """
    Yield the lines below: note, sources, CRS and date, and last who made it, what it is not, and which page it is.

    Parameters
    ----------
    words
        The note and the sources, wrapped.
    page
        This page's number, and of how many.
    """
    size, box, language, (note, sources) = small(layout), layout.footer, recipe.language, words
    rows = len(note) + len(sources) + 2
    step = box.height / rows

    def at(row: int) -> float:
        return box.y + row * step

    def part(kind: str, texts: Sequence[Text], data: dict[str, object] | None = None) -> Furniture:
        left, top = min(text.box.x for text in texts), min(text.box.y for text in texts)
        right, bottom = max(text.box.right for text in texts), max(text.box.bottom for text in texts)
        return Furniture(kind, Box(left, top, right - left, bottom - top), tuple(texts), "", data or {})  # type: ignore[arg-type]  # a part

    if note:
        yield part("note", [line(row, (box.x, at(i)), size, "note", color="soft") for i, row in enumerate(note)])
    first = len(note)
    yield part(
        "source", [line(row, (box.x, at(first + i)), size, "source", color="soft") for i, row in enumerate(sources)]
    )
    third = first + len(sources)
    crs = say(language, "figure.crs", name=plan.crs.name, code=plan.district.crs)
    yield part("crs_note", [line(crs, (box.x, at(third)), size, "crs_note", color="soft")], {"crs": plan.district.crs})
    dated = say(language, "figure.date", period=plan.district.plan_period, dated=plan.district.plan_dated)
    known = line(crs, (box.x, at(third)), size, "crs_note").box.right + 3 * layout.enlarge
    period = line(dated, (known, at(third)), size, "date", color="soft")
    yield part("date", [period])
    compiler = recipe.compiler or say(language, "figure.compiler_missing")
    made = say(language, "figure.compiler", compiler=compiler, compiled=recipe.compiled or "—")
    _check_fits("recipe: compiler", made, box.right - period.box.right - 3 * layout.enlarge, size)
    yield part("compiler", [line(made, (box.right, at(third)), size, "compiler", align=1)])
    last = at(third + 1)
    status = say(language, "app.disclaimer")
    words_ = line(status, (box.x + box.width / 2, last), size, "status_words", weight=700, align=0.5)
    yield part("status_words", [words_])
    # 审图号 stands at the lower left (地图审核管理规定, article 27).
    number_ = recipe.review_number or say(language, f"figure.not_reviewed_{recipe.edition}")
    review = say(language, "figure.review", number=number_)
    _check_fits("recipe: review_number", review, words_.box.x - box.x - 3 * layout.enlarge, size)
    shown = line(review, (box.x, last), size, "review_number")
    yield part("review_number", [shown], {"number": recipe.review_number})
    sign = line(
        say(language, "figure.recipe", id=recipe.id), (box.right, last), size, "recipe_id", color="soft", align=1
    )
    yield part("recipe_id", [sign], {"id": recipe.id})
    count = say(language, "figure.page", page=page[0], of=page[1])
    turned = line(count, (sign.box.x - 3 * layout.enlarge, last), size, "page_number", align=1)
    yield part("page_number", [turned], {"page": page[0], "of": page[1]})


def _check_fits(where: str, text: str, width: float, size_pt: float) -> None:
    """Stop where a text of the user's is too long for its place."""
    if fonts.text_width(text, size_pt) > width:
        values = {"value": text[:20], "count": len(text), "fits": _fitting(text, width, size_pt)}
        raise PlanError([Finding("text_too_long", where, values)])
