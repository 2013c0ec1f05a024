"""Sites as layers of a map document: coloured by category, sized by investment, drawn over the plan."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from atlas.theme import style, theme
from atlas.words import distance, say
from layers import vocabulary
from layers.crs import STORAGE_CRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from atlas.sites.model import SiteSet
    from layers import Kind
    from layers.errors import Language

# Sites are features of no plan: their ids on the map cannot be those of its features.
PREFIX: Final = "site:"
_KIND: Final = {0: "point", 1: "line", 2: "line", 3: "area", 4: "point", 5: "line", 6: "area"}
# Seven decimals of a degree are a centimetre.
_DECIMALS: Final = 7


def site_id(feature: str) -> str:
    """Return which site a feature of the map is; blank if it is none."""
    return feature.removeprefix(PREFIX) if feature.startswith(PREFIX) else ""


def overlay(sites: SiteSet, language: Language) -> list[dict[str, Any]]:
    """
    Return the layers of some sites for the document of `WebMap`, lowest first.

    Parameters
    ----------
    sites
        Any geometry; each goes to the layer of its kind (`vocabulary().own`). Without sites there is no layer. Of very
        many, only as many as the theme says are drawn: no browser is pleased with more.
    language
        Of titles.

    Returns
    -------
    layers
        In longitude and latitude. The classes are the categories; the area of a point's symbol grows with the
        investment, between the theme's least and most.
    """
    frame = sites.frame.iloc[: theme()["sites"]["drawn"]]
    if frame.empty:
        return []
    degrees = shapely.transform(frame.geometry.to_crs(STORAGE_CRS).to_numpy(), lambda xy: np.round(xy, _DECIMALS))
    kinds = np.array([_KIND.get(code, "area") for code in shapely.get_type_id(degrees)])
    colours = _colours(frame["category"])
    sizes = _sizes(frame["investment_wan"])
    table, layers = theme()["sites"], []
    for kind in vocabulary().own.values():
        rows = np.flatnonzero(kinds == kind.geometry)
        if not len(rows):
            continue
        named = len(frame) <= table["named"]
        used = list(dict.fromkeys(frame["category"].iloc[rows]))
        content: dict[str, Any] = {
            "id": kind.id,
            "title": kind.name.in_(language),
            "group": kind.group,
            "geometry": kind.geometry,
            "opacity": 1,
            "own": True,
            "fly_zoom": table["fly_zoom"],
            "cluster": len(rows) > table["cluster_above"],
            "classes": [
                {
                    "id": f"{kind.id}-{number}",
                    "title": category or say(language, "sites.no_category"),
                    "style": _style(kind, colours[category]),
                    "geometry": kind.geometry,
                }
                for number, category in enumerate(used)
            ],
            "features": [
                {
                    "id": f"{PREFIX}{site['id']}",
                    "c": used.index(site["category"]),
                    "name": site["name"] or site["id"],
                    "hint": _hint(site, language),
                    "label": (site["name"] or site["id"]) if named else None,
                    "rank": 1,
                    "sigma_m": site["sigma_m"],
                    "arrow": None,
                    **({"size": sizes[row]} if kind.geometry == "point" and sizes[row] else {}),
                    "geometry": shapely.geometry.mapping(degrees[row]),
                }
                for row, site in zip(rows, frame.iloc[rows].to_dict("records"), strict=True)
            ],
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        content["hash"] = hashlib.sha256(text.encode()).hexdigest()[:12]
        layers.append({**content, "on": True})
    return layers


def ghosts(readings: Iterable[tuple[str, SiteSet]]) -> list[dict[str, Any]]:
    """
    Return where sites would be if their file were read otherwise: one pale layer for each other reading.

    Parameters
    ----------
    readings
        Title of the reading, and the sites as it has them.
    """
    kind, layers = vocabulary().own["site_point"], []
    for number, (title, sites) in enumerate(readings):
        middle = sites.frame.geometry.representative_point().to_crs(STORAGE_CRS)
        degrees = np.round(shapely.get_coordinates(middle), _DECIMALS).tolist()
        colour = theme()["sites"]["ghosts"][number % len(theme()["sites"]["ghosts"])]
        features = [
            {
                "id": f"ghost-{number}-{row}",
                "c": 0,
                "name": name,
                "hint": title,
                "label": None,
                "rank": 9,
                "sigma_m": 0,
                "arrow": None,
                "geometry": {"type": "Point", "coordinates": at},
            }
            for row, (name, at) in enumerate(zip(sites.frame["name"], degrees, strict=True))
        ]
        look = {**style(kind), "fill": "#ffffff", "color": colour, "symbol": "circle", "size": 9, "weight": 2}
        row = {"id": f"ghost-{number}", "title": title, "style": look, "geometry": "point"}
        content: dict[str, Any] = {
            "id": f"ghost-{number}",
            "title": title,
            "group": kind.group,
            "geometry": "point",
            "opacity": 1,
            "classes": [row],
            "features": features,
        }
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        layers.append({**content, "hash": hashlib.sha256(text.encode()).hexdigest()[:12], "on": True})
    return layers


def _colours(categories: pd.Series[str]) -> dict[str, str]:
    """Give the most frequent categories a colour each; the rest, and sites without one, share the last."""
    palette, other = theme()["sites"]["palette"], theme()["sites"]["other"]
    counted = categories[categories != ""].value_counts(sort=False)
    order = sorted(counted.index, key=lambda category: (-counted[category], category))
    # Without any category there is nothing that grey would set apart.
    colours = {category: palette[n] if n < len(palette) else other for n, category in enumerate(order)}
    return {"": other if order else palette[0]} | colours


def _sizes(investments: pd.Series[float]) -> list[float]:
    """Return pixels across, so that the symbol's area tells the investment; 0 for sites that have none."""
    least, most = theme()["sites"]["sizes"]
    money = np.nan_to_num(investments.to_numpy(float), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    top = money.max(initial=0.0)
    if top == 0:
        return [0.0] * len(money)
    return [round(float(least + (most - least) * np.sqrt(m / top)), 1) if m > 0 else 0.0 for m in money]


def _style(kind: Kind, colour: str) -> dict[str, Any]:
    drawn = {**style(kind), "fill": colour}
    drawn["label"] = {**drawn["label"], "color": theme()["sites"]["ink"]}
    return drawn if kind.geometry == "point" else {**drawn, "color": colour}


def _hint(site: Mapping[Any, Any], language: Language) -> str:
    money = site["investment_wan"]
    parts = (
        site["category"],
        say(language, "sites.wan", n=f"{money:,.0f}") if np.isfinite(money) else "",
        say(language, "sites.sigma", distance=distance(language, site["sigma_m"])),
        "" if site["inside"] else say(language, "sites.outside"),
    )
    return " · ".join(filter(None, parts))
