"""Geometry as the browser gets it: longitude and latitude, rounded, simplified so that neighbours stay neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import shapely

from layers.crs import STORAGE_CRS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyproj
    from shapely.geometry.base import BaseGeometry

    from layers import Layer, Plan

# Finer than a pixel at the closest zoom that schematic data bear, and far finer than any sigma in them.
TOLERANCE_M: Final = 3.0
DECIMALS: Final = 5


def web_shapes(plan: Plan) -> dict[str, BaseGeometry]:
    """
    Return the geometry of every feature for the browser, by its id.

    Towns are simplified together, as a coverage. What is joined of towns is joined of the simplified ones: towns,
    zones, farm zones and the district share every vertex of their borders, at any zoom.

    Returns
    -------
    shapes
        Longitude and latitude, `DECIMALS` decimals (about a metre).
    """
    towns = _simplified_towns(plan.layers["town"])
    shapes: dict[str, BaseGeometry] = {}
    for feature in plan.features():
        if feature.towns and set(feature.towns) <= set(towns):
            shapes[feature.id] = shapely.union_all([towns[seat] for seat in feature.towns])
        elif feature.kind == "district" and towns:
            shapes[feature.id] = shapely.union_all(list(towns.values()))
        else:
            shapes[feature.id] = feature.geometry.simplify(TOLERANCE_M)
    return dict(zip(shapes, to_degrees(shapes.values(), plan.crs), strict=True))


def to_degrees(shapes: Iterable[BaseGeometry], crs: pyproj.CRS) -> list[BaseGeometry]:
    """Return shapes of a working CRS in rounded longitude and latitude."""
    degrees = gpd.GeoSeries(list(shapes), crs=crs).to_crs(STORAGE_CRS)
    # Vertices are rounded one by one: two that were equal stay equal, so neighbours keep their common border.
    return list(shapely.transform(degrees.to_numpy(), lambda xy: np.round(xy, DECIMALS)))


def corners(area: BaseGeometry) -> list[list[float]]:
    """Return south-west and north-east corner, latitude first as Leaflet has it."""
    west, south, east, north = area.bounds
    return [[south, west], [north, east]]


def _simplified_towns(towns: Layer) -> dict[str, BaseGeometry]:
    """Return the town areas by seat, simplified together so that they neither gap nor overlap."""
    simple = shapely.coverage_simplify([town.geometry for town in towns.rows], TOLERANCE_M)
    return {town.places[0]: shape for town, shape in zip(towns.rows, simple, strict=True)}
