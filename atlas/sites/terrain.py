"""What the detective knows of the district: its area, the zones in use there, and the towns by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from atlas.sites.vocabulary import vocabulary
from layers.crs import Floats, Zone, project, unproject, utm_around, zones_around

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyproj
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers import Plan

_SUFFIX = re.compile(r"[(].*|(街道办事处|街道|镇|乡)$")
_SHORTEST_NAME = 2


@dataclass(frozen=True)
class Terrain:
    """
    A district as the ground of comparison.

    Parameters
    ----------
    crs
        The plan's working CRS; geometry is in it.
    district
        The district's area.
    middle
        Longitude and latitude of the middle of its bounds, degrees.
    zones, utm
        The Gauss-Kruger zones in use in and around it, and the codes of its UTM zones.
    towns
        Area and standard error (m) of each town, by the words that name it.
    """

    crs: pyproj.CRS
    district: BaseGeometry
    middle: tuple[float, float]
    zones: tuple[Zone, ...]
    utm: tuple[str, ...]
    towns: dict[str, tuple[str, BaseGeometry, float]]

    @classmethod
    def of(cls, plan: Plan) -> Terrain:
        """Return the terrain of a plan."""
        district = shapely.union_all([feature.geometry for feature in plan.layers["district"].rows])
        shapely.prepare(district)
        west, south, east, north = district.bounds
        lon, lat = unproject([west, east, (west + east) / 2], [south, north, (south + north) / 2], plan.crs)
        zones = zones_around(lon[0], lon[1], vocabulary()["fit"]["zone_margin_deg"])
        towns = {}
        for feature in plan.layers["town"].rows:
            short = _SUFFIX.sub("", feature.name)
            name = short if len(short) >= _SHORTEST_NAME else feature.name
            towns[name] = (feature.name, feature.geometry, feature.sigma_m)
        return cls(plan.crs, district, (float(lon[2]), float(lat[2])), zones, utm_around(lon[0], lon[1]), towns)

    def town_named(self, text: str) -> str:
        """Return the words of `towns` that a text names; blank if it names none, or several."""
        named = [name for name in self.towns if name in text]
        return named[0] if len(named) == 1 else ""

    def distance(self, lon: Floats, lat: Floats) -> Floats:
        """Return distances from the district in metres, 0 inside; infinite for what is no position on earth."""
        return self._far(self.points(lon, lat), np.array([self.district], dtype=object))

    def points(self, lon: Floats, lat: Floats) -> NDArray[np.object_]:
        """Return points in the working CRS; None for what is no position on earth."""
        x, y = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
        with np.errstate(invalid="ignore"):
            fine = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) < 90)  # noqa: PLR2004 - degrees
        if fine.any():
            x[fine], y[fine] = project(lon[fine], lat[fine], self.crs)
        fine = np.isfinite(x) & np.isfinite(y)
        found = np.full(len(lon), None, dtype=object)
        found[fine] = shapely.points(x[fine], y[fine])
        return found

    def fit(self, lon: Floats, lat: Floats, towns: Sequence[str]) -> float:
        """
        Return how well positions fit: 1 if all lie where they should, fading with the distance from there.

        Parameters
        ----------
        lon, lat
            Degrees, WGS84.
        towns
            For each position, the town it is said to be in (a key of `towns`); blank if nothing is said.
        """
        odds = vocabulary()["fit"]
        points = self.points(lon, lat)
        targets = np.array([self.towns[name][1] if name else self.district for name in towns], dtype=object)
        slack = np.array([self.towns[name][2] + odds["town_doubt_m"] if name else 0.0 for name in towns])
        missed = np.maximum(self._far(points, targets) - slack, 0.0)
        return float(np.exp(-missed / odds["fade_m"]).mean()) if len(missed) else 0.0

    @staticmethod
    def _far(points: NDArray[np.object_], targets: NDArray[np.object_]) -> Floats:
        far = shapely.distance(points, targets)
        return np.where(np.isnan(far), np.inf, far)
