"""Screening of very many sites, against the same answers from shapely's trees alone and from geopandas' joins."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import shapely

from atlas.screening.engine import Sites, overlay, shared_ground
from atlas.screening.rules import read_rules
from atlas.screening.screen import answer_all
from atlas.screening.target import Target, of_the_plan
from tests.benchmarks.measure import Number, Setting, median

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from layers import Plan

# The full sizes; on a small district, where a test runs them, a hundredth.
POINTS: Final = 1_000_000
POLYGONS: Final = 100_000
SITES: Final = 1_000
_MOST_RAW: Final = 1.3
_LEAST_SPEEDUP: Final = 4.0
_MOST_SECONDS: Final = 10.0
_MOST_MB: Final = 2_048.0


def screening(setting: Setting) -> list[Number]:
    """Measure points against all layers, areas with what they share, and verdicts with their probability."""
    plan, _ = setting.opened()
    part = 1.0 if len(plan.places) > 50 else 0.002  # the small district is for tests
    runs = 1 if part == 1.0 else setting.runs
    return [
        *_points(plan, int(POINTS * part), runs),
        *_polygons(plan, int(POLYGONS * part), setting.runs),
        *_verdicts(plan, int(SITES * part) or 1, setting.runs),
    ]


def _targets(plan: Plan) -> list[Target]:
    """Return the layers afresh, so that no index is left from another run."""
    return [of_the_plan(layer) for layer in plan.layers.values() if len(layer)]


def _points(plan: Plan, count: int, runs: int) -> list[Number]:
    points = np.asarray(shapely.points(_scattered(plan, count)), dtype=object)
    frame = gpd.GeoDataFrame(geometry=points, crs=plan.crs)

    def ours() -> None:
        sites = Sites(points, np.zeros(count), plan.crs)
        for target in _targets(plan):
            overlay(sites, target)

    def raw() -> None:
        for target in _targets(plan):
            _raw_answers(points, target)

    def joined() -> None:
        for layer in plan.layers.values():
            if len(layer):
                features = layer.features[["name", "geometry"]]
                if layer.kind.geometry == "area":
                    gpd.sjoin(frame, features)
                gpd.sjoin_nearest(frame, features, distance_col="distance_m")

    mine, trees, joins = _seconds(ours, runs), _seconds(raw, runs), _seconds(joined, runs)
    what = f"{count:,} points against all layers"
    note = "trees: STRtree of areas, and of the edges of lines and of areas for points outside them; one thread each."
    return [
        _against(f"{what}, trees alone", mine, trees, _MOST_RAW, note),
        _against(f"{what}, sjoin + sjoin_nearest", mine, joins, 1 / _LEAST_SPEEDUP),
        *_memory(),
    ]


def _memory() -> list[Number]:
    """Return the most memory that this process has had; nothing where the system does not tell."""
    if sys.platform == "win32":
        return []
    import resource  # noqa: PLC0415 - Windows has none

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    what = "largest memory so far, all sides together"
    return [Number("screening", what, round(most), "MB", target=_MOST_MB, samples={"ours": [most]})]


def _raw_answers(points: NDArray[np.object_], target: Target) -> None:
    """Find in which area each point lies, else the nearest edge and how far it is: the trees' own work, no more."""
    edges, owners = target.segments
    rest = points
    if target.has_areas:
        inside, _ = shapely.STRtree(target.geometries).query(points, predicate="intersects")
        rest = np.delete(points, np.unique(inside))
    tree = shapely.STRtree(np.asarray(shapely.linestrings(edges.reshape(-1, 2, 2)), dtype=object))
    nearest, _ = tree.query_nearest(rest, all_matches=False, return_distance=True)
    owners[nearest[1]]


def _polygons(plan: Plan, count: int, runs: int) -> list[Number]:
    centres = _scattered(plan, count)
    corners = 8
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = np.random.default_rng(2).uniform(50, 400, (count, corners))
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * reach[..., None] + centres[:, None, :]
    polygons = np.asarray(shapely.polygons(ring), dtype=object)
    areas = [layer.kind.id for layer in plan.layers.values() if len(layer) and layer.kind.geometry == "area"]

    def ours() -> None:
        sites = Sites(polygons, np.zeros(count), plan.crs)
        for kind in areas:
            shared_ground(sites, of_the_plan(plan.layers[kind]))

    def everything() -> None:
        sites = Sites(polygons, np.zeros(count), plan.crs)
        for kind in areas:
            overlay(sites, of_the_plan(plan.layers[kind]))

    def raw() -> None:
        for kind in areas:
            target = of_the_plan(plan.layers[kind])
            site, feature = shapely.STRtree(target.geometries).query(polygons, predicate="intersects")
            shapely.area(shapely.intersection(polygons[site], target.geometries[feature]))

    mine, theirs, whole = _seconds(ours, runs), _seconds(raw, runs), _seconds(everything, runs)
    what = f"{count:,} polygons, areas shared with {len(areas)} layers"
    return [
        _against(f"{what}, shapely.intersection alone", mine, theirs, _MOST_RAW),
        Number("screening", f"{what}, and the nearest otherwise", median(whole), "s", samples={"ours": whole}),
    ]


def _verdicts(plan: Plan, count: int, runs: int) -> list[Number]:
    middles = shapely.points(_scattered(plan, count))
    polygons = np.asarray(shapely.buffer(middles, 150.0, quad_segs=2), dtype=object)
    rules = read_rules()

    def ours() -> None:
        sites = Sites(polygons, np.full(count, 5.0), plan.crs)
        answer_all(sites, rules.rules, {target.id: target for target in _targets(plan)}, rules)

    mine = _seconds(ours, runs)
    what = f"{count:,} areas, every rule, with uncertainty"
    return [Number("screening", what, median(mine), "s", target=_MOST_SECONDS, samples={"ours": mine})]


def _scattered(plan: Plan, count: int) -> NDArray[np.float64]:
    """Return positions scattered over the district's frame, shape ``(count, 2)``."""
    west, south, east, north = shapely.total_bounds([row.geometry for row in plan.layers["district"].rows])
    return np.random.default_rng(1).uniform((west, south), (east, north), (count, 2))


def _seconds(work: Callable[[], None], runs: int) -> list[float]:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def _against(what: str, ours: list[float], peer: list[float], target: float, note: str = "") -> Number:
    samples = {"ours": ours, "peer": peer}
    return Number("screening", what, median(ours), "s", median(peer), target, "ratio", note, samples)
