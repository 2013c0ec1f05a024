"""What all pages of the app share: the opened district, the view in the address line, and how text is put on the page.

Only this module, the pages and the map component know Streamlit.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

import streamlit as st

from atlas.locations import STATIC
from atlas.opened import Opened, folder_of, geodata, open_district
from atlas.words import LANGUAGES, say
from layers import PlanError, districts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atlas.sheets import Sheet
    from layers import Finding
    from layers.errors import Language

PAGES: Final = ("map", "register", "targets", "sites", "figures", "sources")
# What marks an address that says which view it is, and what holds for all views of a session.
_VIEWS: Final = ("sheet", "statement", "site")
_LASTING: Final = ("lang", "district", "set", "draft")


# ---- the app's frame


def open_app() -> None:
    """Run the app: the frame of the window, the navigation, and the page that the address asks for."""
    language = current_language()
    st.set_page_config(say(language, "app.title"), layout="wide", initial_sidebar_state="auto")
    st.html(STATIC / "app.css")
    # Streamlit's own button for files speaks English only.
    word = json.dumps(say(language, "app.choose_file"), ensure_ascii=False)
    st.html(f"<style>.stFileUploader {{ --atlas-choose: {word}; }}</style>")
    st.navigation([page(name, language) for name in PAGES], position="top").run()


def page(name: str, language: Language) -> st.Page:
    """Return a page of the app, titled in a language."""
    file, title = f"atlas/pages/{name}.py", say(language, f"app.page_{name}")
    return st.Page(file, title=title, url_path=name, default=name == PAGES[0])


def page_file(name: str) -> str:
    """Return the script of a page, as links between pages want it."""
    return f"atlas/pages/{name}.py"


def choices(district: Opened, language: Language) -> None:
    """Show at the head of the sidebar which district this is, and the language switch."""
    name = district.plan.district.name.in_(language)
    with st.sidebar:
        title, switch = st.columns([1, 1], vertical_alignment="center")
        title.html(heading(name, say(language, "app.title")))
        switch.segmented_control(
            say(language, "app.language"),
            LANGUAGES,
            default=language,
            format_func=lambda id_: say(id_, "app.language_short"),
            key="pick_language",
            on_change=_language_picked,
            label_visibility="collapsed",
        )


def _choose_district(current: str, language: Language) -> None:
    """Show which districts there are, if there are several; also where the current one cannot be opened."""
    ids = districts(geodata())
    if len(ids) > 1:
        st.sidebar.selectbox(
            say(language, "app.district"),
            ids,
            index=ids.index(current),
            key="pick_district",
            on_change=_district_picked,
        )


def _district_picked() -> None:
    remember(district=st.session_state["pick_district"], sheet="", feature="", statement="")


def _language_picked() -> None:
    remember(lang=st.session_state["pick_language"] or LANGUAGES[0])


# ---- the view: it lives in the address line, so that a link restores it


def recalled(key: str) -> str:
    """
    Return a part of the view: as the address line has it.

    A page that comes back with a bare address (by the navigation) finds in the session what it showed last. An address
    that says anything of the view says all of it: after the back button, what it leaves out is not there.
    """
    if key in st.query_params:
        return str(st.query_params[key])
    bare = not any(name in st.query_params for name in _VIEWS)
    return str(st.session_state.get(f"view_{key}", "")) if bare or key in _LASTING else ""


def remember(**values: str) -> None:
    """Put parts of the view into the address line, and into the session for pages that come back without them."""
    st.session_state.update({f"view_{key}": value for key, value in values.items()})
    view = {key: value for key, value in (st.query_params.to_dict() | values).items() if value}
    # All at once: each change of the address is a step that the back button undoes.
    if view != st.query_params.to_dict():
        st.query_params.from_dict(view)


def current_language() -> Language:
    """Return the language of the interface; Chinese unless the view says otherwise."""
    wanted = recalled("lang")
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def select(feature: str, **view: str) -> None:
    """Select a feature, with other parts of the view if need be, and have the map fly to it."""
    remember(feature=feature, **view)
    st.session_state["fly"] = st.session_state.get("fly", 0) + 1


# ---- the district


def opened(language: Language) -> Opened:
    """Return the district of the view; where its data have faults, show them and end the page."""
    try:
        folder = folder_of(recalled("district"))
        _choose_district(folder.name, language)
        return open_district(folder)
    except PlanError as error:
        _show_faults([finding for finding in error.findings if finding.level == "error"], language)
        st.stop()


def _show_faults(errors: Iterable[Finding], language: Language) -> None:
    st.error(f"**{say(language, 'app.data_problem')}**")
    st.caption(say(language, "app.data_problem_hint"))
    st.html(table(finding_head(language), (finding_row(finding, language) for finding in errors)))
    st.button(say(language, "app.reload"), type="primary")


def finding_head(language: Language) -> list[str]:
    """Return the column titles of a table of findings."""
    return [say(language, f"sources.{key}") for key in ("level", "where", "what", "fix")]


def finding_row(finding: Finding, language: Language) -> list[str]:
    """Return a finding as a row of a table."""
    return [
        say(language, f"level.{finding.level}"),
        finding.where,
        finding.what(language),
        finding.fix(language),
    ]


def sheet_of(district: Opened, feature: str, current: Sheet) -> Sheet:
    """Return a sheet that shows a feature: the current one if it does, else the first made for it."""
    row = district.plan.feature(feature)

    def shows(sheet: Sheet) -> bool:
        return row is not None and any(
            layer.kind == row.kind and layer.status in {"", row.status} and layer.on for layer in sheet.layers
        )

    whole, *themes = district.atlas.sheets.values()
    return next((sheet for sheet in (current, *themes) if shows(sheet)), whole)


# ---- text on the page: names come from files that anybody may edit, so none of them is ever read as markup


def definition_list(rows: Iterable[tuple[str, str]]) -> str:
    """Return labelled facts as HTML."""
    items = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(text)}</dd>" for label, text in rows)
    return f'<dl class="atlas-facts">{items}</dl>'


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as HTML."""
    titles = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="atlas-table"><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>'


def heading(title: str, subtitle: str = "") -> str:
    """Return a title and a subtitle as HTML."""
    small = f"<p>{html.escape(subtitle)}</p>" if subtitle else ""
    return f'<div class="atlas-heading"><h2>{html.escape(title)}</h2>{small}</div>'


def paragraph(text: str, class_: str = "atlas-note") -> str:
    """Return a paragraph as HTML."""
    return f'<p class="{class_}">{html.escape(text)}</p>'


def bullets(items: Iterable[tuple[str, str]]) -> str:
    """Return a list of names, each with what is said of it, as HTML."""
    entries = "".join(f"<li><b>{html.escape(name)}</b> {html.escape(text)}</li>" for name, text in items)
    return f'<ul class="atlas-list">{entries}</ul>'
