"""Sites in print figures: each on the layer of its kind, and a map for each in the report."""

import io
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
import shapely
from PIL import Image
from shapely import Point

from atlas.cli import main
from atlas.sites import figures
from atlas.sites.figures import SiteMaps, site_layers
from layers import PlanError, vocabulary
from tests.atlas.sites.test_workspace import sites_of
from tests.conftest import Opened


def test_every_site_is_on_the_layer_of_its_kind(district: Opened) -> None:
    sites = sites_of(district, count=9)
    layers = site_layers(sites, district.plan)
    assert [layer.kind.id for layer in layers] == list(vocabulary().own)
    drawn = {row.id: row for layer in layers for row in layer.rows}
    assert len(drawn) == 9
    for site in sites.frame.to_dict("records"):
        assert drawn[f"site-{site['id']}"].geometry.equals(site["geometry"])
        assert drawn[f"site-{site['id']}"].name == site["name"]
    assert site_layers(sites_of(district, count=0), district.plan) == ()


def test_there_is_a_map_of_each_site_and_one_of_all(district: Opened) -> None:
    maps = SiteMaps(sites_of(district), district.plan, district.atlas)
    pictures = [maps.of("s0"), maps.of("s2"), maps.overview()]
    assert len(set(pictures)) == 3
    for picture in pictures:
        assert picture
        with Image.open(io.BytesIO(picture)) as image:
            colours = image.convert("RGB").reduce(8).getcolors(1_000_000)
            assert image.width > image.height > 900
            assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
            assert colours is not None
            assert len(colours) > 50
        assert len(picture) < 400_000  # 200 of them are still one document


def test_a_site_outside_is_shown_with_the_district(district: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its map would be a point on an empty page."""
    seen: list[tuple[float, float, float, float]] = []

    def composed(*_: object, extent: tuple[float, float, float, float], **__: object) -> None:
        seen.append(extent)
        raise PlanError([])

    monkeypatch.setattr(figures, "compose", composed)
    ground = shapely.union_all([feature.geometry for feature in district.plan.layers["district"].rows])
    west, south, east, north = ground.bounds
    away = Point(east + 0.3 * (east - west), (south + north) / 2)
    sites = sites_of(district)
    frame = sites.frame.set_geometry([away, *sites.frame.geometry.iloc[1:]], crs=sites.frame.crs)
    assert SiteMaps(replace(sites, frame=frame), district.plan, district.atlas).of("s0") is None
    assert shapely.box(*seen[0]).contains(away)
    assert shapely.box(*seen[0]).intersection(ground).area > 0


def test_a_figure_takes_sites_on_the_command_line(
    toyland: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = toyland.plan.layers["district"].features.to_crs(4326).geometry.iloc[0].representative_point().coords[0]
    listed = tmp_path / "清单.csv"
    listed.write_text(f"项目名称,经度,纬度\n甲厂,{x:.5f},{y:.5f}\n", "utf-8")
    base = ["figure", "--geodata", str(toyland.root), "--out", str(tmp_path / "f.pdf"), "--compiler", "测试"]
    assert main([*base, "--sites", str(listed)]) == 0
    with pypdfium2.PdfDocument(tmp_path / "f.pdf") as document:
        text = document[0].get_textpage().get_text_range()
    assert "甲厂" in text
    (tmp_path / "f.pdf").unlink()
    capsys.readouterr()
    assert main([*base, "--sites", str(tmp_path / "none.csv")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "f.pdf").exists()
