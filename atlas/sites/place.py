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
from layers import Findings
from layers import crs as systems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers import Plan
    from layers.crs import Floats

_SAMPLE: Final = 500
_METRES_PER_DEGREE: Final = 111_320.0
_PREFIXED_DIGITS: Final = (5, 8, 11)  # an easting with its zone's number, in km, m and mm
_TEXT_FIELDS: Final = COLUMNS[:6]
_EAST_FIRST: Final = ("lon,lat", "east,north")


@dataclass
class _Group:
    """Sites whose coordinates are written alike, and what the detective makes of them."""

    claim: Claim | None
    rows: list[int]
    verdict: Verdict | None = None


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
    found = Findings()
    found.extend(raw.findings)
    terrain = Terrain.of(plan)
    file_claim = user or raw.claim or _claim_of_name(name)
    sites, claims = _usable(raw.sites, file_claim, user, name, found)
    if not sites:
        raise _nothing(name, found)
    first = _first_points([site.shape for site in sites])
    groups = _groups(first, claims)
    towns = [terrain.town_named(site.fields.get("location", "")) for site in sites]
    _solve_all(groups, first, towns, terrain, sites, name, found)
    solved = [group for group in groups if group.verdict]
    main = max(solved, key=lambda group: len(group.rows))
    parts = [_placed(group, sites, towns, terrain, found) for group in solved]
    frame = _frame([row for part in parts for row in part], plan)
    if frame.empty:
        raise _nothing(name, found)
    _say_how(main, solved, raw, name, frame, found)
    return SiteSet(name, frame, _reading(raw, main, solved, first, frame, found))


def _claim_of_name(name: str) -> Claim | None:
    datum = datum_stated(name, about_coordinates=True)
    return Claim(datum, by="name", words=name) if datum in systems.DATUMS else None


def _nothing(name: str, found: Findings) -> Exception:
    """Return the refusal for a file of which nothing is left, with the first reasons."""
    error = refuse("no_sites", name)
    return type(error)([*error.findings, *list(found)[:5]])


def _usable(
    sites: Sequence[RawSite],
    file_claim: Claim | None,
    user: Claim | None,
    name: str,
    found: Findings,
) -> tuple[list[RawSite], list[Claim | None]]:
    """Return the sites with finite coordinates on a datum that can be used, and what holds for each."""
    refused = [
        s for s in sites if not user and (s.claim or file_claim) and _datum(s, file_claim) in systems.REFUSED_DATUMS
    ]
    if refused and len(refused) == len(sites):
        claim = refused[0].claim or file_claim
        raise refuse("refused_datum", name, value=claim.words or claim.datum if claim else "")
    bad = {id(site) for site in refused}
    for site in refused:
        found.add("refused_site", _label(site), value=site.claim.words if site.claim else "")
    shapes = np.array([site.shape for site in sites], dtype=object)
    points, owners = shapely.get_coordinates(shapes, return_index=True)
    wrong = set(owners[~np.isfinite(points).all(axis=1)].tolist())
    empty = set(np.flatnonzero(shapely.is_empty(shapes)).tolist())
    kept, claims = [], []
    for number, site in enumerate(sites):
        if number in wrong:
            found.add("bad_position", _label(site), value="NaN / ∞")
        elif number in empty:
            found.add("no_position", _label(site))
        elif id(site) not in bad:
            kept.append(site)
            own = site.claim if site.claim and site.claim.datum else None
            claims.append(user or own or file_claim)
    if user and any(s.claim and s.claim.datum and s.claim.datum != user.datum for s in sites):
        found.add("overridden", name, value=user.words)
    return kept, claims


def _datum(site: RawSite, file_claim: Claim | None) -> str:
    claim = site.claim if site.claim and site.claim.datum else file_claim
    return claim.datum if claim else ""


def _label(site: RawSite) -> str:
    return f"{site.where} ({site.fields['name']})" if site.fields.get("name") else site.where


def _first_points(shapes: list[shapely.geometry.base.BaseGeometry]) -> Floats:
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


def _solve_all(
    groups: list[_Group],
    first: Floats,
    towns: Sequence[str],
    terrain: Terrain,
    sites: Sequence[RawSite],
    name: str,
    found: Findings,
) -> None:
    """
    Let the detective look at every group; what it cannot place is a problem of its rows.

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
            group.verdict = solve(points[:, 0], points[:, 1], [towns[row] for row in rows], group.claim, terrain)
        except (CannotTell, Elsewhere) as answer:
            failed.append((group, answer))
    if len(failed) == len(groups):
        raise _refused(*failed[0], name, first[failed[0][0].rows[0]])
    for group, answer in failed:
        for row in group.rows:
            if isinstance(answer, Elsewhere):
                where = {"lon": f"{answer.lon:.2f}", "lat": f"{answer.lat:.2f}", "km": round(answer.far_m / 1000)}
                found.add("site_elsewhere", _label(sites[row]), **where)
            else:
                found.add("impossible_position", _label(sites[row]), value=_numbers(first[row]))


def _refused(group: _Group, answer: CannotTell | Elsewhere, name: str, example: Floats) -> Exception:
    claim = group.claim
    if isinstance(answer, Elsewhere):
        hint = f"--assume-crs {answer.hint}" if answer.hint else "--assume-crs"
        far = round(answer.far_m / 1000)
        return refuse("elsewhere", name, lon=f"{answer.lon:.2f}", lat=f"{answer.lat:.2f}", km=far, hint=hint)
    if claim and claim.by == "user":
        return refuse("bad_assumption", name, value=claim.words, numbers=_numbers(example))
    return refuse("cannot_tell", name, numbers=_numbers(example))


def _numbers(point: Floats) -> str:
    return ", ".join(f"{number:.10g}" for number in point)


def _placed(
    group: _Group,
    sites: Sequence[RawSite],
    towns: Sequence[str],
    terrain: Terrain,
    found: Findings,
) -> list[tuple[int, RawSite, shapely.geometry.base.BaseGeometry, float, bool]]:
    """Return the sites of a group with their shapes in the working CRS, their errors, and whether they are inside."""
    verdict = group.verdict
    if verdict is None:
        return []
    winner = verdict.winner

    def move(points: Floats) -> Floats:
        return np.column_stack(systems.project(*winner.lonlat(points[:, 0], points[:, 1]), terrain.crs))

    shapes = shapely.transform(np.array([sites[row].shape for row in group.rows], dtype=object), move)
    starts = _first_points(list(shapes))
    lon, lat = systems.unproject(starts[:, 0], starts[:, 1], terrain.crs)
    steps = np.array([sites[row].step for row in group.rows])
    steps *= _METRES_PER_DEGREE if winner.crs is None else winner.scale
    sigma = np.hypot(steps / math.sqrt(12), vocabulary()["sigma_m"].get(winner.datum, 0.0))
    if winner.datum == "unknown" and winner.crs is None:
        sigma = np.hypot(sigma, systems.shift_between(lon, lat, "gcj02"))
    inside = shapely.intersects(terrain.district, shapes)
    far = shapely.distance(shapes, terrain.district)
    return [
        (row, sites[row], shape, round(float(sigma[n]), 2), bool(inside[n]))
        for n, row in enumerate(group.rows)
        if (shape := _sound(shapes[n], sites[row], terrain, found)) is not None
        and _say_where(sites[row], shape, float(far[n]), towns[row], terrain, found)
    ]


def _sound(
    shape: shapely.geometry.base.BaseGeometry,
    site: RawSite,
    terrain: Terrain,
    found: Findings,
) -> shapely.geometry.base.BaseGeometry | None:
    """Return a valid geometry of one kind, or None if its corners lie apart as no site's do."""
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
        _compare_area(site, float(systems.ellipsoidal_area([mended], terrain.crs)[0]), found)
    return None if mended.is_empty else mended


def _of_one_kind(collection: shapely.geometry.base.BaseGeometry) -> shapely.geometry.base.BaseGeometry:
    """Return the parts of the highest dimension as one geometry."""
    parts = shapely.get_parts(collection, return_index=False)
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


def _say_where(
    site: RawSite,
    shape: shapely.geometry.base.BaseGeometry,
    far_m: float,
    town: str,
    terrain: Terrain,
    found: Findings,
) -> bool:
    """Report a site that lies outside the district, or not in the town that its row names; always true."""
    if far_m > 0:
        found.add("site_outside", _label(site), km=f"{far_m / 1000:.1f}")
    if town:
        name, area, sigma_m = terrain.towns[town]
        missed = shape.distance(area)
        if missed > sigma_m + vocabulary()["fit"]["town_doubt_m"]:
            found.add("town_mismatch", _label(site), value=name, km=f"{missed / 1000:.1f}")
    return True


def _frame(
    rows: list[tuple[int, RawSite, shapely.geometry.base.BaseGeometry, float, bool]], plan: Plan
) -> gpd.GeoDataFrame:
    """Return the frame of `SiteSet`, in the order of the file."""
    rows.sort(key=lambda row: row[0])
    seen: Counter[str] = Counter()
    records = []
    for number, (_, site, _, sigma_m, inside) in enumerate(rows, 1):
        wanted = site.fields.get("id", "") or f"{number}"
        seen[wanted] += 1
        texts = {name: site.fields.get(name, "") for name in (*_TEXT_FIELDS, "years", "owner", "note")}
        money = site.fields.get("investment_wan", "")
        records.append(
            {
                **texts,
                "id": wanted if seen[wanted] == 1 else f"{wanted}#{seen[wanted]}",
                "investment_wan": float(money) if money else math.nan,
                "sigma_m": sigma_m,
                "where": site.where,
                "inside": inside,
                "attributes": dict(site.attributes),
            }
        )
    shapes: NDArray[np.object_] = np.array([row[2] for row in rows], dtype=object)
    table = pd.DataFrame(records, columns=list(COLUMNS[:-1]))
    return gpd.GeoDataFrame(table, geometry=shapes, crs=plan.crs)[list(COLUMNS)]


def _say_how(
    main: _Group,
    solved: list[_Group],
    raw: RawFile,
    name: str,
    frame: gpd.GeoDataFrame,
    found: Findings,
) -> None:
    """Report what the user must know about how the coordinates were read."""
    verdict = main.verdict
    if verdict is None:
        return
    winner = verdict.winner
    if any(g.verdict and g.verdict.winner.datum == "unknown" for g in solved):
        found.add("unknown_datum", name, metres=round(float(frame["sigma_m"].max())))
    elif winner.crs is not None and main.claim is None:
        found.add("undeclared_crs", name, value=winner.code)
    if verdict.is_corrected and main.claim:
        found.add("claim_wrong", name, value=main.claim.words or main.claim.datum, near=winner.code)
    if main.claim and main.claim.by == "kml" and winner.datum == "wgs84":
        lonlat = frame.geometry.iloc[[0]].representative_point().to_crs(systems.STORAGE_CRS)
        shift = float(systems.shift_between(lonlat.x, lonlat.y, "gcj02")[0])
        found.add("doubtful_kml", name, metres=round(shift))
    if main.claim and main.claim.by == "name":
        found.add("claim_by_name", name, value=winner.datum)
    if (winner.order in _EAST_FIRST) != (raw.order in _EAST_FIRST):
        found.add("swapped_axes", name, value=winner.order)
    if winner.scale != 1.0:
        found.add("other_unit", name, value="mm" if winner.scale < 1 else "km")
    kinds = {(g.verdict.winner.datum, g.verdict.winner.code, g.verdict.winner.order) for g in solved if g.verdict}
    if len(kinds) > 1:
        known = "、".join(sorted({f"{datum} {code}" for datum, code, _ in kinds}))
        found.add("mixed_systems", name, known=known)


def _reading(
    raw: RawFile,
    main: _Group,
    solved: list[_Group],
    first: Floats,
    frame: gpd.GeoDataFrame,
    found: Findings,
) -> Reading:
    verdict = main.verdict
    if verdict is None:
        raise RuntimeError
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
        format=raw.format,
        encoding=raw.encoding,
        datum=winner.datum,
        crs=winner.code,
        axis_order=winner.order,
        confidence=confidence,
        alternatives=tuple(alternatives),
        features=len(frame),
        problems=tuple(found),
    )
