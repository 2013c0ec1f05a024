"""GeoJSON; by its standard WGS84, but also met with a ``crs`` member of the older kind, or with metres."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from atlas.sites.formats.properties import best_columns, split
from atlas.sites.raw import Claim, RawFile, RawSite, refuse
from atlas.sites.vocabulary import vocabulary
from layers import Findings
from layers.crs import identify

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEGREES = 180.0


def read_geojson(text: str, file: str, encoding: str) -> RawFile:
    """
    Read a FeatureCollection, a Feature, or a bare geometry.

    Raises
    ------
    PlanError
        If it is no GeoJSON, too large, or on a refused datum.
    """
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise refuse("damaged_file", file, detail=str(error)[:80]) from error
    members = _members(whole)
    if members is None:
        raise refuse("unknown_format", file, known=vocabulary()["files"]["known"])
    most = vocabulary()["caps"]["rows"]
    if len(members) > most:
        raise refuse("too_many_rows", file, count=len(members), most=most)
    found = Findings()
    names = dict.fromkeys(
        name for m in members if isinstance(m, dict) for name in (m.get("properties") or {}) if isinstance(name, str)
    )
    columns = best_columns(names)
    sites = []
    for number, member in enumerate(members):
        place = f"{file}: features[{number}]"
        shape = _shape(member, place, found)
        if shape is not None:
            own = member.get("properties")
            properties = {str(k): _flat(v) for k, v in own.items()} if isinstance(own, dict) else {}
            fields, attributes, claim = split(properties, columns)
            if not fields.get("id") and isinstance(member.get("id"), str | int):
                fields["id"] = str(member["id"])
            sites.append(RawSite(place, shape, fields, attributes, claim))
    return RawFile("geojson", encoding, "lon,lat", sites, tuple(found), _claim(whole, sites, file))


def _flat(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _members(whole: Any) -> list[Any] | None:  # noqa: ANN401 - JSON
    if not isinstance(whole, dict):
        return None
    if isinstance(whole.get("features"), list):
        return list(whole["features"])
    if whole.get("type") == "Feature":
        return [whole]
    if "coordinates" in whole or whole.get("type") == "GeometryCollection":
        return [{"type": "Feature", "properties": {}, "geometry": whole}]
    return None


def _shape(member: Any, place: str, found: Findings) -> shapely.geometry.base.BaseGeometry | None:  # noqa: ANN401 - JSON
    geometry = member.get("geometry") if isinstance(member, dict) else None
    if not isinstance(geometry, dict):
        found.add("no_position", place)
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError, RecursionError):
        found.add("bad_position", place, value=json.dumps(geometry, ensure_ascii=False)[:60])
        return None
    return shapely.force_2d(shape)


def _claim(whole: Mapping[str, Any], sites: list[RawSite], file: str) -> Claim | None:
    member = whole.get("crs")
    properties = member.get("properties") if isinstance(member, dict) else None
    name = str(properties.get("name") or properties.get("code") or "") if isinstance(properties, dict) else ""
    if name:
        text = "EPSG:4326" if "CRS84" in name else f"EPSG:{name}" if name.isdigit() else name
        try:
            identity = identify(text)
        except ValueError:
            raise refuse("unknown_crs", file, value=name[:60]) from None
        return Claim(identity.datum, text, identity.meridian, words=f"crs = {name}")
    points = shapely.get_coordinates([site.shape for site in sites])
    in_degrees = points.size > 0 and np.nanmedian(np.abs(points).max(axis=1)) <= _DEGREES
    return Claim("wgs84", by="standard", words="GeoJSON (RFC 7946)") if in_degrees else None
