"""The data page: where positions come from, how sure they are, under which licence, and what the audit found."""

from __future__ import annotations

import statistics

import streamlit as st

from atlas import rasterdata, ui
from atlas.words import say
from layers.records import BASES

language = ui.current_language()
district = ui.opened(language)
ui.choices(district, language)
plan = district.plan
st.html(ui.heading(say(language, "app.page_sources"), say(language, "sources.intro")))

about = [
    (say(language, "sources.plan"), plan.district.plan_title.in_(language)),
    (say(language, "sources.note"), plan.district.plan_note.in_(language)),
    (say(language, "sources.working_crs"), f"{plan.crs.name} ({plan.crs.to_string()})"),
    (say(language, "sources.fingerprint"), plan.fingerprint),
]
st.html(ui.definition_list(about))

rasterdata.show_elevation(district, language)

features = list(plan.features())
st.html(ui.heading(say(language, "sources.basis_counts")))
rows = []
for basis in BASES:
    sigmas = [feature.sigma_m for feature in features if feature.basis == basis]
    rows.append(
        [
            say(language, f"basis.{basis}"),
            say(language, f"basis_meaning.{basis}"),
            str(len(sigmas)),
            str(sum(p.basis == basis and p.lon is not None for p in plan.places.values())),
            f"{statistics.median(sigmas):.0f}" if sigmas else "—",
        ]
    )
head = ("basis", "meaning", "features", "places", "median_sigma")
st.html(ui.table((say(language, f"sources.{key}") for key in head), rows))

st.html(ui.heading(f"{say(language, 'sources.findings')} ({len(district.findings)})"))
if district.findings:
    st.html(ui.table(ui.finding_head(language), (ui.finding_row(f, language) for f in district.findings)))
else:
    st.success(say(language, "sources.findings_none"))

st.html(ui.heading(say(language, "sources.sources")))
titles = ("title", "licence", "datum", "accessed", "reference", "used", "note")
rows = [
    [
        source.title,
        source.licence,
        source.datum,
        source.accessed,
        source.reference or "—",
        str(
            sum(place.source == source.id for place in plan.places.values())
            + sum(feature.source == source.id for feature in features)
        ),
        source.note,
    ]
    for source in plan.sources.values()
]
st.html(ui.table((say(language, f"sources.{key}") for key in titles), rows))

st.html(ui.heading(say(language, "sources.layers")))
states = ("mapped", "district_wide", "unlocated")
rows = [
    [
        layer.kind.name.in_(language),
        str(len(layer)),
        *(str(sum(s.kind == id_ and s.state == state for s in plan.statements.values())) for state in states),
    ]
    for id_, layer in plan.layers.items()
]
head_words = [say(language, "register.kind"), say(language, "sources.features")]
st.html(ui.table([*head_words, *(say(language, f"register.{state}") for state in states)], rows))
