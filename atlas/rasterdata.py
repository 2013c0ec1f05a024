"""The part of the data page where an elevation model is brought in, and what it then says of the towns."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

from atlas import ui
from atlas.opened import elevation_of, geodata
from atlas.words import say
from layers import PlanError

if TYPE_CHECKING:
    from atlas.opened import Opened
    from atlas.rasters.dem import Elevation
    from layers.errors import Language

ENDINGS: Final = ("tif", "tiff", "hgt", "asc")


@st.fragment
def show_elevation(district: Opened, language: Language) -> None:
    """Show the imported elevation model, or how to bring one; both ways of bringing one."""
    # Only this part of the page waits for the raster libraries.
    from atlas.rasters.dem import open_elevation  # noqa: PLC0415

    st.html(ui.heading(say(language, "dem.title"), say(language, "dem.intro")))
    file = elevation_of(district.plan)
    try:
        elevation = open_elevation(file)
    except PlanError as error:
        st.error(error.text(language))
        elevation = None
    if elevation:
        _show_model(district, elevation, language)
    if file.is_file():
        st.button(say(language, "dem.remove"), key="dem_remove", on_click=file.unlink)
    else:
        st.html(ui.paragraph(say(language, "dem.none"), "atlas-hint"))
    upload, path = st.columns(2)
    with upload:
        megabytes = int(st.get_option("server.maxUploadSize"))
        given = st.file_uploader(say(language, "dem.upload", cap=megabytes), ENDINGS, key="dem_file")
        if given and st.button(say(language, "dem.import"), key="dem_import"):
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / Path(given.name).name
                source.write_bytes(given.getbuffer())
                _bring(district, source, language)
    with path:
        text = st.text_input(say(language, "dem.path"), key="dem_path", placeholder=say(language, "dem.path_hint"))
        if text and st.button(say(language, "dem.import"), key="dem_import_path"):
            _bring(district, Path(text.strip().strip('"')), language)


def _bring(district: Opened, source: Path, language: Language) -> None:
    """Import a file; what is wrong with it is said in one line."""
    from atlas.rasters.dem import import_elevation  # noqa: PLC0415 - as above
    from atlas.rasters.grid import district_area  # noqa: PLC0415
    from atlas.rasters.recipes import read_ground  # noqa: PLC0415

    plan, folder = district.plan, geodata() / district.plan.district.id
    bar = st.progress(0.0, say(language, "dem.working"))

    def tell(share: float) -> None:
        bar.progress(min(share, 1.0), say(language, "dem.working"))

    try:
        import_elevation(
            source,
            elevation_of(district.plan),
            district_area(plan),
            plan.crs,
            read_ground(folder),
            progress=tell,
        )
    except PlanError as error:
        bar.empty()
        st.error(error.text(language))
    else:
        st.rerun(scope="app")


def _show_model(district: Opened, elevation: Elevation, language: Language) -> None:
    from atlas.rasters.export import csv_bytes  # noqa: PLC0415 - as above
    from atlas.rasters.report import slope_table  # noqa: PLC0415
    from atlas.rasters.terrain import class_tables  # noqa: PLC0415

    facts = [
        (say(language, "dem.file"), elevation.name),
        (say(language, "dem.imported"), elevation.imported),
        (say(language, "dem.resolution"), say(language, "card.metres", n=f"{elevation.resolution_m:.3g}")),
        (say(language, "dem.heights"), f"{elevation.low_m:.0f}–{elevation.high_m:.0f}"),
        (say(language, "dem.covered"), f"{elevation.covered:.1%}"),
    ]
    st.html(ui.definition_list(facts))
    schemes = class_tables()["slope"]
    scheme = st.segmented_control(
        say(language, "dem.scheme"),
        list(schemes),
        default=next(iter(schemes)),
        format_func=lambda id_: schemes[id_][language],
        key="dem_scheme",
    ) or next(iter(schemes))
    layers = {id_: layer for id_, layer in district.plan.layers.items() if layer.kind.tiles and len(layer)}
    kind = (
        st.segmented_control(
            say(language, "dem.areas"),
            list(layers),
            default="town",
            format_func=lambda id_: layers[id_].kind.name.in_(language),
            key="dem_areas",
        )
        or "town"
    )
    table = slope_table(elevation, [(row.name, row.geometry) for row in layers[kind].rows], scheme, language)
    with st.expander(say(language, "dem.by_area"), expanded=False):
        st.html(ui.bullets(("", note) for note in table.notes))
        st.html(ui.table(table.head, table.rows))
    st.download_button(
        "CSV",
        data=lambda: csv_bytes(table.head, table.rows),
        file_name=f"{district.plan.district.id}-terrain.csv",
        mime="text/csv",
        on_click="ignore",
    )
