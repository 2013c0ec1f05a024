"""A raster as a sheet shows it: values, classes, lines to draw over it, tables, and what it can and cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from atlas.rasters.images import figure_image

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from atlas.figures.model import RasterImage
    from atlas.rasters.grid import Grid, Values
    from atlas.rasters.images import Ramp
    from atlas.rasters.recipes import RasterRecipe

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
    missing
        Criteria of a suitability that have no data.
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
    missing: tuple[str, ...] = ()

    @cached_property
    def figure(self) -> RasterImage:
        """The raster as a figure takes it."""
        return figure_image(self.values, self.grid, self.ramp, self.recipe.kind, self.title)
