"""The bench on which one window works at a site set: every change makes a new one, so that each can be undone.

Nothing here is shared between windows, and nothing is kept: that is what the workspace is for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.sites.model import COLUMNS, Reading, SiteSet
from layers.crs import project

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from layers import Plan

# What a user may change of a site in a table; the rest follows from the file or from the geometry.
EDITABLE: Final = tuple(c for c in COLUMNS if c not in {"id", "where", "inside", "attributes", "geometry"})
_NUMBERS: Final = {"investment_wan", "sigma_m"}
_DEEPEST_UNDO: Final = 50
# Standard error of what is drawn by hand, as a share of what one sees: two pixels of the map at its closest zoom.
DRAWN_SIGMA_M: Final = 10.0
_LEAST_AREA_M2: Final = 1.0
_DRAWN: Final = Reading("drawn", "", "cgcs2000", "EPSG:4490", "lon,lat", 1.0, (), 0, ())


@dataclass(frozen=True, slots=True)
class Bench:
    """
    A site set being worked at.

    Parameters
    ----------
    sites
        As they are now.
    past
        As they were before, oldest first.
    revision
        Of the workspace's copy; blank if it keeps none.
    kept
        What the workspace keeps, as far as this window knows.
    """

    sites: SiteSet
    past: tuple[SiteSet, ...] = ()
    revision: str = ""
    kept: SiteSet | None = None

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self.kept is not self.sites and (len(self.sites) > 0 or self.kept is not None)

    def saved(self, revision: str) -> Bench:
        """Return it as just saved."""
        return replace(self, revision=revision, kept=self.sites)

    def undone(self) -> Bench:
        """Return it without the last change; unchanged if there was none."""
        return replace(self, sites=self.past[-1], past=self.past[:-1]) if self.past else self

    def changed(self, sites: SiteSet) -> Bench:
        """Return it with other sites; these can be undone."""
        return replace(self, sites=sites, past=(*self.past, self.sites)[-_DEEPEST_UNDO:])

    def renamed(self, name: str) -> Bench:
        """Return it under another name, which the workspace does not keep yet."""
        return Bench(replace(self.sites, name=name), self.past)

    def with_frame(self, frame: gpd.GeoDataFrame) -> Bench:
        """Return it with other rows."""
        reading = replace(self.sites.reading, features=len(frame))
        return self.changed(SiteSet(self.sites.name, frame.reset_index(drop=True), reading))


def empty(name: str, plan: Plan) -> SiteSet:
    """Return a site set without sites, for what will be drawn."""
    frame = gpd.GeoDataFrame({column: [] for column in COLUMNS}, geometry="geometry", crs=plan.crs)
    return SiteSet(name, frame, _DRAWN)


def drawn(bench: Bench, plan: Plan, tool: str, coordinates: Sequence[Sequence[float]], *, name: str) -> Bench:
    """
    Add what was drawn on the map.

    Parameters
    ----------
    bench
        Where to.
    plan
        Gives the working CRS and the district.
    tool
        ``point``, ``line`` or ``area``.
    coordinates
        Longitude and latitude of the vertices; an area's ring need not be closed, and may cross itself.
    name
        Of the new site.
    """
    east, north = project([c[0] for c in coordinates], [c[1] for c in coordinates], plan.crs)
    points = np.column_stack([east, north])
    shape: BaseGeometry = shapely.Point(points[0])
    if tool == "line":
        shape = shapely.LineString(points)
    elif tool == "area":
        whole = shapely.make_valid(shapely.Polygon(points))
        parts = [part for part in shapely.get_parts(whole) if part.geom_type.endswith("Polygon")]
        shape = shapely.union_all(parts)
    if shape.is_empty or (tool == "line" and shape.length == 0) or (tool == "area" and shape.area < _LEAST_AREA_M2):
        return bench
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    row |= {"id": _free_id(bench.sites), "name": name, "investment_wan": np.nan, "sigma_m": DRAWN_SIGMA_M}
    row |= {"inside": _inside(plan, shape), "attributes": {}, "geometry": shape}
    new = gpd.GeoDataFrame([row], columns=list(COLUMNS), geometry="geometry", crs=plan.crs)
    frame = bench.sites.frame
    return bench.with_frame(gpd.GeoDataFrame(pd.concat([frame, new], ignore_index=True)) if len(frame) else new)


def moved(bench: Bench, plan: Plan, id_: str, start: Sequence[float], end: Sequence[float]) -> Bench:
    """Move a site by the way from one longitude and latitude to another; what was moved by hand is as sure as drawn."""
    east, north = project([start[0], end[0]], [start[1], end[1]], plan.crs)
    at = bench.sites.frame["id"] == id_
    if not at.any():
        return bench
    frame = bench.sites.frame.copy()
    step = np.array([east[1] - east[0], north[1] - north[0]])
    [shape] = frame.loc[at, "geometry"]
    shape = shapely.transform(shape, lambda xy: xy + step)
    frame.loc[at, "geometry"] = gpd.GeoSeries([shape], index=frame.index[at], crs=plan.crs)
    frame.loc[at, "inside"] = _inside(plan, shape)
    frame.loc[at, "sigma_m"] = DRAWN_SIGMA_M
    return bench.with_frame(frame)


def replaced(bench: Bench, plan: Plan, id_: str, shape: BaseGeometry) -> Bench:
    """Give a site another geometry, in the working CRS; say the smallest change that passes a rule."""
    at = bench.sites.frame["id"] == id_
    if not at.any():
        return bench
    frame = bench.sites.frame.copy()
    frame.loc[at, "geometry"] = gpd.GeoSeries([shape], index=frame.index[at], crs=plan.crs)
    frame.loc[at, "inside"] = _inside(plan, shape)
    return bench.with_frame(frame)


def without(bench: Bench, ids: Collection[str]) -> Bench:
    """Delete sites."""
    keep = ~bench.sites.frame["id"].isin(list(ids))
    return bench if keep.all() else bench.with_frame(bench.sites.frame[keep])


def edited(bench: Bench, id_: str, cells: Mapping[str, object]) -> Bench:
    """
    Change attributes of a site.

    Parameters
    ----------
    bench
        Where it is.
    id_
        Which site.
    cells
        New values by column, of those in `EDITABLE`; None empties a cell. A number that is none, or a standard error
        below zero, is not taken.
    """
    frame = bench.sites.frame.copy()
    at = frame["id"] == id_
    for column, value in cells.items():
        if column not in EDITABLE or not at.any():
            continue
        if column not in _NUMBERS:
            frame.loc[at, column] = "" if value is None else str(value)
            continue
        number = _number(value)
        if column == "investment_wan" or (np.isfinite(number) and number >= 0):
            frame.loc[at, column] = number
    return bench.with_frame(frame)


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")


def _inside(plan: Plan, shape: BaseGeometry) -> bool:
    return any(outline.geometry.intersects(shape) for outline in plan.layers["district"].rows)


def _free_id(sites: SiteSet) -> str:
    taken = set(sites.frame["id"])
    return next(id_ for id_ in (f"d{n}" for n in range(1, len(taken) + 2)) if id_ not in taken)
