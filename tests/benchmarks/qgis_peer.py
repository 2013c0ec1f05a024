"""The peer of the figures: QGIS's print layouts, where the system has PyQGIS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd

from atlas.drawing import drawn, extent
from tests.benchmarks.measure import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atlas.drawing import Drawn
    from atlas.sheets import Sheet
    from layers import Plan

_SCRIPT: Final = Path(__file__).with_name("qgis_layout.py")
_PATIENCE_S: Final = 600
_ENVIRONMENT: Final = {"QT_QPA_PLATFORM": "offscreen", "PYTHONNOUSERSITE": "1"}
# A4 to A0 keep their shape; pages get the whole extent with some room.
_ROOM: Final = 1.06


@cache
def qgis_python() -> Path | None:
    """Return a Python that has PyQGIS; None if there is none, which is said."""
    candidates = [os.environ.get("ATLAS_QGIS_PYTHON"), "/usr/bin/python3", shutil.which("python3")]
    for candidate in dict.fromkeys(filter(None, candidates)):
        try:
            run = subprocess.run(
                [candidate, "-c", "import qgis.core"],
                env={**os.environ, **_ENVIRONMENT},
                capture_output=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        if run.returncode == 0:
            return Path(candidate)
    say("no Python with QGIS (ATLAS_QGIS_PYTHON names one): our numbers stand alone")
    return None


def prepare(plan: Plan, sheets: Sequence[Sheet], folder: Path, font: str) -> dict[str, Any]:
    """Write the layers of the sheets to a GeoPackage in a folder; return the job without format and target."""
    file = folder / "layers.gpkg"
    layers = {layer.id: drawn(plan, layer, "zh") for sheet in sheets for layer in sheet.layers}
    layers = {id_: layer for id_, layer in layers.items() if layer.features}
    for id_, layer in layers.items():
        _frame(plan, layer).to_file(file, layer=_table(id_), driver="GPKG")
    order = list(plan.layers)
    arrow = folder / "north.svg"
    arrow.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 24"><path d="M10 2L16 22L10 18L4 22Z"/></svg>', "utf-8"
    )
    return {
        "gpkg": str(file),
        "crs": plan.crs.to_string(),
        "prefix": "/usr",
        "font": font,
        "arrow": str(arrow),
        "locator": [_table(id_) for id_ in ("district",) if id_ in layers],
        "notes": [plan.district.plan_title.zh, plan.crs.name, plan.district.plan_dated, plan.fingerprint],
        "layers": [
            {
                "table": _table(id_),
                "title": layer.kind.name.zh,
                "label": layer.legend[0].style.get("label"),
                "rows": [{"title": r.title, "style": dict(r.style), "geometry": r.geometry} for r in layer.legend],
            }
            for id_, layer in sorted(layers.items(), key=lambda item: order.index(item[1].kind.id))
        ],
        "sheets": [
            {
                "id": sheet.id,
                "title": sheet.title.zh,
                "layers": [_table(layer.id) for layer in reversed(sheet.layers) if layer.id in layers and layer.on],
                "extent": _extent(plan, sheet),
            }
            for sheet in sheets
        ],
    }


def pages(python: Path, job: dict[str, Any], folder: Path, dpi: int) -> float:
    """Return QGIS's seconds per page as PNG, its layout being ready."""
    out = folder / "png"
    out.mkdir(exist_ok=True)
    done = run(python, {**job, "format": "png", "dpi": dpi, "out": str(out)}, folder)
    return done["export_s"] / done["pages"]


def book(python: Path, job: dict[str, Any], folder: Path, count: int) -> float:
    """Return the seconds of a whole process of QGIS that makes a PDF of so many pages."""
    sheets = [{**sheet, "theme": sheet["id"]} for sheet in job["sheets"]]
    repeated = [sheets[number % len(sheets)] for number in range(count)]
    wanted = {**job, "sheets": repeated, "format": "pdf", "dpi": 300, "out": str(folder / "qgis.pdf")}
    start = time.perf_counter()
    run(python, wanted, folder)
    return time.perf_counter() - start


def run(python: Path, job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Have QGIS do a job; return the seconds of its parts."""
    file = folder / "job.json"
    file.write_text(json.dumps(job, ensure_ascii=False), "utf-8")
    done = subprocess.run(
        [str(python), str(_SCRIPT), str(file)],
        env={**os.environ, **_ENVIRONMENT, "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _table(id_: str) -> str:
    return id_.replace(":", "_")


def _frame(plan: Plan, layer: Drawn) -> gpd.GeoDataFrame:
    columns = {"name": [f.name for f in layer.features], "row": list(layer.rows)}
    return gpd.GeoDataFrame(columns, geometry=[f.geometry for f in layer.features], crs=plan.crs)


def _extent(plan: Plan, sheet: Sheet) -> list[float]:
    west, south, east, north = extent(plan, sheet).bounds
    x, y = (west + east) / 2, (south + north) / 2
    w, h = (east - west) / 2 * _ROOM, (north - south) / 2 * _ROOM
    return [x - w, y - h, x + w, y + h]
