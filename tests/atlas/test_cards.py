"""Cards tell in plain words what a feature is, how surely it stands where it is drawn, and who says so."""

from typing import TYPE_CHECKING

import pytest

from atlas.cards import Card, card, target_text, target_value, targets_of
from atlas.words import certainty
from layers.errors import Language
from tests.conftest import Opened

if TYPE_CHECKING:
    from layers import Feature

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def of(district: Opened, id_: str, language: Language = "zh") -> Card:
    feature = district.plan.feature(id_)
    assert feature
    return card(district.plan, feature, language)


def text_of(known: Card) -> str:
    return " ".join(text for _, text in known.rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_has_a_card_that_says_how_sure_it_is_and_who_says_so(
    district: Opened, language: Language
) -> None:
    plan = district.plan
    for feature in plan.features():
        known = card(plan, feature, language)
        assert (known.id, known.title) == (feature.id, feature.name)
        texts = [text for _, text in known.rows]
        assert certainty(language, feature.basis, feature.sigma_m) in texts
        assert plan.sources[feature.source].title in texts
        assert all(label and text for label, text in known.rows)
        assert [clause.id for clause in known.clauses] == list(feature.clauses)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_the_plan_are_quoted_as_they_stand(district: Opened, language: Language) -> None:
    plan = district.plan
    for feature in plan.features():
        for clause in card(plan, feature, language).clauses:
            statement = plan.statements[clause.id]
            assert (clause.phrase, clause.target) == (statement.phrase, statement.target)
            assert statement.chapter in clause.where
            assert statement.section in clause.where


@pytest.mark.parametrize(
    ("language", "metres", "words"),
    [("zh", 4000, "±4 公里"), ("zh", 350, "±350 米"), ("zh", 1500, "±1.5 公里"), ("en", 4000, "4 km")],
)
def test_uncertainty_is_said_in_plain_words(language: Language, metres: float, words: str) -> None:
    assert words in certainty(language, "schematic", metres)


def test_a_schematic_place_is_called_so() -> None:
    assert certainty("zh", "schematic", 4000).startswith("示意")


def test_a_line_tells_what_it_passes_in_order(toyland: Opened) -> None:
    assert "乙江镇—甲城街道—丙桥镇<b>HTML</b>&" in text_of(of(toyland, "axis-east"))


def test_a_zone_tells_its_towns(toyland: Opened) -> None:
    text = text_of(of(toyland, "farm-south"))
    for town in ("甲城街道", "丁山镇", "戊田乡"):
        assert town in text


def test_a_feature_tells_where_its_positions_come_from(toyland: Opened) -> None:
    """The plan says that there is an axis; a survey and a web map say where its places are."""
    assert "虚构网络地图" in text_of(of(toyland, "axis-east"))


def test_what_a_statement_leaves_open_stands_with_it(toyland: Opened) -> None:
    assert [clause.missing for clause in of(toyland, "ring-toy").clauses] == ["示范园址未给"]


def test_targets_of_its_statements_stand_on_the_card(toyland: Opened) -> None:
    assert of(toyland, "zone-urban").targets == ("功能片区 2 个(2025)",)
    assert of(toyland, "culture-gate").targets == ()


def test_names_stay_and_labels_change_with_the_language(toyland: Opened) -> None:
    zh, en = of(toyland, "road-new", "zh"), of(toyland, "road-new", "en")
    assert zh.title == en.title
    assert {label for label, _ in zh.rows}.isdisjoint({label for label, _ in en.rows})


def test_numbers_keep_qualifier_range_and_unit(toyland: Opened) -> None:
    """Neither rounded nor converted; a percent sign follows its number without a space."""
    targets = toyland.plan.targets
    assert target_value(targets["t-3"], "zh") == "约 12.5–15 公里"
    assert target_value(targets["t-2"], "zh") == "≥60%"
    assert target_value(targets["t-4"], "zh") == "≤1000 亿元"
    assert target_text(targets["t-2"], "en").startswith("Forest cover")


def test_targets_of_a_topic_keep_the_order_of_the_text(toyland: Opened) -> None:
    chosen = targets_of(toyland.plan.targets.values(), ["transport", "urban"])
    assert [target.id for target in chosen] == ["t-1", "t-3"]


def test_an_empty_cell_makes_no_row(toyland: Opened) -> None:
    feature: Feature | None = toyland.plan.feature("road-new")
    assert feature
    assert feature.note == ""
    assert "备注" not in [label for label, _ in card(toyland.plan, feature, "zh").rows]
