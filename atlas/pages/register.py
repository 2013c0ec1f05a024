"""The register page: every statement of the plan, what became of it, and the way to its features and back."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from atlas import ui
from atlas.words import say
from layers.records import STATES

if TYPE_CHECKING:
    from layers.errors import Language
    from layers.records import Statement

_ALL: Final = ""


def filtered(statements: list[Statement], language: Language) -> list[Statement]:
    """Show the filters and return the statements that pass them."""
    counts: dict[str, int] = {state: sum(s.state == state for s in statements) for state in STATES}
    kinds = {s.kind: district.plan.layers[s.kind].kind.name.in_(language) for s in statements}

    def title(state: str) -> str:
        name = say(language, f"register.{state or 'all'}")
        return f"{name} {counts.get(state, len(statements))}"

    every = say(language, "register.all")
    chapters = list(dict.fromkeys(s.chapter for s in statements))
    with st.sidebar:
        words = st.text_input(say(language, "register.filter_text"), key="words").strip()
        state = st.radio(say(language, "register.filter_state"), [_ALL, *STATES], format_func=title, key="state")
        in_chapter = st.selectbox(
            say(language, "register.filter_chapter"), [_ALL, *chapters], format_func=lambda c: c or every, key="chapter"
        )
        of_kind = st.selectbox(
            say(language, "register.filter_kind"), [_ALL, *kinds], format_func=lambda k: kinds.get(k, every), key="kind"
        )
    return [
        s
        for s in statements
        if (not state or s.state == state)
        and (not in_chapter or s.chapter == in_chapter)
        and (not of_kind or s.kind == of_kind)
        and (not words or words in f"{s.id} {s.name} {s.phrase} {s.target} {s.reason} {s.note}")
    ]


def show_table(shown: list[Statement], language: Language) -> None:
    """Show the statements as a table; choosing a row opens the statement."""
    columns = ("id", "name", "state", "reason", "phrase", "place", "target", "kind", "features", "note")
    plan = district.plan
    rows = [
        (
            s.id,
            s.name,
            say(language, f"register.{s.state}"),
            s.reason,
            s.phrase,
            " ".join(filter(None, (s.chapter, s.section))),
            s.target,
            plan.layers[s.kind].kind.name.in_(language),
            len(s.features) or None,
            s.note,
        )
        for s in shown
    ]
    frame = pd.DataFrame(rows, columns=[say(language, f"register.{column}") for column in columns])
    st.dataframe(
        frame,
        hide_index=True,
        height=700,
        key="statements",
        on_select=lambda: _row_chosen([s.id for s in shown]),
        selection_mode="single-row",
        column_config={say(language, "register.phrase"): st.column_config.TextColumn(width="large")},
    )


def _row_chosen(ids: list[str]) -> None:
    if chosen := st.session_state["statements"]["selection"]["rows"]:
        ui.remember(statement=ids[chosen[0]])


def show_statement(statement: Statement, language: Language) -> None:
    """Show one statement with links to its features on the map."""
    rows = [
        (say(language, f"register.{key}"), text)
        for key, text in (
            ("state", say(language, f"register.{statement.state}")),
            ("place", " ".join(filter(None, (statement.chapter, statement.section)))),
            ("target", statement.target),
            ("reason", statement.reason),
            ("note", statement.note),
        )
        if text
    ]
    st.html(
        ui.heading(statement.name, say(language, "register.of_statement", id=statement.id))
        + f'<div class="atlas-clause"><blockquote>{html.escape(statement.phrase)}</blockquote></div>'
        + ui.definition_list(rows)
    )
    first = district.atlas.sheet()
    for id_ in statement.features:
        row = district.plan.feature(id_)
        if row is not None:
            sheet = ui.sheet_of(district, id_, first)
            # A label is Markdown to Streamlit; a name is not.
            label = "".join(f"\\{c}" if c.isascii() and not c.isalnum() and c != " " else c for c in row.name)
            st.page_link(
                ui.page_file("map"),
                label=f"→ {label}",
                query_params={"sheet": sheet.id, "feature": id_},
            )


language = ui.current_language()
district = ui.opened(language)
ui.choices(district, language)
st.html(ui.heading(say(language, "app.page_register"), say(language, "register.intro")))
left, right = st.columns([3, 1], gap="medium")
with left:
    statements = list(district.plan.statements.values())
    shown = filtered(statements, language)
    st.caption(say(language, "register.count", shown=len(shown), total=len(statements)))
    if shown:
        show_table(shown, language)
    else:
        st.info(say(language, "register.nothing"))
with right, st.container(key="side"):
    chosen = district.plan.statements.get(ui.recalled("statement"))
    if chosen:
        ui.remember(statement=chosen.id)
        show_statement(chosen, language)
    else:
        st.html(ui.paragraph(say(language, "register.pick"), "atlas-hint"))
