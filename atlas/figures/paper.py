"""Paper: its sizes, the room of every part of the page, and the scale that fits.

Portrait pages carry the legend below the map in columns over the full width, landscape pages in a column at the right,
as the ministry's drafting rules have it (市级国土空间总体规划制图规范, appendix A). All lengths in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from atlas.figures.model import Box
from atlas.theme import theme
from layers import Finding, PlanError

if TYPE_CHECKING:
    from atlas.figures.recipe import Orientation, Paper, Recipe

# Width and height upright (ISO 216); the margin; and how much larger than on A3 everything is drawn, because a larger
# sheet is looked at from farther away. At 0.8 the smallest names of the theme still reach 6 pt.
_SIZES: Final[dict[str, tuple[float, float, float, float]]] = {
    "A4": (210, 297, 8, 0.8),
    "A3": (297, 420, 10, 1.0),
    "A2": (420, 594, 13, 1.2),
    "A1": (594, 841, 16, 1.5),
    "A0": (841, 1189, 20, 1.9),
}
# The N of 1:N that planning maps of counties and cities use.
SCALES: Final = (
    5_000,
    10_000,
    15_000,
    20_000,
    25_000,
    30_000,
    40_000,
    50_000,
    75_000,
    100_000,
    150_000,
    200_000,
    250_000,
    300_000,
    400_000,
    500_000,
    750_000,
    1_000_000,
)
# Kept free around the extent within the frame, mm on A3.
_ROOM: Final = 2.5
# Between the outer neatline and the frame, where the degrees stand; and other heights and widths, mm on A3.
_DEGREES: Final = 4.2
_TITLE: Final = 12.5
_GAP: Final = 2.2
_SIDE: Final = 70.0
_BAND: Final = 41.0
_BAND_STEP: Final = 9.0
_COLUMN: Final = 62.0
_COLUMN_STEP: Final = 20.0
_LOCATOR: Final = 36.0
_SCALE: Final = 15.0
_LINE: Final = 3.1

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where everything stands.

    Parameters
    ----------
    page, margin
        Width and height of the paper, and what is kept free along its edges.
    enlarge
        How much larger than on A3 everything is drawn.
    title, outer, frame
        Room of the title; the thick outer and the thin inner neatline, the inner one being the map's frame.
    legend, scale, locator
        Room of the legend, of the scale with its bar, and of the locator map.
    footer
        Room of the lines below.
    """

    page: tuple[float, float]
    margin: float
    enlarge: float
    title: Box
    outer: Box
    frame: Box
    legend: Box
    scale: Box
    locator: Box
    footer: Box

    @property
    def is_portrait(self) -> bool:
        """Whether the page stands upright."""
        return self.page[1] > self.page[0]

    def scale_for(self, bounds: Bounds) -> int | None:
        """Return the largest scale of the series at which some bounds (metres) fit, or None."""
        return next((scale for scale in SCALES if self.holds(bounds, scale)), None)

    def holds(self, bounds: Bounds, scale: int) -> bool:
        """Say whether bounds (metres) fit into the frame at a scale."""
        room = 2 * _ROOM * self.enlarge
        width, height = ((bounds[i + 2] - bounds[i]) * 1000 / scale + room for i in (0, 1))
        return width <= self.frame.width and height <= self.frame.height


def color(name: str) -> str:
    """Return a colour of the page around the map; it is the same in every theme (table `page` of ``theme.toml``)."""
    return str(theme()["page"][name])


def layout(paper: Paper, orientation: Orientation, *, growth: int = 0, footer_lines: int) -> Layout:
    """
    Return the room of every part of a page.

    Parameters
    ----------
    paper, orientation
        Of the page; `auto` counts as portrait.
    growth
        How many steps larger than usual the room for the legend is.
    footer_lines
        Lines of text below.
    """
    short, long, margin, e = _SIZES[paper]
    portrait = orientation != "landscape"
    width, height = (short, long) if portrait else (long, short)
    room = Box(0, 0, width, height).inset(margin)
    footer_height = footer_lines * _LINE * e
    footer = Box(room.x, room.bottom - footer_height, room.width, footer_height)
    title = Box(room.x, room.y, room.width, _TITLE * e)
    bottom = footer.y - _GAP * e * 0.7
    if portrait:
        band = (_BAND + growth * _BAND_STEP) * e
        below = Box(room.x, bottom - band, room.width, band)
        outer = Box(room.x, title.bottom, room.width, below.y - _GAP * e - title.bottom)
        side = _SIDE * e
        legend = Box(below.x, below.y, below.width - side - _GAP * e, below.height)
        locator = Box(below.right - _LOCATOR * e, below.y, _LOCATOR * e, below.height)
        scale = Box(below.right - side, below.y, side - locator.width, below.height)
    else:
        side = (_COLUMN + growth * _COLUMN_STEP) * e
        outer = Box(room.x, title.bottom, room.width - side - _GAP * e, bottom - title.bottom)
        inset, x = 0.25 * outer.height, outer.right + _GAP * e
        locator = Box(x, outer.bottom - inset, side, inset)
        scale = Box(x, locator.y - _SCALE * e, side, _SCALE * e)
        legend = Box(x, outer.y, side, scale.y - outer.y - _GAP * e)
    frame = outer.inset(_DEGREES * e)
    return Layout((width, height), margin, e, title, outer, frame, legend, scale, locator, footer)


def enlargement(paper: Paper) -> float:
    """Return how much larger than on A3 everything is drawn on a paper."""
    return _SIZES[paper][3]


def check_scale(recipe: Recipe, bounds: Bounds, tried: Layout) -> int:
    """
    Return the scale of a figure: the one asked for, or the largest of the series that fits.

    Raises
    ------
    PlanError
        If the paper is too small for it; the scale or paper that does is named.
    """
    fits = tried.scale_for(bounds)
    if recipe.scale is not None and tried.holds(bounds, recipe.scale):
        return recipe.scale
    if recipe.scale is None and fits is not None:
        return fits
    asked = recipe.scale if recipe.scale is not None else SCALES[-1]
    values = {"paper": recipe.paper, "scale": f"1:{asked}", "near": f"1:{fits}" if fits else "—"}
    larger = _paper_for(bounds, asked)
    if larger is None:
        raise PlanError([Finding("scale_too_large", "recipe: scale", values)])
    raise PlanError([Finding("paper_too_small", "recipe: scale", {**values, "larger": larger})])


def _paper_for(bounds: Bounds, scale: int) -> str | None:
    """Return the smallest paper that holds bounds at a scale, or None."""
    for paper in _SIZES:
        for orientation in ("portrait", "landscape"):
            if layout(paper, orientation, footer_lines=4).holds(bounds, scale):  # type: ignore[arg-type]  # both words are of their lists
                return paper
    return None
