"""The design's sentences of the form "X is the only Y", held by reading the code."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from atlas.locations import ROOT
from tests.conftest import Opened

CODE: Final = sorted(
    file
    for pattern in ("app.py", "layers/**/*.py", "atlas/**/*.py", "atlas/static/*")
    for file in ROOT.glob(pattern)
    if "__pycache__" not in file.parts
)
PYTHON: Final = [file for file in CODE if file.suffix == ".py"]
# Words of the field that also stand in names of features.
_GENERIC: Final = {"district", "东进", "西延", "南拓", "中改"}
_LONGEST_MODULE: Final = 420


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {module.partition(".")[0] for module in run.stdout.split()}


@pytest.mark.parametrize("file", CODE, ids=_name)
def test_no_place_of_a_district_stands_in_the_code(file: Path, bazhou: Opened) -> None:
    """Not its id, not a name of a place or a feature, not a coordinate inside it: a district is data."""
    text = file.read_text("utf-8")
    places = {re.sub(r"\(.*|[镇乡街道]+$", "", place.name) for place in bazhou.plan.places.values()}
    names = places | {feature.name for feature in bazhou.plan.features()} | {bazhou.plan.district.id}
    assert sorted(name for name in names - _GENERIC if len(name) > 1 and name in text) == []

    west, south, east, north = bazhou.plan.layers["district"].features.to_crs(4326).total_bounds
    numbers = [float(number) for number in re.findall(r"(?<![\w.])\d{2,3}\.\d{2,}", text)]
    assert [n for n in numbers if west <= n <= east or south <= n <= north] == []


def test_layers_is_headless() -> None:
    """The plan can be read where nothing can be drawn."""
    assert not _loaded_by("import layers") & {"streamlit", "folium", "branca", "matplotlib", "atlas"}


def test_the_command_line_starts_light() -> None:
    """Importing the package, or its help, loads no heavy library."""
    assert not _loaded_by("import atlas") & {"streamlit", "folium", "geopandas", "shapely"}
    assert not _loaded_by("import atlas.bootstrap") & {"streamlit", "folium", "geopandas", "numpy"}


@pytest.mark.parametrize("file", [file for file in PYTHON if file.parent.name == "layers"], ids=_name)
def test_one_module_opens_the_data(file: Path) -> None:
    """Only `layers.io` reads below geodata; the others read at most the table that lies beside them."""
    calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    opening = {"open", "read_text", "read_bytes", "glob", "iterdir"}
    found = [
        ast.unparse(call.func)
        for call in calls
        if ast.unparse(call.func).rpartition(".")[2] in opening and "__file__" not in ast.unparse(call.func)
    ]
    assert file.name == "io.py" or found == []


def test_the_door_is_thin() -> None:
    """`app.py` imports the app's frame and nothing geographic."""
    text = (ROOT / "app.py").read_text("utf-8")
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports] == ["from atlas.ui import open_app"]
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("file", PYTHON, ids=_name)
def test_modules_are_small_and_documented(file: Path) -> None:
    """Every module, public class and public function says what it is, and none needs scrolling for long."""
    text = file.read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert len(text.splitlines()) <= _LONGEST_MODULE
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    methods = [node for owner in public if isinstance(owner, ast.ClassDef) for node in owner.body]
    for node in (*public, *methods):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_":
            assert ast.get_docstring(node), node.name
