"""The rules that sites are screened by: data that ship with the software, and those that an office adds."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from layers import Finding, Findings, Name, vocabulary
from layers import io as files
from layers.fields import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

Verdict = Literal["hit", "clear", "uncertain", "no_data"]
Predicate = Literal["member", "overlaps", "within_distance", "nearest", "steeper"]

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
PREDICATES: Final[tuple[Predicate, ...]] = get_args(Predicate)
TERRAIN: Final = "terrain"
RULES_FILE: Final = "rules.toml"
_SIZES: Final = ("distance_m", "allowance_m", "degrees", "share")
_FLAGS: Final = ("informative", "measured")
_KEYS: Final = ("layer", "predicate", *_SIZES, *_FLAGS, "wanted", "title", "source", *VERDICTS)
_NOTHING: Final = Name("", "")


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One question that every site is asked.

    Parameters
    ----------
    id
        Its name in every result.
    title
        What it is called.
    layer
        Kind of the plan, control layer, or `TERRAIN`.
    predicate
        How it is asked; see ``rules.toml``.
    distance_m, allowance_m
        Limit, and how far the land edge that the law counts from may lie from the line; metres.
    degrees, share
        Of `steeper`: the angle, and the share of the site that may exceed it.
    informative
        Whether it is told without being part of the conclusion.
    measured
        Whether areas shared with schematic features are given.
    wanted
        The verdict that passes.
    source
        The law it rests on.
    wording
        By verdict; blanks as in ``rules.toml``.
    """

    id: str
    title: Name
    layer: str
    predicate: Predicate
    distance_m: float = 0.0
    allowance_m: float = 0.0
    degrees: float = 0.0
    share: float = 0.0
    informative: bool = False
    measured: bool = True
    wanted: Literal["hit", "clear"] = "clear"
    source: Name = _NOTHING
    wording: Mapping[Verdict, Name] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """
    All rules, in the order in which they are answered.

    Parameters
    ----------
    rules
        By id.
    sure
        How sure every hit and every clear is, at least.
    least_m2
        Areas that share less than this only touch.
    wording
        What is said where a rule has no words of its own, by predicate and verdict.
    inside, verdicts, names
        Columns of the summary table: the rule of which areas within and without are given, those of which the verdict
        is given, and those of which the name is.
    """

    rules: Mapping[str, Rule]
    sure: float
    least_m2: float
    wording: Mapping[str, Mapping[Verdict, Name]]
    inside: str = ""
    verdicts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def reach(self) -> float:
        """
        The radius, in standard errors, of the circle that holds the true position with probability `sure`.

        A site further away than this is clear: whatever the shape of the layer, it is involved with a probability of
        at most ``1 - sure`` (2.45 for 95 %; a straight border alone would allow 1.64).
        """
        return math.sqrt(-2 * math.log(1 - self.sure))

    def plain(self, id_: str, title: Name) -> Rule:
        """Return the rule for a control layer that none is made for: whether a site shares ground with it."""
        return Rule(id_, title, id_, "overlaps", wording=self.wording["overlaps"])


def read_rules(workspace: Path | None = None) -> Rules:
    """
    Return the rules that ship with the software, with those of an office over them.

    Parameters
    ----------
    workspace
        Folder that may hold the office's ``rules.toml``.

    Raises
    ------
    PlanError
        If that file is malformed; every place is named.
    """
    file = workspace / RULES_FILE if workspace else None
    return rules_of(files.read_text(file) if file and file.is_file() else "", str(file or RULES_FILE))


def rules_of(text: str, where: str = RULES_FILE) -> Rules:
    """
    Return the shipped rules with those of a text over them; see `read_rules`.

    Raises
    ------
    PlanError
        If the text is malformed.
    """
    shipped, found = _shipped(), Findings()
    tables: dict[str, dict[str, Any]] = {id_: dict(table) for id_, table in shipped["rules"].items()}
    certainty: dict[str, Any] = dict(shipped["certainty"])
    if text.strip():
        try:
            own = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found.add("bad_syntax", where, detail=error)
            found.raise_errors()
        outer = Table(where, own, found, (), ("rules", "certainty"))
        for id_, table in Table(f"{where}: rules", outer.values.get("rules", {}), found).values.items():
            place = f"{where}: rules.{id_}"
            # Judged as it stands, so that a wrong value is found in this file and not in what it is laid over.
            _check(Table(place, table, found, (), _KEYS), found)
            if isinstance(table, dict):
                tables[id_] = {**tables.get(id_, {}), **table}
        inner = Table(f"{where}: certainty", outer.values.get("certainty", {}), found, (), tuple(certainty))
        certainty |= {key: inner.size(key) for key in inner.values if key in certainty}
        if not 0.5 < certainty["sure"] < 1:  # noqa: PLR2004 - a probability
            words = {
                "value": certainty["sure"],
                "wanted": "0.5 与 1 之间的数",
                "wanted_en": "a number between 0.5 and 1",
            }
            found.add("wrong_type", inner.at("sure"), **words)
        for id_, table in tables.items():
            if "predicate" not in table:
                found.add("missing_value", f"{where}: rules.{id_}", value="predicate")
            elif table["predicate"] == "within_distance" and "distance_m" not in table:
                found.add("missing_value", f"{where}: rules.{id_}", value="distance_m")
        found.raise_errors()
    wording = {predicate: _wordings(entry) for predicate, entry in shipped["wording"].items()}
    rules = {id_: _rule(id_, table, wording) for id_, table in tables.items()}
    table = {key: tuple(value) if isinstance(value, list) else value for key, value in shipped["table"].items()}
    return Rules(MappingProxyType(rules), **certainty, wording=MappingProxyType(wording), **table)


def control_title(id_: str) -> Name | None:
    """Return what a control layer of the shipped list is called, or None if it is not on it."""
    table = control_kinds().get(id_)
    return Name(**table["title"]) if table else None


@cache
def control_kinds() -> Mapping[str, Mapping[str, Any]]:
    """Return the shipped list of control layers, by id; keys as in ``controls.toml``."""
    with Path(__file__).with_name("controls.toml").open("rb") as file:
        return MappingProxyType(tomllib.load(file))


@cache
def _shipped() -> Mapping[str, Any]:
    with Path(__file__).with_name(RULES_FILE).open("rb") as file:
        return tomllib.load(file)


def _check(table: Table, found: Findings) -> None:
    """Report every value of a rule that cannot be used."""
    table.word("predicate", PREDICATES)
    table.word("wanted", ("clear", "hit"))
    if "layer" in table.values:
        table.text("layer")
    for key in _SIZES:
        table.size(key)
    for key in _FLAGS:
        if not isinstance(table.values.get(key, True), bool):
            words = {"value": table.values[key], "wanted": "true 或 false", "wanted_en": "true or false"}
            found.add("wrong_type", table.at(key), **words)
    blanks = {"title", "nearest", "distance", "limit", "area", "share", "sigma", "percent"}
    for key in ("title", "source", *VERDICTS):
        name = table.name(key)
        for text in (name.zh, name.en) if key in VERDICTS else ():
            try:
                text.format_map(dict.fromkeys(blanks, ""))
            except (KeyError, ValueError, IndexError, AttributeError) as error:
                found.extend(
                    [Finding("bad_wording", table.at(key), {"value": str(error)[:40], "known": _braced(blanks)})]
                )


def _braced(blanks: set[str]) -> str:
    return " ".join(f"{{{blank}}}" for blank in sorted(blanks))


def _wordings(table: Mapping[str, Any]) -> dict[Verdict, Name]:
    return {verdict: Name(**table[verdict]) for verdict in VERDICTS if verdict in table}


def _rule(id_: str, table: Mapping[str, Any], wording: Mapping[str, Mapping[Verdict, Name]]) -> Rule:
    layer = str(table.get("layer", id_))
    kind = vocabulary().kinds.get(layer)
    known = kind.name if kind else control_title(layer) or Name(layer, layer)
    return Rule(
        id_,
        Name(**table["title"]) if "title" in table else known,
        layer,
        cast("Predicate", table["predicate"]),
        **{key: float(table.get(key, 0.0)) for key in _SIZES},
        informative=bool(table.get("informative", False)),
        measured=bool(table.get("measured", True)),
        wanted=table.get("wanted", "clear"),
        source=Name(**table["source"]) if "source" in table else _NOTHING,
        wording=MappingProxyType({**wording[table["predicate"]], **_wordings(table)}),
    )
