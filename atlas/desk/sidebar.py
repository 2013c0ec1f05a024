"""The left column of the project page: which site set, where new ones come from, and keeping them."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import streamlit as st

from atlas import ui
from atlas.desk.session import Desk, Origin
from atlas.sites.read import MAX_BYTES, MAX_SITES, SUFFIXES
from atlas.words import say
from layers import PlanError

if TYPE_CHECKING:
    from atlas.opened import Opened
    from atlas.sheets import Sheet
    from layers.errors import Language


def show_sidebar(desk: Desk, district: Opened, language: Language) -> Sheet:
    """Show the column and return the sheet that the sites are to lie on."""
    with st.sidebar:
        _sets(desk, language)
        _keeping(desk, language)
        _bringing(desk, language)
        sheets = district.atlas.sheets
        under = st.selectbox(
            say(language, "sites.under"),
            list(sheets),
            format_func=lambda id_: sheets[id_].title.in_(language),
            key="sites_under",
        )
    return sheets[under]


def show_troubles(desk: Desk, language: Language) -> None:
    """Show what the last action could not do, and the way out where there is one."""
    troubles = list(desk.troubles)
    try:
        desk.workspace.list()
    except PlanError as error:
        troubles += [finding for finding in error.findings if finding not in troubles]
    for finding in troubles:
        # A code block, since names in it are nobody's markup.
        st.error(say(language, "sites.trouble"))
        st.text(f"{finding.where}\n{finding.what(language)}\n{finding.fix(language)}")
    if any(finding.code == "workspace_unreadable" for finding in troubles):
        word = "sites.restore" if desk.workspace.has_backup else "sites.set_aside"
        if st.button(say(language, word), type="primary"):
            desk.workspace.restore()
            desk.troubles = ()
            st.rerun()


def _sets(desk: Desk, language: Language) -> None:
    names = desk.names()
    if not names:
        return

    def title(name: str) -> str:
        bench = desk.benches.get(name)
        return say(language, "sites.unsaved", name=name) if bench and bench.is_changed else name

    key = f"set_chosen {desk.turn}"
    st.selectbox(
        say(language, "sites.set"),
        names,
        index=names.index(desk.current) if desk.current in names else None,
        format_func=title,
        placeholder=say(language, "sites.choose_set"),
        key=key,
        on_change=lambda: desk.open(st.session_state[key] or ""),
    )


def _keeping(desk: Desk, language: Language) -> None:
    bench = desk.bench
    if bench is None:
        return
    with st.container(key="sites_keep"):
        save, undo, more = st.columns([1, 1, 1], gap="small")
    save.button(
        say(language, "sites.save"),
        type="primary" if bench.is_changed else "secondary",
        disabled=not bench.is_changed,
        on_click=desk.save,
        key="save_set",
        width="stretch",
    )
    undo.button(
        say(language, "sites.undo"),
        disabled=not bench.past,
        on_click=desk.undo,
        key="undo",
        width="stretch",
    )
    with more.popover(say(language, "sites.more"), width="stretch"):
        key = f"new_name {desk.turn}"
        st.text_input(say(language, "sites.name"), desk.current, key=key)
        st.button(say(language, "sites.save_as"), on_click=lambda: desk.save(st.session_state[key]), width="stretch")
        st.caption(say(language, "sites.delete_hint"))
        st.button(say(language, "sites.delete_set"), on_click=desk.delete, width="stretch")


def _bringing(desk: Desk, language: Language) -> None:
    st.html(f'<h2 class="atlas-group">{say(language, "sites.bring")}</h2>')
    endings = "、".join(SUFFIXES) if language == "zh" else ", ".join(SUFFIXES)
    caps = say(language, "sites.caps", megabytes=MAX_BYTES >> 20, sites=f"{MAX_SITES:,}")
    with st.container(key="sites_upload"):
        files = st.file_uploader(
            say(language, "sites.upload"),
            type=[ending.removeprefix(".") for ending in SUFFIXES],
            accept_multiple_files=True,
            help=say(language, "sites.endings", endings=endings),
            key=f"upload {desk.turn}",
        )
        st.html(ui.paragraph(caps, "atlas-small"))
    if files:
        with st.spinner(say(language, "sites.reading_file")):
            content = {file.name: file.getvalue() for file in files}
            desk.take(Origin(files=content), PurePath(files[0].name).stem)
        desk.turn += 1
        st.rerun()
    with st.expander(say(language, "sites.paste")):
        key = f"pasted {desk.turn}"
        st.text_area(
            say(language, "sites.paste"),
            placeholder=say(language, "sites.paste_hint"),
            label_visibility="collapsed",
            height=140,
            key=key,
        )
        st.button(
            say(language, "sites.paste_read"),
            on_click=lambda: _paste(desk, st.session_state[key], language),
            width="stretch",
        )
    st.button(
        say(language, "sites.new_set"),
        on_click=lambda: desk.start(say(language, "sites.new_name")),
        width="stretch",
    )


def _paste(desk: Desk, text: str, language: Language) -> None:
    if text.strip():
        desk.take(Origin(text=text), say(language, "sites.pasted_name"))
