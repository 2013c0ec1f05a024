"""The linter of figures (制图审校): what is wrong with a page before it is printed, each thing with its mending.

It looks at the page as data (`atlas.figures.model`), not at its picture. Numbers stand in ``lint.toml``, wording and
whether a finding blocks the export in ``layers/messages.toml`` under ``lint_``.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from atlas.figures.case import Bounds, Case, Remark
from atlas.figures.checks_map import MAP_CHECKS
from atlas.figures.checks_page import PAGE_CHECKS
from atlas.figures.checks_public import PUBLIC_CHECKS
from layers import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atlas.figures.model import Figure
    from atlas.sheets import Sheet
    from layers import Layer, Plan


def lint(
    figure: Figure,
    plan: Plan,
    sheet: Sheet,
    *,
    extent: Bounds | None = None,
    overlays: Sequence[Layer] = (),
) -> tuple[Remark, ...]:
    """
    Return what is wrong with a figure, the blocking things first.

    Parameters
    ----------
    figure
        As `atlas.figures.compose.compose` returns it.
    plan, sheet
        What it shows.
    extent, overlays
        As `compose` was given them; bounds in metres of the working CRS.
    """
    case = Case(figure, plan, sheet, extent, overlays)
    found = chain.from_iterable(check(case) for check in (*PAGE_CHECKS, *MAP_CHECKS, *PUBLIC_CHECKS))
    levels = ("error", "warning", "note")
    return tuple(sorted(found, key=lambda remark: levels.index(remark.finding.level)))


def stop_on(figure: Figure, remarks: Iterable[Remark]) -> None:
    """
    Let a figure pass unless something blocks it; a draft passes always, with its watermark.

    Raises
    ------
    PlanError
        With every blocking finding.
    """
    blocking = [remark.finding for remark in remarks if remark.is_blocking]
    if blocking and not figure.recipe.draft:
        raise PlanError(blocking)
