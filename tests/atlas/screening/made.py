"""Sites and layers made up for the tests of screening."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pyproj
from shapely import Point, Polygon, box

from atlas.screening.controls import Control
from atlas.screening.engine import Sites
from atlas.screening.rules import Rules, read_rules
from atlas.screening.screen import Answers, answer_all
from atlas.screening.target import Target
from atlas.sites.model import COLUMNS, Reading, SiteSet
from layers import Name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.screening.rules import Predicate
    from layers import Plan

CRS = pyproj.CRS("EPSG:4545")
# A spot in the middle of the zone, where the plane stretches nothing.
EAST, NORTH = 500_000.0, 3_500_000.0


def at(east: float, north: float) -> Point:
    """Return a point so many metres from the middle."""
    return Point(EAST + east, NORTH + north)


def square(east: float, north: float, half: float) -> Polygon:
    """Return a square about a point."""
    return box(EAST + east - half, NORTH + north - half, EAST + east + half, NORTH + north + half)


def target(
    id_: str, shapes: Sequence[BaseGeometry], sigma_m: float | Sequence[float] = 0.0, basis: str = "official"
) -> Target:
    """Return a layer of the authority."""
    count = len(shapes)
    names = tuple(f"{id_}{n}" for n in range(count))
    sigmas = np.broadcast_to(np.asarray(sigma_m, float), count).copy()
    return Target(id_, np.array(shapes, object), names, sigmas, (basis,) * count)


def control(id_: str, shapes: Sequence[BaseGeometry], sigma_m: float = 0.0) -> Control:
    """Return a control layer."""
    return Control(id_, Name(id_, id_), target(id_, shapes, sigma_m), (f"{id_}.gpkg",))


def ask(
    shapes: Sequence[BaseGeometry],
    layer: Target,
    predicate: str = "overlaps",
    sigma_m: float = 0.0,
    rules: Rules | None = None,
    **keys: Any,  # noqa: ANN401 - those of Rule
) -> Answers:
    """Return the answers of some geometries to one rule."""
    rules = rules or read_rules()
    rule = replace(rules.plain(layer.id, Name("x", "x")), predicate=cast("Predicate", predicate), **keys)
    sites = Sites(np.array(shapes, object), np.full(len(shapes), sigma_m), CRS)
    return answer_all(sites, {layer.id: rule}, {layer.id: layer}, rules)[layer.id]


def site_set(plan: Plan, shapes: Sequence[BaseGeometry], sigma_m: float = 1.0, names: Sequence[str] = ()) -> SiteSet:
    """Return a site set as a reader would."""
    count = len(shapes)
    columns: dict[str, Any] = dict.fromkeys(COLUMNS[:-1], "")
    columns |= {
        "id": [f"s{n}" for n in range(count)],
        "name": list(names) or [f"项目{n}" for n in range(count)],
        "investment_wan": np.nan,
        "sigma_m": float(sigma_m),
        "inside": True,
        "attributes": [{} for _ in range(count)],
    }
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=plan.crs, index=range(count))
    reading = Reading("geojson", "", "cgcs2000", "EPSG:4490", "lon,lat", 1.0, (), count, ())
    return SiteSet("made", frame[list(COLUMNS)], reading)


def inside(plan: Plan, count: int = 6, half: float = 150.0) -> list[BaseGeometry]:
    """Return squares and points that lie in the district."""
    [outline] = [row.geometry for row in plan.layers["district"].rows]
    rng = np.random.default_rng(3)
    west, south, east, north = outline.bounds
    shapes: list[BaseGeometry] = []
    while len(shapes) < count:
        x, y = rng.uniform((west, south), (east, north))
        if outline.contains(Point(x, y)):
            shapes.append(box(x - half, y - half, x + half, y + half) if len(shapes) % 3 else Point(x, y))
    return shapes
