"""The rules: whole, honest about what is missing, and open to an office's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from shapely import LineString

from atlas.screening.answers import answers_of, chance_text
from atlas.screening.engine import Sites
from atlas.screening.rules import TERRAIN, VERDICTS, control_kinds, read_rules, rules_of
from atlas.screening.screen import TIDY, answer_all, screen
from atlas.screening.table import conclusion_texts, features, summary, worst_first
from atlas.words import LANGUAGES, say
from layers import PlanError, vocabulary
from tests.atlas.screening.made import CRS, ask, at, control, inside, site_set, square, target

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from tests.conftest import Opened


def test_every_layer_of_the_plan_that_can_be_placed_has_a_rule() -> None:
    """All kinds but the surroundings and the district-wide ones, which have no place."""
    asked = {rule.layer for rule in read_rules().rules.values()}
    assert set(vocabulary().kinds) - asked == {"neighbour", "structure", "region", "economy"}
    known = {*vocabulary().kinds, *control_kinds(), TERRAIN}
    assert asked <= known


def test_every_rule_says_something_for_every_verdict_in_both_languages() -> None:
    blanks = dict.fromkeys(("title", "nearest", "distance", "limit", "area", "share", "sigma", "percent"), "x")
    for rule in read_rules().rules.values():
        assert rule.title.zh, rule.id
        assert rule.title.en, rule.id
        for verdict in VERDICTS:
            for language in LANGUAGES:
                assert rule.wording[verdict].in_(language).format(**blanks), (rule.id, verdict)
        assert rule.informative or rule.source.zh, f"{rule.id}: a rule that counts names its law"


def test_the_tidy_table_has_a_row_for_each_site_and_rule_and_no_other_column(district: Opened) -> None:
    shapes = inside(district.plan, 4)
    screening = screen(site_set(district.plan, shapes), district.plan)
    tidy = screening.tidy
    assert list(tidy.columns) == list(TIDY)
    assert len(tidy) == len(shapes) * len(read_rules().rules)
    assert not tidy.duplicated(["site", "layer"]).any()
    assert set(tidy["verdict"]) <= set(VERDICTS)
    missing = tidy[tidy["verdict"] == "no_data"]
    assert missing[["overlap_m2", "overlap_share", "distance_m", "sigma_m", "probability"]].isna().all(axis=None)
    there = tidy[tidy["verdict"] != "no_data"]
    assert there["probability"].between(0, 1).all()
    assert (there["distance_m"] >= 0).all()
    assert (there["nearest"] != "").all()


def test_a_missing_layer_is_no_data_and_never_clear(district: Opened) -> None:
    screening = screen(site_set(district.plan, inside(district.plan, 3)), district.plan)
    for id_, found in screening.by_rule.items():
        layer = found.rule.layer
        there = layer in district.plan.layers and len(district.plan.layers[layer]) > 0
        assert ({VERDICTS[v] for v in found.verdicts} == {"no_data"}) == (not there), id_
    assert "clear" not in screening.conclusions
    for text in summary(screening, "zh")["永久基本农田"]:
        assert text == say("zh", "screening.verdict_no_data")
    assert set(summary(screening, "zh").iloc[:, 5]) == {say("zh", "screening.verdict_no_data")}


def test_a_control_layer_decides_and_the_summary_gives_its_areas(district: Opened) -> None:
    shapes = inside(district.plan, 3)
    whole = shapes[1].buffer(50)
    controls = [control("farmland", [whole], 0.0), control("urban_boundary", [shapes[2].buffer(10)], 0.0)]
    controls.append(control("quarry", [whole], 0.0))
    screening = screen(site_set(district.plan, shapes, 0.0), district.plan, controls=controls)
    verdicts = screening.tidy.set_index(["site", "layer"])["verdict"]
    assert verdicts["s1", "farmland"] == verdicts["s1", "quarry"] == "hit"
    assert verdicts["s2", "farmland"] == "clear"
    assert screening.conclusion("s1") == "hit"
    assert worst_first(screening)[0] == 1
    table = summary(screening, "en").set_index("Site")
    assert table.loc["s2", "Within Urban growth boundary (%)"] == pytest.approx(100)
    assert table.loc["s1", "Within Urban growth boundary (%)"] == pytest.approx(0)
    assert str(table.loc["s1", "Permanent basic farmland"]).startswith("involved ")
    assert "Permanent basic farmland" in conclusion_texts(screening, "en")[1]
    assert features(screening)["farmland_m2"][1] == pytest.approx(90_000, rel=1e-3)


def test_a_legal_width_is_never_certain_of_a_line_that_is_not_the_authority_s() -> None:
    """The law counts from a land edge: near it the answer is a doubt, however well the line is known."""
    line = LineString([at(0, -1000), at(0, 1000)])
    keys: dict[str, Any] = {"distance_m": 20.0, "allowance_m": 15.0}
    spots: list[BaseGeometry] = [at(5, 0), at(30, 0), at(36, 0)]
    drawn = ask(spots, target("road", [line], basis="digitised"), "within_distance", **keys)
    assert [VERDICTS[v] for v in drawn.verdicts] == ["uncertain", "uncertain", "clear"]
    official = ask(spots, target("road", [line]), "within_distance", **keys)
    assert [VERDICTS[v] for v in official.verdicts] == ["hit", "uncertain", "clear"]
    vague = ask([at(5_000, 0)], target("road", [line], 3_000.0, basis="schematic"), "within_distance", **keys)
    assert [VERDICTS[v] for v in vague.verdicts] == ["uncertain"]


def test_schematic_features_are_not_measured_where_the_rule_says_so() -> None:
    area = [square(0, 0, 500)]
    drawn = ask([square(0, 0, 100)], target("belt", area, 10.0, basis="schematic"), measured=False)
    assert np.isnan(drawn.overlap_m2[0])
    assert np.isnan(drawn.share[0])
    assert drawn.distance_m[0] == 0
    official = ask([square(0, 0, 100)], target("belt", area, 10.0), measured=False)
    assert official.overlap_m2[0] == pytest.approx(40_000, rel=1e-5)


def test_touching_along_a_border_is_no_hit() -> None:
    beside = ask([square(200, 0, 100)], target("a", [square(0, 0, 100)]))
    assert VERDICTS[beside.verdicts[0]] == "clear"


def test_wanted_inside_turns_the_conclusion_round(district: Opened) -> None:
    shapes = inside(district.plan, 3)
    rules = rules_of("[rules.urban_boundary]\ninformative = false\nwanted = 'hit'\n")
    only = replace(rules, rules={"urban_boundary": rules.rules["urban_boundary"]})
    controls = [control("urban_boundary", [shapes[1].buffer(50)], 0.0)]
    screening = screen(site_set(district.plan, shapes, 0.0), district.plan, rules=only, controls=controls)
    assert screening.conclusions == ("hit", "clear", "hit")


def test_answers_in_words_never_say_never(district: Opened) -> None:
    screening = screen(site_set(district.plan, inside(district.plan, 2)), district.plan)
    for language in LANGUAGES:
        answers = answers_of(screening, "s1", language)
        assert [answer.layer for answer in answers] == list(screening.by_rule)
        for answer in answers:
            assert answer.wording
            assert "nan" not in answer.wording
            assert "{" not in answer.wording
    assert chance_text(0.001, "en") == "less than 1%"
    assert chance_text(0.999, "en") == "more than 99%"
    assert chance_text(0.42, "en") == "42%"
    with pytest.raises(KeyError):
        answers_of(screening, "nobody", "zh")


def test_no_sites_is_no_trouble(district: Opened) -> None:
    screening = screen(site_set(district.plan, []), district.plan)
    assert len(screening.tidy) == 0
    assert screening.conclusions == ()
    assert len(summary(screening, "zh")) == 0


class Slope:
    """A hillside: everything north of a line is steep."""

    resolution_m = 30.0

    def share_steeper(self, geometry: BaseGeometry, degrees: float) -> float | None:
        """Return the share north of the middle."""
        if degrees > 80 or geometry.is_empty:
            return None
        _, south, _, north = geometry.bounds
        middle = at(0, 0).y
        return float(np.clip((north - middle) / max(north - south, 1e-9), 0, 1))


def test_a_slope_rule_asks_the_terrain_and_has_no_data_without() -> None:
    rules = read_rules()
    asked = {"steep_slope": rules.rules["steep_slope"]}
    sites = Sites(np.array([square(0, 500, 50), square(0, -500, 50), square(0, -60, 50)], object), np.zeros(3), CRS)
    without = answer_all(sites, asked, {}, rules)["steep_slope"]
    assert {VERDICTS[v] for v in without.verdicts} == {"no_data"}
    answers = answer_all(sites, asked, {}, rules, Slope())["steep_slope"]
    assert [VERDICTS[v] for v in answers.verdicts] == ["hit", "clear", "uncertain"]
    assert answers.share.tolist() == [1, 0, 0]


def test_an_office_changes_a_rule_and_adds_another(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        '[rules.road]\ndistance_m = 50\n[rules.quarry]\npredicate = "within_distance"\ndistance_m = 300\n'
        'title = { zh = "采石场", en = "Quarries" }\n[certainty]\nsure = 0.9\n',
        "utf-8",
    )
    rules = read_rules(tmp_path)
    assert rules.rules["road"].distance_m == 50
    assert rules.rules["road"].allowance_m == read_rules().rules["road"].allowance_m
    assert rules.rules["quarry"].title.zh == "采石场"
    assert rules.reach < read_rules().reach
    assert read_rules(tmp_path / "nowhere").rules.keys() == read_rules().rules.keys()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[rules.road]\ndistanc_m = 5", ("rules.road", "distanc_m", "distance_m")),
        ('[rules.road]\npredicate = "overlap"', ("rules.road", "overlap", "overlaps")),
        ("[rules.road]\ndistance_m = -5", ("rules.road", "distance_m", "-5")),
        ("[rules.road]\ninformative = 1", ("rules.road", "informative", "true")),
        ('[rules.new]\ntitle = { zh = "a", en = "b" }', ("rules.new", "predicate")),
        ('[rules.new]\npredicate = "within_distance"', ("rules.new", "distance_m")),
        ('[rules.road]\nhit = { zh = "{nearst}", en = "x" }', ("rules.road", "nearst", "{nearest}")),
        ('[rules.road]\nhit = "x"', ("rules.road", "hit")),
        ("[certainty]\nsure = 1.0", ("certainty", "sure")),
        ("[rule.road]\n", ("rule", "rules")),
        ("rules = 3", ("rules",)),
        ("[rules.road\n", ("line 1",)),
        ("[rules]\nroad = 5", ("rules.road",)),
    ],
)
def test_a_fault_in_an_office_s_rules_is_named(tmp_path: Path, text: str, says: tuple[str, ...]) -> None:
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_rules(tmp_path)
    said = caught.value.text("en")
    for part in ("rules.toml", *says):
        assert part in said
