"""The legend shows what is drawn, all of it, and nothing else."""

from dataclasses import replace

import pytest

from atlas.legend import basis_legend, classify
from atlas.theme import style
from layers import vocabulary
from layers.errors import Language
from tests.conftest import Opened

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_has_a_row_and_every_row_a_feature(district: Opened, language: Language) -> None:
    for layer in district.plan.layers.values():
        entries, rows = classify(layer.kind, layer.rows, language)
        assert len(rows) == len(layer)
        assert set(rows) == set(range(len(entries)))
        assert all(entry.geometry == layer.kind.geometry for entry in entries)
        assert all(entry.title for entry in entries)


def test_a_feature_is_drawn_as_its_row_says(district: Opened) -> None:
    """Class, status and basis of each feature show in the style of its row."""
    for layer in district.plan.layers.values():
        entries, rows = classify(layer.kind, layer.rows, "zh")
        for feature, row in zip(layer.rows, rows, strict=True):
            own = style(layer.kind, class_=feature.class_, status=feature.status, basis=feature.basis)
            drawn = entries[row].style
            if layer.kind.geometry == "line":
                assert drawn == own, feature.id
            else:
                assert drawn.get("fill") == own.get("fill"), feature.id
                assert bool(drawn.get("dash")) == bool(own.get("dash")), feature.id
                assert drawn.get("hollow") == own.get("hollow"), feature.id


def test_an_official_area_beside_derived_ones_does_not_look_derived(toyland: Opened) -> None:
    """Nor the other way round: what is only derived looks it, whoever comes first."""
    first, *others = toyland.plan.layers["town"].rows
    kind = vocabulary().kinds["town"]
    for towns in ([replace(first, basis="official"), *others], [*others, replace(first, basis="official")]):
        entries, rows = classify(kind, towns, "zh")
        for town, row in zip(towns, rows, strict=True):
            assert bool(entries[row].style.get("dash")) == (town.basis != "official")


def test_rows_of_a_legend_can_be_told_apart(district: Opened) -> None:
    """No two rows of a layer bear the same title, and none the same identifier."""
    for language in LANGUAGES:
        for layer in district.plan.layers.values():
            entries, _ = classify(layer.kind, layer.rows, language)
            titles = [entry.title for entry in entries]
            assert len(titles) == len(set(titles)), titles
            assert len({entry.id for entry in entries}) == len(entries)


def test_statuses_are_named_where_there_are_several(toyland: Opened) -> None:
    entries, _ = classify(vocabulary().kinds["road"], toyland.plan.layers["road"].rows, "en")
    titles = " | ".join(entry.title for entry in entries)
    for words in ("National road", "Provincial road"):
        assert words in titles
    assert len(entries) == 3


def test_the_order_of_features_does_not_change_the_rows(toyland: Opened) -> None:
    rows = toyland.plan.layers["settlement"].rows
    kind = vocabulary().kinds["settlement"]
    one, other = classify(kind, rows, "zh")[0], classify(kind, rows[::-1], "zh")[0]
    assert {entry.title for entry in one} == {entry.title for entry in other}


def test_an_empty_layer_has_an_empty_legend() -> None:
    assert classify(vocabulary().kinds["school"], [], "zh") == ([], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_look_of_certainty_is_explained_for_each_geometry(language: Language) -> None:
    """Soft lines, hollow points, dashed areas: each is told in words."""
    rows = basis_legend(language)
    assert {row.geometry for row in rows} == {"line", "point", "area"}
    assert all(row.title for row in rows)
    assert next(row for row in rows if row.geometry == "line").style["halo"]
    assert next(row for row in rows if row.geometry == "point").style["hollow"]
    assert next(row for row in rows if row.geometry == "area").style["dash"]
