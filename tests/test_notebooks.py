"""The notebooks run from top to bottom, and what they show was shown by this code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from atlas.locations import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def _texts(notebook: Any) -> list[str]:  # noqa: ANN401 - nbformat carries no types
    """Return the plain text of every output."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output["data"]["text/plain"] for output in outputs if "data" in output]


def test_there_is_a_notebook() -> None:
    """A newcomer finds at least one."""
    assert NOTEBOOKS


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_runs_and_shows_what_it_says(file: Path) -> None:
    """Running it again gives the outputs that are stored with it."""
    stored = nbformat.read(file, as_version=4)
    fresh = nbformat.read(file, as_version=4)

    NotebookClient(
        fresh, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(file.parent)}}
    ).execute()

    assert _texts(stored)
    assert _texts(fresh) == _texts(stored)
