"""True lengths and areas from the plane of the working CRS.

A Gauss-Kruger plane stretches everything by a factor that depends on the place alone (it is conformal): up to 0.02 % at
the edge of a three-degree zone. Lengths are divided by the factor, areas by its square, taken in the middle of what is
measured; what is left is below a hundred-thousandth for anything smaller than a district, far below any `sigma_m`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from layers.crs import unproject

if TYPE_CHECKING:
    from numpy.typing import NDArray


def point_scale(points: NDArray[np.float64], crs: pyproj.CRS) -> NDArray[np.float64]:
    """
    Return the factor by which a conformal plane stretches lengths.

    Parameters
    ----------
    points
        Easting and northing in metres, shape ``(n, 2)``; NaN gives NaN.
    crs
        A projected, conformal CRS.
    """
    if not len(points):
        return np.zeros(0)
    known = np.isfinite(points).all(axis=1)
    scale = np.full(len(points), np.nan)
    lon, lat = unproject(points[known, 0], points[known, 1], crs)
    scale[known] = _projection(crs).get_factors(lon, lat).meridional_scale
    return scale


@lru_cache(maxsize=8)
def _projection(crs: pyproj.CRS) -> pyproj.Proj:
    return pyproj.Proj(crs)


def areas_m2(geometries: NDArray[np.object_], crs: pyproj.CRS) -> NDArray[np.float64]:
    """Return areas on the ellipsoid in square metres, shape ``(n,)``; points and lines have none."""
    flat = np.asarray(shapely.area(geometries))
    some = flat > 0
    middles = shapely.get_coordinates(shapely.centroid(geometries[some]))
    flat[some] /= point_scale(middles, crs) ** 2
    return flat
