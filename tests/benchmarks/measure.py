"""What every benchmark returns, how a number is taken, and how the table is written."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atlas.sheets import Atlas, read_sheets
from layers import PlanError, audit
from layers.errors import Findings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers import Plan


@dataclass(frozen=True, slots=True)
class Setting:
    """
    What is measured and how thoroughly.

    Parameters
    ----------
    folder
        The district's folder.
    runs
        How often each thing is measured.
    peer
        The Python that has leafmap, or None; then our numbers stand alone.
    peers
        Whether peers that are installed are measured.
    """

    folder: Path
    runs: int
    peer: Path | None = None
    peers: bool = False

    def opened(self) -> tuple[Plan, Atlas]:
        """Return the district's plan and sheets."""
        plan, found = audit(self.folder)
        if plan is None:
            raise PlanError(list(found))
        return plan, read_sheets(self.folder, plan, Findings())


@dataclass(frozen=True, slots=True)
class Number:
    """
    One line of the table.

    Parameters
    ----------
    benchmark, what
        Which benchmark, and what it compares.
    ours, peer
        The medians; the peer's is None where there is none.
    unit
        Of both.
    target
        What must not be exceeded; None for a number given for information.
    judged
        What is held against the target: the ratio of ours to the peer's, or ours itself.
    note
        What a reader needs to understand the number.
    samples
        Every single measurement, ours and the peer's.
    """

    benchmark: str
    what: str
    ours: float
    unit: str
    peer: float | None = None
    target: float | None = None
    judged: str = "ours"
    note: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours by the peer's."""
        return None if self.peer is None else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none, or nothing to compare with."""
        value = self.ours if self.judged == "ours" else self.ratio
        return None if self.target is None or value is None else value <= self.target

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        names = ("benchmark", "what", "ours", "peer", "unit", "ratio", "target", "judged", "met", "note", "samples")
        return {name: getattr(self, name) for name in names}


Benchmark = Callable[[Setting], list[Number]]


def median(samples: Sequence[float]) -> float:
    """Return the median, to three digits after the point."""
    return round(statistics.median(samples), 3)


def say(line: str) -> None:
    """Tell the person who waits what is going on."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def table(numbers: Sequence[Number]) -> str:
    """Return the numbers as text in columns, with the notes below."""
    head = ("benchmark", "what", "ours", "peer", "ratio", "target", "met")
    rows = [head, *(_cells(number) for number in numbers)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = dict.fromkeys(f"{number.benchmark}: {number.note}" for number in numbers if number.note)
    return "\n".join([*lines, "", *notes]).rstrip()


def _cells(number: Number) -> tuple[str, ...]:
    shown = {None: "", True: "yes", False: "NO"}[number.met]
    target = "" if number.target is None else f"<= {number.target:g}"
    if target:
        target += f" {number.unit}" if number.judged == "ours" else " x"
    peer = "" if number.peer is None else f"{number.peer:g} {number.unit}"
    ratio = "" if number.ratio is None else f"{number.ratio:.2f}"
    return number.benchmark, number.what, f"{number.ours:g} {number.unit}", peer, ratio, target, shown
