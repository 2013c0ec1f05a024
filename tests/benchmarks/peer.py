"""The peers: leafmap and rasterstats, each in an environment of its own, made when needed and kept in the cache.

They never touch the project's environment or lock.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

from tests.benchmarks.measure import say

LEAFMAP: Final = "0.63.1"
RASTERSTATS: Final = "0.21.0"
# What both use is of the same version on both sides.
_SHARED: Final = ("folium", "geopandas", "numpy", "pandas", "pyogrio", "pyproj", "shapely", "streamlit")
_PATIENCE_S: Final = 1800


def peer_python() -> Path | None:
    """Return the Python that has leafmap; None if it cannot be installed, which is said."""
    return _python_with("leafmap", LEAFMAP, _SHARED)


def rasterstats_python() -> Path | None:
    """Return the Python that has rasterstats; None if it cannot be installed, which is said."""
    return _python_with("rasterstats", RASTERSTATS, ("numpy", "pyogrio", "rasterio", "shapely"))


def _python_with(peer: str, release: str, shared: Sequence[str]) -> Path | None:
    wanted = [f"{peer}=={release}", *(f"{name}=={metadata.version(name)}" for name in shared)]
    version = "{}.{}".format(*sys.version_info[:2])
    folder = cache_folder() / "planning-atlas" / f"{peer}-{release}-python-{version}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / "installed.txt"
    if stamp.exists() and stamp.read_text("utf-8").split() == wanted:
        return python
    say(f"installing {peer} {release} into {folder} ...")
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True, timeout=_PATIENCE_S)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
        subprocess.run([*pip, *wanted], check=True, timeout=_PATIENCE_S, stdout=sys.stderr)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"{peer} cannot be installed ({error}): our numbers stand alone")
        return None
    stamp.write_text("\n".join(wanted), "utf-8")
    return python


def cache_folder() -> Path:
    """Return the platform's folder for what can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
