"""Travel time as a surface: the least time from a place to every cell, and the isochrones drawn from it.

Least-cost paths over a grid of square cells with eight neighbours: straight lines between the compass' eight directions
come out up to 8 % too long, which is far below what schematic roads leave open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from scipy import ndimage
from skimage.graph import MCP_Geometric
from skimage.measure import find_contours

from atlas.rasters.grid import Values, cut, district_area, district_grid
from atlas.rasters.network import MINUTES_PER_METRE, Costs, costs, speeds
from layers import Finding, PlanError
from layers.assemble import locate
from layers.crs import ellipsoidal_area
from layers.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.grid import Floats, Grid
    from layers import Plan

_KILOMETRE: Final = 1000.0
_BEYOND_CELLS: Final = 3
_KM2_M2: Final = 1e6


@dataclass(frozen=True)
class Isochrone:
    """
    Everything within some minutes.

    Parameters
    ----------
    minutes
        Of travel time.
    area
        In the working CRS, within the district.
    km2
        Its area on the ellipsoid, square kilometres.
    towns
        Names of the towns whose seat is reached.
    """

    minutes: float
    area: BaseGeometry
    km2: float
    towns: tuple[str, ...]


@dataclass(frozen=True)
class TravelTime:
    """
    The time from a place to everywhere.

    Parameters
    ----------
    origin
        Name of the place.
    network
        Which network was used.
    costs
        What it was computed on.
    minutes
        On the grid of `costs`, float32; NaN where nobody gets to.
    towns
        Name and minutes of every town's seat, nearest first.
    isochrones
        Smallest first.
    slope
        What slowed down whoever leaves the roads, degrees on the same grid; None without an elevation model.
    """

    origin: str
    network: str
    costs: Costs
    minutes: Values
    towns: tuple[tuple[str, float], ...]
    isochrones: tuple[Isochrone, ...]
    slope: Values | None

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return self.costs.grid

    @property
    def doubt_min(self) -> float:
        """Minutes that the lines' median position error takes off the roads: how far an isochrone may be off."""
        return self.costs.sigma_m * MINUTES_PER_METRE / float(speeds()["off_road"])


def least_minutes(minutes_per_metre: Floats, cell_m: float, starts: Sequence[tuple[int, int]]) -> Values:
    """
    Return the least time from any of some cells to every cell.

    Parameters
    ----------
    minutes_per_metre
        Cost of each cell, infinite where impassable. A step costs the mean of both cells times its length.
    cell_m
        Side of a cell, metres.
    starts
        Rows and columns; at least one.

    Returns
    -------
    minutes
        Float32, NaN where nothing leads to.
    """
    # -1 is how the library spells impassable.
    graph = MCP_Geometric(np.where(np.isfinite(minutes_per_metre), minutes_per_metre * cell_m, -1.0))
    found, _ = graph.find_costs(starts)
    return np.where(np.isfinite(found), found, np.nan).astype(np.float32)


def starts_on(grid: Grid, shape: BaseGeometry, passable: Costs) -> list[tuple[int, int]]:
    """Return the cells from which a place or feature is left; the nearest passable one if it lies in a river."""
    inside = [cell for x, y in shapely.get_coordinates(shape) if (cell := grid.cell(x, y))]
    covered = np.argwhere(grid.burn([shape], touched=shape.geom_type not in {"Point", "MultiPoint"}))
    cells = dict.fromkeys([*inside, *((int(row), int(column)) for row, column in covered)])
    open_ = [cell for cell in cells if np.isfinite(passable.minutes[cell])]
    if open_ or not cells:
        return open_
    _, nearest_open = ndimage.distance_transform_edt(~np.isfinite(passable.minutes), return_indices=True)
    return [(int(nearest_open[0][cell]), int(nearest_open[1][cell])) for cell in list(cells)[:1]]


def isochrone(minutes: Values, grid: Grid, limit: float) -> BaseGeometry:
    """
    Return the area that is reached within a time, in the grid's CRS.

    The edge is interpolated between cell centres; what nobody gets to is outside.
    """
    # Far beyond counts as just beyond, so that a wall does not pull the edge away from it.
    height = np.where(np.isfinite(minutes), np.minimum(minutes, 2 * limit), 2 * limit)
    height = np.pad(height, 1, constant_values=2 * limit)
    rings = find_contours(height, limit)
    lines = [
        shapely.LineString(grid.ground(ring[:, 0] - 1, ring[:, 1] - 1))
        for ring in rings
        if len(ring) > 3  # noqa: PLR2004 - three points and the first again make a ring
    ]
    reached = []
    for part in shapely.get_parts(shapely.polygonize(lines)):
        x, y = shapely.get_coordinates(part.representative_point())[0]
        # Between four cell centres the surface is taken as bilinear, like the contour itself.
        at = [[(grid.north - y) / grid.cell_m + 0.5], [(x - grid.west) / grid.cell_m + 0.5]]
        if ndimage.map_coordinates(height, at, order=1)[0] <= limit:
            reached.append(part)
    return shapely.union_all(reached)


def origin_of(plan: Plan, id_: str) -> tuple[str, BaseGeometry]:
    """
    Return name and geometry of a place or of a feature, in the working CRS.

    Raises
    ------
    PlanError
        If there is neither of this id, or the place has no position; the nearest id is named.
    """
    points = locate(plan.places, plan.crs)
    if id_ in points:
        return plan.places[id_].name, points[id_]
    if feature := plan.feature(id_):
        return feature.name, feature.geometry
    if id_ in plan.places:
        raise PlanError([Finding("unlocated_place", f"--from {id_}", {"value": plan.places[id_].name})])
    known = [*points, *(f.id for f in plan.features())]
    raise PlanError([Finding("unknown_origin", "--from", {"value": id_, "near": nearest(id_, known)})])


def travel_time(
    plan: Plan,
    origin: str,
    network: str,
    *,
    cell_m: float | None = None,
    limits: Sequence[float] | None = None,
    slope: Values | None = None,
) -> TravelTime:
    """
    Return the travel time from a place, a town's seat or any feature.

    Parameters
    ----------
    plan
        The plan with its roads and rivers.
    origin
        Id of a place or of a feature.
    network
        ``existing`` or ``planned``.
    cell_m
        Side of a cell, metres; that of `speeds.toml` if not given.
    limits
        Minutes of the isochrones; those of `speeds.toml` if not given.
    slope
        Degrees on `travel_grid` of the same cell, NaN where unknown.

    Raises
    ------
    PlanError
        If the origin is unknown or lies off the grid, or the network is unknown.
    """
    name, shape = origin_of(plan, origin)
    grid = travel_grid(plan, cell_m)
    ground = costs(plan, grid, network, slope)
    starts = starts_on(grid, shape, ground)
    if not starts:
        raise PlanError([Finding("origin_off_grid", f"--from {origin}", {"value": name})])
    district = district_area(plan)
    if shape.within(district):
        # The corners of the grid lie farther out than its margin; who stays in the district does not drive there.
        near = grid.burn([district.simplify(grid.cell_m).buffer(speeds()["margin_km"] * _KILOMETRE)])
        ground = replace(ground, minutes=np.where(near, ground.minutes, np.inf))
    minutes = least_minutes(ground.minutes, grid.cell_m, starts)
    seats = locate({town.places[0]: plan.places[town.places[0]] for town in plan.layers["town"].rows}, plan.crs)
    reached = [
        (town.name, float(minutes[cell]))
        for town in plan.layers["town"].rows
        if (cell := grid.cell(seats[town.places[0]].x, seats[town.places[0]].y))
    ]
    towns = tuple(sorted(reached, key=lambda town: (np.nan_to_num(town[1], nan=np.inf), town[0])))
    result = TravelTime(name, network, ground, minutes, towns, (), slope)
    return replace(result, isochrones=isochrones(plan, result, limits))


def isochrones(plan: Plan, result: TravelTime, limits: Sequence[float] | None = None) -> tuple[Isochrone, ...]:
    """Return what is reached within some minutes (those of `speeds.toml` if not given), smallest first."""
    wanted = [float(limit) for limit in (speeds()["minutes"] if limits is None else limits)]
    district, grid = district_area(plan), result.grid
    # A few cells beyond the district's outline are enough for the edge within it.
    near = district_grid(plan, grid.cell_m, _BEYOND_CELLS * grid.cell_m)
    minutes = cut(result.minutes, grid, near)
    areas = [isochrone(minutes, near, limit).intersection(district) for limit in wanted]
    return tuple(
        Isochrone(limit, area, float(m2) / _KM2_M2, tuple(town for town, spent in result.towns if spent <= limit))
        for limit, area, m2 in zip(wanted, areas, ellipsoidal_area(np.array(areas, object), plan.crs), strict=True)
    )


def travel_grid(plan: Plan, cell_m: float | None = None) -> Grid:
    """Return the grid travel time is computed on: the district and what surrounds it."""
    return district_grid(plan, cell_m or float(speeds()["cell_m"]), speeds()["margin_km"] * _KILOMETRE)
