"""Drawings (DXF): closed outlines are areas, the texts within them their names; nothing says what the units are on."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

import ezdxf.path
import numpy as np
import shapely
from ezdxf import recover
from ezdxf.entities.insert import Insert
from ezdxf.explode import virtual_block_reference_entities
from ezdxf.lldxf.const import DXFError
from shapely import LineString, Point, Polygon

from atlas.sites.raw import RawFile, RawSite, refuse
from atlas.sites.vocabulary import vocabulary
from layers import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ezdxf.entities.dxfentity import DXFEntity
    from shapely.geometry.base import BaseGeometry

_PATHS: Final = ("LWPOLYLINE", "POLYLINE", "LINE", "CIRCLE", "ARC", "ELLIPSE", "SPLINE")
_TEXTS: Final = ("TEXT", "MTEXT", "ATTRIB")
_LEAST_RING: Final = 3
_DEEPEST: Final = 5
# Curves become straight within this share of the drawing's size.
_FLATNESS: Final = 1e-6


def read_drawing(raw: bytes, file: str) -> RawFile:
    """
    Read the model space of a drawing, blocks taken apart.

    Returns
    -------
    raw
        x is east and y is north. The units that the header names are not relied on: the numbers tell.

    Raises
    ------
    PlanError
        If it is damaged, too large, or draws nothing.
    """
    try:
        drawing, _ = recover.read(io.BytesIO(raw), errors="surrogateescape")
    except (DXFError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise refuse("damaged_file", file, detail=" ".join(str(error).split())[:80] or type(error).__name__) from error
    found = Findings()
    shapes: list[tuple[str, str, BaseGeometry]] = []
    texts: list[tuple[Point, str]] = []
    skipped: dict[str, int] = {}
    most = vocabulary()["caps"]["rows"]
    for entity in _entities(drawing.modelspace(), 0):
        kind = entity.dxftype()
        if len(shapes) > most:
            raise refuse("too_many_rows", file, count=f"> {most}", most=most)
        place = f"{file}: {kind} #{entity.dxf.handle or '—'}"
        layer = str(entity.dxf.get("layer", ""))
        try:
            if kind in _TEXTS:
                texts.append(_text(entity))
            elif kind == "POINT":
                shapes.append((place, layer, Point(entity.dxf.location.x, entity.dxf.location.y)))
            elif kind in _PATHS:
                if (shape := _path(entity)) is not None:
                    shapes.append((place, layer, shape))
            else:
                skipped[kind] = skipped.get(kind, 0) + 1
        except (DXFError, ValueError, TypeError, AttributeError, ZeroDivisionError, OverflowError) as error:
            found.add("bad_position", place, value=" ".join(str(error).split())[:60])
    for kind, count in skipped.items():
        found.add("skipped_entities", file, value=kind, count=count)
    names = _names([shape for _, _, shape in shapes], texts)
    sites = [
        RawSite(place, shape, {"name": name}, {"layer": layer} if layer else {})
        for (place, layer, shape), name in zip(shapes, names, strict=True)
    ]
    return RawFile("dxf", str(drawing.encoding).lower(), "east,north", sites, tuple(found))


def _entities(space: Iterable[DXFEntity], depth: int) -> Iterator[DXFEntity]:
    for entity in space:
        if isinstance(entity, Insert) and depth < _DEEPEST:
            yield from _entities(virtual_block_reference_entities(entity), depth + 1)
        else:
            yield entity


def _path(entity: DXFEntity) -> BaseGeometry | None:
    path = ezdxf.path.make_path(entity)
    size = max(abs(path.start.x), abs(path.start.y), 1.0) if len(path) else 1.0
    points = np.array([(p.x, p.y) for p in path.flattening(size * _FLATNESS)]).reshape(-1, 2)
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    is_closed = bool(path.is_closed) or np.allclose(points[0], points[-1], rtol=0, atol=size * 1e-9)
    if is_closed and len(np.unique(points, axis=0)) >= _LEAST_RING:
        return Polygon(points)
    return LineString(points)


def _text(entity: DXFEntity) -> tuple[Point, str]:
    words = entity.plain_text() if hasattr(entity, "plain_text") else entity.dxf.text
    at = entity.dxf.insert
    return Point(at.x, at.y), re.sub(r"\s+", " ", str(words)).strip()


def _names(shapes: list[BaseGeometry], texts: list[tuple[Point, str]]) -> list[str]:
    """Return for each shape the texts that stand in it and in no smaller one."""
    names = [""] * len(shapes)
    areas = [n for n, shape in enumerate(shapes) if isinstance(shape, Polygon)]
    if not areas or not texts:
        return names
    tree = shapely.STRtree([shapes[n] for n in areas])
    for at, words in texts:
        inside = [areas[k] for k in tree.query(at, predicate="within")]
        if inside and words:
            owner = min(inside, key=lambda n: shapes[n].area)
            names[owner] = f"{names[owner]} {words}".strip()
    return names
