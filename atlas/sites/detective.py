"""The coordinate detective (坐标侦探): which CRS, datum, order and unit make a file's numbers fit the district.

What the file says comes first and what the numbers allow comes second; the district decides among what is left. Numbers
that fit nowhere are not guessed at. Datums that no single file can tell apart are told as such.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from atlas.sites.vocabulary import vocabulary
from layers import crs as systems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyproj

    from atlas.sites.model import AxisOrder, Datum
    from atlas.sites.raw import Claim
    from atlas.sites.terrain import Terrain
    from layers.crs import Floats

DEGREES: Final = 180.0
_LAT: Final = 90.0
# What an easting without its zone's number, and a northing in China, can be (m).
_EAST_M: Final = (100_000.0, 900_000.0)
_NORTH_M: Final = (300_000.0, 6_300_000.0)
_LEAST_LISTED: Final = 0.001
_SURE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """
    One way to read the numbers of a file.

    Parameters
    ----------
    code, datum, order
        As of `atlas.sites.model.Reading`.
    assume
        As of `atlas.sites.model.Alternative`.
    scale
        Metres in one unit of the file.
    crs
        The projected CRS; None for longitude and latitude.
    is_zone, number
        Whether it is a zone with eastings and northings as surveyors write them, and the zone's number in front of the
        easting; 0 if there is none.
    agrees
        Whether it is what is said of the coordinates; None if nothing is said.
    weight
        How likely it is before anybody looks at the district.
    """

    code: str
    datum: Datum
    order: AxisOrder
    assume: str
    scale: float = 1.0
    crs: pyproj.CRS | None = None
    is_zone: bool = False
    number: int = 0
    agrees: bool | None = None
    weight: float = 1.0

    def lonlat(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Return longitude and latitude (degrees, WGS84) of positions as the file writes them."""
        swapped = self.order in {"lat,lon", "north,east"}
        x, y = (second, first) if swapped else (first, second)
        if self.crs is not None:
            x, y = systems.unproject(x * self.scale, y * self.scale, self.crs)
        return systems.to_wgs84(x, y, "cgcs2000" if self.datum == "unknown" else self.datum)

    def allows(self, first: Floats, second: Floats) -> bool:
        """Say whether most of the numbers can be what they would be."""
        swapped = self.order in {"lat,lon", "north,east"}
        x, y = (second, first) if swapped else (first, second)
        if self.crs is None:
            fine = (np.abs(x) <= DEGREES) & (np.abs(y) <= _LAT)
        elif not self.is_zone:
            fine = np.asarray(np.isfinite(self.lonlat(first, second)).all(axis=0))
        else:
            east, north = x * self.scale - self.number * 1e6, y * self.scale
            fine = (east > _EAST_M[0]) & (east < _EAST_M[1]) & (north > _NORTH_M[0]) & (north < _NORTH_M[1])
        return bool(np.mean(fine) > 0.5)  # noqa: PLR2004 - most


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What the detective makes of positions that are written alike.

    Parameters
    ----------
    winner, confidence
        The likeliest reading, and the probability that it is right.
    others
        The other readings that are not absurd with their probabilities, the likeliest first.
    is_corrected
        Whether it is not what the file says.
    """

    winner: Hypothesis
    confidence: float
    others: tuple[tuple[Hypothesis, float], ...]
    is_corrected: bool


class Elsewhere(Exception):  # noqa: N818 - it says where the positions are, and is not always wrong
    """
    The positions lie far from the district.

    Parameters
    ----------
    lon, lat, far_m
        Where, and how far from the district.
    hint
        Which other reading would bring them near.
    verdict
        The reading that leads there, where no other is likely.
    """

    def __init__(self, lon: float, lat: float, far_m: float, *, hint: str = "", verdict: Verdict | None = None) -> None:
        self.lon, self.lat, self.far_m, self.hint, self.verdict = lon, lat, far_m, hint, verdict
        super().__init__(f"{lon:.2f}, {lat:.2f}")


class CannotTell(Exception):  # noqa: N818 - an answer, as the others
    """No reading of the numbers leads to the district."""


def solve(first: Floats, second: Floats, towns: Sequence[str], claim: Claim | None, terrain: Terrain) -> Verdict:
    """
    Rank the readings of positions that are written alike.

    Parameters
    ----------
    first, second
        The two numbers of each position as the file writes them.
    towns
        The town that each is said to be in (a key of ``terrain.towns``), or blank.
    claim
        What is said of the coordinates.
    terrain
        The district.

    Raises
    ------
    CannotTell
        If no reading leads to the district, or none that agrees with what the user says is possible.
    Elsewhere
        If the likeliest reading leads far away.
    """
    candidates = [h for h in _candidates(first, second, claim, terrain) if h.allows(first, second)]
    if claim and claim.by == "user":
        candidates = [h for h in candidates if h.agrees]
    if not candidates:
        raise CannotTell
    odds = vocabulary()["fit"]
    fits = np.array([terrain.fit(*h.lonlat(first, second), towns) for h in candidates])
    scores = np.array([h.weight for h in candidates]) * np.maximum(fits, odds["floor"])
    scores /= scores.sum()
    best = int(np.argmax(scores))
    winner = candidates[best]
    if winner.crs is not None and not winner.agrees and fits[best] < odds["least"]:
        raise CannotTell
    is_corrected = winner.agrees is False or (claim is not None and not any(h.agrees for h in candidates))
    confidence = min(float(scores[best]), _trust(winner, claim, is_corrected=is_corrected))
    others = _others(candidates, scores, best, least=2 if confidence < _SURE else 0)
    verdict = Verdict(winner, confidence, others, is_corrected)
    _check_place(verdict, candidates, (first, second), terrain)
    return verdict


def _others(
    candidates: Sequence[Hypothesis],
    scores: Floats,
    best: int,
    *,
    least: int,
) -> tuple[tuple[Hypothesis, float], ...]:
    """Return the other readings that are not absurd; `least` of them even if the district speaks against them."""
    found: dict[str, tuple[Hypothesis, float]] = {}
    for n in np.argsort(-scores, kind="stable").tolist():
        hypothesis, score = candidates[n], float(scores[n])
        is_usual = hypothesis.is_zone or hypothesis.crs is None
        if n == best or hypothesis.assume in {candidates[best].assume, *found}:
            continue
        if score >= _LEAST_LISTED or (is_usual and len(found) < least):
            found[hypothesis.assume] = (hypothesis, score)
    return tuple(found.values())


def _trust(winner: Hypothesis, claim: Claim | None, *, is_corrected: bool) -> float:
    """Return the most that a reading can be trusted, whatever the district says of it."""
    trust = vocabulary()["trust"]
    if is_corrected:
        return float(trust["corrected"])
    if claim is None:
        return 1.0 if winner.crs is None else float(trust["undeclared"])
    # A datum without a zone: the district tells the zone.
    return float(trust[claim.by])


def _check_place(
    verdict: Verdict,
    candidates: Sequence[Hypothesis],
    numbers: tuple[Floats, Floats],
    terrain: Terrain,
) -> None:
    """Refuse what lies elsewhere by what it says of itself, even if its numbers would fit here by another reading."""
    odds, winner = vocabulary()["fit"], verdict.winner
    said = next((h for h in candidates if h.agrees), None)
    if said is not None and winner.agrees is False:
        lon, lat = said.lonlat(*numbers)
        if abs(float(np.median(lon)) - terrain.middle[0]) > odds["wrong_claim_deg"]:
            far = float(np.min(terrain.distance(lon, lat)))
            raise Elsewhere(float(np.median(lon)), float(np.median(lat)), far, hint=winner.assume)
    lon, lat = winner.lonlat(*numbers)
    far = float(np.min(terrain.distance(lon, lat)))
    if far > odds["elsewhere_m"]:
        if winner.crs is not None and not winner.agrees:
            raise CannotTell
        raise Elsewhere(float(np.median(lon)), float(np.median(lat)), far, verdict=verdict)


def _candidates(first: Floats, second: Floats, claim: Claim | None, terrain: Terrain) -> Iterator[Hypothesis]:
    """Return every reading worth trying, with its weight."""
    if max(np.median(np.abs(first)), np.median(np.abs(second))) <= DEGREES:
        yield from _geographic(claim)
    else:
        yield from _projected(claim, terrain)


def _geographic(claim: Claim | None) -> Iterator[Hypothesis]:
    usual = vocabulary()["undeclared_lonlat"]
    trust = vocabulary()["trust"]
    orders: tuple[AxisOrder, ...] = ("lon,lat", "lat,lon")
    said = claim.datum if claim and claim.datum in systems.DATUMS else ""
    misfit = claim is not None and claim.meridian is not None
    if not said:
        weights: dict[Datum, float] = {"unknown": usual["cgcs2000"], "gcj02": usual["gcj02"], "bd09": usual["bd09"]}
    else:
        alike = {"cgcs2000", "wgs84"}
        rest = {d: w for d, w in usual.items() if d != said and not {d, said} <= alike}
        doubt = 1.0 - trust[claim.by if claim else "stated"]
        weights = {said: 1.0 - doubt, **{d: doubt * w / sum(rest.values()) for d, w in rest.items()}}  # type: ignore[dict-item]
    for order in orders:
        for datum, weight in weights.items():
            code = systems.GEOGRAPHIC["cgcs2000" if datum == "unknown" else datum]
            agrees = None if not said else datum == said and not misfit
            assume = "cgcs2000" if datum == "unknown" else datum
            yield Hypothesis(code, datum, order, assume, agrees=agrees, weight=weight)


def _projected(claim: Claim | None, terrain: Terrain) -> Iterator[Hypothesis]:
    for hypothesis in _ways(claim, terrain):
        if claim is None:
            yield hypothesis
            continue
        trust = vocabulary()["trust"][claim.by]
        agrees = _agrees(hypothesis, claim)
        weight = hypothesis.weight * (trust if agrees else (1.0 - trust) / 10)
        yield replace(hypothesis, agrees=agrees, weight=weight)


def _agrees(hypothesis: Hypothesis, claim: Claim) -> bool:
    """Say whether a reading is what is said: a zone counts with and without its number in the easting."""
    if claim.datum in {"gcj02", "bd09"} or hypothesis.crs is None:
        return False
    said = systems.identify(claim.code) if claim.code else None
    if said and hypothesis.code == said.code:
        return True
    if claim.meridian is not None and claim.datum in {"cgcs2000", ""}:
        return hypothesis.is_zone and systems.identify(hypothesis.code).meridian == claim.meridian
    return said is None and {claim.datum, hypothesis.datum} <= {"cgcs2000", "wgs84"}


def _ways(claim: Claim | None, terrain: Terrain) -> Iterator[Hypothesis]:
    """Return the projected systems to try, in every order and unit."""
    orders: tuple[AxisOrder, ...] = ("east,north", "north,east")
    scales = vocabulary()["fit"]["scales"]
    codes = _zone_codes(claim, terrain)
    weights = vocabulary()["undeclared_metres"]
    for (_, number), code in codes.items():
        for order, scale in product(orders, scales):
            yield Hypothesis(code, "cgcs2000", order, code, scale, _crs(code), is_zone=True, number=number)
    others = {code: (code, weights["utm"]) for code in terrain.utm}
    others[systems.WEB_CRS] = (systems.WEB_CRS, weights["web_mercator"])
    said = systems.identify(claim.code) if claim and claim.code else None
    if claim and said and said.crs.is_projected and said.code not in codes.values():
        # A system of its own, such as a city's, is used as it is declared.
        others[said.code] = (claim.code, 1.0)
    for code, (text, weight) in others.items():
        own = systems.identify(text).datum
        datum: Datum = "cgcs2000" if own == "cgcs2000" else "wgs84" if own == "wgs84" else "unknown"
        for order in orders:
            yield Hypothesis(code, datum, order, code, 1.0, _crs(text), weight=weight)


def _zone_codes(claim: Claim | None, terrain: Terrain) -> dict[tuple[float, int], str]:
    """Return the codes of the zones in question, by central meridian and the number in front of eastings (0: none)."""
    zones = list(terrain.zones)
    said = systems.identify(claim.code) if claim and claim.code else None
    if claim and claim.meridian is not None and claim.datum in {"cgcs2000", ""}:
        zones = [*systems.zones_around(claim.meridian, claim.meridian, 0.0), *zones]
    codes: dict[tuple[float, int], str] = {}
    for zone in zones:
        # Zones of both widths share meridians: without the number they are one, named as the file names it.
        if (zone.meridian, 0) not in codes or (said and said.code == zone.code):
            codes[zone.meridian, 0] = zone.code
        codes.setdefault((zone.meridian, zone.number), zone.prefixed)
    return codes


@lru_cache(maxsize=64)
def _crs(text: str) -> pyproj.CRS:
    return systems.identify(text).crs
