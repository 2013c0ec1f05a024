"""Which basemaps there are, with their datum; one that would show shifted is refused."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from layers import Finding, Name, PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

# CGCS2000 and WGS84 agree to centimetres; the layers are shown in either without a shift.
LAYER_DATUMS: Final = ("wgs84", "cgcs2000")
NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class Basemap:
    """
    Tiles to draw under the plan.

    Parameters
    ----------
    id, name
        Identifier and title.
    datum
        Datum the tiles are in.
    url, overlay_url
        Templates of the tiles and of their labels; blank for no basemap. The user's key is already in them.
    subdomains, attribution, max_zoom
        As Leaflet wants them.
    """

    id: str
    name: Name
    datum: str
    url: str = ""
    overlay_url: str = ""
    subdomains: str = ""
    attribution: str = ""
    max_zoom: int = 18


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    with Path(__file__).with_name("basemaps.toml").open("rb") as file:
        return tomllib.load(file)


def basemaps() -> tuple[Basemap, ...]:
    """
    Return the basemaps that can be offered: those that need a key only if the environment holds it.

    Raises
    ------
    PlanError
        If one is in a datum that would show it shifted against the layers.
    """
    offered = []
    for id_, entry in _table().items():
        key = os.environ.get(entry.get("key_env", ""), "")
        if "key_env" in entry and not key:
            continue
        values = {name: value for name, value in entry.items() if name not in {"zh", "en", "key_env"}}
        for name in ("url", "overlay_url"):
            if name in values:
                values[name] = values[name].replace("{key}", key)
        offered.append(checked(Basemap(id_, Name(entry["zh"], entry["en"]), **values)))
    return tuple(offered)


def checked(basemap: Basemap) -> Basemap:
    """
    Return the basemap, if it shows where the layers are.

    Raises
    ------
    PlanError
        If its datum is another one: a shift of half a kilometre looks right and is wrong.
    """
    if basemap.datum not in LAYER_DATUMS:
        values = {"value": basemap.name.zh, "datum": basemap.datum}
        raise PlanError([Finding("basemap_datum", f"basemaps.toml: {basemap.id}", values)])
    return basemap
