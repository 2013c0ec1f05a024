"""The targets page: the plan's numbers with unit and year, and charts of those that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt
import pandas as pd
import streamlit as st

from atlas import ui
from atlas.cards import target_value
from atlas.words import say

if TYPE_CHECKING:
    from layers.errors import Language
    from layers.records import Target

# The accent and the text colour of .streamlit/config.toml.
_BLUE: Final = "#0f5f8c"
_INK: Final = "#1c2730"


def show_chart(title: str, targets: list[Target], language: Language) -> None:
    """Show targets of one unit as bars, largest first."""
    if not targets:
        return
    ordered = sorted(targets, key=lambda t: -t.value)
    frame = pd.DataFrame(
        [(t.indicator.in_(language), t.value, target_value(t, language)) for t in ordered],
        columns=["name", "value", "text"],
    )
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N",
            sort=list(frame["name"]),
            title=None,
            axis=alt.Axis(labelLimit=260, labelOverlap=False, labelColor=_INK),
        ),
        x=alt.X("value:Q", title=None, axis=alt.Axis(grid=False, labels=False, ticks=False, domain=False)),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=" ")],
    )
    bars = base.mark_bar(color=_BLUE, height=13)
    labels = base.mark_text(align="left", dx=4, fontSize=12, color=_INK).encode(text="text:N")
    st.html(ui.heading(title))
    st.altair_chart((bars + labels).properties(height=22 * len(frame) + 30), key=f"chart-{title}")


def show_table(targets: list[Target], language: Language) -> None:
    """Show all targets with unit, year and the words they come from."""
    columns = (
        "topic",
        "indicator",
        "value",
        "year",
        "period",
        "where",
        "phrase",
        "statement",
        "note",
    )
    rows = [
        (
            say(language, f"topic.{t.topic}"),
            t.indicator.in_(language),
            target_value(t, language),
            t.year,
            say(language, f"period.{t.period}"),
            " ".join(filter(None, (t.chapter, t.section))),
            t.phrase,
            t.statement,
            t.note,
        )
        for t in targets
    ]
    frame = pd.DataFrame(rows, columns=[say(language, f"targets.{column}") for column in columns])
    st.dataframe(
        frame,
        hide_index=True,
        height=min(720, 36 * len(frame) + 40),
        column_config={
            say(language, "targets.year"): st.column_config.NumberColumn(format="%d"),
            say(language, "targets.phrase"): st.column_config.TextColumn(width="large"),
        },
    )


language = ui.current_language()
district = ui.opened(language)
ui.choices(district, language)
st.html(ui.heading(say(language, "app.page_targets"), say(language, "targets.intro")))
everything = list(district.plan.targets.values())
topics = list(dict.fromkeys(t.topic for t in everything))
with st.sidebar:
    chosen = st.pills(
        say(language, "targets.topic"),
        topics,
        selection_mode="multi",
        format_func=lambda topic: f"{say(language, f'topic.{topic}')} {sum(t.topic == topic for t in everything)}",
        key="topics",
    )
shown = [t for t in everything if not chosen or t.topic in chosen]
table, charts = st.columns([3, 2], gap="medium")
with table:
    if shown:
        show_table(shown, language)
    else:
        st.info(say(language, "targets.nothing"))
with charts:
    ahead = [t for t in shown if t.period != "base"]
    show_chart(say(language, "targets.chart_money"), [t for t in ahead if t.unit == "亿元"], language)
    show_chart(say(language, "targets.chart_shares"), [t for t in ahead if t.unit == "%"], language)
