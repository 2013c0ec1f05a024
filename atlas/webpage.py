"""The page around the map: a folium map that carries the client, and the one HTML file that opens without network.

folium writes the Leaflet map; the client and the document do the rest. Leaflet comes from an installed wheel, never
from an address.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import uuid
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import folium
from folium.template import Template

from atlas.locations import STATIC
from layers import Finding, PlanError

if TYPE_CHECKING:
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


def page(web: WebMap, sheet: Sheet) -> str:
    """Return a sheet as one HTML page with everything it needs inside."""
    document = json.dumps(web.document(sheet, alone=True), ensure_ascii=False)
    # Inside a script element these three would end it, or a line.
    for sign, code in (("<", "\\u003c"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        document = document.replace(sign, code)
    html, script = shell_parts(draw_shell())
    leaflet = leaflet_folder()
    title = f"{web.plan.district.name.in_(web.language)} {sheet.title.in_(web.language)}"
    text: str = Template(_PAGE).render(
        lang="zh-CN" if web.language == "zh" else "en",
        title=title,
        css=[
            (leaflet / "leaflet.css").read_text("utf-8"),
            (STATIC / "atlasmap.css").read_text("utf-8"),
        ],
        js=[
            (leaflet / "leaflet.js").read_text("utf-8"),
            (STATIC / "rasters.js").read_text("utf-8"),
            (STATIC / "atlasmap.js").read_text("utf-8"),
            f"{script}window.atlasMap.update({document});",
        ],
        html=html,
    )
    return text


def save_page(web: WebMap, sheet: Sheet, out: Path) -> None:
    """
    Write a sheet as one HTML file that opens from a disk without network.

    Raises
    ------
    PlanError
        If the file cannot be written; nothing is left half-written.
    """
    text = page(web, sheet)
    # Written beside it under a short name, then put in place: a file of that name is whole or is not there.
    draft = out.parent / f".{sheet.id}-{uuid.uuid4().hex[:8]}.part"
    try:
        if out.is_dir() or not out.name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        draft.write_text(text, "utf-8", newline="\n")
        draft.replace(out)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        detail = getattr(error, "strerror", None) or str(error)
        raise PlanError([Finding("unwritable", str(out), {"detail": detail})]) from error


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
