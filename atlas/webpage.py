"""The page around the map: a folium map that carries the client, and the one HTML file that opens without network.

folium writes the Leaflet map; the client and the document do the rest. Leaflet comes from an installed wheel, never
from an address.
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import folium
from folium.template import Template

from atlas.locations import STATIC
from atlas.output import put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import branca

    from atlas.sheets import Sheet
    from atlas.webmap import WebMap

_CLOSEST_ZOOM: Final = 15
_FARTHEST_ZOOM: Final = 7


class _Client(folium.MacroElement):
    """Starts the map client on a folium map. What it shows stays out of the templates, which would evaluate it."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            window.atlasMap = new AtlasMap({{ this._parent.get_name() }}, window.atlasHost || {});
        {% endmacro %}
        """
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "AtlasClient"


def draw_shell() -> folium.Map:
    """Return the folium map that carries the client: no tiles, no controls of its own, nothing loaded from outside."""
    shell = folium.Map(
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=120,
        # Not min_zoom and max_zoom, which folium keeps for a tile layer.
        minZoom=_FARTHEST_ZOOM,
        maxZoom=_CLOSEST_ZOOM,
    )
    shell.default_js, shell.default_css = [], []
    shell.add_child(_Client())
    return shell


def shell_parts(shell: folium.Map) -> tuple[str, str]:
    """Return the HTML and the script of a folium map, for a host that has a page of its own."""
    figure = cast("branca.element.Figure", shell.get_root())
    figure.render()
    return figure.html.render(), figure.script.render()


def page(web: WebMap, sheet: Sheet, overlays: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return a sheet, with layers of the user's own over it, as one HTML page with everything it needs inside."""
    return standalone(web.document(sheet, alone=True, overlays=overlays))


def standalone(document: Mapping[str, Any], then: str = "") -> str:
    """
    Return a page that shows a document of `WebMap` with nothing but what is inside it.

    Parameters
    ----------
    document
        What the map client is to show.
    then
        JavaScript that runs after it was handed over.
    """
    content = json.dumps(document, ensure_ascii=False)
    # Inside a script element these three would end it, or a line.
    for sign, code in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        content = content.replace(sign, code)
    html, script = shell_parts(draw_shell())
    leaflet = leaflet_folder()
    text: str = Template(_PAGE).render(
        lang=document["lang"],
        title=f"{document['subtitle']} {document['title']}",
        css=[
            (leaflet / "leaflet.css").read_text("utf-8"),
            (STATIC / "atlasmap.css").read_text("utf-8"),
            (STATIC / "sites.css").read_text("utf-8"),
        ],
        js=[
            (leaflet / "leaflet.js").read_text("utf-8"),
            (STATIC / "rasters.js").read_text("utf-8"),
            (STATIC / "atlasmap.js").read_text("utf-8"),
            (STATIC / "sites.js").read_text("utf-8"),
            f"{script}window.atlasMap.update({content});{then}",
        ],
        html=html,
    )
    return text


def save_page(web: WebMap, sheet: Sheet, out: Path, overlays: Sequence[Mapping[str, Any]] = ()) -> None:
    """
    Write a sheet as one HTML file that opens from a disk without network.

    Parameters
    ----------
    web, sheet
        What is drawn.
    out
        The file.
    overlays
        Layers of the user's own over it, as `atlas.sites.overlay` makes them.

    Raises
    ------
    PlanError
        If the file cannot be written; nothing is left half-written.
    """
    put(out, page(web, sheet, overlays).encode())


def leaflet_folder() -> Path:
    """Return the folder of the installed wheel that holds Leaflet's script and style."""
    return Path(str(resources.files("xstatic.pkg.leaflet"))) / "data"


_PAGE: Final = """<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title|e }}</title>
{% for style in css %}<style>
{{ style }}
</style>
{% endfor %}<style>html, body { height: 100%; margin: 0; } .folium-map { position: absolute; inset: 0; }</style>
</head>
<body>
{{ html }}
{% for script in js %}<script>
{{ script }}
</script>
{% endfor %}</body>
</html>
"""
