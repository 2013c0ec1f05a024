"""Coordinate systems and datums: the only place that names one or converts between them.

Positions are stored as longitude and latitude, worked with in the district's projected CRS, and shown in longitude and
latitude again. CGCS2000 and WGS84 differ by centimetres and count as one here. GCJ-02 and BD-09, the shifted systems of
Chinese map services, are undone where data come in; 1980 Xi'an and 1954 Beijing are refused, because PROJ has no valid
transformation for this part of China and would shift by nothing, or by another region's parameters, without a word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray
from pyproj.exceptions import CRSError

STORAGE_CRS: Final = "EPSG:4326"
# What browsers draw pictures in.
WEB_CRS: Final = "EPSG:3857"
DATUMS: Final = ("wgs84", "cgcs2000", "gcj02", "bd09")
REFUSED_DATUMS: Final = ("xian80", "beijing54")
_REFUSED_NAMES: Final = ("xian 1980", "xi'an 1980", "beijing 1954")

Floats = NDArray[np.float64]

# The published form of the GCJ-02 offset: Krasovsky 1940 axis and eccentricity, offsets about 105 E 35 N.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_2: Final = 0.006_693_421_622_965_943_23
_ORIGIN: Final = (105.0, 35.0)
_CHINA: Final = (72.004, 0.8293, 137.8347, 55.8271)
_BD09_SHIFT: Final = (0.0065, 0.006)


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


# Finding the way between two systems takes PROJ forty milliseconds, using it microseconds.
@lru_cache(maxsize=8)
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
