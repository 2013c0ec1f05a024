"""The properties of a GIS feature: known fields by the words of their names, everything else as attributes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from atlas.sites.columns import field_of
from atlas.sites.model import COLUMNS
from atlas.sites.numbers import money_unit, parse_money
from atlas.sites.raw import Claim
from atlas.sites.vocabulary import datum_stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What a file says of a site in words or numbers.
_FIELDS: Final = COLUMNS[: COLUMNS.index("sigma_m")]


def text_of(value: object) -> str:
    """Return a property as text; blank for what stands for nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value == round(value) and abs(value) < 1e15:  # noqa: PLR2004 - exact integers
        return f"{value:.0f}"
    return str(value).strip()


def best_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the column of each known field; where two claim one, the better wording has it."""
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        known, weight = field_of(name)
        if known in (*_FIELDS, "datum") and weight > found.get(known, (0, ""))[0]:
            found[known] = (weight, name)
    return {known: name for known, (_, name) in found.items()}


def split(
    properties: Mapping[str, object],
    columns: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, str], Claim | None]:
    """
    Return the known fields, the other attributes, and what a feature says of its own coordinates.

    Parameters
    ----------
    properties
        By name, with values of any kind.
    columns
        What `best_columns` says of their names.
    """
    texts = {name: text for name, value in properties.items() if (text := text_of(value))}
    fields = {known: texts.get(name, "") for known, name in columns.items() if known in _FIELDS}
    taken = {name for known, name in columns.items() if known in _FIELDS}
    if money := fields.get("investment_wan", ""):
        amount = parse_money(money, money_unit(columns["investment_wan"]) or 1.0)
        fields["investment_wan"] = repr(amount) if math.isfinite(amount) else ""
        taken -= set() if math.isfinite(amount) else {columns["investment_wan"]}
    attributes = {name: text for name, text in texts.items() if name not in taken}
    claim = None
    if "datum" in columns and (datum := datum_stated(texts.get(columns["datum"], ""), about_coordinates=True)):
        claim = Claim(datum, words=texts[columns["datum"]])
    return fields, attributes, claim
