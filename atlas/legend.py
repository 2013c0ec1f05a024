"""The legend: one row per way of drawing that occurs among the features, so that it can only show what is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atlas.theme import STANDARD, Style, style, theme
from atlas.words import say
from layers import vocabulary

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from layers import Feature, Kind
    from layers.errors import Language
    from layers.kinds import Geometry


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One row of a legend: its title, its style, and how its sample is shaped (point, line or area)."""

    id: str
    title: str
    style: Style
    geometry: Geometry


def classify(
    kind: Kind,
    features: Sequence[Feature],
    language: Language,
    name: str = STANDARD,
) -> tuple[list[LegendEntry], list[int]]:
    """
    Return the legend of some features of a kind, and for each feature the row it belongs to.

    Features are drawn alike when class, status (of lines) and style agree. A row is named by its class, and by what
    tells it from others of the class: the status, or how little its position is known.

    Parameters
    ----------
    kind
        Their kind.
    features
        Features of this kind, in any order.
    language
        Of the titles.
    name
        Of the theme.
    """
    # Areas and points are drawn alike whatever their status.
    marked = theme(name)["basis"]
    ways = [
        (f.class_, f.status if kind.geometry == "line" else "", f.basis if f.basis in marked else "") for f in features
    ]
    entries: dict[tuple[str, str, str], LegendEntry] = {}
    for feature, way in zip(features, ways, strict=True):
        if way not in entries:
            drawn = style(kind, class_=way[0], status=feature.status, basis=feature.basis, name=name)
            title = _title(kind, way, set(ways), language)
            entries[way] = LegendEntry(f"{kind.id}-{len(entries)}", title, drawn, kind.geometry)
    return list(entries.values()), [list(entries).index(way) for way in ways]


def _title(
    kind: Kind,
    way: tuple[str, str, str],
    ways: Collection[tuple[str, str, str]],
    language: Language,
) -> str:
    class_, status, unsure = way
    parts = [vocabulary().classes[class_].in_(language) if class_ else kind.name.in_(language)]
    if status and len({other for _, other, _ in ways}) > 1:
        parts.append(say(language, f"status.{status}"))
    if unsure and len({basis for other, same, basis in ways if (other, same) == (class_, status)}) > 1:
        parts.append(say(language, f"basis.{unsure}"))
    return " · ".join(parts)


def basis_legend(language: Language, name: str = STANDARD) -> list[LegendEntry]:
    """Return the rows that say how certainty looks in a theme, whatever the layer."""
    return [
        LegendEntry(f"basis-{id_}", say(language, f"legend.{id_}"), sample["style"], sample["geometry"])
        for id_, sample in theme(name)["samples"].items()
    ]
