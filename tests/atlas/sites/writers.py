"""Project files as county offices write them, made from positions that the test knows: one writer per family."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
import xlsxwriter
from ezdxf import filemanagement
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from layers import Plan
from layers.crs import from_wgs84

NAMES = ("示例产业园一期(虚构)", "示例水库工程(虚构)", "示例道路改建(虚构)")


@dataclass(frozen=True)
class System:
    """
    A way to write positions down.

    Parameters
    ----------
    name
        What the matrix calls it.
    datum
        One of `layers.crs.DATUMS`.
    meridian, number
        Of a zone, the number in front of eastings being 0 where there is none; no meridian for degrees.
    scale
        Units in one metre.
    epsg
        Its code.
    """

    name: str
    datum: str = "cgcs2000"
    meridian: float | None = None
    number: int = 0
    scale: float = 1.0
    epsg: int = 4490

    @property
    def in_degrees(self) -> bool:
        """Whether it has longitudes and latitudes."""
        return self.meridian is None

    def write(self, shape: BaseGeometry, *, swapped: bool = False) -> BaseGeometry:
        """Return a shape of longitude and latitude (WGS84) in this system, x being the east."""

        def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            lon, lat = from_wgs84(points[:, 0], points[:, 1], self.datum)
            x, y = lon, lat
            if self.meridian is not None:
                # Gauss-Kruger written out, so that no code of the reader is asked.
                text = f"+proj=tmerc +lon_0={self.meridian} +k=1 +x_0={500_000 + self.number * 1_000_000} +ellps=GRS80"
                x, y = pyproj.Transformer.from_crs(4326, pyproj.CRS(text), always_xy=True).transform(lon, lat)
            columns = (y, x) if swapped else (x, y)
            return np.column_stack(columns) * self.scale

        return shapely.transform(shape, move)


def systems_of(plan: Plan) -> list[System]:
    """Return the systems in which a district's files come: by datum, and by the zones about its meridian."""
    operation = plan.crs.coordinate_operation
    assert operation is not None
    meridian = next(float(p.value) for p in operation.params if p.name == "Longitude of natural origin")
    number = round(meridian / 3)
    other = number - 1
    wide = next(n for n in range(13, 24) if abs(6 * n - 3 - meridian) <= 3)
    return [
        System("lonlat cgcs2000", "cgcs2000", epsg=4490),
        System("lonlat wgs84", "wgs84", epsg=4326),
        System("lonlat gcj02", "gcj02", epsg=4326),
        System("lonlat bd09", "bd09", epsg=4326),
        System("zone 3", meridian=meridian, epsg=4509 + number),
        System("zone 3 prefixed", meridian=meridian, number=number, epsg=4488 + number),
        System("next zone 3", meridian=3.0 * other, epsg=4509 + other),
        System("next zone 3 prefixed", meridian=3.0 * other, number=other, epsg=4488 + other),
        System("zone 6", meridian=6.0 * wide - 3, epsg=4489 + wide),
        System("zone 6 prefixed", meridian=6.0 * wide - 3, number=wide, epsg=4478 + wide),
    ]


@cache
def _truth(id_: str) -> tuple[BaseGeometry, ...]:
    from tests.conftest import opened  # noqa: PLC0415 - the districts are read once, there

    plan = opened(id_).plan
    towns = [feature.geometry for feature in plan.layers["town"].rows][:2]
    x, y = np.array([town.representative_point().coords[0] for town in towns]).T
    ring = np.array([(-210, -130), (190, -170), (230, 150), (-180, 170)])
    hole = np.array([(-30, -30), (40, -35), (45, 30), (-25, 35)])
    plot = Polygon(np.add(ring, (x[0], y[0])), [np.add(hole, (x[0], y[0]))])
    other = Polygon(np.add(ring * 1.7, (x[1], y[1])))
    road = LineString([(x[0] - 400, y[0]), (x[0] + 100, y[0] + 300), (x[0] + 900, y[0] + 450)])
    back = pyproj.Transformer.from_crs(plan.crs, 4326, always_xy=True)
    return tuple(
        shapely.transform(s, lambda p: np.column_stack(back.transform(p[:, 0], p[:, 1]))) for s in (plot, other, road)
    )


def truth(plan: Plan) -> tuple[BaseGeometry, ...]:
    """Return the sites of the tests in longitude and latitude (WGS84): a plot with a hole, a plot, a road."""
    return _truth(plan.district.id)


def centres(plan: Plan) -> tuple[Point, ...]:
    """Return a point in each site, rounded to a centimetre as a table has it."""
    points = [shape.representative_point() for shape in truth(plan)]
    return tuple(Point(round(p.x, 7), round(p.y, 7)) for p in points)


def written(plan: Plan, system: System, *, swapped: bool = False) -> list[BaseGeometry]:
    """Return the sites in a system."""
    return [system.write(shape, swapped=swapped) for shape in truth(plan)]


HEADER = ["序号", "项目名称", "项目类别", "建设性质", "建设地点", "主要建设内容及规模", "建设年限", "总投资", "2025年计划投资", "责任单位", "项目业主"]  # fmt: skip


def rows_of(
    plan: Plan,
    system: System,
    *,
    swapped: bool = False,
    titles: Sequence[str] = ("经度", "纬度"),
    said: str = "",
    cell: Callable[[float], str] | None = None,
) -> list[list[str]]:
    """Return a project list as offices lay it out: titles, sections with subtotals, total, notes."""
    digits = 8 if system.in_degrees else 3
    text = cell or (lambda number: f"{number:.{digits}f}")
    points = [system.write(point, swapped=swapped) for point in centres(plan)]
    pairs = [(text(point.coords[0][0]), text(point.coords[0][1])) for point in points]
    cells = [[f"{a},{b}"] if len(titles) == 1 else [a, b] for a, b in pairs]
    blank = [""] * (len(HEADER) + len(titles))
    header = [*HEADER, *titles, *(["坐标系"] if said else [])]
    kept = [[*row, *([said] if said else [])] for row in cells]
    return [
        ["示例县2025年重点项目计划表(虚构数据)", *blank[1:]],
        ["填报单位:示例县发展和改革局(虚构)", *blank[2:], "单位:万元"],
        header,
        ["一", "产业发展项目", "", "", "", "", "", "126000", "38000", *blank[9:]],
        ["1", NAMES[0], "工业", "新建", "甲村", "标准厂房12万㎡,占地约189亩", "2024-2026", "86000", "25000", "区经信局", "示例公司A", *kept[0]],
        ["二、", "基础设施项目", *blank[2:]],
        ["2", NAMES[1], "", "新建", "乙村", "总库容约360万立方米", "2025-2028", "4.0亿元", "9,000", "区水利局", "示例公司B", *kept[1]],
        ["3", NAMES[2], "交通", "改扩建", "丙村—丁村", "三级公路8.6km", "2025-2026", "58,600", "—", "区交通局", "", *kept[2]],
        ["4", "示例农村供水(虚构)", "水利", "新建", "全区", "不落图", "2025", "3200", "3200", "区水利局", "", *[""] * len(titles)],
        ["合计", *blank[1:]],
        ["注:1.坐标系请注明(CGCS2000/高德/百度);2.涉密项目不得填报。", *blank[1:]],
    ]  # fmt: skip


def csv_of(rows: Sequence[Sequence[str]], encoding: str = "utf-8", mark: str = ",") -> bytes:
    """Return rows as delimited text; cells with the delimiter are quoted."""
    lines = [mark.join(f'"{cell}"' if mark in cell or "\n" in cell else cell for cell in row) for row in rows]
    return "\r\n".join(lines).encode(encoding)


def xlsx_of(rows: Sequence[Sequence[str]], *, numeric: bool = True) -> bytes:
    """Return rows as a workbook whose title and section rows are merged, and whose numbers are numbers."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("重点项目")
        width = max(len(row) for row in rows)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                if numeric and text.replace(".", "", 1).lstrip("-").isdigit():
                    sheet.write_number(r, c, float(text))
                elif text:
                    sheet.write_string(r, c, text)
        if width > 1:
            sheet.merge_range(0, 0, 0, width - 1, rows[0][0])
    return out.getvalue()


def survey_of(
    shapes: Sequence[BaseGeometry],
    *,
    number: int | None,
    width: int = 3,
    encoding: str = "gbk",
    system: str = "2000国家大地坐标系",
    north_first: bool = True,
    point: str = "J{n}",
    fields: int = 8,
    brackets: str = "[]",
    extra: str = "",
    comma: str = ",",
) -> bytes:
    """Return plots as 勘测定界 text; shapes have x in the east, holes go on counting, rings are closed."""
    left, right = brackets[0], brackets[1]
    lines = [extra] if extra else []
    lines += [
        f"{left}属性描述{right}",
        "格式版本号=1.01",
        "数据产生单位=示例县自然资源局(虚构)",
        "数据产生日期=2025-03-18",
    ]
    lines += [f"坐标系={system}"] if system else []
    lines += [f"几度分带={width}", "投影类型=高斯克吕格", "计量单位=米"]
    lines += [f"带号={number}"] if number is not None else []
    lines += ["精度=0.001", "转换参数=,,,,,,", f"{left}地块坐标{right}"]
    for k, shape in enumerate(shapes, 1):
        rings = [list(shape.coords)] if isinstance(shape, LineString) else [list(r.coords) for r in rings_of(shape)]
        kind = "线" if isinstance(shape, LineString) else "面"
        count = sum(len(ring) for ring in rings)
        more = [""] * (fields - 8)
        cells = [
            f"{count}",
            f"{shape.area / 10_000:.4f}",
            f"DK{k}",
            NAMES[(k - 1) % 3],
            kind,
            "",
            "工业用地",
            "",
            *more,
            "@",
        ]
        lines.append(comma.join(cells))
        n = 1
        for ring_number, ring in enumerate(rings, 1):
            first = n
            for i, (x, y) in enumerate(ring):
                name = point.format(n=first if i == len(ring) - 1 and kind == "面" else n)
                pair = (y, x) if north_first else (x, y)
                lines.append(comma.join([name, f"{ring_number}", f"{pair[0]:.3f}", f"{pair[1]:.3f}"]))
                n += i < len(ring) - 1
    return "\r\n".join(lines).encode(encoding)


def rings_of(shape: BaseGeometry) -> list[Any]:
    """Return the rings of a polygon, the outer one first."""
    assert isinstance(shape, Polygon)
    return [shape.exterior, *shape.interiors]


def frame_of(shapes: Sequence[BaseGeometry], epsg: int | None) -> gpd.GeoDataFrame:
    """Return sites as a frame with fields as GIS users name them."""
    table = pd.DataFrame(
        {"DKBH": [f"DK{n}" for n in range(1, len(shapes) + 1)], "项目名称": [NAMES[n % 3] for n in range(len(shapes))]}
    )
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=epsg)


def shapefile_of(
    shapes: Sequence[BaseGeometry],
    *,
    prj: str = "",
    encoding: str = "gbk",
    cpg: str | None = None,
    stem: str = "红线",
    packed: bool = True,
) -> dict[str, bytes]:
    """Return a Shapefile as one zip, or loose by name; without .prj or .cpg unless given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.shp"
        # A field's name has ten bytes at most: three characters in UTF-8.
        frame = frame_of(shapes, None).rename(columns={"项目名称": "项目名" if encoding == "utf-8" else "项目名称"})
        frame.to_file(path, engine="pyogrio", encoding=encoding)
        parts = {f"{stem}.{end}": (path.with_suffix(f".{end}")).read_bytes() for end in ("shp", "shx", "dbf")}
    if prj:
        parts[f"{stem}.prj"] = prj.encode()
    if cpg is not None:
        parts[f"{stem}.cpg"] = cpg.encode()
    return {f"{stem}.zip": zip_of(parts)} if packed else parts


def zip_of(members: dict[str, bytes]) -> bytes:
    """Return an archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return out.getvalue()


def esri_prj(system: System) -> str:
    """Return a declaration in ESRI's words, which carry no code."""
    return pyproj.CRS.from_epsg(system.epsg).to_wkt("WKT1_ESRI")


def geojson_of(shapes: Sequence[BaseGeometry], crs: str = "") -> bytes:
    """Return a FeatureCollection, with a member for the CRS of the older kind if one is given."""
    features = [
        {"type": "Feature", "properties": {"DKBH": f"DK{n}", "XMMC": NAMES[n - 1]}, "geometry": shape.__geo_interface__}
        for n, shape in enumerate(shapes, 1)
    ]
    whole: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if crs:
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(whole, ensure_ascii=False).encode()


def gpkg_of(shapes: Sequence[BaseGeometry], epsg: int | None) -> bytes:
    """Return a GeoPackage."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gpkg"
        pyogrio.write_dataframe(frame_of(shapes, epsg), path)
        return path.read_bytes()


def parquet_of(shapes: Sequence[BaseGeometry], epsg: int | None) -> bytes:
    """Return a GeoParquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        frame_of(shapes, epsg).to_parquet(path)
        return path.read_bytes()


def kml_of(shapes: Sequence[BaseGeometry], coord_type: str = "") -> bytes:
    """Return placemarks, with 奥维's mark of the datum if one is given."""
    marks = []
    for name, shape in zip(NAMES, shapes, strict=False):
        own = f"<OvAttr><OvIcon>4</OvIcon></OvAttr><OvCoordType>{coord_type}</OvCoordType>" if coord_type else ""
        if isinstance(shape, Polygon):
            rings = [_positions(ring.coords) for ring in rings_of(shape)]
            body = f"<outerBoundaryIs><LinearRing>{rings[0]}</LinearRing></outerBoundaryIs>"
            body += "".join(f"<innerBoundaryIs><LinearRing>{r}</LinearRing></innerBoundaryIs>" for r in rings[1:])
            body = f"<Polygon>{body}</Polygon>"
        else:
            body = f"<{shape.geom_type}>{_positions(shape.coords)}</{shape.geom_type}>"
        about = "<description>责任单位:区经信局&#10;总投资:86000万元</description>"
        marks.append(f"<Placemark><name>{name}</name>{about}{own}{body}</Placemark>")
    text = f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>项目</name>{"".join(marks)}</Folder></Document></kml>'
    return text.encode()


def _positions(points: Any) -> str:  # noqa: ANN401 - a sequence of coordinates
    return f"<coordinates>{' '.join(f'{x:.8f},{y:.8f},0' for x, y in points)}</coordinates>"


def ovjsn_of(shapes: Sequence[BaseGeometry], *, shifted: bool) -> bytes:
    """Return 奥维's JSON, in a folder, with a byte-order mark as that program writes it."""
    items = []
    for name, shape in zip(NAMES, shapes, strict=False):
        points = list(shape.exterior.coords) if isinstance(shape, Polygon) else list(shape.coords)
        detail: dict[str, Any] = {"Gcj02": int(shifted)}
        kind = {"Polygon": 13, "LineString": 8, "Point": 7}[shape.geom_type]
        if kind == 7:
            detail |= {"Lat": points[0][1], "Lng": points[0][0]}
        else:
            detail["Latlng"] = [number for x, y in points for number in (y, x)]
        items.append({"Type": kind, "Object": {"Name": name, "Comment": "", "ObjectDetail": detail}})
    folder = {"Type": 30, "Object": {"Name": "项目", "ObjectDetail": {"ObjChildren": items}}}
    return json.dumps({"Version": "V10.6.2", "Type": 1, "ObjItems": [folder]}, ensure_ascii=False).encode("utf-8-sig")


def dxf_of(shapes: Sequence[BaseGeometry], units: int = 6, version: str = "R2010", encoding: str = "utf-8") -> bytes:
    """Return a drawing of outlines with their names as texts, whose header claims some unit."""
    drawing = filemanagement.new(version)
    drawing.header["$INSUNITS"] = units
    space = drawing.modelspace()
    for name, shape in zip(NAMES, shapes, strict=False):
        if isinstance(shape, Polygon):
            space.add_lwpolyline(list(shape.exterior.coords)[:-1], close=True, dxfattribs={"layer": "用地红线"})
            at = shape.representative_point()
            space.add_text(name, dxfattribs={"insert": (at.x, at.y)})
        else:
            space.add_lwpolyline(list(shape.coords), dxfattribs={"layer": "道路"})
    out = io.StringIO()
    drawing.write(out)
    return out.getvalue().encode(encoding)
