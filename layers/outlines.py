"""Areas given by their vertices: the district and its neighbours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import Polygon

from layers.crs import Floats, project, to_wgs84

if TYPE_CHECKING:
    import pyproj
    from shapely.geometry.base import BaseGeometry

    from layers.ground import Ground
    from layers.records import Element, Outline


def project_outline(outline: Outline, crs: pyproj.CRS) -> BaseGeometry:
    """
    Return an outline in the working CRS, whatever its datum.

    Raises
    ------
    ValueError
        If it is not a polygon of longitude and latitude.
    """
    area = shapely.from_geojson(json.dumps(outline.geometry))
    if area.is_empty or area.geom_type not in {"Polygon", "MultiPolygon"}:
        raise ValueError(area.geom_type)
    if not np.isfinite(shapely.get_coordinates(area)).all():
        raise ValueError(outline.where)
    west, south, east, north = area.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        detail = f"{area.bounds}"
        raise ValueError(detail)

    def into_crs(lonlat: Floats) -> Floats:
        lon, lat = lonlat.T
        return np.column_stack(project(*to_wgs84(lon, lat, outline.datum), crs))

    valid = shapely.get_parts(shapely.make_valid(area))
    whole = shapely.union_all([part for part in valid if isinstance(part, Polygon)])
    if whole.is_empty:
        raise ValueError(outline.where)
    return shapely.make_valid(shapely.transform(whole, into_crs))


def build_outline(element: Element, ground: Ground) -> BaseGeometry:
    """Return a given outline; what overlaps the district is cut off, so that generalised borders do not cross it."""
    area = ground.outlines[element.at[0]]
    return area if area is ground.district else area.difference(ground.district)


def largest_part(area: BaseGeometry) -> Polygon:
    """Return the largest polygon of an area."""
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())
