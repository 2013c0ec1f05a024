"""Where land suits a purpose: criteria scored, weighted and masked; the best hectares, and how firm all this is.

All curves and weights stand in `suitability.toml`. A criterion without data drops out and is named; it never counts as
good or bad ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from rasterio import features
from scipy import ndimage

from atlas.rasters.grid import Grid, cut, district_area, district_grid
from atlas.rasters.network import speeds
from atlas.rasters.presets import presets, tables
from atlas.rasters.traveltime import travel_time
from layers.crs import ellipsoidal_area

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from atlas.rasters.grid import Floats, Mask, Values
    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.traveltime import TravelTime
    from atlas.screening.controls import Control
    from layers import Name, Plan

SHIFT: Final = 0.2
_HECTARE_M2: Final = 10_000.0
_TINY: Final = 1e-9
_EQUAL_DIGITS: Final = 2


@dataclass(frozen=True)
class Town:
    """
    What a town has to offer.

    Parameters
    ----------
    name
        Its name.
    mean
        Mean score of its open ground, 0 to 100; NaN if there is none.
    best
        Its best hectares as areas, in the working CRS.
    best_ha, best_score
        Their area on the ellipsoid, and their mean score.
    """

    name: str
    mean: float
    best: BaseGeometry
    best_ha: float
    best_score: float


@dataclass(frozen=True)
class Shifted:
    """
    What moving one weight does.

    Parameters
    ----------
    criterion, share
        Whose weight moves, and by which share of itself (-0.2 or 0.2); the others keep their proportion.
    moved
        How many towns change their place in the ranking by their means.
    farthest, town
        By how many places the one that moves most, and which it is; blank if none does.
    kept
        Share of the best hectares that stay the best.
    """

    criterion: str
    share: float
    moved: int
    farthest: int
    town: str
    kept: float


@dataclass(frozen=True)
class Suitability:
    """
    The suitability of a district's land for a purpose.

    Parameters
    ----------
    grid, score
        0 to 100, float32; NaN outside the district, on masked ground, and where a criterion has no value.
    weights
        What was weighed, as shares of one.
    missing
        Criteria that dropped out for want of data.
    unmasked
        Kinds that should exclude ground but have no features: their absence is no permission.
    masked
        Control layers of the user that were taken out.
    towns
        Best mean first.
    shifts
        Sensitivity: each weight moved down and up.
    """

    grid: Grid
    score: Values
    weights: Mapping[str, float]
    missing: tuple[str, ...]
    unmasked: tuple[str, ...]
    masked: tuple[Name, ...]
    towns: tuple[Town, ...]
    shifts: tuple[Shifted, ...]


@dataclass(frozen=True)
class Scored:
    """
    The criteria of a purpose before they are weighed.

    Parameters
    ----------
    plan
        The plan.
    grid
        That of the district.
    scores
        0 to 1 by criterion, shape of the grid; NaN where unknown.
    missing, unmasked, masked
        As in `Suitability`.
    open
        The district without masked ground.
    homes
        Number of the town that a cell's centre lies in, counted from 1; 0 for none.
    """

    plan: Plan
    grid: Grid
    scores: Mapping[str, Floats]
    missing: tuple[str, ...]
    unmasked: tuple[str, ...]
    masked: tuple[Name, ...]
    open: Mask
    homes: NDArray[np.int16]


def scored(
    plan: Plan, recipe: RasterRecipe, travel: TravelTime | None = None, controls: Sequence[Control] = ()
) -> Scored:
    """
    Return the scores of a recipe's preset; its weights play no part yet.

    Parameters
    ----------
    plan
        The plan.
    recipe
        With a preset.
    travel
        The travel time from the recipe's origin, if it is known already. The slope is the one it rests on; without
        one the slope drops out.
    controls
        Control layers of the user; those that the data name are taken out.

    Raises
    ------
    PlanError
        If the recipe's origin or network is unknown.
    """
    grid = district_grid(plan, float(speeds()["cell_m"]))
    wanted = presets()[recipe.preset].weights
    known = travel or travel_time(plan, recipe.origin, recipe.network, limits=())
    found = {criterion: _score(plan, recipe, criterion, grid, known) for criterion in wanted}
    kinds = tables()["masks"]
    out = [control for control in controls if control.id in tables()["control_masks"]]
    shapes = [f.geometry for kind in kinds for f in plan.layers[kind].rows]
    shapes += [shape for control in out for shape in control.target.geometries]
    masked = grid.burn(shapes, touched=True)
    towns = [(town.geometry, n + 1) for n, town in enumerate(plan.layers["town"].rows)]
    homes = features.rasterize(towns, grid.shape, transform=grid.transform, dtype="int16") if towns else masked * 0
    return Scored(
        plan=plan,
        grid=grid,
        scores={criterion: score for criterion, score in found.items() if score is not None},
        missing=tuple(criterion for criterion, score in found.items() if score is None),
        unmasked=() if out else tuple(kind for kind in kinds if not len(plan.layers[kind])),
        masked=tuple(control.title for control in out),
        open=grid.burn([district_area(plan)]) & ~masked,
        homes=np.asarray(homes, np.int16),
    )


def weigh(ground: Scored, weights: Mapping[str, float]) -> Suitability:
    """
    Weigh scored ground.

    Parameters
    ----------
    ground
        The scores.
    weights
        Of each criterion, relative; those of missing ones are left out.
    """
    grid, count = ground.grid, len(ground.plan.layers["town"])
    used = _shares({criterion: weights[criterion] for criterion in ground.scores})
    total = weighted(ground.scores, used, ground.open)
    cells = round(float(tables()["best_ha"]) * _HECTARE_M2 / grid.cell_m**2)
    return Suitability(
        grid=grid,
        score=total,
        weights=used,
        missing=ground.missing,
        unmasked=ground.unmasked,
        masked=ground.masked,
        towns=tuple(_towns(ground, total, smoothed(total, grid), cells)),
        shifts=tuple(_shifts(ground, used, total, cells * max(count, 1))),
    )


def weighted(scores: Mapping[str, Floats], weights: Mapping[str, float], open_: Mask) -> Values:
    """Return the weighted mean of some scores (0 to 1), times a hundred; NaN where it is not open or not known."""
    total = np.zeros(open_.shape)
    for criterion, weight in weights.items():
        if weight:
            total += weight * scores[criterion]
    return np.where(open_ & bool(weights), 100 * total, np.nan).astype(np.float32)


def smoothed(score: Values, grid: Grid) -> Floats:
    """
    Return scores averaged over the neighbourhood that `suitability.toml` names; minus infinity where there is none.

    The best cells then cohere: a lone good cell is no site.
    """
    known = np.isfinite(score)
    size = max(1, round(float(tables()["smooth_m"]) / grid.cell_m))
    share = ndimage.uniform_filter(known.astype(np.float32), size)
    filled = ndimage.uniform_filter(np.where(known, score, 0), size)
    return np.where(known, filled / np.maximum(share, _TINY), -np.inf)


def best_cells(smooth: Floats, where: Mask, cells: int) -> Mask:
    """Return the best cells of a part, at most so many."""
    chosen = np.zeros(smooth.shape, bool)
    places = np.flatnonzero(where & np.isfinite(smooth))
    if len(places) > cells:
        # Of equals those nearest the middle, so that flat ground gives a block and not its first rows.
        score = smooth.flat[places].round(_EQUAL_DIGITS)
        last = -np.partition(-score, cells - 1)[cells - 1]
        better, equal = places[score > last], places[score == last]
        row, column = np.divmod(equal, smooth.shape[1])
        away = np.hypot(row - row.mean(), column - column.mean())
        nearest = equal[np.argsort(away, kind="stable")[: cells - len(better)]]
        places = np.concatenate([better, nearest])
    chosen.flat[places] = True
    return chosen


def outlines(labels: NDArray[np.int16], grid: Grid, count: int) -> list[BaseGeometry]:
    """Return the cells of each label from 1 to a number as areas, in the grid's CRS; empty for one without cells."""
    found: list[list[BaseGeometry]] = [[] for _ in range(count)]
    for part, label in features.shapes(labels, mask=labels > 0, transform=grid.transform):
        found[int(label) - 1].append(shapely.geometry.shape(part))
    return [shapely.union_all(parts) for parts in found]


def _score(plan: Plan, recipe: RasterRecipe, criterion: str, grid: Grid, travel: TravelTime) -> Floats | None:
    """Return the score of a criterion, 0 to 1; None without data."""
    preset, about = presets()[recipe.preset], tables()["criteria"][criterion]
    if criterion == "zone":
        classed = np.full(grid.shape, np.nan)
        for zone in plan.layers["zone"].rows:
            classed[grid.burn([zone.geometry], touched=True)] = float(preset.scores.get(zone.class_, 0.0))
        return classed if len(plan.layers["zone"]) else None
    if criterion == "slope":
        found = None if travel.slope is None else cut(travel.slope, travel.grid, grid)
    elif criterion == "travel_time":
        found = cut(travel.minutes, travel.grid, grid)
    else:
        statuses = speeds()["networks"][recipe.network]
        shapes = [f.geometry for kind in about["kinds"] for f in plan.layers[kind].rows if f.status in statuses]
        found = distances(shapes, grid) if shapes else None
    if found is None:
        return None
    at, score = np.array(preset.curves[criterion], float).T
    return np.where(np.isfinite(found), np.interp(found, at, score), np.nan)


def distances(shapes: Sequence[BaseGeometry], grid: Grid) -> Values:
    """Return the distance of each cell's centre from some shapes, metres; good to half a cell."""
    away = ndimage.distance_transform_edt(~grid.burn(shapes, touched=True), sampling=grid.cell_m)
    return np.asarray(away, np.float32)


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {criterion: weight / total for criterion, weight in weights.items()} if total else {}


def _towns(ground: Scored, score: Values, smooth: Floats, cells: int) -> list[Town]:
    """Return what each town has to offer, best mean first."""
    rows, towns = ground.plan.layers["town"].rows, []
    labels, known = np.zeros(score.shape, np.int16), np.isfinite(score)
    for n in range(1, len(rows) + 1):
        labels[best_cells(smooth, ground.homes == n, cells)] = n
    shapes = outlines(labels, ground.grid, len(rows))
    sizes = ellipsoidal_area(np.array(shapes, object), ground.grid.crs) / _HECTARE_M2
    for n, (row, shape, size) in enumerate(zip(rows, shapes, sizes, strict=True), 1):
        own, best = score[known & (ground.homes == n)], score[labels == n]
        mean, best_mean = (float(some.mean()) if len(some) else float("nan") for some in (own, best))
        towns.append(Town(row.name, mean, shape, float(size), best_mean))
    return sorted(towns, key=lambda town: (-np.nan_to_num(town.mean, nan=-1), town.name))


def _shifts(ground: Scored, weights: Mapping[str, float], score: Values, cells: int) -> list[Shifted]:
    """
    Return what becomes of ranking and best hectares when one weight moves by a fifth, up and down.

    Means over a neighbourhood or a town are sums like the score itself: each criterion's are taken once, then weighed.
    """
    names = [town.name for town in ground.plan.layers["town"].rows]
    used, known = [criterion for criterion, weight in weights.items() if weight], np.isfinite(score)
    scores = [np.where(known, ground.scores[criterion], np.nan).astype(np.float32) for criterion in used]
    around = np.array([smoothed(100 * part, ground.grid)[known] for part in scores])
    homes = ground.homes[known]
    count = np.bincount(homes, minlength=len(names) + 1)[1:]
    sums = np.array([np.bincount(homes, part[known], minlength=len(names) + 1)[1:] for part in scores])

    def outcome(shares: Mapping[str, float]) -> tuple[Mask, Floats]:
        values = np.array([shares[criterion] for criterion in used], np.float32)
        smooth = np.full(score.shape, -np.inf)
        smooth[known] = values @ around
        # Towns without a score come last.
        means = np.where(count, values @ sums / np.maximum(count, 1), -1.0)
        return best_cells(smooth, known, cells), _ranks(means)

    found: list[Shifted] = []
    if not used:
        return found
    usual_best, usual_ranks = outcome(weights)
    for criterion in used:
        for share in (-SHIFT, SHIFT):
            best, ranks = outcome(_shares({**weights, criterion: weights[criterion] * (1 + share)}))
            places = np.abs(ranks - usual_ranks)
            farthest = int(places.max(initial=0))
            found.append(
                Shifted(
                    criterion=criterion,
                    share=share,
                    moved=int((places > 0).sum()),
                    farthest=farthest,
                    town=names[int(places.argmax())] if farthest else "",
                    kept=float((best & usual_best).sum() / max(usual_best.sum(), 1)),
                )
            )
    return found


def _ranks(means: Floats) -> Floats:
    """Return the place of each town, 0 for the best."""
    return np.argsort(np.argsort(-means, kind="stable"), kind="stable").astype(float)
