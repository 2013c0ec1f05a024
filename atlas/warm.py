"""Runs Streamlit in a process that loads the heavy libraries while the browser is still opening.

Streamlit imports what a page needs when the first visitor asks for it, who would wait for geopandas and folium.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module

from streamlit.web import cli

from atlas.locations import APP


def main() -> None:
    """Serve the app on the port that is the only argument."""
    threading.Thread(target=_load, daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), "--server.port", sys.argv[1]]
    cli.main(prog_name="streamlit")


def _load() -> None:
    # Not the map component: it registers with the running server, which is not there yet. The raster side comes last,
    # because only a sheet with a surface waits for it.
    for module in ("atlas.webpage", "atlas.webshapes", "atlas.rasters.views"):
        import_module(module)


if __name__ == "__main__":
    main()
