"""How things are drawn: resolves kind, class, status and basis to a style. All values stand in `theme.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers import Finding, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers import Kind

Style = dict[str, Any]


@cache
def theme() -> Mapping[str, Any]:
    """
    Return the theme's tables.

    Raises
    ------
    PlanError
        If a kind of the vocabulary has no style.
    """
    with Path(__file__).with_name("theme.toml").open("rb") as file:
        tables = tomllib.load(file)
    if gaps := [kind for kind in (*vocabulary().kinds, *vocabulary().own) if kind not in tables["kinds"]]:
        raise PlanError(Finding("theme_gap", "theme.toml", {"value": kind}) for kind in gaps)
    return tables


def style(kind: Kind, *, class_: str = "", status: str = "existing", basis: str = "gazetteer") -> Style:
    """
    Return how a feature is drawn.

    Dashes tell the status of lines and the basis of areas; soft casings tell that a line or an area is schematic;
    a point that is only schematic is hollow.

    Parameters
    ----------
    kind, class_, status, basis
        As the feature has them.

    Returns
    -------
    style
        Keys as in ``theme.toml``; lengths in pixels.
    """
    tables = theme()
    result: Style = {
        **tables["kinds"][kind.id],
        **tables["classes"].get(kind.id, {}).get(class_, {}),
    }
    unsure = tables["basis"].get(basis, {})
    if kind.geometry == "line":
        # A line's own dash, even an empty one, stands for it whatever its status.
        result = {**tables["status"][status], **result}
        if basis != "schematic":
            result.pop("halo", None)
    elif kind.geometry == "area" and "dash" in unsure:
        result["dash"] = unsure["dash"]
    elif kind.geometry == "point" and "hollow" in unsure:
        result["hollow"] = True
    return result
