"""The app beside a raster, without a browser: choices change the map's document, and an elevation model comes in by path."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from atlas.locations import APP
from atlas.rasters.presets import presets
from atlas.words import say
from tests.conftest import Opened
from tests.terrain import degrees_dem


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, toyland: Opened) -> None:
    monkeypatch.setenv("ATLAS_GEODATA", str(toyland.root))
    monkeypatch.setenv("ATLAS_WORKSPACE", str(tmp_path / "workspace"))


def opened(**query: str) -> AppTest:
    """Open the map page at a view."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.query_params.update(query)
    return fine(app.run())


def fine(app: AppTest) -> AppTest:
    """Nothing has gone wrong."""
    assert not app.exception, [error.value for error in app.exception]
    return app


def surface(app: AppTest) -> dict[str, Any]:
    """Return what the map gets as its surface."""
    [part] = app.get("component_instance")
    found: dict[str, Any] = json.loads(json.loads(part.proto.json_args)["spec"])["surface"]
    return found


def text(app: AppTest) -> str:
    """Return the HTML that the page wrote."""
    return " ".join(part.proto.body for part in app.get("html"))


def test_the_circle_moves_with_its_origin_and_its_network() -> None:
    app = opened(sheet="commute")
    first = surface(app)
    assert {row["title"] for row in first["picture"]["classes"]} >= {"0–15 分钟"}
    assert say("zh", "raster.slope_unknown") in text(app)
    app.selectbox("raster_origin").set_value("wu").run()
    moved = surface(fine(app))
    assert app.query_params["from"] == "wu"
    assert moved["picture"]["hash"] != first["picture"]["hash"]
    app.segmented_control("raster_network").set_value("existing").run()
    assert surface(fine(app))["picture"]["hash"] != moved["picture"]["hash"]
    # The link restores it.
    again = opened(sheet="commute", network="existing", **{"from": "wu"})
    assert surface(again)["picture"]["hash"] == surface(app)["picture"]["hash"]


def test_weights_move_the_map_and_a_purpose_starts_anew() -> None:
    app = opened(sheet="herb-land")
    first = surface(app)
    sliders = {slider.key: slider for slider in app.slider}
    assert set(sliders) == {f"weight_herbs_{criterion}" for criterion in presets()["herbs"].weights}
    assert sliders["weight_herbs_slope"].disabled
    sliders["weight_herbs_zone"].set_value(90).run()
    assert app.query_params["weights"] == "zone:90"
    assert surface(fine(app))["picture"]["hash"] != first["picture"]["hash"]
    app.segmented_control("raster_preset").set_value("housing").run()
    assert "weights" not in app.query_params
    assert surface(fine(app))["picture"]["title"].startswith(presets()["housing"].name.zh)


def test_another_sheet_forgets_the_choices() -> None:
    app = opened(sheet="commute", **{"from": "wu"})
    [button] = [button for button in app.button if button.key == "sheet-all"]
    button.click().run()
    assert dict(fine(app).query_params) == {"sheet": "all"}


def test_a_spoiled_address_is_no_error() -> None:
    app = opened(sheet="herb-land", network="x", preset="y", weights="zone:zz,slope:999999,:,q:1", **{"from": "<b>"})
    assert surface(app)["picture"]["classes"]


def test_a_model_comes_in_by_its_path_and_leaves_again(toyland: Opened, tmp_path: Path) -> None:
    app = opened()
    app.switch_page("atlas/pages/sources.py").run()
    assert say("zh", "dem.none") in text(fine(app))
    app.text_input("dem_path").set_value(str(tmp_path / "gone.tif")).run()
    app.button("dem_import_path").click().run()
    assert "gone.tif" in fine(app).error[0].value
    source = degrees_dem(tmp_path / "hills.tif", toyland.plan, lambda lon, _: 250 + 90 * np.sin(lon * 150), size=200)
    app.text_input("dem_path").set_value(f'"{source}"').run()
    app.button("dem_import_path").click().run()
    assert "hills.tif" in text(fine(app))
    assert (tmp_path / "workspace" / "toyland" / "dem.tif").is_file()
    app.segmented_control("dem_scheme").set_value("building").run()
    assert "8–15°" in text(fine(app))
    [zone, *_] = toyland.plan.layers["zone"].rows
    assert zone.name not in text(app)
    app.segmented_control("dem_areas").set_value("zone").run()
    assert zone.name in text(fine(app))

    seen = opened(sheet="herb-land", surface="slope")
    assert surface(seen)["picture"]["title"] == say("zh", "terrain.slope")
    seen = opened(sheet="herb-land")
    assert not next(slider for slider in seen.slider if slider.key == "weight_herbs_slope").disabled
    assert "hills.tif" in text(seen)

    seen.segmented_control("raster_surface").set_value("slope").run()
    assert surface(fine(seen))["picture"]["title"] == say("zh", "terrain.slope")
    assert surface(seen)["lines"] is None
    seen.segmented_control("raster_surface").set_value("hillshade").run()
    shade = surface(fine(seen))["picture"]
    assert [row["title"] for row in shade["classes"]] == [
        say("zh", f"terrain.{key}") for key in ("dark", "level", "lit")
    ]
    assert len(shade["image"]["edges"]) == len(shade["image"]["colors"]) > len(shade["classes"])
    seen.segmented_control("raster_surface").set_value("suitability").run()
    assert surface(fine(seen))["picture"]["title"] != say("zh", "terrain.slope")

    app = opened()
    app.switch_page("atlas/pages/sources.py").run()
    app.button("dem_remove").click().run()
    assert say("zh", "dem.none") in text(fine(app))


def test_a_model_that_cannot_be_read_is_said_and_can_be_removed(tmp_path: Path) -> None:
    file = tmp_path / "workspace" / "toyland" / "dem.tif"
    file.parent.mkdir(parents=True)
    file.write_text("no raster")
    assert say("zh", "raster.slope_unknown") in text(opened(sheet="commute", surface="slope"))
    app = opened()
    app.switch_page("atlas/pages/sources.py").run()
    assert "dem.tif" in fine(app).error[0].value
    app.button("dem_remove").click().run()
    assert not fine(app).error
    assert not file.exists()
