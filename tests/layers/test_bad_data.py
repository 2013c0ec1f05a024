"""Bad data in a district's folder: one line each, with file, place, what is wrong and the nearest right value."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers import PlanError, load_plan, vocabulary
from layers.records import BASES, SHAPES, STATES, STATUSES
from tests.conftest import Draft, Fault, scratch

TABLES = ("sources.csv", "places.csv", "elements.csv", "register.csv", "targets.csv")
FILES = ("district.toml", "outlines.geojson", *TABLES)


def cell(table: str, id_: str, **values: str) -> Callable[[Draft], None]:
    return lambda draft: draft.cell(table, id_, **values)


def edit(file: str, old: str, new: str) -> Callable[[Draft], None]:
    return lambda draft: draft.edit(file, old, new)


def write(file: str, content: str | bytes) -> Callable[[Draft], None]:
    return lambda draft: draft.write(file, content)


def outline(**properties: object) -> Callable[[Draft], None]:
    """Change properties of the district's outline."""

    def spoil(draft: Draft) -> None:
        tree = json.loads(draft.text("outlines.geojson"))
        tree["features"][0]["properties"] |= properties
        draft.write("outlines.geojson", json.dumps(tree))

    return spoil


def geometry(value: Any) -> Callable[[Draft], None]:  # noqa: ANN401 - any JSON
    """Replace the geometry of the district's outline."""

    def spoil(draft: Draft) -> None:
        tree = json.loads(draft.text("outlines.geojson"))
        tree["features"][0]["geometry"] = value
        draft.write("outlines.geojson", json.dumps(tree))

    return spoil


def move(draft: Draft, lon: float, lat: float) -> None:
    """Move the seat of a town that is joined by a farm zone, and is on a ring."""
    draft.cell("places.csv", "wu", lon=str(lon), lat=str(lat))


def swap_town_seat(draft: Draft) -> None:
    draft.cell("places.csv", "jia", lon="30.02", lat="120.03")


def double_town(draft: Draft) -> None:
    draft.copy_row("elements.csv", "town-jia", id="town-jia-again")


def same_spot(draft: Draft) -> None:
    draft.cell("places.csv", "jia", lon="120.12", lat="29.97")


def drop_district(draft: Draft) -> None:
    draft.drop_row("elements.csv", "district")


def drop_town(draft: Draft) -> None:
    draft.drop_row("elements.csv", "town-jia")


def box(west: float, south: float, east: float, north: float) -> dict[str, object]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


PLACES = [
    Fault("swapped coordinate", swap_town_seat, ("toyland/places.csv", "(jia)", "lon"), ("30.02", "120.03")),
    *(
        Fault(
            f"longitude {text!r}",
            cell("places.csv", "jia", lon=text),
            ("toyland/places.csv", "(jia)", "lon"),
            (text,),
        )
        for text in ("abc", "inf", "-inf", "nan", "NaN", "+nan", "1e999", "120°", "120,03", "12O.03", "120.03E", "0x78")
    ),
    *(
        Fault(f"latitude {text!r}", cell("places.csv", "jia", lat=text), ("toyland/places.csv", "(jia)"), (text,))
        for text in ("abc", "inf", "nan", "-30.02", "91", "30.O2")
    ),
    Fault("longitude of a point in metres", cell("places.csv", "jia", lon="381700"), ("places.csv", "(jia)", "lon")),
    Fault("a latitude without longitude", cell("places.csv", "gate", lon=""), ("places.csv", "(gate)", "lon")),
    Fault("a longitude without latitude", cell("places.csv", "gate", lat=""), ("places.csv", "(gate)", "lat")),
    Fault("unknown datum", cell("places.csv", "jia", datum="wgs48"), ("(jia)", "datum"), ("wgs48", "wgs84")),
    Fault("blank datum", cell("places.csv", "jia", datum=""), ("places.csv", "(jia)", "datum")),
    Fault(
        "refused datum xian80", cell("places.csv", "jia", datum="xian80"), ("(jia)", "datum"), ("xian80", "CGCS2000")
    ),
    Fault("refused datum beijing54", cell("places.csv", "jia", datum="beijing54"), ("(jia)", "datum"), ("beijing54",)),
    Fault("unknown basis", cell("places.csv", "jia", basis="gazeteer"), ("(jia)", "basis"), ("gazeteer", "gazetteer")),
    Fault("blank basis", cell("places.csv", "jia", basis=""), ("(jia)", "basis")),
    Fault("sigma in words", cell("places.csv", "jia", sigma_m="500 m"), ("(jia)", "sigma_m"), ("500 m",)),
    Fault("negative sigma", cell("places.csv", "jia", sigma_m="-5"), ("(jia)", "sigma_m"), ("-5",)),
    Fault("no sigma", cell("places.csv", "jia", sigma_m=""), ("(jia)", "sigma_m")),
    Fault("unknown source", cell("places.csv", "jia", source="survy"), ("(jia)", "source"), ("survy", "survey")),
    Fault("no source", cell("places.csv", "jia", source=""), ("(jia)", "source")),
    Fault("no name", cell("places.csv", "jia", name=""), ("(jia)", "name")),
    Fault(
        "outside in other words", cell("places.csv", "harbour", outside="ye"), ("(harbour)", "outside"), ("ye", "yes")
    ),
    Fault(
        "id with capitals", cell("places.csv", "gate", id="East Gate"), ("places.csv", "id"), ("East Gate", "east-gate")
    ),
    Fault("blank id", cell("places.csv", "gate", id=""), ("places.csv", "id")),
    Fault("id twice", lambda d: d.copy_row("places.csv", "gate"), ("places.csv", "(gate)", "id"), ("gate",)),
    Fault(
        "outside, undeclared", cell("places.csv", "harbour", outside=""), ("(harbour)", "lon"), ("outside",), "warning"
    ),
    Fault("declared outside, but inside", cell("places.csv", "gate", outside="yes"), ("(gate)",), (), "warning"),
    Fault("another province", cell("places.csv", "harbour", lon="106.75", lat="31.86"), ("(harbour)", "lon"), ("km",)),
    Fault(
        "a seat without position", cell("places.csv", "jia", lon="", lat=""), ("elements.csv", "(town-jia)"), ("jia",)
    ),
    Fault("a seat outside the district", lambda d: move(d, 120.30, 29.97), ("(wu)", "lon"), ("outside",), "warning"),
    Fault("a seat just outside", lambda d: move(d, 120.184, 29.97), ("elements.csv", "(town-wu)")),
    Fault("two seats at one spot", same_spot, ("toyland/",)),
]
ELEMENTS = [
    Fault("unknown place in at", cell("elements.csv", "core-old", at="jai"), ("(core-old)", "at"), ("jai", '"jia"')),
    Fault(
        "unknown place in via",
        cell("elements.csv", "axis-east", via="yi jiaa bing"),
        ("(axis-east)", "via"),
        ("jiaa", '"jia"'),
    ),
    Fault(
        "unknown place in towns",
        cell("elements.csv", "farm-north", towns="yi bingg"),
        ("(farm-north)", "towns"),
        ("bingg", '"bing"'),
    ),
    Fault(
        "a town left out", cell("elements.csv", "farm-north", towns="yi"), ("elements.csv", "farm_zone"), ("farm", "%")
    ),
    Fault(
        "a town in two zones",
        cell("elements.csv", "farm-north", towns="yi bing wu"),
        ("elements.csv", "farm_zone"),
        ("%",),
    ),
    Fault(
        "a place named that no town stands on",
        cell("elements.csv", "farm-north", towns="yi bing gate"),
        ("(farm-north)", "towns"),
        ("gate",),
    ),
    Fault(
        "a zone with a core that is no town",
        cell("elements.csv", "zone-farming", at="gate"),
        ("(zone-farming)", "at"),
        ("gate",),
    ),
    Fault(
        "unknown line",
        cell("elements.csv", "ring-toy-belt", along="ring-toi"),
        ("(ring-toy-belt)", "along"),
        ("ring-toi", '"ring-toy"'),
    ),
    Fault(
        "belt along a point",
        cell("elements.csv", "ring-toy-belt", along="core-old"),
        ("(ring-toy-belt)", "along"),
        ("core-old",),
    ),
    Fault(
        "belt along itself", cell("elements.csv", "ring-toy-belt", along="ring-toy-belt"), ("(ring-toy-belt)", "along")
    ),
    Fault(
        "belt of a negative width", cell("elements.csv", "herb-toy", width_m="-5"), ("(herb-toy)", "width_m"), ("-5",)
    ),
    Fault("belt without width", cell("elements.csv", "herb-toy", width_m=""), ("(herb-toy)", "width_m"), ("width_m",)),
    Fault("belt of no width", cell("elements.csv", "herb-toy", width_m="0"), ("elements.csv", "(herb-toy)")),
    Fault("belt of width 1e308", cell("elements.csv", "herb-toy", width_m="1e308"), ("elements.csv", "(herb-toy)")),
    Fault("belt with a unit", cell("elements.csv", "herb-toy", width_m="3 km"), ("(herb-toy)", "width_m"), ("3 km",)),
    Fault("belt through one place", cell("elements.csv", "herb-toy", via="wu"), ("elements.csv", "(herb-toy)")),
    Fault("disc without radius", cell("elements.csv", "eco-core-toy", radius_m=""), ("(eco-core-toy)", "radius_m")),
    Fault("arrow without bearing", cell("elements.csv", "direction-east", bearing=""), ("(direction-east)", "bearing")),
    Fault("arrow of no length", cell("elements.csv", "direction-east", length_m="0"), ("(direction-east)",)),
    Fault(
        "arrow to the word east",
        cell("elements.csv", "direction-east", bearing="east"),
        ("(direction-east)", "bearing"),
        ("east",),
    ),
    Fault("route through one place", cell("elements.csv", "axis-east", via="jia"), ("(axis-east)", "via"), ("2",)),
    Fault("route through one place, twice", cell("elements.csv", "axis-east", via="jia jia"), ("(axis-east)",)),
    Fault("loop through two places", cell("elements.csv", "ring-toy", via="jia wu"), ("(ring-toy)", "via"), ("3",)),
    Fault("loop through two places, thrice named", cell("elements.csv", "ring-toy", via="jia wu jia"), ("(ring-toy)",)),
    Fault(
        "loop that crosses itself",
        cell("elements.csv", "ring-toy", via="jia bing ding wu"),
        ("(ring-toy)", "via"),
        (),
        "warning",
    ),
    Fault("point at nothing", cell("elements.csv", "core-old", at=""), ("(core-old)", "at"), ("at",)),
    Fault("point at two places", cell("elements.csv", "core-old", at="jia yi"), ("(core-old)", "at")),
    Fault("point with a route", cell("elements.csv", "core-old", via="jia yi"), ("(core-old)", "via"), ("via",)),
    Fault(
        "unlocated place",
        cell("elements.csv", "core-old", at="lost-lake"),
        ("elements.csv", "(core-old)"),
        ("lost-lake",),
    ),
    Fault("unknown kind", cell("elements.csv", "core-old", kind="cor"), ("(core-old)", "kind"), ("cor", '"core"')),
    Fault(
        "unknown shape", cell("elements.csv", "core-old", shape="pint"), ("(core-old)", "shape"), ("pint", '"point"')
    ),
    Fault(
        "unknown status",
        cell("elements.csv", "core-old", status="planed"),
        ("(core-old)", "status"),
        ("planed", '"planned"'),
    ),
    Fault("no status", cell("elements.csv", "core-old", status=""), ("(core-old)", "status")),
    Fault(
        "unknown class",
        cell("elements.csv", "zone-urban", class_="urbane"),
        ("(zone-urban)", "class"),
        ("urbane", '"urban"'),
    ),
    Fault(
        "unknown basis",
        cell("elements.csv", "axis-east", basis="scheme"),
        ("(axis-east)", "basis"),
        ("scheme", '"schematic"'),
    ),
    Fault(
        "unknown source", cell("elements.csv", "core-old", source="plam"), ("(core-old)", "source"), ("plam", '"plan"')
    ),
    Fault("no name", cell("elements.csv", "core-old", name=""), ("(core-old)", "name")),
    Fault("rank in words", cell("elements.csv", "core-old", rank="first"), ("(core-old)", "rank"), ("first",)),
    Fault(
        "surer than its places",
        cell("elements.csv", "node-wu", basis="official"),
        ("(node-wu)", "basis"),
        ("official", "schematic"),
    ),
    Fault(
        "a line where an area is due",
        cell("elements.csv", "ring-toy", kind="demo_park"),
        ("(ring-toy)", "shape"),
        ("demo_park",),
    ),
    Fault("node off its axis", cell("elements.csv", "node-wu", at="yi"), ("(node-wu)", "at")),
    Fault(
        "unknown outline",
        cell("elements.csv", "harbour-outline", at="harbor-outline"),
        ("(harbour-outline)", "at"),
        ("harbor-outline", '"harbour-outline"'),
    ),
    Fault("id twice", lambda d: d.copy_row("elements.csv", "core-old"), ("(core-old)", "id"), ("core-old",)),
    Fault(
        "a feature nobody speaks of",
        lambda d: d.copy_row("elements.csv", "core-old", id="core-third"),
        ("(core-third)",),
        (),
        "warning",
    ),
    Fault("no district", drop_district, ("elements.csv",), ("district",)),
    Fault("a town too few", drop_town, ("elements.csv",), ("jia",)),
    Fault("a town twice", double_town, ("elements.csv", "town"), ()),
]
REGISTER = [
    Fault(
        "feature is gone",
        lambda d: d.drop_row("elements.csv", "core-new"),
        ("register.csv", "(R001)", "features"),
        ("core-new",),
    ),
    Fault(
        "feature misspelt",
        cell("register.csv", "R003", features="direction-esat"),
        ("(R003)", "features"),
        ("direction-esat", '"direction-east"'),
    ),
    Fault(
        "feature not drawn",
        cell("elements.csv", "core-new", at="lost-lake"),
        ("register.csv", "(R001)", "features"),
        ("core-new",),
    ),
    Fault("mapped without features", cell("register.csv", "R003", features=""), ("(R003)", "features")),
    Fault(
        "district-wide with features",
        cell("register.csv", "R003", state="district_wide"),
        ("(R003)", "features"),
        ("district_wide",),
    ),
    Fault("unlocated without reason", cell("register.csv", "R010", reason=""), ("(R010)", "reason")),
    Fault("no state", cell("register.csv", "R010", state=""), ("(R010)", "state")),
    Fault(
        "unknown state",
        cell("register.csv", "R010", state="unlocatd"),
        ("(R010)", "state"),
        ("unlocatd", '"unlocated"'),
    ),
    Fault("phrase too long", cell("register.csv", "R010", phrase="长" * 61), ("(R010)", "phrase"), ("61", "60")),
    Fault("no phrase", cell("register.csv", "R010", phrase=""), ("(R010)", "phrase")),
    Fault("no chapter", cell("register.csv", "R010", chapter=""), ("(R010)", "chapter")),
    Fault(
        "unknown kind", cell("register.csv", "R010", kind="reservior"), ("(R010)", "kind"), ("reservior", '"reservoir"')
    ),
    Fault("id twice", lambda d: d.copy_row("register.csv", "R010"), ("(R010)", "id"), ("R010",)),
]
OTHERS = [
    Fault(
        "unknown statement",
        cell("targets.csv", "t-1", statement="R404"),
        ("targets.csv", "t-1", "statement"),
        ("R404", '"R004"'),
    ),
    Fault("value in words", cell("targets.csv", "t-1", value="two"), ("targets.csv", "(t-1)", "value"), ("two",)),
    Fault("no value", cell("targets.csv", "t-1", value=""), ("(t-1)", "value")),
    Fault("year with a half", cell("targets.csv", "t-1", year="2025.5"), ("(t-1)", "year"), ("2025.5",)),
    Fault("no year", cell("targets.csv", "t-1", year=""), ("(t-1)", "year")),
    Fault("unknown qualifier", cell("targets.csv", "t-1", qualifier="=>"), ("(t-1)", "qualifier"), ("=>",)),
    Fault("unknown period", cell("targets.csv", "t-1", period="2026"), ("(t-1)", "period"), ("2026", '"2025"')),
    Fault("no indicator in English", cell("targets.csv", "t-1", indicator_en=""), ("(t-1)", "indicator_en")),
    Fault("source without title", cell("sources.csv", "survey", title=""), ("sources.csv", "(survey)", "title")),
    Fault("source without licence", cell("sources.csv", "survey", licence=""), ("sources.csv", "(survey)", "licence")),
    Fault(
        "source renamed",
        cell("sources.csv", "survey", id="surveys"),
        ("places.csv", "(jia)", "source"),
        ("survey", '"surveys"'),
    ),
    Fault(
        "source unused",
        lambda d: d.copy_row("sources.csv", "survey", id="idle"),
        ("sources.csv", "idle"),
        ("idle",),
        "note",
    ),
]
DISTRICT = [
    Fault(
        "misspelt key", edit("district.toml", "crs =", "csr ="), ("toyland/district.toml", "district"), ("csr", '"crs"')
    ),
    Fault("missing key", edit("district.toml", "crs =", "# crs ="), ("district.toml", "district"), ("crs",)),
    Fault("misspelt table", edit("district.toml", "[plan]", "[plna]"), ("district.toml",), ("plna", '"plan"')),
    Fault(
        "name of one language",
        edit("district.toml", '{ zh = "玩具区", en = "Toyland" }', '"玩具区"'),
        ("district.toml",),
        ("name",),
    ),
    Fault(
        "misspelt language", edit("district.toml", 'en = "Toyland"', 'eng = "Toyland"'), ("district.toml",), ("name",)
    ),
    Fault("a number for a name", edit("district.toml", '"Toyland"', "7"), ("district.toml",), ("name",)),
    Fault(
        "a number for a table", edit("district.toml", "[plan]\n", "plan = 5\n[other]\n"), ("district.toml",), ("plan",)
    ),
    Fault(
        "unknown outline",
        edit("district.toml", 'outline = "district"', 'outline = "distrikt"'),
        ("district.toml", "outline"),
        ("distrikt", '"district"'),
    ),
    Fault(
        "unknown source",
        edit("district.toml", 'source = "plan"', 'source = "plam"'),
        ("district.toml", "source"),
        ("plam", '"plan"'),
    ),
    *(
        Fault(f"crs {code}", edit("district.toml", "EPSG:4549", code), ("district.toml", "crs"), (code,))
        for code in (
            "EPSG:2360",
            "EPSG:2432",
            "EPSG:4610",
            "EPSG:4214",
            "EPSG:4490",
            "EPSG:4326",
            "EPSG:99999",
            "EPSG",
            "x",
            "EPSG:2229",
        )
    ),
    Fault("blank crs", edit("district.toml", "EPSG:4549", ""), ("district.toml", "crs")),
]
OUTLINES = [
    Fault(
        "misspelt property",
        lambda d: d.edit("outlines.geojson", '"datum"', '"datun"'),
        ("outlines.geojson", "features[0]"),
        ("datun", '"datum"'),
    ),
    Fault("unknown datum", outline(datum="wgs48"), ("features[0]", "datum"), ("wgs48", '"wgs84"')),
    Fault("refused datum", outline(datum="xian80"), ("features[0]", "datum"), ("xian80",)),
    Fault("unknown basis", outline(basis="digitized"), ("features[0]", "basis"), ("digitized", '"digitised"')),
    Fault("unknown source", outline(source="survy"), ("features[0]", "source"), ("survy", '"survey"')),
    Fault("sigma as text", outline(sigma_m="700"), ("features[0]", "sigma_m"), ("700",)),
    Fault("sigma null", outline(sigma_m=None), ("features[0]", "sigma_m")),
    Fault("sigma negative", outline(sigma_m=-1), ("features[0]", "sigma_m"), ("-1",)),
    Fault("sigma not a number", outline(sigma_m=float("nan")), ("features[0]", "sigma_m")),
    Fault("sigma in a list", outline(sigma_m=[700]), ("features[0]", "sigma_m")),
    Fault("datum null", outline(datum=None), ("features[0]", "datum")),
    Fault("basis a number", outline(basis=3), ("features[0]", "basis"), ("3",)),
    Fault("id a list", outline(id=["district"]), ("features[0]", "id")),
    Fault("id a number", outline(id=7), ("features[0]", "id")),
    Fault("name a number", outline(name=7), ("features[0]", "name")),
    Fault("source an object", outline(source={"id": "survey"}), ("features[0]", "source")),
    Fault(
        "id twice",
        lambda d: d.edit("outlines.geojson", '"id":"harbour-outline"', '"id":"district"'),
        ("features[1]",),
        ("district",),
    ),
    Fault("latitude first", geometry(box(29.9, 119.88, 30.16, 120.2)), ("features[0]",)),
    Fault("metres for degrees", geometry(box(400000, 3300000, 430000, 3330000)), ("features[0]",)),
    Fault("outline elsewhere in China", geometry(box(106.6, 31.8, 106.9, 32.0)), ("places.csv", "(jia)")),
    Fault("a point for an outline", geometry({"type": "Point", "coordinates": [120, 30]}), ("features[0]",)),
    Fault(
        "a line for an outline",
        geometry({"type": "LineString", "coordinates": [[120, 30], [120.1, 30]]}),
        ("features[0]",),
    ),
    Fault(
        "an outline without extent",
        geometry({"type": "Polygon", "coordinates": [[[120, 30], [120.1, 30], [120.2, 30], [120, 30]]]}),
        ("features[0]",),
    ),
    Fault(
        "an outline of two vertices",
        geometry({"type": "Polygon", "coordinates": [[[120, 30], [120.1, 30]]]}),
        ("features[0]",),
    ),
    Fault("an outline with a hole in the list", geometry({"type": "Polygon", "coordinates": [[]]}), ("features[0]",)),
    Fault("no vertices", geometry({"type": "Polygon", "coordinates": []}), ("features[0]",)),
    Fault("null for coordinates", geometry({"type": "Polygon", "coordinates": None}), ("features[0]",)),
    Fault(
        "words for coordinates",
        geometry({"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"], ["e", "f"], ["a", "b"]]]}),
        ("features[0]",),
    ),
    Fault(
        "not-a-number in an outline",
        geometry({"type": "Polygon", "coordinates": [[[120, 30], [120.1, float("nan")], [120.1, 30.1], [120, 30]]]}),
        ("features[0]",),
    ),
    Fault("unknown geometry", geometry({"type": "Polygone", "coordinates": []}), ("features[0]",)),
    Fault("geometry without type", geometry({"coordinates": []}), ("features[0]",)),
    Fault("geometry of geometries", geometry({"type": "GeometryCollection", "geometries": []}), ("features[0]",)),
    Fault("no geometry", geometry(None), ("outlines.geojson", "features[0]")),
    Fault("a list for a geometry", geometry([1, 2]), ("outlines.geojson", "features[0]")),
    Fault(
        "no features", write("outlines.geojson", '{"type": "FeatureCollection", "features": []}'), ("outlines.geojson",)
    ),
    Fault(
        "features missing",
        write("outlines.geojson", '{"type": "FeatureCollection"}'),
        ("outlines.geojson",),
        ("features",),
    ),
    *(
        Fault(f"JSON {text[:12]}", write("outlines.geojson", text), ("outlines.geojson",))
        for text in (
            "[]",
            "null",
            "5",
            '"text"',
            '{"features": 5}',
            '{"features": [5]}',
            '{"features": {"a": 1}}',
            "{",
            "[" * 9999,
        )
    ),
]
TABLE_FORM = [
    fault
    for table in TABLES
    for fault in (
        Fault(f"{table} without a column", lambda d, t=table: d.edit(t, "note", "nota"), (table,), ("note", '"nota"')),
        Fault(f"{table} with a column more", lambda d, t=table: d.edit(t, "note", "note,extra"), (table,), ("extra",)),
        Fault(f"{table} with a column twice", lambda d, t=table: d.edit(t, "note", "note,note"), (table,), ("note",)),
        Fault(
            f"{table} with too many cells",
            lambda d, t=table: d.write(t, d.text(t) + "x" + "," * 30 + "\n"),
            (table, "(x)"),
        ),
        Fault(f"{table} with an open quote", lambda d, t=table: d.write(t, d.text(t) + '"open\n'), (table,)),
        Fault(f"{table} with a quote in the middle", lambda d, t=table: d.write(t, d.text(t) + '"a"b,c\n'), (table,)),
        Fault(
            f"{table} with semicolons", lambda d, t=table: d.write(t, d.text(t).replace(",", ";")), (table,), ("id",)
        ),
        Fault(f"{table} with a NUL", lambda d, t=table: d.write(t, d.text(t) + "\0\n"), (table,)),
    )
]
FILE_FORM = (
    [
        fault
        for file in FILES
        for fault in (
            Fault(f"{file} is empty", write(file, b""), (f"toyland/{file}",)),
            Fault(f"{file} is blank", write(file, b"\n\n"), (f"toyland/{file}",)),
            Fault(
                f"{file} is a photograph", write(file, b"\x89PNG\r\n\x1a\n\xff\xff\x80\x00" * 9), (f"toyland/{file}",)
            ),
            Fault(f"{file} is UTF-16", lambda d, f=file: d.write(f, d.text(f).encode("utf-16")), (f"toyland/{file}",)),
        )
    ]
    + [
        fault
        for file in FILES[1:]
        for fault in (
            Fault(f"{file} is missing", lambda d, f=file: (d.folder / f).unlink(), (f"toyland/{file}",)),
            Fault(
                f"{file} is a folder",
                lambda d, f=file: ((d.folder / f).unlink(), (d.folder / f).mkdir()),
                (f"toyland/{file}",),
            ),
        )
    ]
    + [
        Fault(
            "TOML cut off",
            edit("district.toml", 'crs = "EPSG:4549"', 'crs = "EPSG:4549'),
            ("toyland/district.toml",),
            ("line 4",),
        ),
        Fault(
            "TOML key twice",
            edit("district.toml", "outline =", 'crs = "x"\noutline ='),
            ("toyland/district.toml",),
            ("line 5",),
        ),
        Fault(
            "JSON cut off",
            edit("outlines.geojson", '"features":[', '"features":['[:-1]),
            ("toyland/outlines.geojson",),
            ("line 3",),
        ),
    ]
)
FAULTS = [*PLACES, *ELEMENTS, *REGISTER, *OTHERS, *DISTRICT, *OUTLINES, *TABLE_FORM, *FILE_FORM]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_gives_a_finding_with_file_place_and_nearest_value(draft: Draft, fault: Fault) -> None:
    """Whatever is wrong is said where it stands, in one line of either language, and nothing else is raised."""
    fault.spoil(draft)
    found = draft.findings()
    assert fault.among(found), [finding.line("en") for finding in found]
    for finding in found:
        for language in ("zh", "en"):
            line = finding.line(language)
            assert line.startswith(finding.where.split("\n")[0])
            assert len(line.splitlines()) == 1
            assert "{" not in finding.fix(language)


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.level == "error"][::5], ids=lambda fault: fault.name
)
def test_a_plan_with_an_error_does_not_open(draft: Draft, fault: Fault) -> None:
    """`load_plan` gives no half-read plan: it raises a PlanError that carries all errors."""
    fault.spoil(draft)
    with pytest.raises(PlanError) as caught:
        load_plan(draft.root)
    assert fault.among(list(caught.value.findings))
    assert all(finding.level == "error" for finding in caught.value.findings)
    assert len(str(caught.value).splitlines()) == len(caught.value.findings)


@pytest.mark.parametrize(
    ("table", "id_", "cells"),
    [
        ("places.csv", "jia", {"lon": "12O"}),
        ("places.csv", "wu", {"datum": "xian80"}),
        ("elements.csv", "ring-toy", {"status": "soon"}),
        ("register.csv", "R004", {"phrase": ""}),
    ],
)
def test_one_fault_is_one_error_line(draft: Draft, table: str, id_: str, cells: dict[str, str]) -> None:
    """What refers to a row that was left out for a fault of its own is not reported a second time."""
    draft.cell(table, id_, **cells)
    errors = [finding.line("en") for finding in draft.findings() if finding.level == "error"]
    assert len(errors) == 1, errors


def test_all_faults_of_a_table_are_reported_at_once(draft: Draft) -> None:
    """Nobody mends a file one fault at a time."""
    draft.cell("places.csv", "jia", lon="abc", sigma_m="wide")
    draft.cell("places.csv", "yi", datum="wgs48")
    draft.cell("places.csv", "gate", source="survy", basis="sure")
    wrong = [finding.where for finding in draft.findings() if "places.csv" in finding.where]
    for parts in (("(jia)", "lon"), ("(jia)", "sigma_m"), ("(yi)", "datum"), ("(gate)", "source"), ("(gate)", "basis")):
        assert any(all(part in where for part in parts) for where in wrong), parts


def test_all_broken_files_are_reported_at_once(draft: Draft) -> None:
    """A file that cannot be read does not hide the next one."""
    draft.edit("places.csv", "lon", "long")
    draft.edit("elements.csv", "shape", "form")
    draft.edit("district.toml", "crs", "csr")
    draft.write("outlines.geojson", "{")
    (draft.folder / "register.csv").unlink()
    wheres = " ".join(finding.where for finding in draft.findings())
    for file in ("places.csv", "elements.csv", "district.toml", "outlines.geojson", "register.csv"):
        assert f"toyland/{file}" in wheres


def test_the_line_number_is_that_of_a_spreadsheet(draft: Draft) -> None:
    """Line 1 is the header; a cell that holds a line break does not shift what is below its own rows."""
    draft.cell("places.csv", "jia", lon="abc")
    draft.cell("places.csv", "bing", lon="abc")
    wheres = [finding.where for finding in draft.findings() if finding.code == "bad_number"]
    assert ["2" in wheres[0], "4" in wheres[1]] == [True, True]


def test_a_missing_plan_is_told_by_its_folder(tmp_path: Path) -> None:
    """An empty folder, a foreign one, a file, and none at all: each gives one line that says where to point."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign" / "photos").mkdir(parents=True)
    (tmp_path / "foreign" / "photos" / "a.csv").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("empty", "foreign", "file", "nowhere"):
        with pytest.raises(PlanError) as caught:
            load_plan(tmp_path / name)
        [finding] = caught.value.findings
        assert name in finding.where
        assert "--geodata" in finding.fix("en")


def test_an_unknown_district_names_the_nearest(draft: Draft) -> None:
    with pytest.raises(PlanError) as caught:
        load_plan(draft.root, "toylnd")
    [finding] = caught.value.findings
    assert '"toyland"' in finding.line("en")


NASTY = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e308",
        "inf",
        "nan",
        "x",
        "jia",
        "jia jia",
        "jia yi bing wu ding jia",
        "wu ding",
        "gate",
        "lost-lake",
        "harbour",
        "ring-toy",
        "river-toy",
        "core-old",
        "district",
        "harbour-outline",
        "R001",
        "t-1",
        "yes",
        "wgs84",
        "bd09",
        *SHAPES,
        *vocabulary().kinds,
        *STATUSES,
        *BASES,
        *STATES,
        "９",
        "²",
        "1_000",
        "{near}",
        "%s",
        "a\nb",
        "\x00",
        "<b>",
        "'",
        "=1+1",
        "😀" * 70,
        "9" * 5000,
    ]
)


@given(data=st.data())
@settings(max_examples=150)
def test_no_cell_can_raise_anything_but_findings(data: st.DataObject) -> None:
    """Any words in any cells: the audit says what it thinks of them, and stays on its feet."""
    with scratch() as draft:
        for _ in range(data.draw(st.integers(1, 3), label="changes")):
            table = data.draw(st.sampled_from(TABLES), label="table")
            rows = draft.rows(table)
            row = data.draw(st.sampled_from(rows), label="row")
            row[data.draw(st.sampled_from(list(row)), label="column")] = data.draw(NASTY, label="value")
            draft.write_rows(table, rows)
        for finding in draft.findings():
            assert len(finding.line("zh").splitlines()) == len(finding.line("en").splitlines()) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 200) | st.floats() | st.sampled_from(["", "wgs84", "district", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "zh", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(data=st.data())
@settings(max_examples=100)
def test_no_geojson_can_raise_anything_but_findings(data: st.DataObject) -> None:
    """Any JSON anywhere in the outlines."""
    with scratch() as draft:
        tree = json.loads(draft.text("outlines.geojson"))
        node: Any = tree
        while True:
            key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))), label="key")
            if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans(), label="deeper"):
                node = node[key]
                continue
            node[key] = data.draw(JSON, label="value")
            break
        draft.write("outlines.geojson", json.dumps(tree))
        draft.findings()
