"""Lines through places, and areas divided among seats: the invariants, on made-up places."""

import math
from itertools import permutations, product

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import Point, Polygon

from layers.geometry import curve_through, nearest_along_borders, thiessen
from tests.strategies import divided_areas, routes

MILLIMETRE = 1e-3


@given(points=routes(), closed=st.booleans())
def test_a_curve_passes_every_point_in_order(points: list[Point], closed: bool) -> None:  # noqa: FBT001 - drawn
    assume(len(points) > 2 or not closed)
    line = curve_through(points, closed=closed)
    assert all(line.distance(point) <= MILLIMETRE for point in points)
    vertices = [tuple(map(float, xy)) for xy in line.coords]
    at = [min(range(len(vertices)), key=lambda n: math.dist(vertices[n], (point.x, point.y))) for point in points]
    assert at[1:] == sorted(at[1:])  # the start of a closed one is its end as well
    assert line.is_valid


@given(points=routes())
def test_a_curve_backwards_is_the_same_curve(points: list[Point]) -> None:
    """An axis does not move because its places are listed from the other end."""
    there, back = curve_through(points), curve_through(points[::-1])
    assert there.hausdorff_distance(back) <= MILLIMETRE
    assert there.length == pytest.approx(back.length, abs=MILLIMETRE)
    assert Point(there.coords[0]).distance(Point(back.coords[-1])) <= MILLIMETRE


@given(points=routes())
def test_an_open_curve_runs_from_the_first_point_to_the_last(points: list[Point]) -> None:
    line = curve_through(points)
    assert Point(line.coords[0]).distance(points[0]) <= MILLIMETRE
    assert Point(line.coords[-1]).distance(points[-1]) <= MILLIMETRE


@given(points=routes(least=3))
def test_a_closed_curve_returns_to_its_start(points: list[Point]) -> None:
    """To the very vertex: a ring that misses its start by a nanometre may cross itself there."""
    line = curve_through(points, closed=True)
    assert line.is_closed
    assert Point(line.coords[0]).distance(points[0]) <= MILLIMETRE


@given(points=routes(least=3), turn=st.integers(1, 8))
def test_a_ring_does_not_depend_on_the_place_it_starts_from(points: list[Point], turn: int) -> None:
    turned = points[turn % len(points) :] + points[: turn % len(points)]
    one, other = curve_through(points, closed=True), curve_through(turned, closed=True)
    assert one.hausdorff_distance(other) <= MILLIMETRE


@given(points=routes(least=3), closed=st.booleans())
def test_a_point_repeated_in_a_row_counts_once(points: list[Point], closed: bool) -> None:  # noqa: FBT001 - drawn
    """A ring whose last place is its first once more is the ring that was meant."""
    doubled = [point for point in points for _ in range(2)]
    if closed:
        doubled.append(points[0])
    assert curve_through(doubled, closed=closed).equals_exact(curve_through(points, closed=closed), MILLIMETRE)


@given(drawn=divided_areas())
def test_thiessen_cells_tile_the_area(drawn: tuple[Polygon, dict[str, Point]]) -> None:
    """No gap, no overlap, common vertices along every border; also where the area is concave."""
    area, seats = drawn
    cells = thiessen(seats, area)
    assert set(cells) == set(seats)
    shapes = list(cells.values())
    assert all(cell.is_valid and not cell.is_empty for cell in shapes)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).symmetric_difference(area).area <= 1e-6 * area.area
    assert sum(cell.area for cell in shapes) == pytest.approx(area.area, rel=1e-6)


@given(drawn=divided_areas())
def test_every_seat_lies_in_its_own_cell(drawn: tuple[Polygon, dict[str, Point]]) -> None:
    area, seats = drawn
    cells = thiessen(seats, area)
    assert all(cells[id_].covers(seat) for id_, seat in seats.items())


@given(drawn=divided_areas())
def test_every_cell_is_in_one_piece(drawn: tuple[Polygon, dict[str, Point]]) -> None:
    """A town does not reach across a bay of the outline."""
    area, seats = drawn
    assert all(isinstance(cell, Polygon) for cell in thiessen(seats, area).values())


@given(drawn=divided_areas())
def test_a_spot_belongs_to_the_nearest_seat(drawn: tuple[Polygon, dict[str, Point]]) -> None:
    """Where the area is convex there is no other rule."""
    area, seats = drawn
    hull = area.convex_hull
    assert isinstance(hull, Polygon)
    for id_, cell in thiessen(seats, hull).items():
        spot = cell.representative_point()
        assert seats[id_].distance(spot) <= min(seat.distance(spot) for seat in seats.values()) + MILLIMETRE


@given(drawn=divided_areas(), data=st.data())
def test_shares_partition_the_cells_and_hold_together(
    drawn: tuple[Polygon, dict[str, Point]], data: st.DataObject
) -> None:
    """Each cell falls to exactly one share; each share holds its cores and, from one core, is in one piece."""
    area, seats = drawn
    cells = thiessen(seats, area)
    starts = data.draw(st.lists(st.sampled_from(list(cells)), min_size=1, max_size=4, unique=True), label="cores")
    cores = {f"share-{n}": [start] for n, start in enumerate(starts)}
    shares = nearest_along_borders(cores, seats, cells)
    assert sorted(cell for share in shares.values() for cell in share) == sorted(cells)
    for name, share in shares.items():
        assert cores[name][0] in share
        assert isinstance(shapely.union_all([cells[cell] for cell in share]), Polygon)


@given(drawn=divided_areas(), data=st.data())
def test_shares_do_not_depend_on_the_order_of_cells(
    drawn: tuple[Polygon, dict[str, Point]], data: st.DataObject
) -> None:
    area, seats = drawn
    cells = thiessen(seats, area)
    starts = data.draw(st.lists(st.sampled_from(list(cells)), min_size=1, max_size=3, unique=True), label="cores")
    cores = {f"share-{n}": [start] for n, start in enumerate(starts)}
    shuffled = {id_: cells[id_] for id_ in data.draw(st.permutations(list(cells)), label="order")}
    one, other = nearest_along_borders(cores, seats, cells), nearest_along_borders(cores, seats, shuffled)
    assert {name: set(share) for name, share in one.items()} == {name: set(share) for name, share in other.items()}


@given(drawn=divided_areas(), data=st.data())
def test_a_cell_falls_to_the_core_that_is_nearest_along_borders(
    drawn: tuple[Polygon, dict[str, Point]], data: st.DataObject
) -> None:
    """Nearest by the sum of the steps from seat to seat, as a plain search over all chains finds it."""
    area, seats = drawn
    cells = thiessen(seats, area)
    starts = data.draw(st.lists(st.sampled_from(list(cells)), min_size=1, max_size=3, unique=True), label="cores")
    shares = nearest_along_borders({start: [start] for start in starts}, seats, cells)
    far = dict.fromkeys(product(cells, cells), math.inf) | {(a, a): 0.0 for a in cells}
    for a, b in permutations(cells, 2):
        if cells[a].intersection(cells[b]).length > 0:
            far[a, b] = seats[a].distance(seats[b])
    for by, a, b in product(cells, cells, cells):
        far[a, b] = min(far[a, b], far[a, by] + far[by, b])
    for start, share in shares.items():
        for cell in share:
            assert far[start, cell] <= min(far[other, cell] for other in starts) + MILLIMETRE


def test_one_seat_has_the_whole_area() -> None:
    area = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)])
    assert thiessen({"a": Point(3, 3)}, area)["a"].equals(area)
