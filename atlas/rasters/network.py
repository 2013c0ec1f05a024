"""How long a metre takes, cell by cell: mapped roads by class and status, rivers to get over, slope if known.

All numbers stand in `speeds.toml`.
"""

from __future__ import annotations

import statistics
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from layers import Finding, PlanError
from layers.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atlas.rasters.grid import Floats, Grid, Values
    from layers import Feature, Plan

# Minutes that a metre takes at one kilometre per hour.
MINUTES_PER_METRE: Final = 0.06


@cache
def speeds() -> Mapping[str, Any]:
    """Return the tables of `speeds.toml`; speeds in km/h."""
    with Path(__file__).with_name("speeds.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True)
class Costs:
    """
    A cost grid.

    Parameters
    ----------
    grid
        Where its cells lie.
    minutes
        Minutes that a metre takes in each cell, shape of the grid; infinite where nobody gets through.
    roads
        How many mapped lines are in it.
    sigma_m
        Median of their standard errors, metres; 0 if there is none.
    """

    grid: Grid
    minutes: Floats
    roads: int
    sigma_m: float


def roads_of(plan: Plan, network: str) -> list[tuple[float, Feature]]:
    """
    Return the mapped lines of a network with their speeds in km/h, slowest first.

    Raises
    ------
    PlanError
        If there is no such network; the nearest is named.
    """
    tables = speeds()
    if network not in tables["networks"]:
        values = {"value": network, "near": nearest(network, tables["networks"])}
        raise PlanError([Finding("unknown_network", "--network", values)])
    statuses = tables["networks"][network]
    lines = [
        (float(tables["classes"].get(kind, {}).get(feature.class_, speed)), feature)
        for kind, speed in tables["kinds"].items()
        for feature in plan.layers[kind].rows
        if feature.status in statuses
    ]
    return sorted(lines, key=lambda line: line[0])


def costs(plan: Plan, grid: Grid, network: str, slope: Values | None = None) -> Costs:
    """
    Return the cost grid of a network.

    Parameters
    ----------
    plan
        Its roads and rivers.
    grid
        In the plan's working CRS.
    network
        ``existing`` or ``planned``: which statuses count.
    slope
        Degrees on the same grid, NaN where unknown; slows down whoever leaves the mapped roads. Roads are graded and
        keep their speed.
    """
    tables = speeds()
    speed = np.full(grid.shape, float(tables["off_road"]))
    if slope is not None:
        degrees, factor = np.array(tables["slope"], float).T
        known = np.isfinite(slope)
        speed[known] *= np.interp(slope[known], degrees, factor)
    rivers = [feature.geometry for kind in tables["rivers"] for feature in plan.layers[kind].rows]
    # A river's cells hold up whoever passes one of them for the time of a crossing.
    speed[grid.burn(rivers, touched=True)] = MINUTES_PER_METRE * grid.cell_m / float(tables["crossing_min"])
    lines = roads_of(plan, network)
    # Slowest first: where two roads share a cell, one drives on the faster.
    for value in sorted({value for value, _ in lines}):
        speed[grid.burn((f.geometry for v, f in lines if v == value), touched=True)] = value
    with np.errstate(divide="ignore"):
        minutes = np.where(speed > 0, MINUTES_PER_METRE / speed, np.inf)
    sigma_m = statistics.median([feature.sigma_m for _, feature in lines]) if lines else 0.0
    return Costs(grid, minutes, len(lines), sigma_m)
