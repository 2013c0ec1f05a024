"""What a user keeps: named site sets of a district in one GeoPackage that no crash and no second window can lose.

The file is never written in place. A new one is written beside it, brought to the disk, and then put in its place,
while the one before stays as a backup; a lock keeps two windows or two programs from doing so at once. QGIS opens the
file as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio

from atlas.sites.model import COLUMNS, Alternative, Reading, SiteSet
from layers import Finding, PlanError
from layers.crs import STORAGE_CRS

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyproj

LONGEST_NAME: Final = 60
DRAFT_DAYS: Final = 30
_SITES: Final = "sites"
_SETS: Final = "site_sets"
_SET_COLUMNS: Final = ("set_name", "revision", "saved", "reading")


@dataclass(frozen=True, slots=True)
class Saved:
    """A site set as the workspace lists it: name, number of sites, when it was saved (UTC, ISO 8601), which version."""

    name: str
    sites: int
    saved: str
    revision: str


@dataclass(frozen=True, slots=True)
class _Content:
    sites: gpd.GeoDataFrame
    sets: pd.DataFrame


class Workspace:
    """
    The site sets that are kept for one district.

    Parameters
    ----------
    folder
        The user's folder (``--workspace``); a folder of the district's id is made in it at the first save.
    district
        Id of the district.
    """

    def __init__(self, folder: Path, district: str) -> None:
        self.folder = folder / district
        self.file = self.folder / "project-sites.gpkg"
        self.backup = self.folder / "project-sites.backup.gpkg"

    def list(self) -> tuple[Saved, ...]:
        """
        Return the sets that are kept, in the order of their names.

        Raises
        ------
        PlanError
            If the file cannot be read.
        """
        content = self._read()
        counts = content.sites["set_name"].value_counts()
        rows = content.sets.sort_values("set_name").astype(str).to_dict("records")
        return tuple(
            Saved(row["set_name"], int(counts.get(row["set_name"], 0)), row["saved"], row["revision"]) for row in rows
        )

    def load(self, name: str, crs: pyproj.CRS) -> tuple[SiteSet, str]:
        """
        Return a set in a working CRS, and its revision.

        Raises
        ------
        PlanError
            If there is none of this name, or the file cannot be read.
        """
        content = self._read()
        known = content.sets[content.sets["set_name"] == name]
        if known.empty:
            raise PlanError([Finding("no_site_set", str(self.file), {"value": name})])
        rows = content.sites[content.sites["set_name"] == name].to_crs(crs)
        frame = gpd.GeoDataFrame(rows[list(COLUMNS)].reset_index(drop=True), geometry="geometry", crs=crs)
        frame["attributes"] = [json.loads(text) for text in frame["attributes"]]
        return SiteSet(name, frame, _reading(json.loads(known["reading"].iloc[0]))), str(known["revision"].iloc[0])

    def save(self, sites: SiteSet, *, revision: str = "") -> str:
        """
        Keep a set under its name.

        Parameters
        ----------
        sites
            What to keep.
        revision
            What the set was when it was opened; blank for a new one. If another window has saved it since, or keeps
            one of this name already, nothing is written.

        Returns
        -------
        revision
            What it is now.

        Raises
        ------
        PlanError
            If the name cannot be used, the set has changed meanwhile, or the file cannot be read or written.
        """
        name = sites.name
        if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
            raise PlanError([Finding("bad_site_set_name", str(self.file), {"value": name, "n": LONGEST_NAME})])
        new = uuid.uuid4().hex[:12]
        with self._locked():
            content = self._read_locked()
            known = content.sets[content.sets["set_name"] == name]
            if (known.empty and revision) or (not known.empty and known["revision"].iloc[0] != revision):
                raise PlanError([Finding("site_set_changed", str(self.file), {"value": name})])
            self._write(_with(_without(content, name), sites, new))
        return new

    def delete(self, name: str) -> None:
        """Keep a set no longer; the backup still has it until the next save."""
        with self._locked():
            self._write(_without(self._read_locked(), name))

    def hold(self, sets: Sequence[SiteSet]) -> None:
        """
        Keep exactly these sets, whatever was kept before; for drafts, which belong to one window.

        Raises
        ------
        PlanError
            If the file cannot be written.
        """
        if not sets:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        with self._locked():
            content = _nothing()
            for one in sets:
                content = _with(content, one, uuid.uuid4().hex[:12])
            self._write(content)

    def drafts(self, token: str) -> Workspace:
        """Return where one window keeps what it has not saved; `token` is a file name that only it knows."""
        return Workspace(self.folder / "drafts", token)

    def forget_drafts(self) -> None:
        """Delete the drafts of windows that nobody has come back to for long."""
        oldest = time.time() - DRAFT_DAYS * 86_400
        for folder in (self.folder / "drafts").glob("*"):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)

    @property
    def has_backup(self) -> bool:
        """Whether there is what `restore` would bring back."""
        return self.backup.is_file()

    def restore(self) -> None:
        """Put the backup in place of a file that cannot be read; that file is set aside, not deleted."""
        with self._locked():
            if self.file.exists():
                aside = f"project-sites.unreadable-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}.gpkg"
                self.file.replace(self.folder / aside)
            if self.backup.is_file():
                draft = self._draft()
                shutil.copyfile(self.backup, draft)
                _to_disk(draft)
                draft.replace(self.file)

    # ---- the file

    def _read(self) -> _Content:
        if not self.folder.is_dir():
            return _nothing()
        with self._locked():
            return self._read_locked()

    def _read_locked(self) -> _Content:
        if not self.file.exists():
            if self.backup.is_file():
                # Only a hand from outside takes the one and leaves the other: she decides.
                raise PlanError([Finding("workspace_unreadable", str(self.file), {"detail": "missing"})])
            return _nothing()
        try:
            sites = pyogrio.read_dataframe(self.file, layer=_SITES)
            sets = pyogrio.read_dataframe(self.file, layer=_SETS, read_geometry=False)
            text = ["set_name", *COLUMNS[:6], "years", "owner", "note", "where", "attributes"]
            sites[text] = sites[text].astype(object).fillna("")
            sites["inside"] = sites["inside"].astype(bool)
            return _Content(sites[["set_name", *COLUMNS]], sets[list(_SET_COLUMNS)])
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, KeyError, OSError) as error:
            detail = " ".join(str(error).split())[:120]
            raise PlanError([Finding("workspace_unreadable", str(self.file), {"detail": detail})]) from error

    def _write(self, content: _Content) -> None:
        """Replace the file by a new one, which is on the disk before the old one becomes the backup."""
        sites, sets = content.sites, content.sets
        draft = self._draft()
        try:
            options = {"driver": "GPKG", "layer": _SITES, "geometry_type": "Unknown"}
            frame = gpd.GeoDataFrame(sites[["set_name", *COLUMNS]], geometry="geometry", crs=STORAGE_CRS)
            pyogrio.write_dataframe(frame, draft, **options)
            pyogrio.write_dataframe(sets[list(_SET_COLUMNS)], draft, driver="GPKG", layer=_SETS, append=True)
            _to_disk(draft)
            if self.file.exists():
                older = self._draft()
                shutil.copyfile(self.file, older)
                _to_disk(older)
                older.replace(self.backup)
            draft.replace(self.file)
            _to_disk(self.folder)
        except (OSError, pyogrio.errors.DataSourceError) as error:
            raise PlanError([Finding("unwritable", str(self.file), {"detail": str(error)})]) from error
        finally:
            for left in self.folder.glob(".*.part*"):
                with contextlib.suppress(OSError):
                    left.unlink()

    def _draft(self) -> Path:
        return self.folder / f".{uuid.uuid4().hex[:8]}.part.gpkg"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder; the system lets go of it however the holder ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = (self.folder / ".lock").open("a+b")
        except OSError as error:
            detail = error.strerror or str(error)
            raise PlanError([Finding("unwritable", str(self.folder), {"detail": detail})]) from error
        with handle:
            if sys.platform == "win32":
                handle.seek(0)
                msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
            else:
                fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                if sys.platform == "win32":
                    handle.seek(0)
                    msvcrt.locking(handle.fileno(), msvcrt.LK_UNLCK, 1)


def _nothing() -> _Content:
    sites = gpd.GeoDataFrame({column: [] for column in ("set_name", *COLUMNS)}, geometry="geometry", crs=STORAGE_CRS)
    return _Content(sites, pd.DataFrame(columns=list(_SET_COLUMNS)))


def _without(content: _Content, name: str) -> _Content:
    sites, sets = content.sites, content.sets
    return _Content(sites[sites["set_name"] != name], sets[sets["set_name"] != name])


def _with(content: _Content, one: SiteSet, revision: str) -> _Content:
    rows = one.frame.to_crs(STORAGE_CRS).assign(set_name=one.name)
    rows["attributes"] = [json.dumps(cells, ensure_ascii=False) for cells in rows["attributes"]]
    about = [one.name, revision, datetime.now(UTC).isoformat(timespec="microseconds"), _as_text(one.reading)]
    row = pd.DataFrame([about], columns=list(_SET_COLUMNS))
    return _Content(
        gpd.GeoDataFrame(pd.concat([content.sites, rows], ignore_index=True)) if len(content.sites) else rows,
        pd.concat([content.sets, row], ignore_index=True) if len(content.sets) else row,
    )


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk itself."""
    if path.is_dir() and sys.platform == "win32":  # no folder can be opened there
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _as_text(reading: Reading) -> str:
    return json.dumps(asdict(reading), ensure_ascii=False, default=str)


def _reading(values: dict[str, Any]) -> Reading:
    others = tuple(Alternative(**other) for other in values.pop("alternatives"))
    problems = tuple(Finding(**problem) for problem in values.pop("problems"))
    return Reading(**values, alternatives=others, problems=problems)
