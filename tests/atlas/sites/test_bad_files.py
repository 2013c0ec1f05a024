"""Files that cannot be used, or only in part: one clear line each, nothing executed, nothing half-read."""

import io
import json
import random
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas.sites import vocabulary as words
from atlas.sites.model import SiteSet
from atlas.sites.read import read_pasted, read_sites, read_upload
from layers import PlanError
from tests.atlas.sites import writers as w
from tests.conftest import Opened, opened

pytestmark = pytest.mark.filterwarnings("ignore:.*crs.* was not provided:UserWarning")

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def refusal(files: dict[str, bytes], district: Opened, assume: str = "") -> str:
    """Return the code of the refusal, which must be whole in both languages and one line per finding."""
    with pytest.raises(PlanError) as caught:
        read_upload(files, district.plan, assume_crs=assume)
    for language in ("zh", "en"):
        lines = caught.value.text(language).splitlines()
        assert len(lines) == len(caught.value.findings)
        assert "Traceback" not in "".join(lines)
    return caught.value.findings[0].code


def read_or_refused(read: Callable[[], SiteSet]) -> SiteSet | None:
    """Return the sites of a file, or None if it was refused in words that fill their blanks."""
    try:
        return read()
    except PlanError as error:
        texts = [error.text("zh"), error.text("en")]
    assert all(texts)
    return None


def doc(body: str) -> bytes:
    """Return a KML document."""
    return (
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'.encode()
    )


def degrees(lon: float, lat: float) -> bytes:
    """Return a table of one point."""
    return f"项目名称,经度,纬度,坐标系\n甲,{lon},{lat},CGCS2000\n".encode()


BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("x.csv", b"", "empty_file"),
    "blank": ("x.csv", b" \r\n\t\n", "empty_file"),
    "empty table": ("x.xlsx", w.xlsx_of([[""], [""]]), "empty_file"),
    "locked workbook": ("x.xlsx", OLE + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"), "locked_file"),
    "cut workbook": ("x.xlsx", w.xlsx_of([["a", "b"], ["1", "2"]])[:900], "damaged_file"),
    "broken old workbook": ("x.xls", OLE + bytes(range(256)) * 20, "damaged_file"),
    "picture named as table": ("x.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "unknown_format"),
    "program": ("x.csv", b"\x7fELF" + bytes(range(256)) * 50, "unknown_format"),
    "dwg": ("x.dwg", b"AC1032" + b"\0" * 100, "closed_format"),
    "ovobj": ("x.ovobj", b"OVOBJ\1\2\3" * 20, "closed_format"),
    "pdf": ("x.txt", b"%PDF-1.7\n%\xe2\xe3", "unknown_format"),
    "html": ("x.xls", b"<html><table><tr><td>1</td></tr></table></html>", "no_coordinate_columns"),
    "page": ("x.xls", b"<html><p>404</p></html>", "unknown_format"),
    "broken json": ("x.geojson", b'{"type": "FeatureCollection", "features": [', "damaged_file"),
    "deep json": ("x.geojson", b'{"features":' + b"[" * 200_000, "damaged_file"),
    "json of something else": ("x.json", b'{"a": 1}', "unknown_format"),
    "broken xml": ("x.kml", b"<kml><Document>", "damaged_file"),
    "entities": (
        "x.kml",
        b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><kml><name>&c;</name></kml>',
        "xml_entities",
    ),
    "foreign entity": (
        "x.kml",
        b'<?xml version="1.0"?><!DOCTYPE k [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><name>&a;</name></kml>',
        "xml_entities",
    ),
    "map without places": ("x.kml", doc("<name>x</name>"), "no_sites"),
    "broken drawing": ("x.dxf", b"  0\nSECTION\n  2\nENTITIES\n  0\nLWPOLY", "no_sites"),
    "cut parquet": ("x.parquet", b"PAR1" + b"\0" * 50, "damaged_file"),
    "cut geopackage": ("x.gpkg", b"SQLite format 3\0" + b"\0" * 50, "damaged_file"),
    "cut shapefile": ("x.shp", bytes.fromhex("0000270a") + b"\0" * 20, "damaged_file"),
    "path out of an archive": ("x.zip", w.zip_of({"../../evil.shp": b"x"}), "unsafe_path"),
    "absolute path": ("x.kmz", w.zip_of({"/etc/doc.kml": b"x"}), "unsafe_path"),
    "windows path": ("x.zip", w.zip_of({"..\\evil.shp": b"x"}), "unsafe_path"),
    "archive of nothing": ("x.zip", w.zip_of({}), "unknown_format"),
    "archive in an archive": ("x.zip", w.zip_of({"y.zip": w.zip_of({"z.zip": b""})}), "unknown_format"),
    "cut archive": ("x.zip", w.zip_of({"a.kml": b"x" * 1000})[:-30], "damaged_file"),
    "out of the world": ("x.csv", b"name,lon,lat\na,999,999\n", "cannot_tell"),
    "shortened metres": ("x.csv", "名称,X坐标,Y坐标\n甲,9988.184,6430.2\n".encode(), "cannot_tell"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_says_so_in_one_line(toyland: Opened, case: str) -> None:
    name, raw, code = BAD[case]
    assert refusal({name: raw}, toyland) == code


@pytest.mark.parametrize(("lon", "lat"), [(116.4, 39.9), (2.3, 48.9), (-70.0, -33.0)])
def test_another_province_or_country_is_refused(district: Opened, lon: float, lat: float) -> None:
    assert refusal({"x.csv": degrees(lon, lat)}, district) == "lies_elsewhere"


def test_a_refused_code_is_refused_everywhere(district: Opened) -> None:
    plan = district.plan
    zone = next(s for s in w.systems_of(plan) if s.name == "zone 3 prefixed")
    shapes = w.written(plan, zone)[:2]
    xian = 2324 + zone.number  # EPSG:2349 is zone 25 of 1980 Xi'an
    assert refusal({"x.gpkg": w.gpkg_of(shapes, xian)}, district) == "refused_datum"
    assert refusal({"x.geojson": w.geojson_of(shapes, f"EPSG:{xian}")}, district) == "refused_datum"
    prj = w.esri_prj(w.System("x", epsg=xian))
    assert refusal(w.shapefile_of(shapes, prj=prj), district) == "refused_datum"
    assert refusal({"x.gpkg": w.gpkg_of(shapes, None)}, district, f"EPSG:{xian}") == "refused_datum"
    assert refusal({"x.gpkg": w.gpkg_of(shapes, None)}, district, "西安80") == "refused_datum"


@pytest.mark.parametrize(
    ("assume", "code"),
    [("EPSG:999999", "unknown_crs"), ("nonsense", "unknown_crs"), ("EPSG:3857", "bad_assumption"), ("gcj02", "")],
)
def test_a_users_word_may_be_wrong(district: Opened, assume: str, code: str) -> None:
    point = w.centres(district.plan)[0]
    files = {"x.csv": degrees(point.x, point.y)}
    if code:
        assert refusal(files, district, assume) == code
    else:
        assert read_upload(files, district.plan, assume_crs=assume).reading.datum == assume


def test_caps_are_kept(toyland: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    caps = words.vocabulary()["caps"]
    monkeypatch.setitem(caps, "rows", 10)
    monkeypatch.setitem(caps, "sheet_rows", 10)
    long = degrees(120.0, 30.0) * 20
    assert refusal({"x.csv": long}, toyland) == "too_many_rows"
    assert refusal({"x.xlsx": w.xlsx_of([["a", "b"]] * 20)}, toyland) == "too_many_rows"
    features = [{"type": "Feature", "properties": None, "geometry": None}] * 11
    assert refusal({"x.json": json.dumps({"features": features}).encode()}, toyland) == "too_many_rows"
    for raw in (w.parquet_of(w.truth(toyland.plan) * 4, 4490), w.gpkg_of(w.truth(toyland.plan) * 4, 4490)):
        assert refusal({"x": raw}, toyland) == "too_many_rows"
    monkeypatch.setitem(caps, "file_bytes", 100)
    assert refusal({"x.csv": long}, toyland) == "too_large"


def test_a_bomb_is_not_unpacked(toyland: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes that an archive declares are added up before anything is read; a lie about them is found as damage."""
    caps = words.vocabulary()["caps"]
    monkeypatch.setitem(caps, "unpacked_bytes", 10_000)
    assert refusal({"x.kmz": w.zip_of({"doc.kml": b"0" * 20_000})}, toyland) == "zip_bomb"
    monkeypatch.setitem(caps, "sheet_bytes", 1_000)
    monkeypatch.setitem(caps, "unpacked_bytes", 10_000_000)
    assert refusal({"x.xlsx": w.xlsx_of([["a", "b"]])}, toyland) == "zip_bomb"
    monkeypatch.setitem(caps, "members", 3)
    assert refusal({"x.zip": w.zip_of({f"{n}.kml": b"" for n in range(5)})}, toyland) == "zip_bomb"


def test_a_sheet_with_cells_far_apart_does_not_fill_the_memory(toyland: Opened) -> None:
    """Two cells in opposite corners: the reader of workbooks would lay out everything between them, and abort."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "经度")
        sheet.write(150_000, 5_000, "纬度")
    assert refusal({"x.xlsx": out.getvalue()}, toyland) == "too_many_rows"


def test_a_damaged_drawing_is_told(toyland: Opened, capfd: pytest.CaptureFixture[str]) -> None:
    """The library repairs numbers by guess and says so in its log alone: the log must not leak, nor the guess pass."""
    raw = w.dxf_of([_zone().write(s) for s in w.truth(toyland.plan)]).replace(b" 40\n2.5", b" 40\n2.x5", 1)
    codes = [finding.code for finding in read_upload({"x.dxf": raw}, toyland.plan).reading.problems]
    assert "damaged_drawing" in codes
    assert capfd.readouterr().err == ""


def test_a_locked_archive_is_told(toyland: Opened) -> None:
    raw = bytearray(w.zip_of({"doc.kml": b"x" * 50}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = raw.find(mark) + (6 if mark == b"PK\x03\x04" else 8)
        raw[at] |= 1
    assert refusal({"x.kmz": bytes(raw)}, toyland) == "locked_file"


def test_a_table_may_have_any_name(toyland: Opened) -> None:
    """What a file is, its contents tell: a workbook named csv, a CSV named xlsx, a KML named txt."""
    plan = toyland.plan
    rows = w.rows_of(plan, w.System("lonlat"), said="CGCS2000")
    assert len(read_upload({"x.csv": w.xlsx_of(rows)}, plan)) == 3
    assert len(read_upload({"x.xlsx": w.csv_of(rows)}, plan)) == 3
    assert len(read_upload({"x.txt": w.kml_of(w.truth(plan))}, plan)) == 3
    assert len(read_upload({"x.zip": w.zip_of({"清单.csv": w.csv_of(rows)})}, plan)) == 3


def test_broken_shapes_are_mended_or_left_out_one_by_one(district: Opened) -> None:
    x, y = w.centres(district.plan)[0].coords[0]
    bow = [[x, y], [x + 0.01, y + 0.01], [x + 0.01, y], [x, y + 0.01], [x, y]]
    shapes = [
        {"type": "Polygon", "coordinates": [bow]},
        {"type": "Point", "coordinates": [x, y]},
        {"type": "Point", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[x, y], [x, y]]]},
        {"type": "LineString", "coordinates": [[x, y], [x + 30, y]]},
        None,
        {"type": "Nonsense"},
        {"type": "Polygon", "coordinates": [bow, [[x, 91], [x, 95], [x + 1, 91], [x, 91]]]},
    ]
    text = json.dumps(
        {"features": [{"type": "Feature", "properties": {"n": n}, "geometry": s} for n, s in enumerate(shapes)]}
    )
    sites = read_upload({"x.geojson": text.encode()}, district.plan)
    assert sites.frame["attributes"].tolist() == [{"n": "0"}, {"n": "1"}]
    assert sites.frame.geometry.is_valid.all()
    told = {(p.where.partition("[")[2][:1], p.code) for p in sites.reading.problems}
    assert {("0", "repaired_geometry"), ("2", "no_position"), ("4", "stray_corner"), ("5", "no_position")} <= told
    assert {place for place, _ in told} >= {"3", "6", "7"}


def test_infinite_coordinates_never_come_through(toyland: Opened) -> None:
    x, y = w.centres(toyland.plan)[0].coords[0]
    text = f'{{"features": [{{"properties": {{}}, "geometry": {{"type": "Point", "coordinates": [{x}, {y}]}}}}, {{"properties": {{}}, "geometry": {{"type": "Point", "coordinates": [NaN, Infinity]}}}}]}}'
    sites = read_upload({"x.geojson": text.encode()}, toyland.plan)
    assert len(sites) == 1
    assert np.isfinite(sites.frame.geometry.iloc[0].coords[0]).all()
    assert len(sites.reading.problems) == 1


def test_html_in_names_stays_text(toyland: Opened) -> None:
    evil = "<img src=x onerror=alert(1)>"
    placemark = f"<Placemark><name><![CDATA[{evil}]]></name><Point><coordinates>{w.centres(toyland.plan)[0].x},{w.centres(toyland.plan)[0].y}</coordinates></Point></Placemark>"
    assert read_upload({"x.kml": doc(placemark)}, toyland.plan).frame["name"].tolist() == [evil]


def test_a_missing_file_and_its_sisters(toyland: Opened, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("sites")
    with pytest.raises(PlanError, match="文件不存在"):
        read_sites(folder / "none.csv", toyland.plan)
    plan = toyland.plan
    zone = next(s for s in w.systems_of(plan) if s.name == "zone 3")
    for name, raw in w.shapefile_of(w.written(plan, zone)[:2], prj=w.esri_prj(zone), packed=False).items():
        (folder / name.upper()).write_bytes(raw)
    sites = read_sites(folder / "红线.SHP", plan)
    assert sites.frame["name"].tolist() == list(w.NAMES[:2])
    assert sites.reading.confidence >= 0.9


GOOD: dict[str, Callable[[], bytes]] = {
    "x.csv": lambda: w.csv_of(w.rows_of(opened("toyland").plan, w.System("lonlat")), "gb18030"),
    "x.xlsx": lambda: w.xlsx_of(w.rows_of(opened("toyland").plan, w.System("lonlat"))),
    "x.txt": lambda: w.survey_of([_zone().write(s) for s in w.truth(opened("toyland").plan)], number=_zone().number),
    "x.kml": lambda: w.kml_of(w.truth(opened("toyland").plan), "GCJ02"),
    "x.kmz": lambda: w.zip_of({"doc.kml": w.kml_of(w.truth(opened("toyland").plan))}),
    "x.ovjsn": lambda: w.ovjsn_of(w.truth(opened("toyland").plan), shifted=True),
    "x.geojson": lambda: w.geojson_of(w.truth(opened("toyland").plan)),
    "x.dxf": lambda: w.dxf_of([_zone().write(s) for s in w.truth(opened("toyland").plan)]),
    "x.gpkg": lambda: w.gpkg_of(w.truth(opened("toyland").plan), 4490),
    "x.parquet": lambda: w.parquet_of(w.truth(opened("toyland").plan), 4490),
    "x.zip": lambda: next(iter(w.shapefile_of(w.truth(opened("toyland").plan)[:2]).values())),
}


def _zone() -> w.System:
    return next(s for s in w.systems_of(opened("toyland").plan) if s.name == "zone 3 prefixed")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GOOD)
def test_no_spoiled_file_ends_in_a_traceback(name: str) -> None:
    """Cut anywhere, or with any bytes changed, a file is read, read in part, or refused in words."""
    plan = opened("toyland").plan
    whole = GOOD[name]()
    dice = random.Random(name)  # noqa: S311 - no secret
    for _ in range(25):
        spoiled = bytearray(whole)
        if dice.random() < 0.4:
            spoiled = spoiled[: dice.randrange(len(whole))]
        for _ in range(dice.randrange(1, 12)):
            if spoiled:
                spoiled[dice.randrange(len(spoiled))] = dice.randrange(256)
        sites = read_or_refused(lambda raw=bytes(spoiled): read_upload({name: raw}, plan))  # type: ignore[misc]
        if sites is None:
            continue
        assert sites.frame.geometry.is_valid.all()
        assert sites.frame["id"].is_unique
        json.dumps(sites.reading.as_json())


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=300),
    st.sampled_from(["x.csv", "x.kml", "x.dxf", "x.shp", "x.geojson", "x.xls"]),
    st.sampled_from(
        [
            b"",
            b"PK\x03\x04",
            OLE,
            b"PAR1",
            b"SQLite format 3\0",
            b"<kml>",
            b"{",
            "[地块坐标]\n".encode(),
            b"  0\nSECTION\n",
        ]
    ),
)
def test_no_bytes_end_in_a_traceback(raw: bytes, name: str, magic: bytes) -> None:
    read_or_refused(lambda: read_upload({name: magic + raw}, opened("toyland").plan))


@given(st.text(max_size=200))
def test_no_pasted_text_ends_in_a_traceback(text: str) -> None:
    read_or_refused(lambda: read_pasted(text, opened("toyland").plan))


def test_an_archive_keeps_its_promise_of_sizes(toyland: Opened) -> None:
    """A member that unpacks to more than it says is damaged, not a flood."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b" " * 5_000_000)
    raw = bytearray(out.getvalue())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = raw.find(mark) + at
        raw[start : start + 4] = (100).to_bytes(4, "little")
    assert refusal({"x.kmz": bytes(raw)}, toyland) == "damaged_file"
