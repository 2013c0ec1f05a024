"""Schematic lines on paper: their chords become curves again where a page is large enough to show the corners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# A bend sharper than this is a corner that is meant, radians (40°).
_CORNER: Final = 0.7
# How far a chord may lie off its curve before it shows, and what is left of that, mm.
_SEEN, _LEFT = 0.06, 0.02


def rounded(shape: BaseGeometry) -> BaseGeometry:
    """
    Return lines with cubic curves in place of the chords that would show; every vertex stays where it is.

    Parameters
    ----------
    shape
        A line or several, page mm; anything else is returned as it is.
    """
    if isinstance(shape, shapely.MultiLineString):
        return shapely.MultiLineString([_rounded(part) for part in shape.geoms])
    return _rounded(shape) if isinstance(shape, shapely.LineString) else shape


def _rounded(line: shapely.LineString) -> shapely.LineString:
    at: NDArray[np.float64] = shapely.get_coordinates(line)
    at = at[np.r_[True, (np.diff(at, axis=0) != 0).any(axis=1)]] if len(at) else at
    if len(at) < 3:  # noqa: PLR2004 - nothing to bend
        return line
    run = np.diff(at, axis=0)
    length = np.hypot(*run.T)
    ahead = run / length[:, None]
    closed = bool((at[0] == at[-1]).all())
    # Into and out of each vertex; a line that does not close goes on straight at its ends.
    into, out = (
        np.vstack([ahead[-1:] if closed else ahead[:1], ahead]),
        np.vstack([ahead, ahead[:1] if closed else ahead[-1:]]),
    )
    turn = np.arccos(np.clip((into * out).sum(axis=1), -1, 1))
    middle = into + out
    bends = turn < _CORNER
    middle /= np.maximum(np.hypot(*middle.T), np.finfo(float).tiny)[:, None]
    leave, arrive = (np.where(bends[:, None], middle, side) for side in (out, into))
    bend = np.where(bends, turn, 0)
    off = length * np.maximum(bend[:-1], bend[1:]) / 8  # as of an arc
    pieces: list[Any] = []
    for n in range(len(run)):
        steps = int(np.ceil(np.sqrt(off[n] / _LEFT))) if off[n] > _SEEN else 1
        t = np.arange(steps)[:, None] / steps
        start, end = at[n], at[n + 1]
        first, second = start + leave[n] * length[n] / 3, end - arrive[n + 1] * length[n] / 3
        pieces.append((1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end)
    return shapely.LineString(np.vstack([*pieces, at[-1:]]))
