"""The detective: what it concludes from numbers, and where it declines to."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.sites.detective import CannotTell, Elsewhere, solve
from atlas.sites.raw import Claim
from atlas.sites.read import read_upload
from atlas.sites.terrain import Terrain
from atlas.sites.text import decode, encoding_of
from atlas.sites.vocabulary import datum_stated
from layers.crs import project, unproject, zones_around
from tests.atlas.sites import writers as w
from tests.conftest import Opened, opened


def numbers(district: Opened, system: w.System) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and second numbers of the test's sites in a system."""
    points = np.array([system.write(p).coords[0] for p in w.centres(district.plan)])
    return points[:, 0], points[:, 1]


def test_zones_follow_from_the_longitudes_of_the_district() -> None:
    """Of a district east of 106.5 E: its own zone, the one it borders on, and the wide one over both."""
    found = {(zone.width, zone.number): (zone.code, zone.prefixed) for zone in zones_around(106.5, 107.2, 0.5)}
    assert found[3, 36] == ("EPSG:4545", "EPSG:4524")
    assert found[3, 35] == ("EPSG:4544", "EPSG:4523")
    assert found[6, 18] == ("EPSG:4507", "EPSG:4496")


def test_longitudes_without_a_word_are_taken_as_cgcs2000_with_their_doubt(district: Opened) -> None:
    terrain = Terrain.of(district.plan)
    verdict = solve(*numbers(district, w.System("lonlat")), [""] * 3, None, terrain)
    assert verdict.winner.datum == "unknown"
    assert verdict.confidence < 0.9
    assert {other.datum for other, _ in verdict.others} == {"gcj02", "bd09"}
    total = verdict.confidence + sum(chance for _, chance in verdict.others)
    assert total == pytest.approx(1, abs=0.01)


def test_wgs84_is_said_to_be_the_same_as_cgcs2000(district: Opened) -> None:
    """Between the two there is nothing to choose: neither is an alternative to the other."""
    for word in ("wgs84", "cgcs2000"):
        verdict = solve(*numbers(district, w.System("lonlat")), [""] * 3, Claim(word), Terrain.of(district.plan))
        assert verdict.winner.datum == word
        assert {other.datum for other, _ in verdict.others} <= {"gcj02", "bd09"}


def test_a_named_town_speaks_against_a_reading(district: Opened) -> None:
    terrain = Terrain.of(district.plan)
    lon, lat = numbers(district, w.System("lonlat"))
    point = terrain.points(lon[:1], lat[:1])[0]
    far = max(terrain.towns, key=lambda name: terrain.towns[name][1].distance(point) - terrain.towns[name][2])
    near = min(terrain.towns, key=lambda name: terrain.towns[name][1].distance(point))
    assert terrain.fit(lon[:1], lat[:1], [near]) == pytest.approx(1)
    assert terrain.fit(lon[:1], lat[:1], [far]) <= 1


def test_numbers_that_lead_nowhere_are_not_guessed_at(district: Opened) -> None:
    terrain = Terrain.of(district.plan)
    for pair in ((12_345.0, 54_321.0), (500_000.0, 500_000.0), (9.0e9, 1.0e9)):
        first, second = np.array([[pair[0]], [pair[1]]])
        with pytest.raises((CannotTell, Elsewhere)):
            solve(first, second, [""], None, terrain)


@given(st.data())
@settings(max_examples=40)
def test_whatever_the_zone_a_site_comes_back(data: st.DataObject) -> None:
    """Any point of either district, in any zone, order and unit, is read to a millimetre and to nothing else."""
    district = opened(data.draw(st.sampled_from(["bazhou", "toyland"])))
    plan = district.plan
    zone = data.draw(st.sampled_from([s for s in w.systems_of(plan) if not s.in_degrees]))
    scale = data.draw(st.sampled_from([1.0, 1000.0, 0.001]))
    system = w.System("any", meridian=zone.meridian, number=zone.number, scale=scale)
    area = plan.layers["district"].rows[0].geometry
    west, south, east, north = area.bounds
    x = west + (east - west) * data.draw(st.floats(0.05, 0.95))
    y = south + (north - south) * data.draw(st.floats(0.05, 0.95))
    lon, lat = unproject(x, y, plan.crs)
    shape = system.write(shapely.Point(float(lon), float(lat)), swapped=data.draw(st.booleans()))
    first, second = np.array([[shape.coords[0][0]], [shape.coords[0][1]]])
    verdict = solve(first, second, [""], None, Terrain.of(plan))
    back = project(*verdict.winner.lonlat(first, second), plan.crs)
    assert np.hypot(back[0] - x, back[1] - y).max() < 0.001


@given(st.floats(73.5, 134.5), st.floats(18, 53), st.sampled_from([3, 6]), st.booleans())
def test_zones_turn_back_into_degrees(lon: float, lat: float, width: int, prefixed: bool) -> None:  # noqa: FBT001
    zone = next(z for z in zones_around(lon, lon, 0.01) if z.width == width)
    from layers.crs import identify  # noqa: PLC0415 - here alone

    crs = identify(zone.prefixed if prefixed else zone.code).crs
    east, north = project(lon, lat, crs)
    assert (float(east) > 1e6) == prefixed
    back = unproject(east, north, crs)
    assert abs(float(back[0]) - lon) + abs(float(back[1]) - lat) < 1e-9


CHINESE = "项目名称建设地点责任单位区县自然资源局产业园水库道路改建经度纬度万元二〇二五年"


@given(st.text(alphabet=CHINESE, min_size=6, max_size=60), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
def test_chinese_words_come_through_any_encoding(text: str, encoding: str) -> None:
    found = decode(f"a,{text}\n".encode(encoding))
    assert found.text == f"a,{text}\n"
    assert found.lost == 0


@given(st.text(alphabet="專案名稱建設地點責任單位縣自然資源局產業園水庫道路改建經度緯度萬元", min_size=12, max_size=60))
def test_big5_is_told_from_gbk(text: str) -> None:
    assert encoding_of([text.encode("big5")]) == "big5"


@pytest.mark.parametrize(
    ("text", "datum"),
    [
        ("坐标系:CGCS2000", "cgcs2000"),
        ("坐标由高德拾取", "gcj02"),
        ("经纬度取自百度地图", "bd09"),
        ("坐标为 2000国家大地坐标系", "cgcs2000"),
        ("坐标系 EPSG:4545", "cgcs2000"),
        ("西安80坐标", "xian80"),
        ("坐标系请注明(CGCS2000/高德/百度)", ""),
        ("坐标不得使用西安80", ""),
        ("与高德公司合作的产业园", ""),
        ("2000 亩坐标示范田", ""),
    ],
)
def test_what_a_sentence_says_of_the_datum(text: str, datum: str) -> None:
    assert datum_stated(text) == datum


def test_an_alternative_can_be_asked_for(district: Opened) -> None:
    """Each alternative names what to pass to have it, and how far it would move the sites."""
    plan = district.plan
    files = {"x.csv": w.csv_of(w.rows_of(plan, w.System("lonlat")))}
    sites = read_upload(files, plan)
    assert sites.reading.alternatives
    for other in sites.reading.alternatives:
        moved = read_upload(files, plan, assume_crs=other.assume)
        assert moved.reading.datum == other.datum
        apart = [a.distance(b) for a, b in zip(sites.frame.geometry, moved.frame.geometry, strict=True)]
        assert np.median(apart) == pytest.approx(other.shift_m, rel=0.01)
