"""The control layers that an office keeps in its workspace, for screening and for suitability alike."""

from __future__ import annotations

import contextlib
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from atlas.screening.controls import read_controls
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atlas.screening.controls import Control
    from layers import Plan

# Name, time and size of each file.
Stamp = tuple[tuple[str, int, int], ...]
_PARTS: Final = {".shx", ".dbf", ".prj", ".cpg"}


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
        self._read: tuple[Stamp, tuple[Control, ...]] = ((), ())

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
        stamp = self.stamp()
        if stamp != self._read[0]:
            self._read = (stamp, read_controls(self.files(), self.plan))
        return self._read[1]

    def stamp(self) -> Stamp:
        """Return name, time and size of each file: another stamp means that something changed."""
        return tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in self.files())

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
