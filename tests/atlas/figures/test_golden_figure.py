"""Golden pages: toyland on paper, as text that a reviewer can read; renewed like the golden maps."""

import pytest

from atlas.figures.compose import compose
from atlas.figures.recipe import Recipe
from atlas.figures.svg import page_svg
from tests.atlas.test_golden import compare
from tests.conftest import opened


@pytest.mark.parametrize(
    ("sheet", "name", "values"),
    [
        ("all", "figure-all.svg", {}),
        ("structure", "figure-structure.svg", {"orientation": "landscape", "paper": "A4", "language": "en"}),
    ],
)
def test_the_page_of_a_sheet_is_the_known_one(sheet: str, name: str, values: dict[str, str]) -> None:
    toyland = opened("toyland")
    recipe = Recipe("toyland", sheet, compiler="玩具局", compiled="2026-11", **values)  # type: ignore[arg-type]
    figure = compose(toyland.plan, toyland.atlas, recipe)
    compare(name, page_svg(figure).replace("><", ">\n<"))
