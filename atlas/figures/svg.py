"""Writes SVG: numbers, paths of shapes, texts, and the whole page of a figure. The user unit is the mm on paper."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from atlas.figures import fonts
from atlas.figures.model import ASCENT, MM_PER_POINT, Box
from atlas.theme import theme
from atlas.words import say

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from atlas.figures.model import Figure, Label, Text

# Finer than any printer: 0.01 mm.
_DECIMALS: Final = 2
_BOLD: Final = 600
# Of the size of a text: how wide the rim behind its letters is, both sides together.
_RIM: Final = 0.3


def number(value: float) -> str:
    """Return a length as short text, rounded to 0.01 mm."""
    text = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", /, **attributes: object) -> str:
    """Return an element; of attributes, `_` in names stands for `-`, numbers are rounded, and None is left out."""
    parts = [name]
    for key, value in attributes.items():
        if value is not None and value != "":
            shown = number(value) if isinstance(value, float) else escape(str(value))
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    head = " ".join(parts)
    return f"<{head}>{content}</{name}>" if content else f"<{head}/>"


def path(shape: BaseGeometry) -> str:
    """Return the path data of lines and areas in page mm; blank for an empty shape."""
    parts = shapely.get_parts(shape)
    areas = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    pieces = [*shapely.get_rings(parts[areas]), *parts[~areas]]
    drawn = []
    for piece in pieces:
        points = np.round(shapely.get_coordinates(piece), _DECIMALS) + 0.0
        # A vertex that falls on the one before it draws nothing.
        kept = points[np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]] if len(points) else points
        if len(kept) > 1:
            closed = bool(np.all(kept[0] == kept[-1])) and len(kept) > 2  # noqa: PLR2004 - two points enclose nothing
            corners = [f"{x:.6g} {y:.6g}" for x, y in (kept[:-1] if closed else kept).tolist()]
            drawn.append(f"M{'L'.join(corners)}{'Z' if closed else ''}")
    return "".join(drawn)


def polyline(*points: tuple[float, float]) -> str:
    """Return the path data of straight legs from point to point, page mm."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def rectangle(box: Box, **attributes: object) -> str:
    """Return a rectangle."""
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, **attributes)


def text(words: Text) -> str:
    """Return a text: real letters, with the rim painted under them."""
    size = words.size_pt * MM_PER_POINT
    x, y = words.box.x, words.box.y + ASCENT * size
    turn = None
    if words.angle:
        turn = f"rotate({number(words.angle)} {' '.join(map(number, words.box.centre))})"
    rim: dict[str, object] = {}
    if words.halo:
        rim = {"stroke": words.halo, "stroke_width": _RIM * size, "stroke_linejoin": "round", "paint_order": "stroke"}
    return element(
        "text",
        escape(words.text, quote=False),
        x=x,
        y=y,
        font_family=fonts.family_name(words.family),
        font_size=size,
        font_weight=700 if words.weight >= _BOLD else None,
        fill=words.color,
        transform=turn,
        **rim,
    )


def label(drawn: Label) -> str:
    """Return a feature's name, and its leader line under it."""
    parts = []
    if drawn.leader:
        line = polyline(*drawn.leader)
        color, rim = drawn.pieces[0].color, drawn.pieces[0].halo
        parts.append(element("path", d=line, stroke=rim, stroke_width=0.6, stroke_opacity=0.8, fill="none"))
        parts.append(element("path", d=line, stroke=color, stroke_width=0.18, fill="none"))
    return "".join((*parts, *map(text, drawn.pieces)))


def document(box: Box, content: str) -> str:
    """Return an SVG document that shows a part of the page."""
    view = " ".join(map(number, (box.x, box.y, box.width, box.height)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{number(box.width)}mm" height="{number(box.height)}mm" viewBox="{view}">\n{content}\n</svg>\n'
    )


def page_svg(figure: Figure, *, texts: bool = True) -> str:
    """
    Return the whole page as one SVG document with real text; a draft says so across the page.

    Parameters
    ----------
    figure
        What to draw.
    texts
        Whether the words of the furniture are drawn.
    """
    width, height = figure.page
    sheet = Box(0, 0, width, height)
    body = figure.body_svg[figure.body_svg.index("\n") + 1 : figure.body_svg.rindex("\n</svg>")]
    drawn = [rectangle(sheet, fill=theme()["page"]["paper"]), body]
    for part in figure.furniture:
        words = map(text, part.texts) if texts else ()
        drawn.append(element("g", part.drawing + "".join(words), id=part.kind))
    if figure.recipe.draft:
        drawn.append(_across(sheet, say(figure.recipe.language, "figure.draft")))
    return document(sheet, "\n".join(part for part in drawn if part))


def _across(sheet: Box, words: str) -> str:
    """Return words across a page, from the lower left to the upper right."""
    x, y = sheet.centre
    size = math.hypot(sheet.width, sheet.height) * 0.6 / max(len(words), 4)
    angle = -math.degrees(math.atan2(sheet.height, sheet.width))
    return element(
        "text",
        escape(words, quote=False),
        x=x,
        y=y + 0.35 * size,
        font_family=fonts.family_name("sans"),
        font_size=size,
        font_weight=700,
        text_anchor="middle",
        fill=theme()["page"]["draft"],
        fill_opacity=0.16,
        transform=f"rotate({number(angle)} {number(x)} {number(y)})",
    )
