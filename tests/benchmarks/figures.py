"""Figures on paper: our pages and book beside QGIS's print layouts of the same layers, and what they weigh."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlas.figures import fonts
from atlas.figures.compose import compose
from atlas.figures.export import export
from atlas.figures.recipe import Recipe
from atlas.figures.towns import towns
from atlas.locations import ROOT
from tests.benchmarks import qgis_peer
from tests.benchmarks.measure import Number, Setting, median, say

if TYPE_CHECKING:
    from atlas.sheets import Atlas
    from layers import Plan

DPI: Final = 300
PAGE_RATIO: Final = 0.5
BOOK_RATIO: Final = 1.0
AGAIN_RATIO: Final = 0.3
BOOK_MB: Final = 12.0
SHEET_KB: Final = 400.0
# A measurement of QGIS takes half a minute; more of them say nothing new.
_MOST_RUNS: Final = 3
_PAGE_NOTE: Final = (
    "all sheets in one process after the data are open; ours composed, checked by the linter, printed with its recipe, and"
    " read back; the peer is QGIS's atlas export of the same layers from a GeoPackage, with title, legend, scale bar,"
    " north arrow, grid and locator, after its layout is ready"
)
_BOOK_NOTE: Final = (
    "whole processes from start to finished PDF; the peer's atlas has as many pages as our book, its maps those of our"
    " sheets over and over, without our tables and index"
)


def figures(setting: Setting) -> list[Number]:
    """Measure pages, the book, and the book again; the peer in turn with ours, where there is one."""
    plan, atlas = setting.opened()
    python = qgis_peer.qgis_python() if setting.peers else None
    runs = min(setting.runs, _MOST_RUNS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        job = qgis_peer.prepare(plan, list(atlas.sheets.values()), folder, fonts.family_name()) if python else None
        ours: dict[str, list[float]] = {"page": [], "book": [], "again": []}
        theirs: dict[str, list[float]] = {"page": [], "book": []}
        pages, count = _pdf_sizes(plan, atlas, folder), 0
        for run in range(runs):
            ours["page"].append(_pages(plan, atlas, folder))
            if python and job:
                theirs["page"].append(qgis_peer.pages(python, job, folder, DPI))
            count = _book(setting, folder, ours)
            if python and job:
                theirs["book"].append(qgis_peer.book(python, job, folder, count))
            say(f"  run {run + 1}: " + ", ".join(f"{name} {some[-1]:.2f} s" for name, some in ours.items()))
        size = (folder / "book.pdf").stat().st_size / 1e6
    largest = max(pages, key=lambda id_: pages[id_])
    shown = f"{count} pages, {len(atlas.sheets)} sheets and {len(towns(plan))} towns"
    return [
        _timed(
            f"A3 page as {DPI}-dpi PNG, mean of {len(atlas.sheets)}",
            ours["page"],
            theirs["page"],
            PAGE_RATIO,
            _PAGE_NOTE,
        ),
        _timed(f"whole book ({shown})", ours["book"], theirs["book"], BOOK_RATIO, _BOOK_NOTE),
        Number(
            "figures",
            "book again, nothing changed, beside a full run",
            round(median(ours["again"]) / median(ours["book"]), 3),
            "x",
            target=AGAIN_RATIO,
            samples={"ours": ours["again"]},
        ),
        Number("figures", "size of the book", round(size, 2), "MB", target=BOOK_MB, samples={"ours": [size]}),
        Number(
            "figures",
            f"PDF of a sheet, largest of {len(pages)} ({largest})",
            pages[largest],
            "kB",
            target=SHEET_KB,
            samples={"ours": list(pages.values())},
        ),
    ]


def _timed(what: str, ours: list[float], theirs: list[float], target: float, note: str) -> Number:
    peer = median(theirs) if theirs else None
    samples = {"ours": ours, "peer": theirs}
    return Number("figures", what, median(ours), "s", peer, target, "ratio", note, samples)


def _recipe(plan: Plan, sheet: str) -> Recipe:
    return Recipe(plan.district.id, sheet, compiler="—", compiled="2026-01-01")


def _pages(plan: Plan, atlas: Atlas, folder: Path) -> float:
    """Return the seconds per page of all sheets as PNG."""
    start = time.perf_counter()
    for sheet in atlas.sheets.values():
        export(compose(plan, atlas, _recipe(plan, sheet.id)), plan, sheet, folder / "page.png", dpi=DPI)
    return (time.perf_counter() - start) / len(atlas.sheets)


def _pdf_sizes(plan: Plan, atlas: Atlas, folder: Path) -> dict[str, float]:
    """Return the size of every sheet as PDF, kB."""
    sizes = {}
    for sheet in atlas.sheets.values():
        out = folder / "page.pdf"
        export(compose(plan, atlas, _recipe(plan, sheet.id)), plan, sheet, out)
        sizes[sheet.id] = round(out.stat().st_size / 1000, 1)
    return sizes


def _book(setting: Setting, folder: Path, times: dict[str, list[float]]) -> int:
    """Make the book twice in processes of their own, first with nothing kept; return how many pages it has."""
    workspace = folder / f"workspace-{time.monotonic_ns()}"
    said = ""
    for name in ("book", "again"):
        words = ("book", "--towns", "--out", folder / "book.pdf", "--workspace", workspace)
        where = ("--geodata", setting.folder.parent, "--district", setting.folder.name)
        command = [sys.executable, "-m", "atlas", *map(str, (*words, *where))]
        start = time.perf_counter()
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "ATLAS_NO_VENV": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        times[name].append(time.perf_counter() - start)
        if done.returncode:
            message = f"atlas book failed: {done.stderr.splitlines()[-1]}"
            raise RuntimeError(message)
        said = done.stdout
    columns: list[Any] = said.split("\t")
    return int(columns[1])
