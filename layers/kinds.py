"""The closed vocabulary of layers: which kinds there are, how they are grouped, and in which order they are drawn."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.errors import Language

Geometry = Literal["point", "line", "area"]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both languages of the interface."""

    zh: str
    en: str

    def in_(self, language: Language) -> str:
        """Return the name in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One kind of feature, which is one layer of the atlas.

    Parameters
    ----------
    id
        The identifier that data, theme and sheets use.
    name, group
        What it is called, and the group it is listed in.
    geometry
        What its features are.
    beyond
        Whether features may leave the district.
    tiles
        Whether the features cover the district without gap or overlap.
    plan
        Whether it shows statements of the plan, rather than context.
    backdrop
        Whether it lies under the map, rather than being something to point at.
    """

    id: str
    name: Name
    group: str
    geometry: Geometry
    beyond: bool = False
    tiles: bool = False
    plan: bool = True
    backdrop: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    The kinds of a plan in drawing order (lowest first), the groups, and the names of classes.

    `own` are the kinds of what a user adds, `computed` those of what a surface shows; they are drawn over the plan and
    belong to no district's data.
    """

    kinds: Mapping[str, Kind]
    own: Mapping[str, Kind]
    computed: Mapping[str, Kind]
    groups: Mapping[str, Name]
    classes: Mapping[str, Name]


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that ships with the software."""
    with Path(__file__).with_name("kinds.toml").open("rb") as file:
        table = tomllib.load(file)
    kinds, own, computed = (
        {id_: Kind(id_, Name(entry.pop("zh"), entry.pop("en")), **entry) for id_, entry in table[section].items()}
        for section in ("kinds", "own", "computed")
    )
    return Vocabulary(
        MappingProxyType(kinds),
        MappingProxyType(own),
        MappingProxyType(computed),
        MappingProxyType({id_: Name(**entry) for id_, entry in table["groups"].items()}),
        MappingProxyType({id_: Name(**entry) for id_, entry in table["classes"].items()}),
    )
