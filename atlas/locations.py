"""Where the files that ship with the software are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platformdirs import user_data_path

ROOT: Final = Path(__file__).resolve().parent.parent
GEODATA: Final = ROOT / "geodata"
APP: Final = ROOT / "app.py"
# A district's elevation model, in its folder of the workspace.
ELEVATION_FILE: Final = "dem.tif"
CONTROLS: Final = "controls"
STATIC: Final = Path(__file__).resolve().parent / "static"


def workspace_folder(given: Path | None) -> Path:
    """Return the folder of what the user adds: the one given, or else this system's place for a user's own data."""
    return given or user_data_path("planning-atlas", appauthor=False)
