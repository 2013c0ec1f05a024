"""What a print figure is: the page as data, so that it can be checked unprinted.

All lengths are millimetres on paper, x to the right and y downward from the page's top left corner, sizes of text in
points; positions on the ground are metres in the plan's working CRS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapely.geometry import Polygon

    from atlas.figures.recipe import Orientation, Recipe
    from atlas.theme import Style
    from layers.kinds import Geometry

Family = Literal["sans", "serif"]
Part = Literal[
    "title",
    "sheet_number",
    "neatline",
    "legend",
    "scale_bar",
    "scale_text",
    "north",
    "graticule",
    "locator",
    "source",
    "date",
    "crs_note",
    "compiler",
    "status_words",
    "review_number",
    "page_number",
    "recipe_id",
    "note",
]

PARTS: Final[tuple[Part, ...]] = get_args(Part)
MM_PER_POINT: Final = 25.4 / 72
# Of the size of the text: how far its box reaches above and below the baseline.
ASCENT: Final = 0.88
DESCENT: Final = 0.16


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page: its top left corner and its size, mm."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge, mm."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge, mm."""
        return self.y + self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Its centre, mm."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def polygon(self) -> Polygon:
        """The rectangle as a shape in page mm."""
        return shapely.box(self.x, self.y, self.right, self.bottom)

    def inset(self, by: float) -> Box:
        """Return the box smaller by so many mm on every side (larger where negative)."""
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True, slots=True)
class Text:
    """
    A line of real text on the page.

    Parameters
    ----------
    text
        What it says.
    box
        Its extent before it is turned, mm: the text starts at the left edge, its baseline lies `ASCENT` of the size
        below the upper edge, and the width is that of the text as measured in its font.
    size_pt
        Size, points.
    role
        What it is for: a `Part`, or the kind of the feature it names.
    weight, family
        Of the font: 400 or 700 (others go to the nearer), heiti (sans) or songti (serif).
    color, halo
        Of the letters; of the rim behind them, blank for none.
    angle
        Degrees clockwise about the centre of the box.
    """

    text: str
    box: Box
    size_pt: float
    role: str
    weight: int = 400
    family: Family = "sans"
    color: str = "#000000"
    halo: str = ""
    angle: float = 0.0

    @property
    def outline(self) -> Polygon:
        """Its box as it lies on the page, turned, mm."""
        if not self.angle:
            return self.box.polygon
        (x, y), turn = self.box.centre, math.radians(self.angle)
        across, down = self.box.width / 2, self.box.height / 2
        right, below = (
            (across * math.cos(turn), across * math.sin(turn)),
            (-down * math.sin(turn), down * math.cos(turn)),
        )
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return shapely.Polygon([(x + i * right[0] + j * below[0], y + i * right[1] + j * below[1]) for i, j in signs])


@dataclass(frozen=True, slots=True)
class Label:
    """
    The name of a feature on the map.

    Parameters
    ----------
    feature, layer
        Ids of what it names.
    text
        The whole name.
    pieces
        Its parts as they are set: one, or one per letter where it follows a line.
    anchor
        Where on the feature it belongs, page mm.
    leader
        The thin line from the anchor to the text, page mm; None where the text stands beside what it names.
    """

    feature: str
    layer: str
    text: str
    pieces: tuple[Text, ...]
    anchor: tuple[float, float]
    leader: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """
    A layer as it is on the page.

    Parameters
    ----------
    id, kind
        As the sheet has it (``kind`` or ``kind:status``), and its kind.
    features
        Ids of what is drawn, lowest first; features outside the frame are not among them.
    rows
        For each feature the id of its legend row.
    """

    id: str
    kind: str
    features: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LegendRow:
    """
    A row of the legend.

    Parameters
    ----------
    id
        As `DrawnLayer.rows` names it; rows that say how certainty looks start with ``basis-``, of images ``image-``.
    title
        What it says.
    style
        As `atlas.theme.style` gives it, lengths in pixels; for an image's row at least `fill`.
    geometry
        How the sample is shaped.
    layer
        Id of the layer it belongs to; blank for rows about certainty and images.
    box
        Where sample and title stand, page mm.
    """

    id: str
    title: str
    style: Style
    geometry: Geometry
    layer: str
    box: Box


@dataclass(frozen=True, slots=True)
class Furniture:
    """
    A part of the page beside or over the map.

    Parameters
    ----------
    kind
        What it is.
    box
        The room it takes, page mm.
    texts
        Its words.
    drawing
        SVG elements in page mm without text: lines, samples, the arrow; blank where there are only words.
    data
        What it states, for checks: ``scale_bar`` {"metres", "mm"}, ``scale_text`` {"scale"}, ``north``
        {"convergence_deg"}, ``graticule`` {"spacing_deg"}, ``recipe_id`` {"id"}, ``page_number`` {"page", "of"}.
    """

    kind: Part
    box: Box
    texts: tuple[Text, ...] = ()
    drawing: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RasterImage:
    """
    A picture that lies under the vectors of the map.

    Parameters
    ----------
    id, title
        What it is, and how the legend names it.
    png
        The picture, north up in the working CRS.
    bounds
        minx, miny, maxx, maxy of its outer edges, metres in the working CRS.
    opacity
        From 0 to 1.
    legend
        Colour and meaning of each of its classes.
    """

    id: str
    title: str
    png: bytes
    bounds: tuple[float, float, float, float]
    opacity: float = 1.0
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A figure, drawn and not yet printed.

    Parameters
    ----------
    recipe
        What it was made from, its scale and orientation as asked for, the fingerprint that of the data.
    title
        As printed, whole.
    page
        Width and height of the paper, mm.
    margin
        Kept free along its edges, mm.
    frame
        The map's inner neatline, page mm.
    scale
        The N of 1:N, as drawn.
    centre
        What lies in the middle of the frame: easting and northing, metres.
    layers, labels, legend, furniture
        What is on the page.
    body_svg
        The map within the frame as an SVG document: its user unit is the mm, its view box the frame in page mm, labels
        as real text included.
    warnings
        What could not be drawn well, one line each in the recipe's language.
    """

    recipe: Recipe
    title: str
    page: tuple[float, float]
    margin: float
    frame: Box
    scale: int
    centre: tuple[float, float]
    layers: tuple[DrawnLayer, ...]
    labels: tuple[Label, ...]
    legend: tuple[LegendRow, ...]
    furniture: tuple[Furniture, ...]
    body_svg: str
    warnings: tuple[str, ...] = ()

    @property
    def affine(self) -> tuple[float, float, float, float, float, float]:
        """Ground to page as shapely's six numbers (a, b, d, e, xoff, yoff): metres of the working CRS to mm."""
        k = 1000 / self.scale
        (x, y), (east, north) = self.frame.centre, self.centre
        return k, 0.0, 0.0, -k, x - k * east, y + k * north

    def to_page(self, xy: tuple[float, float]) -> tuple[float, float]:
        """Return the place on the page (mm) of a position on the ground (metres in the working CRS)."""
        a, _, _, e, x, y = self.affine
        return a * xy[0] + x, e * xy[1] + y

    def to_ground(self, xy: tuple[float, float]) -> tuple[float, float]:
        """Return the position on the ground (metres in the working CRS) of a place on the page (mm)."""
        a, _, _, e, x, y = self.affine
        return (xy[0] - x) / a, (xy[1] - y) / e

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """What the frame shows: minx, miny, maxx, maxy, metres in the working CRS."""
        west, north = self.to_ground((self.frame.x, self.frame.y))
        east, south = self.to_ground((self.frame.right, self.frame.bottom))
        return west, south, east, north

    @property
    def orientation(self) -> Orientation:
        """The page as drawn: portrait or landscape."""
        return "portrait" if self.page[1] > self.page[0] else "landscape"

    def part(self, kind: Part) -> Furniture | None:
        """Return a part of the page, or None if it has none of this kind."""
        return next((part for part in self.furniture if part.kind == kind), None)

    def texts(self) -> Iterator[Text]:
        """Return every text on the page: labels first, then the furniture."""
        for label in self.labels:
            yield from label.pieces
        for part in self.furniture:
            yield from part.texts
