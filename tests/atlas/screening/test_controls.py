"""Control layers are recognised by their names and attributes, and put into the working CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pyogrio
import pytest
from shapely import Point

from atlas.screening.controls import fingerprint, read_controls
from atlas.screening.screen import screen
from layers import PlanError
from tests.atlas.screening.made import inside, site_set

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Opened


def frame(opened: Opened, count: int = 3, crs: int = 4490, **columns: Any) -> gpd.GeoDataFrame:  # noqa: ANN401
    shapes = [shape.buffer(10) for shape in inside(opened.plan, count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=opened.plan.crs, index=range(count)).to_crs(crs)


def test_layers_of_a_geopackage_are_known_by_their_database_names(toyland: Opened, tmp_path: Path) -> None:
    file = tmp_path / "三条控制线.gpkg"
    frame(toyland, CZKFMJ=[1.0, 0.0, 5.0]).to_file(file, layer="CZKFBJ")
    frame(toyland).to_file(file, layer="STBHHX")
    frame(toyland, TBBH=["7", "8", "9"], sigma_m=[1.0, 2.0, 3.0]).to_file(file, layer="YJJBNTBHTB")
    pyogrio.write_dataframe(frame(toyland).drop(columns="geometry").assign(a=1), file, layer="notes", append=True)
    controls = {control.id: control for control in read_controls([file], toyland.plan)}
    assert set(controls) == {"urban_boundary", "eco_redline", "farmland"}
    assert len(controls["urban_boundary"].target) == 2
    assert controls["farmland"].target.names == ("永久基本农田 7", "永久基本农田 8", "永久基本农田 9")
    assert controls["farmland"].target.sigma_m.tolist() == [1, 2, 3]
    assert controls["eco_redline"].target.names[0] == "生态保护红线"
    assert set(controls["eco_redline"].target.bases) == {"official"}
    assert controls["farmland"].files == (file.name,)
    screening = screen(
        site_set(toyland.plan, inside(toyland.plan, 3), 0.0), toyland.plan, controls=list(controls.values())
    )
    assert screening.conclusion("s0") == "hit"
    assert len(fingerprint(tuple(controls.values()))) == 16


def test_a_single_file_is_known_by_its_name_or_by_what_its_features_say(toyland: Opened, tmp_path: Path) -> None:
    grades = ["一级保护区", "二级保护区", ""]
    frame(toyland, 级别=grades).to_file(tmp_path / "水源保护区.geojson")
    frame(toyland, 类型=["生态保护红线", "永久基本农田", "采石场"]).to_file(tmp_path / "merged.geojson")
    water = {c.id: len(c.target) for c in read_controls([tmp_path / "水源保护区.geojson"], toyland.plan)}
    assert water == {"water_source_1": 1, "water_source_2": 1, "water_source": 1}
    merged = {c.id: len(c.target) for c in read_controls([tmp_path / "merged.geojson"], toyland.plan)}
    assert merged == {"eco_redline": 1, "farmland": 1, "merged": 1}


def test_files_of_one_kind_are_joined(toyland: Opened, tmp_path: Path) -> None:
    for name in ("永农_东.gpkg", "永农_西.gpkg"):
        frame(toyland).to_file(tmp_path / name)
    [control] = read_controls([tmp_path / "永农_东.gpkg", tmp_path / "永农_西.gpkg"], toyland.plan)
    assert control.id == "farmland"
    assert len(control.target) == 6
    assert control.target.overlaps_itself


def test_every_crs_lands_in_the_same_place(toyland: Opened, tmp_path: Path) -> None:
    shapes = inside(toyland.plan, 3)
    for crs in (4326, 4490, 3857):
        file = tmp_path / f"永农{crs}.gpkg"
        frame(toyland, crs=crs).to_file(file)
        [control] = read_controls([file], toyland.plan)
        for got, wanted in zip(control.target.geometries, shapes, strict=True):
            assert got.hausdorff_distance(wanted.buffer(10)) < 0.5


def test_bad_files_are_one_line(toyland: Opened, tmp_path: Path) -> None:
    (tmp_path / "broken.gpkg").write_bytes(b"no database")
    with pytest.warns(UserWarning, match="crs"):
        gpd.GeoDataFrame(geometry=[Point(0, 0)]).to_file(tmp_path / "nocrs.gpkg")
    frame(toyland).iloc[:0].to_file(tmp_path / "empty.gpkg")
    frame(toyland).set_crs(4610, allow_override=True).to_file(tmp_path / "xian.gpkg")
    gpd.GeoDataFrame(geometry=[Point(100.0, 30.0).buffer(0.1)], crs=4490).to_file(tmp_path / "永农别处.gpkg")
    for name in ("永农别处.gpkg", "broken.gpkg", "nocrs.gpkg", "empty.gpkg", "xian.gpkg", "gone.gpkg"):
        with pytest.raises(PlanError) as caught:
            read_controls([tmp_path / name], toyland.plan)
        assert len(caught.value.text("en").splitlines()) == 1
        assert name in caught.value.text("en")
