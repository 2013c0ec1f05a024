"""The detective's answer: how a file was understood, how sure that is, and what else it might be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from atlas import ui
from atlas.words import distance, say, words

if TYPE_CHECKING:
    from atlas.desk.session import Desk
    from atlas.sites.model import Alternative, Reading
    from layers.errors import Language

_SURE = 0.9
_MOST_PROBLEMS = 500


def show_reading(desk: Desk, language: Language) -> None:
    """Show it, with the choice to read the coordinates otherwise, and the rows that could not be read."""
    bench = desk.bench
    if bench is None:
        return
    reading, origin = bench.sites.reading, desk.origins.get(desk.current)
    st.html(ui.heading(say(language, "sites.reading"), say(language, "sites.reading_hint")))
    rows = [
        (say(language, "sites.format"), words(language)["format"].get(reading.format, reading.format)),
        (say(language, "sites.encoding"), reading.encoding),
        (say(language, "sites.coordinates"), system(reading, language)),
        (say(language, "sites.confidence"), f"{reading.confidence:.0%}"),
        (say(language, "sites.features"), str(reading.features)),
    ]
    st.html(ui.definition_list((label, text) for label, text in rows if text))
    if reading.confidence < _SURE:
        st.html(ui.paragraph(say(language, "sites.not_sure"), "atlas-missing"))
    if origin is not None and (reading.alternatives or origin.assume_crs):
        _choose(desk, reading, origin.assume_crs, language)
    problems = reading.problems
    st.html(ui.heading(f"{say(language, 'sites.problems')} ({len(problems)})"))
    if not problems:
        st.html(ui.paragraph(say(language, "sites.no_problems")))
        return
    shown = ([p.where, p.what(language), p.fix(language)] for p in problems[:_MOST_PROBLEMS])
    head = [say(language, f"sources.{key}") for key in ("where", "what", "fix")]
    st.html(ui.table(head, shown))
    if len(problems) > _MOST_PROBLEMS:
        st.caption(say(language, "sites.more_problems", n=len(problems) - _MOST_PROBLEMS))


def other_titles(desk: Desk, language: Language) -> dict[str, str]:
    """Return the titles of the other readings, by what one assumes for them, if they are to be shown on the map."""
    bench = desk.bench
    if bench is None or not st.session_state.get("show_ghosts"):
        return {}
    return {other.assume: alternative(other, language) for other in bench.sites.reading.alternatives}


def system(reading: Reading | Alternative, language: Language) -> str:
    """Return datum, projected CRS and axis order in words."""
    plane = reading.axis_order in {"east,north", "north,east"}
    parts = (
        say(language, f"datum.{reading.datum}"),
        reading.crs if plane else "",
        say(language, f"sites.axes_{_axes(reading)}"),
    )
    return " · ".join(filter(None, parts))


def alternative(other: Alternative, language: Language) -> str:
    """Return another reading in words: what it is, how likely, and how far it moves the sites."""
    moved = say(language, "sites.shift", distance=distance(language, other.shift_m))
    return f"{system(other, language)} · {other.confidence:.0%} · {moved}"


def _axes(reading: Reading | Alternative) -> str:
    return reading.axis_order.replace(",", "_")


def _choose(desk: Desk, reading: Reading, assumed: str, language: Language) -> None:
    others = {other.assume: alternative(other, language) for other in reading.alternatives}
    current = f"{system(reading, language)} · {reading.confidence:.0%}"
    choices = {assumed: current, **({"": say(language, "sites.as_found")} if assumed else {}), **others}
    key = f"assume {desk.turn}"
    st.radio(
        say(language, "sites.read_as"),
        list(choices),
        index=0,
        format_func=lambda assume: choices[assume],
        key=key,
        on_change=lambda: desk.read_as(st.session_state[key]),
    )
    if others:
        st.toggle(say(language, "sites.show_others"), key="show_ghosts")
