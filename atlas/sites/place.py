"""From the numbers of a file to sites in the plan's working CRS: solve, transform, mend, and say what was done."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.sites.detective import CannotTell, Elsewhere, Verdict, solve
from atlas.sites.mend import Mender
from atlas.sites.model import COLUMNS, Alternative, Reading, SiteSet
from atlas.sites.raw import Claim, RawFile, RawSite, label, numbers_of, refuse
from atlas.sites.terrain import Terrain
from atlas.sites.vocabulary import datum_stated, vocabulary
from layers import Finding, Findings, PlanError
from layers import crs as systems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers import Plan
    from layers.crs import Floats

_SAMPLE: Final = 500
_METRES_PER_DEGREE: Final = 111_320.0
_PREFIXED_DIGITS: Final = (5, 8, 11)  # an easting with its zone's number, in km, m and mm
_TEXT_FIELDS: Final = ("name", "category", "nature", "location", "content", "years", "owner", "note")
_EAST_FIRST: Final = ("lon,lat", "east,north")


@dataclass(frozen=True)
class _Case:
    """One file being read: what is in it, the ground it is held against, and the list of what is wrong with it."""

    name: str
    raw: RawFile
    terrain: Terrain
    user: Claim | None
    found: Findings


@dataclass
class _Group:
    """Sites whose coordinates are written alike, and what the detective makes of them."""

    claim: Claim | None
    rows: list[int]
    verdict: Verdict | None = None
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the frame, and its number in the file."""

    number: int
    site: RawSite
    shape: BaseGeometry
    sigma_m: float
    inside: bool


def place_sites(raw: RawFile, name: str, plan: Plan, user: Claim | None) -> SiteSet:
    """
    Return the sites of a file in the plan's working CRS.

    Parameters
    ----------
    raw
        The file as its reader understands it.
    name
        Of the result.
    plan
        The plan of the district.
    user
        What the user says of the coordinates, which overrides what the file says; or None.

    Raises
    ------
    PlanError
        If no site is left, or all lie elsewhere, on a refused datum, or in a CRS that cannot be told.
    """
    case = _Case(name, raw, Terrain.of(plan), user, Findings())
    case.found.extend(raw.findings)
    sites, claims = _usable(case)
    if not sites:
        raise _nothing(case)
    first = _first_points([site.shape for site in sites])
    groups = _groups(first, claims)
    named = {text: case.terrain.town_named(text) for text in {site.fields.get("location", "") for site in sites}}
    towns = [named[site.fields.get("location", "")] for site in sites]
    _solve_all(case, groups, first, list(zip(sites, towns, strict=True)))
    solved = [group for group in groups if group.verdict]
    rows = [row for group in solved for row in _placed(case, group, sites, towns)]
    frame = _frame(rows, plan)
    if frame.empty:
        raise _nothing(case)
    _say_how(case, solved, frame)
    return SiteSet(name, frame, _reading(case, solved, first, frame))


def _claim_of_name(name: str) -> Claim | None:
    datum = datum_stated(name, about_coordinates=True)
    return Claim(datum, by="name", words=name) if datum in systems.DATUMS else None


def _nothing(case: _Case) -> PlanError:
    """Return the refusal for a file of which nothing is left, with the first reasons."""
    return PlanError([Finding("no_sites", case.name), *list(case.found)[:5]])


def _usable(case: _Case) -> tuple[list[RawSite], list[Claim | None]]:
    """
    Return the sites with finite coordinates on a datum that can be used, and what is said of each.

    Raises
    ------
    PlanError
        If all are on a refused datum.
    """
    sites, user = case.raw.sites, case.user
    shared = case.raw.claim or _claim_of_name(case.name)
    said = [user or _own(site) or shared for site in sites]
    refused = {n for n, claim in enumerate(said) if claim and claim.datum in systems.REFUSED_DATUMS}
    if refused and len(refused) == len(sites):
        raise refuse("refused_datum", case.name, value=next(claim.words for claim in said if claim))
    points, owners = shapely.get_coordinates([site.shape for site in sites], return_index=True)
    wrong = set(owners[~np.isfinite(points).all(axis=1)].tolist())
    kept: list[int] = []
    for number, site in enumerate(sites):
        claim = said[number]
        if number in wrong:
            case.found.add("bad_position", label(site), value="NaN / ∞")
        elif site.shape.is_empty:
            case.found.add("no_position", label(site))
        elif number in refused and claim:
            case.found.add("refused_site", label(site), value=claim.words)
        else:
            kept.append(number)
    if user and any(own.datum != user.datum for site in sites if (own := _own(site))):
        case.found.add("claim_overridden", case.name, value=user.words)
    return [sites[n] for n in kept], [said[n] for n in kept]


def _own(site: RawSite) -> Claim | None:
    """Return what is said of a site alone; None where no datum comes of it."""
    return site.claim if site.claim and (site.claim.datum or site.claim.code) else None


def _array(shapes: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """Return geometries as an array of objects, however many they are."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array


def _first_points(shapes: Sequence[BaseGeometry]) -> Floats:
    points, owners = shapely.get_coordinates(shapes, return_index=True)
    _, starts = np.unique(owners, return_index=True)
    return np.asarray(points[starts])


def _groups(first: Floats, claims: Sequence[Claim | None]) -> list[_Group]:
    """Divide sites by what is said of them and by how many digits their numbers have, the zone's number included."""
    kinds: dict[Claim | None, int] = {}
    # What is said alike in other words is one thing.
    alike = [kinds.setdefault(replace(claim, words="") if claim else None, len(kinds)) for claim in claims]
    digits = np.floor(np.log10(np.maximum(np.abs(first), 1.0))).astype(int) + 1
    fronts = np.where(np.isin(digits, _PREFIXED_DIGITS) & (first > 0), first // 10.0 ** (digits - 2), 0)
    _, owners = np.unique(np.column_stack([alike, digits, fronts]), axis=0, return_inverse=True)
    order = np.argsort(owners, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(owners[order])) + 1)
    groups = [_Group(claims[part[0]], part.tolist()) for part in parts]
    return sorted(groups, key=lambda group: (-len(group.rows), group.rows[0]))


def _solve_all(case: _Case, groups: list[_Group], first: Floats, sites: Sequence[tuple[RawSite, str]]) -> None:
    """
    Let the detective look at every group; what it cannot place is a problem of its rows.

    Beside sites of the district, those of another province are kept where they lie; alone they are refused.

    Parameters
    ----------
    case, groups
        The file, and the sites that are written alike.
    first
        The first position of each site, as written.
    sites
        Each site with the town that it names.

    Raises
    ------
    PlanError
        If it can place none.
    """
    failed: list[tuple[_Group, CannotTell | Elsewhere]] = []
    for n, group in enumerate(groups):
        if n >= vocabulary()["caps"]["groups"]:
            failed.append((group, CannotTell()))
            continue
        rows = group.rows[:: max(len(group.rows) // _SAMPLE, 1)]
        points = first[rows]
        try:
            named = [sites[row][1] for row in rows]
            group.verdict = solve(points[:, 0], points[:, 1], named, group.claim, case.terrain)
        except (CannotTell, Elsewhere) as error:
            failed.append((group, error))
    if len(failed) == len(groups):
        raise _refused(*failed[0], case.name, first[failed[0][0].rows[0]])
    for group, answer in failed:
        if isinstance(answer, Elsewhere) and answer.verdict and answer.far_m <= vocabulary()["fit"]["reach_m"]:
            group.verdict, group.is_elsewhere = answer.verdict, True
            continue
        for row in group.rows:
            if isinstance(answer, Elsewhere):
                where = {"lon": f"{answer.lon:.2f}", "lat": f"{answer.lat:.2f}", "km": round(answer.far_m / 1000)}
                case.found.add("site_elsewhere", label(sites[row][0]), **where)
            else:
                case.found.add("impossible_position", label(sites[row][0]), value=numbers_of(first[row]))


def _refused(group: _Group, answer: CannotTell | Elsewhere, name: str, example: Floats) -> PlanError:
    claim = group.claim
    if isinstance(answer, Elsewhere):
        hint = f"--assume-crs {answer.hint}" if answer.hint else "--assume-crs"
        far = round(answer.far_m / 1000)
        return refuse("lies_elsewhere", name, lon=f"{answer.lon:.2f}", lat=f"{answer.lat:.2f}", km=far, hint=hint)
    if claim and claim.by == "user":
        return refuse("bad_assumption", name, value=claim.words, numbers=numbers_of(example))
    return refuse("cannot_tell", name, numbers=numbers_of(example))


def _placed(case: _Case, group: _Group, sites: Sequence[RawSite], towns: Sequence[str]) -> list[_Row]:
    """Return the sites of a group as rows of the frame."""
    terrain = case.terrain
    verdict = group.verdict
    if verdict is None:
        return []
    winner = verdict.winner

    def move(points: Floats) -> Floats:
        return np.column_stack(systems.project(*winner.lonlat(points[:, 0], points[:, 1]), terrain.crs))

    shapes = shapely.transform(_array([sites[row].shape for row in group.rows]), move)
    starts = _first_points(list(shapes))
    lon, lat = systems.unproject(starts[:, 0], starts[:, 1], terrain.crs)
    steps = np.array([sites[row].step for row in group.rows])
    steps *= _METRES_PER_DEGREE if winner.crs is None else winner.scale
    sigma = np.hypot(steps / math.sqrt(12), vocabulary()["sigma_m"].get(winner.datum, 0.0))
    if winner.datum == "unknown" and winner.crs is None:
        sigma = np.hypot(sigma, systems.shift_between(lon, lat, "gcj02"))
    elif group.claim is None:
        # Metres without a word: what else they may be in is carried along with its probability.
        written = _first_points([sites[row].shape for row in group.rows])
        for other, chance in verdict.others:
            if chance > vocabulary()["fit"]["least"]:
                there = other.lonlat(written[:, 0], written[:, 1])
                sigma = np.hypot(sigma, math.sqrt(chance) * systems.distance_between(lon, lat, *there))
    inside = shapely.intersects(terrain.district, shapes)
    own = [sites[row] for row in group.rows]
    sound = Mender(terrain, case.found).mend(own, shapes, [towns[row] for row in group.rows])
    return [
        _Row(row, own[n], sound[n], round(float(sigma[n]), 2), bool(inside[n]))
        for n, row in enumerate(group.rows)
        if sound[n] is not None and not sound[n].is_empty
    ]


def _frame(rows: list[_Row], plan: Plan) -> gpd.GeoDataFrame:
    """Return the frame of `SiteSet`, in the order of the file."""
    rows = sorted(rows, key=lambda row: row.number)
    sites = [row.site for row in rows]
    columns: dict[str, object] = {
        name: [site.fields.get(name, "") for site in sites] for name in COLUMNS if name in _TEXT_FIELDS
    }
    money = [site.fields.get("investment_wan", "") for site in sites]
    columns |= {
        "id": _unique([site.fields.get("id", "") for site in sites]),
        "investment_wan": [float(amount) if amount else math.nan for amount in money],
        "sigma_m": [row.sigma_m for row in rows],
        "where": [site.where for site in sites],
        "inside": np.array([row.inside for row in rows], dtype=bool),
        "attributes": [dict(site.attributes) for site in sites],
    }
    table = pd.DataFrame(columns, columns=list(COLUMNS[:-1]))
    return gpd.GeoDataFrame(table, geometry=_array([row.shape for row in rows]), crs=plan.crs)


def _unique(wanted: Sequence[str]) -> list[str]:
    """Return ids of which no two are equal: those of the file, a number where it has none or repeats one."""
    taken: set[str] = set(wanted)
    seen: Counter[str] = Counter()
    ids = []
    for number, own in enumerate(wanted, 1):
        id_ = own or f"{number}"
        if (own and seen[own]) or (not own and id_ in taken):
            tries = (f"{id_}#{again}" for again in count(seen[own] + 1 if own else 2))
            id_ = next(other for other in tries if other not in taken)
            taken.add(id_)
        seen[own] += 1
        ids.append(id_)
    return ids


def _main(solved: list[_Group]) -> tuple[_Group, Verdict]:
    """Return the largest group in and around the district, which the reading of the file describes."""
    main = max(solved, key=lambda group: (not group.is_elsewhere, len(group.rows)))
    if main.verdict is None:
        raise RuntimeError
    return main, main.verdict


def _say_how(case: _Case, solved: list[_Group], frame: gpd.GeoDataFrame) -> None:
    """Report what the user must know about how the coordinates were read."""
    main, verdict = _main(solved)
    name, found = case.name, case.found
    winner = verdict.winner
    if any(g.verdict and g.verdict.winner.datum == "unknown" for g in solved):
        found.add("unknown_datum", name, metres=round(float(frame["sigma_m"].max())))
    elif winner.crs is not None and main.claim is None:
        found.add("undeclared_crs", name, value=winner.code)
    if verdict.is_corrected and main.claim:
        found.add("claim_wrong", name, value=main.claim.words or main.claim.datum, near=winner.code)
    if main.claim and main.claim.by == "kml" and winner.datum == "wgs84":
        x, y = shapely.get_coordinates(frame.geometry.iloc[0])[0]
        shift = systems.shift_between(*systems.unproject(x, y, case.terrain.crs), "gcj02")[0]
        found.add("doubtful_kml", name, metres=round(shift))
    if main.claim and main.claim.by == "name":
        found.add("claim_by_name", name, value=winner.datum)
    if (winner.order in _EAST_FIRST) != (case.raw.order in _EAST_FIRST):
        found.add("swapped_axes", name, value=winner.order)
    if winner.scale != 1.0:
        found.add("other_unit", name, value="mm" if winner.scale < 1 else "km")
    kinds = {(g.verdict.winner.datum, g.verdict.winner.code, g.verdict.winner.order) for g in solved if g.verdict}
    if len(kinds) > 1:
        orders = len({order for _, _, order in kinds}) > 1
        known = ", ".join(
            sorted(
                " ".join(filter(None, (datum if datum != "unknown" else "", code, f"({order})" if orders else "")))
                for datum, code, order in kinds
            )
        )
        found.add("mixed_systems", name, known=known)


def _reading(case: _Case, solved: list[_Group], first: Floats, frame: gpd.GeoDataFrame) -> Reading:
    main, verdict = _main(solved)
    winner, points = verdict.winner, first[main.rows[:_SAMPLE]]
    lon, lat = winner.lonlat(points[:, 0], points[:, 1])
    total = sum(len(group.rows) for group in solved)
    confidence = sum(len(g.rows) * g.verdict.confidence for g in solved if g.verdict) / total
    # The other readings are those of the largest group; together with the winner none is more than certain.
    share = min(1.0, (1.0 - confidence) / max(sum(score for _, score in verdict.others), 1e-9))
    alternatives = []
    for other, score in verdict.others:
        there = other.lonlat(points[:, 0], points[:, 1])
        shift = float(np.median(systems.distance_between(lon, lat, *there)))
        alternatives.append(Alternative(other.assume, other.code, other.datum, other.order, share * score, shift))
    return Reading(
        format=case.raw.format,
        encoding=case.raw.encoding,
        datum=winner.datum,
        crs=winner.code,
        axis_order=winner.order,
        confidence=confidence,
        alternatives=tuple(alternatives),
        features=len(frame),
        problems=tuple(case.found),
    )
