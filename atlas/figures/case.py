"""What a check of the linter looks at, and what it says: a finding, with the change of the recipe that mends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from atlas.drawing import extent as extent_of
from atlas.figures.colours import thresholds
from atlas.words import say
from layers import Feature, Finding, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atlas.figures.model import Figure
    from atlas.sheets import Sheet
    from layers import Layer, Plan

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Remark:
    """
    One thing that is wrong with a figure.

    Parameters
    ----------
    finding
        What, where on the page, and what to do; an error blocks the export.
    change
        Values of the recipe that mend it; empty where no value does.
    """

    finding: Finding
    change: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_blocking(self) -> bool:
        """Whether it stops the export."""
        return self.finding.level == "error"


@dataclass(frozen=True)
class Case:
    """
    A figure and what it was made from.

    Parameters
    ----------
    figure
        As composed.
    plan, sheet
        What it shows.
    extent
        What had to be seen: minx, miny, maxx, maxy in metres of the working CRS; None for the sheet's own.
    overlays
        The user's layers that were drawn over it.
    """

    figure: Figure
    plan: Plan
    sheet: Sheet
    extent: Bounds | None = None
    overlays: Sequence[Layer] = ()

    @cached_property
    def features(self) -> Mapping[str, Feature]:
        """Every feature that may be on the page, by its id."""
        own = (feature for layer in self.overlays for feature in layer.rows)
        return {feature.id: feature for feature in (*self.plan.features(), *own)}

    @cached_property
    def needed(self) -> Bounds:
        """What must be seen: minx, miny, maxx, maxy in metres of the working CRS."""
        return self.extent or extent_of(self.plan, self.sheet).bounds

    @property
    def limits(self) -> Mapping[str, Any]:
        """The numbers the linter goes by."""
        return thresholds()

    def say(self, key: str, **values: object) -> str:
        """Return words in the figure's language."""
        return say(self.figure.recipe.language, key, **values)

    def remark(self, code: str, place: str, *, change: Mapping[str, Any] | None = None, **values: object) -> Remark:
        """Return a remark on a place of the page, which is a key of the words in section ``part``."""
        names = {"part": say("zh", f"part.{place}"), "part_en": say("en", f"part.{place}")}
        where = f"{self.sheet.title.in_(self.figure.recipe.language)} · {self.say(f'part.{place}')}"
        return Remark(Finding(code, where, {**names, **values}), change or {})

    def is_backdrop(self, kind: str) -> bool:
        """Say whether features of a kind lie under the map."""
        known = vocabulary()
        return kind in known.kinds and known.kinds[kind].backdrop
