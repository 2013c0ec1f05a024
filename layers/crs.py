"""Coordinate systems and datums: the only place that names one or converts between them.

Positions are stored as longitude and latitude, worked with in the district's projected CRS, and shown in longitude and
latitude again. CGCS2000 and WGS84 differ by centimetres and count as one here. GCJ-02 and BD-09, the shifted systems of
Chinese map services, are undone where data come in; 1980 Xi'an and 1954 Beijing are refused, because PROJ has no valid
transformation for this part of China and would shift by nothing, or by another region's parameters, without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError

STORAGE_CRS: Final = "EPSG:4326"
# What browsers draw pictures in.
WEB_CRS: Final = "EPSG:3857"
DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
REFUSED_DATUMS: Final = ("xian80", "beijing54")
# What longitude and latitude are in; the shifted datums have no code, and name the system that they shift.
GEOGRAPHIC: Final = {"wgs84": STORAGE_CRS, "cgcs2000": "EPSG:4490", "gcj02": STORAGE_CRS, "bd09": STORAGE_CRS}
_REFUSED_NAMES: Final = ("xian 1980", "xi'an 1980", "beijing 1954")

Floats = NDArray[np.float64]

# The published form of the GCJ-02 offset: Krasovsky 1940 axis and eccentricity, offsets about 105 E 35 N.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_2: Final = 0.006_693_421_622_965_943_23
_ORIGIN: Final = (105.0, 35.0)
_CHINA: Final = (72.004, 0.8293, 137.8347, 55.8271)
_BD09_SHIFT: Final = (0.0065, 0.006)

# By width in degrees: first and last number of CGCS2000's zones, and what to add to a number for the EPSG code with
# and without the number before the easting (EPSG data set, and GB 22021-2008 for the division into zones).
_ZONES: Final = {3: (25, 45, 4488, 4509), 6: (13, 23, 4478, 4489)}
_FALSE_EASTING_M: Final = 500_000.0
_ELLIPSOID: Final = pyproj.Geod(ellps="GRS80")


def working_crs(code: str) -> pyproj.CRS:
    """
    Return the projected CRS a district is worked in.

    Parameters
    ----------
    code
        Anything PROJ understands, usually ``EPSG:n`` of a CGCS2000 3-degree zone.

    Raises
    ------
    ValueError
        If it is unknown, not projected, not in metres, or on a refused datum.
    """
    try:
        crs = pyproj.CRS.from_user_input(code)
    except CRSError as error:
        detail = "unknown to PROJ"
        raise ValueError(detail) from error
    if is_refused(crs):
        detail = "refused datum"
    elif not crs.is_projected:
        detail = "not projected"
    elif {axis.unit_name for axis in crs.axis_info} != {"metre"}:
        detail = "not in metres"
    else:
        return crs
    raise ValueError(detail)


def is_refused(crs: pyproj.CRS) -> bool:
    """Say whether a CRS stands on 1980 Xi'an or 1954 Beijing."""
    geodetic = crs.geodetic_crs
    name = "" if geodetic is None else geodetic.name.lower()
    return any(refused in name for refused in _REFUSED_NAMES)


def project(lon: ArrayLike, lat: ArrayLike, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """
    Project longitude and latitude into a working CRS.

    Parameters
    ----------
    lon, lat
        Degrees, WGS84.
    crs
        The working CRS, in metres.

    Returns
    -------
    easting, northing
        Metres, in this order whatever order the CRS declares.
    """
    east, north = _transformer(crs).transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.asarray(east), np.asarray(north)


def unproject(east: ArrayLike, north: ArrayLike, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """
    Return longitude and latitude of positions in a working CRS.

    Parameters
    ----------
    east, north
        Metres, in this order whatever order the CRS declares.
    crs
        The working CRS.

    Returns
    -------
    lon, lat
        Degrees, WGS84.
    """
    way = _transformer(crs)
    lon, lat = way.transform(np.asarray(east, float), np.asarray(north, float), direction="INVERSE")
    return np.asarray(lon), np.asarray(lat)


# Finding the way between two systems takes PROJ forty milliseconds, using it microseconds.
@lru_cache(maxsize=64)
def _transformer(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(STORAGE_CRS, crs, always_xy=True)


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """
    Undo the shift of a datum.

    Parameters
    ----------
    lon, lat
        Degrees in `datum`.
    datum
        One of `DATUMS`.

    Returns
    -------
    lon, lat
        Degrees, WGS84; exact to a millimetre against `from_wgs84`, while the offset itself is a published
        approximation good to metres.

    Raises
    ------
    ValueError
        If the datum is not one of `DATUMS`.
    """
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    if datum in {"wgs84", "cgcs2000"}:
        return x, y
    # Neither offset has a closed inverse; both are contractions, so the fixed point is reached in a few steps.
    guess_x, guess_y = x, y
    for _ in range(12):
        there_x, there_y = from_wgs84(guess_x, guess_y, datum)
        guess_x, guess_y = guess_x + (x - there_x), guess_y + (y - there_y)
    return guess_x, guess_y


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> tuple[Floats, Floats]:
    """
    Shift positions into a datum, for drawing on a basemap of that datum.

    Parameters
    ----------
    lon, lat
        Degrees, WGS84.
    datum
        One of `DATUMS`.

    Returns
    -------
    lon, lat
        Degrees in `datum`; unchanged outside China, where GCJ-02 does not apply.

    Raises
    ------
    ValueError
        If the datum is not one of `DATUMS`.
    """
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    if datum in {"wgs84", "cgcs2000"}:
        return x, y
    if datum not in DATUMS:
        raise ValueError(datum)
    west, south, east, north = _CHINA
    inside = (x > west) & (x < east) & (y > south) & (y < north)
    shift_x, shift_y = _gcj02_offset(x, y)
    x, y = x + np.where(inside, shift_x, 0.0), y + np.where(inside, shift_y, 0.0)
    if datum == "gcj02":
        return x, y
    spin = np.pi * 3000.0 / 180.0
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * spin)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * spin)
    return radius * np.cos(angle) + _BD09_SHIFT[0], radius * np.sin(angle) + _BD09_SHIFT[1]


def _gcj02_offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the GCJ-02 offset in degrees of longitude and latitude."""
    x, y = lon - _ORIGIN[0], lat - _ORIGIN[1]
    root = np.sqrt(np.abs(x))
    common = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north += (common + 20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root
    east += (common + 20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    meridian = _AXIS_M * (1 - _ECCENTRICITY_2) / magic**1.5
    parallel = _AXIS_M / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


@dataclass(frozen=True, slots=True)
class Zone:
    """
    A Gauss-Kruger zone of CGCS2000.

    Parameters
    ----------
    number, width
        As surveyors name it: 3-degree zones 25 to 45, 6-degree zones 13 to 23.
    meridian
        Its central meridian in degrees east.
    code, prefixed
        The CRS whose eastings have 6 digits, and the one whose eastings begin with the zone's number.
    """

    number: int
    width: int
    meridian: float
    code: str
    prefixed: str


def zone(number: int, width: int) -> Zone | None:
    """Return the zone of this number and width (3 or 6 degrees), or None if there is none in China."""
    first, last, prefixed, plain = _ZONES.get(width, (1, 0, 0, 0))
    if not first <= number <= last:
        return None
    meridian = 3.0 * number if width == min(_ZONES) else 6.0 * number - 3.0
    return Zone(number, width, meridian, f"EPSG:{plain + number}", f"EPSG:{prefixed + number}")


def zones_around(west: float, east: float, margin: float) -> tuple[Zone, ...]:
    """
    Return the zones that meet a range of longitudes, the narrow ones first, the nearest meridian first.

    Parameters
    ----------
    west, east
        Degrees.
    margin
        Degrees that the range is widened by on both sides.
    """
    middle = (west + east) / 2
    found = [
        candidate
        for width, (first, last, _, _) in _ZONES.items()
        for number in range(first, last + 1)
        if (candidate := zone(number, width))
        and candidate.meridian - width / 2 < east + margin
        and candidate.meridian + width / 2 > west - margin
    ]
    return tuple(sorted(found, key=lambda z: (z.width, abs(z.meridian - middle))))


def utm_around(west: float, east: float) -> tuple[str, ...]:
    """Return the codes of the northern UTM zones of WGS84 that meet a range of longitudes (degrees)."""
    first, last = (int((lon + 180.0) // 6.0) + 1 for lon in (west, east))
    return tuple(f"EPSG:{32600 + number}" for number in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class Identity:
    """
    What a declared CRS comes down to.

    Parameters
    ----------
    crs
        The CRS itself.
    code
        ``EPSG:n``; its own name where it has no code.
    datum
        ``cgcs2000``, ``wgs84``, one of `REFUSED_DATUMS`, or blank for any other.
    meridian
        Central meridian in degrees of a Gauss-Kruger zone (scale 1), or None.
    """

    crs: pyproj.CRS
    code: str
    datum: str
    meridian: float | None


@lru_cache(maxsize=64)
def identify(text: str) -> Identity:
    """
    Say which CRS a code, a name or a WKT (also of ESRI's kind, which has no codes) stands for.

    Raises
    ------
    ValueError
        If PROJ does not know it.
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError as error:
        detail = "unknown to PROJ"
        raise ValueError(detail) from error
    if crs.is_compound and crs.sub_crs_list:
        crs = crs.sub_crs_list[0]
    datum = _datum_of(crs)
    meridian = _gauss_kruger_meridian(crs)
    epsg = crs.to_epsg()
    code = f"EPSG:{epsg}" if epsg else crs.name
    if not epsg and crs.is_geographic and datum in GEOGRAPHIC:
        code = GEOGRAPHIC[datum]
    elif not epsg and meridian is not None and datum == "cgcs2000":
        code = _zone_code(crs, meridian) or code
    return Identity(crs, code, datum, meridian)


def _datum_of(crs: pyproj.CRS) -> str:
    geodetic = crs.geodetic_crs
    names = "" if geodetic is None else f"{geodetic.name} {geodetic.datum.name if geodetic.datum else ''}"
    name = names.lower().replace("_", " ").replace("'", "")
    words = {
        "cgcs2000": ("cgcs2000", "china 2000", "china geodetic coordinate system 2000"),
        "xian80": ("xian 1980",),
        "beijing54": ("beijing 1954",),
        "wgs84": ("wgs 84", "wgs84", "wgs 1984", "world geodetic system 1984"),
    }
    return next((datum for datum, known in words.items() if any(word in name for word in known)), "")


def _gauss_kruger_meridian(crs: pyproj.CRS) -> float | None:
    operation = crs.coordinate_operation if crs.is_projected else None
    if operation is None:
        return None
    values = {parameter.name.lower(): parameter.value for parameter in operation.params}
    scale = values.get("scale factor at natural origin", 1.0)
    meridian = values.get("longitude of natural origin")
    return float(meridian) if meridian is not None and scale == 1.0 else None


def _zone_code(crs: pyproj.CRS, meridian: float) -> str:
    """Return the code of a zone that is written out in words, as ESRI does."""
    operation = crs.coordinate_operation
    values = {p.name.lower(): p.value for p in operation.params} if operation else {}
    number, shift = divmod(float(values.get("false easting", 0.0)), 1_000_000)
    if shift != _FALSE_EASTING_M:
        return ""
    for width in _ZONES:
        for candidate in zones_around(meridian, meridian, 0.0):
            if candidate.width == width and candidate.meridian == meridian:
                if number == 0:
                    return candidate.code
                if number == candidate.number:
                    return candidate.prefixed
    return ""


def shift_between(lon: ArrayLike, lat: ArrayLike, datum: str) -> Floats:
    """
    Return how far a position is shifted in a datum, in metres on the ellipsoid.

    Parameters
    ----------
    lon, lat
        Degrees, WGS84.
    datum
        One of `DATUMS`.
    """
    return distance_between(lon, lat, *from_wgs84(lon, lat, datum))


def distance_between(lon: ArrayLike, lat: ArrayLike, other_lon: ArrayLike, other_lat: ArrayLike) -> Floats:
    """Return the distances between positions (degrees, WGS84) along the ellipsoid, in metres."""
    ends = [np.atleast_1d(np.asarray(end, float)) for end in (lon, lat, other_lon, other_lat)]
    _, _, metres = _ELLIPSOID.inv(ends[0], ends[1], ends[2], ends[3])
    return np.asarray(metres)


def ellipsoidal_area(geometries: ArrayLike, crs: pyproj.CRS) -> Floats:
    """
    Return the areas of geometries on the ellipsoid, in square metres.

    They are measured in an equal-area projection about the geometries themselves, which is exact but for the
    straightness of edges: below a millionth for anything smaller than a district.

    Parameters
    ----------
    geometries
        An array of shapely geometries in `crs`; points and lines have no area.
    crs
        A projected CRS in metres.
    """
    shapes = np.atleast_1d(np.asarray(geometries, dtype=object))
    if not shapely.get_num_coordinates(shapes).any():
        return np.zeros(len(shapes))
    west, south, east, north = shapely.total_bounds(shapes)
    lon, lat = unproject((west + east) / 2, (south + north) / 2, crs)
    flat = pyproj.CRS.from_proj4(f"+proj=laea +lon_0={float(lon):.1f} +lat_0={float(lat):.1f} +ellps=GRS80 +units=m")
    way = pyproj.Transformer.from_crs(crs, flat, always_xy=True)

    def flatten(points: Floats) -> Floats:
        return np.column_stack(way.transform(points[:, 0], points[:, 1]))

    return np.asarray(shapely.area(shapely.transform(shapes, flatten)))
