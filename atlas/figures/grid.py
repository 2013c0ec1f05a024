"""The graticule and true north: meridians and parallels over the map, their degrees along its edge. Page mm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from atlas.figures.legendbox import line
from atlas.figures.model import Box, Furniture, Text
from atlas.figures.paper import color
from atlas.figures.svg import element, path
from layers.crs import project, unproject

if TYPE_CHECKING:
    import pyproj

    from atlas.figures.body import Affine
    from atlas.figures.paper import Layout

# Between two meridians, minutes of arc: as many as keep them about so far apart on paper, mm on A3.
_SPACINGS: Final = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300)
_APART: Final = 52.0
_MINUTES: Final = 60
_METRES_PER_MINUTE: Final = 1852.0
_SAMPLES: Final = 24
_SIZE_PT: Final = 6.5
_TICK: Final = 1.2
# A short way north, degrees: the direction of the meridian at a place.
_STEP: Final = 0.001


def graticule(layout: Layout, affine: Affine, crs: pyproj.CRS) -> tuple[str, Furniture]:
    """
    Return the lines over the map as SVG, and the degrees along the frame.

    Parameters
    ----------
    layout
        The page; degrees stand between the two neatlines.
    affine
        Ground to page.
    crs
        The working CRS.
    """
    a, _, _, e, x0, y0 = affine
    frame = layout.frame
    window = shapely.box(frame.x, frame.y, frame.right, frame.bottom)
    mm_per_minute = _METRES_PER_MINUTE * a
    spacing = next((s for s in _SPACINGS if s * mm_per_minute >= _APART * layout.enlarge), _SPACINGS[-1])
    edge = shapely.get_coordinates(shapely.segmentize(window.exterior, frame.width / 8))
    lon, lat = unproject((edge[:, 0] - x0) / a, (edge[:, 1] - y0) / e, crs)
    west, east, south, north = (value * _MINUTES for value in (lon.min(), lon.max(), lat.min(), lat.max()))
    lines, texts, ticks = [], [], []
    for upright, (first, last), (low, high) in (
        (True, (west, east), (south, north)),
        (False, (south, north), (west, east)),
    ):
        for minutes in range(math.ceil(first / spacing) * spacing, math.floor(last) + 1, spacing):
            run, fixed = np.linspace(low, high, _SAMPLES) / _MINUTES, np.full(_SAMPLES, minutes / _MINUTES)
            eastings, northings = project(fixed, run, crs) if upright else project(run, fixed, crs)
            whole = shapely.LineString(np.stack([eastings * a + x0, northings * e + y0], axis=1))
            cut = whole.intersection(window)
            if cut.is_empty or cut.geom_type != "LineString":
                continue
            lines.append(path(cut))
            for at in shapely.get_coordinates(cut)[[0, -1]].tolist():
                placed = _degrees(minutes, (at[0], at[1]), layout, upright=upright)
                if placed:
                    texts.append(placed)
                    ticks.append(_tick((at[0], at[1]), layout, upright=upright))
    thin = {"fill": "none", "stroke": color("grid"), "stroke_width": 0.12 * layout.enlarge, "stroke_opacity": 0.55}
    drawn = element("path", d="".join(lines), **thin) if lines else ""
    marks = element("path", d="".join(ticks), fill="none", stroke=color("degrees"), stroke_width=0.2) if ticks else ""
    return drawn, Furniture("graticule", layout.outer, tuple(texts), marks, {"spacing_deg": spacing / _MINUTES})


def _degrees(minutes: int, at: tuple[float, float], layout: Layout, *, upright: bool) -> Text | None:
    """Return the degrees of a line where it meets the frame; those of parallels are turned along the side."""
    frame, outer = layout.frame, layout.outer
    shown = f"{minutes // _MINUTES}°{minutes % _MINUTES:02d}′"
    gap = (frame.y - outer.y) / 2
    made = line(shown, (0, 0), _SIZE_PT * layout.enlarge, "graticule", color="degrees")
    width, height = made.box.width, made.box.height
    if upright:
        on_top = abs(at[1] - frame.y) < abs(at[1] - frame.bottom)
        y = frame.y - gap if on_top else frame.bottom + gap
        x, angle = at[0], 0.0
        fits = abs(at[1] - (frame.y if on_top else frame.bottom)) < 0.1 and frame.x + width < x < frame.right - width  # noqa: PLR2004 - it meets that edge
    else:
        at_left = abs(at[0] - frame.x) < abs(at[0] - frame.right)
        x = frame.x - gap if at_left else frame.right + gap
        y, angle = at[1], -90.0 if at_left else 90.0
        fits = abs(at[0] - (frame.x if at_left else frame.right)) < 0.1 and frame.y + width < y < frame.bottom - width  # noqa: PLR2004 - it meets that edge
    if not fits:
        return None
    box = Box(x - width / 2, y - height / 2, width, height)
    return Text(shown, box, made.size_pt, "graticule", made.weight, "sans", made.color, "", angle)


def _tick(at: tuple[float, float], layout: Layout, *, upright: bool) -> str:
    frame = layout.frame
    out = _TICK * layout.enlarge * 0.6
    if upright:
        way = -out if abs(at[1] - frame.y) < abs(at[1] - frame.bottom) else out
        return path(shapely.LineString([at, (at[0], at[1] + way)]))
    way = -out if abs(at[0] - frame.x) < abs(at[0] - frame.right) else out
    return path(shapely.LineString([at, (at[0] + way, at[1])]))


def true_north(centre: tuple[float, float], crs: pyproj.CRS) -> float:
    """Return how far true north lies clockwise of grid north at a place of the working CRS, degrees."""
    lon, lat = unproject(*centre, crs)
    east, north = project(lon, lat + _STEP, crs)
    return math.degrees(math.atan2(float(east) - centre[0], float(north) - centre[1]))
