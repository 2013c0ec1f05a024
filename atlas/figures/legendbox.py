"""The legend on paper: exactly the ways of drawing that are on the page, in as many columns as it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import shapely

from atlas.figures import fonts, strokes
from atlas.figures.model import ASCENT, DESCENT, MM_PER_POINT, Box, Furniture, LegendRow, Text
from atlas.figures.paper import color as page_color
from atlas.legend import basis_legend
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atlas.figures.body import OnPaper
    from atlas.figures.model import RasterImage
    from atlas.figures.recipe import Recipe
    from atlas.theme import Style
    from layers.kinds import Geometry

# Sizes that are tried until everything fits, points on A3.
_SIZES_PT: Final = (8.0, 7.5, 7.0, 6.5, 6.0)
SMALLEST_PT: Final = 6.0
_HEADING_PT: Final = 9.5
# In sizes of the text: height of a row, width of a sample, and the space between columns.
_ROW: Final = 1.62
_SAMPLE: Final = 3.4
_COLUMN_GAP: Final = 1.4
_LARGEST_SAMPLE: Final = 1.28
_GEOMETRIES: Final = ("point", "line", "area")


@dataclass(frozen=True, slots=True)
class Row:
    """A row before it has a place: what it says and shows; without a style it is the heading of those below."""

    id: str
    title: str
    layer: str = ""
    style: Style | None = None
    geometry: Geometry = "area"
    backdrop: bool = False


def rows_of(layers: Sequence[OnPaper], images: Sequence[RasterImage], recipe: Recipe) -> list[Row]:
    """
    Return the rows of what is on the page: points, lines, areas, pictures, then how certainty looks.

    A layer drawn in several ways has a heading over its rows, which alone name only the class.
    """
    rows: list[Row] = []
    drawn: list[tuple[str, Style]] = []
    order = sorted(range(len(layers)), key=lambda i: (_GEOMETRIES.index(layers[i].drawn.kind.geometry), -i))
    for layer in (layers[index] for index in order):
        kind, present = layer.drawn.kind, sorted(set(layer.rows))
        if len(present) > 1:
            rows.append(Row(f"{layer.drawn.id}-", kind.name.in_(recipe.language)))
        for index in present:
            entry = layer.drawn.legend[index]
            title = entry.title if len(layer.drawn.legend) > 1 and len(present) > 1 else kind.name.in_(recipe.language)
            if len(layer.drawn.legend) > 1 and len(present) == 1 and entry.title not in title:
                title = f"{title} · {entry.title}"
            rows.append(
                Row(f"{layer.drawn.id}-{index}", title, layer.drawn.id, entry.style, kind.geometry, kind.backdrop)
            )
            if not kind.backdrop:
                drawn.append((kind.geometry, entry.style))
    for image in images:
        rows.append(Row(f"image-{image.id}-", image.title))
        rows += [
            Row(f"image-{image.id}-{i}", title, "", {"fill": color, "fill_opacity": image.opacity, "weight": 0})
            for i, (color, title) in enumerate(image.legend)
        ]
    for entry in basis_legend(recipe.language, recipe.theme):
        if any(_tells(entry.style, entry.geometry, *way) for way in drawn):
            rows.append(Row(entry.id, entry.title, "", entry.style, entry.geometry))
    return rows


def _tells(sample: Style, geometry: str, drawn: str, style: Style) -> bool:
    """Say whether something drawn looks as a sample about certainty says: soft, hollow, or a dashed outline."""
    if "halo" in sample:
        return bool(style.get("halo"))
    if "hollow" in sample:
        return bool(style.get("hollow"))
    return geometry == drawn and bool(style.get("dash"))


def legend(rows: Sequence[Row], box: Box, recipe: Recipe, enlarge: float) -> tuple[Furniture, list[LegendRow]] | None:
    """
    Return the legend set into a box, at the largest size at which it fits; None if it does not fit at the smallest.

    Parameters
    ----------
    rows
        As `rows_of` returns them.
    box
        Its room, page mm.
    recipe
        Language and scale of the wording.
    enlarge
        How much larger than on A3 the page is drawn.
    """
    for size in _SIZES_PT:
        points = max(size * enlarge, SMALLEST_PT)
        places = _columns(rows, box, points, enlarge)
        if places is not None:
            words, head_pt = say(recipe.language, "figure.legend"), _HEADING_PT * enlarge
            heading = line(words, (box.x, box.y), head_pt, "legend", weight=700)
            return _set(list(zip(rows, places, strict=True)), box, heading, points, enlarge)
    return None


def _heading_height(enlarge: float) -> float:
    return _HEADING_PT * enlarge * MM_PER_POINT * 1.7


def _columns(rows: Sequence[Row], box: Box, points: float, enlarge: float) -> list[Box] | None:
    """Return a box per row, column by column, or None if they do not fit."""
    em = points * MM_PER_POINT
    step, top = _ROW * em, box.y + _heading_height(enlarge)
    most = int((box.bottom - top + 0.01) / step)
    if most < 2:  # noqa: PLR2004 - a heading and a row
        return None
    # As few columns as can be, and those about equally long.
    count = len(_fill(rows, most))
    columns = next(filled for each in range(2, most + 1) if len(filled := _fill(rows, each)) <= count)
    widths = [max((_width(row, points) for row in column), default=0.0) for column in columns]
    spare = box.width - sum(widths) - (len(widths) - 1) * _COLUMN_GAP * em
    if spare < 0:
        return None
    # Columns share the width that is left, but stay together.
    apart = _COLUMN_GAP * em + min(spare / len(widths), 6 * em)
    places, x = [], box.x
    for column, width in zip(columns, widths, strict=True):
        places += [Box(x, top + i * step, width, step) for i in range(len(column))]
        x += width + apart
    return places


def _fill(rows: Sequence[Row], most: int) -> list[list[Row]]:
    """Return rows in columns of at most so many; a heading does not stand alone at the foot of one."""
    columns: list[list[Row]] = [[]]
    for index, row in enumerate(rows):
        last = len(columns[-1]) == most - 1
        if len(columns[-1]) >= most or (last and row.style is None and index + 1 < len(rows)):
            columns.append([])
        columns[-1].append(row)
    return columns


def _width(row: Row, points: float) -> float:
    sample = 0.0 if row.style is None else _SAMPLE * points * MM_PER_POINT
    return sample + fonts.text_width(row.title, points, 700 if row.style is None else 400)


def _set(
    rows: Sequence[tuple[Row, Box]],
    box: Box,
    heading: Text,
    points: float,
    enlarge: float,
) -> tuple[Furniture, list[LegendRow]]:
    """Return the rows, each at its place, under the heading."""
    em, ink = points * MM_PER_POINT, strokes.Ink(strokes.MM_PER_PIXEL * enlarge)
    texts, symbols, set_rows = [heading], list[str](), list[LegendRow]()
    for row, place in rows:
        down = place.y + (place.height - (ASCENT + DESCENT) * em) / 2
        if row.style is None:
            texts.append(line(row.title, (place.x, down), points, "legend", weight=700, color="soft"))
            continue
        texts.append(line(row.title, (place.x + _SAMPLE * em, down), points, "legend"))
        sample = Box(place.x, place.y + 0.14 * place.height, (_SAMPLE - 0.7) * em, 0.72 * place.height)
        symbols += _sample(ink, row, sample)
        set_rows.append(LegendRow(row.id, row.title, row.style, row.geometry, row.layer, place))
    defs = f"<defs>{''.join(ink.defs.values())}</defs>" if ink.defs else ""
    return Furniture("legend", box, tuple(texts), defs + "".join(symbols)), set_rows


def _sample(ink: strokes.Ink, row: Row, box: Box) -> Iterator[str]:
    """Yield the sample of a row, drawn as the map draws it; only what would not fit is scaled down."""
    style, room = dict(row.style or {}), _LARGEST_SAMPLE * box.height / ink.px
    if row.geometry == "point":
        largest = room - (7 if style.get("hollow") else 0)
        style["size"] = min(float(style.get("size", 10)), largest)
        if style.get("symbol") == "core":
            style["size"] *= 0.72
        yield strokes.symbol(style, box.centre, ink.px)
        return
    style["halo"] = min(float(style.get("halo", 0)), box.height * (0.3 if row.geometry == "area" else 0.8) / ink.px)
    if row.geometry == "area":
        strokes.area(ink, style, box.inset(0.12 * box.height).polygon, backdrop=row.backdrop)
    else:
        style["weight"] = min(strokes.weight_of(style, area=False), 0.8 * box.height / ink.px)
        reach = box.width - (strokes.head_length(style["weight"] * ink.px, ink.px) if style.get("arrow") else 0)
        y = box.centre[1]
        strokes.line(ink, style, shapely.LineString([(box.x, y), (box.x + reach, y)]))
    yield ink.take()


def line(
    text: str,
    at: tuple[float, float],
    size_pt: float,
    role: str,
    *,
    weight: int = 400,
    color: str = "ink",
    align: float = 0.0,
) -> Text:
    """
    Return a line of text, never smaller than `SMALLEST_PT`.

    Parameters
    ----------
    at
        A point on the upper edge of its box, page mm.
    color
        Name of a colour of the page.
    align
        0 where the text starts at the point, 0.5 where it is centred on it, 1 where it ends there.
    """
    size = max(size_pt, SMALLEST_PT)
    width = fonts.text_width(text, size, weight)
    box = Box(at[0] - align * width, at[1], width, (ASCENT + DESCENT) * size * MM_PER_POINT)
    return Text(text, box, size, role, weight, "sans", page_color(color))
