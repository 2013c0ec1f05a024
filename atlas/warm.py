"""Runs Streamlit in a process that loads the heavy libraries while the browser is still opening.

Streamlit imports what a page needs when the first visitor asks for it, who would wait for geopandas and folium.
"""

from __future__ import annotations

import sys
import threading

from streamlit.web import cli

from atlas.locations import APP


def main() -> None:
    """Serve the app on the port that is the only argument."""
    threading.Thread(target=_load, daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), "--server.port", sys.argv[1]]
    cli.main(prog_name="streamlit")


def _load() -> None:
    # Not the map component: it registers with the running server, which is not there yet.
    # Last, because only a sheet with a raster waits for these.
    pass


if __name__ == "__main__":
    main()
