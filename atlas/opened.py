"""The district as the running app holds it: opened once for all who ask, and again as soon as a file of it changes."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.locations import CONTROLS, ELEVATION_FILE, GEODATA, workspace_folder
from atlas.sheets import Atlas, read_sheets
from atlas.webmap import WebMap
from layers import Plan, PlanError, audit, district_folder
from layers.io import fingerprint

if TYPE_CHECKING:
    from atlas.rasters.terrain import DemTerrain
    from atlas.screening.controls import Control
    from atlas.screening.shelf import Shelf
    from layers import Finding
    from layers.errors import Language

# Visitors who come together wait for one opening instead of each doing their own.
_ALONE = threading.RLock()


@dataclass(frozen=True, eq=False)
class Opened:
    """A district as the app holds it: its plan, its sheets, and everything the audit found."""

    plan: Plan
    atlas: Atlas
    findings: tuple[Finding, ...]


def geodata() -> Path:
    """Return the folder of districts: the one the command line gave, or else the one that ships."""
    return Path(os.environ.get("ATLAS_GEODATA", str(GEODATA)))


def folder_of(id_: str) -> Path:
    """
    Return the folder of a district; without an id, of the one the command line gave, or else of the first.

    Raises
    ------
    PlanError
        If there is no such district.
    """
    return district_folder(geodata(), id_ or os.environ.get("ATLAS_DISTRICT", ""))


def open_district(folder: Path) -> Opened:
    """
    Return a district, as its files are now.

    Raises
    ------
    PlanError
        With everything the audit found, if any of it is an error.
    """
    with _ALONE:
        return _open(folder, fingerprint(folder))


def workspace() -> Path:
    """Return the folder of what the user adds."""
    given = os.environ.get("ATLAS_WORKSPACE")
    return workspace_folder(Path(given) if given else None)


def elevation_of(plan: Plan) -> Path:
    """Return where a district's elevation model is, or would be."""
    return workspace() / plan.district.id / ELEVATION_FILE


def terrain_of(plan: Plan) -> DemTerrain | None:
    """Return what the district's elevation model says of slopes; None without one, or with one that cannot be read."""
    file = elevation_of(plan)
    return _terrain(file, file.stat().st_mtime_ns) if file.is_file() else None


def shelf_of(plan: Plan) -> Shelf:
    """Return the control layers that the user keeps for a district."""
    from atlas.screening.shelf import Shelf  # noqa: PLC0415 - the first map need not wait for it

    return Shelf(workspace() / plan.district.id / CONTROLS, plan)


def stamp_of(plan: Plan) -> str:
    """Return what drawings of a district depend on: its data, and the elevation and control layers the user keeps."""
    file, folder = elevation_of(plan), workspace() / plan.district.id / CONTROLS
    kept = shelf_of(plan).stamp() if folder.is_dir() else ()
    return f"{plan.fingerprint} {file} {file.stat().st_mtime_ns if file.is_file() else 0} {kept}"


def web_map(district: Opened, language: Language) -> WebMap:
    """Return a district's sheets drawn for the browser; drawn once for all sessions."""
    with _ALONE:
        return _web_map(district, language, stamp_of(district.plan))


def draw_all(district: Opened, language: Language) -> None:
    """Draw every sheet once, so that nobody waits for the surface of one."""
    web = web_map(district, language)
    for sheet in district.atlas.sheets.values():
        with contextlib.suppress(PlanError):  # the sheet tells
            web.document(sheet)


def forget() -> None:
    """Forget what was opened, so that the next one who asks waits for it."""
    with _ALONE:
        _open.cache_clear()
        _web_map.cache_clear()
        _terrain.cache_clear()


# The stamp is part of the key: when a file changes, the next request opens the district anew and no old map can stay.
@lru_cache(maxsize=4)
def _open(folder: Path, stamp: str) -> Opened:  # noqa: ARG001 - the key
    plan, found = audit(folder)
    if plan is None:
        raise PlanError(found)
    atlas = read_sheets(folder, plan, found)
    if found.errors():
        raise PlanError(found)
    return Opened(plan, atlas, tuple(found))


@lru_cache(maxsize=8)
def _web_map(district: Opened, language: Language, stamp: str) -> WebMap:  # noqa: ARG001 - the key
    plan, elevation = district.plan, elevation_of(district.plan)
    controls: tuple[Control, ...] = ()
    if (workspace() / plan.district.id / CONTROLS).is_dir():
        with contextlib.suppress(PlanError):  # which the page of the sites tells
            controls = shelf_of(plan).controls()
    readable = not elevation.is_file() or terrain_of(plan) is not None
    atlas = district.atlas
    return WebMap(plan, atlas, language, elevation=elevation if readable else None, controls=controls)


@lru_cache(maxsize=2)
def _terrain(file: Path, stamp: int) -> DemTerrain | None:  # noqa: ARG001 - the key
    # Without a model nobody waits for the raster libraries; one that cannot be read is told of on the data page.
    from atlas.rasters.terrain import DemTerrain  # noqa: PLC0415

    try:
        return DemTerrain.opened(file)
    except PlanError:
        return None
