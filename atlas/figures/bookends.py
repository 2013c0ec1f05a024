"""What stands before and behind the maps of the book: cover, contents, index, register, targets, sources; as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import shapely
from shapely import affinity

from atlas.cards import target_value
from atlas.figures import svg
from atlas.figures.model import Box
from atlas.figures.paper import layout
from atlas.figures.towns import towns
from atlas.figures.typeset import about
from atlas.theme import theme
from atlas.words import say
from layers.records import BASES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atlas.figures.recipe import Recipe
    from atlas.figures.towns import TownText
    from layers import Plan
    from layers.errors import Language

_WORDS: Final = (
    "contents",
    "features",
    "feature",
    "what",
    "says",
    "known",
    "nothing",
    "mentions",
    "numbers",
    "index",
    "index_note",
    "register",
    "targets",
    "sources",
    "basis",
    "about",
    "status",
)
# Widths of the columns of the three tables, in parts.
_REGISTER: Final = (0.5, 1.6, 0.9, 3.2, 1.4, 0.7, 2.0)
_TARGETS: Final = (0.8, 2.2, 1.0, 0.6, 0.9, 0.9, 3.0)
_SOURCES: Final = (2.0, 1.2, 0.6, 0.7, 2.2, 2.4)
_BACK: Final = ("index", "register", "targets", "sources")
_MARK: Final = "\x1f"
# How large the district is on the cover, of the width of the page.
_COVER: Final = 0.76


def data(
    plan: Plan,
    recipe: Recipe,
    *,
    listed: Sequence[tuple[str, str, str, str]],
    index: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """
    Return what the book's template reads, without its maps.

    Parameters
    ----------
    plan, recipe
        What the book shows, and how.
    listed
        Of each map: group, name of its page, title, number.
    index
        For each name on the maps the pages it stands on.
    """
    language = recipe.language
    title = say(language, "book.title", district=plan.district.name.in_(language))
    compiler = say(language, "book.compiler", compiler=recipe.compiler) if recipe.compiler else ""
    page_of = say(language, "book.page_of", page=_MARK, of=_MARK).split(_MARK)
    words = {key: say(language, f"book.{key}") for key in _WORDS}
    review = recipe.review_number or say(language, f"figure.not_reviewed_{recipe.edition}")
    return {
        **about(title, recipe),
        "plan": plan.district.plan_title.in_(language),
        "imprint": [
            line for line in (compiler, recipe.compiled, say(language, "figure.review", number=review)) if line
        ],
        "paper": _paper(recipe),
        "accent": theme(recipe.theme)["kinds"]["core"]["color"],
        "words": {**words, "edition": say(language, f"book.{recipe.edition}"), "page": page_of},
        "groups": _groups(listed, language),
        "index": [
            {"name": name, "pages": list(pages)}
            for name, pages in sorted(index.items(), key=lambda one: _order(one[0]))
        ],
        "register": _register(plan, language),
        "targets": _targets(plan, language),
        "sources": _sources(plan, language),
        "bases": [(say(language, f"basis.{basis}"), say(language, f"basis_meaning.{basis}")) for basis in BASES],
        "about": [
            plan.district.plan_note.in_(language),
            say(language, "book.datum", crs=f"{plan.crs.name} ({plan.crs.to_string()})"),
            say(
                language,
                "book.data",
                fingerprint=plan.fingerprint,
                period=plan.district.plan_period,
                dated=plan.district.plan_dated,
            ),
        ],
    }


def cover(plan: Plan, recipe: Recipe) -> str:
    """Return the district with its towns, pale, as an SVG as wide as the page; its user unit is the mm."""
    width, _ = _paper(recipe)
    whole = shapely.union_all([row.geometry for row in plan.layers["district"].rows])
    west, south, east, north = whole.bounds
    k = width * _COVER / max(east - west, north - south)
    box = Box(0, 0, (east - west) * k, (north - south) * k)
    place = [k, 0, 0, -k, -k * west, k * north]
    style, pale = theme(recipe.theme)["kinds"]["district"], theme(recipe.theme)["kinds"]["neighbour"]["fill"]
    parts = [whole, *(row.geometry.boundary for row in towns(plan))]
    shapes = [svg.path(affinity.affine_transform(part, place)) for part in parts]
    lines = {"stroke": style["color"], "stroke_width": 0.3, "stroke_opacity": 0.35}
    drawn = [svg.element("path", d=shape, fill="none" if n else pale, **lines) for n, shape in enumerate(shapes)]
    return svg.document(box, "".join(drawn))


def town(text: TownText, language: Language) -> dict[str, Any]:
    """Return a town's words as the template reads them."""
    return {
        "facts": text.facts,
        "rows": text.rows,
        "mentions": text.mentions,
        "numbers": text.numbers,
        "more": say(language, "book.more", n=text.more) if text.more else None,
    }


def _paper(recipe: Recipe) -> tuple[float, float]:
    """Return the upright page of the book, mm."""
    width, height = layout(recipe.paper, "portrait", footer_lines=1).page
    return min(width, height), max(width, height)


def _groups(listed: Sequence[tuple[str, str, str, str]], language: Language) -> tuple[list[dict[str, Any]], ...]:
    """Return the contents in two columns: groups of sheets; the towns, and what stands behind the maps."""
    groups: dict[str, list[dict[str, str]]] = {}
    for group, name, title, note in listed:
        groups.setdefault(group, []).append({"name": name, "title": title, "note": note})
    by_town = say(language, "book.towns")
    back = [{"name": key, "title": say(language, f"book.{key}"), "note": ""} for key in _BACK]
    right = [{"title": by_town, "rows": groups.pop(by_town)}] if by_town in groups else []
    left = [{"title": title, "rows": rows} for title, rows in groups.items()]
    return left, [*right, {"title": say(language, "book.back"), "rows": back}]


def _order(name: str) -> bytes:
    """Sort Chinese as a dictionary does: the common characters of GB 2312 stand in the order of their sound."""
    return name.encode("gb18030")


def _register(plan: Plan, language: Language) -> dict[str, Any]:
    header = [
        say(language, f"register.{key}") for key in ("id", "name", "place", "phrase", "target", "state", "reason")
    ]
    rows = [
        (
            s.id,
            s.name,
            " ".join(filter(None, (s.chapter, s.section))),
            s.phrase,
            s.target,
            say(language, f"register.{s.state}"),
            s.reason,
        )
        for s in plan.statements.values()
    ]
    return {"columns": _REGISTER, "header": header, "rows": rows}


def _targets(plan: Plan, language: Language) -> dict[str, Any]:
    keys = ("topic", "indicator", "value", "year", "period", "where", "phrase")
    rows = [
        (
            say(language, f"topic.{t.topic}"),
            t.indicator.in_(language),
            target_value(t, language),
            str(t.year),
            say(language, f"period.{t.period}"),
            " ".join(filter(None, (t.chapter, t.section))),
            t.phrase,
        )
        for t in plan.targets.values()
    ]
    return {"columns": _TARGETS, "header": [say(language, f"targets.{key}") for key in keys], "rows": rows}


def _sources(plan: Plan, language: Language) -> dict[str, Any]:
    keys = ("title", "licence", "datum", "accessed", "reference", "note")
    rows = [(s.title, s.licence, s.datum, s.accessed, s.reference, s.note) for s in plan.sources.values()]
    return {"columns": _SOURCES, "header": [say(language, f"sources.{key}") for key in keys], "rows": rows}
