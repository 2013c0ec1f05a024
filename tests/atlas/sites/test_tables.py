"""Project lists: headers among titles, sections, totals, money, angles, and rows that cannot be read."""

import io
import math

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from atlas.sites.model import COLUMNS
from atlas.sites.numbers import parse_coordinate, parse_money, parse_pairs
from atlas.sites.read import read_pasted, read_upload
from layers import PlanError
from layers.crs import project
from tests.atlas.sites import writers as w
from tests.atlas.sites.test_matrix import error_m
from tests.conftest import Opened


def codes(sites: object) -> list[str]:
    """Return the codes of a reading's problems."""
    return [finding.code for finding in sites.reading.problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_project_list_gives_its_projects_and_nothing_else(district: Opened, kind: str) -> None:
    """Titles, sections, subtotals, totals and notes are no projects; a row without a position is told of."""
    rows = w.rows_of(district.plan, w.System("lonlat"), said="CGCS2000")
    sites = read_upload(
        {f"清单.{kind}": w.xlsx_of(rows) if kind == "xlsx" else w.csv_of(rows, "gb18030")}, district.plan
    )
    frame = sites.frame
    assert list(frame.columns) == list(COLUMNS)
    assert frame["id"].tolist() == ["1", "2", "3"]
    assert frame["name"].tolist() == list(w.NAMES)
    assert frame["category"].tolist() == ["工业", "基础设施项目", "交通"]
    assert frame["nature"].tolist() == ["新建", "新建", "改扩建"]
    assert frame["investment_wan"].tolist() == [86000, 40000, 58600]
    assert frame["owner"].tolist() == ["示例公司A", "示例公司B", ""]
    assert [a["分组"] for a in frame["attributes"]] == ["产业发展项目", "基础设施项目", "基础设施项目"]
    assert frame["attributes"].iloc[0]["责任单位"] == "区经信局"
    assert frame["inside"].all()
    assert codes(sites) == ["no_position"]
    assert "第 9 行" in sites.reading.problems[0].where
    assert "示例农村供水" in sites.reading.problems[0].where
    assert sites.reading.as_json("en")["features"] == 3


def test_merged_cells_stand_for_all_their_rows(district: Opened) -> None:
    points = w.centres(district.plan)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 3, "项目表(2000国家大地坐标系的坐标)")
        sheet.merge_range(1, 0, 2, 0, "序号")
        sheet.merge_range(1, 1, 2, 1, "项目名称")
        sheet.merge_range(1, 2, 1, 3, "坐标")
        sheet.write_row(2, 2, ["经度", "纬度"])
        sheet.merge_range(3, 1, 4, 1, "一个项目两块地")
        for n, point in enumerate(points[:2]):
            sheet.write_row(3 + n, 0, [n + 1])
            sheet.write_row(3 + n, 2, [point.x, point.y])
    sites = read_upload({"表.xlsx": out.getvalue()}, district.plan)
    assert sites.frame["name"].tolist() == ["一个项目两块地"] * 2
    assert sites.reading.datum == "cgcs2000"


def test_a_formula_is_read_by_its_value_and_never_run(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["项目名称", "经度", "纬度", "坐标系", "备注"])
        sheet.write_formula(1, 0, "=CMD()", value="甲项目")
        sheet.write_formula(1, 1, "=A1+1", value=point.x)
        sheet.write_row(1, 2, [point.y, "CGCS2000", "<script>alert(1)</script>"])
    frame = read_upload({"表.xlsx": out.getvalue()}, district.plan).frame
    assert frame["name"].tolist() == ["甲项目"]
    assert frame["note"].tolist() == ["<script>alert(1)</script>"]


def test_a_pasted_table_needs_no_header(district: Opened) -> None:
    points = w.centres(district.plan)
    text = "\n".join(f"项目{n}\t{p.x:.6f}\t{p.y:.6f}" for n, p in enumerate(points))
    sites = read_pasted(text, district.plan, assume_crs="cgcs2000")
    assert sites.frame["name"].tolist() == ["项目0", "项目1", "项目2"]
    assert sites.frame.to_crs(4326).geometry.iloc[0].distance(points[0]) < 1e-6


def test_a_rows_own_datum_holds_for_it_alone(district: Opened) -> None:
    plan = district.plan
    system = w.System("gcj", "gcj02")
    rows = w.rows_of(plan, w.System("lonlat"))
    shifted = w.rows_of(plan, system)
    rows[4] = [*shifted[4][:5], "坐标由高德拾取", *shifted[4][6:]]
    sites = read_upload({"x.csv": w.csv_of(rows)}, plan)
    assert sites.reading.datum == "unknown"
    assert sites.frame.to_crs(4326).geometry.iloc[0].distance(w.centres(plan)[0]) < 1e-6
    assert sites.frame["sigma_m"].iloc[0] < 10
    assert sites.frame["sigma_m"].iloc[1] > 300
    assert "mixed_systems" in codes(sites)
    [mixed] = [finding for finding in sites.reading.problems if finding.code == "mixed_systems"]
    assert "unknown" not in mixed.what("zh")
    # The row that says its datum is sure; the doubt about the others is not counted twice.
    assert sites.reading.confidence + sum(other.confidence for other in sites.reading.alternatives) <= 1 + 1e-9


def test_a_note_that_tells_the_writer_what_to_do_is_no_declaration(district: Opened) -> None:
    """What is asked for, or forbidden, says nothing of the coordinates that are there."""
    rows = w.rows_of(district.plan, w.System("lonlat"))
    rows[-1][0] = "注:坐标不得使用西安80坐标系。"
    assert read_upload({"x.csv": w.csv_of(rows)}, district.plan).reading.datum == "unknown"
    rows[-1][0] = "注:本表坐标为2000国家大地坐标系。"
    assert read_upload({"x.csv": w.csv_of(rows)}, district.plan).reading.datum == "cgcs2000"


def test_the_users_word_overrides_the_files(district: Opened) -> None:
    plan = district.plan
    rows = w.rows_of(plan, w.System("gcj", "gcj02"), said="CGCS2000")
    sites = read_upload({"x.csv": w.csv_of(rows)}, plan, assume_crs="gcj02")
    assert sites.frame.to_crs(4326).geometry.iloc[0].distance(w.centres(plan)[0]) < 1e-6
    assert sites.reading.datum == "gcj02"
    assert "claim_overridden" in codes(sites)


def test_sigma_says_how_finely_a_position_is_written(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    text = f"项目名称,经度,纬度\n甲,{point.x:.3f},{point.y:.3f}\n乙,{point.x:.7f},{point.y:.7f}"
    sigma = read_pasted(text, district.plan, assume_crs="cgcs2000").frame["sigma_m"]
    assert sigma.iloc[0] == pytest.approx(0.001 * 111_320 / math.sqrt(12), rel=0.01)
    assert sigma.iloc[1] < 0.01


def test_rows_that_cannot_be_read_are_listed_and_the_others_go_on(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    good = f"{point.x:.6f},{point.y:.6f}"
    lines = ["项目名称,经度,纬度,坐标系", f"好,{good},CGCS2000", "无,,,", "坏,abc,30,", "非数,nan,inf,", f"西安,{good},西安80", "海里,0.5,0.5,CGCS2000", f"又好,{good},CGCS2000"]  # fmt: skip
    sites = read_pasted("\n".join(lines), district.plan)
    assert sites.frame["name"].tolist() == ["好", "又好"]
    assert sites.frame["id"].is_unique
    told = {finding.where.partition("第 ")[2][:1]: finding.code for finding in sites.reading.problems}
    assert told == {
        "3": "no_position",
        "4": "bad_position",
        "5": "bad_position",
        "6": "refused_site",
        "7": "site_elsewhere",
    }


def test_single_sites_of_another_province_are_kept_and_marked(district: Opened) -> None:
    """Beside sites of the district, whether they are written alike or not; a list of nothing else is refused."""
    point = w.centres(district.plan)[0]
    lines = ["项目名称,经度,纬度,坐标系", f"本区,{point.x:.6f},{point.y:.6f},CGCS2000"]
    lines += ["北京,116.4,39.9,CGCS2000", "乌鲁木齐,87.6,43.8,GCJ02", "拉萨,91.1,29.6,GCJ02"]
    sites = read_pasted("\n".join(lines), district.plan)
    assert sites.frame["name"].tolist() == ["本区", "北京", "乌鲁木齐", "拉萨"]
    assert sites.frame["inside"].tolist() == [True, False, False, False]
    away = sites.frame.to_crs(4326).geometry.iloc[1].distance(Point(116.4, 39.9))
    assert away < 1e-6
    assert codes(sites).count("site_outside") == 3
    assert sites.reading.datum == "cgcs2000"  # of the sites that lie here, not of the larger number elsewhere
    with pytest.raises(PlanError, match="不在本区"):
        read_pasted("\n".join([lines[0], *lines[2:]]), district.plan)


def test_a_location_that_names_another_town_is_doubted(district: Opened) -> None:
    towns = [f for f in district.plan.layers["town"].rows if f.name.isalpha()]
    far = max(towns, key=lambda f: f.geometry.distance(first_centre(district)) - f.sigma_m)
    point = w.centres(district.plan)[0]
    text = f"项目名称,建设地点,经度,纬度\n甲,{far.name}一村,{point.x:.6f},{point.y:.6f}"
    doubted = far.geometry.distance(first_centre(district)) > far.sigma_m + 3000
    assert ("town_mismatch" in codes(read_pasted(text, district.plan))) == doubted


def first_centre(district: Opened) -> Point:
    """Return the first site's centre in the working CRS."""
    point = w.centres(district.plan)[0]
    return Point(*map(float, project(point.x, point.y, district.plan.crs)))


@pytest.mark.parametrize(
    ("text", "value", "is_lat"),
    [
        ("104.1234", 104.1234, None),
        ("E104.1234", 104.1234, False),
        ("30.5N", 30.5, True),
        ("东经104°45′12.6″", 104.7535, False),
        ("北纬30度30分", 30.5, True),
        ("104°45'12.6\"", 104.7535, None),
        ("104-45-12.6", 104.7535, None),
        ("104:45:12.6", 104.7535, None),
        ("104°45.21′", 104.7535, None),
        ("3,509,988.184", 3509988.184, None),
        ("１０４．５", 104.5, None),
        ("1.045E+02", 104.5, None),
        ("104°75′", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("1e400", None, None),
        ("=1+1", None, None),
        ("甲村", None, None),
        ("", None, None),
    ],
)
def test_coordinates_as_people_write_them(text: str, value: float | None, is_lat: bool | None) -> None:  # noqa: FBT001
    found = parse_coordinate(text)
    assert (found is None) == (value is None)
    if found and value is not None:
        assert found.value == pytest.approx(value, abs=1e-9)
        assert found.is_lat is is_lat


@given(st.floats(0, 179.999), st.integers(0, 3))
def test_angles_come_back_to_their_last_digit(degrees: float, digits: int) -> None:
    whole, rest = divmod(degrees, 1)
    minutes, rest = divmod(rest * 60, 1)
    seconds = f"{min(rest * 60, 59.999):.{digits}f}"
    if float(seconds) >= 60:
        return
    found = parse_coordinate(f"{whole:.0f}°{minutes:.0f}′{seconds}″")
    assert found is not None
    assert found.value == pytest.approx(degrees, abs=0.51 * 10**-digits / 3600 + 1e-6)


@given(st.text(max_size=40))
def test_no_text_is_too_odd_for_the_numbers(text: str) -> None:
    for found in (parse_coordinate(text), *[n for pair in parse_pairs(text) or [] for n in pair]):
        assert found is None or math.isfinite(found.value)
    parse_money(text, 1.0)


@pytest.mark.parametrize(
    ("text", "unit", "wan"),
    [
        ("86000", 1, 86000),
        ("4.0亿元", 1, 40000),
        ("58,600", 1, 58600),
        ("3.2", 10_000, 32000),
        ("约3亿", 1, 30000),
        ("120000元", 1, 12),
    ],
)
def test_money_is_counted_in_ten_thousands(text: str, unit: float, wan: float) -> None:
    assert parse_money(text, unit) == pytest.approx(wan)
    assert math.isnan(parse_money("—", unit))


def test_the_header_tells_the_unit_of_money(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    text = f"项目名称,总投资(亿元),经度,纬度\n甲,3.2,{point.x},{point.y}"
    assert read_pasted(text, district.plan).frame["investment_wan"].tolist() == [32000]


@pytest.mark.parametrize(
    "cell", ["{x},{y}", "{y} {x}", "E{x} N{y}", "北纬{y}°,东经{x}°", "POINT ({x} {y})", "经度:{x},纬度:{y}"]
)
def test_one_column_may_hold_the_position(district: Opened, cell: str) -> None:
    point = w.centres(district.plan)[0]
    text = f"项目名称\t坐标\n甲\t{cell.format(x=point.x, y=point.y)}"
    frame = read_pasted(text, district.plan, assume_crs="cgcs2000").frame
    assert frame.to_crs(4326).geometry.iloc[0].distance(point) < 1e-7


def test_corners_in_a_cell_make_an_area(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    ring = ";".join(f"{point.x + dx},{point.y + dy}" for dx, dy in ((0, 0), (0.01, 0), (0.01, 0.01)))
    frame = read_pasted(f"项目名称\t拐点坐标\n甲\t{ring}", district.plan, assume_crs="cgcs2000").frame
    assert frame.geometry.iloc[0].geom_type == "Polygon"


def test_a_table_without_coordinates_says_what_it_has(district: Opened) -> None:
    with pytest.raises(PlanError, match=r"找不到坐标列.*项目名称、总投资"):
        read_pasted("项目名称,总投资\n甲,3", district.plan)


@pytest.mark.parametrize("blank", [True, False])
def test_a_table_of_corner_points_makes_plots(district: Opened, blank: bool) -> None:  # noqa: FBT001 - a case
    """One corner in a row; the plot's name in each row, or in its first alone."""
    plan = district.plan
    zone = w.systems_of(plan)[4]
    lines = ["地块名称,点号,圈号,X坐标,Y坐标"]
    for n, shape in enumerate(w.written(plan, zone)[:2]):
        for ring, points in enumerate(w.rings_of(shape), 1):
            for k, (x, y) in enumerate(points.coords):
                name = "" if blank and (k or ring > 1) else f"地块{n}"
                lines.append(f"{name},J{k + 1},{ring},{y:.3f},{x:.3f}")
    sites = read_pasted("\n".join(lines), plan, assume_crs="cgcs2000")
    assert error_m(sites, w.truth(plan)[:2], plan) < 0.01
    assert sites.frame["name"].tolist() == ["地块0", "地块1"]


def test_a_web_page_named_as_a_workbook_is_read_for_its_cells_alone(district: Opened) -> None:
    """Many systems hand out HTML as .xls: spans stand in all their rows, scripts and markup do nothing."""
    points = w.centres(district.plan)[:2]
    rows = "".join(
        f"<tr>{'' if n else '<td rowspan=2>甲<b>项目</b>&amp;乙</td>'}<td>{p.x}</td><td>{p.y}</td><td>CGCS2000</td></tr>"
        for n, p in enumerate(points)
    )
    page = f"<html><script>alert(1)</script><table><tr><th colspan=4>项目表</th></tr><tr><th>项目名称<th>经度<th>纬度<th>坐标系</tr>{rows}</table>"
    sites = read_upload({"表.xls": page.encode("gbk")}, district.plan)
    assert sites.frame["name"].tolist() == ["甲项目&乙"] * 2
    assert (sites.reading.format, sites.reading.encoding, sites.reading.datum) == ("html", "gb18030", "cgcs2000")


@pytest.mark.parametrize("title", ["坐标系:CGCS2000", "项目坐标表(2000国家大地坐标系)", "说明:经纬度为CGCS2000坐标"])
def test_a_line_above_the_header_may_name_the_datum(district: Opened, title: str) -> None:
    lines = [f"项目{n}\t{p.x:.6f}\t{p.y:.6f}" for n, p in enumerate(w.centres(district.plan))]
    sites = read_pasted("\n".join([title, "项目名称\t经度\t纬度", *lines]), district.plan)
    assert sites.reading.datum == "cgcs2000"
    assert len(sites) == 3


def test_a_table_in_traditional_characters_and_big5_is_read(district: Opened) -> None:
    point = w.centres(district.plan)[0]
    text = f"專案名稱,建設地點,經度,緯度,備註\n產業園區建設工程,南部鄉鎮,{point.x},{point.y},坐標系統為CGCS2000\n"
    sites = read_upload({"x.csv": text.encode("big5")}, district.plan)
    assert sites.frame["name"].tolist() == ["產業園區建設工程"]
    assert sites.reading.encoding == "big5"
