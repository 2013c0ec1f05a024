"""
The atlas as one PDF: cover, contents, all sheets, a page per town, index, register, targets and sources.

A page that was made before from the same things is taken from the workspace's cache, and so is the whole book. Page
numbers are set last, by Typst, so that a page may move without being made again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import shapely

from atlas.figures import bookends
from atlas.figures.cache import Store, content, content_of, digest, workshop
from atlas.figures.checks_public import withheld_layers
from atlas.figures.compose import compose
from atlas.figures.export import Facts, facts, pdf_faults
from atlas.figures.lint import lint, stop_on
from atlas.figures.model import Box
from atlas.figures.recipe import PAPERS
from atlas.figures.surfaces import Surface, surface_of
from atlas.figures.svg import page_svg
from atlas.figures.towns import town_text, towns
from atlas.figures.typeset import compile_pdf
from atlas.output import check_place, put
from atlas.sheets import Sheet
from atlas.words import say
from layers import Finding, Name, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from atlas.figures.case import Bounds
    from atlas.figures.model import Figure
    from atlas.figures.recipe import Recipe
    from atlas.screening.controls import Control
    from atlas.sheets import Atlas, SheetLayer
    from layers import Feature, Plan

    Progress = Callable[[int, int, str], None]

# Room around a town, of its own size.
_ROOM: Final = 0.12
_WIDEST: Final = 888
_NUMBER: Final = re.compile(r'<g id="page_number">.*?</g>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Made:
    """
    A book that was made.

    Parameters
    ----------
    pages
        How many it has.
    drawn, reused
        How many maps were drawn now, and how many came from the cache.
    warnings
        What could not be drawn well, sheet by sheet.
    """

    pages: int
    drawn: int
    reused: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """
    A map of the book.

    Parameters
    ----------
    sheet, group, recipe
        Which, under which heading of the contents, and how.
    extent, town
        What must be seen on it, and the town it is about.
    fewer
        The layers it does with where the legend of its own finds no room.
    """

    sheet: Sheet
    group: str
    recipe: Recipe
    extent: Bounds | None = None
    town: Feature | None = None
    fewer: tuple[SheetLayer, ...] = ()

    @property
    def name(self) -> str:
        """What its page is called within the book."""
        return f"page-{self.sheet.id}"

    @property
    def title(self) -> str:
        """What it is called in the contents."""
        return self.sheet.title.in_(self.recipe.language)

    @property
    def note(self) -> str:
        """Its number, as printed on it."""
        return say(self.recipe.language, "figure.sheet_number", n=self.sheet.number + 1)


def book(
    plan: Plan,
    atlas: Atlas,
    recipe: Recipe,
    out: Path,
    *,
    with_towns: bool = False,
    elevation: Path | None = None,
    controls: Sequence[Control] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Made:
    """
    Make the book, read it back, and put it in place.

    Parameters
    ----------
    plan, atlas
        What is drawn.
    recipe
        Of every page; its sheet, title, scale and layers are not looked at.
    out
        A PDF.
    with_towns
        Whether each town gets a page of its own.
    elevation
        Where the district's imported elevation model would be, for sheets with a raster; None to do without.
    controls
        Control layers of the user, which suitability takes out.
    cache
        Folder of what was made before; None makes everything anew.
    progress
        Told how many maps are done, of how many, and the title of the next.

    Raises
    ------
    PlanError
        If the linter objects to a page, the file cannot be written, or does not read back; no file is left then.
    """
    check_place(out)
    store = Store(cache)
    # The data of a page are in its key; their fingerprint on it would change every page with every change.
    base = replace(recipe, scale=None, title="", hidden=(), fingerprint="")
    wanted = [*_sheets(atlas, base), *(_towns(plan, atlas, base) if with_towns else ())]
    model = (elevation, elevation.stat().st_mtime_ns) if elevation and elevation.is_file() else None
    whole = digest("book", workshop(), base, plan.fingerprint, with_towns, model, *_ground(controls))
    about_it = store.page(whole)
    if about_it and (finished := store.file(whole, ".pdf")):
        put(out, finished)
        return Made(about_it["pages"], 0, len(wanted), tuple(about_it["warnings"]))
    layers = {id_: content(layer) for id_, layer in plan.layers.items()}
    pages: list[dict[str, Any]] = []
    drawn = 0
    for number, one in enumerate(wanted):
        if progress:
            progress(number, len(wanted), one.title)
        surface = surface_of(plan, atlas, one.sheet, base.language, elevation=elevation, controls=controls)
        key = _key(one, plan, layers, surface)
        page = store.page(key)
        if page is None:
            page, drawn = _draw(one, plan, atlas, surface), drawn + 1
            store.keep_page(key, page)
        pages.append(page)
    if progress:
        progress(len(wanted), len(wanted), out.name)
    pdf = compile_pdf(
        "book.typ", _data(plan, base, wanted, pages), _drawings(pages) | {"cover": bookends.cover(plan, base)}
    )
    made = Made(
        pages=_read_back(pdf, wanted, pages, out.name),
        drawn=drawn,
        reused=len(pages) - drawn,
        warnings=tuple(
            f"{one.title}: {line}" for one, page in zip(wanted, pages, strict=True) for line in page["warnings"]
        ),
    )
    put(out, pdf)
    store.keep(whole, ".pdf", pdf)
    store.keep_page(whole, {"pages": made.pages, "warnings": made.warnings})
    store.tidy()
    return made


def _ground(controls: Sequence[Control]) -> list[bytes]:
    """Return what control layers cover, as the key of the book wants it."""
    return [shapely.to_wkb(shape) for control in controls for shape in control.target.geometries]


def _sheets(atlas: Atlas, base: Recipe) -> Iterator[_Wanted]:
    for sheet in atlas.sheets.values():
        group = atlas.groups[sheet.group].in_(base.language)
        hidden = withheld_layers(sheet, base.edition)
        yield _Wanted(sheet, group, replace(base, sheet=sheet.id, hidden=hidden))


def _towns(plan: Plan, atlas: Atlas, base: Recipe) -> Iterator[_Wanted]:
    """Yield a map per town on the half of a page: the first sheet around it, with every point and line switched on."""
    first = atlas.sheet()
    kinds = vocabulary().kinds
    layers = tuple(replace(one, on=one.on or kinds[one.kind].geometry != "area") for one in first.layers)
    note = Name(say("zh", "book.town_note"), say("en", "book.town_note"))
    # A double page of the book's own size, or of A3 folded in where the book is A4.
    half = PAPERS[max(0, PAPERS.index(base.paper) - 1)]
    for number, town in enumerate(towns(plan), len(atlas.sheets)):
        west, south, east, north = town.geometry.bounds
        room = _ROOM * max(east - west, north - south)
        sheet = Sheet(f"town-{town.id}", number, first.group, Name(town.name, town.name), note, layers)
        yield _Wanted(
            sheet=sheet,
            group=say(base.language, "book.towns"),
            recipe=replace(
                base,
                sheet=sheet.id,
                paper=half,
                orientation="portrait",
                title=town.name,
                hidden=withheld_layers(sheet, base.edition),
            ),
            extent=(west - room, south - room, east + room, north + room),
            town=town,
            fewer=first.layers,
        )


def _key(one: _Wanted, plan: Plan, layers: Mapping[str, str], surface: Surface) -> str:
    """Return the hash of everything that a map is made from."""
    kinds = {layer.kind for layer in one.sheet.layers} | {
        k.id for k in vocabulary().kinds.values() if k.tiles or k.backdrop
    }
    drawn = [(kind, layers[kind]) for kind in sorted(kinds) if kind in layers]
    town = content_of(one.town) if one.town else ""
    context = (plan.district, plan.crs.to_string(), tuple(plan.sources.values()))
    return digest(
        workshop(),
        one.recipe,
        one.extent,
        town,
        one.sheet,
        one.fewer,
        context,
        drawn,
        *(image.png for image in surface.images),
    )


def _draw(one: _Wanted, plan: Plan, atlas: Atlas, surface: Surface) -> dict[str, Any]:
    """Compose and check a map; return what the book must know of it."""
    try:
        figure = _checked(one, plan, atlas, surface)
    except PlanError as error:
        if not one.fewer or all(finding.code != "legend_too_long" for finding in error.findings):
            raise
        figure = _checked(replace(one, sheet=replace(one.sheet, layers=one.fewer)), plan, atlas, surface)
    lines = {row.id for layer in surface.overlays for row in layer.rows}  # minutes are no name of a place
    svg, found = _NUMBER.subn("", page_svg(figure))
    if found != 1:
        raise PlanError([Finding("not_set", one.title, {"detail": "page_number"})])
    return {
        "svg": svg,
        "facts": _told(figure),
        "names": list(dict.fromkeys(label.text for label in figure.labels if label.feature not in lines)),
        "number": _number(figure),
        "warnings": list(figure.warnings),
    }


def _checked(one: _Wanted, plan: Plan, atlas: Atlas, surface: Surface) -> Figure:
    """Return a map that the linter lets pass; what it finds is told with the title of the map."""
    with_it = replace(atlas, sheets={**atlas.sheets, one.sheet.id: one.sheet})
    focus = one.town.geometry if one.town else None
    try:
        # The widest number there may be: the true one is set by Typst, where this one stood.
        figure = compose(
            plan,
            with_it,
            one.recipe,
            overlays=surface.overlays,
            images=surface.images,
            extent=one.extent,
            focus=focus,
            page=(_WIDEST, _WIDEST),
        )
        stop_on(figure, lint(figure, plan, one.sheet, extent=one.extent, overlays=surface.overlays))
    except PlanError as error:
        raise PlanError([replace(f, where=f"{one.title}: {f.where}") for f in error.findings]) from error
    return figure


def _told(figure: Figure) -> dict[str, Any]:
    seen = facts(figure, but="page_number")
    frame = seen.frame
    return {"page": seen.page, "frame": (frame.x, frame.y, frame.width, frame.height), "words": seen.words}


def _number(figure: Figure) -> dict[str, Any]:
    """Return where the page number belongs."""
    [part] = [part for part in figure.furniture if part.kind == "page_number"]
    text = part.texts[0]
    return {"x": text.box.x, "y": text.box.y, "width": text.box.width, "size": text.size_pt, "color": text.color}


def _drawings(pages: list[dict[str, Any]]) -> dict[str, str]:
    return {f"page-{number}": page["svg"] for number, page in enumerate(pages)}


def _data(plan: Plan, base: Recipe, wanted: list[_Wanted], pages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return everything that the book's template reads."""
    language = base.language
    drawn = []
    for number, (one, page) in enumerate(zip(wanted, pages, strict=True)):
        width, height = page["facts"]["page"]
        drawn.append(
            {
                "svg": f"page-{number}",
                "name": one.name,
                "title": f"{one.note} {one.title}".strip(),
                "level": 2,
                "alt": one.title,
                "width": width,
                "height": height,
                "number": page["number"],
                "town": bookends.town(town_text(plan, one.town, language), language) if one.town else None,
            }
        )
    listed = [(one.group, one.name, one.title, one.note) for one in wanted]
    places: dict[str, list[str]] = {}
    for one, page in zip(wanted, pages, strict=True):
        for name in page["names"]:
            places.setdefault(name, []).append(one.name)
    return bookends.data(plan, base, listed=listed, index=places) | {"pages": drawn}


def _read_back(pdf: bytes, wanted: list[_Wanted], pages: list[dict[str, Any]], name: str) -> int:
    """Look at the finished book; return how many pages it has."""
    expected: list[Facts] = []
    for one, page in zip(wanted, pages, strict=True):
        told = page["facts"]
        width, height = told["page"]
        expected.append(Facts((2 * width if one.town else width, height), Box(*told["frame"]), tuple(told["words"])))
    count, faults = pdf_faults(pdf, expected, others=True)
    if faults:
        raise PlanError([Finding(code, name, values) for code, values in faults])
    return count
