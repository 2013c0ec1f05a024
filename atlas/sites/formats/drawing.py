"""Drawings (DXF): closed outlines are areas, the texts within them their names; nothing says what the units are on."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections import Counter
from contextlib import contextmanager
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
from atlas.sites.text import encoding_of
from atlas.sites.vocabulary import vocabulary
from layers import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ezdxf.entities.dxfentity import DXFEntity
    from shapely.geometry.base import BaseGeometry

_LOGGER: Final = logging.getLogger("ezdxf")
_LOGGER.addHandler(logging.NullHandler())
_PATHS: Final = ("LWPOLYLINE", "POLYLINE", "LINE", "CIRCLE", "ARC", "ELLIPSE", "SPLINE")
_TEXTS: Final = ("TEXT", "MTEXT", "ATTRIB")
_LEAST_RING: Final = 3
_DEEPEST: Final = 5
_UNICODE_SINCE: Final = "AC1021"
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
        with _heard() as heard:
            drawing, _ = recover.read(io.BytesIO(raw), errors="surrogateescape")
    except (DXFError, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise refuse("damaged_file", file, detail=" ".join(str(error).split())[:80] or type(error).__name__) from error
    contents = _Contents(file)
    if heard.words:
        contents.found.add("damaged_drawing", file, count=len(heard.words), detail=heard.words[0][:80])
    most = vocabulary()["caps"]["rows"]
    for entity in _entities(drawing.modelspace(), 0):
        contents.take(entity)
        if len(contents.shapes) > most:
            raise refuse("too_many_rows", file, count=f"> {most}", most=most)
    for kind, count in contents.skipped.items():
        contents.found.add("skipped_entities", file, value=kind, count=count)
    # Old drawings name a code page, often a wrong one; newer ones are in UTF-8 whatever they name.
    declared = "utf-8" if drawing.dxfversion >= _UNICODE_SINCE else drawing.encoding
    words = [*(words for _, words in contents.texts), *(layer for _, layer, _ in contents.shapes)]
    encoding = encoding_of(raw for word in words if (raw := _bytes(word, declared)))
    texts = [(at, _recoded(words, declared, encoding)) for at, words in contents.texts]
    names = _names([shape for _, _, shape in contents.shapes], texts)
    sites = []
    for (place, written, shape), name in zip(contents.shapes, names, strict=True):
        layer = _recoded(written, declared, encoding)
        sites.append(RawSite(place, shape, {"name": name or layer}, {"layer": layer} if layer else {}))
    return RawFile("dxf", encoding, "east,north", sites, tuple(contents.found))


class _Listener(logging.Handler):
    """Keeps what is logged in this thread: what the library had to guess at, it tells nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []
        self.own = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        if record.thread == self.own:
            self.words.append(" ".join(record.getMessage().split()))


@contextmanager
def _heard() -> Iterator[_Listener]:
    listener = _Listener()
    _LOGGER.addHandler(listener)
    try:
        yield listener
    finally:
        _LOGGER.removeHandler(listener)


class _Contents:
    """
    What a drawing draws, as far as it is read.

    Parameters
    ----------
    file
        Name for findings.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found = Findings()
        self.shapes: list[tuple[str, str, BaseGeometry]] = []
        self.texts: list[tuple[Point, str]] = []
        self.skipped: Counter[str] = Counter()

    def take(self, entity: DXFEntity) -> None:
        """Add an entity: its place, layer and shape, or its words and where they stand."""
        kind = entity.dxftype()
        place = f"{self.file}: {kind} #{entity.dxf.handle or '—'}"
        try:
            if kind in _TEXTS:
                self.texts.append(_text(entity))
            elif kind == "POINT" or kind in _PATHS:
                shape = _point(entity) if kind == "POINT" else _path(entity)
                if shape is not None:
                    self.shapes.append((place, str(entity.dxf.get("layer", "")), shape))
            else:
                self.skipped[kind] += 1
        except (DXFError, ValueError, TypeError, AttributeError, ZeroDivisionError, OverflowError) as error:
            self.found.add("bad_position", place, value=" ".join(str(error).split())[:60])


def _bytes(words: str, declared: str) -> bytes:
    """Return words as they stand in the file; blank if they are spelt in escapes, which need no code page."""
    try:
        return words.encode(declared, "surrogateescape")
    except UnicodeEncodeError:
        return b""


def _recoded(words: str, declared: str, encoding: str) -> str:
    raw = _bytes(words, declared)
    return raw.decode(encoding, "replace") if raw else words


def _point(entity: DXFEntity) -> Point:
    return Point(entity.dxf.location.x, entity.dxf.location.y)


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
