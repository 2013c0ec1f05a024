"""Checks of what may leave the office: the review number, and what a public edition may not show.

After the Map Management Regulations (地图管理条例, articles 8, 15 and 22) and the rules on what public maps may show
(公开地图内容表示规范, 2023). This is a first sieve and no review: the authority decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from atlas.figures.colours import thresholds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atlas.figures.case import Case, Remark
    from atlas.sheets import Sheet

# As numbers are given: the province or GS, S for atlas sheets, the year in brackets, a number.
_NUMBER: Final = re.compile(r"\w{1,3}\s*S?\s*[((〔\[]\s*(19|20)\d{2}\s*[))〕\]]\s*\d+\s*号?", re.ASCII)
_CHINESE_NUMBER: Final = re.compile(r"[\u4e00-\u9fff]{1,3}\s*S?\s*[((〔\[]\s*(19|20)\d{2}\s*[))〕\]]\s*\d+\s*号?")
# Degrees with decimals, or with seconds: finer than what a public map may state.
_DEGREES: Final = re.compile(r"(\d{1,3}\.\d+)\s*°|\d{1,3}°\s*\d{1,2}[′']\s*\d{1,2}(\.\d+)?[″\"]")


def review_number(case: Case) -> Iterator[Remark]:
    """Yield a review number that cannot be one, and a public page that neither has one nor says so."""
    recipe, part = case.figure.recipe, case.figure.part("review_number")
    number = recipe.review_number.strip()
    if number and not (_NUMBER.fullmatch(number) or _CHINESE_NUMBER.fullmatch(number)):
        yield case.remark("lint_odd_review", "review_number", value=number[:40])
    if recipe.edition == "public" and not number and part:
        printed = "".join(text.text for text in part.texts)
        if case.say("figure.not_reviewed_public") not in printed and printed.strip():
            yield case.remark("lint_unsaid_review", "review_number", value=case.say("figure.not_reviewed_public"))
        yield case.remark("lint_not_reviewed", "review_number", change={"edition": "internal"})


def withheld(case: Case) -> Iterator[Remark]:
    """Yield layers that a public edition may not show, and those whose nature must be looked into first."""
    if case.figure.recipe.edition != "public":
        return
    rules = case.limits["public"]
    for layer in case.figure.layers:
        if layer.features and layer.kind in rules["withheld"]:
            yield case.remark(
                "lint_withheld", "map", change={"hidden": _without(case, layer.id)}, value=_title(case, layer.kind)
            )
        elif layer.features and layer.kind in rules["ask_first"]:
            yield case.remark(
                "lint_ask_first", "map", change={"hidden": _without(case, layer.id)}, value=_title(case, layer.kind)
            )
    rows = [row for row in case.figure.legend if row.id.startswith("image-")]
    for word in rules["withheld_images"]:
        if any(row.id.startswith(f"image-{word}") for row in rows):
            yield case.remark("lint_withheld_image", "map", value=word)


def withheld_layers(sheet: Sheet, edition: str) -> tuple[str, ...]:
    """Return the layers of a sheet that an edition may not show: what `Recipe.hidden` must hold."""
    kinds = thresholds()["public"]["withheld"] if edition == "public" else ()
    return tuple(layer.id for layer in sheet.layers if layer.kind in kinds and layer.on)


def _without(case: Case, layer: str) -> tuple[str, ...]:
    """Return the layers switched as they are, with one more off."""
    others = [id_ for id_ in case.figure.recipe.hidden if id_ != f"!{layer}"]
    starts_on = any(known.id == layer and known.on for known in case.sheet.layers)
    return tuple(dict.fromkeys((*others, layer))) if starts_on else tuple(others)


def _title(case: Case, kind: str) -> str:
    return case.plan.layers[kind].kind.name.in_(case.figure.recipe.language)


def coordinates(case: Case) -> Iterator[Remark]:
    """Yield coordinates on a public edition that are finer than a hundredth of a degree, about a kilometre."""
    figure, least = case.figure, case.limits["public"]["coordinate_deg"]
    if figure.recipe.edition != "public":
        return
    part = figure.part("graticule")
    if part and float(part.data.get("spacing_deg", 1)) < least:
        yield case.remark(
            "lint_fine_coordinates", "graticule", value=f"{float(part.data['spacing_deg']):.4f}°", least=least
        )
    for text in figure.texts():
        for found in _DEGREES.finditer(text.text):
            decimals = (found[1] or "").partition(".")[2]
            if not found[1] or len(decimals) > case.limits["public"]["decimals"]:
                place = text.role if text.role == "graticule" else "labels"
                yield case.remark("lint_fine_coordinates", place, value=found[0], least=least)


PUBLIC_CHECKS: Final = (review_number, withheld, coordinates)
