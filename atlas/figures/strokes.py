"""Turns a style of the theme into SVG on paper: strokes and fills of lines and areas, and point symbols.

Styles give lengths in pixels of the web map; on paper one such pixel is `MM_PER_PIXEL`, times the enlargement of the
paper. Soft edges are stacks of translucent strokes and fills: unlike a blur they stay vector in a PDF.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import shapely

from atlas.figures.paper import color as page_color
from atlas.figures.svg import element, number, path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from atlas.theme import Style

MM_PER_PIXEL: Final = 0.26
# Of the features of a layer all of a pass are drawn before the next: where two roads cross, their casings merge.
PASSES: Final = ("glow", "fill", "pattern", "halo", "line", "core")

_ROUND: Final = {"stroke_linejoin": "round", "stroke_linecap": "round"}
# Steps of a soft edge.
_STEPS: Final = 6
_HALO_OPACITY: Final = 0.24
_GLOW_OPACITY: Final = 0.42
_PATTERN_OPACITY: Final = 0.8
_PATTERN_STEP: Final = 7.0
_DOTS_STEP: Final = 9.0
_CORE_SHARE: Final = 0.46
_CASING: Final = 2.4
_BOX: Final = 20.0


@dataclass(slots=True)
class Ink:
    """
    What is being drawn: SVG by pass, and the patterns it refers to.

    Parameters
    ----------
    px
        Millimetres per pixel of the theme.
    defs
        Patterns by id, shared by the whole drawing.
    passes
        SVG elements by pass.
    """

    px: float
    defs: dict[str, str] = field(default_factory=dict)
    passes: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in PASSES})

    def take(self) -> str:
        """Return what was drawn, pass by pass, and start anew."""
        drawn = "\n".join(part for name in PASSES for part in self.passes[name])
        self.passes = {name: [] for name in PASSES}
        return drawn

    def put(self, name: str, shape: BaseGeometry, **attributes: object) -> None:
        """Draw a shape in a pass."""
        if data := path(shape):
            self.passes[name].append(element("path", d=data, **attributes))


@cache
def symbols() -> Mapping[str, list[list[str]]]:
    """Return the point symbols: parts as role and path, in a box of -10 to 10."""
    with Path(__file__).with_name("symbols.toml").open("rb") as file:
        return tomllib.load(file)


def weight_of(style: Style, *, area: bool) -> float:
    """Return the width of the outline or line of a style, pixels."""
    plain = bool(style.get("color")) and not style.get("halo") and not style.get("pattern")
    return float(style.get("weight", (1 if plain else 0) if area else 2))


def dashes(style: Style, px: float, key: str = "dash") -> str | None:
    """Return the dashes of a style in mm, or None if unbroken."""
    return " ".join(number(float(part) * px) for part in style.get(key, "").split()) or None


def area(ink: Ink, style: Style, shape: BaseGeometry, *, outlined: bool = True, backdrop: bool = False) -> None:
    """
    Draw an area: its glow or soft edge, fill, pattern and outline.

    Parameters
    ----------
    ink
        Takes the drawing.
    style, shape
        What to draw, page mm.
    outlined
        Whether its outline is drawn; of areas that tile, the shared borders are drawn once instead.
    backdrop
        Whether its halo is a glow outside the outline (晕线) rather than an unsure edge.
    """
    color, fill, soft = (
        style.get("color", page_color("ink")),
        style.get("fill", ""),
        float(style.get("halo", 0)) * ink.px,
    )
    if soft and backdrop:
        for step in range(_STEPS, 0, -1):
            width, share = 2 * soft * step / _STEPS, f"{_GLOW_OPACITY / _STEPS:.3f}"
            ink.put("glow", shape, fill="none", stroke=color, stroke_width=width, stroke_opacity=share, **_ROUND)
    opacity = float(style.get("fill_opacity", 0.5))
    if fill and soft and not backdrop:
        _soft_fill(ink, shape, fill, opacity, soft / 2)
    elif fill and opacity:
        ink.put("fill", shape, fill=fill, fill_opacity=None if opacity == 1 else opacity)
    if style.get("pattern"):
        ink.put("pattern", shape, fill=f"url(#{_pattern(ink, style['pattern'], color)})", fill_opacity=_PATTERN_OPACITY)
    if outlined:
        _stroke(ink, style, shape, weight_of(style, area=True), arrow=False)


def line(ink: Ink, style: Style, shape: BaseGeometry) -> None:
    """Draw a line: its soft casing, stroke, core and arrow head; page mm."""
    weight, soft = weight_of(style, area=False), float(style.get("halo", 0))
    color, opacity = style.get("color", page_color("ink")), float(style.get("opacity", 1))
    for step in range(3, 0, -1) if soft else ():
        width = (weight + soft * step / 3) * ink.px
        share = f"{opacity * _HALO_OPACITY / 3:.3f}"
        ink.put("halo", shape, fill="none", stroke=color, stroke_width=width, stroke_opacity=share, **_ROUND)
    _stroke(ink, style, shape, weight, arrow=bool(style.get("arrow")))


def outline(ink: Ink, style: Style, shape: BaseGeometry) -> None:
    """Draw the borders of areas that tile, each once."""
    _stroke(ink, style, shape, weight_of(style, area=True), arrow=False)


def _stroke(ink: Ink, style: Style, shape: BaseGeometry, weight: float, *, arrow: bool) -> None:
    """Draw the stroke of an outline or a line, with its core and arrow head."""
    if weight <= 0:
        return
    color, px, dash = style.get("color", style.get("fill", page_color("ink"))), ink.px, dashes(style, ink.px)
    opacity = float(style.get("opacity", 1))
    cap = "butt" if dash or arrow else "round"
    pen = {"fill": "none", "stroke_linejoin": "round", "stroke_linecap": cap}
    stroke = element("path", d=path(shape), stroke=color, stroke_width=weight * px, stroke_dasharray=dash, **pen)
    heads = [element("path", d=_head(part, weight * px, px), fill=color) for part in _lines(shape)] if arrow else []
    # One group: a translucent axis and its head then composite as one shape.
    ink.passes["line"].append(
        element("g", stroke + "".join(heads), opacity=opacity) if opacity < 1 or heads else stroke,
    )
    if core := style.get("core"):
        between = dash or dashes(style, px, "core_dash")
        width = weight * px * _CORE_SHARE
        ink.put("core", shape, stroke=core, stroke_width=width, stroke_dasharray=between, **pen)


def _lines(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in shapely.get_parts(shape) if part.length > 0]


def head_length(width: float, px: float) -> float:
    """Return how far an arrow's head reaches beyond its line, mm; thin lines get one that can be seen."""
    return 1.45 * (width / 2 + max(4 * px, width * 0.45))


def _head(shape: BaseGeometry, width: float, px: float) -> str:
    """Return the path of an arrow head at the end of a line."""
    half = width / 2 + max(4 * px, width * 0.45)
    length = head_length(width, px)
    (x, y), (a, b) = shape.coords[-1], shape.interpolate(shape.length - min(length, shape.length / 2)).coords[0]
    run = math.hypot(x - a, y - b) or 1.0
    dx, dy = (x - a) / run, (y - b) / run
    corners = ((x + length * dx, y + length * dy), (x - half * dy, y + half * dx), (x + half * dy, y - half * dx))
    return "M" + "L".join(f"{number(east)} {number(south)}" for east, south in corners) + "Z"


def _soft_fill(ink: Ink, shape: BaseGeometry, fill: str, opacity: float, soft: float) -> None:
    """Fill an area so that it fades over its edge: nested shapes whose opacities add up to the fill's."""
    reached = 0.0
    for step in range(_STEPS):
        aimed = opacity * (step + 1) / _STEPS
        share = 1 - (1 - aimed) / (1 - reached)
        grown = shape.buffer(soft * (1 - 2 * step / (_STEPS - 1)), quad_segs=4)
        ink.put("fill", grown, fill=fill, fill_opacity=f"{share:.3f}")
        reached = aimed


def _pattern(ink: Ink, kind: str, color: str) -> str:
    """Return the id of a pattern, which is defined when first used."""
    id_ = f"{kind}-{color.lstrip('#')}"
    if id_ not in ink.defs:
        step = (_DOTS_STEP if kind == "dots" else _PATTERN_STEP) * ink.px
        half = number(step / 2)
        across = f"M{half} 0V{number(step)}" if kind == "crosshatch" else ""
        mark = (
            element("circle", cx=step / 2, cy=step / 2, r=1.3 * ink.px, fill=color)
            if kind == "dots"
            else element("path", d=f"M0 {half}H{number(step)}{across}", stroke=color, stroke_width=1.1 * ink.px)
        )
        size = {"width": step, "height": step, "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(-45)"}
        ink.defs[id_] = element("pattern", mark, id=id_, **size)
    return id_


def reach(style: Style) -> float:
    """Return half the width of a point's symbol, pixels, with the ring that says that it is schematic."""
    return float(style.get("size", 10)) / 2 + (3.5 if style.get("hollow") else 0.0)


def symbol(style: Style, at: tuple[float, float], px: float) -> str:
    """Return a point's symbol at a place on the page, with a white casing that lifts it off the map."""
    size = float(style.get("size", 10))
    pixel = _BOX / size
    color = style.get("color", style.get("fill", page_color("ink")))
    fill = style.get("fill", color)
    parts = symbols().get(style.get("symbol", "circle"), symbols()["circle"])
    outline = float(style.get("weight", 1.4)) if style.get("hollow") or fill != color else 0.0
    widths = {"line": 1.7, "fill": outline}
    drawn = [
        element(
            "path",
            d=data,
            fill="none",
            stroke=page_color("paper"),
            stroke_width=(widths[role] + _CASING) * pixel,
            stroke_opacity=0.92,
        )
        for role, data in parts
        if role in widths
    ]
    first = next((data for role, data in parts if role == "fill"), "")
    for role, data in parts:
        hollow = bool(style.get("hollow")) and role == "fill" and data == first
        inner = {"fill": page_color("paper") if hollow else fill, "mist": fill, "paper": page_color("paper")}.get(
            role, "none"
        )
        width = 1.2 if role == "vein" else widths.get(role, 0.0)
        pen = (color if style.get("hollow") else page_color("paper")) if role == "vein" else color
        glow = 0.2 if role == "mist" else None
        stroke = {"stroke": pen, "stroke_width": width * pixel} if width else {}
        drawn.append(element("path", d=data, fill=inner, fill_opacity=glow, **stroke))
    if style.get("hollow"):
        gap = f"{number(2.6 * pixel)} {number(2.2 * pixel)}"
        ring = {"stroke": color, "stroke_width": 1.1 * pixel, "stroke_dasharray": gap}
        drawn.append(element("circle", r=10 + 3.5 * pixel, fill="none", **ring))
    place = f"translate({number(at[0])} {number(at[1])}) scale({size * px / _BOX:.4f})"
    return element("g", "".join(drawn), transform=place, stroke_linejoin="round", opacity=style.get("opacity"))
