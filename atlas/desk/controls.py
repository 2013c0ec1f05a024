"""Control layers in the app: an office's own borders, kept in its workspace for all its windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from atlas import ui
from atlas.words import say
from layers import PlanError

if TYPE_CHECKING:
    from atlas.desk.session import Desk
    from layers.errors import Language

_SUFFIXES = ("gpkg", "zip", "shp", "shx", "dbf", "prj", "cpg", "geojson", "kml", "kmz", "dxf", "txt", "parquet")


def show_controls(desk: Desk, language: Language) -> None:
    """Show which control layers there are, and let them be added and removed."""
    shelf = desk.shelf
    st.html(ui.heading(say(language, "sites.controls"), say(language, "sites.controls_hint")))
    try:
        held = shelf.controls()
    except PlanError as error:
        held = ()
        for finding in error.findings:
            st.text(finding.line(language))
    if held:
        rows = ((c.title.in_(language), say(language, "sites.control_features", n=len(c.target))) for c in held)
        st.html(ui.definition_list(rows))
    for file in shelf.files():
        left, right = st.columns([4, 1], gap="small", vertical_alignment="center")
        left.text(file.name)
        right.button(
            say(language, "sites.remove"),
            key=f"remove {file.name}",
            on_click=lambda name=file.name: _remove(desk, name),
            width="stretch",
        )
    with st.container(key="sites_controls"):
        files = st.file_uploader(
            say(language, "sites.add_control"),
            type=list(_SUFFIXES),
            accept_multiple_files=True,
            key=f"controls {desk.turn}",
        )
    if files:
        try:
            shelf.add({file.name: file.getvalue() for file in files})
            desk.troubles = ()
        except PlanError as error:
            desk.troubles = error.findings
        desk.turn += 1
        st.rerun()


def _remove(desk: Desk, name: str) -> None:
    desk.shelf.remove(name)
    desk.turn += 1
