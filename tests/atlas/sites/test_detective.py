"""The detective: what it concludes from numbers, and where it declines to."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from atlas.sites.detective import CannotTell, Elsewhere, solve
from atlas.sites.raw import Claim
from atlas.sites.read import read_upload
from atlas.sites.terrain import Terrain
from atlas.sites.text import decode, encoding_of
from atlas.sites.vocabulary import datum_stated
from layers import PlanError
from layers.crs import identify, project, unproject, zones_around
from tests.atlas.sites import writers as w
from tests.atlas.sites.test_matrix import error_m
from tests.conftest import Opened, opened

pytestmark = pytest.mark.filterwarnings("ignore:.*crs.* was not provided:UserWarning")  # as some files are


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


def moved(shapes: Sequence[BaseGeometry], crs: object) -> list[BaseGeometry]:
    """Return shapes of longitude and latitude in another CRS, east before north."""
    way = pyproj.Transformer.from_crs(4326, crs, always_xy=True)
    return [shapely.transform(s, lambda p: np.column_stack(way.transform(p[:, 0], p[:, 1]))) for s in shapes]


def test_a_declared_system_of_its_own_is_used_as_declared(district: Opened) -> None:
    """A city's own central meridian, in ESRI's words: no code, and not to be mistaken for a zone."""
    plan = district.plan
    meridian = round(Terrain.of(plan).middle[0] - 0.9, 2)
    plots = w.truth(plan)[:2]
    text = plan.crs.to_wkt("WKT1_ESRI")
    own = re.sub(r'("Central_Meridian",)[\d.]+', rf"\g<1>{meridian}", text).replace("3_Degree_GK", "City")
    sites = read_upload(w.shapefile_of(moved(plots, own), prj=own), plan)
    assert error_m(sites, plots, plan) < 0.01
    assert sites.reading.confidence >= 0.9
    with pytest.raises(PlanError) as caught:
        read_upload(w.shapefile_of(moved(plots, own)), plan)
    assert caught.value.findings[0].code == "cannot_tell"


def test_utm_is_read_where_declared_and_held_possible_where_not(district: Opened) -> None:
    plan = district.plan
    [code] = Terrain.of(plan).utm[:1]
    plots = w.truth(plan)[:2]
    shapes = moved(plots, code)
    declared = read_upload(w.shapefile_of(shapes, prj=pyproj.CRS(code).to_wkt("WKT1_ESRI")), plan)
    assert error_m(declared, plots, plan) < 0.01
    assert (declared.reading.crs, declared.reading.datum) == (code, "wgs84")
    undeclared = read_upload(w.shapefile_of(shapes), plan)
    assert undeclared.reading.confidence < 0.9
    assert code in {other.assume for other in undeclared.reading.alternatives}
    assert undeclared.frame["sigma_m"].min() > 300
    assert error_m(read_upload(w.shapefile_of(shapes), plan, assume_crs=code), plots, plan) < 0.01


def test_layers_in_different_systems_are_each_read_in_their_own(district: Opened, tmp_path: Path) -> None:
    plan = district.plan
    zone = w.systems_of(plan)[4]
    plots = w.truth(plan)[:2]
    file = tmp_path / "x.gpkg"
    pyogrio.write_dataframe(w.frame_of([zone.write(plots[0])], zone.epsg), file, layer="a")
    pyogrio.write_dataframe(w.frame_of([plots[1]], 4490), file, layer="b")
    sites = read_upload({"x.gpkg": file.read_bytes()}, plan)
    assert error_m(sites, plots, plan) < 0.01
    assert [p.code for p in sites.reading.problems] == ["mixed_systems"]


@pytest.mark.parametrize(("declared", "encoding"), [("GBK", "gbk"), ("UTF-8", "gbk"), ("UTF-16", "utf-16")])
def test_a_map_is_read_in_the_encoding_it_has(district: Opened, declared: str, encoding: str) -> None:
    text = w.kml_of(w.truth(district.plan)).decode().replace("UTF-8", declared)
    frame = read_upload({"x.kml": text.encode(encoding)}, district.plan).frame
    assert frame["name"].tolist() == list(w.NAMES)
    assert [a["总投资"] for a in frame["attributes"] if "总投资" in a] == []
    assert frame["investment_wan"].tolist() == [86000.0] * 3


def test_a_files_name_is_the_last_to_be_asked(district: Opened) -> None:
    plan = district.plan
    rows = w.rows_of(plan, w.System("gcj", "gcj02"))
    sites = read_upload({"高德拾取点.csv": w.csv_of(rows)}, plan)
    assert sites.reading.datum == "gcj02"
    assert sites.reading.confidence < 0.9
    assert "claim_by_name" in [p.code for p in sites.reading.problems]


@pytest.mark.parametrize("titles", [("经度(GCJ-02)", "纬度(GCJ-02)"), ("高德经度", "高德纬度")])
def test_a_header_may_name_the_datum(district: Opened, titles: tuple[str, str]) -> None:
    rows = w.rows_of(district.plan, w.System("gcj", "gcj02"), titles=titles)
    reading = read_upload({"x.csv": w.csv_of(rows)}, district.plan).reading
    assert (reading.datum, reading.confidence >= 0.9) == ("gcj02", True)


@pytest.mark.parametrize(
    ("cell", "datum"),
    [
        ("2000", "cgcs2000"),
        ("84坐标系", "wgs84"),
        ("80坐标系", "xian80"),
        ("54", "beijing54"),
        ("高德", "gcj02"),
        ("—", ""),
    ],
)
def test_in_a_column_for_it_a_short_word_says_the_datum(cell: str, datum: str) -> None:
    assert datum_stated(cell, about_coordinates=True) == datum


def test_what_ovital_leaves_unmarked_is_not_taken_for_wgs84(district: Opened) -> None:
    """Newer versions write GCJ-02; a placemark without their mark may be either."""
    text = w.kml_of(w.truth(district.plan), "GCJ02").decode()
    unmarked = re.sub(r"<OvCoordType>\w+</OvCoordType>", "", text)
    reading = read_upload({"x.ovkml": unmarked.encode()}, district.plan).reading
    assert (reading.format, reading.datum) == ("ovkml", "unknown")
    assert reading.confidence < 0.9
