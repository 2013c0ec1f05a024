"""Slope and height as a sheet shows them, once an elevation model has been imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from atlas.rasters.grid import district_area, district_grid
from atlas.rasters.images import ramp
from atlas.rasters.kernels import height, slope_degrees
from atlas.rasters.network import speeds
from atlas.rasters.report import class_titles, slope_table, tint_edges
from atlas.rasters.terrain import class_tables, mean_on
from atlas.rasters.view import View
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atlas.rasters.dem import Elevation
    from atlas.rasters.recipes import RasterRecipe
    from layers import Plan
    from layers.errors import Language

SCHEME: Final = "farmland"
# Levels of a class of height in the browser's picture; all classes together stay below 255.
_LEVELS: Final = 40


def terrain_view(plan: Plan, recipe: RasterRecipe, language: Language, elevation: Elevation) -> View:
    """
    Return the view of an elevation model.

    Parameters
    ----------
    plan
        Its district and towns.
    recipe
        Of kind ``slope`` (classes of farmland) or ``elevation`` (a tint in round steps).
    language
        Of titles and notes.
    elevation
        The imported model.
    """
    grid = district_grid(plan, max(float(speeds()["cell_m"]), np.ceil(elevation.resolution_m)))
    slope = recipe.kind == "slope"
    values = mean_on(elevation, grid, slope_degrees if slope else height)
    if slope:
        edges = [float(edge) for edge in class_tables()["slope"][SCHEME]["edges"]]
        titles, step = class_titles(edges), 0.5
    else:
        edges = tint_edges(elevation.low_m, elevation.high_m)
        rise = edges[1] - edges[0]
        titles, step = [f"{edge:g}–{edge + rise:g}" for edge in edges], rise / _LEVELS
    areas = [(town.name, town.geometry) for town in plan.layers["town"].rows]
    table = slope_table(elevation, areas, SCHEME, language)
    inside = grid.burn([district_area(plan)], touched=True)
    return View(
        recipe=recipe,
        title=say(language, f"terrain.{recipe.kind}"),
        unit=say(language, f"terrain.unit_{recipe.kind}"),
        grid=grid,
        values=np.where(inside, values, np.nan).astype(np.float32),
        ramp=ramp(recipe.kind, edges, titles, step),
        lines=(),
        lines_title="",
        # Beside the map there is room for three numbers; the file has them all.
        tables=tuple(
            (say(language, "raster.by_town"), _some(table.head, some), tuple(_some(row, some) for row in table.rows))
            for some in ((0, *((4, 8, 9) if slope else (1, 2, 3))), range(len(table.head)))
        ),
        notes=(say(language, "terrain.made", cell=f"{grid.cell_m:g}"), *table.notes),
    )


def _some(row: tuple[str, ...], columns: Iterable[int]) -> tuple[str, ...]:
    return tuple(row[n] for n in columns)
