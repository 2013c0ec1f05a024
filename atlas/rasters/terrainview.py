"""Slope and height as a sheet shows them, once an elevation model has been imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from atlas.rasters.grid import district_area, district_grid
from atlas.rasters.images import ramp
from atlas.rasters.kernels import height, hillshade, slope_degrees
from atlas.rasters.network import speeds
from atlas.rasters.report import class_titles, slope_table, tint_edges
from atlas.rasters.terrain import class_tables, mean_on
from atlas.rasters.view import View
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atlas.rasters.dem import Elevation
    from atlas.rasters.images import Ramp
    from atlas.rasters.recipes import RasterRecipe
    from layers import Plan
    from layers.errors import Language

SCHEME: Final = "farmland"
# Levels of a class of height in the browser's picture; all classes together stay below 255.
_LEVELS: Final = 40
_BRIGHTEST: Final = 255
_SHOWN: Final = {"slope": slope_degrees, "elevation": height, "hillshade": hillshade}


def terrain_view(plan: Plan, recipe: RasterRecipe, language: Language, elevation: Elevation) -> View:
    """
    Return the view of an elevation model.

    Parameters
    ----------
    plan
        Its district and towns.
    recipe
        Of kind ``slope`` (classes of farmland), ``elevation`` (a tint in round steps) or ``hillshade``.
    language
        Of titles and notes.
    elevation
        The imported model.
    """
    grid = district_grid(plan, max(float(speeds()["cell_m"]), np.ceil(elevation.resolution_m)))
    slope = recipe.kind == "slope"
    values = mean_on(elevation, grid, _SHOWN[recipe.kind])
    colours = _ramp(recipe.kind, elevation, language)
    areas = [(town.name, town.geometry) for town in plan.layers["town"].rows]
    table = slope_table(elevation, areas, SCHEME, language)
    inside = grid.burn([district_area(plan)], touched=True)
    return View(
        recipe=recipe,
        title=say(language, f"terrain.{recipe.kind}"),
        unit=say(language, f"terrain.unit_{recipe.kind}"),
        grid=grid,
        values=np.where(inside, values, np.nan).astype(np.float32),
        ramp=colours,
        lines=(),
        lines_title="",
        # Beside the map there is room for three numbers; the file has them all.
        tables=tuple(
            (say(language, "raster.by_town"), _some(table.head, some), tuple(_some(row, some) for row in table.rows))
            for some in ((0, *((4, 8, 9) if slope else (1, 2, 3))), range(len(table.head)))
        ),
        notes=(say(language, "terrain.made", cell=f"{grid.cell_m:g}"), *table.notes),
    )


def _ramp(kind: str, elevation: Elevation, language: Language) -> Ramp:
    if kind == "slope":
        edges = [float(edge) for edge in class_tables()["slope"][SCHEME]["edges"]]
        return ramp(kind, edges, class_titles(edges), 0.5)
    if kind == "hillshade":
        step, level = (float(class_tables()["hillshade"][key]) for key in ("step", "level"))
        edges = [float(edge) for edge in np.arange(0, _BRIGHTEST, step)]
        named = {0.0: "dark", level: "level", edges[-1]: "lit"}
        return ramp(kind, edges, [say(language, f"terrain.{named[e]}") if e in named else "" for e in edges], 1.0)
    edges = tint_edges(elevation.low_m, elevation.high_m)
    rise = edges[1] - edges[0]
    titles = [say(language, "card.metres", n=f"{edge:g}–{edge + rise:g}") for edge in edges]
    return ramp(kind, edges, titles, rise / _LEVELS)


def _some(row: tuple[str, ...], columns: Iterable[int]) -> tuple[str, ...]:
    return tuple(row[n] for n in columns)
