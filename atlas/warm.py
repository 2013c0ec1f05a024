"""Runs the app in a process of its own, which opens the district while the browser is still opening."""

from __future__ import annotations

import contextlib
import sys
import threading

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit.starlette import App

from atlas import firstmap
from atlas.locations import APP

# A foreign page that has its own name lead to this machine reads nothing here.
_GUARD = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])


def main() -> None:
    """Serve the app on the port that is the only argument."""
    threading.Thread(target=firstmap.warm, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl+C is how it ends
        App(APP, routes=firstmap.routes(), middleware=[_GUARD]).run(config={"server.port": int(sys.argv[1])})


if __name__ == "__main__":
    main()
