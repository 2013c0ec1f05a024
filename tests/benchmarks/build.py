"""Building the whole district from its data, beyond the time that `import geopandas` takes anyway."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Final

from atlas.locations import ROOT
from tests.benchmarks.measure import Number, Setting, median

TARGET_S: Final = 1.0
_BARE: Final = "import geopandas"
_BUILT: Final = "import geopandas, pathlib, sys, layers; layers.audit(pathlib.Path(sys.argv[1]))"


def build(setting: Setting) -> list[Number]:
    """Measure fresh processes in pairs, one that builds after one that only imports."""
    folder = str(setting.folder.resolve())
    _seconds(_BUILT, folder)  # writes the bytecode
    pairs = [(_seconds(_BARE, folder), _seconds(_BUILT, folder)) for _ in range(setting.runs)]
    bare, beyond = [pair[0] for pair in pairs], [built - bare for bare, built in pairs]
    return [
        Number(
            "build",
            "district from data, beyond import geopandas",
            median(beyond),
            "s",
            target=TARGET_S,
            samples={"ours": beyond},
        ),
        Number("build", "import geopandas alone", median(bare), "s", samples={"ours": bare}),
    ]


def _seconds(code: str, folder: str) -> float:
    """Return how long a fresh Python needs for a piece of code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, folder], cwd=ROOT, check=True)
    return time.perf_counter() - start
