"""A raster's view as layers of the map document: the picture itself, and the lines drawn over it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import shapely

from atlas.rasters.images import web_image
from atlas.theme import theme
from atlas.webshapes import TOLERANCE_M, to_degrees
from atlas.words import say

if TYPE_CHECKING:
    from atlas.rasters.view import View
    from layers.errors import Language

GROUP: Final = "raster"


def web_surface(view: View, language: Language) -> dict[str, Any]:
    """
    Return a view as the map document holds it; the client puts its layers among those of the plan.

    Parameters
    ----------
    view
        What to show.
    language
        Of the title.

    Returns
    -------
    surface
        ``group``, and the layers ``picture`` (with an ``image`` and no features) and ``lines``, as `WebMap.layer` has
        layers; None without lines. They are no features of the plan and cannot be pointed at.
    """
    picture = {
        "id": "surface",
        "title": view.title,
        "group": GROUP,
        "geometry": "area",
        "opacity": view.ramp.opacity,
        "on": True,
        "classes": [
            {
                "id": f"surface-{n}",
                "title": title,
                "style": {"fill": color, "fill_opacity": view.ramp.opacity, "weight": 0},
                "geometry": "area",
            }
            for n, (color, title) in enumerate(view.ramp.legend)
        ],
        "features": [],
        "image": {**web_image(view.values, view.grid, view.ramp), "label": view.title, "unit": view.unit},
    }
    style = theme()["kinds"]["surface_line"]
    shapes = to_degrees([shape.simplify(TOLERANCE_M) for _, shape in view.lines], view.grid.crs)
    lines = {
        "id": "surface-lines",
        "title": view.lines_title,
        "group": GROUP,
        "geometry": "line",
        "opacity": 1,
        "on": True,
        "classes": [{"id": "surface-line", "title": view.lines_title, "style": style, "geometry": "line"}],
        # Without a name they are labelled, but cannot be pointed at: what they enclose is in the table.
        "features": [
            {
                "id": f"surface-line-{n}",
                "c": 0,
                "name": "",
                "hint": "",
                "label": title or None,
                "rank": 1,
                "sigma_m": 0,
                "arrow": None,
                "geometry": shapely.geometry.mapping(shape),
            }
            for n, ((title, _), shape) in enumerate(zip(view.lines, shapes, strict=True))
            if not shape.is_empty
        ],
    }
    group = {"id": GROUP, "title": say(language, "raster.surface")}
    return {"group": group, "picture": _stamped(picture), "lines": _stamped(lines) if lines["features"] else None}


def _stamped(layer: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(layer, ensure_ascii=False, sort_keys=True)
    return {**layer, "hash": hashlib.sha256(text.encode()).hexdigest()[:12]}
