"""Basemaps: none without being asked for, none that would show shifted, and no key where it does not belong."""

import json

import pytest

from atlas.basemaps import NONE, Basemap, basemaps, checked
from atlas.webmap import WebMap
from atlas.webpage import page
from layers import Name, PlanError
from tests.conftest import Opened

KEY = "5ec7e7-key-of-the-user"


def test_no_basemap_is_the_default_and_needs_nothing(toyland: Opened) -> None:
    first = basemaps()[0]
    assert first.id == NONE
    assert first.url == ""
    document = WebMap(toyland.plan, toyland.atlas).document(toyland.atlas.sheet())
    assert document["basemap"] == NONE


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "unknown", ""])
def test_a_basemap_in_a_shifted_datum_is_refused(datum: str) -> None:
    """Half a kilometre off looks right and is wrong."""
    shifted = Basemap("amap", Name("高德", "Amap"), datum, url="https://example.invalid/{z}/{x}/{y}")
    with pytest.raises(PlanError) as caught:
        checked(shifted)
    [finding] = caught.value.findings
    assert "amap" in finding.where
    assert len(finding.line().splitlines()) == 1


def test_every_offered_basemap_shows_where_the_layers_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIANDITU_KEY", KEY)
    offered = basemaps()
    assert len(offered) > 2
    assert {basemap.datum for basemap in offered} <= {"wgs84", "cgcs2000"}
    for basemap in offered[1:]:
        assert all(part in basemap.url for part in ("{z}", "{x}", "{y}"))
        assert basemap.attribution


def test_a_basemap_with_a_key_is_offered_only_with_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [basemap for basemap in basemaps() if "tianditu" in basemap.id]
    monkeypatch.setenv("TIANDITU_KEY", KEY)
    with_key = [basemap for basemap in basemaps() if "tianditu" in basemap.id]
    assert with_key
    assert all(KEY in basemap.url and "{key}" not in basemap.url + basemap.overlay_url for basemap in with_key)


def test_an_exported_page_never_holds_the_key(toyland: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be passed on; the key is the user's own."""
    monkeypatch.setenv("TIANDITU_KEY", KEY)
    web, sheet = WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet()
    assert KEY in json.dumps(web.document(sheet))
    assert KEY not in json.dumps(web.document(sheet, alone=True))
    assert KEY not in json.dumps(web.document(sheet, alone=True, basemap="tianditu"))
    text = page(web, sheet)
    assert KEY not in text
    assert "tianditu" not in text


def test_an_unknown_basemap_counts_as_none(toyland: Opened) -> None:
    """A link from a colleague who has a key still opens."""
    web = WebMap(toyland.plan, toyland.atlas)
    assert web.document(toyland.atlas.sheet(), basemap="tianditu")["basemap"] == NONE
    assert web.document(toyland.atlas.sheet(), basemap="osm")["basemap"] == "osm"
