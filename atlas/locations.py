"""Where the files that ship with the software are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
GEODATA: Final = ROOT / "geodata"
APP: Final = ROOT / "app.py"
STATIC: Final = Path(__file__).resolve().parent / "static"
