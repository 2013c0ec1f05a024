"""The raster side beside its peers: gdaldem, rasterstats, and the numbers it promises for time and memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
from affine import Affine

from atlas.locations import ROOT
from atlas.rasters.grid import Grid
from atlas.rasters.traveltime import least_minutes
from atlas.rasters.zonal import zone
from tests.benchmarks.measure import Number, Setting, median
from tests.benchmarks.peer import rasterstats_python

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET_GDALDEM: Final = 1.2
TARGET_RASTERSTATS: Final = 0.2
TARGET_TRAVEL_S: Final = 3.0
TARGET_IMPORT_MB: Final = 1024.0
_TILE: Final = {False: 6_000, True: 300}
_TRAVEL: Final = {False: 1_415, True: 60}
# 50 000 by 50 000 cells of four bytes: ten gigabytes of which only a strip is there.
_SPARSE: Final = {False: 50_000, True: 600}
_THEIRS: Final = """
import json, sys, time, pyogrio, rasterio, rasterstats, shapely
areas = [shapely.geometry.mapping(shape) for shape in shapely.from_wkb(pyogrio.raw.read(sys.argv[1])[2])]
with rasterio.open(sys.argv[2]) as opened:
    values, place = opened.read(1), opened.transform
times = []
for _ in range(int(sys.argv[3])):
    start = time.perf_counter()
    found = rasterstats.zonal_stats(
        areas, values, affine=place, nodata=-9999, stats=["min", "mean", "max", "count"]
    )
    times.append(time.perf_counter() - start)
print(json.dumps([times, [zone["mean"] for zone in found]]))
"""


def terrain(setting: Setting) -> list[Number]:
    """Measure slope and hillshade of one tile, each a fresh process, in turn with gdaldem where there is one."""
    gdaldem = shutil.which("gdaldem")
    numbers = []
    with TemporaryDirectory() as name:
        folder, size = Path(name), _TILE[setting.small]
        tile = _hills(folder / "tile.tif", size, 10)
        for what in ("slope", "hillshade"):
            out = folder / "out.tif"
            ours_words = [sys.executable, "-m", "atlas", "rasters", what, "--dem", str(tile), "--out", str(out)]
            theirs_words = [str(gdaldem), what, str(tile), str(out), "-q"]
            ours, theirs = [], []
            for _ in range(setting.runs):
                ours.append(_seconds(ours_words))
                out.unlink()
                if gdaldem:
                    theirs.append(_seconds(theirs_words))
                    out.unlink()
            numbers.append(
                Number(
                    "terrain",
                    f"{what} of {size * size / 1e6:g} million cells, whole process",
                    median(ours),
                    "s",
                    peer=median(theirs) if theirs else None,
                    target=TARGET_GDALDEM,
                    judged="ratio",
                    note="the peer is gdaldem; both write an uncompressed GeoTIFF",
                    samples={"ours": ours, "peer": theirs},
                )
            )
    return numbers


def zonal(setting: Setting) -> list[Number]:
    """Measure min, mean, max and count of every town over a 10 m raster, beside rasterstats where it can be had."""
    plan, _ = setting.opened()
    towns = plan.layers["town"].features
    west, south, east, north = towns.total_bounds
    cell = 100.0 if setting.small else 10.0
    with TemporaryDirectory() as name:
        file, areas = Path(name) / "values.tif", Path(name) / "towns.gpkg"
        columns, rows = int((east - west) / cell) + 2, int((north - south) / cell) + 2
        grid = Grid(plan.crs, west // cell * cell, (north // cell + 1) * cell, cell, rows, columns)
        _write(file, grid, _waves(rows, columns))
        towns[["name", "geometry"]].to_file(areas)
        ours, means = [], []
        with rasterio.open(file) as opened:
            values = opened.read(1)
        for _ in range(setting.runs):
            start = time.perf_counter()
            means = [zone(values, grid, area).mean for area in towns.geometry]
            ours.append(time.perf_counter() - start)
        theirs: list[float] = []
        note = "min, mean, max and count of each town, raster and areas in memory; ours weights the cells at the edge exactly"
        if python := None if setting.small else rasterstats_python():
            told = subprocess.run(
                [python, "-W", "ignore", "-c", _THEIRS, str(areas), str(file), str(setting.runs)],
                check=True,
                capture_output=True,
                text=True,
            )
            theirs, their_means = _json(told.stdout)
            off = max(abs(one - other) / abs(other) for one, other in zip(means, their_means, strict=True))
            note += f"; the means differ by at most {off:.1e} of themselves, which is the edge"
    return [
        Number(
            "zonal",
            f"{len(towns)} towns over {rows * columns / 1e6:.1f} million cells",
            median(ours),
            "s",
            peer=median(theirs) if theirs else None,
            target=TARGET_RASTERSTATS,
            judged="ratio",
            note=note,
            samples={"ours": ours, "peer": theirs},
        )
    ]


def travel(setting: Setting) -> list[Number]:
    """Measure the least time to every cell of a grid whose costs are rough."""
    size = _TRAVEL[setting.small]
    rough = np.random.default_rng(0).uniform(0.06 / 75, 0.06 / 5, (size, size))
    samples = []
    for _ in range(setting.runs):
        start = time.perf_counter()
        least_minutes(rough, 100.0, [(size // 2, size // 2)])
        samples.append(time.perf_counter() - start)
    what = f"travel time over {size * size / 1e6:.2g} million cells"
    return [Number("travel", what, median(samples), "s", target=TARGET_TRAVEL_S, samples={"ours": samples})]


def import_dem(setting: Setting) -> list[Number]:
    """Import a sparse elevation model of ten gigabytes; its largest memory counts."""
    plan, _ = setting.opened()
    size = _SPARSE[setting.small]
    west, south, east, north = plan.layers["district"].features.total_bounds
    cell = max(east - west, north - south) * 1.2 / size * (1 if setting.small else 12)
    with TemporaryDirectory() as name:
        file, workspace = Path(name) / "sparse.tif", Path(name) / "workspace"
        middle = ((west + east) / 2, (south + north) / 2)
        transform = Affine(cell, 0, middle[0] - size / 2 * cell, 0, -cell, middle[1] + size / 2 * cell)
        profile = {"driver": "GTiff", "tiled": True, "sparse_ok": True, "bigtiff": "YES", "nodata": -9999}
        place = {"width": size, "height": size, "transform": transform, "crs": plan.crs.to_wkt()}
        with rasterio.open(file, "w", count=1, dtype="float32", **profile, **place) as out:
            half, start = max(256, size // 24), size // 2 // 256 * 256
            wanted = rasterio.windows.Window(start - half, start - half, 2 * half, 2 * half)
            out.write(300 + 50 * _waves(2 * half, 2 * half) / 100, 1, window=wanted)
        words = ["--geodata", str(setting.folder.parent), "--district", setting.folder.name]
        words += ["--workspace", str(workspace), "import", str(file), "--kind", "dem"]
        begun = time.perf_counter()
        megabytes = _peak_megabytes([sys.executable, "-m", "atlas", *words])
        seconds = time.perf_counter() - begun
    gigabytes = size * size * 4 / 1e9
    note = f"took {seconds:.1f} s; what lies in the district is cut out, warped, checked and written with overviews"
    return [
        Number(
            "import_dem",
            f"largest memory while a sparse model of {gigabytes:.3g} GB is imported",
            round(megabytes, 1),
            "MB",
            target=TARGET_IMPORT_MB,
            note=note,
            samples={"ours": [megabytes]},
        )
    ]


def _hills(file: Path, size: int, cell_m: float) -> Path:
    grid = Grid(_crs(), 400_000.0, 3_600_000.0, cell_m, size, size)
    return _write(file, grid, _waves(size, size))


def _crs() -> Any:  # noqa: ANN401 - pyproj's own type
    import pyproj  # noqa: PLC0415

    return pyproj.CRS.from_epsg(4545)


def _write(file: Path, grid: Grid, values: np.ndarray[Any, Any]) -> Path:
    profile = {"driver": "GTiff", "tiled": True, "blockxsize": 512, "blockysize": 512, "nodata": -9999}
    place = {"width": grid.columns, "height": grid.rows, "transform": grid.transform, "crs": grid.crs.to_wkt()}
    with rasterio.open(file, "w", count=1, dtype="float32", **profile, **place) as out:
        out.write(values, 1)
    return file


def _waves(rows: int, columns: int) -> np.ndarray[Any, Any]:
    row = np.arange(rows, dtype=np.float32)[:, None]
    column = np.arange(columns, dtype=np.float32)[None]
    hills: np.ndarray[Any, Any] = 600 + 300 * np.sin(column / 150) * np.cos(row / 170)
    hills += 80 * np.sin(column / 23 + row / 31)
    return hills.astype(np.float32)


def _seconds(words: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True, env=os.environ | {"ATLAS_NO_VENV": "1"})
    return time.perf_counter() - start


def _peak_megabytes(words: Sequence[str]) -> float:
    """Return the largest memory of a command; zero where the system does not tell."""
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"ATLAS_NO_VENV": "1"},
    )
    if not hasattr(os, "wait4"):
        process.wait()
        return 0.0
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(words))
    # Linux counts kilobytes, macOS bytes.
    return used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1024)


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON
    import json  # noqa: PLC0415

    return json.loads(text)
