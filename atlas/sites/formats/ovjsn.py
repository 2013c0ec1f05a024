"""奥维's ovjsn: JSON objects in folders, each a point, a line or an area, marked where it is shifted to GCJ-02."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from shapely import LineString, Point, Polygon

from atlas.sites.raw import Claim, RawFile, RawSite, is_finite, refuse
from layers import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

_POINT, _LINE, _AREA = 7, 8, 13
_DEEPEST: Final = 50
_LEAST_RING: Final = 3


def read_ovjsn(text: str, file: str, encoding: str) -> RawFile:
    """
    Read an ovjsn file; of a line or an area, latitudes and longitudes alternate in one list.

    Raises
    ------
    PlanError
        If it is no JSON.
    """
    try:
        whole = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise refuse("damaged_file", file, detail=str(error)[:80]) from error
    found = Findings()
    sites = []
    for number, (folder, kind, item) in enumerate(_objects(whole, "", 0), 1):
        place = f"{file}: Object {number}"
        name = str(item.get("Name") or "")
        detail = item.get("ObjectDetail")
        detail = detail if isinstance(detail, dict) else {}
        shape = _shape(kind, detail)
        if shape is None:
            found.add("bad_position", f"{place} ({name})" if name else place, value=json.dumps(detail)[:60])
            continue
        shifted = detail.get("Gcj02")
        claim = Claim("gcj02" if shifted else "wgs84", words=f"Gcj02={shifted}") if shifted is not None else None
        fields = {"name": name, "note": str(item.get("Comment") or "")}
        sites.append(RawSite(place, shape, fields, {"folder": folder} if folder else {}, claim))
    return RawFile("ovjsn", encoding, "lat,lon", sites, tuple(found))


def _objects(node: Any, folder: str, depth: int) -> Iterator[tuple[str, int, dict[str, Any]]]:  # noqa: ANN401 - JSON
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for item in node:
            yield from _objects(item, folder, depth + 1)
    elif isinstance(node, dict):
        inner = node.get("Object")
        kind = node.get("Type")
        if isinstance(inner, dict) and isinstance(kind, int) and "ObjectDetail" in inner and not _has_items(inner):
            yield folder, kind, inner
            return
        below = str(node.get("Name") or folder)
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _objects(value, below, depth + 1)


def _has_items(inner: dict[str, Any]) -> bool:
    detail = inner.get("ObjectDetail")
    return isinstance(detail, dict) and isinstance(detail.get("ObjChildren", detail.get("ObjItems")), list)


def _shape(kind: int, detail: dict[str, Any]) -> BaseGeometry | None:
    """Return the geometry with latitude first, as the file has it."""
    try:
        if kind == _POINT:
            lat, lon = float(detail["Lat"]), float(detail["Lng"])
            return Point(lat, lon) if is_finite(lat, lon) else None
        flat = [float(number) for number in detail["Latlng"]]
    except (KeyError, TypeError, ValueError):
        return None
    points = list(zip(flat[::2], flat[1::2], strict=False))
    if not is_finite(*flat) or len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    if kind == _AREA:
        return Polygon(points) if len(set(points)) >= _LEAST_RING else None
    return LineString(points) if kind == _LINE else None
