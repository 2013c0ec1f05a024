"""KML and KMZ, and 奥维's kinds of them (ovkml, ovkmz), which name the datum of every placemark."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException
from shapely import GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon

from atlas.sites.formats.properties import best_columns, split
from atlas.sites.raw import Claim, RawFile, RawSite, is_finite, refuse
from atlas.sites.text import decode
from atlas.sites.vocabulary import datum_stated, plain
from layers import Findings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from shapely.geometry.base import BaseGeometry

_LEAST_RING: Final = 3
_DEEPEST: Final = 20
_GEOMETRIES: Final = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack", "Model")


def read_kml(raw: bytes, file: str, format_: str) -> RawFile:
    """
    Read the placemarks of a KML document.

    Parameters
    ----------
    raw
        The document; its text tells the encoding, whatever it declares.
    file, format_
        Names, as of the result.

    Raises
    ------
    PlanError
        If it is no well-formed XML, or uses entities.
    """
    decoded = decode(raw)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", decoded.text)
    try:
        root = SafeTree.fromstring(text.encode(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise refuse("xml_entities", file) from error
    except (ParseError, ValueError, LookupError) as error:
        raise refuse("damaged_file", file, detail=str(error)[:80]) from error
    found = Findings()
    entries = []
    for number, (placemark, folder) in enumerate(_placemarks(root, ""), 1):
        place = f"{file}: Placemark {number}"
        properties = _properties(placemark, folder)
        label = f"{place} ({properties['name']})" if properties.get("name") else place
        if (shape := _shape(placemark, label, found)) is not None:
            own = _text(placemark, "OvCoordType")
            entries.append((place, shape, properties, own))
    columns = best_columns(dict.fromkeys(name for _, _, properties, _ in entries for name in properties))
    columns["name"] = "name"
    sites = []
    for place, shape, properties, own in entries:
        fields, attributes, claim = split(properties, columns)
        if own:
            claim = Claim(datum_stated(own, about_coordinates=True), words=f"OvCoordType={own}")
        sites.append(RawSite(place, shape, fields, attributes, claim))
    # 奥维 marks the datum of each placemark; what it leaves unmarked may be shifted, whatever the standard says.
    is_ovital = file.lower().endswith((".ovkml", ".ovkmz")) or any(_bare(e).startswith("Ov") for e in root.iter())
    shared = None if is_ovital else Claim("wgs84", by="kml", words="KML")
    kind = f"ov{format_}" if is_ovital else format_
    return RawFile(kind, decoded.encoding, "lon,lat", sites, tuple(found), shared)


def _bare(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(element: Element, *names: str) -> list[Element]:
    return [child for child in element if _bare(child) in names]


def _text(element: Element, name: str) -> str:
    child = next(iter(_children(element, name)), None)
    return (child.text or "").strip() if child is not None else ""


def _placemarks(root: Element, folder: str) -> Iterator[tuple[Element, str]]:
    # An explicit stack: folders may be nested deeper than Python recurses.
    stack = [(root, folder)]
    while stack:
        element, above = stack.pop()
        if _bare(element) == "Placemark":
            yield element, above
            continue
        name = _text(element, "name") if _bare(element) == "Folder" else above
        stack.extend((child, name) for child in reversed(element))


def _properties(placemark: Element, folder: str) -> dict[str, str]:
    """Return name, folder, extended data, and what the description says line by line."""
    found = {"name": _text(placemark, "name")}
    if folder:
        found["folder"] = folder
    for data in placemark.iter():
        if _bare(data) == "Data":
            found[data.get("name", "") or "Data"] = _text(data, "value")
        elif _bare(data) == "SimpleData":
            found[data.get("name", "") or "SimpleData"] = (data.text or "").strip()
    lines = re.split(r"<br\s*/?>|\n|</tr>|</p>", html.unescape(_text(placemark, "description")))
    rest = []
    for line in lines:
        bare = plain(re.sub(r"<[^>]*>", " ", line))
        name, mark, value = bare.partition(":")
        if mark and 0 < len(name) <= 12 and value.strip():  # noqa: PLR2004 - a label, not a sentence
            found.setdefault(name.strip(), value.strip())
        elif bare:
            rest.append(bare)
    if rest:
        found["description"] = "\n".join(rest)
    return found


def _shape(placemark: Element, label: str, found: Findings) -> BaseGeometry | None:
    try:
        parts = [part for geometry in _children(placemark, *_GEOMETRIES) for part in _parts(geometry, 0)]
    except ValueError as error:
        found.add("bad_position", label, value=str(error)[:60])
        return None
    if not parts:
        found.add("no_position", label)
        return None
    return parts[0] if len(parts) == 1 else _joined(parts)


def _joined(parts: list[BaseGeometry]) -> BaseGeometry:
    points = [part for part in parts if isinstance(part, Point)]
    lines = [part for part in parts if isinstance(part, LineString)]
    areas = [part for part in parts if isinstance(part, Polygon)]
    if len(points) == len(parts):
        return MultiPoint(points)
    if len(lines) == len(parts):
        return MultiLineString(lines)
    return MultiPolygon(areas) if len(areas) == len(parts) else GeometryCollection(parts)


def _parts(geometry: Element, depth: int) -> list[BaseGeometry]:
    """Return the simple shapes of a geometry; what has too few positions is none."""
    kind = _bare(geometry)
    if kind in {"MultiGeometry", "MultiTrack"} and depth < _DEEPEST:
        return [part for child in geometry for part in _parts(child, depth + 1)]
    if kind == "Polygon":
        return _area(geometry)
    if kind == "Track":
        line = [_position(child.text or "", None) for child in _children(geometry, "coord")]
    else:
        line = _coordinates(geometry)
    if kind == "Point":
        return [Point(point) for point in line[:1]]
    if kind == "LinearRing":
        return [Polygon(line)] if len(line) >= _LEAST_RING else []
    return [LineString(line)] if kind in {"LineString", "Track"} and len(line) > 1 else []


def _area(polygon: Element) -> list[BaseGeometry]:
    outer, holes = (
        [
            positions
            for side in _children(polygon, name)
            for ring in _children(side, "LinearRing")
            if len(positions := _coordinates(ring)) >= _LEAST_RING
        ]
        for name in ("outerBoundaryIs", "innerBoundaryIs")
    )
    return [Polygon(outer[0], holes)] if outer else []


def _coordinates(element: Element) -> list[tuple[float, float]]:
    text = _text(element, "coordinates")
    return [_position(part, ",") for part in re.sub(r"\s*,\s*", ",", text).split()]


def _position(text: str, mark: str | None) -> tuple[float, float]:
    numbers = text.split(mark)
    if len(numbers) < 2:  # noqa: PLR2004 - a position has two numbers
        raise ValueError(text)
    x, y = float(numbers[0]), float(numbers[1])
    if not is_finite(x, y):
        raise ValueError(text)
    return x, y
