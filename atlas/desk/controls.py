"""Control layers in the app: an office's own borders, kept in its workspace for all its windows."""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from atlas import ui
from atlas.screening.controls import read_controls
from atlas.words import say
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atlas.desk.session import Desk
    from atlas.screening.controls import Control
    from layers import Plan
    from layers.errors import Language

_PARTS = {".shx", ".dbf", ".prj", ".cpg"}
_SUFFIXES = ("gpkg", "zip", "shp", "shx", "dbf", "prj", "cpg", "geojson", "kml", "kmz", "dxf", "txt", "parquet")


class Shelf:
    """
    The control layers of a district.

    Parameters
    ----------
    folder
        Where their files lie; made when the first is added.
    plan
        Gives the working CRS.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self._read: tuple[tuple[tuple[str, int, int], ...], tuple[Control, ...]] = ((), ())

    def files(self) -> list[Path]:
        """Return the files, without the lesser parts of Shapefiles."""
        if not self.folder.is_dir():
            return []
        return sorted(file for file in self.folder.iterdir() if file.is_file() and file.suffix.lower() not in _PARTS)

    def controls(self) -> tuple[Control, ...]:
        """
        Return what they hold, read anew only when a file has changed.

        Raises
        ------
        PlanError
            If one cannot be read.
        """
        files = self.files()
        stamp = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        if stamp != self._read[0]:
            self._read = (stamp, read_controls(files, self.plan))
        return self._read[1]

    def add(self, files: Mapping[str, bytes]) -> None:
        """
        Keep files, once they have proved readable.

        Raises
        ------
        PlanError
            If they cannot be read or written; nothing is kept then.
        """
        named = {PurePath(name).name: content for name, content in files.items()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=self.folder) as trial:
                for name, content in named.items():
                    (Path(trial) / name).write_bytes(content)
                whole = [Path(trial) / name for name in named if PurePath(name).suffix.lower() not in _PARTS]
                read_controls(whole, self.plan)
                for name in named:
                    (Path(trial) / name).replace(self.folder / name)
        except OSError as error:
            detail = error.strerror or str(error)
            raise PlanError([Finding("unwritable", str(self.folder), {"detail": detail})]) from error

    def remove(self, name: str) -> None:
        """Keep a file no longer, nor the lesser parts of a Shapefile."""
        wanted = self.folder / PurePath(name).name
        for file in self.folder.glob(f"{wanted.stem}.*") if wanted.suffix.lower() == ".shp" else [wanted]:
            with contextlib.suppress(OSError):
                file.unlink()


def show_controls(desk: Desk, language: Language) -> None:
    """Show which control layers there are, and let them be added and removed."""
    shelf = desk.shelf
    st.html(ui.heading(say(language, "sites.controls"), say(language, "sites.controls_hint")))
    try:
        held = shelf.controls()
    except PlanError as error:
        held = ()
        for finding in error.findings:
            st.text(finding.line(language))
    if held:
        rows = ((c.title.in_(language), say(language, "sites.control_features", n=len(c.target))) for c in held)
        st.html(ui.definition_list(rows))
    for file in shelf.files():
        left, right = st.columns([4, 1], gap="small", vertical_alignment="center")
        left.text(file.name)
        right.button(
            say(language, "sites.remove"),
            key=f"remove {file.name}",
            on_click=lambda name=file.name: _remove(desk, name),
            width="stretch",
        )
    with st.container(key="sites_controls"):
        files = st.file_uploader(
            say(language, "sites.add_control"),
            type=list(_SUFFIXES),
            accept_multiple_files=True,
            key=f"controls {desk.turn}",
        )
    if files:
        try:
            shelf.add({file.name: file.getvalue() for file in files})
            desk.troubles = ()
        except PlanError as error:
            desk.troubles = error.findings
        desk.turn += 1
        st.rerun()


def _remove(desk: Desk, name: str) -> None:
    desk.shelf.remove(name)
    desk.turn += 1
