"""The sheets (图) of a district: which layers, in which order, over which extent, with which note."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from atlas.rasters.recipes import read_recipes
from layers import Finding, Findings, Name, Plan, PlanError, vocabulary
from layers import io as files
from layers.errors import nearest
from layers.fields import Table, check_word
from layers.records import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atlas.rasters.recipes import RasterRecipe

_NEEDED: Final = ("group", "title", "layers", "note")
_OPTIONAL: Final = ("off", "extent", "margin_km", "topics", "about", "raster")


@dataclass(frozen=True, slots=True)
class SheetLayer:
    """A layer as a sheet draws it: its kind, the one status it is limited to (blank: all), and whether it starts on."""

    kind: str
    status: str = ""
    on: bool = True

    @property
    def id(self) -> str:
        """Identifier of the layer on its sheet."""
        return f"{self.kind}:{self.status}" if self.status else self.kind


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One drawing of the atlas.

    Parameters
    ----------
    layers
        In drawing order, lowest first, those under every sheet included.
    extent
        Place ids to fit; empty for the whole district.
    margin_km
        Kept free around the extent.
    topics
        Topics of the targets that stand beside it.
    about
        Kinds whose statements without a position are listed beside it.
    raster
        Id of the raster that lies under its layers; blank for none.
    """

    id: str
    number: int
    group: str
    title: Name
    note: Name
    layers: tuple[SheetLayer, ...]
    extent: tuple[str, ...] = ()
    margin_km: float = 0.0
    topics: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    raster: str = ""


@dataclass(frozen=True, slots=True)
class Atlas:
    """The sheets of a district in order, the groups they are listed in, and the recipes of their rasters."""

    groups: Mapping[str, Name]
    sheets: Mapping[str, Sheet]
    rasters: Mapping[str, RasterRecipe] = field(default_factory=dict)

    def sheet(self, id_: str = "") -> Sheet:
        """
        Return a sheet, or the first one if no id is given.

        Raises
        ------
        PlanError
            If there is none of this id; the nearest is named.
        """
        if not id_:
            return next(iter(self.sheets.values()))
        if id_ not in self.sheets:
            values = {"value": id_, "near": nearest(id_, self.sheets)}
            raise PlanError([Finding("unknown_sheet", "--sheet", values)])
        return self.sheets[id_]


def read_sheets(folder: Path, plan: Plan, found: Findings) -> Atlas:
    """
    Read a district's sheets.

    Parameters
    ----------
    folder
        Holds ``sheets.toml``, and ``rasters.toml`` if a sheet shows a raster.
    plan
        Gives the places and topics that sheets may name.
    found
        Receives every fault of the file.
    """
    file, sound = folder / "sheets.toml", not found.errors()
    try:
        tables = files.read_toml(file)
        rasters = read_recipes(folder, plan, found)
    except PlanError as error:
        found.extend(error.findings)
        return Atlas({}, {})
    name, before = files.label(file), len(found)
    whole = Table(name, tables, found, ("base", "groups", "sheets"))
    base = Table(f"{name}: base", whole.values.get("base", {}), found, ("layers",))
    below = _layers(base, "layers", found)
    groups = Table(f"{name}: groups", whole.values.get("groups", {}), found)
    titles = {id_: groups.name(id_) for id_ in groups.values}
    listed = Table(f"{name}: sheets", whole.values.get("sheets", {}), found)
    sheets: dict[str, Sheet] = {}
    for number, (id_, value) in enumerate(listed.values.items()):
        faults = len(found)
        table = Table(listed.at(id_), value, found, _NEEDED, _OPTIONAL)
        if "raster" in table.values and sound:
            table.word("raster", rasters)
        sheet = _sheet(id_, number, table, below=below, groups=titles, plan=plan, sound=sound)
        if len(found) == faults:
            sheets[id_] = sheet
    if not listed.values and len(found) == before:
        found.add("missing_value", name, value="sheets")
    return Atlas(titles, sheets, rasters)


def _sheet(
    id_: str,
    number: int,
    table: Table,
    *,
    below: tuple[str, ...],
    groups: Mapping[str, Name],
    plan: Plan,
    sound: bool,
) -> Sheet:
    """Read one sheet; what does not fit is reported by the table."""
    found, own = table.found, _layers(table, "layers", table.found)
    off, about = table.words("off"), table.words("about")
    extent, topics = table.words("extent"), table.words("topics")
    # With a place left out for a fault of its own, the extent is not reported a second time.
    located = [place.id for place in plan.places.values() if place.is_located] if sound else list(extent)
    known_topics = sorted({target.topic for target in plan.targets.values()})
    for key, words, known in (
        ("off", off, own),
        ("about", about, vocabulary().kinds),
        ("extent", extent, located),
        ("topics", topics, known_topics),
    ):
        for word in words:
            check_word(table.at(key), word, known, found)
    entries = [(entry, *entry.partition(":")) for entry in (*below, *own)]
    layers = tuple(SheetLayer(kind, status, entry not in off) for entry, kind, _, status in entries)
    return Sheet(
        id=id_,
        number=number,
        group=table.word("group", groups),
        title=table.name("title"),
        note=table.name("note"),
        layers=layers,
        extent=extent,
        margin_km=table.size("margin_km"),
        topics=topics,
        about=about or tuple(layer.kind for layer in layers),
        raster=table.text("raster"),
    )


def _layers(table: Table, key: str, found: Findings) -> tuple[str, ...]:
    """Return a list of layers, ``kind`` or ``kind:status``."""
    entries = table.words(key)
    for entry in entries:
        kind, limited, status = entry.partition(":")
        check_word(table.at(key), kind, vocabulary().kinds, found)
        if limited:
            check_word(table.at(key), status, STATUSES, found)
    return entries
