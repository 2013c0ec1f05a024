"""Formats × CRS × datum × encoding × axis order: read right at first place, or said not to be known, and never wrong."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
import pytest
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from atlas.sites.model import SiteSet
from atlas.sites.read import read_upload
from layers import Plan, PlanError
from tests.atlas.sites import writers as w
from tests.conftest import Opened, opened

pytestmark = pytest.mark.filterwarnings("ignore:.*crs.* was not provided:UserWarning")  # as some files are
SURE = 0.9
METRE = 1.0


@dataclass(frozen=True)
class Case:
    """
    A file, and what it is made from.

    Parameters
    ----------
    name
        What it is, in words.
    files
        What a user would upload.
    shapes
        The truth in longitude and latitude.
    system
        What the file is written in.
    holds_answer
        Whether the file says enough to be read without a doubt.
    """

    name: str
    files: Callable[[], dict[str, bytes]]
    shapes: tuple[BaseGeometry, ...]
    system: w.System
    holds_answer: bool = True


def tables(plan: Plan) -> Iterator[Case]:
    """Project lists in every encoding, order and way to say the datum."""
    points = w.centres(plan)
    words = {"cgcs2000": "CGCS2000", "wgs84": "WGS-84", "gcj02": "高德拾取(GCJ-02)", "bd09": "百度坐标"}
    for system in w.systems_of(plan):
        titles = ("经度", "纬度") if system.in_degrees else ("Y坐标", "X坐标")
        for swapped in (False, True):
            for said in (True, False):
                rows = w.rows_of(plan, system, swapped=swapped, titles=titles, said=words[system.datum] if said else "")
                known = said or not system.in_degrees
                name = f"{system.name}, {'swapped, ' if swapped else ''}{'said' if said else 'unsaid'}"
                for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
                    yield Case(
                        f"csv {encoding}, {name}",
                        lambda r=rows, e=encoding: {"清单.csv": w.csv_of(r, e)},  # type: ignore[misc]
                        points,
                        system,
                        known,
                    )
                yield Case(f"xlsx, {name}", lambda r=rows: {"清单.xlsx": w.xlsx_of(r)}, points, system, known)  # type: ignore[misc]
        one = w.rows_of(plan, system, titles=("坐标",), said=words[system.datum])
        yield Case(f"tsv one column, {system.name}", lambda r=one: {"x.txt": w.csv_of(r, mark="\t")}, points, system)  # type: ignore[misc]


def surveys(plan: Plan) -> Iterator[Case]:
    """勘测定界 text with and without its zone, in both orders."""
    plots = w.truth(plan)[:2]
    for system in (s for s in w.systems_of(plan) if not s.in_degrees):
        shapes = [system.write(plot) for plot in plots]
        number, width = _zone_of(system)
        for encoding in ("gbk", "utf-8", "utf-8-sig"):
            for north_first in (True, False):
                for given in (number, None):
                    yield Case(
                        f"survey {encoding}, {system.name}, {'north' if north_first else 'east'} first, zone {given}",
                        lambda s=shapes, g=given, e=encoding, n=north_first, wd=width: {  # type: ignore[misc]
                            "界址点.txt": w.survey_of(s, number=g, width=wd, encoding=e, north_first=n)
                        },
                        plots,
                        system,
                    )


def _zone_of(system: w.System) -> tuple[int, int]:
    assert system.meridian is not None
    width = 6 if "6" in system.name.split(" prefixed")[0] else 3
    return (round(system.meridian / 3), 3) if width == 3 else (round((system.meridian + 3) / 6), 6)


def layers_of(plan: Plan) -> Iterator[Case]:
    """Shapefile, GeoPackage, GeoParquet, GeoJSON, with right, missing and wrong declarations."""
    truth = w.truth(plan)
    plots = truth[:2]
    every = w.systems_of(plan)
    zones = [s for s in every if not s.in_degrees]
    for system in [s for s in every if s.datum in {"cgcs2000", "wgs84"}]:
        shapes = [system.write(plot) for plot in plots]
        wrong = next(zone for zone in zones if zone.meridian != system.meridian)
        declared = {"right": w.esri_prj(system), "missing": ""}
        if not system.in_degrees:
            declared["wrong"] = w.esri_prj(wrong)
        for how, prj in declared.items():
            for encoding, cpg in (("gbk", None), ("utf-8", "UTF-8"), ("gbk", "UTF-8"), ("utf-8", None)):
                yield Case(
                    f"shapefile {encoding} cpg {cpg}, {system.name}, prj {how}",
                    lambda s=shapes, p=prj, e=encoding, c=cpg: w.shapefile_of(s, prj=p, encoding=e, cpg=c),  # type: ignore[misc]
                    plots,
                    system,
                    how != "missing" or not system.in_degrees,
                )
        for epsg in (system.epsg, None):
            known = epsg is not None or not system.in_degrees
            yield Case(
                f"gpkg {epsg}, {system.name}",
                lambda s=shapes, c=epsg: {"x.gpkg": w.gpkg_of(s, c)},  # type: ignore[misc]
                plots,
                system,
                known,
            )
        yield Case(
            f"parquet, {system.name}",
            lambda s=shapes, c=system.epsg: {"x.parquet": w.parquet_of(s, c)},  # type: ignore[misc]
            plots,
            system,
        )
        for crs in ("", f"urn:ogc:def:crs:EPSG::{system.epsg}"):
            if crs or system.name != "lonlat cgcs2000":
                yield Case(
                    f"geojson {crs}, {system.name}",
                    lambda s=shapes, c=crs: {"x.geojson": w.geojson_of(s, c)},  # type: ignore[misc]
                    plots,
                    system,
                )


def drawings(plan: Plan) -> Iterator[Case]:
    """Drawings in metres and millimetres, with and without the zone's number."""
    plots = tuple(Polygon(plot.exterior) for plot in w.truth(plan)[:2] if isinstance(plot, Polygon))
    for zone in (s for s in w.systems_of(plan) if not s.in_degrees and "6" not in s.name):
        for scale, units in ((1.0, 6), (1.0, 4), (1000.0, 4)):
            system = w.System(zone.name, meridian=zone.meridian, number=zone.number, scale=scale)
            shapes = [system.write(plot) for plot in plots]
            yield Case(
                f"dxf ×{scale:g} units {units}, {zone.name}",
                lambda s=shapes, u=units: {"x.dxf": w.dxf_of(s, u)},  # type: ignore[misc]
                plots,
                system,
            )


def maps(plan: Plan) -> Iterator[Case]:
    """KML, and 奥维's kinds."""
    truth = w.truth(plan)
    solid = tuple(Polygon(s.exterior) if isinstance(s, Polygon) else s for s in truth)
    for system in w.systems_of(plan)[:4]:
        shapes = [system.write(shape) for shape in truth]
        mark = {"cgcs2000": "CGCS2000", "wgs84": "WGS84", "gcj02": "GCJ02", "bd09": "BD09"}[system.datum]
        for name, pack in (("x.ovkml", False), ("x.ovkmz", True)):
            raw = w.kml_of(shapes, mark)
            yield Case(
                f"{name} {system.name}",
                lambda r=raw, n=name, p=pack: {n: w.zip_of({"doc.kml": r}) if p else r},  # type: ignore[misc]
                truth,
                system,
            )
        if system.datum in {"wgs84", "gcj02"}:
            flat = [system.write(shape) for shape in solid]
            yield Case(
                f"ovjsn {system.name}",
                lambda s=flat, d=system.datum: {"x.ovjsn": w.ovjsn_of(s, shifted=d == "gcj02")},  # type: ignore[misc]
                solid,
                system,
            )
    wgs84 = w.systems_of(plan)[1]
    yield Case("kml", lambda: {"x.kml": w.kml_of([wgs84.write(s) for s in truth])}, truth, wgs84)


def error_m(sites: SiteSet, shapes: tuple[BaseGeometry, ...], plan: Plan) -> float:
    """Return the largest distance between what was read and the truth; infinite if something is missing."""
    if len(sites) != len(shapes):
        return float("inf")
    there = _into(plan.crs)
    right = [shapely.transform(s, lambda p: np.column_stack(there.transform(p[:, 0], p[:, 1]))) for s in shapes]
    return max(_apart(a, b) for a, b in zip(sites.frame.geometry, right, strict=True))


@cache
def _into(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, crs, always_xy=True)


def _apart(a: BaseGeometry, b: BaseGeometry) -> float:
    if isinstance(b, Point | LineString):
        return float(a.hausdorff_distance(b)) if a.geom_type == b.geom_type else float("inf")
    # A hole that got lost is no small error.
    return float(max(a.hausdorff_distance(b), a.boundary.hausdorff_distance(b.boundary)))


@pytest.mark.parametrize("id_", ["bazhou", "toyland"])
def test_the_matrix_of_files_is_read_right_or_said_not_to_be_known(id_: str) -> None:
    plan = opened(id_).plan
    cases = [*tables(plan), *surveys(plan), *layers_of(plan), *drawings(plan), *maps(plan)]
    right, abstained, wrong, short = 0, 0, [], []
    start = time.monotonic()
    for case in cases:
        try:
            sites = read_upload(case.files(), plan)
        except PlanError as error:
            short.append(f"{case.name}: {error.text('en')}")
            continue
        apart = error_m(sites, case.shapes, plan)
        if apart <= METRE:
            right += 1
        elif sites.reading.confidence < SURE and case.system.datum in {a.datum for a in sites.reading.alternatives}:
            abstained += 1
        else:
            wrong.append(f"{case.name}: {apart:.1f} m, {sites.reading.confidence:.2f}")
        if case.holds_answer and apart > METRE:
            short.append(f"{case.name}: {apart:.1f} m")
        if not case.holds_answer:
            assert sites.reading.confidence < SURE
            assert sites.reading.datum == "unknown"
            assert sites.frame["sigma_m"].min() > 300
    answered = [case for case in cases if case.holds_answer]
    share = 1 - len(short) / len(answered)
    took = time.monotonic() - start
    print(
        f"{id_}: {len(cases)} files, {right} right, {abstained} abstained, {len(wrong)} wrong; {share:.2%}; {took:.0f} s"
    )
    assert wrong == []
    assert share >= 0.99, short[:10]


def test_the_words_come_through_in_every_encoding(district: Opened) -> None:
    plan = district.plan
    system = w.systems_of(plan)[4]
    for encoding, cpg in (("gbk", None), ("gbk", "UTF-8"), ("utf-8", "GBK"), ("utf-8", None)):
        files = w.shapefile_of(w.written(plan, system)[:2], encoding=encoding, cpg=cpg, prj=w.esri_prj(system))
        assert read_upload(files, plan).frame["name"].tolist() == list(w.NAMES[:2])


@pytest.mark.parametrize(("version", "encoding"), [("R2010", "utf-8"), ("R2000", "gbk")])
def test_a_drawing_has_the_names_that_stand_in_its_outlines(district: Opened, version: str, encoding: str) -> None:
    """Old drawings name a Western code page and are in GBK nevertheless."""
    zone = w.systems_of(district.plan)[4]
    shapes = [Polygon(s.exterior) for s in w.written(district.plan, zone)[:2] if isinstance(s, Polygon)]
    files = {"红线.dxf": w.dxf_of(shapes, version=version, encoding=encoding)}
    frame = read_upload(files, district.plan).frame
    assert frame["name"].tolist() == list(w.NAMES[:2])
    assert [a["layer"] for a in frame["attributes"]] == ["用地红线"] * 2
