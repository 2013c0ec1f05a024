"""Plain geometry in metres: smooth lines through points, and the faces of a Thiessen partition.

Every function takes and returns coordinates of the working CRS; every length argument ends in `_m`.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

_STEPS: Final = 12


def curve_through(points: Sequence[Point], *, closed: bool = False) -> LineString:
    """
    Return a smooth line through points, in their order.

    A centripetal Catmull-Rom spline: it passes exactly through every point and makes neither loops nor cusps within a
    leg, so that a schematic route looks like a route and still touches what it names.

    Parameters
    ----------
    points
        At least two, three if closed; a point repeated in a row counts once.
    closed
        Whether it returns to the first point.

    Returns
    -------
    line
        With `_STEPS` vertices per leg.
    """
    knots = np.array([(p.x, p.y) for p in points])
    knots = knots[np.r_[True, (np.diff(knots, axis=0) != 0).any(axis=1)]]
    if closed and len(knots) > 1 and (knots[0] == knots[-1]).all():
        knots = knots[:-1]
    if len(knots) < 3:  # noqa: PLR2004 - nothing to bend
        return LineString(knots) if len(knots) > 1 else LineString()
    if closed:
        control = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        control = np.vstack([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    legs = [_catmull_rom(control[n : n + 4], last=n == len(control) - 4) for n in range(len(control) - 3)]
    return LineString(np.vstack(legs))


def _catmull_rom(control: NDArray[np.float64], *, last: bool) -> NDArray[np.float64]:
    """Return the points of the leg between the two middle ones of four control points (shape ``(n, 2)``)."""
    gaps = np.sqrt(np.linalg.norm(np.diff(control, axis=0), axis=1))
    t0, t1, t2, t3 = np.concatenate([[0.0], np.cumsum(gaps)])
    steps = _STEPS + 1 if last else _STEPS
    t = np.linspace(t1, t2, _STEPS + 1)[:steps, None]
    p0, p1, p2, p3 = control
    a1 = (t1 - t) / (t1 - t0) * p0 + (t - t0) / (t1 - t0) * p1
    a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
    a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
    b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
    b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
    curve = np.asarray((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    # What it passes, it passes to the last bit: a ring closes, and a route touches its places.
    curve[0] = p1
    if last:
        curve[-1] = p2
    return curve


def thiessen(seats: Mapping[str, Point], area: Polygon) -> dict[str, BaseGeometry]:
    """
    Divide an area among seats: every spot goes to the nearest one.

    The parts share their vertices exactly, so that they neither gap nor overlap. A piece of a cell that the outline
    cuts off from its seat goes to the neighbour it has the longest border with, as no town would reach across.

    Parameters
    ----------
    seats
        Distinct points within `area`; at least one.
    area
        A single polygon.

    Returns
    -------
    cells
        One valid polygon per seat.
    """
    if len(seats) == 1:
        return dict.fromkeys(seats, area)
    bisectors = shapely.voronoi_polygons(MultiPoint(list(seats.values())), extend_to=area, only_edges=True)
    faces = list(shapely.polygonize([shapely.union_all([area.boundary, bisectors])]).geoms)
    faces = [face for face in faces if area.contains(face.representative_point())]
    owners: dict[int, str] = {}
    for name, seat in seats.items():
        owners[int(np.argmin(shapely.distance(faces, seat)))] = name
    while stray := [n for n in range(len(faces)) if n not in owners]:
        border, face, owner = max(
            (faces[n].boundary.intersection(faces[m].boundary).length, n, owners[m]) for n in stray for m in owners
        )
        if border == 0:
            break
        owners[face] = owner
    return {name: shapely.union_all([faces[n] for n, o in owners.items() if o == name]) for name in seats}


def nearest_along_borders(
    cores: Mapping[str, Iterable[str]],
    seats: Mapping[str, Point],
    cells: Mapping[str, BaseGeometry],
) -> dict[str, list[str]]:
    """
    Share out cells among cores, going from neighbour to neighbour.

    A cell goes to the core that is nearest along a chain of bordering cells (sum of the distances between seats), so
    that every share is in one piece.

    Parameters
    ----------
    cores
        For each share, the ids of the cells it starts from; they do not overlap.
    seats, cells
        The seat and the area of each cell, by id.

    Returns
    -------
    shares
        For each share, the ids of its cells in the order of `cells`.
    """
    if not cells:
        return {share: [] for share in cores}
    ids = list(cells)
    borders: dict[str, list[tuple[str, float]]] = {id_: [] for id_ in ids}
    tree = shapely.STRtree([cells[id_] for id_ in ids])
    for n, m in tree.query([cells[id_] for id_ in ids], predicate="intersects").T:
        a, b = ids[n], ids[m]
        if a != b and cells[a].intersection(cells[b]).length > 0:
            borders[a].append((b, seats[a].distance(seats[b])))
    queue = [(0.0, start, share) for share, starts in cores.items() for start in starts]
    heapq.heapify(queue)
    owner: dict[str, str] = {}
    while queue:
        far, cell, share = heapq.heappop(queue)
        if cell not in owner:
            owner[cell] = share
            for neighbour, step in borders[cell]:
                heapq.heappush(queue, (far + step, neighbour, share))
    return {share: [cell for cell in ids if owner.get(cell) == share] for share in cores}
