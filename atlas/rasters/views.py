"""Computes recipes and says them in a language: travel time, suitability, and the terrain once there is a model."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from atlas.rasters.dem import open_elevation
from atlas.rasters.grid import district_area
from atlas.rasters.images import ramp
from atlas.rasters.network import speeds
from atlas.rasters.presets import presets, tables
from atlas.rasters.recipes import TERRAIN
from atlas.rasters.suitability import scored, weigh
from atlas.rasters.terrain import slope_on
from atlas.rasters.terrainview import terrain_view
from atlas.rasters.traveltime import isochrones, travel_grid, travel_time
from atlas.rasters.view import View
from atlas.words import distance, say
from layers import Finding, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.dem import Elevation
    from atlas.rasters.grid import Values
    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.suitability import Scored
    from atlas.rasters.traveltime import TravelTime
    from atlas.screening.controls import Control
    from layers import Plan
    from layers.errors import Language


# Views take megabytes; a user moves back and forth between a few.
_KEPT: Final = 8
_SHOWN_TOWNS: Final = 8


class Surfaces:
    """
    The rasters of a plan as sheets show them; the last few are kept, and what does not depend on weights.

    Parameters
    ----------
    plan
        The plan they are about.
    language
        Of titles and notes.
    elevation
        Where the district's imported elevation model would be; None to do without.
    controls
        Control layers of the user, which suitability takes out.
    """

    def __init__(
        self, plan: Plan, language: Language, elevation: Path | None = None, controls: Sequence[Control] = ()
    ) -> None:
        self.plan, self.language, self.controls = plan, language, controls
        self.elevation = open_elevation(elevation) if elevation else None
        self._views: dict[RasterRecipe, View] = {}
        self._scored: dict[RasterRecipe, Scored] = {}
        self._travels: dict[tuple[str, str], TravelTime] = {}
        # Who asks for what another is computing waits for it.
        self._alone = threading.RLock()

    def view(self, recipe: RasterRecipe) -> View:
        """
        Return the view of a recipe.

        Raises
        ------
        PlanError
            If the recipe names what the plan does not have, or needs an elevation model and there is none.
        """
        with self._alone:
            if recipe not in self._views:
                _make_room(self._views)
                self._views[recipe] = self._made(recipe)
            return self._views[recipe]

    def _made(self, recipe: RasterRecipe) -> View:
        if recipe.kind == "travel_time":
            return travel_view(self.plan, recipe, self.language, self._travel(recipe))
        if recipe.kind in TERRAIN:
            if self.elevation is None:
                raise PlanError([Finding("no_dem", recipe.id)])
            return terrain_view(self.plan, recipe, self.language, self.elevation)
        bare = replace(recipe, weights=())
        if bare not in self._scored:
            _make_room(self._scored)
            self._scored[bare] = scored(self.plan, bare, self._travel(bare), self.controls)
        return suitability_view(self._scored[bare], recipe, self.language, self.elevation)

    def _travel(self, recipe: RasterRecipe) -> TravelTime:
        """Return the time from a recipe's origin, without isochrones: every purpose rests on the same."""
        key = recipe.origin, recipe.network
        if key not in self._travels:
            _make_room(self._travels)
            self._travels[key] = travel_time(self.plan, *key, limits=(), slope=self._slope)
        return self._travels[key]

    @cached_property
    def _slope(self) -> Values | None:
        """Slope where travel time is computed; an elevation model slows down what leaves the roads."""
        return slope_on(self.elevation, travel_grid(self.plan)) if self.elevation else None


def _make_room(kept: dict[Any, Any]) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))


def travel_view(plan: Plan, recipe: RasterRecipe, language: Language, result: TravelTime) -> View:
    """Return the view of a travel time; its isochrones are drawn here."""
    circles = isochrones(plan, result)
    limits = [float(limit) for limit in speeds()["minutes"]]
    edges = [0.0, *limits]
    titles = [
        say(language, "raster.minutes_to", low=f"{a:g}", high=f"{b:g}") for a, b in zip(edges, limits, strict=False)
    ]
    titles.append(say(language, "raster.minutes_over", low=f"{limits[-1]:g}"))
    inside = result.grid.burn([district_area(plan)], touched=True)
    lines = tuple(
        (say(language, "raster.minutes", n=f"{circle.minutes:g}"), _inner_edge(circle.area, plan)) for circle in circles
    )
    rows = tuple(
        (
            say(language, "raster.minutes_within", n=f"{circle.minutes:g}"),
            f"{circle.km2:.0f}",
            str(len(circle.towns)),
        )
        for circle in circles
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
        say(language, "raster.slope_unknown" if result.slope is None else "raster.slope_used"),
    )


def suitability_view(
    ground: Scored, recipe: RasterRecipe, language: Language, elevation: Elevation | None = None
) -> View:
    """Return the view of a suitability; the elevation model is only named."""
    weights = {**presets()[recipe.preset].weights, **dict(recipe.weights)}
    result, criteria = weigh(ground, weights), tables()["criteria"]
    edges = [0.0, 20.0, 40.0, 60.0, 80.0]
    titles = [say(language, f"suitability.{n}") for n in range(len(edges))]
    best = shapely.union_all([town.best for town in result.towns])
    joiner = say(language, "raster.joiner")
    hectares = f"{tables()['best_ha']:g}"
    shifts = tuple(
        (
            f"{criteria[shift.criterion][language]} {shift.share:+.0%}",
            str(shift.moved),
            f"{shift.town} {shift.farthest}" if shift.town else "—",
            f"{shift.kept:.0%}",
        )
        for shift in result.shifts
    )
    towns = tuple(
        (
            town.name,
            f"{town.mean:.0f}" if np.isfinite(town.mean) else "—",
            f"{town.best_score:.0f}" if np.isfinite(town.best_score) else "—",
            f"{town.best_ha:.0f}",
        )
        for town in result.towns
    )
    town_head = tuple(say(language, f"raster.{key}") for key in ("town", "mean_score", "best_score", "best_ha"))
    shift_head = tuple(
        say(language, f"raster.{key}") for key in ("shift", "shift_moved", "shift_farthest", "shift_kept")
    )
    used = joiner.join(f"{criteria[name][language]} {share:.0%}" for name, share in result.weights.items())
    missing = joiner.join(criteria[name][language] for name in result.missing)
    unmasked = joiner.join(vocabulary().kinds[kind].name.in_(language) for kind in result.unmasked)
    notes = [say(language, "raster.suit_made", cell=f"{result.grid.cell_m:g}", used=used or "—")]
    if missing:
        notes.append(say(language, "raster.suit_missing", missing=missing))
    if result.masked:
        titles_ = joiner.join(title.in_(language) for title in result.masked)
        notes.append(say(language, "raster.suit_masked", masked=titles_))
    if unmasked:
        notes.append(say(language, "raster.suit_unmasked", unmasked=unmasked))
    if elevation:
        notes.append(say(language, "raster.resolution", name=elevation.name, metres=f"{elevation.resolution_m:.3g}"))
    notes.append(say(language, "raster.suit_doubt"))
    return View(
        recipe=recipe,
        title=f"{presets()[recipe.preset].name.in_(language)} · {say(language, 'raster.suitability')}",
        unit=say(language, "raster.unit_score"),
        grid=result.grid,
        values=result.score,
        ramp=ramp("suitability", edges, titles, 0.5),
        lines=(("", best.boundary),) if not best.is_empty else (),
        lines_title=say(language, "raster.best", n=hectares),
        tables=(
            (say(language, "raster.ranking"), town_head, towns[:_SHOWN_TOWNS]),
            (say(language, "raster.sensitivity"), shift_head, shifts),
            (say(language, "raster.by_town"), town_head, towns),
        ),
        notes=tuple(notes),
        missing=result.missing,
    )
