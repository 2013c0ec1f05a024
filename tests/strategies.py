"""Made-up input for property tests: positions, routes, and areas with seats in them."""

import math

import numpy as np
from hypothesis import strategies as st
from shapely import Point, Polygon

# Inside the frame in which GCJ-02 applies, off its edge by more than its largest shift.
CHINA_LON = st.floats(73.0, 137.0)
CHINA_LAT = st.floats(1.0, 55.0)
# Where the two districts' CRSs are at home.
ZONE_LON = st.floats(-1.5, 1.5)
ZONE_LAT = st.floats(20.0, 45.0)

CHINA_POINTS = st.tuples(CHINA_LON, CHINA_LAT)
FOREIGN_POINTS = st.one_of(
    st.tuples(st.floats(-180, 72.0), st.floats(-90, 90)),
    st.tuples(st.floats(137.9, 180), st.floats(-90, 90)),
    st.tuples(st.floats(-180, 180), st.floats(-90, 0.8)),
    st.tuples(st.floats(-180, 180), st.floats(55.9, 90)),
)


@st.composite
def routes(draw: st.DrawFn, least: int = 2) -> list[Point]:
    """
    Return distinct points in the order of a route, in metres of a Gauss-Kruger zone.

    Parameters
    ----------
    draw
        Hypothesis' own.
    least
        Smallest number of points.
    """
    cells = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=least, max_size=9, unique=True))
    jitter = draw(st.floats(-200, 200))
    return [Point(400_000 + 700 * x + jitter, 3_500_000 + 700 * y - jitter) for x, y in cells]


@st.composite
def areas(draw: st.DrawFn) -> Polygon:
    """Return a star-shaped area about 30 km across, in metres; often concave, at times very much so."""
    corners = draw(st.integers(5, 16))
    reach = np.array(draw(st.lists(st.floats(3_000, 20_000), min_size=corners, max_size=corners)))
    turn = np.arange(corners) / corners * 2 * math.pi
    return Polygon(np.column_stack([500_000 + reach * np.cos(turn), 3_300_000 + reach * np.sin(turn)]))


@st.composite
def seats_in(draw: st.DrawFn, area: Polygon, most: int = 14) -> dict[str, Point]:
    """
    Return named seats within an area, no two closer than a metre.

    Parameters
    ----------
    draw
        Hypothesis' own.
    area
        Where they lie.
    most
        Largest number of seats.
    """
    west, south, east, north = area.bounds
    grid = draw(
        st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=5 * most, unique=True)
    )
    points = [Point(west + (east - west) * x / 401, south + (north - south) * y / 401) for x, y in grid]
    inside = [point for point in points if area.contains(point)][:most]
    return {f"seat-{n}": point for n, point in enumerate(inside or [area.representative_point()])}


@st.composite
def divided_areas(draw: st.DrawFn) -> tuple[Polygon, dict[str, Point]]:
    """Return an area and the seats in it."""
    area = draw(areas())
    return area, draw(seats_in(area))
