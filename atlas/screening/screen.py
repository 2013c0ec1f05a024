"""The verdicts: every rule asked of every site, answered with hit, clear, uncertain or no_data.

`hit` needs both the drawn position to be involved and 95 % of the possible ones. `clear`, the answer that must not be
wrong, needs more: that no shift within the circle that holds the true position with 95 % would involve the site. All
else is `uncertain`; a layer that is not there is `no_data`. With no error at all, that is exact geometry, and larger
errors never make an answer surer. It is a first screening and never an approval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from atlas.screening.engine import Sites, overlay
from atlas.screening.rules import TERRAIN, VERDICTS, read_rules
from atlas.screening.target import of_the_plan
from atlas.screening.uncertainty import involved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from atlas.screening.controls import Control
    from atlas.screening.rules import Rule, Rules, Verdict
    from atlas.screening.target import Target
    from atlas.screening.terrain import Terrain
    from atlas.sites.model import SiteSet
    from layers import Plan

TIDY: Final = (
    "site",
    "layer",
    "verdict",
    "overlap_m2",
    "overlap_share",
    "distance_m",
    "nearest",
    "sigma_m",
    "probability",
)
# Beyond these digits a number would claim more than it knows, and machines might differ.
_DIGITS: Final = {"overlap_m2": 2, "overlap_share": 6, "distance_m": 2, "sigma_m": 1, "probability": 4}
_HIT, _CLEAR, _UNCERTAIN, _NO_DATA = range(len(VERDICTS))
# From the weightiest: what a conclusion or a summary says of several.
GRAVITY: Final[tuple[Verdict, ...]] = ("hit", "uncertain", "no_data", "clear")


@dataclass(frozen=True)
class Answers:
    """
    The answers of all sites to one rule; every array has shape ``(n,)``.

    Parameters
    ----------
    rule
        What was asked.
    verdicts
        Index into `VERDICTS`.
    overlap_m2, share
        What the site shares with the layer (of `member`: with the area named); NaN where it is not measured.
    distance_m
        To the feature named; 0 where it touches; NaN without data.
    nearest
        Name of the feature that the site lies in (with most of it), or else of the nearest; blank without data.
    sigma_m
        Standard error of the site's position against the feature's that decides the verdict: the one named, or the
        least sure of those that may be involved.
    probability
        That the site is involved (whatever the verdict); NaN without data.
    """

    rule: Rule
    verdicts: NDArray[np.int8]
    overlap_m2: NDArray[np.float64]
    share: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    nearest: NDArray[np.object_]
    sigma_m: NDArray[np.float64]
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class Screening:
    """
    What `screen` found.

    Parameters
    ----------
    sites
        What was screened.
    plan
        What it was held against, with the control layers.
    rules
        By which rules.
    by_rule
        The answers by rule id, in the order of the rules.
    """

    sites: SiteSet
    plan: Plan
    rules: Rules
    controls: tuple[Control, ...]
    by_rule: Mapping[str, Answers]
    terrain: Terrain | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.sites)

    @cached_property
    def tidy(self) -> pd.DataFrame:
        """One row per site and rule, sites in their order, with exactly the columns `TIDY`; NaN where there is none."""
        return tidy_of(self.sites.frame["id"].to_numpy(), self.by_rule)

    @cached_property
    def area_m2(self) -> NDArray[np.float64]:
        """Area of each site on the ellipsoid, shape ``(n,)``; 0 for points and lines."""
        return sites_of(self.sites, self.plan).area_m2

    @cached_property
    def conclusions(self) -> tuple[Verdict, ...]:
        """
        For each site the weightiest verdict of the rules that count, shape ``(n,)``.

        A hit of any comes first, then a doubt, then a missing layer; `clear` says that every layer was there. Where
        being inside is what is wanted, inside counts as clear and outside as hit.
        """
        order = np.array([GRAVITY.index(verdict) for verdict in VERDICTS])
        worst = np.full(len(self), GRAVITY.index("clear"))
        for answer in self.by_rule.values():
            if not answer.rule.informative:
                worst = np.minimum(worst, order[passing(answer)])
        return tuple(GRAVITY[n] for n in worst)

    def conclusion(self, site: str) -> Verdict:
        """Return the conclusion of a site, by its id; see `conclusions`."""
        return self.conclusions[self.row_of(site)]

    def row_of(self, site: str) -> int:
        """
        Return where a site stands among the sites.

        Raises
        ------
        KeyError
            If there is none of this id.
        """
        rows = np.flatnonzero(self.sites.frame["id"].to_numpy() == site)
        if not len(rows):
            raise KeyError(site)
        return int(rows[0])


def tidy_of(ids: NDArray[np.object_], by_rule: Mapping[str, Answers]) -> pd.DataFrame:
    """
    Return answers as one row per site and rule, with exactly the columns `TIDY`; NaN where there is no number.

    Parameters
    ----------
    ids
        Of the sites, in the order of the answers.
    by_rule
        Their answers; numbers are rounded to what they can bear (centimetres, basis points).
    """
    count, rules = len(ids), list(by_rule)

    def column(name: str) -> NDArray[np.float64]:
        rows = [getattr(answers, name) for answers in by_rule.values()]
        return np.array(rows, float).reshape(len(rules), count).T.ravel()

    verdicts = np.array([answers.verdicts for answers in by_rule.values()], np.int8)
    nearest = np.array([answers.nearest for answers in by_rule.values()], object)
    table = pd.DataFrame(
        {
            "site": np.repeat(ids, len(rules)),
            "layer": np.tile(np.array(rules, object), count),
            "verdict": np.array(VERDICTS, object)[verdicts.reshape(len(rules), count).T.ravel()],
            "overlap_m2": column("overlap_m2"),
            "overlap_share": column("share"),
            "distance_m": column("distance_m"),
            "nearest": nearest.reshape(len(rules), count).T.ravel(),
            "sigma_m": column("sigma_m"),
            "probability": column("probability"),
        }
    )
    # Adding zero turns a negative zero into a plain one.
    numbers = list(_DIGITS)
    table[numbers] = table[numbers].round(_DIGITS) + 0.0
    return table


def passing(answer: Answers) -> NDArray[np.int8]:
    """Return verdicts as they count: where being inside is wanted, a hit is as good as a clear, and a clear a hit."""
    if answer.rule.wanted == "clear":
        return answer.verdicts
    swapped = np.array([_CLEAR, _HIT, _UNCERTAIN, _NO_DATA], np.int8)
    return swapped[answer.verdicts]


def sites_of(sites: SiteSet, plan: Plan) -> Sites:
    """Return the geometries of a site set, ready to be overlaid."""
    frame = sites.frame
    return Sites(np.asarray(frame.geometry.to_numpy(), dtype=object), frame["sigma_m"].to_numpy(float), plan.crs)


def screen(
    sites: SiteSet,
    plan: Plan,
    *,
    rules: Rules | None = None,
    controls: Sequence[Control] = (),
    terrain: Terrain | None = None,
) -> Screening:
    """
    Screen sites against a plan and what else is given.

    Parameters
    ----------
    sites
        In the plan's working CRS.
    plan
        Every layer of it that a rule names is asked.
    rules
        The shipped ones if None.
    controls
        Control layers; one that no rule names is asked whether the site shares ground with it.
    terrain
        For slope rules.
    """
    rules = rules or read_rules()
    targets = targets_of(plan, controls)
    asked = dict(rules.rules)
    known = {rule.layer for rule in asked.values()}
    asked |= {c.id: rules.plain(c.id, c.title) for c in controls if c.id not in known}
    shapes = sites_of(sites, plan)
    answers = answer_all(shapes, asked, targets, rules, terrain)
    return Screening(sites, plan, rules, tuple(controls), MappingProxyType(answers), terrain)


def targets_of(plan: Plan, controls: Sequence[Control]) -> dict[str, Target]:
    """Return the layers of a plan and control layers as targets, by id; of two alike the control layer counts."""
    targets = {kind: of_the_plan(layer) for kind, layer in plan.layers.items()}
    return targets | {control.id: control.target for control in controls}


def answer_all(
    sites: Sites,
    asked: Mapping[str, Rule],
    targets: Mapping[str, Target],
    rules: Rules,
    terrain: Terrain | None = None,
) -> dict[str, Answers]:
    """
    Return the answers of sites to rules, by rule id.

    Parameters
    ----------
    sites
        In the CRS of the targets.
    asked
        The rules, by id.
    targets
        Layers by id; a rule whose layer is not among them, or empty, has no data.
    rules
        Gives the thresholds.
    terrain
        For slope rules.
    """

    def answer(rule: Rule) -> Answers:
        target = targets.get(rule.layer)
        if not len(sites):
            return _no_data(sites, rule)
        if rule.layer == TERRAIN and terrain is not None:
            return _on_terrain(sites, rule, terrain)
        return _no_data(sites, rule) if target is None or not len(target) else _answer(sites, rule, target, rules)

    return {id_: answer(rule) for id_, rule in asked.items()}


def _answer(sites: Sites, rule: Rule, target: Target, rules: Rules) -> Answers:
    exact = overlay(sites, target, of_nearest=rule.predicate == "member")
    sigmas = target.sigma_m
    named = exact.nearest
    limit = rule.distance_m
    bases = np.array(target.bases, object)
    if rule.predicate in {"member", "overlaps"}:
        is_hit = exact.touches.copy()
        measured = np.isfinite(exact.overlap_m2) & target.has_areas
        # An area that only touches, and lies in none, shares a border and no ground.
        is_hit[measured & (exact.overlap_m2 < rules.least_m2)] = False
    else:
        is_hit = exact.distance_m <= limit
    # The verdict of a layer is that of its least sure feature which may be involved.
    near = np.zeros(len(sites), bool)
    sigma = np.hypot(sites.sigma_m, sigmas[named])
    for least in np.unique(sigmas):
        both = np.hypot(sites.sigma_m, least)
        reach = limit + rule.allowance_m + rules.reach * both
        within = _within(sites, target, sigmas == least, reach)
        within = np.where(reach > 0, within, is_hit)
        sigma = np.where(within, np.where(near, np.maximum(sigma, both), both), sigma)
        near |= within
    only = named if rule.predicate == "member" else None
    probability = involved(sites, target, limit, only=only)
    certain = (np.hypot(sites.sigma_m, sigmas.max())) == 0
    probability = np.where(certain, is_hit.astype(float), probability)
    sure = is_hit & (probability >= rules.sure)
    if rule.allowance_m:
        sure &= bases[named] == "official"
    verdicts = np.full(len(sites), _UNCERTAIN, np.int8)
    verdicts[~near & ~is_hit] = _CLEAR
    verdicts[sure] = _HIT
    blank = (bases[named] == "schematic") & (not rule.measured)
    names = np.array(target.names, object)
    return Answers(
        rule,
        verdicts,
        np.where(blank, np.nan, exact.overlap_m2),
        np.where(blank, np.nan, exact.share),
        exact.distance_m,
        names[named],
        sigma,
        probability,
    )


def _within(sites: Sites, target: Target, which: NDArray[np.bool_], reach: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which sites lie within a reach (true metres) of some of the features."""
    tree = target.tree if which.all() else shapely.STRtree(target.geometries[which])
    site, _ = tree.query(sites.geometries, predicate="dwithin", distance=reach * sites.scale)
    return np.bincount(site, minlength=len(sites)) > 0


def _no_data(sites: Sites, rule: Rule) -> Answers:
    nothing = np.full(len(sites), np.nan)
    verdicts = np.full(len(sites), _NO_DATA, np.int8)
    blank = np.full(len(sites), "", object)
    return Answers(rule, verdicts, nothing, nothing, nothing, blank, nothing, nothing)


def _on_terrain(sites: Sites, rule: Rule, terrain: Terrain) -> Answers:
    """Slopes: certain only if they stay on one side of the limit a cell away from the site, either way."""
    count = len(sites)
    verdicts, shares = np.full(count, _NO_DATA, np.int8), np.full(count, np.nan)
    for n, geometry in enumerate(sites.geometries):
        share = terrain.share_steeper(geometry, rule.degrees)
        around = terrain.share_steeper(geometry.buffer(terrain.resolution_m), rule.degrees)
        if share is None or around is None:
            continue
        shares[n] = share
        over = (share > rule.share, around > rule.share)
        verdicts[n] = _HIT if all(over) else _UNCERTAIN if any(over) else _CLEAR
    nothing = np.full(count, np.nan)
    known = verdicts != _NO_DATA
    overlap = np.where(sites.dimensions == 2, shares * sites.area_m2, np.nan)  # noqa: PLR2004 - areas
    error = np.where(known, np.hypot(sites.sigma_m, terrain.resolution_m), np.nan)
    blank = np.full(count, "", object)
    return Answers(rule, verdicts, overlap, shares, nothing, blank, error, nothing)
