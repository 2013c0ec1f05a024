"""A raster as a sheet shows it: values, classes, lines to draw over it, a table, and what it can and cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from atlas.rasters.grid import district_area
from atlas.rasters.images import FigureImage, figure_image, ramp
from atlas.rasters.network import speeds
from atlas.rasters.traveltime import travel_time
from atlas.words import distance, say

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.grid import Grid, Values
    from atlas.rasters.images import Ramp
    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.traveltime import TravelTime
    from layers import Plan
    from layers.errors import Language


Table = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True)
class View:
    """
    A raster of a sheet in one language.

    Parameters
    ----------
    recipe
        What it was made by.
    title, unit
        Of the quantity.
    grid, values
        Where and what, float32; NaN where there is no value or the district ends.
    ramp
        Classes and colours.
    lines, lines_title
        Title and geometry (working CRS) of what is drawn over it, and what these lines are.
    tables
        Title, head and rows of each: first what stands beside the map, last what is kept town by town.
    notes
        Resolution, assumptions, and what it cannot show; one sentence each.
    """

    recipe: RasterRecipe
    title: str
    unit: str
    grid: Grid
    values: Values
    ramp: Ramp
    lines: tuple[tuple[str, BaseGeometry], ...]
    lines_title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...]

    @cached_property
    def figure(self) -> FigureImage:
        """The raster as a figure takes it."""
        return figure_image(self.values, self.grid, self.ramp, self.title)


def make_view(plan: Plan, recipe: RasterRecipe, language: Language, elevation: Path | None = None) -> View:
    """
    Compute a recipe and say it in a language.

    Parameters
    ----------
    plan
        The plan it is about.
    recipe
        What to compute.
    language
        Of titles and notes.
    elevation
        The district's imported elevation model, if there is one.

    Raises
    ------
    PlanError
        If the recipe names what the plan does not have.
    """
    return travel_view(plan, recipe, language, elevation)


def travel_view(plan: Plan, recipe: RasterRecipe, language: Language, elevation: Path | None = None) -> View:
    """Return the view of a travel time."""
    del elevation
    result = travel_time(plan, recipe.origin, recipe.network)
    limits = [float(limit) for limit in speeds()["minutes"]]
    edges = [0.0, *limits]
    titles = [
        say(language, "raster.minutes_to", low=f"{a:g}", high=f"{b:g}") for a, b in zip(edges, limits, strict=False)
    ]
    titles.append(say(language, "raster.minutes_over", low=f"{limits[-1]:g}"))
    inside = result.grid.burn([district_area(plan)], touched=True)
    lines = tuple(
        (say(language, "raster.minutes", n=f"{circle.minutes:g}"), _inner_edge(circle.area, plan))
        for circle in result.isochrones
    )
    rows = tuple(
        (
            say(language, "raster.minutes_within", n=f"{circle.minutes:g}"),
            f"{circle.km2:.0f}",
            str(len(circle.towns)),
        )
        for circle in result.isochrones
    )
    return View(
        recipe=recipe,
        title=say(language, "raster.travel_time"),
        unit=say(language, "raster.unit_min"),
        grid=result.grid,
        values=np.where(inside, result.minutes, np.nan).astype(np.float32),
        ramp=ramp("travel_time", edges, titles, 0.5),
        lines=lines,
        lines_title=say(language, "raster.isochrones"),
        tables=(
            (
                say(language, "raster.isochrones"),
                tuple(say(language, f"raster.{key}") for key in ("reach", "area_km2", "seats")),
                rows,
            ),
            (
                say(language, "raster.by_town"),
                tuple(say(language, f"raster.{key}") for key in ("town", "seat_minutes")),
                tuple((town, f"{spent:.0f}" if np.isfinite(spent) else "—") for town, spent in result.towns),
            ),
        ),
        notes=_travel_notes(result, language),
    )


def _inner_edge(area: BaseGeometry, plan: Plan) -> BaseGeometry:
    """Return the edge of an isochrone without the part along the district's outline."""
    border = district_area(plan).boundary.buffer(1.0)
    return shapely.line_merge(area.boundary.difference(border))


def _travel_notes(result: TravelTime, language: Language) -> tuple[str, ...]:
    return (
        say(
            language,
            "raster.travel_made",
            origin=result.origin,
            network=say(language, f"network.{result.network}"),
            cell=f"{result.grid.cell_m:g}",
            roads=result.costs.roads,
        ),
        say(language, "raster.travel_speeds", off=speeds()["off_road"], crossing=speeds()["crossing_min"]),
        say(
            language,
            "raster.travel_doubt",
            sigma=distance(language, result.costs.sigma_m),
            minutes=f"{result.doubt_min:.0f}",
        ),
        say(language, "raster.slope_used" if result.uses_slope else "raster.slope_unknown"),
    )
