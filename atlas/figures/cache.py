"""What was made before and need not be made again: pages and whole books, by a hash of everything they come from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from dataclasses import fields
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import shapely

from atlas.figures import fonts
from atlas.locations import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from layers import Feature, Layer

_MADE_BY: Final = ("typst", "shapely", "pyproj", "pypdfium2")
# So many files are kept: a few books of the largest size there is.
_KEPT: Final = 600


def digest(*parts: object) -> str:
    """Return a hash of some values that say everything about themselves when printed, bytes as they are."""
    sum_ = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else repr(part).encode()
        sum_.update(len(raw).to_bytes(8, "big") + raw)
    return sum_.hexdigest()


@cache
def workshop() -> str:
    """Return a hash of what draws: this software, its themes and words, the libraries, and the typefaces."""
    files = (file for package in ("atlas", "layers") for file in (ROOT / package).rglob("*") if _draws(file))
    parts: list[object] = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in sorted(files)]
    parts += [(name, metadata.version(name)) for name in _MADE_BY]
    for family in ("sans", "serif"):
        face = fonts.face(family)
        parts += [(face.family, file.name, number, file.stat().st_size) for file, number in (face.regular, face.bold)]
    return digest(*parts)


def content(layer: Layer) -> str:
    """Return a hash of a layer: all of its features, geometry included."""
    return digest(layer.kind, *map(content_of, layer.rows))


def content_of(feature: Feature) -> str:
    """Return a hash of a feature, its geometry included."""
    told = [getattr(feature, field.name) for field in fields(feature) if field.name != "geometry"]
    return digest(*told, shapely.to_wkb(feature.geometry))


def _draws(file: Path) -> bool:
    return file.suffix in {".py", ".toml", ".typ"}


class Store:
    """
    A folder of made things by their key. Without a folder nothing is kept; what cannot be kept is made again.

    Parameters
    ----------
    folder
        Where they lie; made when first needed.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def page(self, key: str) -> dict[str, Any] | None:
        """Return what was kept of a page, or None."""
        raw = self.file(key, ".json")
        try:
            kept = json.loads(raw) if raw else None
        except ValueError:
            return None
        return kept if isinstance(kept, dict) else None

    def file(self, key: str, suffix: str) -> bytes | None:
        """Return a file that was kept, or None."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}{suffix}"
        try:
            raw = path.read_bytes()
            path.touch()
        except OSError:
            return None
        # Its last bytes are the hash of the others: a file cut short, or changed, is made again.
        body, sum_ = raw[:-32], raw[-32:]
        return body if hashlib.sha256(body).digest() == sum_ else None

    def keep(self, key: str, suffix: str, content: bytes) -> None:
        """Keep a file, if that is possible."""
        if self.folder is None:
            return
        draft = self.folder / f".{uuid.uuid4().hex[:8]}.part"
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content + hashlib.sha256(content).digest())
            draft.replace(self.folder / f"{key}{suffix}")

    def keep_page(self, key: str, page: dict[str, Any]) -> None:
        """Keep what must be known of a page."""
        self.keep(key, ".json", json.dumps(page, ensure_ascii=False).encode())

    def tidy(self) -> None:
        """Drop what was not used for longest."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            files = sorted(self.folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
            for file in files[_KEPT:]:
                file.unlink(missing_ok=True)
