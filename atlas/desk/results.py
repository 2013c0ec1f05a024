"""The results beside the map: how the sites fared as a table, one card per site, and what would make it pass."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from atlas import ui
from atlas.opened import terrain_of
from atlas.screening.answers import Answer, answers_of, area_text, chance_text, share_text
from atlas.screening.repair import Nothing, Repair, smallest_change
from atlas.screening.rules import VERDICTS
from atlas.sites.bench import EDITABLE, edited, replaced, without
from atlas.theme import theme
from atlas.words import distance, say

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from atlas.desk.session import Desk
    from atlas.screening.screen import Screening
    from layers.errors import Language

_MU_M2 = 10_000 / 15
_MOST_COLOURED = 2_000
_MOST_EDITED = 2_000
_MOST_LISTED = 20_000
# The reader's order: what stops a project first.
_ORDER = ("hit", "uncertain", "no_data", "clear")
_COLOURS = {"hit": "#a3161c", "uncertain": "#8a4b00", "clear": "#1d6b3a", "no_data": "#55606b"}


def show_table(desk: Desk, screening: Screening, language: Language) -> None:
    """Show how many sites have which verdict, and the sites as a table; choosing a row finds it on the map."""
    frame = screening.sites.frame
    verdicts = np.array(screening.conclusions, object)
    counts = [(v, int((verdicts == v).sum())) for v in _ORDER]
    chips = "".join(_chip(v, f"{say(language, f'screening.verdict_{v}')} {n}") for v, n in counts if n)
    st.html(
        f'<div class="atlas-chips">{chips}</div>'
        + ui.paragraph(say(language, "screening.first_screening"), "atlas-small")
    )
    words, verdict, category = _filters(frame, language)
    text = frame["name"] + " " + frame["location"] + " " + frame["content"] + " " + frame["owner"]
    keep = np.ones(len(frame), bool)
    if words:
        keep &= text.str.contains(words, regex=False, case=False).to_numpy()
    if verdict:
        keep &= verdicts == verdict
    if category is not None:
        keep &= (frame["category"] == category).to_numpy()
    rows = np.flatnonzero(keep)
    if not len(rows):
        st.info(say(language, "sites.nothing"))
        return
    ranks = np.array([_ORDER.index(v) for v in verdicts[rows]])
    rows = rows[np.argsort(ranks, kind="stable")]
    _table(desk, screening, rows, language)


def _filters(frame: pd.DataFrame, language: Language) -> tuple[str, str, str | None]:
    every = say(language, "register.all")
    categories = sorted(set(frame["category"]))
    left, middle, right = st.columns([2, 1.2, 1.4], gap="small")
    words = left.text_input(
        say(language, "sites.find"),
        placeholder=say(language, "sites.find"),
        label_visibility="collapsed",
        key="site_words",
    ).strip()
    verdict = middle.selectbox(
        say(language, "sites.conclusion"),
        ["", *_ORDER],
        format_func=lambda v: say(language, f"screening.verdict_{v}") if v else every,
        label_visibility="collapsed",
        key="site_verdict",
    )
    category = right.selectbox(
        say(language, "sites.category"),
        [None, *categories],
        format_func=lambda c: every if c is None else c or say(language, "sites.no_category"),
        label_visibility="collapsed",
        key="site_category",
    )
    return words, verdict, category


def _table(desk: Desk, screening: Screening, rows: np.ndarray[Any, Any], language: Language) -> None:
    if len(rows) > _MOST_LISTED:
        st.caption(say(language, "sites.listed_first", n=_MOST_LISTED, all=len(rows)))
        rows = rows[:_MOST_LISTED]
    if len(screening) > theme()["sites"]["drawn"]:
        st.caption(say(language, "sites.drawn_first", n=theme()["sites"]["drawn"]))
    frame = screening.sites.frame.iloc[rows]
    named: dict[str, str] = {verdict: say(language, f"screening.verdict_{verdict}") for verdict in VERDICTS}
    title = say(language, "sites.conclusion")
    table = pd.DataFrame(
        {
            say(language, "sites.site"): frame["name"].where(frame["name"] != "", frame["id"]).to_numpy(),
            title: [named[screening.conclusions[row]] for row in rows],
            say(language, "sites.category"): frame["category"].to_numpy(),
            say(language, "sites.area_mu"): np.where(
                screening.area_m2[rows] > 0, screening.area_m2[rows] / _MU_M2, np.nan
            ),
            say(language, "sites.investment"): frame["investment_wan"].to_numpy(float),
        }
    )
    table = table.loc[:, [bool((column.notna() & (column != "")).any()) for _, column in table.items()]]
    colours = {named[verdict]: f"color: {colour}; font-weight: 600" for verdict, colour in _COLOURS.items()}
    shown: Any = table
    if len(table) <= _MOST_COLOURED:
        plain = {say(language, "sites.area_mu"): "{:,.1f}", say(language, "sites.investment"): "{:,.0f}"}
        shown = table.style.map(lambda value: colours.get(value, ""), subset=[title]).format(
            {column: form for column, form in plain.items() if column in table}
        )
    ids, key = list(frame["id"]), f"site_table {desk.turn}"
    st.dataframe(
        shown,
        hide_index=True,
        height=min(36 * len(table) + 40, 300),
        placeholder="—",
        key=key,
        on_select=lambda: _row_chosen(key, ids),
        selection_mode="single-row",
    )


def _row_chosen(key: str, ids: list[str]) -> None:
    if chosen := st.session_state[key]["selection"]["rows"]:
        choose(ids[chosen[0]])


def choose(site: str) -> None:
    """Select a site and have the map fly to it."""
    ui.remember(site=site)
    st.session_state["fly"] = st.session_state.get("fly", 0) + 1


def show_card(desk: Desk, screening: Screening, site: str, language: Language) -> None:
    """Show what is known of a site, each answer with its certainty, and what can be done about it."""
    bench = desk.bench
    if bench is None:
        return
    row = screening.row_of(site)
    known = screening.sites.frame.iloc[row]
    conclusion = screening.conclusions[row]
    subtitle = " · ".join(filter(None, (known["category"], known["nature"], known["years"])))
    st.html(
        '<hr class="atlas-rule">'
        + ui.heading(known["name"] or site, subtitle)
        + f'<div class="atlas-chips">{_chip(conclusion, say(language, f"screening.verdict_{conclusion}"))}</div>'
        + ui.definition_list(_facts(screening, row, language))
    )
    show_answers(answers_of(screening, site, language), language)
    _show_terrain(desk, known["name"] or site, known["geometry"], language)
    _repair(desk, screening, site, conclusion, language)
    left, right = st.columns(2, gap="small")
    left.button(say(language, "sites.delete"), key="delete_site", on_click=lambda: _delete(desk, site), width="stretch")
    right.button(
        say(language, "app.close"), key="close_site", on_click=ui.remember, kwargs={"site": ""}, width="stretch"
    )


def _facts(screening: Screening, row: int, language: Language) -> list[tuple[str, str]]:
    known, area = screening.sites.frame.iloc[row], float(screening.area_m2[row])
    money = known["investment_wan"]
    facts = (
        ("area", area_text(area, language) if area > 0 else ""),
        ("length", distance(language, known["geometry"].length) if known["geometry"].length and not area else ""),
        ("investment", say(language, "sites.wan", n=f"{money:,.0f}") if np.isfinite(money) else ""),
        ("location", known["location"]),
        ("owner", known["owner"]),
        ("content", known["content"]),
        ("position", say(language, "sites.sigma", distance=distance(language, known["sigma_m"]))),
        ("where", known["where"]),
        ("note", known["note"]),
        ("outside_row", "" if known["inside"] else say(language, "sites.outside")),
    )
    return [(say(language, f"sites.{key}"), text) for key, text in facts if text]


def _show_terrain(desk: Desk, name: str, shape: BaseGeometry, language: Language) -> None:
    """Show heights and slopes of an area behind their title, once there is an elevation model."""
    terrain = terrain_of(desk.plan)
    if terrain is None or not shape.area:
        return
    # Without a model nobody waits for the raster libraries.
    from atlas.rasters.report import slope_table  # noqa: PLC0415
    from atlas.rasters.terrain import class_tables  # noqa: PLC0415

    table = slope_table(terrain.elevation, [(name, shape)], next(iter(class_tables()["slope"])), language)
    body = ui.definition_list(zip(table.head[1:], table.rows[0][1:], strict=True))
    body += ui.bullets(("", note) for note in table.notes)
    title = html.escape(say(language, "sites.terrain"))
    st.html(f'<details class="atlas-more-answers"><summary>{title}</summary>{body}</details>')


def show_answers(answers: tuple[Answer, ...], language: Language) -> None:
    """Show hits and doubts openly, the rest behind their number."""
    for verdict in _ORDER:
        some = [answer for answer in answers if answer.verdict == verdict and not answer.informative]
        if not some:
            continue
        body = "".join(_answer(answer, language) for answer in some)
        if verdict in {"hit", "uncertain"}:
            st.html(body)
        else:
            name = html.escape(f"{say(language, f'screening.verdict_{verdict}')} ({len(some)})")
            st.html(f'<details class="atlas-more-answers"><summary>{name}</summary>{body}</details>')
    placed = theme()["report"]["placed"]
    where = [a for id_ in placed for a in answers if a.layer == id_ and a.informative and a.verdict != "no_data"]
    if where:
        st.html(
            ui.heading(say(language, "sites.where_it_lies")) + ui.definition_list((a.title, a.wording) for a in where)
        )
    if told := [answer for answer in answers if answer.informative and answer not in where]:
        body = "".join(_answer(answer, language) for answer in told)
        name = html.escape(f"{say(language, 'sites.informative')} ({len(told)})")
        st.html(f'<details class="atlas-more-answers"><summary>{name}</summary>{body}</details>')


def _answer(answer: Answer, language: Language) -> str:
    facts = []
    if answer.overlap_m2 > 0:
        facts.append(f"{area_text(answer.overlap_m2, language)} · {share_text(answer.share)}")
    if answer.distance_m > 0:
        facts.append(say(language, "sites.away", distance=distance(language, answer.distance_m)))
    if answer.verdict == "uncertain" and np.isfinite(answer.probability):
        facts.append(say(language, "sites.probability", percent=chance_text(answer.probability, language)))
    if answer.source:
        facts.append(answer.source)
    small = f"<small>{html.escape(' · '.join(facts))}</small>" if facts else ""
    chip = _chip(answer.verdict, say(language, f"screening.verdict_{answer.verdict}"))
    return f'<div class="atlas-answer">{chip}<p>{html.escape(answer.wording)}</p>{small}</div>'


def _chip(verdict: str, text: str) -> str:
    return f'<span class="atlas-chip {verdict}">{html.escape(text)}</span>'


def _repair(desk: Desk, screening: Screening, site: str, conclusion: str, language: Language) -> None:
    if conclusion != "hit":
        return
    key, asked = f"repair {desk.turn} {site}", f"repair asked {desk.turn} {site}"
    if not st.session_state.get(asked):
        st.button(say(language, "sites.repair"), key="ask_repair", on_click=_ask, args=(asked,), width="stretch")
        return
    if key not in st.session_state:
        with st.spinner(say(language, "sites.repairing")):
            st.session_state[key] = smallest_change(screening, site)
    repair: Repair | None = st.session_state[key]
    changes = [change for change in (repair.move, repair.trim) if change] if repair else []
    for number, change in enumerate(changes):
        st.html(f'<div class="atlas-clause"><p>{html.escape(change.text(language))}</p></div>')
        if not isinstance(change, Nothing):
            st.button(
                say(language, "sites.apply_change"),
                key=f"apply_repair {number}",
                on_click=_apply,
                args=(desk, site, change.geometry),
                width="stretch",
            )


def _ask(key: str) -> None:
    st.session_state[key] = True


def _apply(desk: Desk, site: str, shape: BaseGeometry) -> None:
    if desk.bench is not None:
        desk.put(replaced(desk.bench, desk.plan, site, shape))
        choose(site)


def _delete(desk: Desk, site: str) -> None:
    if desk.bench is not None:
        desk.put(without(desk.bench, {site}))
    ui.remember(site="")


def show_editor(desk: Desk, language: Language) -> None:
    """Show the attributes as a table that can be edited; each change can be undone."""
    bench = desk.bench
    if bench is None:
        return
    frame = bench.sites.frame.iloc[:_MOST_EDITED]
    st.html(ui.paragraph(say(language, "sites.edit_hint")))
    if len(bench.sites) > _MOST_EDITED:
        st.caption(say(language, "sites.edit_first", n=_MOST_EDITED))
    ids, key = list(frame["id"]), f"editor {desk.turn}"
    titles = {column: say(language, f"sites.{_WORDS.get(column, column)}") for column in EDITABLE}
    st.data_editor(
        pd.DataFrame(frame[list(EDITABLE)]),
        hide_index=True,
        height=520,
        num_rows="fixed",
        placeholder="",
        key=key,
        on_change=lambda: _edited(desk, key, ids),
        column_config={
            column: (
                st.column_config.NumberColumn(title, min_value=0)
                if column in {"investment_wan", "sigma_m"}
                else st.column_config.TextColumn(title)
            )
            for column, title in titles.items()
        },
    )


_WORDS = {"name": "site", "investment_wan": "investment", "sigma_m": "position_m"}


def _edited(desk: Desk, key: str, ids: list[str]) -> None:
    bench = desk.bench
    for row, cells in st.session_state[key]["edited_rows"].items():
        if bench is not None:
            bench = edited(bench, ids[int(row)], cells)
    if bench is not None:
        desk.put(bench)
