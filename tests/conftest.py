"""What the tests share: the two districts, copies of one that may be spoiled, and no way out to the network."""

import csv
import io
import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import settings

from atlas.locations import GEODATA, ROOT
from atlas.sheets import Atlas, read_sheets
from layers import Finding, Plan, audit

DATA: Final = ROOT / "tests" / "data"
GOLDEN: Final = ROOT / "tests" / "golden"
# Folder of each district under test; what holds for one must hold for the other.
DISTRICTS: Final = {"bazhou": GEODATA / "bazhou", "toyland": DATA / "toyland"}

# Timing belongs to the benchmarks. In CI a run is repeatable; a failure prints what reproduces it.
settings.register_profile("atlas", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("atlas")


@dataclass(frozen=True)
class Opened:
    """A district as it comes out of its folder."""

    folder: Path
    plan: Plan
    atlas: Atlas
    found: tuple[Finding, ...]

    @property
    def root(self) -> Path:
        """What `--geodata` would name."""
        return self.folder.parent


@cache
def opened(id_: str) -> Opened:
    """Return a district, read once."""
    folder = DISTRICTS[id_]
    plan, found = audit(folder)
    assert plan is not None, [finding.line() for finding in found]
    atlas = read_sheets(folder, plan, found)
    return Opened(folder, plan, atlas, tuple(found))


@pytest.fixture(params=list(DISTRICTS))
def district(request: pytest.FixtureRequest) -> Opened:
    """Each district in turn."""
    return opened(request.param)


@pytest.fixture
def toyland() -> Opened:
    """Return the synthetic district."""
    return opened("toyland")


@pytest.fixture
def bazhou() -> Opened:
    """Return the real district."""
    return opened("bazhou")


@dataclass(frozen=True)
class Draft:
    """A copy of a district that a test may spoil."""

    folder: Path

    @property
    def root(self) -> Path:
        """What `--geodata` would name."""
        return self.folder.parent

    def text(self, file: str) -> str:
        """Return a file's text without its byte-order mark."""
        return (self.folder / file).read_text("utf-8-sig")

    def write(self, file: str, content: str | bytes) -> None:
        """Replace a file."""
        raw = content.encode() if isinstance(content, str) else content
        (self.folder / file).write_bytes(raw)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the first occurrence of some text, which must be there."""
        text = self.text(file)
        assert old in text, f"{old!r} is not in {file}"
        self.write(file, text.replace(old, new, 1))

    def rows(self, table: str) -> list[dict[str, str]]:
        """Return the rows of a table."""
        return list(csv.DictReader(io.StringIO(self.text(table), newline="")))

    def write_rows(self, table: str, rows: list[dict[str, str]], encoding: str = "utf-8") -> None:
        """Replace the rows of a table."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(self.rows(table)[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.write(table, out.getvalue().encode(encoding))

    def cell(self, table: str, id_: str, **values: str) -> None:
        """Change cells of a row; `class_` stands for the column of that name."""
        cells = {column.rstrip("_"): value for column, value in values.items()}
        rows = self.rows(table)
        [row] = [row for row in rows if row["id"] == id_]
        assert set(cells) <= set(row)
        row.update(cells)
        self.write_rows(table, rows)

    def copy_row(self, table: str, like: str, **values: str) -> None:
        """Append a row like another, with some cells changed."""
        rows = self.rows(table)
        [row] = [row for row in rows if row["id"] == like]
        self.write_rows(table, [*rows, row | values])

    def drop_row(self, table: str, id_: str) -> None:
        """Take a row out, which must be there."""
        rows = self.rows(table)
        kept = [row for row in rows if row["id"] != id_]
        assert len(kept) == len(rows) - 1
        self.write_rows(table, kept)

    def findings(self) -> list[Finding]:
        """Return everything that is wrong with the copy, its sheets included, as `atlas check` does."""
        plan, found = audit(self.folder)
        if plan:
            read_sheets(self.folder, plan, found)
        return list(found)


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """Return a copy of toyland that may be spoiled."""
    return _copied(tmp_path / "geodata")


@contextmanager
def scratch() -> Iterator[Draft]:
    """Lend a copy of toyland for one example of a property test."""
    with TemporaryDirectory() as folder:
        yield _copied(Path(folder) / "geodata")


def _copied(root: Path) -> Draft:
    return Draft(Path(shutil.copytree(DISTRICTS["toyland"], root / "toyland")))


@dataclass(frozen=True)
class Fault:
    """
    A way to spoil toyland, and what must be said about it.

    Parameters
    ----------
    name
        What was done, in words.
    spoil
        Does it.
    where
        Parts of the finding's place: the file, and row, key or column in it.
    says
        Parts of the finding's English line: the wrong value, and the nearest right one where there is one.
    level
        How bad it is.
    """

    name: str
    spoil: Callable[[Draft], object]
    where: tuple[str, ...]
    says: tuple[str, ...] = ()
    level: str = "error"

    def among(self, found: list[Finding]) -> bool:
        """Say whether one of the findings tells of it."""
        return any(
            finding.level == self.level
            and all(part in finding.where for part in self.where)
            and all(part in finding.line("en") for part in self.says)
            for finding in found
        )


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection to another machine: the atlas needs none, so neither do its tests."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:  # noqa: ANN401 - as the standard library has it
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])
            assert host == "localhost" or ipaddress.ip_address(host).is_loopback, f"connects to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture(autouse=True)
def _no_user_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the keys and choices that the developer's own environment holds."""
    for name in list(os.environ):
        if name.startswith(("ATLAS_", "TIANDITU_")) and name not in {"ATLAS_CHROMIUM", "ATLAS_UPDATE_GOLDEN"}:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Leave nothing in Streamlit's caches, which outlive the app under test."""
    yield
    if streamlit := sys.modules.get("streamlit"):
        streamlit.cache_data.clear()
        streamlit.cache_resource.clear()
