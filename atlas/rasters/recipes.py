"""Which rasters the sheets of a district show: `rasters.toml`, read and checked; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from atlas.rasters.network import speeds
from atlas.rasters.presets import presets
from layers import io as files
from layers.fields import Table, check_word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from layers import Findings, Plan

FILE: Final = "rasters.toml"
KINDS: Final = ("travel_time", "suitability")
# What a sheet's raster may be swapped for once there is an elevation model.
TERRAIN: Final = ("slope", "elevation", "hillshade")


@dataclass(frozen=True, slots=True)
class RasterRecipe:
    """
    Everything that defines a raster of a sheet; equal recipes give equal rasters.

    Parameters
    ----------
    id
        As the sheets name it.
    kind
        One of `KINDS` in the data; a view may swap it for one of `TERRAIN`.
    origin, network
        Of a travel time: id of the place or feature it starts from, and which network counts. A suitability takes the
        travel time that is one of its criteria from the same place.
    preset
        Of a suitability: one of the presets.
    weights
        Weights that differ from the preset's, by criterion.
    """

    id: str
    kind: str
    origin: str
    network: str
    preset: str = ""
    weights: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of the district's heights, metres above sea level; both zero where nothing is."""

    low_m: float = 0.0
    high_m: float = 0.0


def read_ground(folder: Path) -> Ground:
    """Return the heights between which a district lies, as far as its data say."""
    file = folder / FILE
    tables: Mapping[str, Any] = files.read_toml(file).get("ground", {}) if file.is_file() else {}
    return Ground(float(tables.get("low_m", 0)), float(tables.get("high_m", 0)))


def read_recipes(folder: Path, plan: Plan, found: Findings) -> dict[str, RasterRecipe]:
    """
    Read a district's raster recipes.

    Parameters
    ----------
    folder
        May hold ``rasters.toml``.
    plan
        Gives the places and features that a recipe may start from.
    found
        Receives every fault of the file.

    Returns
    -------
    recipes
        By id, those without a fault; none if there is no such file.
    """
    file = folder / FILE
    if not file.is_file():
        return {}
    name = files.label(file)
    whole = Table(name, files.read_toml(file), found, ("recipes",), ("ground",))
    if "ground" in whole.values:
        ground = Table(f"{name}: ground", whole.values["ground"], found, ("low_m", "high_m"), ("note",))
        ground.size("low_m"), ground.size("high_m")
    listed = Table(f"{name}: recipes", whole.values.get("recipes", {}), found)
    origins = [place.id for place in plan.places.values() if place.is_located]
    origins += [feature.id for feature in plan.features()]
    recipes: dict[str, RasterRecipe] = {}
    for id_, value in listed.values.items():
        faults = len(found)
        table = Table(listed.at(id_), value, found, ("kind", "from", "network"), ("preset",))
        recipe = RasterRecipe(
            id=id_,
            kind=table.word("kind", KINDS),
            origin=table.text("from"),
            network=table.word("network", speeds()["networks"]),
            preset=table.word("preset", presets()) if "preset" in table.values else "",
        )
        # With records left out for a fault of their own, an origin is not reported a second time.
        if not found.errors():
            check_word(table.at("from"), recipe.origin, origins, found)
        if recipe.kind == "suitability" and not recipe.preset:
            found.add("missing_value", table.where, value="preset")
        if len(found) == faults:
            recipes[id_] = recipe
    return recipes
