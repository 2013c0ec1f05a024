"""The map page: the sheets at the left, the map in the middle, the card or the sheet's note at the right."""

from __future__ import annotations

import html
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from atlas import ui
from atlas.cards import card, target_value, targets_of
from atlas.desk.session import desk_of
from atlas.drawing import left_open
from atlas.mapview import atlas_map
from atlas.opened import web_map
from atlas.sites.overlay import site_id
from atlas.webpage import page
from atlas.words import certainty, say

if TYPE_CHECKING:
    from atlas.opened import Opened
    from atlas.sheets import Sheet
    from layers import Feature
    from layers.errors import Language


def current_sheet(district: Opened, language: Language) -> Sheet:
    """Return the sheet of the view; a link to one that is gone is said and leads to the first."""
    wanted, feature = ui.recalled("sheet"), ui.recalled("feature")
    if wanted and wanted not in district.atlas.sheets:
        st.sidebar.info(say(language, "app.unknown_sheet"))
        wanted = ""
    known = not feature or district.plan.feature(feature) is not None or site_id(feature) in _sites()
    if not known:
        st.sidebar.info(say(language, "app.unknown_feature"))
        feature = ""
    sheet = district.atlas.sheet(wanted)
    ui.remember(sheet=sheet.id, feature=feature, off=ui.recalled("off"), base=ui.recalled("base"))
    return sheet


def _sites() -> set[str]:
    """Return the ids of the user's own sites that lie over the sheet."""
    return set(desk.bench.sites.frame["id"]) if desk.bench else set()


def choose_sheet(district: Opened, sheet: Sheet, language: Language) -> None:
    """Show search and the list of sheets."""
    layers = district.plan.layers
    features = {f.id: f for f in district.plan.features() if not layers[f.kind].kind.backdrop}
    kinds = {kind: layer.kind.name.in_(language) for kind, layer in district.plan.layers.items()}
    with st.sidebar:
        st.selectbox(
            say(language, "app.search"),
            list(features),
            index=None,
            format_func=lambda id_: f"{features[id_].name} · {kinds[features[id_].kind]}",
            placeholder=say(language, "app.search_hint"),
            key="found",
            on_change=_found,
            args=(district, sheet),
        )
        for group, members in groupby(district.atlas.sheets.values(), key=lambda member: member.group):
            st.html(f'<h2 class="atlas-group">{html.escape(district.atlas.groups[group].in_(language))}</h2>')
            for member in members:
                st.button(
                    member.title.in_(language),
                    key=f"sheet-{member.id}",
                    type="primary" if member.id == sheet.id else "tertiary",
                    width="stretch",
                    on_click=_sheet_chosen,
                    args=(member.id,),
                )


def _sheet_chosen(id_: str) -> None:
    ui.remember(sheet=id_, feature="")


def _found(district: Opened, sheet: Sheet) -> None:
    if found := st.session_state["found"]:
        ui.select(found, sheet=ui.sheet_of(district, found, sheet).id)


def _clicked() -> None:
    # The layers switched in the browser come along, so that the address the server writes has them too.
    click = st.session_state["map"] or {}
    ui.remember(feature=click.get("selected") or "", off=click.get("off", ""), base=click.get("base", ""))


@st.fragment
def show_sheet(district: Opened, sheet: Sheet, language: Language) -> None:
    """Show map and card; a click on the map reruns this part of the page alone, a pan nothing at all."""
    web, feature = web_map(district, language), ui.recalled("feature")
    middle, right = st.columns([3, 1], gap="small")
    hidden = {id_ for id_ in ui.recalled("off").split(",") if id_}
    row = district.plan.feature(feature) if feature else None
    with middle:
        document = web.document(
            sheet,
            selected=feature,
            hidden=hidden,
            basemap=ui.recalled("base"),
            fly=st.session_state.get("fly", 0),
            overlays=desk.layers(language),
        )
        atlas_map(document, key="map", on_click=_clicked)
    with right, st.container(key="side"):
        # The table is drawn when it is asked for: its part of the page is heavier than the map.
        titles = [say(language, "app.sheet_note"), say(language, "app.table_twin")]
        about, twin = st.tabs(titles, key="side_tab", on_change="rerun")
        with about:
            if site_id(feature):
                show_site(site_id(feature), language)
            elif row is None:
                show_note(district, sheet, language)
            else:
                show_card(district, row, language)
        with twin:
            if twin.open:
                show_table(district, sheet, language)


def show_card(district: Opened, row: Feature, language: Language) -> None:
    """Show what is known of the selected feature."""
    known = card(district.plan, row, language)
    st.html(ui.heading(known.title, known.subtitle) + ui.definition_list(known.rows))
    if not known.clauses:
        st.html(ui.paragraph(say(language, "card.no_statement")))
    for clause in known.clauses:
        quote = f"<blockquote>{html.escape(clause.phrase)}</blockquote>"
        facts = " · ".join(filter(None, (clause.where, clause.target)))
        missing = ui.paragraph(clause.missing, "atlas-missing") if clause.missing else ""
        st.html(f'<div class="atlas-clause">{quote}<p>{html.escape(facts)}</p>{missing}</div>')
        label = f"{say(language, 'app.statement_link')} {clause.id}"
        st.page_link(ui.page_file("register"), label=label, query_params={"statement": clause.id})
    if known.targets:
        st.html(ui.heading(say(language, "card.targets")) + ui.bullets((text, "") for text in known.targets))
    st.button(say(language, "app.close"), on_click=ui.remember, kwargs={"feature": ""})


def show_site(site: str, language: Language) -> None:
    """Show what a site of the user's own is called, and the way to its results."""
    if desk.bench is None:
        return
    [known] = desk.bench.sites.frame[desk.bench.sites.frame["id"] == site].to_dict("records")
    st.html(ui.heading(known["name"] or site, known["category"]) + ui.paragraph(known["content"] or known["location"]))
    st.page_link(ui.page_file("sites"), label=say(language, "sites.see_results"), query_params={"site": site})
    st.button(say(language, "app.close"), on_click=ui.remember, kwargs={"feature": ""})


def show_note(district: Opened, sheet: Sheet, language: Language) -> None:
    """Show what the sheet is about, what the text leaves open, and the numbers of its topics."""
    st.html(
        ui.heading(sheet.title.in_(language), district.plan.district.plan_title.in_(language))
        + ui.paragraph(sheet.note.in_(language))
        + ui.paragraph(say(language, "app.no_selection"), "atlas-hint")
    )
    missing = left_open(district.plan, sheet)
    st.html(ui.heading(f"{say(language, 'app.left_open')} ({len(missing)})"))
    st.html(ui.bullets(missing) if missing else ui.paragraph(say(language, "app.left_open_none")))
    if numbers := targets_of(district.plan.targets.values(), sheet.topics):
        st.html(ui.heading(say(language, "app.numbers")))
        st.html(ui.bullets((t.indicator.in_(language), target_value(t, language)) for t in numbers))
    if st.button(say(language, "figures.to_figures"), key="to_figures", width="stretch"):
        # The address knows which layers are switched in the browser, the session only those of the last click.
        st.switch_page(ui.page_file("figures"), query_params=st.query_params.to_dict() | {"sheet": sheet.id})
    st.download_button(
        say(language, "app.download_html"),
        data=lambda: page(web_map(district, language), sheet, desk.layers(language)),
        file_name=f"{district.plan.district.id}-{sheet.id}.html",
        mime="text/html",
        on_click="ignore",
        width="stretch",
    )


def show_table(district: Opened, sheet: Sheet, language: Language) -> None:
    """Show the features of the sheet as a table; choosing a row finds it on the map."""
    rows = [
        {
            "id": feature.id,
            say(language, "register.name"): feature.name,
            say(language, "card.kind"): district.plan.layers[layer.kind].kind.name.in_(language),
            say(language, "card.status"): say(language, f"status.{feature.status}"),
            say(language, "card.position"): certainty(language, feature.basis, feature.sigma_m),
        }
        for layer in reversed(sheet.layers)
        for feature in district.plan.layers[layer.kind].rows
        if layer.status in {"", feature.status} and not district.plan.layers[layer.kind].kind.backdrop
    ]
    st.caption(say(language, "app.table_hint"))
    frame = pd.DataFrame(rows).set_index("id")
    st.dataframe(
        frame,
        hide_index=True,
        height=520,
        key="twin",
        on_select=lambda: _row_chosen(list(frame.index)),
        selection_mode="single-row",
    )


def _row_chosen(ids: list[str]) -> None:
    if chosen := st.session_state["twin"]["selection"]["rows"]:
        ui.select(ids[chosen[0]])


language = ui.current_language()
district = ui.opened(language)
desk = desk_of(district.plan)
sheet = current_sheet(district, language)
ui.choices(district, language)
choose_sheet(district, sheet, language)
show_sheet(district, sheet, language)
