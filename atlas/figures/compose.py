"""Composes a figure: from a plan, its sheets and a recipe to one page as data. Pure: no files, no clock."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import shapely

from atlas.drawing import extent as extent_of
from atlas.drawing import left_open
from atlas.figures import furniture as parts
from atlas.figures.body import draw_map, on_paper, scene
from atlas.figures.grid import graticule, true_north
from atlas.figures.legendbox import legend, rows_of
from atlas.figures.model import Box, Figure
from atlas.figures.paper import check_scale, layout
from atlas.figures.strokes import MM_PER_PIXEL
from atlas.words import say
from layers import Finding, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.figures.body import Affine, OnPaper, SceneLayer
    from atlas.figures.legendbox import Row
    from atlas.figures.model import Furniture, LegendRow, RasterImage
    from atlas.figures.paper import Bounds, Layout
    from atlas.figures.recipe import Orientation, Recipe
    from atlas.sheets import Atlas, Sheet
    from layers import Layer, Plan

# How often the room for the legend may grow.
_GROWTH: Final = 8
_NOTE_LINES, _SOURCE_LINES = 3, 2
_WAYS: Final[tuple[Orientation, ...]] = ("portrait", "landscape")
# The note and the sources.
_Lines = tuple[list[str], list[str]]


def compose(
    plan: Plan,
    atlas: Atlas,
    recipe: Recipe,
    *,
    overlays: Sequence[Layer] = (),
    images: Sequence[RasterImage] = (),
    extent: Bounds | None = None,
    focus: BaseGeometry | None = None,
    page: tuple[int, int] = (1, 1),
) -> Figure:
    """
    Compose a sheet on paper.

    Parameters
    ----------
    plan, atlas
        What is drawn, and its sheets.
    recipe
        Everything that defines the figure; the figure gets it with the fingerprint of the data it was made from.
    overlays
        Layers of the user's kinds, drawn over the plan; working CRS.
    images
        Pictures drawn under the vectors.
    extent
        What must be seen: minx, miny, maxx, maxy in metres of the working CRS; None takes the sheet's own.
    focus
        The area that the page is about, working CRS: everything outside it is drawn paler.
    page
        This page's number, and of how many.

    Raises
    ------
    PlanError
        If there is no such sheet, the paper is too small for the scale, or the title or the legend too long for it.
    """
    sheet = atlas.sheet(recipe.sheet)
    recipe = replace(recipe, fingerprint=plan.fingerprint)
    bounds: Bounds = extent or extent_of(plan, sheet).bounds
    layers = scene(plan, sheet, recipe, overlays)
    has_sites = any(layer.kind.id in vocabulary().own and len(layer) for layer in overlays)
    below = {way: _lines_below(plan, sheet, recipe, layers, way, has_sites=has_sites) for way in _WAYS}
    room, scale, layers_on_paper, rows = _fit(recipe, bounds, layers, images, below)
    texts = below["portrait" if room.is_portrait else "landscape"]
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    affine = _affine(room.frame, scale, centre)
    box = legend(rows, room.legend, recipe, room.enlarge)
    if box is None:
        raise PlanError([Finding("legend_too_long", "recipe: paper", {"count": len(rows), "paper": recipe.paper})])
    name = recipe.title or say(
        recipe.language,
        "figure.title",
        district=plan.district.name.in_(recipe.language),
        sheet=sheet.title.in_(recipe.language),
    )
    lines, degrees = graticule(room, affine, plan.crs)
    turn = true_north(centre, plan.crs)
    arrow = parts.north(room, turn, recipe, at_left=_freer_left(room, affine, plan))
    body = draw_map(
        layers_on_paper,
        room.frame,
        MM_PER_PIXEL * room.enlarge,
        images=[(image, _box(image.bounds, affine)) for image in images],
        ground=parts.backdrop(room),
        under_names=parts.veil(room, focus, affine) + lines,
        taken=[arrow.box.inset(-room.enlarge)],
    )
    shown = _ground(room.frame, affine)
    warnings = [say(recipe.language, "figure.unplaced", name=name_) for name_ in body.unplaced]
    furniture: list[Furniture] = [
        *parts.title(name, plan, sheet, recipe, room),
        parts.neatline(room),
        degrees,
        arrow,
        box[0],
        *parts.scale_parts(room, scale, recipe),
        parts.locator(room, plan, shown, recipe),
        *parts.footer(room, texts, plan, recipe, page),
    ]
    set_rows: list[LegendRow] = box[1]
    return Figure(
        recipe=recipe,
        title=name,
        page=room.page,
        margin=room.margin,
        frame=room.frame,
        scale=scale,
        centre=centre,
        layers=tuple(body.layers),
        labels=tuple(body.labels),
        legend=tuple(set_rows),
        furniture=tuple(furniture),
        body_svg=body.svg,
        warnings=tuple(warnings),
    )


def _fit(
    recipe: Recipe,
    bounds: Bounds,
    layers: Sequence[SceneLayer],
    images: Sequence[RasterImage],
    below: Mapping[Orientation, _Lines],
) -> tuple[Layout, int, list[OnPaper], list[Row]]:
    """Return page, scale, the layers on it and the rows of its legend, which grows with what the frame shows."""
    orientation = _orientation(recipe, bounds, below)
    footer_lines = _count(below[orientation])
    centre = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    for growth in range(_GROWTH):
        room = layout(recipe.paper, orientation, growth=growth, footer_lines=footer_lines)
        scale = check_scale(recipe, bounds, room)
        on_page = on_paper(layers, _affine(room.frame, scale, centre), room.frame)
        rows = rows_of(on_page, images, recipe)
        if legend(rows, room.legend, recipe, room.enlarge):
            break
    return room, scale, on_page, rows


def _orientation(recipe: Recipe, bounds: Bounds, below: Mapping[Orientation, _Lines]) -> Orientation:
    """Return how the page stands: as asked for, or so that the map is largest, or else as the extent is shaped."""
    if recipe.orientation != "auto":
        return recipe.orientation
    upright = bounds[3] - bounds[1] >= bounds[2] - bounds[0]

    def worth(orientation: Orientation) -> tuple[float, bool]:
        room = layout(recipe.paper, orientation, footer_lines=_count(below[orientation]))
        if recipe.scale is not None:
            scale = 0.0 if room.holds(bounds, recipe.scale) else math.inf
        else:
            scale = room.scale_for(bounds) or math.inf
        return scale, (orientation == "portrait") != upright

    return min(_WAYS, key=worth)


def _count(lines: _Lines) -> int:
    """Return how many lines stand below the map: note and sources, and the two that are always there."""
    return sum(map(len, lines)) + 2


def _affine(frame: Box, scale: int, centre: tuple[float, float]) -> Affine:
    k, (x, y) = 1000 / scale, frame.centre
    return k, 0.0, 0.0, -k, x - k * centre[0], y + k * centre[1]


def _box(bounds: Bounds, affine: Affine) -> Box:
    """Return where bounds on the ground lie on the page."""
    a, _, _, e, x, y = affine
    return Box(a * bounds[0] + x, e * bounds[3] + y, a * (bounds[2] - bounds[0]), -e * (bounds[3] - bounds[1]))


def _ground(box: Box, affine: Affine) -> Bounds:
    a, _, _, e, x, y = affine
    return (box.x - x) / a, (box.bottom - y) / e, (box.right - x) / a, (box.y - y) / e


def _freer_left(room: Layout, affine: Affine, plan: Plan) -> bool:
    """Say whether the upper left corner of the map holds less of the district than the upper right one."""
    frame = room.frame
    corner = Box(frame.x, frame.y, 15 * room.enlarge, 22 * room.enlarge)
    other = Box(frame.right - corner.width, frame.y, corner.width, corner.height)
    inner = shapely.union_all([row.geometry for row in plan.layers["district"].rows])
    left, right = (inner.intersection(shapely.box(*_ground(box, affine))).area for box in (corner, other))
    return bool(left < right)


def _lines_below(
    plan: Plan,
    sheet: Sheet,
    recipe: Recipe,
    layers: Sequence[SceneLayer],
    orientation: Orientation,
    *,
    has_sites: bool,
) -> _Lines:
    """Return the note, with the user's own and what the text leaves open, and the sources, as wide as the page."""
    room = layout(recipe.paper, orientation, footer_lines=4)
    size, width = parts.small(room), room.footer.width
    language = recipe.language
    used = dict.fromkeys(feature.source for layer in layers for feature in layer.drawn.features)
    titles = [plan.sources[id_].title for id_ in used if id_ in plan.sources]
    about = sheet.note.in_(language)
    if has_sites:  # first, so that it is never what is cut
        about = f"{say(language, 'figure.sites')} {about}"
    note = say(language, "figure.note", note=about)
    if missing := [name for name, _ in left_open(plan, sheet)]:
        listed = say(language, "figure.left_open", n=len(missing), names=say(language, "figure.and").join(missing))
        note = f"{note} {listed}"
    source = say(language, "figure.sources", sources=say(language, "figure.and").join(titles))
    return parts.wrap(note, width, size, _NOTE_LINES), parts.wrap(source, width, size, _SOURCE_LINES)
