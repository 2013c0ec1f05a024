"""Shapes made sound, and what is odd about them told: crossed rings, stray corners, areas and towns that differ.

Nothing is dropped without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from atlas.sites.raw import RawSite, label, numbers_of
from atlas.sites.vocabulary import vocabulary
from layers import crs as systems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from atlas.sites.terrain import Terrain
    from layers import Findings


@dataclass(frozen=True)
class Mender:
    """
    Looks over the shapes of sites.

    Parameters
    ----------
    terrain
        The district; shapes are in its CRS.
    found
        Told of everything odd, row by row.
    """

    terrain: Terrain
    found: Findings

    def mend(
        self,
        sites: Sequence[RawSite],
        shapes: NDArray[np.object_],
        towns: Sequence[str],
    ) -> NDArray[np.object_]:
        """
        Return valid shapes of one kind each, None where a shape cannot be a site's.

        Parameters
        ----------
        sites, towns
            What the shapes belong to, and the town that each names (a key of ``terrain.towns``), or blank.
        shapes
            In the working CRS.
        """
        odds = vocabulary()["fit"]
        bounds = shapely.bounds(shapes)
        far = shapely.distance(shapes, self.terrain.district)
        with np.errstate(invalid="ignore"):
            span = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
        # Bounds are those of the outer rings: a hole may reach where no projection does.
        points, owners = shapely.get_coordinates(shapes, return_index=True)
        lost = np.bincount(owners[~np.isfinite(points).all(axis=1)], minlength=len(shapes)) > 0
        lost |= ~np.isfinite(bounds).all(axis=1) | ~(far <= odds["reach_m"])
        stray = ~lost & (span > 2 * odds["elsewhere_m"])
        mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
        broken = ~shapely.is_valid(shapes) | mixed
        stated = np.array([site.stated_area for site in sites])
        sound = shapes.copy()
        # Most sites have nothing to tell; only the others are looked at one by one.
        for n in np.flatnonzero(
            lost | stray | broken | (stated > 0) | (far > 0) | np.array(towns, dtype=bool)
        ).tolist():
            site = sites[n]
            if lost[n]:
                self.found.add(
                    "impossible_position", label(site), value=numbers_of(shapely.get_coordinates(site.shape)[0])
                )
                sound[n] = None
            elif stray[n]:
                self.found.add("stray_corner", label(site), km=round(float(span[n]) / 1000))
                sound[n] = None
            else:
                sound[n] = self._repaired(site, shapes[n]) if broken[n] else shapes[n]
                self._tell(site, sound[n], float(far[n]), towns[n])
        return sound

    def _repaired(self, site: RawSite, shape: BaseGeometry) -> BaseGeometry:
        """Return a valid geometry of the parts that count most: areas before lines before points."""
        if not shape.is_valid:
            self.found.add("repaired_geometry", label(site), detail=shapely.is_valid_reason(shape))
            shape = shapely.make_valid(shape)
        parts = shapely.get_parts(shape)
        while any(part.geom_type == "GeometryCollection" for part in parts):
            parts = shapely.get_parts(parts)
        dimensions = shapely.get_dimensions(parts)
        return shapely.union_all(parts[dimensions == dimensions.max()])

    def _tell(self, site: RawSite, shape: BaseGeometry, far_m: float, town: str) -> None:
        """Report an area or a place that is not what the file says, and a site outside the district."""
        if site.stated_area > 0 and shape.area > 0:
            self._compare_area(site, shape)
        if far_m > 0:
            self.found.add("site_outside", label(site), km=f"{far_m / 1000:.1f}")
        if town:
            name, area, sigma_m = self.terrain.towns[town]
            missed = shape.distance(area)
            if missed > sigma_m + vocabulary()["fit"]["town_doubt_m"]:
                self.found.add("town_mismatch", label(site), value=name, km=f"{missed / 1000:.1f}")

    def _compare_area(self, site: RawSite, shape: BaseGeometry) -> None:
        one = np.empty(1, dtype=object)
        one[0] = shape
        area_m2 = float(systems.ellipsoidal_area(one, self.terrain.crs)[0])
        units = vocabulary()["files"]["area_units"]
        nearest = min((site.stated_area * unit for unit in units), key=lambda stated: abs(stated - area_m2))
        percent = round(100 * abs(nearest - area_m2) / area_m2, 1)
        if percent > vocabulary()["files"]["area_percent"]:
            words = {"stated": f"{site.stated_area:g}", "area": round(area_m2), "percent": percent}
            self.found.add("area_mismatch", label(site), **words)
