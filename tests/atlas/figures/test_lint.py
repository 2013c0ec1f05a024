"""The linter finds every seeded fault, names it rightly, blocks where it must, and lets good figures pass."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final

import pytest
import shapely

from atlas.figures.case import Remark
from atlas.figures.checks_public import withheld_layers
from atlas.figures.compose import compose
from atlas.figures.lint import lint, stop_on
from atlas.figures.model import PARTS, Box, Figure, Label, LegendRow
from atlas.figures.recipe import THEMES, Paper, Recipe
from atlas.sheets import Sheet
from layers import Feature, Layer, PlanError, vocabulary
from tests.conftest import DISTRICTS, Opened, opened

GOOD: Final = Recipe("toyland", "all", paper="A3", compiler="玩具区人民政府", compiled="2026年11月")
PAPERS: Final[tuple[Paper, ...]] = ("A4", "A3")
_OPTIONAL: Final = {"note"}


@cache
def figure_of(recipe: Recipe = GOOD) -> Figure:
    """Return a good figure of toyland."""
    toyland = opened("toyland")
    return compose(toyland.plan, toyland.atlas, recipe)


def checked(figure: Figure, **given: Any) -> tuple[Remark, ...]:  # noqa: ANN401 - as lint has them
    """Return what the linter says of a figure of toyland."""
    toyland = opened("toyland")
    return lint(figure, toyland.plan, toyland.atlas.sheet(figure.recipe.sheet), **given)


def codes(remarks: tuple[Remark, ...]) -> set[str]:
    return {remark.finding.code.removeprefix("lint_") for remark in remarks}


# ---- ways to spoil a figure


def without(figure: Figure, kind: str) -> Figure:
    return replace(figure, furniture=tuple(part for part in figure.furniture if part.kind != kind))


def with_part(figure: Figure, kind: str, **changes: Any) -> Figure:  # noqa: ANN401 - fields of a part
    found = [replace(part, **changes) if part.kind == kind else part for part in figure.furniture]
    assert found != list(figure.furniture), kind
    return replace(figure, furniture=tuple(found))


def with_words(figure: Figure, kind: str, words: str) -> Figure:
    part = figure.part(kind)  # type: ignore[arg-type]  # a part
    assert part
    first, *_ = part.texts
    return with_part(figure, kind, texts=(replace(first, text=words),))


def with_data(figure: Figure, kind: str, **values: object) -> Figure:
    part = figure.part(kind)  # type: ignore[arg-type]  # a part
    assert part
    return with_part(figure, kind, data={**part.data, **values})


def with_text(figure: Figure, kind: str, **changes: Any) -> Figure:  # noqa: ANN401 - fields of a text
    part = figure.part(kind)  # type: ignore[arg-type]  # a part
    assert part
    return with_part(figure, kind, texts=(replace(part.texts[0], **changes), *part.texts[1:]))


def with_label(figure: Figure, spoil: Callable[[Label, Figure], Label], index: int = 0) -> Figure:
    labels = list(figure.labels)
    labels[index] = spoil(labels[index], figure)
    return replace(figure, labels=tuple(labels))


def at(label: Label, x: float, y: float) -> Label:
    """Return a name moved so that its first piece starts at a place."""
    first = label.pieces[0].box
    pieces = tuple(
        replace(piece, box=Box(piece.box.x + x - first.x, piece.box.y + y - first.y, piece.box.width, piece.box.height))
        for piece in label.pieces
    )
    return replace(label, pieces=pieces)


def row_of(figure: Figure, layer: str) -> LegendRow:
    return next(row for row in figure.legend if row.layer == layer)


def with_row(figure: Figure, layer: str, **changes: Any) -> Figure:  # noqa: ANN401 - fields of a row
    row = row_of(figure, layer)
    return replace(figure, legend=tuple(replace(one, **changes) if one is row else one for one in figure.legend))


def with_style(figure: Figure, layer: str, **values: object) -> Figure:
    return with_row(figure, layer, style={**row_of(figure, layer).style, **values})


def without_marks(figure: Figure, basis: str, geometry: str) -> Figure:
    """Return the figure with one row of unsure features drawn as if surveyed."""
    toyland, kinds = opened("toyland"), vocabulary().kinds
    for layer in figure.layers:
        for id_, row_id in zip(layer.features, layer.rows, strict=True):
            feature = toyland.plan.feature(id_)
            if feature and feature.basis == basis and kinds[layer.kind].geometry == geometry:
                marks = {"dash", "halo", "hollow"}
                return replace(
                    figure,
                    legend=tuple(
                        replace(row, style={k: v for k, v in row.style.items() if k not in marks})
                        if row.id == row_id
                        else row
                        for row in figure.legend
                    ),
                )
    pytest.fail(f"no {basis} {geometry}")


def lines(figure: Figure) -> tuple[LegendRow, LegendRow]:
    """Return two legend rows of lines without names on the map."""
    one, other, *_ = [row for row in figure.legend if row.geometry == "line" and row.layer]
    return one, other


def alike(figure: Figure, first: str, second: str, *, named: bool = True) -> Figure:
    """Return the figure with two rows of lines that only their colours tell apart, with or without names."""
    one, other = lines(figure)
    style = {"weight": 3.0}
    rows = {one.id: {**style, "color": first}, other.id: {**style, "color": second}}
    legend = tuple(replace(row, style=rows[row.id]) if row.id in rows else row for row in figure.legend)
    return replace(figure, legend=legend, labels=figure.labels if named else ())


def public(**values: Any) -> Figure:  # noqa: ANN401 - fields of a recipe
    return figure_of(replace(GOOD, edition="public", **values))


def image_row(figure: Figure, id_: str) -> Figure:
    row = figure.legend[0]
    image = LegendRow(f"image-{id_}-0", row.title, {"fill": "#888888"}, "area", "", row.box)
    return replace(figure, legend=(*figure.legend, image))


def empty(figure: Figure) -> Figure:
    kinds = vocabulary().kinds
    layers = tuple(
        layer if kinds[layer.kind].backdrop else replace(layer, features=(), rows=()) for layer in figure.layers
    )
    rows = {row for layer in layers for row in layer.rows}
    legend = tuple(row for row in figure.legend if row.id in rows or not row.layer)
    return replace(figure, layers=layers, legend=legend, labels=())


@dataclass(frozen=True)
class Seed:
    """A fault: what was done, what must be said of it, and whether that blocks the export."""

    name: str
    figure: Callable[[], Figure]
    code: str
    where: str = ""
    blocks: bool = True


def seed(name: str, spoil: Callable[[Figure], Figure], code: str, where: str = "", *, blocks: bool = True) -> Seed:
    return Seed(name, lambda: spoil(figure_of()), code, where, blocks)


SEEDS: Final = (
    *(
        Seed(f"no {kind}", partial(lambda part: without(figure_of(), part), kind), "missing_part", kind)
        for kind in PARTS
        if kind not in _OPTIONAL
    ),
    seed("blank title", lambda f: replace(with_words(f, "title", " "), title=""), "blank_part", "title"),
    seed("blank sheet number", lambda f: with_words(f, "sheet_number", ""), "blank_part", "sheet_number"),
    seed("blank source", lambda f: with_words(f, "source", ""), "blank_part", "source"),
    seed("blank date", lambda f: with_words(f, "date", ""), "blank_part", "date"),
    seed("blank neatline", lambda f: with_part(f, "neatline", drawing=""), "blank_part", "neatline"),
    seed("flat legend", lambda f: with_part(f, "legend", box=Box(0, 0, 0, 0)), "blank_part", "legend"),
    seed("two north arrows", lambda f: replace(f, furniture=(*f.furniture, f.part("north"))), "double_part", "north"),  # type: ignore[arg-type]  # it has one
    seed("another title", lambda f: with_words(f, "title", "别的图"), "other_words", "title"),
    seed("another sheet number", lambda f: with_words(f, "sheet_number", "图 99"), "other_words", "sheet_number"),
    seed("no sketch words", lambda f: with_words(f, "status_words", "可作划界依据"), "other_words", "status_words"),
    seed("another CRS", lambda f: with_words(f, "crs_note", "坐标系:某地方系"), "other_words", "crs_note"),
    seed("another recipe id", lambda f: with_words(f, "recipe_id", "0000000000"), "other_words", "recipe_id"),
    seed("another compiler", lambda f: with_words(f, "compiler", "某公司"), "other_words", "compiler"),
    seed("endless title", lambda f: replace(f, title="长" * 400), "long_title", "title"),
    seed("odd scale", lambda f: replace(f, scale=123_456), "odd_scale", "scale_text", blocks=False),
    seed("scale in words", lambda f: with_words(f, "scale_text", "1:1"), "false_scale", "scale_text"),
    seed("scale in data", lambda f: with_data(f, "scale_text", scale=1), "false_scale", "scale_text"),
    seed("another affine", lambda f: replace(f, scale=f.scale * 2), "false_scale", "scale_text"),
    seed("bar 2 % long", lambda f: with_data(f, "scale_bar", mm=f.part("scale_bar").data["mm"] * 1.02), "false_bar"),  # type: ignore[union-attr]  # it has one
    seed("bar of nothing", lambda f: with_data(f, "scale_bar", metres=0), "false_bar", "scale_bar"),
    seed("north 2 degrees off", lambda f: with_data(f, "north", convergence_deg=4.0), "false_north", "north"),
    seed("south", lambda f: with_data(f, "north", convergence_deg=180.0), "false_north", "north"),
    seed("page 3 of 2", lambda f: with_data(f, "page_number", page=3, of=2), "false_page", "page_number"),
    seed("page 0", lambda f: with_data(f, "page_number", page=0), "false_page", "page_number"),
    seed("small legend", lambda f: with_text(f, "legend", size_pt=5.5), "small_text", "legend"),
    seed(
        "small name",
        lambda f: with_label(
            f, lambda label, _: replace(label, pieces=(replace(label.pieces[0], size_pt=4.0), *label.pieces[1:]))
        ),
        "small_text",
        "labels",
    ),
    seed("no such letter", lambda f: with_text(f, "source", text="\U0001f9ff\ue123"), "no_glyph", "source"),
    seed("off the page", lambda f: with_text(f, "source", box=Box(-5, 10, 60, 3)), "off_page", "source"),
    seed("turned off the page", lambda f: with_text(f, "date", angle=90.0, box=Box(5, 2, 60, 3)), "off_page", "date"),
    seed("legend over locator", lambda f: with_part(f, "legend", box=f.part("locator").box), "overlap"),  # type: ignore[union-attr]  # it has one
    seed("bar over legend", lambda f: with_part(f, "scale_bar", box=f.part("legend").box.inset(2)), "overlap"),  # type: ignore[union-attr]  # it has one
    seed("number over title", lambda f: with_text(f, "sheet_number", box=f.part("title").texts[-1].box), "overlap"),  # type: ignore[union-attr]  # it has one
    seed(
        "five typefaces",
        lambda f: replace(f, body_svg=f.body_svg + "".join(f'<text font-family="F{n}, sans">' for n in range(5))),
        "many_typefaces",
    ),
    seed("empty map", empty, "empty_map", "map"),
    seed("clipped east", lambda f: replace(f, centre=(f.centre[0] - 20_000, f.centre[1])), "clipped", "map"),
    seed("clipped south", lambda f: replace(f, centre=(f.centre[0], f.centre[1] + 30_000)), "clipped", "map"),
    seed("clipped by scale", lambda f: replace(f, scale=f.scale // 3), "clipped", "map"),
    seed("row left out", lambda f: replace(f, legend=f.legend[1:]), "legend_lacks", "legend"),
    seed("legend left out", lambda f: replace(f, legend=()), "legend_lacks", "legend"),
    seed("row too many", lambda f: with_row(f, f.layers[-1].id, id="ghost-9"), "legend_extra", "legend"),
    seed("nothing drawn of a row", lambda f: replace(f, layers=f.layers[:-1]), "legend_extra", "legend"),
    seed("row without words", lambda f: with_row(f, f.layers[-1].id, title=""), "legend_mute", "legend"),
    seed("row not printed", lambda f: with_row(f, f.layers[-1].id, title="别的"), "legend_mute", "legend"),
    seed("row outside", lambda f: with_row(f, f.layers[-1].id, box=Box(1, 1, 30, 4)), "legend_full", "legend"),
    seed("schematic line as surveyed", lambda f: without_marks(f, "schematic", "line"), "looks_surveyed", "map"),
    seed("schematic point as surveyed", lambda f: without_marks(f, "schematic", "point"), "looks_surveyed", "map"),
    seed("schematic area as surveyed", lambda f: without_marks(f, "schematic", "area"), "looks_surveyed", "map"),
    seed("derived area as official", lambda f: without_marks(f, "derived", "area"), "looks_surveyed", "map"),
    seed(
        "names over names",
        lambda f: with_label(f, lambda label, g: at(label, g.labels[1].pieces[0].box.x, g.labels[1].pieces[0].box.y)),
        "labels_overlap",
        "labels",
    ),
    seed(
        "name over the arrow",
        lambda f: with_label(f, lambda label, g: at(label, g.part("north").box.x + 1, g.part("north").box.y + 4)),  # type: ignore[union-attr]  # it has one
        "labels_overlap",
        "labels",
    ),
    seed(
        "name over the edge",
        lambda f: with_label(f, lambda label, g: at(label, g.frame.x - 2, g.frame.y + 60)),
        "label_outside",
        "labels",
    ),
    seed("name off the page", lambda f: with_label(f, lambda label, _: at(label, -50, -50)), "label_outside", "labels"),
    seed(
        "half a name",
        lambda f: with_label(f, lambda label, _: replace(label, text=label.text + "乡")),
        "label_spoiled",
        "labels",
    ),
    seed("a name without a place", lambda f: replace(f, warnings=("甲镇",)), "unplaced", "labels", blocks=False),
    seed("one colour twice", lambda f: alike(f, "#ad2c46", "#ad2c47"), "alike", "legend"),
    seed(
        "red and green",
        lambda f: alike(f, "#68b167", "#bb9674", named=False),
        "alike_blind",
        "legend",
        blocks=False,
    ),
    seed(
        "equally dark",
        lambda f: alike(f, "#e60012", "#8a5fb8", named=False),
        "alike_grey",
        "legend",
        blocks=False,
    ),
    seed("nobody made it", lambda _: figure_of(replace(GOOD, compiler="")), "no_compiler", "compiler", blocks=False),
    seed("never made", lambda _: figure_of(replace(GOOD, compiled="")), "no_date", "compiler", blocks=False),
    seed("review without a number", lambda _: public(), "not_reviewed", "review_number", blocks=False),
    seed("review unsaid", lambda _: with_words(public(), "review_number", "审图号:"), "unsaid_review", "review_number"),
    seed(
        "review number left out",
        lambda _: with_words(figure_of(replace(GOOD, review_number="川S(2026)12号")), "review_number", "审图号:—"),
        "other_words",
        "review_number",
    ),
    seed(
        "odd review number",
        lambda _: figure_of(replace(GOOD, review_number="待定")),
        "odd_review",
        "review_number",
        blocks=False,
    ),
    seed("contours in public", lambda _: image_row(public(), "contours"), "withheld_image", "map"),
    seed("foreign basemap in public", lambda _: image_row(public(), "osm"), "withheld_image", "map"),
    seed(
        "seconds in public",
        lambda _: with_text(public(), "graticule", text="106°45′30″"),
        "fine_coordinates",
        "graticule",
    ),
    seed(
        "decimals in public",
        lambda _: with_text(public(), "graticule", text="106.7512°"),
        "fine_coordinates",
        "graticule",
    ),
    seed(
        "fine graticule in public",
        lambda _: with_data(public(), "graticule", spacing_deg=1 / 360),
        "fine_coordinates",
        "graticule",
    ),
)


# ---- seeded faults


def test_there_are_enough_seeds() -> None:
    assert len(SEEDS) >= 40
    assert len({one.name for one in SEEDS}) == len(SEEDS)
    assert sum(one.blocks for one in SEEDS) >= 40


@pytest.mark.parametrize("fault", SEEDS, ids=lambda fault: fault.name)
def test_a_seeded_fault_is_found(fault: Seed) -> None:
    """With the right name, at the right place, blocking if it must, with what to do in both languages."""
    figure = fault.figure()
    remarks = checked(figure)
    found = [remark for remark in remarks if remark.finding.code == f"lint_{fault.code}"]
    assert found, codes(remarks)
    assert found[0].is_blocking == fault.blocks
    for language in ("zh", "en"):
        assert found[0].finding.what(language)
        assert found[0].finding.fix(language)
    if fault.where:
        from atlas.words import say  # noqa: PLC0415 - only here

        places = [remark.finding.where for remark in found]
        assert any(place.endswith(say("zh", f"part.{fault.where}")) for place in places), places
    if fault.blocks:
        with pytest.raises(PlanError) as error:
            stop_on(figure, remarks)
        assert fault.code in {finding.code.removeprefix("lint_") for finding in error.value.findings}
        stop_on(replace(figure, recipe=replace(figure.recipe, draft=True)), remarks)


def test_the_seeds_spoil_a_good_figure() -> None:
    assert codes(checked(figure_of())) == set()


# ---- good figures


def _every_sheet() -> list[tuple[str, str]]:
    return [(id_, sheet) for id_ in DISTRICTS for sheet in opened(id_).atlas.sheets]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("id_", "sheet"), _every_sheet())
def test_no_good_figure_is_blocked(id_: str, sheet: str, paper: Paper, theme: str) -> None:
    district = opened(id_)
    recipe = replace(GOOD, district=id_, sheet=sheet, paper=paper, theme=theme)  # type: ignore[arg-type]  # one of them
    figure = compose(district.plan, district.atlas, recipe)
    remarks = lint(figure, district.plan, district.atlas.sheet(sheet))
    assert [remark.finding.line() for remark in remarks if remark.is_blocking] == []
    assert codes(remarks) <= {"unplaced"}
    stop_on(figure, remarks)


def test_a_figure_in_english_passes_too() -> None:
    assert codes(checked(figure_of(replace(GOOD, language="en", compiler="Toyland")))) == set()


# ---- the fixes


@pytest.mark.parametrize("sheet", ["all"])
def test_a_change_of_the_recipe_mends_what_it_is_offered_for(sheet: str) -> None:
    toyland = opened("toyland")
    shown = toyland.atlas.sheet(sheet)
    for recipe in (
        replace(GOOD, hidden=tuple(layer.id for layer in shown.layers)),
        replace(GOOD, edition="public", compiled="2026"),
        replace(GOOD, title="长" * 41),
    ):
        for remark in checked(figure_of(recipe)):
            if remark.change:
                mended = Recipe.from_json(json.dumps({**json.loads(recipe.to_json()), **remark.change}))
                assert remark.finding.code not in {one.finding.code for one in checked(figure_of(mended))}


def _energetic(sheet: Sheet) -> bool:
    return any(layer.kind == "energy" and layer.on for layer in sheet.layers)


def test_a_public_edition_hides_what_it_must(bazhou: Opened) -> None:
    """Energy is withheld; one click hides it, and the rest of the sheet stays."""
    sheet = next(sheet for sheet in bazhou.atlas.sheets.values() if _energetic(sheet))
    recipe = replace(GOOD, district="bazhou", sheet=sheet.id, edition="public")
    figure = compose(bazhou.plan, bazhou.atlas, recipe)
    [remark] = [one for one in lint(figure, bazhou.plan, sheet) if one.finding.code == "lint_withheld"]
    assert remark.is_blocking
    mended = replace(recipe, hidden=remark.change["hidden"])
    again = compose(bazhou.plan, bazhou.atlas, mended)
    assert "lint_withheld" not in {one.finding.code for one in lint(again, bazhou.plan, sheet)}
    assert {layer.id for layer in again.layers} == {layer.id for layer in figure.layers} - {"energy"}
    assert "lint_withheld" not in {
        one.finding.code
        for one in lint(
            compose(bazhou.plan, bazhou.atlas, replace(recipe, edition="internal")),
            bazhou.plan,
            sheet,
        )
    }


def test_every_sheet_may_be_published_once_it_hides_what_it_must(bazhou: Opened) -> None:
    """So that a public book can be made at all."""
    hides = 0
    for sheet in bazhou.atlas.sheets.values():
        hidden = withheld_layers(sheet, "public")
        hides += bool(hidden)
        assert withheld_layers(sheet, "internal") == ()
        recipe = replace(GOOD, district="bazhou", sheet=sheet.id, edition="public", hidden=hidden)
        figure = compose(bazhou.plan, bazhou.atlas, recipe)
        assert [one.finding.line() for one in lint(figure, bazhou.plan, sheet) if one.is_blocking] == []
    assert hides


def test_sites_that_the_sheet_does_not_reach_are_said(toyland: Opened) -> None:
    known = next(iter(toyland.plan.layers["settlement"].rows))
    far = shapely.Point(0, 0)
    rows: tuple[Feature, ...] = (
        replace(known, id="s1", name="近处", kind="site_point"),
        replace(known, id="s2", name="远处", kind="site_point", geometry=far),
    )
    sites = Layer(vocabulary().own["site_point"], toyland.plan.crs, rows)
    figure = compose(toyland.plan, toyland.atlas, GOOD, overlays=[sites])
    remarks = checked(figure, overlays=[sites])
    [remark] = [one for one in remarks if one.finding.code == "lint_sites_outside"]
    assert "远处" in remark.finding.line()
    assert "近处" not in remark.finding.line()
    assert not [one.finding.line() for one in remarks if one.is_blocking]


def test_every_finding_of_the_linter_is_seeded() -> None:
    """None is without a test."""
    from layers.errors import _messages  # noqa: PLC0415 - only here

    known = {code.removeprefix("lint_") for code in _messages() if code.startswith("lint_")}
    elsewhere = {"withheld", "ask_first", "sites_outside", "legend_double"}
    assert known - elsewhere == {one.code for one in SEEDS}
