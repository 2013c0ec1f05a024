"""The smallest change that passes: how far a failing site has to move, or what has to be cut from it.

A site fails a rule where the answer is a hit (or, where being inside is wanted, a clear). To pass, it must keep off
what it fails of by the rule's distance and allowance and by the reach of the errors, and be no worse off under any
other rule that counts.

Moves are searched square by square, nearest first. With a square's half diagonal r, a site that meets the ground to be
kept off even when that ground is shrunk by r meets it after every move in the square: the square is given up as a
whole, otherwise it is divided. The first square whose middle passes is the answer, to `GRAIN_M`; if none
is left, no move within the radius passes with `GRAIN_M` to spare. Whatever is offered has been screened again.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from atlas.screening.answers import area_text, share_text
from atlas.screening.engine import Sites
from atlas.screening.measure import areas_m2
from atlas.screening.rules import VERDICTS
from atlas.screening.screen import answer_all, passing, targets_of
from atlas.words import say

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from atlas.screening.rules import Rule
    from atlas.screening.screen import Screening
    from atlas.screening.target import Target
    from layers.errors import Language

# The finest move, and what a trimmed site keeps off by: narrower gaps count as touching.
GRAIN_M: Final = 2.0
_GAP_M: Final = 0.2
# A search that has to look at more squares than this is given up, and says so.
_MOST_SQUARES: Final = 60_000
# So many moves that keep off and still do not pass end the search as well.
_MOST_REFUSALS: Final = 200
# A site trimmed to less than this part is another project.
_LEAST_SHARE: Final = 0.2
_BAD: Final = {"hit": 2, "uncertain": 1, "no_data": 0, "clear": 0}


@dataclass(frozen=True, slots=True)
class Move:
    """
    A move that passes.

    Parameters
    ----------
    geometry
        The site where it passes, in the working CRS.
    distance_m, bearing
        How far, and degrees clockwise from grid north.
    rules
        Ids of the rules that it passes and did not before.
    """

    geometry: BaseGeometry
    distance_m: float
    bearing: float
    rules: tuple[str, ...]

    def text(self, language: Language) -> str:
        """Return the move as a sentence."""
        way = round(self.bearing / 45) % 8
        return say(
            language,
            "screening.move",
            distance=f"{self.distance_m:.0f}",
            bearing=f"{self.bearing:.0f}",
            way=say(language, "screening.ways").split()[way],
        )


@dataclass(frozen=True, slots=True)
class Trim:
    """
    A cut that passes.

    Parameters
    ----------
    geometry
        What is left of the site, in the working CRS.
    cut_m2, cut_share
        What is cut from it: on the ellipsoid, and as a part of the site.
    rules
        Ids of the rules that it passes and did not before.
    """

    geometry: BaseGeometry
    cut_m2: float
    cut_share: float
    rules: tuple[str, ...]

    def text(self, language: Language) -> str:
        """Return the cut as a sentence."""
        area, share = area_text(self.cut_m2, language), share_text(self.cut_share)
        return say(language, "screening.trim", area=area, share=share)


@dataclass(frozen=True, slots=True)
class Nothing:
    """
    No move within a radius passes.

    Parameters
    ----------
    radius_m
        How far was looked.
    proven
        Whether every move was ruled out (with `GRAIN_M` to spare), rather than the search given up.
    rules
        Ids of the rules that the site fails.
    """

    radius_m: float
    proven: bool
    rules: tuple[str, ...]

    def text(self, language: Language) -> str:
        """Return what was found as a sentence."""
        key = "screening.no_move" if self.proven else "screening.no_move_found"
        return say(language, key, radius=f"{self.radius_m:.0f}", grain=f"{GRAIN_M:g}")


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be done for a site that fails: a move or the proof that there is none, and a cut if there is one."""

    move: Move | Nothing
    trim: Trim | None

    @property
    def smallest(self) -> Move | Trim | Nothing:
        """The move if there is one, else the cut."""
        return self.trim if isinstance(self.move, Nothing) and self.trim else self.move


@dataclass(frozen=True)
class _Case:
    """One site, its rules, and how it fares where it is."""

    screening: Screening
    site: Sites
    asked: dict[str, Rule]
    targets: dict[str, Target]
    before: dict[str, int]
    failed: tuple[str, ...]

    def is_clear(self, id_: str) -> bool:
        """Say whether a rule that asks a layer which is there has been passed without a doubt."""
        return self.before[id_] == 0 and bool(len(self.targets.get(self.asked[id_].layer, ())))

    def passes(self, geometry: BaseGeometry) -> bool:
        """Screen the site again with another geometry: every failed rule passes, and no other is worse than before."""
        site = Sites(np.array([geometry], dtype=object), self.site.sigma_m, self.site.crs)
        after = _grades(self, site)
        return all(after[id_] == 0 if id_ in self.failed else after[id_] <= self.before[id_] for id_ in self.asked)


def smallest_change(screening: Screening, site: str, *, radius_m: float = 2000.0) -> Repair | None:
    """
    Return the smallest change by which a site passes the rules that it fails.

    Parameters
    ----------
    screening
        What was found.
    site
        Id of the site.
    radius_m
        How far it may move.

    Returns
    -------
    repair
        None if the site fails no rule that counts.

    Raises
    ------
    KeyError
        If there is no site of this id.
    """
    case = _case(screening, screening.row_of(site))
    if not case.failed:
        return None
    keep_off = [_keep_off(case, case.asked[id_], radius_m) for id_ in case.failed]
    # What is clear now must stay so, or a move would only change one trouble for another.
    clear = [id_ for id_ in case.asked if id_ not in case.failed and case.is_clear(id_)]
    stay_off = [_keep_off(case, case.asked[id_], radius_m) for id_ in clear]
    return Repair(_move(case, [*keep_off, *stay_off], radius_m), _trim(case, keep_off))


def _case(screening: Screening, row: int) -> _Case:
    frame = screening.sites.frame
    asked = {id_: found.rule for id_, found in screening.by_rule.items() if not found.rule.informative}
    wanted = {rule.layer for rule in asked.values()}
    everything = targets_of(screening.plan, screening.controls)
    targets = {id_: target for id_, target in everything.items() if id_ in wanted}
    geometry = np.array([frame.geometry.iloc[row]], dtype=object)
    site = Sites(geometry, frame["sigma_m"].to_numpy(float)[row : row + 1], screening.plan.crs)
    before = {id_: _BAD[VERDICTS[passing(screening.by_rule[id_])[row]]] for id_ in asked}
    failed = tuple(id_ for id_, grade in before.items() if grade == _BAD["hit"])
    return _Case(screening, site, asked, targets, before, failed)


def _grades(case: _Case, site: Sites) -> dict[str, int]:
    answers = answer_all(site, case.asked, case.targets, case.screening.rules, case.screening.terrain)
    return {id_: _BAD[VERDICTS[passing(found)[0]]] for id_, found in answers.items()}


def _keep_off(case: _Case, rule: Rule, radius_m: float) -> BaseGeometry:
    """
    Return the ground that a site must not meet to pass a rule, as far as it can be reached.

    Where being inside is wanted, that is everything outside, and the band along the border in which it is not sure.
    """
    target, rules = case.targets[rule.layer], case.screening.rules
    [scale], [own] = case.site.scale, case.site.sigma_m
    west, south, east, north = case.site.geometries[0].bounds
    clear = rule.distance_m + rule.allowance_m + _GAP_M
    widths = (clear + rules.reach * np.hypot(own, target.sigma_m)) * scale
    margin = radius_m + float(widths.max()) + 1.0
    around = shapely.box(west - margin, south - margin, east + margin, north + margin)
    near = target.tree.query(around)
    shapes = shapely.intersection(target.geometries[near], around)
    sign = 1.0 if rule.wanted == "clear" else -1.0
    zone: BaseGeometry = shapely.union_all(shapely.buffer(shapes, sign * widths[near], quad_segs=16))
    return zone if rule.wanted == "clear" else shapely.difference(around, zone)


class _Ground:
    """What a site must not meet, and what is left of it when its edge is taken away."""

    def __init__(self, site: BaseGeometry, keep_off: list[BaseGeometry]) -> None:
        self.site, self.zones = site, {0.0: shapely.union_all(keep_off)}

    def at(self, east: float, north: float) -> BaseGeometry:
        """Return the site after a move in metres."""
        shift = np.array([east, north])
        return shapely.transform(self.site, lambda points: points + shift)

    def meets(self, east: float, north: float, less: float) -> bool:
        """Say whether the site, after a move, meets the ground without so many metres of its edge."""
        if less not in self.zones:
            self.zones[less] = shapely.buffer(self.zones[0.0], -less)
        shapely.prepare(self.zones[less])
        return bool(shapely.intersects(self.zones[less], self.at(east, north)))


def _move(case: _Case, keep_off: list[BaseGeometry], radius_m: float) -> Move | Nothing:
    ground = _Ground(case.site.geometries[0], keep_off)
    # Squares of moves: least length of a move in it, half its side, its middle. No side: the middle alone.
    queue: list[tuple[float, float, float, float]] = [(0.0, radius_m, 0.0, 0.0)]
    squares = refused = 0
    while queue and squares < _MOST_SQUARES and refused < _MOST_REFUSALS:
        away, half, east, north = heapq.heappop(queue)
        squares += 1
        if half == 0.0:
            geometry = ground.at(east, north)
            if case.passes(geometry):
                bearing = float(np.degrees(np.arctan2(east, north)) % 360)
                return Move(geometry, away / float(case.site.scale[0]), bearing, case.failed)
            refused += 1
        elif not ground.meets(east, north, half * np.sqrt(2)):
            away = float(np.hypot(east, north))
            if away <= radius_m and not ground.meets(east, north, 0.0):
                heapq.heappush(queue, (away, 0.0, east, north))
            if half > GRAIN_M / 2:
                for square in _quarters(half / 2, east, north, radius_m):
                    heapq.heappush(queue, square)
    return Nothing(radius_m, proven=not queue and not refused, rules=case.failed)


def _quarters(half: float, east: float, north: float, radius_m: float) -> list[tuple[float, float, float, float]]:
    """Return the quarters of a square that a move within the radius can reach."""
    middles = [(e, n) for e in (east - half, east + half) for n in (north - half, north + half)]
    least = [float(np.hypot(max(abs(e) - half, 0.0), max(abs(n) - half, 0.0))) for e, n in middles]
    return [(away, half, e, n) for away, (e, n) in zip(least, middles, strict=True) if away <= radius_m]


def _trim(case: _Case, keep_off: list[BaseGeometry]) -> Trim | None:
    """Cut off what must be kept off; None if too little would be left, or what is left does not pass."""
    [shape] = case.site.geometries
    if shape.area == 0:
        return None
    left = shapely.difference(shape, shapely.union_all(keep_off))
    parts = [part for part in shapely.get_parts(left) if part.area > 0]
    if not parts:
        return None
    # In one piece: what the cut leaves on its other side is no part of the project any more.
    whole = shapely.get_num_geometries(shape) == 1
    kept = max(parts, key=lambda part: part.area) if whole else shapely.union_all(parts)
    if kept.area < _LEAST_SHARE * shape.area or not case.passes(kept):
        return None
    [before, after] = areas_m2(np.array([shape, kept], dtype=object), case.site.crs)
    return Trim(kept, float(before - after), float(1 - after / before), case.failed)
