"""What can be wrong with a district's data, said in one line each, and nothing else.

A `Finding` knows where it stands and which message it is; the wording itself is data (`messages.toml`), so that the
command line, the app and the tests say the same thing in either language.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Level = Literal["error", "warning", "note"]
Language = Literal["zh", "en"]


@cache
def _messages() -> Mapping[str, Mapping[str, str]]:
    with Path(__file__).with_name("messages.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True)
class Finding:
    """
    One thing that is wrong, or doubtful, with the data.

    Parameters
    ----------
    code
        Key of a message in ``messages.toml``, which also holds its level and its fix.
    where
        File and place in it, as a reader would look it up.
    values
        What the message's blanks are filled with.
    """

    code: str
    where: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def level(self) -> Level:
        """How bad it is; only an error stops the district from being drawn."""
        return cast("Level", _messages()[self.code]["level"])

    def what(self, language: Language = "zh") -> str:
        """Return what is wrong."""
        return _messages()[self.code][language].format_map(self.values)

    def fix(self, language: Language = "zh") -> str:
        """Return what to do about it."""
        return _messages()[self.code][f"{language}_fix"].format_map(self.values)

    def line(self, language: Language = "zh") -> str:
        """Return the whole finding as one line: place, what is wrong, what to do."""
        text = f"{self.where}: {self.what(language)} {self.fix(language)}"
        return " ".join(text.split())


class PlanError(ValueError):
    """
    Data that cannot be used; carries every finding of the file, not only the first.

    Parameters
    ----------
    findings
        At least one finding.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.text())

    def text(self, language: Language = "zh") -> str:
        """Return one line per finding."""
        return "\n".join(finding.line(language) for finding in self.findings)


class Findings:
    """A list of findings that the readers and audits append to."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, code: str, where: str, **values: object) -> None:
        """Append a finding; `values` fill the blanks of its message."""
        self._found.append(Finding(code, where, values))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Append findings of another list."""
        self._found.extend(findings)

    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that stop the district from being drawn."""
        return tuple(finding for finding in self._found if finding.level == "error")

    def raise_errors(self) -> None:
        """
        Stop if anything is an error.

        Raises
        ------
        PlanError
            With all errors found so far.
        """
        if errors := self.errors():
            raise PlanError(errors)


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return the known word most like `wrong`, however unlike; a dash where nothing is known."""
    matches = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.0)
    return matches[0] if matches else "—"
