"""The grid a district is computed on: the working CRS, square cells, edges at whole multiples of a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyproj
    from shapely.geometry.base import BaseGeometry

    from layers import Plan

Floats = NDArray[np.float64]
Values = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """
    A raster's place on the ground.

    Parameters
    ----------
    crs
        A projected CRS in metres.
    west, north
        Outer edge of the first cell, metres.
    cell_m
        Side of a cell, metres.
    rows, columns
        How many cells, from north to south and from west to east.
    """

    crs: pyproj.CRS
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows, self.columns

    @property
    def transform(self) -> Affine:
        """From column and row to easting and northing."""
        return Affine(self.cell_m, 0, self.west, 0, -self.cell_m, self.north)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north; outer edges, metres."""
        south, east = self.north - self.rows * self.cell_m, self.west + self.columns * self.cell_m
        return self.west, south, east, self.north

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of the cell that holds a position, or None if it lies off the grid."""
        row, column = math.floor((self.north - y) / self.cell_m), math.floor((x - self.west) / self.cell_m)
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None

    def ground(self, rows: Floats, columns: Floats) -> Floats:
        """Return easting and northing of positions counted from the first cell's centre, shape (n, 2)."""
        return np.column_stack([self.west + (columns + 0.5) * self.cell_m, self.north - (rows + 0.5) * self.cell_m])

    def burn(self, shapes: Iterable[BaseGeometry], *, touched: bool = False) -> Mask:
        """
        Return the cells that some shapes cover.

        Parameters
        ----------
        shapes
            In the grid's CRS.
        touched
            Every cell that a shape touches, so that a line leaves no gap to slip through diagonally; otherwise those
            whose centre lies inside.
        """
        some = [shape for shape in shapes if not shape.is_empty]
        if not some:
            return np.zeros(self.shape, bool)
        burnt = features.rasterize(some, self.shape, transform=self.transform, all_touched=touched, dtype="uint8")
        return np.asarray(burnt, bool)


def snapped(area: BaseGeometry, crs: pyproj.CRS, cell_m: float, margin_m: float = 0.0) -> Grid:
    """
    Return the grid that covers an area and a margin, its edges at whole multiples of the cell.

    Two grids of the same cell, made for whatever areas, therefore have their cells in the same places.

    Parameters
    ----------
    area
        In `crs`.
    crs
        A projected CRS in metres.
    cell_m, margin_m
        Side of a cell, and room around the area, metres.
    """
    west, south, east, north = area.bounds
    west, south, east, north = west - margin_m, south - margin_m, east + margin_m, north + margin_m
    left, top = math.floor(west / cell_m), math.ceil(north / cell_m)
    columns = max(math.ceil(east / cell_m) - left, 1)
    rows = max(top - math.floor(south / cell_m), 1)
    return Grid(crs, left * cell_m, top * cell_m, cell_m, rows, columns)


def cut(values: Values, grid: Grid, part: Grid) -> Values:
    """Return the cells of a raster that a part of its grid has; both have the same cells, in the same places."""
    top, left = round((grid.north - part.north) / grid.cell_m), round((part.west - grid.west) / grid.cell_m)
    return values[top : top + part.rows, left : left + part.columns]


def district_area(plan: Plan) -> BaseGeometry:
    """Return the district's area in the working CRS."""
    return shapely.union_all([row.geometry for row in plan.layers["district"].rows])


def district_grid(plan: Plan, cell_m: float, margin_m: float = 0.0) -> Grid:
    """Return the grid of a district, metres as in `snapped`."""
    return snapped(district_area(plan), plan.crs, cell_m, margin_m)
