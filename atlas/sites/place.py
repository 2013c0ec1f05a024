"""From the numbers of a file to sites in the plan's working CRS: solve, transform, mend, and say what was done."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from atlas.sites.detective import CannotTell, Elsewhere, Verdict, solve
from atlas.sites.model import COLUMNS, Alternative, Reading, SiteSet
from atlas.sites.raw import Claim, RawFile, RawSite, refuse
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
_TEXT_FIELDS: Final = COLUMNS[:6]
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
    towns = [case.terrain.town_named(site.fields.get("location", "")) for site in sites]
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
    said = [user or _own(site) or case.raw.claim or _claim_of_name(case.name) for site in sites]
    refused = {n for n, claim in enumerate(said) if claim and claim.datum in systems.REFUSED_DATUMS}
    if refused and len(refused) == len(sites):
        raise refuse("refused_datum", case.name, value=next(claim.words for claim in said if claim))
    points, owners = shapely.get_coordinates([site.shape for site in sites], return_index=True)
    wrong = set(owners[~np.isfinite(points).all(axis=1)].tolist())
    kept: list[int] = []
    for number, site in enumerate(sites):
        claim = said[number]
        if number in wrong:
            case.found.add("bad_position", _label(site), value="NaN / ∞")
        elif site.shape.is_empty:
            case.found.add("no_position", _label(site))
        elif number in refused and claim:
            case.found.add("refused_site", _label(site), value=claim.words)
        else:
            kept.append(number)
    if user and any(own.datum != user.datum for site in sites if (own := _own(site))):
        case.found.add("claim_overridden", case.name, value=user.words)
    return [sites[n] for n in kept], [said[n] for n in kept]


def _own(site: RawSite) -> Claim | None:
    """Return what is said of a site alone; None where no datum comes of it."""
    return site.claim if site.claim and (site.claim.datum or site.claim.code) else None


def _label(site: RawSite) -> str:
    return f"{site.where} ({site.fields['name']})" if site.fields.get("name") else site.where


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
    groups: dict[tuple[object, ...], _Group] = {}
    digits = np.floor(np.log10(np.maximum(np.abs(first), 1.0))).astype(int) + 1
    for number, claim in enumerate(claims):
        kinds = tuple(
            (count, int(value // 10 ** (count - 2)) if count in _PREFIXED_DIGITS and value > 0 else 0)
            for count, value in zip(digits[number].tolist(), first[number].tolist(), strict=True)
        )
        key = (claim and (claim.datum, claim.code, claim.meridian, claim.by), kinds)
        groups.setdefault(key, _Group(claim, [])).rows.append(number)
    return sorted(groups.values(), key=lambda group: -len(group.rows))


def _solve_all(case: _Case, groups: list[_Group], first: Floats, sites: Sequence[tuple[RawSite, str]]) -> None:
    """
    Let the detective look at every group; what it cannot place is a problem of its rows.

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
        for row in group.rows:
            if isinstance(answer, Elsewhere):
                where = {"lon": f"{answer.lon:.2f}", "lat": f"{answer.lat:.2f}", "km": round(answer.far_m / 1000)}
                case.found.add("site_elsewhere", _label(sites[row][0]), **where)
            else:
                case.found.add("impossible_position", _label(sites[row][0]), value=_numbers(first[row]))


def _refused(group: _Group, answer: CannotTell | Elsewhere, name: str, example: Floats) -> PlanError:
    claim = group.claim
    if isinstance(answer, Elsewhere):
        hint = f"--assume-crs {answer.hint}" if answer.hint else "--assume-crs"
        far = round(answer.far_m / 1000)
        return refuse("lies_elsewhere", name, lon=f"{answer.lon:.2f}", lat=f"{answer.lat:.2f}", km=far, hint=hint)
    if claim and claim.by == "user":
        return refuse("bad_assumption", name, value=claim.words, numbers=_numbers(example))
    return refuse("cannot_tell", name, numbers=_numbers(example))


def _numbers(point: Floats) -> str:
    return ", ".join(f"{number:.10g}" for number in point)


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
    inside = shapely.intersects(terrain.district, shapes)
    rows = []
    for n, row in enumerate(group.rows):
        shape = _sound(case, sites[row], shapes[n])
        if shape is not None:
            _say_where(case, sites[row], shape, towns[row])
            rows.append(_Row(row, sites[row], shape, round(float(sigma[n]), 2), bool(inside[n])))
    return rows


def _sound(case: _Case, site: RawSite, shape: BaseGeometry) -> BaseGeometry | None:
    """Return a valid geometry of one kind, or None if its corners lie apart as no site's do."""
    terrain, found = case.terrain, case.found
    west, south, east, north = shape.bounds
    reach = 10 * vocabulary()["fit"]["elsewhere_m"]
    if not all(map(math.isfinite, shape.bounds)) or shape.distance(terrain.district) > reach:
        found.add("impossible_position", _label(site), value=_numbers(shapely.get_coordinates(site.shape)[0]))
        return None
    if max(east - west, north - south) > 2 * vocabulary()["fit"]["elsewhere_m"]:
        found.add("stray_corner", _label(site), km=round(max(east - west, north - south) / 1000))
        return None
    mended = shape
    if not shape.is_valid:
        found.add("repaired_geometry", _label(site), detail=shapely.is_valid_reason(shape))
        mended = shapely.make_valid(shape)
    if mended.geom_type == "GeometryCollection":
        mended = _of_one_kind(mended)
    if site.stated_area > 0 and mended.area > 0:
        _compare_area(site, float(systems.ellipsoidal_area(_array([mended]), terrain.crs)[0]), found)
    return None if mended.is_empty else mended


def _of_one_kind(collection: BaseGeometry) -> BaseGeometry:
    """Return the parts of the highest dimension as one geometry."""
    parts = shapely.get_parts(collection)
    while any(part.geom_type == "GeometryCollection" for part in parts):
        parts = shapely.get_parts(parts)
    dimensions = shapely.get_dimensions(parts)
    highest = parts[dimensions == dimensions.max()]
    return shapely.union_all(highest)


def _compare_area(site: RawSite, area_m2: float, found: Findings) -> None:
    units = vocabulary()["files"]["area_units"]
    nearest = min((site.stated_area * unit for unit in units), key=lambda stated: abs(stated - area_m2))
    percent = round(100 * abs(nearest - area_m2) / area_m2, 1)
    if percent > 2:  # noqa: PLR2004 - what rounding, projection and generalisation may cost
        found.add("area_mismatch", _label(site), stated=f"{site.stated_area:g}", area=round(area_m2), percent=percent)


def _say_where(case: _Case, site: RawSite, shape: BaseGeometry, town: str) -> None:
    """Report a site that lies outside the district, or not in the town that its row names."""
    if (far := shape.distance(case.terrain.district)) > 0:
        case.found.add("site_outside", _label(site), km=f"{far / 1000:.1f}")
    if town:
        name, area, sigma_m = case.terrain.towns[town]
        missed = shape.distance(area)
        if missed > sigma_m + vocabulary()["fit"]["town_doubt_m"]:
            case.found.add("town_mismatch", _label(site), value=name, km=f"{missed / 1000:.1f}")


def _frame(rows: list[_Row], plan: Plan) -> gpd.GeoDataFrame:
    """Return the frame of `SiteSet`, in the order of the file."""
    rows = sorted(rows, key=lambda row: row.number)
    seen: Counter[str] = Counter()
    records = []
    for number, row in enumerate(rows, 1):
        site = row.site
        wanted = site.fields.get("id", "") or f"{number}"
        seen[wanted] += 1
        texts = {name: site.fields.get(name, "") for name in (*_TEXT_FIELDS, "years", "owner", "note")}
        money = site.fields.get("investment_wan", "")
        records.append(
            {
                **texts,
                "id": wanted if seen[wanted] == 1 else f"{wanted}#{seen[wanted]}",
                "investment_wan": float(money) if money else math.nan,
                "sigma_m": row.sigma_m,
                "where": site.where,
                "inside": row.inside,
                "attributes": dict(site.attributes),
            }
        )
    shapes = _array([row.shape for row in rows])
    table = pd.DataFrame(records, columns=list(COLUMNS[:-1]))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=plan.crs)[list(COLUMNS)]


def _main(solved: list[_Group]) -> tuple[_Group, Verdict]:
    """Return the largest group, which the reading of the file describes."""
    main = max(solved, key=lambda group: len(group.rows))
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
        known = "、".join(sorted({f"{datum} {code}" for datum, code, _ in kinds}))
        found.add("mixed_systems", name, known=known)


def _reading(case: _Case, solved: list[_Group], first: Floats, frame: gpd.GeoDataFrame) -> Reading:
    main, verdict = _main(solved)
    winner, points = verdict.winner, first[main.rows[:_SAMPLE]]
    lon, lat = winner.lonlat(points[:, 0], points[:, 1])
    alternatives = []
    for other, score in verdict.others:
        there = other.lonlat(points[:, 0], points[:, 1])
        shift = float(np.median(systems.distance_between(lon, lat, *there)))
        alternatives.append(Alternative(other.assume, other.code, other.datum, other.order, score, shift))
    total = sum(len(group.rows) for group in solved)
    confidence = sum(len(g.rows) * g.verdict.confidence for g in solved if g.verdict) / total
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
