"""How things are drawn: resolves kind, class, status and basis to a style. All values stand in data beside this module.

`theme.toml` is the standard theme; ``theme.<name>.toml`` holds what another theme draws otherwise, and nothing else.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from layers import Finding, PlanError, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers import Kind

Style = dict[str, Any]

STANDARD: Final = "standard"


@cache
def theme(name: str = STANDARD) -> Mapping[str, Any]:
    """
    Return a theme's tables.

    Parameters
    ----------
    name
        Which theme: `standard`, or one that has a file of its own.

    Raises
    ------
    PlanError
        If a kind of the vocabulary has no style.
    """
    tables = _read("theme.toml")
    if gaps := [
        kind for kind in (*vocabulary().kinds, *vocabulary().own, *vocabulary().computed) if kind not in tables["kinds"]
    ]:
        raise PlanError(Finding("theme_gap", "theme.toml", {"value": kind}) for kind in gaps)
    return tables if name == STANDARD else _over(tables, _read(f"theme.{name}.toml"))


def _read(file: str) -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name(file).read_text("utf-8"))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the values of another laid over it, table by table."""
    both = {key: _over(below[key], above[key]) for key in above if isinstance(below.get(key), dict)}
    return {**below, **above, **both}


def style(
    kind: Kind,
    *,
    class_: str = "",
    status: str = "existing",
    basis: str = "gazetteer",
    name: str = STANDARD,
) -> Style:
    """
    Return how a feature is drawn.

    Dashes tell the status of lines and the basis of areas; soft casings tell that a line or an area is schematic;
    a point that is only schematic is hollow.

    Parameters
    ----------
    kind, class_, status, basis
        As the feature has them.
    name
        Of the theme.

    Returns
    -------
    style
        Keys as in ``theme.toml``; lengths in pixels.
    """
    tables = theme(name)
    result: Style = {
        **tables["kinds"][kind.id],
        **tables["classes"].get(kind.id, {}).get(class_, {}),
    }
    unsure = tables["basis"].get(basis, {})
    if kind.geometry == "line":
        # A line's own dash, even an empty one, stands for it whatever its status.
        result = {**tables["status"][status], **result}
        if "core" in tables["status"][status]:
            # What is being built has an unbroken core, also where the finished line has a broken one.
            result.pop("core_dash", None)
        if basis != "schematic":
            result.pop("halo", None)
    elif kind.geometry == "area" and "dash" in unsure:
        result["dash"] = unsure["dash"]
    elif kind.geometry == "point" and "hollow" in unsure:
        result["hollow"] = True
    return result
