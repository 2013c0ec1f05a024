"""The project page: a planner's own sites on the map, what they touch, and what can be taken into a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from atlas import ui
from atlas.desk.controls import show_controls
from atlas.desk.exports import show_exports
from atlas.desk.reading import other_titles, show_reading
from atlas.desk.results import show_card, show_editor, show_table
from atlas.desk.session import Desk, desk_of
from atlas.desk.sidebar import show_sidebar, show_troubles
from atlas.mapview import atlas_map
from atlas.opened import web_map
from atlas.sites.bench import Bench, drawn, empty, moved
from atlas.sites.overlay import PREFIX, site_id
from atlas.words import say

if TYPE_CHECKING:
    from typing import Any

    from atlas.opened import Opened
    from atlas.sheets import Sheet
    from layers.errors import Language


def _told(desk: Desk, language: Language) -> None:
    """Take what the map tells: what was clicked, drawn or moved."""
    message: dict[str, Any] = st.session_state["sites_map"] or {}
    made = message.get("drawn")
    if not made:
        ui.remember(site=site_id(message.get("selected") or ""))
        return
    if desk.bench is None:
        desk.start(say(language, "sites.new_name"))
    bench = desk.bench or Bench(empty(desk.current, desk.plan))
    if made["tool"] == "move":
        desk.put(moved(bench, desk.plan, site_id(made["id"]), made["from"], made["to"]))
    else:
        name = say(language, "sites.drawn_name", n=len(bench.sites) + 1)
        bench = drawn(bench, desk.plan, made["tool"], made["coordinates"], name=name)
        desk.put(bench)
        ui.remember(site=str(bench.sites.frame["id"].iloc[-1]) if len(bench.sites) else "")


@st.fragment
def show_desk(desk: Desk, district: Opened, sheet: Sheet, language: Language) -> None:
    """Show map and results; a click on the map reruns this part of the page alone."""
    if desk.stale:
        st.rerun()  # the column at the left tells what is saved and what can be undone
    bench, site = desk.bench, ui.recalled("site")
    if bench is not None and site not in set(bench.sites.frame["id"]):
        site = ""
    middle, right = st.columns([3, 2], gap="small")
    with middle:
        overlays = [*desk.other_readings(other_titles(desk, language)), *desk.layers(language)]
        document = web_map(district, language).document(
            sheet,
            selected=f"{PREFIX}{site}" if site else "",
            hidden={id_ for id_ in ui.recalled("off").split(",") if id_},
            basemap=ui.recalled("base"),
            fly=st.session_state.get("fly", 0),
            overlays=overlays,
            draw=True,
            show=desk.opened,
        )
        atlas_map(document, key="sites_map", on_click=lambda: _told(desk, language))
    with right, st.container(key="side"):
        show_troubles(desk, language)
        if bench is None or not len(bench.sites):
            _show_start(language, drawn_on=bench is not None)
        else:
            _show_sites(desk, district, sheet, site, language)


def _show_start(language: Language, *, drawn_on: bool) -> None:
    st.html(
        ui.heading(say(language, "app.page_sites"), say(language, "sites.intro"))
        + ui.bullets((say(language, f"sites.start_{way}"), say(language, f"sites.start_{way}_how")) for way in _WAYS)
        + ui.paragraph(say(language, "sites.empty_set" if drawn_on else "sites.privacy"), "atlas-hint")
    )


_WAYS = ("upload", "paste", "draw")


def _show_sites(desk: Desk, district: Opened, sheet: Sheet, site: str, language: Language) -> None:
    titles = [say(language, f"sites.tab_{name}") for name in ("results", "reading", "edit", "controls", "export")]
    results, reading, edit, controls, export = st.tabs(titles, key="sites_tab", on_change="rerun")
    with results:
        if results.open and (screening := _screened(desk, language)):
            show_table(desk, screening, language)
            if site:
                show_card(desk, screening, site, language)
            else:
                st.html(ui.paragraph(say(language, "sites.pick"), "atlas-hint"))
    with reading:
        if reading.open:
            show_reading(desk, language)
    with edit:
        if edit.open:
            show_editor(desk, language)
    with controls:
        if controls.open:
            show_controls(desk, language)
    with export:
        if export.open and (screening := _screened(desk, language)):
            show_exports(desk, district, sheet, screening, language)


def _screened(desk: Desk, language: Language) -> Any:  # noqa: ANN401 - a Screening, or None
    with st.spinner(say(language, "sites.screening")):
        return desk.screening()


language = ui.current_language()
district = ui.opened(language)
ui.choices(district, language)
desk = desk_of(district.plan)
desk.stale = False
sheet = show_sidebar(desk, district, language)
show_desk(desk, district, sheet, language)
