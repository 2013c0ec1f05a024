"""The map within its frame: what is drawn of each layer, in which order, and where its names stand."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from atlas.drawing import draw, drawn, is_shown, shared_borders
from atlas.figures import strokes
from atlas.figures.candidates import Name, along, apart, beside, inside, spots
from atlas.figures.curves import rounded
from atlas.figures.labels import Candidate, Places, Stains
from atlas.figures.model import Box, DrawnLayer, Label
from atlas.figures.svg import document, element, label, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.drawing import Drawn
    from atlas.figures.model import RasterImage
    from atlas.figures.recipe import Recipe
    from atlas.sheets import Sheet, SheetLayer
    from atlas.theme import Style
    from layers import Feature, Layer, Plan
    from layers.errors import Language

Affine = tuple[float, float, float, float, float, float]
Shapes = NDArray[Any]

# What lies farther outside the frame is cut off, mm: no halo or symbol reaches so far.
_BEYOND: Final = 30.0
# Points nearer to the frame than this are not drawn, mm.
_EDGE: Final = 1.5
# Names keep this far from the frame, mm.
_INSET: Final = 0.8
# Lines of this basis are drawn by hand, so to say: they may be smoothed on paper.
_SKETCHED: Final = "schematic"
# The point layers of this group are the towns: their names come before those of minor things.
_TOWNS: Final = "settlements"
_STRUCTURAL_PX: Final = 14
_BOLD: Final = 700
# How much a name over a line of this geometry hurts.
_STAIN: Final = {"line": 1.0, "area": 0.35}


@dataclass(frozen=True)
class SceneLayer:
    """A layer before it is on paper: what it draws, shapes in the working CRS, and the borders of areas that tile."""

    drawn: Drawn
    shapes: Shapes
    borders: BaseGeometry | None


@dataclass(frozen=True)
class _Of:
    """A plan as key of a cache: the same object, not an equal one."""

    plan: Plan

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of) and self.plan is other.plan

    def __hash__(self) -> int:
        return id(self.plan)


def scene(plan: Plan, sheet: Sheet, recipe: Recipe, overlays: Sequence[Layer] = ()) -> tuple[SceneLayer, ...]:
    """Return the layers of a sheet that are switched on, and over them what the user adds, lowest first."""
    shown = [layer for layer in sheet.layers if is_shown(layer, recipe.hidden)]
    own = [_lay(draw(layer.kind.id, layer.kind, layer.rows, recipe.language, recipe.theme)) for layer in overlays]
    return (*(_resolved(_Of(plan), layer, recipe.language, recipe.theme) for layer in shown), *own)


# A layer is the same on every sheet: classes, shapes and shared borders are worked out once per plan.
@lru_cache(maxsize=512)
def _resolved(of: _Of, wanted: SheetLayer, language: Language, theme: str) -> SceneLayer:
    return _lay(drawn(of.plan, wanted, language, theme))


def _lay(layer: Drawn) -> SceneLayer:
    shapes = np.array([feature.geometry for feature in layer.features], dtype=object)
    tiling = layer.kind.tiles and len(shapes) > 1
    return SceneLayer(layer, shapes, shared_borders(list(shapes)) if tiling else None)


@dataclass(slots=True)
class MapBody:
    """
    The drawn map.

    Parameters
    ----------
    layers, labels
        What was drawn, and the names.
    svg
        The drawing.
    unplaced
        Names that found no place.
    outside
        What the user added and the frame does not show.
    """

    layers: list[DrawnLayer] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    svg: str = ""
    unplaced: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class OnPaper:
    """A layer on paper: its visible features with their rows, styles and shapes in page mm."""

    drawn: Drawn
    features: tuple[Feature, ...]
    rows: tuple[int, ...]
    shapes: Shapes
    borders: BaseGeometry | None

    def style(self, index: int) -> Style:
        """Return the style of a visible feature."""
        return self.drawn.legend[self.rows[index]].style


def on_paper(layers: Sequence[SceneLayer], affine: Affine, frame: Box) -> list[OnPaper]:
    """Return layers as they fall on the page; what the frame does not show is left out."""
    a, _, _, e, x, y = affine
    window = frame.polygon
    # A symbol that the frame would cut in half is left out.
    inner = frame.inset(_EDGE).polygon
    shapely.prepare((window, inner))
    far = frame.inset(-_BEYOND)
    result = []
    for layer in layers:
        moved = shapely.transform(layer.shapes, lambda xy: xy * (a, e) + (x, y)) if len(layer.shapes) else layer.shapes
        within = inner if layer.drawn.kind.geometry == "point" else window
        seen = [int(i) for i in np.flatnonzero(shapely.intersects(within, moved))] if len(moved) else []
        borders = layer.borders and shapely.transform(layer.borders, lambda xy: xy * (a, e) + (x, y))
        rows = tuple(layer.drawn.rows[i] for i in seen)
        kept = []
        for index, row in zip(seen, rows, strict=True):
            shape, arrow = moved[index], layer.drawn.legend[row].style.get("arrow")
            if layer.drawn.features[index].basis == _SKETCHED:
                shape = rounded(shape)
            # The end of a clipped line would grow a head.
            kept.append(shape if arrow or far.polygon.covers(shape) else _clipped(shape, far))
        features = tuple(layer.drawn.features[i] for i in seen)
        shapes = np.array(kept, dtype=object)
        result.append(OnPaper(layer.drawn, features, rows, shapes, borders and _clipped(borders, far)))
    return result


def _clipped(shape: BaseGeometry, box: Box) -> BaseGeometry:
    return shapely.clip_by_rect(shape, box.x, box.y, box.right, box.bottom)


def draw_map(  # what a map consists of
    layers: Sequence[OnPaper],
    frame: Box,
    px: float,
    *,
    images: Sequence[tuple[RasterImage, Box]] = (),
    ground: str = "",
    under_names: str = "",
    taken: Sequence[Box] = (),
) -> MapBody:
    """
    Draw the map.

    Parameters
    ----------
    layers
        As `on_paper` returns them.
    frame
        The map's frame, page mm.
    px
        Millimetres per pixel of the theme.
    images
        Pictures and where they lie, page mm; drawn over the backdrop and under everything else.
    ground
        SVG drawn first.
    under_names
        SVG drawn over the layers and under the names, such as a graticule.
    taken
        Furniture in the frame that no name may cover.
    """
    ink, parts, body = strokes.Ink(px), [ground], MapBody()
    pictures = [_picture(image, box) for image, box in images]
    for layer in layers:
        if pictures and not layer.drawn.kind.backdrop:
            parts += pictures
            pictures = []
        _draw_layer(ink, layer)
        parts += [part for part in (ink.take(), *_symbols(layer, px)) if part]
        ids = tuple(feature.id for feature in layer.features)
        body.layers.append(DrawnLayer(layer.drawn.id, layer.drawn.kind.id, ids, tuple(row_ids(layer))))
    parts += [*pictures, under_names]
    _name(body, layers, frame, px, taken)
    cut = element("clipPath", rectangle(frame), id="frame")
    defs = element("defs", "".join((cut, *ink.defs.values())))
    names = "\n".join(map(label, body.labels))
    content = "\n".join((defs, '<g clip-path="url(#frame)">', *filter(None, parts), "</g>", f"<g>\n{names}\n</g>"))
    body.svg = document(frame, content)
    return body


def row_ids(layer: OnPaper) -> Iterator[str]:
    """Yield the id of the legend row of each visible feature."""
    return (f"{layer.drawn.id}-{row}" for row in layer.rows)


def _picture(image: RasterImage, box: Box) -> str:
    data = base64.b64encode(image.png).decode()
    opacity = None if image.opacity == 1 else image.opacity
    at = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    href = {"xlink:href": f"data:image/png;base64,{data}", "preserveAspectRatio": "none"}
    return element("image", opacity=opacity, **at, **href)


def _draw_layer(ink: strokes.Ink, layer: OnPaper) -> None:
    kind = layer.drawn.kind
    for index, shape in enumerate(layer.shapes):
        if kind.geometry == "area":
            outlined = layer.borders is None
            strokes.area(ink, layer.style(index), shape, outlined=outlined, backdrop=kind.backdrop)
        elif kind.geometry == "line":
            strokes.line(ink, layer.style(index), shape)
    if layer.borders is not None and len(layer.shapes):
        style = {**layer.drawn.legend[0].style, "halo": 0}
        strokes.outline(ink, style, layer.borders)


def _symbols(layer: OnPaper, px: float) -> Iterator[str]:
    if layer.drawn.kind.geometry == "point":
        for index, shape in enumerate(layer.shapes):
            yield strokes.symbol(layer.style(index), (shape.x, shape.y), px)


@dataclass(frozen=True)
class _Wish:
    """A name that wants a place: how important it is, and all that its candidates need."""

    order: tuple[float, ...]
    layer: OnPaper
    index: int

    @property
    def feature(self) -> Feature:
        return self.layer.features[self.index]


def _name(body: MapBody, layers: Sequence[OnPaper], frame: Box, px: float, taken: Sequence[Box]) -> None:
    """Give every feature that the theme names a place for its name, the important ones first."""
    boxes, lines, wishes = list(taken), [], []
    for depth, layer in enumerate(layers):
        kind = layer.drawn.kind
        for index, feature in enumerate(layer.features):
            style, shape = layer.style(index), layer.shapes[index]
            if kind.geometry == "point":
                half = strokes.reach(style) * px
                boxes.append(Box(shape.x - half, shape.y - half, 2 * half, 2 * half))
            elif strokes.weight_of(style, area=kind.geometry == "area") > 0 and not kind.backdrop:
                lines.append((shape, _STAIN[kind.geometry]))
            if "label" in style:
                wishes.append(_Wish((*_importance(layer, style), feature.rank, -depth), layer, index))
    places = Places(frame.inset(_INSET), Stains(frame, lines), boxes)
    for wish in sorted(wishes, key=lambda wish: wish.order):
        placed = _place(wish, places, frame, px)
        if placed is None:
            body.unplaced.append(wish.feature.name)
        else:
            body.labels.append(placed)


def _importance(layer: OnPaper, style: Style) -> tuple[float, ...]:
    """Return how early a name is placed: capitals, towns, the structure's lines and areas, points, then the rest."""
    kind, size = layer.drawn.kind, float(style["label"].get("size", 12))
    if kind.geometry == "point":
        bold = int(style["label"].get("weight", 500)) >= _BOLD
        return (0.0 if bold else 1.0 if kind.group == _TOWNS else 3.0), -size
    return (2.0 if size >= _STRUCTURAL_PX and not kind.backdrop else 4.0), -size


def _place(wish: _Wish, places: Places, frame: Box, px: float) -> Label | None:
    """Return the name of a feature where there is room for it, if need be a little smaller."""
    feature, layer = wish.feature, wish.layer
    style, shape = layer.style(wish.index), layer.shapes[wish.index]
    shape = shape if isinstance(shape, shapely.Point) else _clipped(shape, frame.inset(_INSET))
    if shape.is_empty:
        return None
    for tried, anchor in _tries(Name.of(feature.name, feature.kind, style["label"], px), shape, style, px):
        chosen = places.best(list(tried), anchor)
        if chosen is not None:
            return Label(feature.id, layer.drawn.id, feature.name, chosen.pieces, anchor, chosen.leader)
    return None


def _tries(
    name: Name,
    shape: BaseGeometry,
    style: Style,
    px: float,
) -> Iterator[tuple[Iterator[Candidate], tuple[float, float]]]:
    """Yield sets of places and what they are tied to: at the feature, then a little smaller, then on a leader line."""
    small = name.smaller()
    if isinstance(shape, shapely.Point):
        at, gap = (shape.x, shape.y), strokes.reach(style) * px
        for sized in (name, small):
            yield beside(sized, at, gap), at
            yield apart(sized, at, gap), at
        return
    ties = spots(shape)
    line = isinstance(shape, shapely.LineString | shapely.MultiLineString)
    half = strokes.weight_of(style, area=False) * px / 2 if line else 0.0
    for sized in (name, small):
        yield (along(sized, shape, half) if line else inside(sized, shape)), ties[0]
    for places in (beside, apart):
        for at in ties:
            yield places(small, at, half + 0.3), at
