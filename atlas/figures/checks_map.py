"""Checks of the map and its legend: all is shown, named, explained, told apart, and as sure as it looks. Page mm."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import shapely

from atlas.figures.colours import look_alike
from atlas.figures.recipe import PAPERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas.figures.case import Case, Remark
    from atlas.figures.model import LegendRow
    from layers import Feature

# What a style must have for a feature to look as unsure as it is, by basis and geometry; any one of them will do.
_MARKS: Final = {
    ("schematic", "point"): ("hollow",),
    ("schematic", "line"): ("halo",),
    ("schematic", "area"): ("dash", "halo"),
    ("derived", "area"): ("dash", "halo"),
}
# Legend rows that belong to no layer: what certainty looks like, and pictures.
_FREE_ROWS: Final = ("basis-", "image-")


def content(case: Case) -> Iterator[Remark]:
    """Yield a map with nothing on it, or with less than its sheet has to show."""
    figure = case.figure
    if not any(layer.features for layer in figure.layers if not case.is_backdrop(layer.kind)):
        yield case.remark("lint_empty_map", "map", change={"hidden": ()} if figure.recipe.hidden else {})
    west, south, east, north = case.needed
    a, b, c, d = figure.bounds
    slack = case.limits["scale"]["slack_mm"] * figure.scale / 1000
    if west < a - slack or south < b - slack or east > c + slack or north > d + slack:
        change = {"scale": None} if figure.recipe.scale else {}
        yield case.remark("lint_clipped", "map", change=change)


def overlays(case: Case) -> Iterator[Remark]:
    """Yield sites of the user's that the sheet does not reach."""
    window = shapely.box(*case.figure.bounds)
    rows = [row for layer in case.overlays for row in layer.rows]
    if away := [row.name or row.id for row in rows if not row.geometry.intersects(window)]:
        yield case.remark("lint_sites_outside", "map", count=len(away), value="、".join(away[:3]))


def legend(case: Case) -> Iterator[Remark]:
    """Yield what is drawn and not explained, what is explained and not drawn, and samples without a word."""
    figure = case.figure
    drawn = {row: layer for layer in figure.layers for row in layer.rows}
    explained = {row.id: row for row in figure.legend}
    for id_, layer in drawn.items():
        if id_ not in explained:
            yield case.remark("lint_legend_lacks", "legend", value=id_, layer=layer.id)
    for id_, row in explained.items():
        if id_ not in drawn and not id_.startswith(_FREE_ROWS):
            yield case.remark("lint_legend_extra", "legend", value=row.title or id_)
    part = figure.part("legend")
    printed = {text.text for text in part.texts} if part else set()
    for row in figure.legend:
        if not row.title.strip() or (part and row.title not in printed):
            yield case.remark("lint_legend_mute", "legend", value=row.title or row.id)
    for one, other in combinations(figure.legend, 2):
        if one.layer == other.layer and one.layer and one.title == other.title:
            yield case.remark("lint_legend_double", "legend", value=one.title)
    if part:
        yield from _legend_beyond(case, [row for row in figure.legend if not _inside(row, case)])


def _inside(row: LegendRow, case: Case) -> bool:
    part = case.figure.part("legend")
    return part is None or part.box.inset(-0.1).polygon.covers(row.box.polygon)


def _legend_beyond(case: Case, rows: list[LegendRow]) -> Iterator[Remark]:
    if rows:
        larger = PAPERS.index(case.figure.recipe.paper) + 1
        change = {"paper": PAPERS[larger]} if larger < len(PAPERS) else {}
        yield case.remark("lint_legend_full", "legend", change=change, count=len(rows))


def certainty(case: Case) -> Iterator[Remark]:
    """Yield features that look surer than they are: schematic ones drawn as surveyed, derived ones as official."""
    rows = {row.id: row for row in case.figure.legend}
    firm: dict[str, list[Feature]] = {}
    for layer in case.figure.layers:
        for id_, row_id in zip(layer.features, layer.rows, strict=True):
            feature, row = case.features.get(id_), rows.get(row_id)
            if feature is None or row is None or case.is_backdrop(layer.kind):
                continue
            marks = _MARKS.get((feature.basis, row.geometry), ())
            if marks and not any(row.style.get(mark) for mark in marks):
                firm.setdefault(layer.id, []).append(feature)
    for id_, features in firm.items():
        basis = features[0].basis
        names = "、".join(feature.name for feature in features[:3])
        said = case.say(f"basis.{basis}")
        yield case.remark(
            "lint_looks_surveyed", "map", count=len(features), value=names, basis=said, basis_en=basis, layer=id_
        )


def labels(case: Case) -> Iterator[Remark]:
    """Yield names that lie over one another, over furniture or over the edge of the map, and names without a place."""
    figure, least = case.figure, case.limits["page"]["overlap_mm2"]
    outlines = [shapely.union_all([piece.outline for piece in label.pieces]) for label in figure.labels]
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects").T if outlines else ()
    for first, second in pairs:
        if first < second and outlines[first].intersection(outlines[second]).area > least:
            one, other = figure.labels[first], figure.labels[second]
            yield case.remark("lint_labels_overlap", "labels", value=one.text, other=other.text)
    frame = figure.frame.inset(-0.05).polygon
    over = [part for part in figure.furniture if part.kind in {"north", "legend", "locator", "scale_bar"}]
    for label, outline in zip(figure.labels, outlines, strict=True):
        if not frame.covers(outline):
            yield case.remark("lint_label_outside", "labels", value=label.text)
        for part in over:
            if outline.intersection(part.box.polygon).area > least:
                yield case.remark(
                    "lint_labels_overlap", "labels", value=label.text, other=case.say(f"part.{part.kind}")
                )
        if "".join(piece.text for piece in label.pieces).replace(" ", "") != label.text.replace(" ", ""):
            yield case.remark("lint_label_spoiled", "labels", value=label.text)
    if figure.warnings:
        larger = PAPERS.index(figure.recipe.paper) + 1
        change = {"paper": PAPERS[larger]} if larger < len(PAPERS) else {}
        yield case.remark(
            "lint_unplaced", "labels", change=change, count=len(figure.warnings), value=figure.warnings[0]
        )


def colours(case: Case) -> Iterator[Remark]:
    """Yield rows of the legend that a reader cannot tell apart: by colour, by another mark, or by names on the map."""
    figure = case.figure
    named = {label.feature for label in figure.labels}
    unnamed = {
        row for layer in figure.layers for id_, row in zip(layer.features, layer.rows, strict=True) if id_ not in named
    }
    backdrop = {layer.id for layer in figure.layers if case.is_backdrop(layer.kind)}
    rows = [row for row in figure.legend if row.layer and row.layer not in backdrop]
    for one, other in combinations(rows, 2):
        alike = look_alike(one.style, other.style, one.geometry) if one.geometry == other.geometry else None
        if alike is None:
            continue
        sight, apart = alike
        values = {"value": one.title, "other": other.title, "apart": f"{apart:.1f}"}
        if sight == "normal":
            yield case.remark("lint_alike", "legend", change=_accessible(case), **values)
        elif one.id in unnamed and other.id in unnamed:
            code = "lint_alike_grey" if sight == "grey" else "lint_alike_blind"
            yield case.remark(code, "legend", change=_accessible(case), **values)


def _accessible(case: Case) -> dict[str, str]:
    return {} if case.figure.recipe.theme == "accessible" else {"theme": "accessible"}


MAP_CHECKS: Final = (content, overlays, legend, certainty, labels, colours)
