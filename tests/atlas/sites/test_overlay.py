"""Sites over a sheet: every site once, where it is, in the colour of its category, and no larger than its investment."""

import json

import pytest
import shapely
from shapely.geometry import shape

from atlas.sites.model import SiteSet
from atlas.sites.overlay import PREFIX, ghosts, overlay, site_id
from atlas.theme import theme
from atlas.webmap import WebMap
from atlas.webpage import page
from layers import vocabulary
from layers.crs import STORAGE_CRS
from tests.atlas.sites.test_bench import fresh
from tests.atlas.sites.test_workspace import sites_of
from tests.conftest import Opened


def test_every_site_is_drawn_once_and_in_place(district: Opened) -> None:
    sites = sites_of(district, count=9)
    layers = overlay(sites, "zh")
    assert [layer["id"] for layer in layers] == list(vocabulary().own)
    features = {site_id(f["id"]): (layer, f) for layer in layers for f in layer["features"]}
    assert list(features) != []
    assert set(features) == set(sites.frame["id"])
    degrees = sites.frame.to_crs(STORAGE_CRS)
    for row in degrees.to_dict("records"):
        layer, feature = features[row["id"]]
        assert shape(feature["geometry"]).hausdorff_distance(row["geometry"]) < 1e-7
        assert feature["name"] == row["name"]
        wanted = row["category"] or "未分类"
        assert layer["classes"][feature["c"]]["title"] == wanted


def test_a_category_has_one_colour_on_all_layers(toyland: Opened) -> None:
    colours: dict[str, set[str]] = {}
    for layer in overlay(sites_of(toyland, count=12), "zh"):
        for row in layer["classes"]:
            colours.setdefault(row["title"], set()).add(row["style"]["fill"])
    assert all(len(used) == 1 for used in colours.values())
    assert len({next(iter(used)) for used in colours.values()}) == len(colours)


def test_more_categories_than_colours_share_the_last(toyland: Opened) -> None:
    sites = sites_of(toyland, count=30)
    frame = sites.frame.assign(category=[f"类{n}" for n in range(30)])
    used = {
        row["style"]["fill"] for layer in overlay(SiteSet("x", frame, sites.reading), "zh") for row in layer["classes"]
    }
    assert used == {*theme()["sites"]["palette"], theme()["sites"]["other"]}


def test_the_area_of_a_symbol_grows_with_the_investment(toyland: Opened) -> None:
    sites = sites_of(toyland, count=9)
    points = sites.frame[sites.frame.geom_type == "Point"].assign(investment_wan=[100.0, 400.0, float("nan")])
    [layer] = overlay(SiteSet("x", points.reset_index(drop=True), sites.reading), "zh")
    small, large, none = (feature.get("size") for feature in layer["features"])
    assert none is None
    assert (small, large) == ((9 + 26) / 2, 26)
    assert "100 万元" in layer["features"][0]["hint"]


def test_no_sites_no_layers(toyland: Opened) -> None:
    assert overlay(fresh(toyland).sites, "zh") == []


def test_many_points_are_joined_and_nameless(toyland: Opened) -> None:
    few, many = sites_of(toyland, count=9), sites_of(toyland, count=600)
    assert not any(layer["cluster"] for layer in overlay(few, "zh"))
    layers = overlay(many, "zh")
    assert all(layer["cluster"] for layer in layers)
    assert {feature["label"] for layer in layers for feature in layer["features"]} == {None}


def test_the_hash_tells_what_changed(toyland: Opened) -> None:
    one, two = sites_of(toyland), sites_of(toyland)
    assert [layer["hash"] for layer in overlay(one, "zh")] == [layer["hash"] for layer in overlay(two, "zh")]
    frame = two.frame.assign(name="x")
    other = overlay(SiteSet("x", frame, two.reading), "zh")
    assert not {layer["hash"] for layer in other} & {layer["hash"] for layer in overlay(one, "zh")}


def test_other_readings_are_pale_points_that_are_no_sites(toyland: Opened) -> None:
    sites = sites_of(toyland)
    layers = ghosts([("甲", sites), ("乙", sites)])
    assert [layer["title"] for layer in layers] == ["甲", "乙"]
    for layer in layers:
        assert [site_id(feature["id"]) for feature in layer["features"]] == ["", "", ""]
        assert layer["classes"][0]["style"]["fill"] == "#ffffff"


def test_sites_lie_over_the_sheet_and_may_lie_beyond_it(district: Opened) -> None:
    web = WebMap(district.plan, district.atlas)
    sheet = district.atlas.sheet()
    sites = sites_of(district)
    far = sites.frame.set_geometry(sites.frame.translate(200_000, 0))
    layers = overlay(SiteSet("x", far, sites.reading), "zh")
    plain, over = web.document(sheet), web.document(sheet, overlays=layers, draw=True)
    assert over["layers"] == [*plain["layers"], *layers]
    assert over["view"] == plain["view"]
    assert (plain["draw"], over["draw"]) == (False, True)
    assert over["groups"][0]["id"] == "sites"
    assert plain["show"] is over["show"] is None
    shown = web.document(sheet, overlays=layers, show=4)["show"]
    assert shown["n"] == 4
    assert over["max_bounds"][1][1] > shown["bounds"][1][1] > plain["max_bounds"][1][1]
    assert web.document(sheet, show=4)["show"] == {"n": 4, "bounds": None}
    # One that lies in another province is not what the map is zoomed out for.
    away = far.translate(900_000, 0).iloc[-1]
    mixed = sites.frame.set_geometry([*sites.frame.geometry.iloc[:-1], away], crs=far.crs)
    [near, with_far] = [
        web.document(sheet, overlays=overlay(SiteSet("x", frame, sites.reading), "zh"), show=1)
        for frame in (mixed.iloc[:-1], mixed)
    ]
    assert with_far["show"] == near["show"]
    assert with_far["max_bounds"][1][1] > near["max_bounds"][1][1] + 5


@pytest.mark.parametrize("bad", ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_names_stay_text_in_the_page(toyland: Opened, bad: str) -> None:
    sites = sites_of(toyland)
    layers = overlay(SiteSet("x", sites.frame.assign(name=bad, category=bad), sites.reading), "zh")
    text = page(WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet(), layers)
    assert bad not in text
    assert json.dumps(bad, ensure_ascii=False)[1:-1].replace("<", "\\u003c") in text
    assert PREFIX in text


def test_shapes_of_every_type_find_their_layer(toyland: Opened) -> None:
    sites = sites_of(toyland)
    point, line, area = ([shape, shapely.affinity.translate(shape, 500, 500)] for shape in sites.frame.geometry)
    many = [shapely.union_all(parts) for parts in (point, line, area)]
    assert {part.geom_type for part in many} == {"MultiPoint", "MultiLineString", "MultiPolygon"}
    layers = overlay(SiteSet("x", sites.frame.set_geometry(many, crs=toyland.plan.crs), sites.reading), "zh")
    assert [layer["geometry"] for layer in layers] == ["area", "line", "point"]
