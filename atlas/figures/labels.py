"""Places names: greedily, important ones first; no two overlap and none leaves the frame. Page mm throughout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.figures.model import Box, Text

Floats = NDArray[np.float64]
Leader = tuple[tuple[float, float], tuple[float, float]]

# Cells in which lines leave ink that names would rather not cover, and what a covered cell costs.
_CELL: Final = 0.8
_STAIN_COST: Final = 0.06
# Kept free around every name and leader line.
_GAP: Final = 0.25
_LEADER_WIDTH: Final = 0.3


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A place where a name may stand.

    Parameters
    ----------
    pieces
        Its parts as they would be set.
    cost
        How much worse it is than the best place there could be (0).
    leader
        Line from the anchor to the name, if it stands apart.
    """

    pieces: tuple[Text, ...]
    cost: float
    leader: Leader | None = None


class Stains:
    """
    Where lines lie on the map, as a raster.

    Parameters
    ----------
    frame
        The map.
    lines
        Shapes whose lines or outlines are drawn, each with how much a name over it would hurt.
    """

    def __init__(self, frame: Box, lines: Iterable[tuple[BaseGeometry, float]]) -> None:
        self._frame = frame
        columns, rows = int(frame.width / _CELL) + 2, int(frame.height / _CELL) + 2
        cells = np.zeros((rows, columns))
        for shape, weight in lines:
            dense = shapely.get_coordinates(shapely.segmentize(shape, _CELL))
            at = ((dense - (frame.x, frame.y)) / _CELL).astype(int)
            inside = np.all((at >= 0) & (at < (columns, rows)), axis=1)
            column, row = at[inside].T
            cells[row, column] = np.maximum(cells[row, column], weight)
        self._sums = np.pad(cells.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def under(self, bounds: Floats) -> Floats:
        """Return what is stained under boxes given by their bounds (n, 4)."""
        origin = np.array([self._frame.x, self._frame.y] * 2)
        at = np.floor((bounds - origin) / _CELL).astype(int) + np.array([0, 0, 1, 1])
        rows, columns = self._sums.shape
        west, north, east, south = np.clip(at, 0, (columns - 1, rows - 1, columns - 1, rows - 1)).T
        s = self._sums
        covered: Floats = s[south, east] - s[north, east] - s[south, west] + s[north, west]
        return covered


class Places:
    """
    What is taken on the map: turned rectangles, as their corners.

    Parameters
    ----------
    frame
        Nothing may leave it.
    stains
        Where a name costs more.
    taken
        Symbols and furniture that no name may cover, as boxes.
    """

    def __init__(self, frame: Box, stains: Stains, taken: Sequence[Box]) -> None:
        self._frame, self._stains = frame, stains
        flat = np.array([(box.x, box.y, box.right, box.bottom) for box in taken]).reshape(-1, 4)
        self._quads = flat[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
        self._symbols = len(taken)

    def best(self, candidates: Sequence[Candidate], anchor: tuple[float, float] | None = None) -> Candidate | None:
        """
        Return the cheapest free candidate and take its place; None if there is none.

        Parameters
        ----------
        candidates
            Where the name may stand.
        anchor
            What a leader line starts from: it may cross the symbols that cover this point.
        """
        if not candidates:
            return None
        owner = np.repeat(np.arange(len(candidates)), [len(candidate.pieces) for candidate in candidates])
        quads = corners([piece for candidate in candidates for piece in candidate.pieces])
        cost = np.array([candidate.cost for candidate in candidates], float)
        bounds = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)
        frame = self._frame
        outside = (bounds[:, :2] < (frame.x, frame.y)).any(axis=1) | (bounds[:, 2:] > (frame.right, frame.bottom)).any(
            axis=1
        )
        cost[owner[outside]] = np.inf
        cost[owner[overlapping(quads, self._quads)]] = np.inf
        np.add.at(cost, owner, self._stains.under(bounds) * _STAIN_COST)
        order = [int(index) for index in np.argsort(cost, kind="stable") if np.isfinite(cost[index])]
        # A leader line crosses no name; a symbol only where there is no other way out.
        for barred in (self._apart_from(anchor), self._quads[self._symbols :]):
            for index in order:
                chosen = candidates[index]
                line = _leader_quad(chosen.leader) if chosen.leader else self._quads[:0]
                if not overlapping(line, barred).any():
                    self._quads = np.concatenate([self._quads, quads[owner == index], line])
                    return chosen
        return None

    def _apart_from(self, anchor: tuple[float, float] | None) -> Floats:
        """Return what is taken, without the symbols that cover a point."""
        if anchor is None or not len(self._quads):
            return self._quads
        low, high = self._quads.min(axis=1), self._quads.max(axis=1)
        covers = ((low <= anchor) & (high >= anchor)).all(axis=1)
        covers[self._symbols :] = False
        apart: Floats = self._quads[~covers]
        return apart


def corners(pieces: Sequence[Text]) -> Floats:
    """Return the corners of turned text boxes, a little enlarged: (n, 4, 2)."""
    rows = np.array([(*piece.box.centre, piece.box.width, piece.box.height, piece.angle) for piece in pieces])
    rows = rows.reshape(-1, 5)
    turn = np.radians(rows[:, 4])
    half = rows[:, 2:4] / 2 + _GAP
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    offsets = signs[None] * half[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    turned = np.stack(
        [offsets[..., 0] * cos - offsets[..., 1] * sin, offsets[..., 0] * sin + offsets[..., 1] * cos], -1
    )
    placed: Floats = turned + rows[:, None, :2]
    return placed


def overlapping(quads: Floats, others: Floats) -> NDArray[np.bool_]:
    """Say for each turned rectangle (n, 4, 2) whether it overlaps any of the others (m, 4, 2)."""
    result = np.zeros(len(quads), bool)
    if not len(quads) or not len(others):
        return result
    low, high = quads.min(axis=1), quads.max(axis=1)
    below, above = others.min(axis=1), others.max(axis=1)
    near = ((low[:, None] < above[None]) & (high[:, None] > below[None])).all(axis=2)
    first, second = np.nonzero(near)
    hit = _overlap(quads[first], others[second])
    result[first[hit]] = True
    return result


def _overlap(a: Floats, b: Floats) -> NDArray[np.bool_]:
    """Say for pairs of rectangles whether they overlap: unless one of their four directions separates them."""
    sides = np.concatenate([a[:, 1:3] - a[:, :2], b[:, 1:3] - b[:, :2]], axis=1)
    on_a, on_b = (np.einsum("pij,pkj->pki", shape, sides) for shape in (a, b))
    apart = (on_a.max(axis=2) <= on_b.min(axis=2)) | (on_b.max(axis=2) <= on_a.min(axis=2))
    together: NDArray[np.bool_] = ~apart.any(axis=1)
    return together


def _leader_quad(leader: Leader) -> Floats:
    """Return a leader line as a thin rectangle."""
    start, end = np.array(leader[0]), np.array(leader[1])
    run = end - start
    length = float(np.hypot(*run)) or 1.0
    across = np.array([-run[1], run[0]]) / length * _LEADER_WIDTH / 2
    return np.array([[start - across, end - across, end + across, start + across]])
