"""
Sets pages with Typst, in this process and without files of its own: the template beside this module, filled with data.

Drawings are SVG in mm; what users write travels as JSON, so that no word of theirs is ever read as markup.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typst

from atlas.figures import fonts
from atlas.figures.carry import ATTACHMENT
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atlas.figures.recipe import Recipe

_TEMPLATES: Final = Path(__file__).resolve().parent
# PDF/A-3: archival, tagged, and the one that may carry an attachment (ISO 19005-3).
_ARCHIVAL: Final = ("a-3a",)


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    A drawn page.

    Parameters
    ----------
    svg
        The whole page, its user unit the mm.
    width, height
        Of the page, mm.
    alt
        What it shows, for those who cannot see it.
    """

    svg: str
    width: float
    height: float
    alt: str


def set_figures(drawings: Sequence[Drawing], title: str, recipe: Recipe, *, archival: bool = False) -> bytes:
    """
    Return figures as a PDF, one page each, that carries the recipe of the first as an attachment.

    Parameters
    ----------
    drawings
        The pages.
    title, recipe
        Of the document.
    archival
        As PDF/A-3.
    """
    inputs, pages = _inputs(drawings)
    data = {**about(title, recipe), "pages": pages, "recipe": {"name": ATTACHMENT, "json": recipe.to_json()}}
    return compile_pdf("pages.typ", data, inputs, archival=archival)


def compile_pdf(template: str, data: Mapping[str, Any], inputs: Mapping[str, str], *, archival: bool = False) -> bytes:
    """
    Return what a template makes of some data.

    Parameters
    ----------
    template
        File beside this module.
    data
        What it reads as JSON.
    inputs
        Drawings by the names that the data give them.
    archival
        As PDF/A-3.

    Raises
    ------
    PlanError
        If the page cannot be set; the message is Typst's.
    """
    words = {**data, "fonts": {"sans": fonts.family_name("sans"), "serif": fonts.family_name("serif")}}
    try:
        return typst.compile(
            _TEMPLATES / template,
            root=_TEMPLATES,
            font_paths=fonts.typst_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(words, ensure_ascii=False), **inputs},
            pdf_standards=list(_ARCHIVAL) if archival else [],
        )
    except typst.TypstError as error:
        detail = " ".join([error.message, *error.hints]).split()
        raise PlanError([Finding("not_set", template, {"detail": " ".join(detail)[:200]})]) from error


def about(title: str, recipe: Recipe) -> dict[str, Any]:
    """Return what a document says of itself; its date is the one printed on it, so that it can be made again."""
    try:
        day = date.fromisoformat(recipe.compiled)
    except ValueError:
        day = datetime.now(UTC).date()
    return {
        "title": title,
        "authors": [recipe.compiler] if recipe.compiler else [],
        "keywords": [recipe.district, recipe.sheet, recipe.id],
        "language": recipe.language,
        "date": {"year": day.year, "month": day.month, "day": day.day},
    }


def _inputs(drawings: Sequence[Drawing]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return drawings by name, and what a template must know of them."""
    names = [f"page-{number}" for number in range(len(drawings))]
    pages = [
        {"svg": name, "width": one.width, "height": one.height, "alt": one.alt}
        for name, one in zip(names, drawings, strict=True)
    ]
    return dict(zip(names, (one.svg for one in drawings), strict=True)), pages
