"""Schematic lines on paper: round where they bend, true to their vertices, and untouched where they have corners."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, Point

from atlas.figures.compose import compose
from atlas.figures.curves import rounded
from atlas.figures.recipe import Recipe
from tests.conftest import Opened

places = st.tuples(st.integers(-800, 800), st.integers(-800, 800))


def arc(radius: float, steps: int, share: float = 0.75) -> LineString:
    """Return a part of a circle in chords; of the whole circle it closes."""
    angles = [2 * math.pi * share * n / steps for n in range(steps)]
    points = [(radius * math.cos(a), radius * math.sin(a)) for a in angles]
    return LineString([*points, points[0]] if share == 1 else points)


@pytest.mark.parametrize("share", [0.75, 1.0])
def test_chords_of_a_circle_become_a_circle(share: float) -> None:
    line = arc(80, 18, share)
    smooth = rounded(line)
    off = np.abs(np.hypot(*shapely.get_coordinates(shapely.segmentize(smooth, 0.5)).T) - 80)
    # The first and the last leg of an open line end straight.
    assert (np.sort(off)[: int(len(off) * 0.8)] < 0.06).all()
    assert np.abs(np.hypot(*shapely.get_coordinates(shapely.segmentize(line, 0.5)).T) - 80).max() > 0.6
    assert smooth.is_closed == line.is_closed


@given(st.lists(places, min_size=2, max_size=12))
def test_every_vertex_stays(points: list[tuple[int, int]]) -> None:
    line = LineString(points)
    smooth = rounded(line)
    assert all(smooth.distance(Point(point)) < 1e-9 for point in points)
    assert smooth.hausdorff_distance(line) < 0.25 * max(line.length, 1)
    assert rounded(MultiLineString([line])).equals(shapely.multilinestrings([smooth]))


def test_corners_and_small_bends_are_left_alone() -> None:
    for line in (LineString([(0, 0), (50, 0), (50, 50)]), arc(2, 24), LineString([(0, 0), (9, 9)])):
        assert rounded(line).equals_exact(line)
    assert rounded(Point(1, 2)) == Point(1, 2)


def test_a_large_page_has_smooth_axes(bazhou: Opened) -> None:
    def legs(paper: str) -> int:
        figure = compose(bazhou.plan, bazhou.atlas, Recipe("bazhou", "structure", paper=paper))  # type: ignore[arg-type]  # one of them
        return figure.body_svg.count("L")

    assert legs("A0") > legs("A4") * 1.2
