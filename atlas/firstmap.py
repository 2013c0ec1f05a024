"""The map before the app: what a visitor sees while Streamlit's own page is still loading.

Streamlit's page takes its time to start in a browser, and only then can it ask for a map. So the door of the app comes
with the map in a frame of its own, at the place where the app will put it; the app's page starts once that map is
painted, and its map takes over what has been done on the first one (`takeOver` in ``static/index.html``).

The server answers before geopandas is there: what draws is loaded when it is first needed.
"""

from __future__ import annotations

import html
import re
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit import file_util

from atlas.locations import STATIC
from atlas.words import LANGUAGES, say

if TYPE_CHECKING:
    from starlette.requests import Request

# What starts Streamlit's page, and everything it asks the browser to load for that.
_STARTER: Final = re.compile(
    r'\s*<(?:script type="module"|link rel="(?:modulepreload|stylesheet)") [^>]*>(?:</script>)?'
)
# What the frame holds where there is no map to show: the page itself says what is wrong.
_NOTHING: Final = "<!DOCTYPE html><script>parent.postMessage('atlas-first-gone', location.origin);</script>"
_PAINTED: Final = (
    "requestAnimationFrame(() => requestAnimationFrame("
    "() => parent.postMessage('atlas-first-painted', location.origin)));"
)
# Nothing is computed ahead while the first visitor's page opens: Python does one thing at a time.
_QUIET_S: Final = 4.0
_FRESH: Final = {"Cache-Control": "no-cache"}


def routes() -> list[Route]:
    """Return the routes that go before Streamlit's own."""
    return [Route("/", _door), Route("/map", _door), Route("/first-map", _map)]


def _door(request: Request) -> HTMLResponse:
    """Return Streamlit's page with the first map in front of it."""
    address = html.escape(f"first-map?{request.url.query}")
    return HTMLResponse(_page().replace("{address}", address, 1), headers=_FRESH)


@cache
def _page() -> str:
    """Return Streamlit's page in which what starts it waits in a template, and the frame of the first map stands."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    starters = "".join(_STARTER.findall(page))
    frame = (STATIC / "first.html").read_text("utf-8")
    frame = frame.replace("{title}", html.escape(say(LANGUAGES[0], "app.page_map")))
    frame += f'<template id="atlas-start">{starters}</template>'
    return _STARTER.sub("", page).replace("</body>", f"{frame}\n</body>")


def _map(request: Request) -> HTMLResponse:
    """Return the map of the sheet that the address asks for, as the app will draw it."""
    from atlas.opened import folder_of, open_district, web_map  # noqa: PLC0415 - see above
    from atlas.webpage import standalone  # noqa: PLC0415
    from layers import PlanError  # noqa: PLC0415

    view = request.query_params
    language = next((id_ for id_ in LANGUAGES if id_ == view.get("lang")), LANGUAGES[0])
    try:
        district = open_district(folder_of(view.get("district", "")))
    except PlanError:
        return HTMLResponse(_NOTHING, headers=_FRESH)
    sheets, feature = district.atlas.sheets, view.get("feature", "")
    document = web_map(district, language).document(
        sheets.get(view.get("sheet", ""), district.atlas.sheet()),
        selected=feature if district.plan.feature(feature) else "",
        hidden={id_ for id_ in view.get("off", "").split(",") if id_},
        basemap=view.get("base", ""),
    )
    return HTMLResponse(standalone(document, then=_PAINTED), headers=_FRESH)


def warm() -> None:
    """
    Open the first district and draw its first sheet, so that the first visitor need not wait for it.

    Once that visitor's page has had time to open, the surfaces of the other sheets are computed as well.
    """
    import atlas.webpage  # noqa: PLC0415 - see above
    from atlas.opened import draw_all, folder_of, open_district, web_map  # noqa: PLC0415
    from layers import PlanError  # noqa: PLC0415

    try:
        district = open_district(folder_of(""))
    except PlanError:
        return  # the page tells
    web_map(district, LANGUAGES[0]).document(district.atlas.sheet())
    import atlas.rasters.views  # noqa: F401, PLC0415 - last: only a sheet with a surface waits for it

    time.sleep(_QUIET_S)
    draw_all(district, LANGUAGES[0])
