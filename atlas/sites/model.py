"""`SiteSet`, the central type of the sites: where projects are, and how sure that is.

Whoever holds a `SiteSet` can draw and screen it: every geometry is valid, finite and in the plan's working CRS, every
id is unique, and what could not be read stands in `Reading.problems`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import geopandas as gpd

    from layers import Finding
    from layers.errors import Language

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09", "unknown"]
AxisOrder = Literal["lon,lat", "lat,lon", "east,north", "north,east"]

# Every frame of sites has exactly these columns, in this order.
COLUMNS: Final = (
    "id",
    "name",
    "category",
    "nature",
    "location",
    "content",
    "investment_wan",
    "years",
    "owner",
    "note",
    "sigma_m",
    "where",
    "inside",
    "attributes",
    "geometry",
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """
    Another way to read the coordinates of a file.

    Parameters
    ----------
    assume
        What the user passes as ``--assume-crs`` to have it: ``EPSG:n``, or a datum for longitude and latitude.
    crs, datum, axis_order
        As of `Reading`.
    confidence
        The probability that this one is right.
    shift_m
        How far it would move the sites from where they are now, in metres (median).
    """

    assume: str
    crs: str
    datum: Datum
    axis_order: AxisOrder
    confidence: float
    shift_m: float


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How a file was understood; what ``inspect`` prints.

    Parameters
    ----------
    format
        Kind of file, e.g. ``xlsx`` or ``survey_txt``.
    encoding
        Of its text; blank where the format has no choice.
    datum, crs, axis_order
        What its coordinates are in, and in which order they stand. `crs` is ``EPSG:n``, or the declared name of a
        system without a code; a shifted datum has no code of its own and names the geographic CRS that it shifts. A
        datum that nothing tells is ``unknown``: positions were then taken as CGCS2000, and the sites' `sigma_m`
        carries the shift that this may cost.
    confidence
        The probability that the positions are right: CRS, datum and axis order together.
    alternatives
        The other readings that are not absurd, the likeliest first.
    features
        Number of sites read.
    problems
        What could not be read or is doubtful, row by row.
    """

    format: str
    encoding: str
    datum: Datum
    crs: str
    axis_order: AxisOrder
    confidence: float
    alternatives: tuple[Alternative, ...]
    features: int
    problems: tuple[Finding, ...]

    def as_json(self, language: Language = "zh") -> dict[str, object]:
        """Return it as plain values, for JSON."""
        return {
            "format": self.format,
            "encoding": self.encoding,
            "crs": self.crs,
            "datum": self.datum,
            "axis_order": self.axis_order,
            "confidence": round(self.confidence, 4),
            "alternatives": [
                {
                    "assume": other.assume,
                    "crs": other.crs,
                    "datum": other.datum,
                    "axis_order": other.axis_order,
                    "confidence": round(other.confidence, 4),
                    "shift_m": round(other.shift_m, 1),
                }
                for other in self.alternatives
            ],
            "features": self.features,
            "problems": [{"where": p.where, "what": p.what(language), "fix": p.fix(language)} for p in self.problems],
        }


@dataclass(frozen=True)
class SiteSet:
    """
    The sites of one file, or of one list that the user keeps.

    Parameters
    ----------
    name
        Of the file or list.
    frame
        One row per site in the plan's working CRS, with exactly the columns `COLUMNS`: `id` (unique text, stable as
        long as the file is), `name, category, nature, location, content` (text, blank if not given), `investment_wan`
        (万元, NaN if not given), `years, owner, note` (text), `sigma_m` (standard error of the position in metres),
        `where` (row or feature in the file), `inside` (whether it touches the district), `attributes` (a dict: every
        other column of the file under its own name, as text) and `geometry` (2D point, line or polygon, or Multi-).
        Text is kept as it was: whoever shows it escapes it.
    reading
        How the file was understood.
    """

    name: str
    frame: gpd.GeoDataFrame
    reading: Reading

    def __len__(self) -> int:
        """Return the number of sites."""
        return len(self.frame)
