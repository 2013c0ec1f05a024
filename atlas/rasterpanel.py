"""The part of the map page beside a raster: what it was computed from, sliders, tables, and downloads.

Every choice is a part of the view in the address line, and reruns the map's part of the page alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from atlas import ui
from atlas.rasters.network import speeds
from atlas.rasters.presets import presets, tables
from atlas.rasters.recipes import TERRAIN
from atlas.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from atlas.opened import Opened
    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.view import View
    from atlas.sheets import Sheet
    from atlas.webmap import WebMap
    from layers import Plan
    from layers.errors import Language

# What the address line calls these choices; another sheet starts without them.
CHOICES: Final = ("surface", "from", "network", "preset", "weights")
_LARGEST_WEIGHT: Final = 100
# Columns that a table beside the map may have; the file for download has them all.
_WIDEST: Final = 5


def chosen(district: Opened, sheet: Sheet, elevation: Path | None) -> RasterRecipe | None:
    """Return the recipe of a sheet's raster with what the user has chosen; None for a sheet without one."""
    recipe = district.atlas.rasters.get(sheet.raster)
    if recipe is None:
        return None
    origin, network = ui.recalled("from"), ui.recalled("network")
    if origin in _origins(district.plan):
        recipe = replace(recipe, origin=origin)
    if network in speeds()["networks"]:
        recipe = replace(recipe, network=network)
    if recipe.kind == "suitability":
        if (preset := ui.recalled("preset")) in presets():
            recipe = replace(recipe, preset=preset)
        recipe = replace(recipe, weights=_weights(ui.recalled("weights"), recipe.preset))
    if (shown := ui.recalled("surface")) in TERRAIN and elevation and elevation.is_file():
        recipe = replace(recipe, kind=shown)
    return recipe


def forget() -> dict[str, str]:
    """Return the choices as a new sheet starts with: none."""
    return dict.fromkeys(CHOICES, "")


def show_panel(district: Opened, sheet: Sheet, recipe: RasterRecipe, web: WebMap, language: Language) -> None:
    """Show the choices, tables and downloads of a raster."""
    view = web.surface(recipe)
    if web.elevation and web.elevation.is_file():
        own = district.atlas.rasters[sheet.raster].kind
        st.segmented_control(
            say(language, "terrain.shown"),
            [own, *TERRAIN],
            default=recipe.kind,
            format_func=lambda kind: say(language, f"terrain.{kind}" if kind in TERRAIN else f"raster.{kind}"),
            key="raster_surface",
            on_change=lambda: ui.remember(surface=st.session_state["raster_surface"] or ""),
        )
    if recipe.kind not in TERRAIN:
        _choose(district.plan, recipe, view.missing, language)
    for title, head, rows in view.tables[:1]:
        st.html(ui.heading(title) + ui.table(head, rows))
    st.html(ui.bullets(("", note) for note in view.notes))
    for title, head, rows in view.tables[1:]:
        if len(head) > _WIDEST:
            continue
        with st.expander(title):
            st.html(ui.table(head, rows))
    _offer(district.plan.district.id, sheet, view, language)


def _choose(plan: Plan, recipe: RasterRecipe, missing: tuple[str, ...], language: Language) -> None:
    origins = _origins(plan)
    if recipe.kind == "suitability":
        names = presets()
        st.segmented_control(
            say(language, "raster.preset"),
            list(names),
            default=recipe.preset,
            format_func=lambda id_: names[id_].name.in_(language),
            key="raster_preset",
            on_change=_preset_chosen,
        )
        with st.expander(say(language, "raster.weights")):
            weights = dict(presets()[recipe.preset].weights) | dict(recipe.weights)
            for criterion, weight in weights.items():
                st.slider(
                    tables()["criteria"][criterion][language],
                    0,
                    _LARGEST_WEIGHT,
                    round(weight),
                    disabled=criterion in missing,
                    key=f"weight_{recipe.preset}_{criterion}",
                    on_change=_weights_moved,
                    args=(recipe.preset, tuple(weights)),
                )
    st.selectbox(
        say(language, "raster.origin"),
        list(origins),
        index=list(origins).index(recipe.origin) if recipe.origin in origins else None,
        format_func=lambda id_: origins[id_],
        key="raster_origin",
        on_change=lambda: ui.remember(**{"from": st.session_state["raster_origin"] or ""}),
    )
    st.segmented_control(
        say(language, "raster.network"),
        list(speeds()["networks"]),
        default=recipe.network,
        format_func=lambda id_: say(language, f"network.{id_}_short"),
        key="raster_network",
        on_change=lambda: ui.remember(network=st.session_state["raster_network"] or ""),
    )


def _preset_chosen() -> None:
    ui.remember(preset=st.session_state["raster_preset"] or "", weights="")


def _weights_moved(preset: str, criteria: tuple[str, ...]) -> None:
    moved = {name: st.session_state[f"weight_{preset}_{name}"] for name in criteria}
    usual = presets()[preset].weights
    ui.remember(weights=",".join(f"{name}:{value}" for name, value in moved.items() if value != usual[name]))


def _weights(text: str, preset: str) -> tuple[tuple[str, float], ...]:
    """Return the weights of the address line that the preset knows."""
    pairs = [part.partition(":") for part in text.split(",")]
    known = presets()[preset].weights
    return tuple(
        (name, float(min(int(value), _LARGEST_WEIGHT)))
        for name, _, value in pairs
        if name in known and value.isdecimal()
    )


def _origins(plan: Plan) -> dict[str, str]:
    """Return what a travel time may start from: located places first, then every feature that can be pointed at."""
    places = {place.id: place.name for place in plan.places.values() if place.is_located}
    kinds = {id_: layer.kind for id_, layer in plan.layers.items()}
    return {f.id: f.name for f in plan.features() if not kinds[f.kind].backdrop} | places


def _offer(district: str, sheet: Sheet, view: View, language: Language) -> None:
    """Offer the raster for download; each file is made when it is asked for."""
    # Only a sheet with a raster waits for these libraries.
    from atlas.rasters.export import cog_bytes, csv_bytes  # noqa: PLC0415

    name = f"{district}-{sheet.id}"
    columns = st.columns(3)
    tif, png, csv = columns
    tif.download_button(
        "GeoTIFF",
        data=lambda: cog_bytes(view.values, view.grid, {"TITLE": view.title, "NOTE": " ".join(view.notes)}),
        file_name=f"{name}.tif",
        mime="image/tiff",
        on_click="ignore",
        width="stretch",
        help=say(language, "raster.download_tif"),
    )
    png.download_button(
        "PNG",
        data=lambda: view.figure.png,
        file_name=f"{name}.png",
        mime="image/png",
        on_click="ignore",
        width="stretch",
        help=say(language, "raster.download_png"),
    )
    _, head, rows = view.tables[-1]
    csv.download_button(
        "CSV",
        data=lambda: csv_bytes(head, rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
        help=say(language, "raster.download_csv"),
    )
