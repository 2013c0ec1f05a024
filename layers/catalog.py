"""Which districts there are, and the one way to open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers import io
from layers.audit import audit
from layers.errors import Finding, PlanError, nearest

if TYPE_CHECKING:
    from pathlib import Path

    from layers.plan import Plan


def districts(root: Path) -> tuple[str, ...]:
    """
    Return the ids of the districts under a folder, in the order of their names.

    Raises
    ------
    PlanError
        If there is none.
    """
    return tuple(folder.name for folder in io.district_folders(root))


def district_folder(root: Path, id_: str = "") -> Path:
    """
    Return the folder of a district, or of the first one if no id is given.

    Raises
    ------
    PlanError
        If there is no such district; the nearest id is named.
    """
    folders = {folder.name: folder for folder in io.district_folders(root)}
    if not id_:
        return next(iter(folders.values()))
    if id_ not in folders:
        values = {"value": id_, "near": nearest(id_, folders), "known": " ".join(folders)}
        raise PlanError([Finding("unknown_district", str(root), values)])
    return folders[id_]


def load_plan(root: Path, id_: str = "") -> Plan:
    """
    Open a district's plan.

    Parameters
    ----------
    root
        Folder that holds one folder per district.
    id_
        Which district; the first if blank.

    Raises
    ------
    PlanError
        With every error of the data; warnings do not stop it.
    """
    plan, found = audit(district_folder(root, id_))
    found.raise_errors()
    if plan is None:
        raise PlanError([Finding("no_district", str(root))])
    return plan
