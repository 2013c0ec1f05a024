"""The state of the page 出图: one recipe per session, figures drawn once per recipe, and files dropped back in.

The sheet and its switched layers live in the address line, as on the map; everything else of the recipe in the session.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import streamlit as st

from atlas import ui
from atlas.figures.book import book
from atlas.figures.carry import changed_since, recipe_in
from atlas.figures.commands import CACHE
from atlas.figures.compose import compose
from atlas.figures.export import Format, preview, printed, read_back
from atlas.figures.lint import lint, stop_on
from atlas.figures.recipe import Recipe
from atlas.figures.surfaces import surface_of
from atlas.figures.word import docx
from atlas.opened import stamp_of, web_map, workspace
from atlas.words import say
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from atlas.figures.case import Remark
    from atlas.figures.model import Figure
    from atlas.opened import Opened
    from layers import Layer
    from layers.errors import Language

# What the page keeps of a recipe while the planner is elsewhere; the rest is in the address line.
_KEPT: Final = "figure_recipe"
_ADDRESSED: Final = ("district", "sheet", "hidden", "language", "fingerprint")
# The longer side of the picture on the screen, pixels: enough for the small names of an A3 sheet, and quickly there.
_PREVIEW_SIDE: Final = 1800
_MM_PER_INCH: Final = 25.4


@dataclass(frozen=True)
class Preview:
    """A figure on the screen: as data, as a picture (PNG), and what the linter says of it."""

    figure: Figure
    picture: bytes
    remarks: tuple[Remark, ...]

    @property
    def is_blocked(self) -> bool:
        """Whether something must be mended before it may be printed."""
        return not self.figure.recipe.draft and any(remark.is_blocking for remark in self.remarks)


# ---- the recipe


def recipe_of(district: Opened, sheet: str, language: Language) -> Recipe:
    """Return the recipe of the session for a sheet."""
    # Until a date is written, it is this month in the language of the page.
    kept = {"compiled": this_month(language), **st.session_state.setdefault(_KEPT, {})}
    hidden = tuple(sorted(id_ for id_ in ui.recalled("off").split(",") if id_))
    plan = district.plan
    return Recipe(plan.district.id, sheet, hidden=hidden, language=language, fingerprint=plan.fingerprint, **kept)


def this_month(language: Language) -> str:
    """Return the current month as figures print it."""
    today = dt.datetime.now(tz=dt.UTC).astimezone()
    return say(language, "figures.month", year=today.year, month=today.month)


def change(**values: Any) -> None:  # noqa: ANN401 - values of a recipe
    """Change values of the session's recipe; sheet, layers, district and language change the address."""
    kept = st.session_state.setdefault(_KEPT, {})
    kept.update({key: value for key, value in values.items() if key not in _ADDRESSED})
    address = {"district": "district", "sheet": "sheet", "language": "lang"}
    moved = {address[key]: str(value) for key, value in values.items() if key in address}
    if "hidden" in values:
        moved["off"] = ",".join(values["hidden"])
    if moved:
        ui.remember(**moved)


# ---- the figure


def preview_of(district: Opened, recipe: Recipe, sites: tuple[Layer, ...] = ()) -> Preview:
    """
    Return a figure for the screen; drawn once per recipe, and what lies over it, for all sessions.

    Parameters
    ----------
    district, recipe
        What is drawn.
    sites
        The user's own, drawn over it; working CRS.

    Raises
    ------
    PlanError
        If it cannot be composed: the paper too small, the title too long.
    """
    return _preview(recipe.to_json(), f"{stamp_of(district.plan)} {_content(sites)}", district, sites)


def _content(layers: tuple[Layer, ...]) -> str:
    """Return a hash of all that is drawn of layers."""
    rows = [f"{row.id} {row.name} {row.sigma_m} {row.geometry.wkb_hex}" for layer in layers for row in layer.rows]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@st.cache_resource(max_entries=24, show_spinner=False)
def _preview(
    recipe: str,
    stamp: str,  # noqa: ARG001 - part of the key
    _district: Opened,
    _sites: tuple[Layer, ...],
) -> Preview:
    plan, atlas = _district.plan, _district.atlas
    wanted = Recipe.from_json(recipe)
    sheet = atlas.sheet(wanted.sheet)
    web = web_map(_district, wanted.language)
    surface = surface_of(plan, atlas, sheet, wanted.language, elevation=web.elevation, controls=web.controls)
    overlays = (*surface.overlays, *_sites)
    figure = compose(plan, atlas, wanted, overlays=overlays, images=surface.images)
    dpi = round(_PREVIEW_SIDE / max(figure.page) * _MM_PER_INCH)
    return Preview(figure, preview(figure, dpi), lint(figure, plan, sheet, overlays=overlays))


def file_of(district: Opened, recipe: Recipe, format_: str, dpi: int, sites: tuple[Layer, ...] = ()) -> bytes:
    """
    Return a figure as a file for download, checked before and read back after.

    Parameters
    ----------
    format_
        pdf, svg, png or docx.
    dpi
        Of a PNG, and of the picture in a Word file.
    sites
        The user's own, drawn over it; the recipe in the file does not hold them.

    Raises
    ------
    PlanError
        If the linter blocks it, or it does not read back.
    """
    shown = preview_of(district, recipe, sites)
    stop_on(shown.figure, shown.remarks)
    own: Format = "png" if format_ == "docx" else format_  # type: ignore[assignment]  # one of them
    content = printed(shown.figure, own, dpi=dpi)
    read_back(shown.figure, own, content, f"{recipe.sheet}.{own}")
    return docx(shown.figure, content) if format_ == "docx" else content


def book_of(district: Opened, recipe: Recipe, *, with_towns: bool, progress: Callable[[int, int, str], None]) -> bytes:
    """
    Return the whole atlas as a PDF.

    Parameters
    ----------
    with_towns
        With a page per town.
    progress
        Told how many pages are done, of how many, and which is next.

    Raises
    ------
    PlanError
        If a page cannot be composed or is blocked.
    """
    web = web_map(district, recipe.language)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "atlas.pdf"
        cache = workspace() / CACHE
        book(
            district.plan,
            district.atlas,
            recipe,
            out,
            with_towns=with_towns,
            elevation=web.elevation,
            controls=web.controls,
            cache=cache,
            progress=progress,
        )
        return out.read_bytes()


# ---- dropped back in


def reopen(district: Opened, stream: BinaryIO, name: str, known: tuple[str, ...]) -> str:
    """
    Take over the recipe that a file carries.

    Parameters
    ----------
    district
        What is open now.
    stream, name
        The file.
    known
        Ids of the districts that can be opened.

    Returns
    -------
    notice
        Key of the words that tell what became of it.

    Raises
    ------
    PlanError
        If the file carries no recipe, or one of a district or a sheet that is not here.
    """
    recipe = recipe_in(stream, name)
    if recipe.district not in known:
        values = {"value": recipe.district, "near": known[0], "known": " ".join(known)}
        raise PlanError([Finding("unknown_district", name, values)])
    here = recipe.district == district.plan.district.id
    if here:
        district.atlas.sheet(recipe.sheet)
    change(**{field.name: getattr(recipe, field.name) for field in fields(Recipe)})
    return "figures.reopened_changed" if here and changed_since(recipe, district.plan) else "figures.reopened"
