"""Weighing land: what scores mean, what masks take out, what missing data do, and how firm a ranking is."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from atlas.rasters.grid import district_area
from atlas.rasters.presets import presets, tables
from atlas.rasters.recipes import RasterRecipe, read_ground
from atlas.rasters.suitability import best_cells, distances, scored, smoothed, weigh, weighted
from atlas.rasters.terrain import slope_on
from atlas.rasters.traveltime import travel_grid, travel_time
from atlas.rasters.views import Surfaces
from layers import Layer, Plan, vocabulary
from tests.atlas.screening.made import control
from tests.conftest import Opened
from tests.terrain import degrees_dem, grid, imported

RECIPE = RasterRecipe("any", "suitability", "jia", "planned", "industry")


def with_area(plan: Plan, kind: str, shape: shapely.Polygon) -> Plan:
    """Return a plan with one more area."""
    like = plan.layers["district"].rows[0]
    row = replace(like, id="extra", name="extra", kind=kind, geometry=shape)
    layer = Layer(vocabulary().kinds[kind], plan.crs, (row,))
    return replace(plan, layers=MappingProxyType({**plan.layers, kind: layer}))


def test_every_preset_has_a_curve_or_a_table_for_each_weight() -> None:
    for preset in presets().values():
        for criterion in preset.weights:
            assert criterion in tables()["criteria"]
            assert (criterion == "zone") == (criterion not in preset.curves)
            if criterion != "zone":
                at, score = np.array(preset.curves[criterion]).T
                assert (np.diff(at) > 0).all()
                assert ((score >= 0) & (score <= 1)).all()
        assert set(preset.scores) <= set(vocabulary().classes)


@pytest.mark.parametrize("preset", list(presets()))
def test_scores_lie_between_nothing_and_a_hundred(toyland: Opened, preset: str) -> None:
    result = weigh(scored(toyland.plan, replace(RECIPE, preset=preset)), presets()[preset].weights)
    known = np.isfinite(result.score)
    inside = result.grid.burn([district_area(toyland.plan)])
    assert not known[~inside].any()
    assert known.any()
    assert 0 <= result.score[known].min() <= result.score[known].max() <= 100.001
    assert sum(result.weights.values()) == pytest.approx(1)
    assert "slope" in result.missing
    assert result.unmasked == ("protection_area",)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=2).filter(any))
def test_a_score_is_the_weighted_mean_of_its_parts(weights: list[float]) -> None:
    one, other = np.full((3, 3), 0.25), np.full((3, 3), 0.75)
    shares = {"one": weights[0] / sum(weights), "other": weights[1] / sum(weights)}
    total = weighted({"one": one, "other": other}, shares, np.ones((3, 3), bool))
    assert np.allclose(total, 25 * shares["one"] + 75 * shares["other"], atol=1e-4)


def test_control_layers_of_the_user_take_ground_out(toyland: Opened) -> None:
    middle = district_area(toyland.plan).representative_point()
    taken, other = control("farmland", [middle.buffer(2_000)]), control("urban_boundary", [middle.buffer(9_000)])
    view = Surfaces(toyland.plan, "zh", controls=[taken, other]).view(RECIPE)
    cell = view.grid.cell(middle.x, middle.y)
    assert cell
    assert np.isnan(view.values[cell])
    assert np.isfinite(view.values).any()
    assert any("farmland" in note and "urban_boundary" not in note for note in view.notes)
    bare = Surfaces(toyland.plan, "zh").view(RECIPE)
    assert np.isfinite(bare.values[cell])
    assert not any("farmland" in note for note in bare.notes)


def test_a_mask_takes_ground_out(toyland: Opened) -> None:
    middle = district_area(toyland.plan).representative_point()
    plan = with_area(toyland.plan, "protection_area", middle.buffer(2_000))
    result = weigh(scored(plan, RECIPE), presets()["industry"].weights)
    assert result.unmasked == ()
    cell = result.grid.cell(middle.x, middle.y)
    assert cell
    assert np.isnan(result.score[cell])
    assert not any(town.best.intersects(middle.buffer(1_900)) for town in result.towns)


def test_an_imported_model_brings_the_slope_in(toyland: Opened, tmp_path: Path) -> None:
    source = degrees_dem(tmp_path / "dem.tif", toyland.plan, lambda lon, _: 250 + 2_000 * np.abs(lon - 120.05))
    kept = imported(source, toyland.plan, tmp_path / "out.tif", read_ground(toyland.folder))
    slope = slope_on(kept, travel_grid(toyland.plan))
    ground = scored(toyland.plan, RECIPE, travel_time(toyland.plan, "jia", "planned", slope=slope))
    assert ground.missing == ()
    # Whoever leaves the roads is slower on a slope, for the suitability as on the sheet of travel time.
    flat = scored(toyland.plan, RECIPE).scores["travel_time"]
    assert np.nanmin(flat - ground.scores["travel_time"]) >= 0
    assert np.nanmax(flat - ground.scores["travel_time"]) > 0
    assert np.nanmin(ground.scores["slope"]) >= 0
    assert weigh(ground, presets()["industry"].weights).weights["slope"] == pytest.approx(0.3)


def test_the_best_hectares_are_as_many_as_asked_for_and_within_their_town(toyland: Opened) -> None:
    result = weigh(scored(toyland.plan, RECIPE), presets()["industry"].weights)
    shapes = {town.name: town.geometry for town in toyland.plan.layers["town"].rows}
    assert {town.name for town in result.towns} == set(shapes)
    for town in result.towns:
        assert town.best_ha == pytest.approx(tables()["best_ha"], rel=0.01)
        # A cell belongs to the town that holds its centre.
        assert town.best.within(shapes[town.name].buffer(result.grid.cell_m))
        assert town.best_score >= town.mean - 1e-3


def test_a_weight_of_nothing_changes_nothing_when_it_moves(toyland: Opened) -> None:
    ground = scored(toyland.plan, RECIPE)
    weights = {**presets()["industry"].weights, "zone": 0.0}
    result = weigh(ground, weights)
    assert "zone" not in {shift.criterion for shift in result.shifts}
    alone = weigh(ground, {criterion: float(criterion == "zone") for criterion in weights})
    assert all(shift.moved == 0 and shift.kept == 1 for shift in alone.shifts)


def test_no_weight_at_all_gives_no_score(toyland: Opened) -> None:
    result = weigh(scored(toyland.plan, RECIPE), dict.fromkeys(presets()["industry"].weights, 0.0))
    assert np.isnan(result.score).all()
    assert all(town.best.is_empty for town in result.towns)


def test_sensitivity_tells_which_weight_the_ranking_hangs_on(toyland: Opened) -> None:
    result = weigh(scored(toyland.plan, RECIPE), presets()["industry"].weights)
    assert {shift.share for shift in result.shifts} == {-0.2, 0.2}
    for shift in result.shifts:
        assert 0 <= shift.kept <= 1
        assert bool(shift.town) == (shift.farthest > 0) == (shift.moved > 0)


def test_distances_are_those_to_the_nearest_cell() -> None:
    where = grid(40, 40)
    line = shapely.LineString([(where.west + 5, where.north), (where.west + 5, where.north - 400)])
    assert np.allclose(distances([line], where)[10], np.arange(40) * 10)


def test_best_cells_cohere_and_prefer_the_middle_of_level_ground() -> None:
    where = grid(21, 21, 100)
    level = np.full(where.shape, 50, np.float32)
    chosen = best_cells(smoothed(level, where), np.ones(where.shape, bool), 9)
    assert chosen.sum() == 9
    assert chosen[9:12, 9:12].all()
    lone = np.zeros(where.shape, np.float32)
    lone[2, 2], lone[10:16, 10:16] = 100, 80
    found = best_cells(smoothed(lone, where), np.ones(where.shape, bool), 4)
    assert not found[2, 2]
    assert found[10:16, 10:16].sum() == 4
