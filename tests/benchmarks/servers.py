"""Starts our app and the peer's page as a planner would, each as a fresh process, and stops them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from atlas.locations import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

_PATIENCE_S: Final = 90.0
# What .streamlit/config.toml says for us, as far as it costs or saves time.
_PEER_OPTIONS: Final = (
    "--server.address=localhost",
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: its address, and how long it took from the command to the first answer."""

    url: str
    started_s: float


@contextmanager
def ours(folder: Path) -> Iterator[Server]:
    """Serve a district with the command of the README."""
    port = _free_port()
    command = [sys.executable, "-m", "atlas", "--geodata", str(folder.parent.resolve()), "--district", folder.name]
    with _running([*command, "serve", "--no-browser", "--port", str(port)], ROOT, port, {}) as server:
        yield server


def theirs(python: Path, layers: Path) -> AbstractContextManager[Server]:
    """Serve the peer's page over a folder of GeoJSON files."""
    return _page("leafmap_page.py", python, layers)


def empty(folder: Path) -> AbstractContextManager[Server]:
    """Serve a page of one line with our Streamlit, from any folder."""
    return _page("empty_page.py", Path(sys.executable), folder)


@contextmanager
def _page(name: str, python: Path, folder: Path) -> Iterator[Server]:
    port = _free_port()
    page = Path(__file__).with_name(name)
    command = [str(python), "-m", "streamlit", "run", str(page), "--server.port", str(port), *_PEER_OPTIONS]
    with _running(command, folder, port, {"BENCHMARK_LAYERS": str(folder)}) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], folder: Path, port: int, env: dict[str, str]) -> Iterator[Server]:
    url = f"http://localhost:{port}"
    with tempfile.TemporaryFile() as log:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **env},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - start > _PATIENCE_S:
                    log.seek(0)
                    message = f"{' '.join(command)} does not answer: {log.read().decode(errors='replace')[-2000:]}"
                    raise RuntimeError(message)
                time.sleep(0.02)
            yield Server(url, time.perf_counter() - start)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], check=False, capture_output=True)  # noqa: S607
    elif process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:  # noqa: S310  # our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port
