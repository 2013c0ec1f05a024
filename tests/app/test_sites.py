"""The project page without a browser: what it shows of a set, keeps, says of faults, and never takes for markup."""

import html
import json
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from atlas.locations import APP
from atlas.rasters.dem import elevation_file
from atlas.rasters.recipes import Ground
from atlas.screening.rules import read_rules
from atlas.sites.model import SiteSet
from atlas.words import say
from atlas.workspace import Workspace
from tests.atlas.sites.test_workspace import sites_of
from tests.conftest import Opened
from tests.terrain import degrees_dem, imported

MARKUP: Final = "<img src=x onerror=alert(1)>"


@pytest.fixture
def workspace(toyland: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return the workspace of toyland that the app is told of, with one set in it."""
    monkeypatch.setenv("ATLAS_GEODATA", str(toyland.root))
    monkeypatch.setenv("ATLAS_WORKSPACE", str(tmp_path))
    kept = Workspace(tmp_path, "toyland")
    kept.save(sites_of(toyland))
    return kept


def app(**query: str) -> AppTest:
    """Open the project page as an address would."""
    test = AppTest.from_file(str(APP), default_timeout=60)
    test.query_params.update(query)
    test.run()
    test.switch_page("atlas/pages/sites.py")
    test.query_params.update(query)
    return again(test)


def again(test: AppTest) -> AppTest:
    """Run once more; nothing may go wrong."""
    test.run()
    assert not test.exception, [error.value for error in test.exception]
    return test


def press(test: AppTest, label: str) -> AppTest:
    """Press the button of a label."""
    next(button for button in test.button if button.label == label).click()
    return again(test)


def words(key: str, **values: object) -> str:
    """Return words of the Chinese interface."""
    return say("zh", key, **values)


def drawn(test: AppTest) -> dict[str, Any]:
    """Return the sites on the map by their names."""
    [component] = test.get("component_instance")
    document = json.loads(json.loads(component.proto.json_args)["spec"])
    layers = [layer for layer in document["layers"] if layer.get("own")]
    return {feature["name"]: layer["id"] for layer in layers for feature in layer["features"]}


def markup(test: AppTest) -> str:
    """Return all HTML that the page writes itself."""
    return "\n".join(element.proto.body for element in test.get("html"))


def test_an_empty_page_says_what_to_do(workspace: Workspace) -> None:
    test = app()
    assert drawn(test) == {}
    for way in ("upload", "paste", "draw"):
        assert words(f"sites.start_{way}_how") in markup(test)
    assert workspace.list()[0].name in test.selectbox[0].options


def test_a_kept_set_is_shown_screened_and_kept_in_the_address(workspace: Workspace, toyland: Opened) -> None:
    test = app(set="清单")
    assert set(drawn(test)) == set(sites_of(toyland).frame["name"])
    assert set(test.dataframe[0].value[words("sites.site")]) == set(drawn(test))
    verdicts = {words(f"screening.verdict_{v}") for v in ("hit", "uncertain", "clear", "no_data")}
    assert set(test.dataframe[0].value[words("sites.conclusion")]) <= verdicts
    assert words("screening.first_screening") in markup(test)
    assert test.query_params["set"] in ("清单", ["清单"])
    assert workspace.file.is_file()


def test_the_card_says_every_answer_in_words(workspace: Workspace) -> None:
    text = markup(app(set="清单", site="s2"))
    for key in ("verdict_no_data", "verdict_uncertain"):
        assert words(f"screening.{key}") in text
    assert words("sites.where_it_lies") in text
    assert "公顷" in text
    assert workspace.has_backup is False


def test_an_imported_model_answers_the_question_of_slope(workspace: Workspace, toyland: Opened, tmp_path: Path) -> None:
    """All of it is steeper than 25 degrees, and the card says how finely that is known."""
    slope = read_rules(None).rules["steep_slope"]
    unknown = html.escape(slope.wording["no_data"].zh)
    test = app(set="清单", site="s2")
    assert unknown in markup(test)
    assert words("sites.terrain") not in markup(test)
    kept = elevation_file(workspace.folder.parent, "toyland")
    steep = degrees_dem(tmp_path / "steep.tif", toyland.plan, lambda lon, _: 200 + 2_000 * np.abs(lon * 100 % 2 - 1))
    imported(steep, toyland.plan, kept, Ground(100, 2_500))
    assert unknown not in markup(again(test))
    assert "100.00%" in markup(test)
    assert words("sites.terrain") in markup(test)
    assert "steep.tif" in markup(test)
    kept.unlink()
    assert unknown in markup(again(test))


def test_filters_narrow_the_table_and_say_when_nothing_is_left(workspace: Workspace) -> None:
    test = app(set="清单")
    test.text_input(key="site_words").set_value("甲")
    again(test)
    assert list(test.dataframe[0].value[words("sites.site")]) == ["<b>甲</b>"]
    test.text_input(key="site_words").set_value("没有")
    again(test)
    assert not test.dataframe
    assert words("sites.nothing") in [info.value for info in test.info]
    assert len(workspace.list()) == 1


def test_deleting_undoing_and_saving(workspace: Workspace) -> None:
    test = app(set="清单", site="s2")
    press(test, words("sites.delete"))
    assert len(drawn(test)) == 2
    press(test, words("sites.undo"))
    assert len(drawn(test)) == 3
    test.query_params["site"] = "s0"
    press(again(test), words("sites.delete"))
    assert workspace.list()[0].sites == 3
    press(test, words("sites.save"))
    assert workspace.list()[0].sites == 2


def test_a_set_saved_elsewhere_is_not_overwritten(workspace: Workspace, toyland: Opened) -> None:
    test = app(set="清单", site="s2")
    press(test, words("sites.delete"))
    workspace.save(sites_of(toyland, count=6), revision=workspace.list()[0].revision)
    press(test, words("sites.save"))
    assert words("sites.trouble") in [error.value for error in test.error]
    assert workspace.list()[0].sites == 6
    name = next(field for field in test.text_input if field.label == words("sites.name"))
    name.set_value("我的清单")
    press(test, words("sites.save_as"))
    assert {saved.name: saved.sites for saved in workspace.list()} == {"清单": 6, "我的清单": 2}


def test_a_new_set_starts_empty_and_a_deleted_one_is_gone(workspace: Workspace) -> None:
    test = press(app(set="清单"), words("sites.new_set"))
    assert drawn(test) == {}
    assert words("sites.empty_set") in markup(test)
    test = press(app(set="清单"), words("sites.delete_set"))
    assert workspace.list() == ()
    assert workspace.has_backup


def test_an_unreadable_file_of_sets_is_said_and_restored(workspace: Workspace, toyland: Opened) -> None:
    workspace.save(sites_of(toyland, count=6), revision=workspace.list()[0].revision)
    workspace.file.write_bytes(b"torn")
    test = app()
    assert words("sites.trouble") in [error.value for error in test.error]
    assert any(str(workspace.file) in part.value for part in test.text)
    press(test, words("sites.restore"))
    assert not test.error
    assert workspace.list()[0].sites == 3


def test_names_are_never_markup(workspace: Workspace, toyland: Opened) -> None:
    sites = sites_of(toyland, MARKUP)
    text = dict.fromkeys(("name", "category", "location", "content", "owner", "note", "years", "where"), MARKUP)
    workspace.save(SiteSet(MARKUP, gpd.GeoDataFrame(sites.frame.assign(**text)), sites.reading))
    test = app(set=MARKUP, site="s1")
    assert set(drawn(test)) == {MARKUP}
    assert "&lt;img" in markup(test)
    assert "<img" not in markup(test)
    for name in ("reading", "edit", "controls", "export"):
        test.session_state["sites_tab"] = words(f"sites.tab_{name}")
        again(test)
        assert "<img" not in markup(test)


def test_the_sites_lie_over_the_map_page_too(workspace: Workspace) -> None:
    test = AppTest.from_file(str(APP), default_timeout=60)
    test.query_params.update({"set": "清单", "feature": "site:s1"})
    again(test)
    assert len(drawn(test)) == 3
    assert "&lt;b&gt;甲&lt;/b&gt;" in markup(test)
    assert [link.proto.query_string for link in test.get("page_link")] == ["site=s1"]
    assert len(workspace.list()) == 1


def test_the_page_speaks_english(workspace: Workspace) -> None:
    test = app(set="清单", lang="en", site="s1")
    assert html.escape(say("en", "screening.first_screening")) in markup(test)
    assert len(workspace.list()) == 1
