"""勘测定界 text in the variants that the tools write."""

import pytest
from shapely import Polygon

from atlas.sites.formats.survey import read_survey
from atlas.sites.read import read_upload
from layers import PlanError
from tests.atlas.sites import writers as w
from tests.atlas.sites.test_matrix import error_m
from tests.conftest import Opened


def zone(district: Opened) -> tuple[w.System, int]:
    """Return the district's own zone with its number in front of eastings, and that number."""
    system = next(s for s in w.systems_of(district.plan) if s.name == "zone 3 prefixed")
    return system, system.number


@pytest.mark.parametrize("fields", [8, 9, 12, 15])
@pytest.mark.parametrize("brackets", ["[]", "【】"])
@pytest.mark.parametrize("point", ["J{n}", "{n}", "J{n:02d}"])
def test_every_variant_is_read(district: Opened, fields: int, brackets: str, point: str) -> None:
    system, number = zone(district)
    shapes = [system.write(s) for s in w.truth(district.plan)[:2]]
    extra = f"{brackets[0]}扩展信息{brackets[1]}\r\n批次=1" if fields > 8 else ""
    comma = "，" if brackets == "【】" else ","
    raw = w.survey_of(shapes, number=number, fields=fields, brackets=brackets, point=point, extra=extra, comma=comma)
    sites = read_upload({"界址.txt": raw}, district.plan)
    assert error_m(sites, w.truth(district.plan)[:2], district.plan) < 0.01
    assert sites.frame["id"].tolist() == ["DK1", "DK2"]
    assert sites.frame["name"].tolist() == list(w.NAMES[:2])
    assert sites.frame["category"].tolist() == ["工业用地"] * 2
    assert sites.reading.confidence >= 0.9
    assert sites.reading.problems == ()


def test_holes_and_parts_are_told_by_what_contains_what(district: Opened) -> None:
    """A ring outside the first is a part, whatever number it has; one within a hole is land again."""
    system, number = zone(district)
    plan = district.plan
    x, y = (round(v) for v in system.write(w.centres(plan)[1]).coords[0])

    def square(cx: float, cy: float, r: float) -> list[tuple[float, float]]:
        return [(cx - r, cy - r), (cx + r, cy - r), (cx + r, cy + r), (cx - r, cy + r), (cx - r, cy - r)]

    rings = [square(x, y, 20), square(x, y, 200), square(x + 600, y, 100), square(x, y, 100)]
    lines = [
        "[属性描述]",
        "坐标系=2000国家大地坐标系",
        "几度分带=3",
        f"带号={number}",
        "[地块坐标]",
        "20,,DK1,名,面,,,,@",
    ]
    lines += [f"J1,{n},{py:.3f},{px:.3f}" for n, ring in enumerate(rings, 1) for px, py in ring]
    [area] = read_upload({"x.txt": "\n".join(lines).encode()}, plan).frame.geometry
    assert area.area == pytest.approx(400**2 - 200**2 + 40**2 + 200**2, rel=1e-3)


def test_the_unit_of_the_area_is_told_by_the_shape(district: Opened) -> None:
    system, number = zone(district)
    shapes = [system.write(s) for s in w.truth(district.plan)[:2]]
    text = w.survey_of(shapes, number=number).decode("gbk")
    hectares = f"{shapes[1].area / 10_000:.4f}"
    for unit, problems in ((1.0, 0), (1 / 10_000, 0), (15 / 10_000, 0), (1.5 / 10_000, 1)):
        raw = text.replace(hectares, f"{shapes[1].area * unit:.6f}").encode("gbk")
        found = [p.code for p in read_upload({"x.txt": raw}, district.plan).reading.problems]
        assert found == ["area_mismatch"] * problems


def test_a_broken_corner_costs_its_plot_alone(district: Opened) -> None:
    system, number = zone(district)
    text = w.survey_of([system.write(s) for s in w.truth(district.plan)[:2]], number=number).decode("gbk")
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("J2,1"))
    lines[at] = "J2,1,损坏,"
    sites = read_upload({"x.txt": "\n".join(lines).encode("gbk")}, district.plan)
    assert sites.frame["id"].tolist() == ["DK2"]
    assert [p.code for p in sites.reading.problems] == ["bad_corner", "broken_plot"]
    assert f"第 {at + 1} 行" in sites.reading.problems[0].where


def test_a_crossed_ring_is_mended_and_told(district: Opened) -> None:
    system, number = zone(district)
    x, y = system.write(w.centres(district.plan)[1]).coords[0]
    bow = Polygon([(x, y), (x + 200, y + 200), (x + 200, y), (x, y + 200)])
    sites = read_upload({"x.txt": w.survey_of([bow], number=number)}, district.plan)
    assert sites.frame.geometry.is_valid.all()
    assert "repaired_geometry" in [p.code for p in sites.reading.problems]


@pytest.mark.parametrize("system", ["80国家大地坐标系", "1980西安坐标系", "1954北京坐标系"])
def test_refused_datums_are_refused_with_advice(district: Opened, system: str) -> None:
    own, number = zone(district)
    raw = w.survey_of([own.write(s) for s in w.truth(district.plan)[:1]], number=number, system=system)
    with pytest.raises(PlanError, match="2000 国家大地坐标系") as caught:
        read_upload({"x.txt": raw}, district.plan)
    assert caught.value.findings[0].code == "refused_datum"


def test_a_wrong_zone_in_the_header_is_seen(district: Opened) -> None:
    plain = next(s for s in w.systems_of(district.plan) if s.name == "zone 3")
    _, number = zone(district)
    raw = w.survey_of([plain.write(s) for s in w.truth(district.plan)[:2]], number=number - 1)
    sites = read_upload({"x.txt": raw}, district.plan)
    assert error_m(sites, w.truth(district.plan)[:2], district.plan) < 0.01
    assert sites.reading.confidence < 0.9
    assert "claim_wrong" in [p.code for p in sites.reading.problems]


def test_another_province_by_its_own_words_is_refused_though_its_numbers_would_fit(district: Opened) -> None:
    plain = next(s for s in w.systems_of(district.plan) if s.name == "zone 3")
    _, number = zone(district)
    raw = w.survey_of([plain.write(s) for s in w.truth(district.plan)[:2]], number=number - 5)
    with pytest.raises(PlanError) as caught:
        read_upload({"x.txt": raw}, district.plan)
    assert caught.value.findings[0].code == "lies_elsewhere"
    assert "--assume-crs EPSG:" in caught.value.text("en")


def test_a_file_without_plots_is_refused() -> None:
    with pytest.raises(PlanError):
        read_survey("[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]\n", "x.txt", "utf-8")
