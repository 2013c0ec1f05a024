"""The map as a Streamlit component: Leaflet and the client come from this machine, clicks come back, pans do not.

`declare_component` wants a module that can be imported, which a page script cannot; hence this one.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from streamlit.components.v1 import declare_component

from atlas.locations import STATIC
from atlas.webpage import draw_shell, leaflet_folder, shell_parts

if TYPE_CHECKING:
    from collections.abc import Callable

# Declared for its files alone: the map's page asks for ../atlas.mapview.leaflet/leaflet.js.
declare_component("leaflet", path=str(leaflet_folder()))
_atlas_map = declare_component("atlas_map", path=str(STATIC))


@cache
def _shell() -> tuple[str, str]:
    return shell_parts(draw_shell())


def atlas_map(document: dict[str, Any], *, key: str, on_click: Callable[[], None]) -> None:
    """
    Show a sheet.

    Parameters
    ----------
    document
        What `WebMap.document` returns. The client keeps every layer whose hash it knows, so that the same key serves
        all sheets and nothing stale can stay.
    key
        Where the session keeps the last click: ``{"selected": id or None, "n": counter}``.
    on_click
        Called before the rerun that a click causes.
    """
    html, script = _shell()
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    _atlas_map(shell_html=html, shell_script=script, spec=text, min_height=480, key=key, on_change=on_click)
