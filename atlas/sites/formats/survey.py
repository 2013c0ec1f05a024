"""勘测定界 (boundary survey) text: a header of properties, then plots, each with its corner points ring by ring.

The order of the two numbers, the point names, the number of fields and the separators differ between the tools that
write it; only what all share is relied on: a plot's line ends in ``@``, and a corner has a ring number and two numbers.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from shapely import LineString, MultiLineString, MultiPoint, Point

from atlas.sites.formats.rings import LEAST_RING, add_corner, area_of
from atlas.sites.raw import Claim, RawFile, RawSite, is_finite, refuse, step_of
from atlas.sites.vocabulary import datum_stated, datums_named, plain, vocabulary
from layers import Findings
from layers.crs import zone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

# Fields of a plot's line before the @: count, area, id, name, shape, map sheet, use, code; longer kinds go on.
_FIELDS: Final = 8
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_LAND_CODE: Final = re.compile(r"[0-9A-Za-z]{2,6}")


@dataclass(slots=True)
class _Plot:
    line: int
    cells: Sequence[str]
    rings: list[tuple[str, list[tuple[float, float]]]] = field(default_factory=list)
    step: float = 0.0
    is_broken: bool = False


def is_survey(text: str) -> bool:
    """Say whether a text is of this kind: one of its section headers, or a plot's line, near its beginning."""
    head = plain(text[:20_000]).replace("【", "[").replace("】", "]")
    return any(f"[{section}]" in head for section in vocabulary()["files"]["survey"]) or bool(
        re.search(r"^[^\n]*,[^\n]*,\s*@\s*$", head, re.MULTILINE)
    )


def read_survey(text: str, file: str, encoding: str) -> RawFile:
    """
    Read a survey file.

    Parameters
    ----------
    text
        The whole file.
    file
        Name for findings.
    encoding
        As of the result.

    Returns
    -------
    raw
        `order` is north before east, as the format has it; what the numbers say comes later.

    Raises
    ------
    PlanError
        If it holds no plot.
    """
    found = Findings()
    properties: dict[str, str] = {}
    plots: list[_Plot] = []
    for number, written in enumerate(text.splitlines(), 1):
        line = plain(written).replace("【", "[").replace("】", "]").replace("，", ",")
        place = f"{file}: 第 {number} 行"
        if not line or line.startswith("["):
            continue
        if "@" in line:
            plots.append(_Plot(number, [cell.strip() for cell in line.partition("@")[0].split(",")]))
        elif "=" in line and not plots:
            name, _, value = line.partition("=")
            properties[name.strip()] = value.strip()
        elif plots:
            _corner(line, plots[-1], place, found)
        else:
            found.add("stray_line", place, value=line[:40])
    if not plots:
        raise refuse("no_sites", file)
    sites = [site for plot in plots if (site := _site(plot, file, found))]
    return RawFile("survey_txt", encoding, "north,east", sites, tuple(found), _claim(properties))


def _corner(line: str, plot: _Plot, place: str, found: Findings) -> None:
    cells = [cell.strip() for cell in re.split(r"[,\t ]+", line) if cell.strip()]
    numbers = cells[-2:]
    if len(cells) >= LEAST_RING and all(_NUMBER.fullmatch(cell) for cell in numbers):
        first, second = (float(cell) for cell in numbers)
        if is_finite(first, second):
            ring = cells[-3] if len(cells) > LEAST_RING else "1"
            add_corner(plot.rings, ring, (first, second))
            plot.step = max(plot.step, min(step_of(cell) for cell in numbers))
            return
    plot.is_broken = True
    found.add("bad_corner", place, value=line[:60])


def _site(plot: _Plot, file: str, found: Findings) -> RawSite | None:
    cells = [*plot.cells, *[""] * _FIELDS]
    place = f"{file}: 第 {plot.line} 行"
    label = f"{place} ({cells[3] or cells[2]})" if cells[3] or cells[2] else place
    if plot.is_broken:
        found.add("broken_plot", label)
        return None
    count, points = cells[0], sum(len(ring) for _, ring in plot.rings)
    closed = sum(ring[0] == ring[-1] for _, ring in plot.rings if len(ring) > 1)
    if count.isdigit() and int(count) not in {points, points - closed}:
        found.add("corner_count", label, stated=count, count=points)
    shape = _shape(plot, kind=cells[4], label=label, found=found)
    if shape is None:
        found.add("no_position", label)
        return None
    code = cells[7] if _LAND_CODE.fullmatch(cells[7]) else ""
    fields = {"id": cells[2], "name": cells[3] or cells[2], "category": cells[6]}
    attributes = {"地块面积": cells[1], "图幅号": cells[5], "地类编码": code}
    attributes |= {f"字段{n + 1}": cell for n, cell in enumerate(plot.cells) if n >= _FIELDS or (n == 7 and not code)}  # noqa: PLR2004 - the code's place
    area = float(cells[1]) if _NUMBER.fullmatch(cells[1]) else math.nan
    return RawSite(place, shape, fields, {k: v for k, v in attributes.items() if v}, None, plot.step, area)


def _shape(plot: _Plot, kind: str, label: str, found: Findings) -> BaseGeometry | None:
    """Return a plot's geometry; whether a ring is a hole or a part is told by what contains what, not by its number."""
    rings = [ring for _, ring in plot.rings if ring]
    if not rings:
        return None
    if "点" in kind:
        points = [point for ring in rings for point in dict.fromkeys(ring)]
        return Point(points[0]) if len(points) == 1 else MultiPoint(points)
    if "线" in kind:
        lines = [ring for ring in rings if len(set(ring)) > 1]
        return None if not lines else LineString(lines[0]) if len(lines) == 1 else MultiLineString(lines)
    return area_of(rings, label, found)


def _claim(properties: Mapping[str, str]) -> Claim | None:
    """Return what the header says: the datum, and the zone if both its number and its width are given."""
    system = properties.get("坐标系", "")
    datum = datum_stated(system, about_coordinates=True)
    if not datum and "2000" in system and len(datums_named(system)) <= 1:
        datum = "cgcs2000"
    number, width = _digits(properties.get("带号", "")), _digits(properties.get("几度分带", ""))
    found = zone(number, width)
    if not datum and not found:
        return None
    words = f"坐标系={system}, 几度分带={width or '—'}, 带号={number or '—'}"
    return Claim(datum, meridian=found.meridian if found else None, words=words)


def _digits(text: str) -> int:
    digits = re.sub(r"\D", "", text)[:3]
    return int(digits) if digits else 0
