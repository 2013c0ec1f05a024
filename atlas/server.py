"""Runs the app on this machine: a free port, a warm start, and the browser once it answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from typing import Final

from atlas.locations import ROOT
from layers import Finding, PlanError

HOST: Final = "localhost"
FIRST_PORT: Final = 8501
LAST_PORT: Final = 8599
_PATIENCE_S: Final = 60


def run(port: int, *, browser: bool) -> int:
    """
    Serve the app until it is interrupted.

    Parameters
    ----------
    port
        To listen on; 0 takes the first free one from `FIRST_PORT`.
    browser
        Whether to open a browser window.

    Returns
    -------
    status
        Exit status of the server; 0 after an interruption.

    Raises
    ------
    PlanError
        If the port is taken or not allowed.
    """
    port = _free_port(port)
    url = f"http://{HOST}:{port}"
    command = [sys.executable, "-m", "atlas.warm", str(port)]
    # The configuration beside app.py is read from the working directory.
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=os.environ.copy())
    sys.stderr.write(f"{url}  (Ctrl+C 结束 / to stop)\n")
    threading.Thread(target=_open_when_ready, args=(url, process), kwargs={"browser": browser}, daemon=True).start()
    # Whoever ends this process, by Ctrl+C or by a signal, ends the server with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0


def _free_port(wanted: int) -> int:
    candidates = [wanted] if wanted else range(FIRST_PORT, LAST_PORT + 1)
    for port in candidates:
        with socket.socket() as probe:
            # On POSIX a port in TIME_WAIT is free; on Windows the option would allow a second listener.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return port
    raise PlanError([Finding("bad_port", "--port", {"value": wanted or FIRST_PORT})])


def _open_when_ready(url: str, process: subprocess.Popen[bytes], *, browser: bool) -> None:
    """Open the browser when the server answers."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310 - our own server
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    if browser and process.poll() is None:
        webbrowser.open(url)
