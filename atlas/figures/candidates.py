"""Where names may stand: around points, along lines, inside areas, each place with its cost. Page mm throughout."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from atlas.figures import fonts
from atlas.figures.labels import Candidate
from atlas.figures.model import ASCENT, DESCENT, MM_PER_POINT, Box, Text
from atlas.figures.paper import color as page_color

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry import LineString
    from shapely.geometry.base import BaseGeometry

    from atlas.figures.labels import Floats

SMALLEST_PT: Final = 6.0
_LEADING: Final = 1.1
# Direction of the name beside its symbol, and cost; best first, as in the browser.
_BESIDE: Final = (
    (1, 0, 0.0),
    (-1, 0, 0.5),
    (0, -1, 0.7),
    (0, 1, 0.8),
    (1, -1, 1.2),
    (1, 1, 1.3),
    (-1, -1, 1.5),
    (-1, 1, 1.6),
)
_SPOTS: Final = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.12, 0.88)
# Leader lines: lengths in sizes of the text, and directions.
_REACHES: Final = (1.6, 2.6, 3.8, 5.2, 7.0, 9.5, 12.5, 16.0)
_AROUND: Final = tuple((math.cos(turn * math.pi / 10), math.sin(turn * math.pi / 10)) for turn in range(20))
# How far a line may turn from letter to letter, degrees, and how steep Chinese is set upright.
_BEND: Final = 28.0
_STEEP: Final = 52.0
_GRID: Final = 9
# Names of fewer letters stay in one line.
_SHORT: Final = 7
# Places that a word may be broken after, and before.
_AFTER, _BEFORE = re.compile(r"[、,。;:)」”· —-]"), re.compile(r"[((“「]")
_CLOSING: Final = re.compile(r"[))”」]")
_LYING: Final = re.compile(r"[—–()()“”-]")
_CHINESE: Final = re.compile(r"[⺀-鿿豈-﫿＀-￯、。·—()“”]+")


@dataclass(frozen=True)
class Name:
    """
    The name of a feature, in the style of its theme.

    Parameters
    ----------
    text, role
        What it says, and the kind of what it names.
    size_pt, weight, color, halo
        Of its letters.
    spread
        Extra space between letters along a line, mm.
    """

    text: str
    role: str
    size_pt: float
    weight: int
    color: str
    halo: str
    spread: float = 0.0

    @classmethod
    def of(cls, text: str, role: str, label: Mapping[str, Any], px: float) -> Name:
        """Return a name in the `label` of a style; `px` is mm per pixel of the theme."""
        size = max(float(label.get("size", 12)) * px / MM_PER_POINT, SMALLEST_PT)
        weight, color = int(label.get("weight", 500)), str(label.get("color", page_color("ink")))
        return cls(text, role, size, weight, color, page_color("paper"), float(label.get("spread", 0)) * px)

    def smaller(self) -> Name:
        """Return the name a little smaller, never below the smallest size that print bears."""
        size = max(self.size_pt * 0.86, SMALLEST_PT)
        return Name(self.text, self.role, size, self.weight, self.color, self.halo, self.spread)

    @property
    def em(self) -> float:
        """Size of the letters, mm."""
        return self.size_pt * MM_PER_POINT

    @property
    def height(self) -> float:
        """Height of a line's box, mm."""
        return (ASCENT + DESCENT) * self.em

    def width(self, text: str) -> float:
        """Width of some text in this style, mm."""
        return _width(text, self.size_pt, self.weight)

    @cached_property
    def layouts(self) -> tuple[tuple[tuple[str, ...], float], ...]:
        """The name in one line and, where it is long, in two, each with its cost."""
        whole = ((self.text,), 0.0)
        if len(self.text) < _SHORT:
            return (whole,)
        clean = any(_AFTER.match(row[-1]) for row in self.halves[:1]) or any(
            _BEFORE.match(row) for row in self.halves[1:]
        )
        return (whole, (self.halves, 0.4 if clean else 1.4))

    @cached_property
    def halves(self) -> tuple[str, ...]:
        """The name in two lines, broken where a reader would."""
        text, half = self.text, len(self.text) / 2
        spots = [i for i in range(1, len(text)) if _AFTER.match(text[i - 1]) or _BEFORE.match(text[i])]
        # Rather not within brackets or quotes.
        best = min(spots, key=lambda i: abs(i - half) + 3 * _open(text[:i]), default=0)
        cut = best if best and abs(best - half) <= len(text) / 3.5 else math.ceil(half)
        return tuple(part for part in (text[:cut].strip(), text[cut:].strip()) if part)

    def block(self, rows: tuple[str, ...]) -> tuple[float, float]:
        """Return width and height of some lines, mm."""
        return max(map(self.width, rows)), self.height + (len(rows) - 1) * self.em * _LEADING

    def set(self, rows: tuple[str, ...], centre: tuple[float, float], angle: float = 0.0) -> tuple[Text, ...]:
        """Return lines of text, each centred, about a point."""
        _, height = self.block(rows)
        turn = math.radians(angle)
        pieces = []
        for index, row in enumerate(rows):
            width = self.width(row)
            down = index * self.em * _LEADING + self.height / 2 - height / 2
            x, y = centre[0] - down * math.sin(turn), centre[1] + down * math.cos(turn)
            box = Box(x - width / 2, y - self.height / 2, width, self.height)
            pieces.append(self._text(row, box, angle))
        return tuple(pieces)

    def letters(self, centres: Sequence[tuple[float, float]], angles: Sequence[float]) -> tuple[Text, ...]:
        """Return the name letter by letter, each about its point and turned."""
        pieces = []
        for letter, (x, y), angle in zip(self.text, centres, angles, strict=True):
            width = self.width(letter)
            pieces.append(self._text(letter, Box(x - width / 2, y - self.height / 2, width, self.height), angle))
        return tuple(pieces)

    def _text(self, text: str, box: Box, angle: float) -> Text:
        return Text(text, box, self.size_pt, self.role, self.weight, "sans", self.color, self.halo, angle)


def _open(text: str) -> int:
    """Return how many brackets and quotes of a text are not closed."""
    return len(_BEFORE.findall(text)) - len(_CLOSING.findall(text))


# A name is measured once for all its candidates.
@lru_cache(maxsize=4096)
def _width(text: str, size_pt: float, weight: int) -> float:
    return fonts.text_width(text, size_pt, weight)


def beside(name: Name, at: tuple[float, float], gap: float) -> Iterator[Candidate]:
    """Yield places around a point; `gap` is the symbol's reach."""
    for rows, extra in name.layouts:
        w, h = name.block(rows)
        for dx, dy, cost in _BESIDE:
            reach = gap * 0.72 if dx and dy else gap + 0.3
            centre = (at[0] + dx * (reach + w / 2), at[1] + dy * (reach + h / 2 - 0.3))
            yield Candidate(name.set(rows, centre), cost + extra)


def apart(name: Name, at: tuple[float, float], gap: float) -> Iterator[Candidate]:
    """Yield places farther from a point, on a leader line from its symbol's edge; `gap` is the symbol's reach."""
    for rows, extra in name.layouts:
        w, h = name.block(rows)
        for right, down in _AROUND:
            start = (at[0] + gap * right, at[1] + gap * down)
            for ems in _REACHES:
                far = gap + ems * name.em
                end = (at[0] + far * right, at[1] + far * down)
                if abs(right) < 0.2:  # noqa: PLR2004 - straight up or down
                    centre = (end[0], end[1] + math.copysign(h / 2 + 0.2, down))
                else:
                    centre = (end[0] + math.copysign(w / 2 + 0.4, right), end[1])
                yield Candidate(name.set(rows, centre), ems * 0.7 + extra + 0.3 * abs(down), (start, end))


def spots(shape: BaseGeometry) -> list[tuple[float, float]]:
    """Return where a name that a line or an area cannot carry may be tied to it, the best first."""
    largest = max(shapely.get_parts(shape), key=lambda part: (part.area, part.length))
    if largest.geom_type == "Polygon":
        found = [largest.point_on_surface()]
    else:
        found = [largest.interpolate(share, normalized=True) for share in (0.5, 0.3, 0.7)]
    return [(spot.x, spot.y) for spot in found]


def along(name: Name, shape: BaseGeometry, reach: float) -> Iterator[Candidate]:
    """Yield places along lines, on wide ones and beside thin ones; `reach` is half the width that is drawn."""
    total = name.width(name.text) + name.spread * (len(name.text) - 1)
    aside = reach + 0.55 * name.em
    shifts = ((0.0, 0.0),) if reach > 0.34 * name.em else ((-aside, 0.0), (aside, 0.3), (0.0, 1.2))
    parts = sorted(shapely.get_parts(shape), key=lambda part: -part.length)
    for part in parts[:4]:
        if part.length < total * 1.05:
            if part.length > name.em:
                middle = part.interpolate(0.5, normalized=True)
                for place in beside(name, (middle.x, middle.y), reach + 0.4):
                    yield Candidate(place.pieces, place.cost + 3)
            continue
        for spot in _SPOTS:
            start = spot * part.length - total / 2
            if 0 <= start <= part.length - total:
                off = abs(spot - 0.5) * 2
                yield from _follow(name, part, (start, total), tuple((shift, cost + off) for shift, cost in shifts))


def _follow(
    name: Name,
    line: LineString,
    stretch: tuple[float, float],
    shifts: tuple[tuple[float, float], ...],
) -> Iterator[Candidate]:
    """Yield the name on a stretch of a line, each shift with its cost: straight where that is, or letter by letter."""
    start, total = stretch
    samples = _points(line, np.linspace(start, start + total, 9))
    (ax, ay), (bx, by) = samples[[0, -1]].tolist()
    if math.hypot(bx - ax, by - ay) < 0.6 * total:
        return
    angle = math.degrees(math.atan2(by - ay, bx - ax))
    upright = abs(abs(angle) - 90) < 90 - _STEEP and bool(_CHINESE.fullmatch(name.text))
    # Letters run from left to right, and upright ones from top to bottom.
    backward = (by < ay) if upright else (bx < ax)
    if backward:
        angle -= math.copysign(180, angle)
    across = np.array([-math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    middle = samples.mean(axis=0)
    away = (samples - middle) @ across
    low, high = float(away.min()), float(away.max())
    bow = high - low
    if not upright and not name.spread and bow < 0.5 * name.em:
        for shift, cost in shifts:
            x, y = middle + across * (shift + (low if shift < 0 else high if shift else 0.0))
            yield Candidate(name.set((name.text,), (float(x), float(y)), angle), cost + bow / name.em)
    elif bow < 0.45 * total:
        letters = _letters(name, line, stretch, backward=backward, upright=upright)
        if letters is None:
            return
        at, off, tilt, turned = letters
        for shift, cost in shifts:
            pieces = name.letters((at + off * shift).tolist(), tilt)
            yield Candidate(pieces, cost + 0.4 + bow / total + turned)


def _letters(
    name: Name,
    line: LineString,
    stretch: tuple[float, float],
    *,
    backward: bool,
    upright: bool,
) -> tuple[Floats, Floats, list[float], float] | None:
    """
    Return how the letters of a name lie along a line, or None where it bends too much.

    Returns
    -------
    at, off, tilt, turned
        Where each letter stands and which way is off the line, (n, 2); its angle, degrees; and what the bends cost.
    """
    start, total = stretch
    widths = np.array([name.width(letter) for letter in name.text])
    run = np.cumsum(widths + name.spread) - widths / 2 - name.spread
    at = start + (total - run if backward else run)
    reach = np.maximum(widths, name.em) * 0.6
    before, after, centres = np.split(_points(line, np.concatenate([at - reach, at + reach, at])), 3)
    direction = (before - after) if backward else (after - before)
    angles = np.degrees(np.arctan2(direction[:, 1], direction[:, 0]))
    turns = np.abs((np.diff(angles) + 180) % 360 - 180)
    if turns.max(initial=0) > _BEND:
        return None
    radians = np.radians(angles)
    # Upright letters stand; dashes and brackets turn with the line, as in a column of Chinese.
    lying = np.array([bool(_LYING.match(letter)) for letter in name.text])
    tilt = np.where(upright & ~lying, angles - 90, angles)
    return centres, np.stack([-np.sin(radians), np.cos(radians)], axis=1), tilt.tolist(), float(turns.sum()) / 90


def _points(line: LineString, at: Floats) -> Floats:
    found: Floats = shapely.get_coordinates(shapely.line_interpolate_point(line, np.clip(at, 0, line.length)))
    return found


def inside(name: Name, shape: BaseGeometry) -> Iterator[Candidate]:
    """Yield places inside an area, the deepest first; a name larger than its area may lean out of it."""
    parts = shapely.get_parts(shape)
    largest = parts[np.argmax(shapely.area(parts))]
    shapely.prepare(largest)
    west, north, east, south = largest.bounds
    xs, ys = np.meshgrid(np.linspace(west, east, _GRID + 2)[1:-1], np.linspace(north, south, _GRID + 2)[1:-1])
    heart = shapely.get_coordinates(shapely.maximum_inscribed_circle(largest, tolerance=max(0.5, (east - west) / 40)))[
        0
    ]
    spots = np.vstack([heart[None], np.stack([xs.ravel(), ys.ravel()], axis=1)])
    spots = spots[shapely.contains_xy(largest, spots)]
    if not len(spots):
        return
    spread = max(east - west, south - north, 1.0)
    remote = np.hypot(*(spots - heart).T) / spread * 4
    probes = np.array([(x, y) for x in (-0.5, -0.25, 0, 0.25, 0.5) for y in (-0.5, 0.5)])
    for rows, extra in name.layouts:
        size = name.block(rows)
        corners = spots[:, None] + probes[None] * size
        out = (~shapely.contains_xy(largest, corners.reshape(-1, 2))).reshape(len(spots), -1).mean(axis=1)
        for (x, y), far, lean in zip(spots.tolist(), remote.tolist(), out.tolist(), strict=True):
            if lean < 0.7:  # noqa: PLR2004 - most of it outside would name the neighbour
                yield Candidate(name.set(rows, (x, y)), far + 4 * lean + extra)
