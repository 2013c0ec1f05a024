"""A composed figure: what the web map draws, at an exact scale, with every part of the page."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pyproj
import pytest
import shapely
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

from atlas.figures.body import on_paper, scene
from atlas.figures.compose import compose
from atlas.figures.grid import true_north
from atlas.figures.model import PARTS, Figure, RasterImage
from atlas.figures.paper import SCALES, layout
from atlas.figures.recipe import PAPERS, Recipe
from atlas.figures.strokes import symbols
from atlas.figures.svg import page_svg
from atlas.locations import STATIC
from atlas.sheets import Sheet
from atlas.webmap import WebMap
from layers import Feature, Layer, PlanError, vocabulary
from tests.conftest import Opened, opened


def recipe_of(district: Opened, sheet: str = "all", **values: object) -> Recipe:
    return replace(Recipe(district.plan.district.id, sheet), **values)  # type: ignore[arg-type]  # any of its fields


def figure_of(district: Opened, sheet: str = "all", **values: object) -> Figure:
    return _composed(district.plan.district.id, sheet, tuple(values.items()))


@cache
def _composed(district: str, sheet: str, values: tuple[tuple[str, object], ...]) -> Figure:
    known = opened(district)
    return compose(known.plan, known.atlas, recipe_of(known, sheet, **dict(values)))


def figures(district: Opened, **values: object) -> Iterator[tuple[Sheet, Figure]]:
    for sheet in district.atlas.sheets.values():
        yield sheet, figure_of(district, sheet.id, **values)


def site(district: Opened, geometry: BaseGeometry, name: str = "样点") -> Layer:
    """Return a layer of the user's with one feature."""
    id_ = {"Point": "site_point", "LineString": "site_line", "Polygon": "site_area"}[geometry.geom_type]
    kind = vocabulary().own[id_]
    row = Feature(
        id=f"site-{name}", name=name, kind=kind.id, class_="", status="planned", basis="digitised", sigma_m=1.0,
        source="", clauses=(), rank=1, places=(), towns=(), note="", geometry=geometry,
    )  # fmt: skip
    return Layer(kind, district.plan.crs, (row,))


def middle(district: Opened) -> tuple[float, float]:
    west, south, east, north = district.plan.layers["district"].features.total_bounds
    return (west + east) / 2, (south + north) / 2


def test_the_figure_draws_what_the_web_map_draws(district: Opened) -> None:
    """Same layers, same features, same order, same classes and styles, on every sheet; over an extent that shows all."""
    plan, web = district.plan, WebMap(district.plan, district.atlas)
    everything = tuple(shapely.total_bounds([feature.geometry for feature in plan.features()]).tolist())
    for sheet in district.atlas.sheets.values():
        figure = compose(plan, district.atlas, recipe_of(district, sheet.id, paper="A1"), extent=everything)
        document = [layer for layer in web.document(sheet)["layers"] if layer["on"]]
        styles = {row.id: (row.style, row.geometry) for row in figure.legend}
        assert [layer.id for layer in figure.layers] == [layer["id"] for layer in document]
        for drawn, known in zip(figure.layers, document, strict=True):
            assert list(drawn.features) == [feature["id"] for feature in known["features"]], sheet.id
            assert list(drawn.rows) == [f"{known['id']}-{feature['c']}" for feature in known["features"]]
            for row, feature in zip(drawn.rows, known["features"], strict=True):
                way = known["classes"][feature["c"]]
                assert styles[row] == (way["style"], way["geometry"])


def test_switching_layers_switches_them_here_too(toyland: Opened) -> None:
    ids = [layer.id for layer in figure_of(toyland, "structure", hidden=("axis", "!road:planned")).layers]
    assert "axis" not in ids
    assert "road:planned" in ids


def test_every_part_of_the_page_is_there(district: Opened) -> None:
    for sheet, figure in figures(district):
        kinds = [part.kind for part in figure.furniture]
        assert sorted(kinds) == sorted(PARTS), sheet.id
        for part in figure.furniture:
            assert part.texts or part.drawing, part.kind


def test_the_legend_shows_exactly_what_is_drawn(district: Opened) -> None:
    for sheet, figure in figures(district):
        rows = [row.id for row in figure.legend]
        assert len(rows) == len(set(rows))
        drawn = {row for layer in figure.layers for row in layer.rows}
        assert {row for row in rows if not row.startswith("basis-")} == drawn, sheet.id
        box = figure.part("legend")
        assert box
        for text in box.texts:
            assert box.box.inset(-0.1).polygon.covers(text.box.polygon), (sheet.id, text.text)


@pytest.mark.parametrize(("paper", "orientation"), [("A4", "auto"), ("A3", "auto"), ("A1", "landscape")])
def test_names_neither_overlap_nor_leave_the_frame(district: Opened, paper: str, orientation: str) -> None:
    for sheet, figure in figures(district, paper=paper, orientation=orientation):
        pieces = [(label.feature, piece) for label in figure.labels for piece in label.pieces]
        shapes = np.array([piece.outline for _, piece in pieces])
        assert all(piece.size_pt >= 6 for _, piece in pieces)
        assert shapely.covers(figure.frame.polygon, shapes).all(), sheet.id
        for first, second in shapely.STRtree(shapes).query(shapes, predicate="intersects").T:
            if first < second and pieces[first][0] != pieces[second][0]:
                assert shapely.intersection(shapes[first], shapes[second]).area < 0.02, (
                    sheet.id, pieces[first][1].text, pieces[second][1].text,
                )  # fmt: skip
        leaders = [LineString(label.leader) for label in figure.labels if label.leader]
        for label in figure.labels:
            own = LineString(label.leader) if label.leader else None
            for piece in label.pieces:
                assert not any(line != own and line.intersects(piece.outline) for line in leaders), piece.text


def test_the_town_names_come_first(bazhou: Opened) -> None:
    """Whatever found no room, it was no town."""
    for sheet, figure in figures(bazhou, paper="A4"):
        named = {label.feature for label in figure.labels}
        towns = {id_ for layer in figure.layers if layer.kind == "settlement" for id_ in layer.features}
        assert towns <= named, sheet.id


def test_the_pieces_of_a_name_make_up_the_name(district: Opened) -> None:
    for _, figure in figures(district):
        for label in figure.labels:
            assert "".join(piece.text for piece in label.pieces).replace(" ", "") == label.text.replace(" ", "")


@pytest.mark.parametrize("scale", SCALES)
def test_a_known_distance_measures_right(district: Opened, scale: int) -> None:
    """A line of known length on the ground is as long on paper as the scale says; so is the scale bar."""
    (x, y), length = middle(district), 40.0 * scale / 1000
    line = LineString([(x - length / 2, y), (x + length / 2, y)])
    sheet = next(iter(district.atlas.sheets))
    recipe = recipe_of(district, sheet, scale=scale)
    figure = compose(
        district.plan, district.atlas, recipe, overlays=[site(district, line)], extent=line.buffer(1).bounds
    )
    assert figure.scale == scale
    (x0, y0), (x1, y1) = figure.to_page((x - length / 2, y)), figure.to_page((x + length / 2, y))
    assert math.hypot(x1 - x0, y1 - y0) == pytest.approx(40, abs=1e-9)
    found = [
        [float(number) for number in re.findall(r"[\d.]+", data)]
        for data in re.findall(r'd="([^"]*)"', figure.body_svg)
    ]
    assert [each for each in found if each == pytest.approx([x0, y0, x1, y1], abs=0.0051)]
    bar, words = figure.part("scale_bar"), figure.part("scale_text")
    assert bar
    assert words
    assert bar.data["mm"] * scale / 1000 == pytest.approx(bar.data["metres"])
    assert words.texts[0].text.replace(" ", "") == f"1:{scale}"


def test_page_and_ground_are_each_others_inverse(toyland: Opened) -> None:
    figure = figure_of(toyland)
    assert figure.to_page(figure.centre) == pytest.approx(figure.frame.centre)
    for xy in ((0.0, 0.0), (100.0, 250.0)):
        assert figure.to_page(figure.to_ground(xy)) == pytest.approx(xy)


@pytest.mark.parametrize("paper", ["A4", "A1"])
def test_the_largest_scale_that_fits_is_taken(district: Opened, paper: str) -> None:
    for sheet, figure in figures(district, paper=paper):
        bounds = shapely.box(*figure.bounds)
        assert figure.scale in SCALES
        if not sheet.extent:
            assert bounds.covers(district.plan.layers["district"].rows[0].geometry), sheet.id
        larger = [scale for scale in SCALES if scale < figure.scale]
        if larger and not sheet.number % 5:
            with pytest.raises(PlanError, match=paper):
                figure_of(district, sheet.id, paper=paper, scale=larger[-1])


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("growth", [0, 3])
def test_the_rooms_of_a_page_lie_apart(paper: str, orientation: str, growth: int) -> None:
    room = layout(paper, orientation, growth=growth, footer_lines=5)  # type: ignore[arg-type]  # of their lists
    boxes = [room.title, room.outer, room.legend, room.scale, room.locator, room.footer]
    page = shapely.box(0, 0, *room.page).buffer(-room.margin + 0.01)
    for index, box in enumerate(boxes):
        assert box.width > 0
        assert box.height > 0
        assert page.covers(box.polygon)
        assert not any(box.polygon.intersection(other.polygon).area > 0.01 for other in boxes[:index])
    assert room.outer.polygon.contains(room.frame.polygon)


def test_true_north_agrees_with_proj(district: Opened) -> None:
    crs, (x, y) = district.plan.crs, middle(district)
    proj = pyproj.Proj(crs)
    convergence = proj.get_factors(*proj(x, y, inverse=True)).meridian_convergence
    assert true_north((x, y), crs) == pytest.approx(-convergence, abs=1e-3)
    arrow = figure_of(district).part("north")
    assert arrow
    assert arrow.data["convergence_deg"] == pytest.approx(convergence, abs=0.1)


def test_degrees_stand_where_their_lines_meet_the_frame(bazhou: Opened) -> None:
    figure = figure_of(bazhou)
    grid = figure.part("graticule")
    assert grid
    assert {text.text for text in grid.texts} == {"106°40′", "106°50′", "107°00′", "31°40′", "31°50′", "32°00′"}
    for text in grid.texts:
        assert not figure.frame.polygon.intersects(text.outline)
        assert grid.box.polygon.covers(text.outline)
    (text,) = [text for text in grid.texts if text.text == "106°50′" and text.box.y < figure.frame.y]
    proj = pyproj.Proj(bazhou.plan.crs)
    lon, _ = proj(*figure.to_ground((text.box.centre[0], figure.frame.y)), inverse=True)
    assert lon == pytest.approx(106 + 50 / 60, abs=1e-4)


def test_what_the_user_adds_lies_over_the_plan(toyland: Opened) -> None:
    x, y = middle(toyland)
    layers = [site(toyland, Point(x, y)), site(toyland, Point(x + 1e6, y), "远处")]
    figure = compose(toyland.plan, toyland.atlas, recipe_of(toyland), overlays=layers)
    assert [layer.kind for layer in figure.layers[-2:]] == ["site_point", "site_point"]
    assert "site-样点" in {label.feature for label in figure.labels}
    assert figure.layers[-1].features == ()
    assert not figure.warnings  # what lies outside is the linter's to tell


def test_nothing_on_the_page_is_smaller_than_print_bears(district: Opened) -> None:
    for paper in ("A4", "A3"):
        for _, figure in figures(district, paper=paper):
            assert min(text.size_pt for text in figure.texts()) >= 6


def test_an_empty_sheet_is_a_page_without_a_legend(toyland: Opened) -> None:
    every = tuple(layer.id for layer in toyland.atlas.sheet("structure").layers)
    figure = figure_of(toyland, "structure", hidden=every)
    assert figure.legend == ()
    assert figure.labels == ()


def test_borders_between_towns_are_drawn_once(district: Opened) -> None:
    figure = figure_of(district)
    styles = {row.layer: row.style for row in figure.legend}
    assert figure.body_svg.count(f'stroke="{styles["town"]["color"]}"') == 1


def test_what_a_page_is_about_stands_out(toyland: Opened) -> None:
    """The rest is drawn paler, and the area outlined; nothing else changes."""
    town = toyland.plan.layers["town"].rows[0].geometry
    plain, about = (
        compose(toyland.plan, toyland.atlas, recipe_of(toyland), extent=town.bounds, focus=focus)
        for focus in (None, town)
    )
    assert about.labels == plain.labels
    added = set(re.findall(r"<path[^>]*>", about.body_svg)) - set(re.findall(r"<path[^>]*>", plain.body_svg))
    assert len(added) == 2


def test_pictures_lie_under_the_vectors(toyland: Opened) -> None:
    x, y = middle(toyland)
    image = RasterImage("slope", "坡度", b"\x89PNG", (x, y, x + 1000, y + 500), 0.7, (("#ff0000", "陡"),))
    figure = compose(toyland.plan, toyland.atlas, recipe_of(toyland), images=[image])
    (found,) = re.findall(r"<image .*?/>", figure.body_svg)
    left, top = figure.to_page((x, y + 500))
    values = {key: float(value) for key, value in re.findall(r'(x|y|width|height)="([\d.]+)"', found)}
    wanted = {"x": left, "y": top, "width": 1e6 / figure.scale, "height": 5e5 / figure.scale}
    assert values == pytest.approx(wanted, abs=0.006)
    assert figure.body_svg.index("<image") < figure.body_svg.index("<text")
    assert [row.title for row in figure.legend if row.id.startswith("image-")] == ["陡"]


def test_a_figure_is_a_function_of_its_recipe(district: Opened) -> None:
    first, second = (compose(district.plan, district.atlas, recipe_of(district)) for _ in range(2))
    assert first == second
    assert first.recipe.fingerprint == district.plan.fingerprint
    assert first.recipe.id != figure_of(district, title="别的").recipe.id


def test_a_layer_is_not_taken_from_another_plan(toyland: Opened) -> None:
    """What is remembered of a plan is not shown for another with the same fingerprint."""
    plan = toyland.plan
    fewer = replace(plan, layers={**plan.layers, "axis": replace(plan.layers["axis"], rows=())})
    sheet = toyland.atlas.sheet("structure")
    for known in (plan, fewer):
        layers = on_paper(
            scene(known, sheet, recipe_of(toyland)), (1, 0, 0, -1, 0, 0), layout("A4", "auto", footer_lines=4).frame
        )
        assert [len(layer.drawn.features) for layer in layers if layer.drawn.id == "axis"] == [
            len(known.layers["axis"])
        ]


def test_the_page_is_a_sound_document_with_its_words(district: Opened) -> None:
    for language in ("zh", "en"):
        for _, figure in figures(district, language=language):
            root = ET.fromstring(page_svg(figure))  # noqa: S314 - our own document
            assert root.get("viewBox") == "0 0 {:g} {:g}".format(*figure.page)
            words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
            assert sorted(map(str, words)) == sorted(text.text for text in figure.texts())


def test_a_draft_says_so(toyland: Opened) -> None:
    assert "草稿" in page_svg(figure_of(toyland, draft=True))
    assert "草稿" not in page_svg(figure_of(toyland))


def test_bad_input_is_named_in_one_line(bazhou: Opened) -> None:
    for values, code, says in (
        ({"sheet": "rinks"}, "unknown_sheet", "rings"),
        ({"paper": "A4", "scale": 100_000}, "paper_too_small", "take A1"),
        ({"paper": "A4", "scale": 5_000}, "scale_too_large", "1:300000"),
        ({"title": "图" * 400}, "title_too_long", "400"),
        ({"compiler": "局" * 120}, "text_too_long", "compiler"),
        ({"review_number": "号" * 120}, "text_too_long", "review_number"),
    ):
        with pytest.raises(PlanError) as caught:
            compose(bazhou.plan, bazhou.atlas, recipe_of(bazhou, **values))
        (finding,) = caught.value.findings
        assert finding.code == code
        assert says in finding.line("en")
        assert "\n" not in finding.line("zh")


def test_a_legend_that_does_not_fit_is_refused(toyland: Opened) -> None:
    x, y = middle(toyland)
    image = RasterImage(
        "many", "多", b"", (x, y, x + 1, y + 1), 1.0, tuple(("#ff0000", f"第{i}级") for i in range(400))
    )
    with pytest.raises(PlanError, match="图例有"):
        compose(toyland.plan, toyland.atlas, recipe_of(toyland), images=[image])


def test_the_symbols_are_those_of_the_browser() -> None:
    """The two tables are one drawing: every path stands in the client too, however it is broken into lines there."""
    client = re.sub(r"'\s*\+\s*'", "", (STATIC / "atlasmap.js").read_text("utf-8"))
    for name, parts in symbols().items():
        (line,) = re.findall(rf"^    {name}: (\[\[.*?\]\]),$", client, re.MULTILINE | re.DOTALL)
        assert re.findall(r"\['(\w+)'", line) == [role for role, _ in parts], name
        for _, data in parts:
            made = re.fullmatch(r"M-([\d.]+) 0a\1 \1 0 1 0 [\d.]+ 0a\1 \1 0 1 0-[\d.]+ 0Z", data)
            assert (f"disc({made.group(1)})" if made else data) in line or name == "star", name
