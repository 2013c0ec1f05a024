"""Golden maps: what toyland's sheets look like to the browser, as text that a reviewer can read.

A change that is meant is accepted with ``ATLAS_UPDATE_GOLDEN=1 python -m tests tests/atlas/test_golden.py``; the diff of
``tests/golden`` then shows what it does to the map.
"""

import difflib
import json
import os
import re
from typing import Any

import pytest

from atlas.locations import STATIC
from atlas.webmap import WebMap
from atlas.webpage import leaflet_folder, page
from layers.errors import Language
from tests.conftest import GOLDEN, opened

SHEETS = ("all", "structure")
WIDTH = 110


def pretty(value: Any, indent: int = 0) -> str:  # noqa: ANN401 - any JSON
    """Return JSON with what fits on a line on one line, and a line of coordinates on as few as it takes."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= WIDTH or not isinstance(value, (dict, list, tuple)):
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        inner = [f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(pad + item for item in inner) + "\n" + " " * indent + "}"
    if value and all(len(json.dumps(item)) < 30 for item in value):
        lines, line = [], ""
        for item in map(json.dumps, value):
            if line and len(line) + len(item) > WIDTH - indent:
                lines.append(line)
                line = ""
            line += f"{item}, "
        lines.append(line)
        text = ("\n").join(pad + each.rstrip() for each in lines).removesuffix(",")
        return "[\n" + text + "\n" + " " * indent + "]"
    return "[\n" + ",\n".join(pad + pretty(item, indent + 1) for item in value) + "\n" + " " * indent + "]"


def compare(name: str, text: str) -> None:
    """Hold a text against the committed one, or commit it if that is asked for."""
    file = GOLDEN / name
    if os.environ.get("ATLAS_UPDATE_GOLDEN") == "1":
        file.write_text(text, "utf-8", newline="\n")
        return
    known = file.read_text("utf-8") if file.exists() else ""
    if text != known:
        diff = difflib.unified_diff(known.splitlines(), text.splitlines(), f"golden/{name}", "now", n=2, lineterm="")
        shown = list(diff)
        rest = f"\n… {len(shown) - 80} more lines" if len(shown) > 80 else ""
        pytest.fail(
            "\n".join(shown[:80]) + rest + "\nIf this is meant: ATLAS_UPDATE_GOLDEN=1 python -m tests " + __file__,
            pytrace=False,
        )


def golden_document(sheet: str, language: Language) -> str:
    """Return a sheet's document as text; the hashes, which follow from the rest, are masked."""
    toyland = opened("toyland")
    document = WebMap(toyland.plan, toyland.atlas, language).document(toyland.atlas.sheet(sheet))
    layers = [{**layer, "hash": "HASH"} for layer in document["layers"]]
    return pretty(document | {"layers": layers}) + "\n"


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_document_of_a_sheet_is_the_known_one(sheet: str) -> None:
    compare(f"{sheet}.json", golden_document(sheet, "zh"))


def test_the_document_in_english_is_the_known_one() -> None:
    compare("structure.en.json", golden_document("structure", "en"))


def test_the_page_of_a_sheet_is_the_known_one() -> None:
    """The file that opens offline; Leaflet and the client stand in it word for word and are masked here."""
    toyland = opened("toyland")
    text = page(WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet("structure"))
    for folder, name in (
        (leaflet_folder(), "leaflet.css"),
        (leaflet_folder(), "leaflet.js"),
        (STATIC, "atlasmap.css"),
        (STATIC, "atlasmap.js"),
    ):
        inlined = (folder / name).read_text("utf-8")
        assert text.count(inlined) == 1, name
        text = text.replace(inlined, f"[{name}]\n")
    text = re.sub(r"[0-9a-f]{32}", "ID", text)
    found = re.search(r"(?<=atlasMap\.update\()\{.*\}(?=\);)", text)
    assert found
    document = json.loads(found.group(0))
    layers = [{**layer, "hash": "HASH", "features": len(layer["features"])} for layer in document["layers"]]
    layers = [{key: value for key, value in layer.items() if key != "mesh"} for layer in layers]
    compare("structure.html", text.replace(found.group(0), pretty(document | {"layers": layers})))


def test_golden_files_are_all_in_use() -> None:
    """None is left over from a sheet that is gone."""
    known = {
        "all.json",
        "structure.json",
        "structure.en.json",
        "structure.html",
        "figure-all.svg",
        "figure-structure.svg",
    }
    assert {file.name for file in GOLDEN.iterdir() if file.is_file()} == known
