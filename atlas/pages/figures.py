"""The figures page: a sheet on paper, the choices that make it, what is wrong with it, and files to take along."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from atlas import ui
from atlas.desk.session import desk_of
from atlas.figurepanel import Preview, book_of, change, file_of, preview_of, recipe_of, reopen
from atlas.figures.export import RESOLUTIONS
from atlas.figures.paper import SCALES
from atlas.figures.recipe import EDITIONS, ORIENTATIONS, PAPERS, THEMES
from atlas.opened import geodata
from atlas.sites.figures import site_layers
from atlas.words import say
from layers import PlanError, districts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atlas.figures.recipe import Recipe
    from atlas.opened import Opened
    from layers import Finding, Layer
    from layers.errors import Language

_MIMES: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# In the list of scales: the largest that fits.
_AUTOMATIC: Final = 0
# Of figures that cannot be composed: which values of the recipe mend it.
_MENDS: Final[dict[str, dict[str, Any]]] = {
    "paper_too_small": {"scale": None},
    "scale_too_large": {"scale": None},
    "title_too_long": {"title": ""},
}


def current_recipe(district: Opened, language: Language) -> Recipe:
    """Return the recipe of the view; a link to a sheet that is gone leads to the first."""
    wanted = ui.recalled("sheet")
    if wanted and wanted not in district.atlas.sheets:
        st.sidebar.info(say(language, "app.unknown_sheet"))
        wanted = ""
    sheet = district.atlas.sheet(wanted)
    ui.remember(sheet=sheet.id, off=ui.recalled("off"))
    return recipe_of(district, sheet.id, language)


# ---- the panel


def choose(district: Opened, recipe: Recipe, language: Language) -> None:
    """Show everything that can be chosen, as the recipe has it."""
    atlas = district.atlas
    with st.sidebar:
        titles = {sheet.id: sheet.title.in_(language) for sheet in atlas.sheets.values()}
        _pick("sheet", list(titles), recipe.sheet, titles)
        _switch("paper", PAPERS, recipe.paper, language)
        _switch("orientation", ORIENTATIONS, recipe.orientation, language)
        # A recipe that was dropped in may have a scale of its own.
        scales = sorted({_AUTOMATIC, *SCALES, recipe.scale or _AUTOMATIC})
        named = {n: f"1:{n:_}".replace("_", " ") for n in scales} | {_AUTOMATIC: say(language, "figures.scale_auto")}
        _pick("scale", scales, recipe.scale or _AUTOMATIC, named)
        _switch("theme", THEMES, recipe.theme, language)
        _switch("edition", EDITIONS, recipe.edition, language)
        own = {"district": district.plan.district.name.in_(language), "sheet": titles[recipe.sheet]}
        default = say(language, "figure.title", **own)
        _write("title", recipe.title, language, hint=default)
        _write("compiler", recipe.compiler, language, hint=say(language, "figures.compiler_hint"))
        _write("compiled", recipe.compiled, language)
        _write("review_number", recipe.review_number, language, hint=say(language, "figures.review_hint"))
        with st.expander(say(language, "figures.layers")):
            _layers(district, recipe, language)


def _label(field: str) -> str:
    return say(ui.current_language(), f"figures.{field}")


def _pick(field: str, options: Sequence[Any], value: object, titles: Mapping[Any, str]) -> None:
    key = f"figure_{field}"
    st.session_state[key] = value
    st.selectbox(_label(field), options, format_func=titles.__getitem__, key=key, on_change=_picked, args=(field,))


def _switch(field: str, options: Sequence[str], value: str, language: Language) -> None:
    key = f"figure_{field}"
    st.session_state[key] = value
    st.segmented_control(
        _label(field),
        options,
        required=True,
        format_func=lambda option: option if field == "paper" else say(language, f"figures.{field}_{option}"),
        key=key,
        on_change=_picked,
        args=(field,),
        width="stretch",
    )


def _write(field: str, value: str, language: Language, hint: str = "") -> None:
    key = f"figure_{field}"
    st.session_state[key] = value
    label = say(language, f"figures.{field}")
    st.text_input(label, key=key, placeholder=hint, max_chars=60, on_change=_picked, args=(field,))


def _picked(field: str) -> None:
    # A segment that is clicked again is let go of; then the choice stays as it was.
    value = st.session_state[f"figure_{field}"]
    if value is not None:
        change(**{field: (value or None) if field == "scale" else value})


def _layers(district: Opened, recipe: Recipe, language: Language) -> None:
    """Show the layers of the sheet as switches, the topmost first."""
    for layer in reversed(district.atlas.sheet(recipe.sheet).layers):
        kind = district.plan.layers[layer.kind].kind
        if kind.backdrop or not len(district.plan.layers[layer.kind]):
            continue
        key = f"figure_layer_{layer.id}"
        st.session_state[key] = f"!{layer.id}" in recipe.hidden or (layer.on and layer.id not in recipe.hidden)
        title = kind.name.in_(language) + (f" · {say(language, f'status.{layer.status}')}" if layer.status else "")
        st.checkbox(title, key=key, on_change=_layer_switched, args=(layer.id, layer.on, recipe.hidden))


def _layer_switched(layer: str, starts_on: bool, hidden: tuple[str, ...]) -> None:  # noqa: FBT001 - what a widget hands on
    others = [id_ for id_ in hidden if id_ not in {layer, f"!{layer}"}]
    shown = st.session_state[f"figure_layer_{layer}"]
    own = [] if shown == starts_on else [f"!{layer}" if shown else layer]
    change(hidden=tuple(sorted((*others, *own))))


def choose_sites(district: Opened, language: Language) -> tuple[Layer, ...]:
    """Show whether the open site set lies over the sheet, as on the map, and return what is to be drawn of it."""
    bench = desk_of(district.plan).bench
    if bench is None or not len(bench.sites):
        return ()
    # Widgets are forgotten while another page is shown; what was chosen is not.
    st.session_state["figure_sites"] = st.session_state.get("figure_sites_on", True)
    with st.sidebar:
        title = say(language, "figures.sites", name=bench.sites.name, n=len(bench.sites))
        on = st.toggle(title, key="figure_sites", on_change=_sites_switched)
        st.html(ui.paragraph(say(language, "figures.sites_hint"), "atlas-hint"))
    return site_layers(bench.sites, district.plan) if on else ()


def _sites_switched() -> None:
    st.session_state["figure_sites_on"] = st.session_state["figure_sites"]


# ---- the page


def show_preview(shown: Preview, language: Language) -> None:
    """Show the page as it will be printed."""
    figure = shown.figure
    facts = {
        "paper": figure.recipe.paper,
        "orientation": say(language, f"figures.orientation_{figure.orientation}"),
        "scale": f"{figure.scale:_}".replace("_", " "),
        "width": f"{figure.page[0]:.0f}",
        "height": f"{figure.page[1]:.0f}",
    }
    with st.container(key="preview"):
        st.image(shown.picture, alt=say(language, "figures.preview_alt", title=figure.title))
    st.html(ui.paragraph(say(language, "figures.preview_facts", **facts), "atlas-preview-facts"))


def show_remarks(shown: Preview, language: Language) -> None:
    """Show what the linter found, each thing with a button where a value of the recipe mends it."""
    st.html(ui.heading(say(language, "figures.checks")))
    if not shown.remarks:
        st.html(ui.paragraph(say(language, "figures.checks_none"), "atlas-passed"))
    for number, remark in enumerate(shown.remarks):
        show_finding(remark.finding, remark.change, f"{number}", language)


def show_finding(finding: Finding, mends: Mapping[str, Any], key: str, language: Language) -> None:
    """Show one finding and, if values of the recipe mend it, a button that sets them."""
    level = html.escape(say(language, f"level.{finding.level}"))
    place = html.escape(_place(finding.where, language))
    body = f"<p>{html.escape(finding.what(language))}</p><p>{html.escape(finding.fix(language))}</p>"
    st.html(f'<div class="atlas-finding {finding.level}"><b>{level}</b> <span>{place}</span>{body}</div>')
    if mends:
        st.button(say(language, "figures.mend"), key=f"mend-{finding.code}-{key}", on_click=change, kwargs=dict(mends))


def _place(where: str, language: Language) -> str:
    """Return where something is wrong as this page calls it: a value of the recipe, or a part of the page."""
    field = where.removeprefix("recipe: ")
    return say(language, f"figures.{field}") if field != where else where.rpartition(" · ")[2]


def show_downloads(
    district: Opened, recipe: Recipe, shown: Preview, sites: tuple[Layer, ...], language: Language
) -> None:
    """Show the ways out: a file of this figure, and the whole book."""
    st.html(ui.heading(say(language, "figures.take")))
    st.session_state.setdefault("figure_format", "pdf")
    st.segmented_control(
        say(language, "figures.format"),
        list(_MIMES),
        required=True,
        format_func=lambda option: say(language, f"figures.format_{option}"),
        key="figure_format",
        width="stretch",
        label_visibility="collapsed",
    )
    format_: str = st.session_state["figure_format"]
    dpi = RESOLUTIONS[1]
    if format_ in {"png", "docx"}:
        dpi = st.radio(
            say(language, "figures.dpi"),
            RESOLUTIONS,
            index=1,
            format_func=lambda value: f"{value} dpi",
            key="figure_dpi",
            horizontal=True,
        )
    st.session_state["figure_draft"] = recipe.draft
    st.toggle(say(language, "figures.draft"), key="figure_draft", on_change=_picked, args=("draft",))
    if shown.is_blocked:
        st.html(ui.paragraph(say(language, "figures.blocked"), "atlas-missing"))
    st.download_button(
        say(language, "figures.download", format=say(language, f"figures.format_{format_}")),
        data=lambda: file_of(district, recipe, format_, dpi, sites),
        file_name=f"{recipe.district}-{recipe.sheet}-{recipe.paper}.{format_}",
        mime=_MIMES[format_],
        on_click="ignore",
        type="primary",
        width="stretch",
        disabled=shown.is_blocked,
        key="figure_download",
    )


def show_book(district: Opened, recipe: Recipe, language: Language) -> None:
    """Show the button that makes the whole book, its progress, and the finished file."""
    st.html(ui.heading(say(language, "figures.book"), say(language, "figures.book_hint")))
    towns = st.checkbox(say(language, "figures.book_towns"), value=True, key="figure_book_towns")
    if st.button(say(language, "figures.book_make"), key="figure_book", width="stretch"):
        bar = st.progress(0.0, say(language, "figures.book_working"))

        def tell(done: int, total: int, title: str) -> None:
            said = say(language, "figures.book_progress", done=done, total=total, title=title)
            bar.progress(done / max(total, 1), said)

        try:
            made = book_of(district, recipe, with_towns=towns, progress=tell)
        except PlanError as error:
            bar.empty()
            for number, finding in enumerate(error.findings):
                show_finding(finding, {}, f"book-{number}", language)
            return
        bar.empty()
        st.session_state["figure_book_file"] = (recipe.district, district.plan.fingerprint, made)
    kept = st.session_state.get("figure_book_file")
    if kept and kept[:2] == (recipe.district, district.plan.fingerprint):
        st.download_button(
            say(language, "figures.book_download", mb=f"{len(kept[2]) / 1e6:.1f}"),
            data=kept[2],
            file_name=f"{recipe.district}-atlas.pdf",
            mime=_MIMES["pdf"],
            on_click="ignore",
            width="stretch",
            key="figure_book_download",
        )


def show_reopen(district: Opened, language: Language) -> None:
    """Show where a figure is dropped back in, and what became of the last one."""
    st.html(ui.heading(say(language, "figures.reopen"), say(language, "figures.reopen_hint")))
    st.file_uploader(
        say(language, "figures.reopen"),
        type=list(_MIMES),
        key="figure_dropped",
        on_change=_dropped,
        args=(district,),
        label_visibility="collapsed",
    )
    notice = st.session_state.get("figure_notice")
    if isinstance(notice, str):
        st.html(ui.paragraph(say(language, notice), "atlas-hint"))
    for number, finding in enumerate(notice if isinstance(notice, tuple) else ()):
        show_finding(finding, {}, f"reopen-{number}", language)


def _dropped(district: Opened) -> None:
    st.session_state["figure_notice"] = None
    if (dropped := st.session_state["figure_dropped"]) is not None:
        try:
            notice: object = reopen(district, dropped, dropped.name, districts(geodata()))
        except PlanError as error:
            notice = error.findings
        st.session_state["figure_notice"] = notice


def show_faults(error: PlanError, language: Language) -> None:
    """Show why there is no figure, with what mends it."""
    st.html(ui.heading(say(language, "figures.none"), say(language, "figures.none_hint")))
    for number, finding in enumerate(error.findings):
        show_finding(finding, _MENDS.get(finding.code, {}), f"none-{number}", language)


language = ui.current_language()
district = ui.opened(language)
ui.choices(district, language)
recipe = current_recipe(district, language)
choose(district, recipe, language)
sites = choose_sites(district, language)
middle, right = st.columns([3, 1], gap="small")
shown: Preview | None = None
with middle:
    st.html(ui.heading(say(language, "app.page_figures"), say(language, "figures.intro")))
    try:
        shown = preview_of(district, recipe, sites)
        show_preview(shown, language)
    except PlanError as error:
        show_faults(error, language)
with right, st.container(key="side"):
    if shown is not None:
        show_remarks(shown, language)
        show_downloads(district, recipe, shown, sites, language)
    show_book(district, recipe, language)
    show_reopen(district, language)
