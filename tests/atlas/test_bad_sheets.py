"""Bad sheets: one line for each fault, with file, place, what is wrong and the nearest right value."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.sheets import read_sheets
from atlas.webmap import WebMap
from layers import Findings, audit
from tests.conftest import Draft, Fault, scratch

FILE = "toyland/sheets.toml"


def sheet(**values: object) -> Callable[[Draft], None]:
    """Change keys of the sheet `structure`; None takes one out."""

    def spoil(draft: Draft) -> None:
        tables = tomllib.loads(draft.text("sheets.toml"))
        table = tables["sheets"]["structure"] | values
        tables["sheets"]["structure"] = {key: value for key, value in table.items() if value is not None}
        draft.write("sheets.toml", toml(tables))

    return spoil


def top(**values: object) -> Callable[[Draft], None]:
    """Change tables of the file; None takes one out."""

    def spoil(draft: Draft) -> None:
        tables = tomllib.loads(draft.text("sheets.toml")) | values
        draft.write("sheets.toml", toml({key: value for key, value in tables.items() if value is not None}))

    return spoil


def toml(tables: dict[str, Any]) -> str:
    """Return a tree as TOML; strings and numbers are written there as they are in JSON."""
    return "".join(f"{_inline(key)} = {_inline(value)}\n" for key, value in tables.items())


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_inline(str(key))} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


FAULTS = [
    Fault("unknown layer", sheet(layers=["zon"]), (FILE, "structure", "layers"), ("zon", '"zone"')),
    Fault("unknown layer in off", sheet(off=["axes"]), (FILE, "structure"), ("axes", '"axis"')),
    Fault("layer in off that is not on the sheet", sheet(off=["ring"]), (FILE, "structure", "off"), ("ring",)),
    Fault(
        "unknown status",
        sheet(layers=["zone", "road:planed"], off=[]),
        (FILE, "structure", "layers"),
        ("planed", '"planned"'),
    ),
    Fault("layer twice", sheet(layers=["zone", "town", "zone"], off=[]), (FILE, "structure", "layers"), ("zone",)),
    Fault("unknown group", sheet(group="structrue"), (FILE, "structure", "group"), ("structrue", '"structure"')),
    Fault("unknown place", sheet(extent=["jai", "wu"]), (FILE, "structure", "extent"), ("jai", '"jia"')),
    Fault("unlocated place", sheet(extent=["lost-lake", "wu"]), (FILE, "structure", "extent"), ("lost-lake",)),
    Fault("unknown topic", sheet(topics=["urbane"]), (FILE, "structure", "topics"), ("urbane", '"urban"')),
    Fault("unknown key", sheet(layer=["zone"]), (FILE, "structure"), ("layer", '"layers"')),
    Fault("no layers", sheet(layers=None), (FILE, "structure"), ("layers",)),
    Fault("no title", sheet(title=None), (FILE, "structure"), ("title",)),
    Fault("title of one language", sheet(title="结构"), (FILE, "structure", "title")),
    Fault("title without English", sheet(title={"zh": "结构"}), (FILE, "structure", "title"), ("en",)),
    Fault(
        "title in a third language",
        sheet(title={"zh": "结构", "en": "S", "fr": "S"}),
        (FILE, "structure", "title"),
        ("fr",),
    ),
    Fault("title a number", sheet(title={"zh": 1, "en": 2}), (FILE, "structure", "title")),
    Fault("note of one language", sheet(note="注"), (FILE, "structure", "note")),
    Fault("margin in words", sheet(margin_km="wide"), (FILE, "structure", "margin_km"), ("wide",)),
    Fault("negative margin", sheet(margin_km=-50), (FILE, "structure", "margin_km"), ("-50",)),
    Fault("margin in a list", sheet(margin_km=[1]), (FILE, "structure", "margin_km")),
    Fault("layers in words", sheet(layers="zone town", off=[]), (FILE, "structure", "layers")),
    Fault("layers by number", sheet(layers=[1, 2], off=[]), (FILE, "structure", "layers")),
    Fault("layers none", sheet(layers=5, off=[]), (FILE, "structure", "layers")),
    Fault("off in words", sheet(off=True), (FILE, "structure", "off")),
    Fault("extent in words", sheet(extent="all"), (FILE, "structure", "extent")),
    Fault("extent by number", sheet(extent=[1, 2]), (FILE, "structure", "extent")),
    Fault("group a number", sheet(group=5), (FILE, "structure", "group")),
    Fault("topics a number", sheet(topics=5), (FILE, "structure", "topics")),
    Fault("a sheet that is no table", top(sheets={"all": 5}), (FILE, "all")),
    Fault("sheets in a list", top(sheets=[1]), (FILE,), ("sheets",)),
    Fault("no sheets", top(sheets={}), (FILE,), ("sheets",)),
    Fault("sheets missing", top(sheets=None), (FILE,), ("sheets",)),
    Fault("unknown table", top(sheet={}), (FILE,), ("sheet", '"sheets"')),
    Fault("base a number", top(base=5), (FILE, "base")),
    Fault("unknown layer in base", top(base={"layers": ["distrikt"]}), (FILE, "base"), ("distrikt", '"district"')),
    Fault("unknown key in base", top(base={"layer": ["district"]}), (FILE, "base"), ("layer", '"layers"')),
    Fault("groups a number", top(groups=5), (FILE, "groups")),
    Fault(
        "group of one language", top(groups={"overview": {"zh": "总览"}, "structure": {"zh": "结构"}}), (FILE, "groups")
    ),
    Fault("missing file", lambda d: (d.folder / "sheets.toml").unlink(), (FILE,)),
    Fault("empty file", lambda d: d.write("sheets.toml", b""), (FILE,)),
    Fault("a photograph", lambda d: d.write("sheets.toml", b"\x89PNG\xff\xff\x80\x00"), (FILE,)),
    Fault("broken TOML", lambda d: d.edit("sheets.toml", "[base]", "[base"), (FILE,), ("line 2",)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_gives_a_finding_with_file_place_and_nearest_value(draft: Draft, fault: Fault) -> None:
    """Whatever is wrong with the sheets is said where it stands, and nothing else is raised."""
    fault.spoil(draft)
    found = draft.findings()
    assert fault.among(found), [finding.line("en") for finding in found]
    for finding in found:
        assert len(finding.line("zh").splitlines()) == len(finding.line("en").splitlines()) == 1


def test_all_faults_of_the_file_are_reported_at_once(draft: Draft) -> None:
    """One look at the list is enough to mend the file."""
    tables = tomllib.loads(draft.text("sheets.toml"))
    tables["sheets"]["all"] |= {"layers": ["zon"], "off": [], "extent": ["jai"]}
    tables["sheets"]["structure"] |= {"group": "structrue", "layer": []}
    draft.write("sheets.toml", toml(tables))
    lines = "\n".join(finding.line("en") for finding in draft.findings())
    for word in ('"zon"', '"jai"', '"structrue"', '"layer"'):
        assert word in lines


def test_a_faulty_sheet_does_not_take_the_others_with_it(draft: Draft) -> None:
    """The app can still show what is right."""
    sheet(layers=["zon"])(draft)
    plan, _ = audit(draft.folder)
    assert plan
    found = Findings()
    assert "all" in read_sheets(draft.folder, plan, found).sheets
    assert found.errors()


VALUE = st.recursive(
    st.booleans()
    | st.integers(-9, 9999)
    | st.sampled_from(["", "zone", "jia", "urban", "road:planned", "district", ":", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["zh", "en", "layers", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(data=st.data())
@settings(max_examples=60)
def test_no_toml_can_raise_anything_but_findings(data: st.DataObject) -> None:
    """Any value anywhere in `sheets.toml` or `district.toml`: it is reported, or the sheets can be drawn."""
    with scratch() as draft:
        file = data.draw(st.sampled_from(["sheets.toml", "sheets.toml", "district.toml"]), label="file")
        tree: Any = tomllib.loads(draft.text(file))
        node = tree
        while True:
            key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))), label="key")
            if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans(), label="deeper"):
                node = node[key]
                continue
            node[key] = data.draw(VALUE, label="value")
            break
        draft.write(file, toml(tree))
        _draw_if_sound(draft.folder)


def _draw_if_sound(folder: Path) -> None:
    plan, found = audit(folder)
    if not plan:
        assert found.errors()
        return
    atlas = read_sheets(folder, plan, found)
    if not found.errors():
        web = WebMap(plan, atlas)
        for each in atlas.sheets.values():
            json.dumps(web.document(each, alone=True), allow_nan=False)
