"""Placing names: whatever the map, no two overlap, none leaves the frame, none covers a symbol."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from atlas.figures.candidates import Name, along, apart, beside, inside
from atlas.figures.labels import Places, Stains, corners, overlapping
from atlas.figures.model import Box

FRAME = Box(10, 20, 120, 90)
PX = 0.26
WORDS = ("巴河", "化成镇", "G245 发展轴", "清江—大和道地药材现代农业产业园", "津桥湖水库(小型)", "Key town")

X = st.floats(FRAME.x - 5, FRAME.right + 5)
Y = st.floats(FRAME.y - 5, FRAME.bottom + 5)
POINTS = st.lists(st.tuples(X, Y), min_size=1, max_size=14)
LINES = st.lists(st.lists(st.tuples(X, Y), min_size=2, max_size=5, unique=True), max_size=4)
SIZES = st.sampled_from((11, 12, 14, 16))


def named(index: int, size: int, spread: float = 0.0) -> Name:
    return Name.of(WORDS[index % len(WORDS)], "settlement", {"size": size, "spread": spread}, PX)


@given(points=POINTS, lines=LINES, size=SIZES)
def test_no_two_names_overlap_and_none_leaves_the_frame(
    points: list[tuple[float, float]],
    lines: list[list[tuple[float, float]]],
    size: int,
) -> None:
    roads = [LineString(line) for line in lines]
    symbols = [Box(x - 1, y - 1, 2, 2) for x, y in points]
    places = Places(FRAME, Stains(FRAME, [(road, 1.0) for road in roads]), symbols)
    wishes = [
        ([*beside(named(index, size), at, 1.2), *apart(named(index, size), at, 1.2)], at)
        for index, at in enumerate(points)
    ]
    for index, road in enumerate(roads):
        start = (road.coords[0][0], road.coords[0][1])
        wishes += [(list(along(named(index, size, 2.0), road, 0.4)), start)]
        wishes += [(list(apart(named(index, size), start, 0.4)), start)]
        wishes += [(list(inside(named(index, size), road.buffer(4))), start)]
    found = [chosen for candidates, at in wishes if (chosen := places.best(candidates, at))]
    outlines = [[piece.outline for piece in each.pieces] for each in found]
    for shapes in outlines:
        for shape in shapes:
            assert FRAME.polygon.covers(shape)
            assert not any(shape.intersection(symbol.polygon).area > 1e-6 for symbol in symbols)
    for first, second in combinations(outlines, 2):
        assert not any(a.intersection(b).area > 1e-6 for a in first for b in second)
    leaders = [LineString(each.leader) if each.leader else None for each in found]
    for index, leader in enumerate(leaders):
        others = [shape for number, shapes in enumerate(outlines) if number != index for shape in shapes]
        assert leader is None or not any(leader.intersects(shape) for shape in others)


@given(
    boxes=st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 30), st.floats(0.5, 12), st.floats(0.5, 5), st.floats(-180, 180)),
        min_size=2,
        max_size=8,
    ),
)
def test_overlap_is_what_geometry_says(boxes: list[tuple[float, float, float, float, float]]) -> None:
    name = named(0, 12)
    pieces = [name._text("x", Box(x, y, w, h), angle) for x, y, w, h, angle in boxes]
    quads = corners(pieces)
    shapes = [piece.outline.buffer(0.25, join_style="mitre") for piece in pieces]
    for index, shape in enumerate(shapes[1:], 1):
        area = max(shape.intersection(other).area for other in shapes[:index])
        said = overlapping(quads[index : index + 1], quads[:index])[0]
        assert said == (area > 0) or area < 1e-6


def test_a_name_stands_beside_its_point_where_there_is_room() -> None:
    places = Places(FRAME, Stains(FRAME, []), [])
    chosen = places.best(list(beside(named(1, 12), (60, 60), 1.2)))
    assert chosen
    assert chosen.leader is None
    assert chosen.pieces[0].box.x > 61


def test_a_crowded_point_gets_a_leader_line() -> None:
    around = [Box(60 + dx, 60 + dy, 3, 3) for dx in (-5, -1.5, 2) for dy in (-5, -1.5, 2) if (dx, dy) != (-1.5, -1.5)]
    places = Places(FRAME, Stains(FRAME, []), around)
    assert places.best(list(beside(named(1, 12), (60, 60), 1.0)), (60, 60)) is None
    chosen = places.best(list(apart(named(1, 12), (60, 60), 1.0)), (60, 60))
    assert chosen
    assert chosen.leader is not None


def test_there_is_no_room_in_a_full_map() -> None:
    places = Places(FRAME, Stains(FRAME, []), [FRAME])
    assert places.best(list(apart(named(1, 12), (60, 60), 1.0)), (60, 60)) is None


def test_letters_follow_a_river_and_stay_upright() -> None:
    turn = np.linspace(0, np.pi, 60)
    river = LineString(np.column_stack([70 - 40 * np.cos(turn), 90 - 30 * np.sin(turn)]))
    for line in (river, LineString(list(river.coords)[::-1])):
        placed = list(along(named(0, 12, 3.0), line, 0.4))
        assert placed
        for place in placed:
            assert all(abs(piece.angle) <= 91 for piece in place.pieces)
            first, last = place.pieces[0].box, place.pieces[-1].box
            assert first.x <= last.x + 0.5 or first.y < last.y


def test_a_name_is_broken_where_a_reader_would() -> None:
    rows = {word: named(WORDS.index(word), 12).halves for word in WORDS}
    assert rows["津桥湖水库(小型)"] == ("津桥湖水库", "(小型)")
    assert rows["Key town"] == ("Key", "town")
    assert "".join(rows["清江—大和道地药材现代农业产业园"]) == "清江—大和道地药材现代农业产业园"
