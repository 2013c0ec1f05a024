"""What one window holds: the site sets it has open, what it has not saved yet, and how it screened them.

Everything lies in the session of one browser window, so that no window sees another's work before it is saved. What is
not saved is also kept as a draft under a token in the address line, so that a reload of the page loses nothing.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import streamlit as st

from atlas import ui
from atlas.locations import CONTROLS
from atlas.opened import terrain_of, workspace
from atlas.screening.rules import read_rules
from atlas.screening.screen import screen
from atlas.screening.shelf import Shelf
from atlas.sites.bench import Bench, empty
from atlas.sites.overlay import ghosts, overlay
from atlas.sites.read import read_pasted, read_upload
from atlas.workspace import LONGEST_NAME, Workspace
from layers import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from atlas.screening.controls import Control
    from atlas.screening.screen import Screening
    from atlas.sites.model import SiteSet
    from layers import Finding, Plan
    from layers.errors import Language

_TOKEN: Final = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set was read from, kept so that it can be read again in another way: uploaded files, or pasted text."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    text: str = ""
    assume_crs: str = ""

    def read(self, plan: Plan) -> SiteSet:
        """
        Read it.

        Raises
        ------
        PlanError
            As `atlas.sites.read` does.
        """
        if self.text:
            return read_pasted(self.text, plan, assume_crs=self.assume_crs)
        return read_upload(self.files, plan, assume_crs=self.assume_crs)


@dataclass(slots=True)
class Desk:
    """
    The site sets of one window and one district.

    Parameters
    ----------
    plan
        Of the district.
    workspace
        What is kept, for all windows.
    benches
        The sets that are open here, by name.
    origins
        Where those of them came from that were read from a file or a text.
    current
        Name of the set on the screen; blank if there is none.
    troubles
        What the last action could not do, until the next one.
    turn
        Grows with each change, for the keys of widgets that must start anew.
    opened
        Grows with each set that is opened, so that the map shows it.
    stale
        Whether something has changed since the whole page was drawn.
    """

    plan: Plan
    workspace: Workspace
    benches: dict[str, Bench] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    current: str = ""
    troubles: tuple[Finding, ...] = ()
    turn: int = 0
    stale: bool = False
    opened: int = 0
    shelf: Shelf = field(init=False)
    _screened: tuple[SiteSet, tuple[Control, ...], Screening] | None = None
    _layers: tuple[SiteSet, Language, list[dict[str, Any]]] | None = None

    def __post_init__(self) -> None:
        """Find the control layers that are kept beside the site sets."""
        self.shelf = Shelf(self.workspace.folder / CONTROLS, self.plan)

    @property
    def bench(self) -> Bench | None:
        """The set on the screen."""
        return self.benches.get(self.current)

    def names(self) -> list[str]:
        """Return the names of all sets, those only open here included; where the file is broken, of these alone."""
        kept: Sequence[str] = ()
        with contextlib.suppress(PlanError):
            kept = [saved.name for saved in self.workspace.list()]
        return sorted({*kept, *self.benches})

    def undo(self) -> None:
        """Take back the last change of the current set."""
        if self.bench is not None:
            self.put(self.bench.undone())

    # ---- opening

    def open(self, name: str) -> None:
        """Put a set on the screen, from this window or else from the workspace."""
        self.troubles = ()
        if name and name not in self.benches:
            try:
                sites, revision = self.workspace.load(name, self.plan.crs)
            except PlanError as error:
                self.troubles, name = error.findings, ""
            else:
                self.benches[name] = Bench(sites, revision=revision, kept=sites)
        self._show(name)

    def start(self, name: str) -> None:
        """Put a new, empty set on the screen."""
        name = self._free(name)
        self.benches[name] = Bench(empty(name, self.plan))
        self._show(name)

    def take(self, origin: Origin, name: str) -> None:
        """Read a file or a text and put it on the screen; what goes wrong is in `troubles`."""
        try:
            sites = origin.read(self.plan)
        except PlanError as error:
            self.troubles = error.findings
            return
        self.troubles = ()
        name = self._free(name)
        self.benches[name] = Bench(replace(sites, name=name))
        self.origins[name] = origin
        self._show(name)
        self._keep_draft()

    def read_as(self, assume_crs: str) -> None:
        """Read the file of the current set again, its coordinates taken as the user says; this can be undone."""
        origin, bench = self.origins.get(self.current), self.bench
        if origin is None or bench is None:
            return
        origin = replace(origin, assume_crs=assume_crs)
        try:
            sites = origin.read(self.plan)
        except PlanError as error:
            self.troubles = error.findings
            return
        self.origins[self.current] = origin
        self.put(bench.changed(replace(sites, name=self.current)))

    def _show(self, name: str) -> None:
        self.current = name
        self.turn += 1
        self.opened += 1
        ui.remember(set=name, site="")

    def _free(self, name: str) -> str:
        wanted = " ".join(re.sub(r"[^\w\s().,·-]", " ", name).split())[: LONGEST_NAME - 4] or "1"
        taken = set(self.names())
        numbered = (f"{wanted} {n}" for n in range(2, len(taken) + 3))
        return next(free for free in (wanted, *numbered) if free not in taken)

    # ---- changing and keeping

    def put(self, bench: Bench) -> None:
        """Put the current set back after a change."""
        self.benches[self.current] = bench
        self.troubles = ()
        self.turn += 1
        self.stale = True
        self._keep_draft()

    def save(self, name: str = "") -> None:
        """Keep the current set, under another name if one is given; what goes wrong is in `troubles`."""
        bench = self.bench
        if bench is None:
            return
        if name and name != self.current:
            bench = bench.renamed(name)
        try:
            revision = self.workspace.save(bench.sites, revision=bench.revision)
        except PlanError as error:
            self.troubles = error.findings
            return
        self.troubles = ()
        if bench.sites.name != self.current:
            self.origins[bench.sites.name] = self.origins.pop(self.current, Origin())
            # The set that it was made of stays as it was kept, or goes if it never was.
            self.benches.pop(self.current)
        self.benches[bench.sites.name] = bench.saved(revision)
        self._show(bench.sites.name)
        self._keep_draft()

    def delete(self) -> None:
        """Keep the current set no longer, and put another one on the screen."""
        bench = self.benches.pop(self.current, None)
        try:
            if bench is not None and bench.revision:
                self.workspace.delete(self.current)
        except PlanError as error:
            self.troubles = error.findings
            return
        self.troubles = ()
        self._show(next(iter(self.names()), ""))
        self._keep_draft()

    def _keep_draft(self) -> None:
        """Keep what is not saved where a reload of this window, and nobody else, finds it."""
        token = ui.recalled("draft")
        if not _TOKEN.fullmatch(token):
            token = uuid.uuid4().hex[:12]
            ui.remember(draft=token)
        drafts = self.workspace.drafts(token)
        unsaved = [bench.sites for bench in self.benches.values() if bench.is_changed]
        with contextlib.suppress(PlanError):
            drafts.hold(unsaved)

    def recover(self) -> None:
        """Take up again what a reload of this window left unsaved."""
        self.workspace.forget_drafts()
        token = ui.recalled("draft")
        if self.benches or not _TOKEN.fullmatch(token):
            return
        drafts = self.workspace.drafts(token)
        with contextlib.suppress(PlanError):
            kept = {saved.name: saved for saved in self.workspace.list()}
            for draft in drafts.list():
                sites, _ = drafts.load(draft.name, self.plan.crs)
                known = kept.get(draft.name)
                # What another window has saved since is not to be overwritten: the revision stays blank.
                revision = known.revision if known and known.saved <= draft.saved else ""
                self.benches[draft.name] = Bench(sites, revision=revision)

    # ---- what is shown

    def layers(self, language: Language) -> list[dict[str, Any]]:
        """Return the current set as layers of a map document."""
        bench = self.bench
        if bench is None:
            return []
        if self._layers is None or self._layers[0] is not bench.sites or self._layers[1] != language:
            self._layers = (bench.sites, language, overlay(bench.sites, language))
        return self._layers[2]

    def other_readings(self, titles: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return where the sites would be if their file were read otherwise; by `assume`, the title of the reading."""
        origin = self.origins.get(self.current)
        if origin is None:
            return []
        readings = []
        for assume, title in titles.items():
            with contextlib.suppress(PlanError):
                readings.append((title, replace(origin, assume_crs=assume).read(self.plan)))
        return ghosts(readings)

    def screening(self) -> Screening | None:
        """Return the screening of the current set, made anew only after a change; None of an empty one."""
        bench = self.bench
        if bench is None or not len(bench.sites):
            return None
        try:
            controls = self.shelf.controls()
        except PlanError as error:
            self.troubles, controls = error.findings, ()
        terrain, held = terrain_of(self.plan), self._screened
        if held is None or held[0] is not bench.sites or held[1] is not controls or held[2].terrain is not terrain:
            rules = read_rules(workspace())
            result = screen(bench.sites, self.plan, rules=rules, controls=controls, terrain=terrain)
            held = self._screened = (bench.sites, controls, result)
        return held[2]


def desk_of(plan: Plan) -> Desk:
    """Return this window's desk for a district, with the set of the address line on it."""
    key = f"desk {plan.district.id}"
    desk: Desk | None = st.session_state.get(key)
    if desk is None or desk.plan.fingerprint != plan.fingerprint:
        desk = Desk(plan, Workspace(workspace(), plan.district.id), *((desk.benches, desk.origins) if desk else ()))
        st.session_state[key] = desk
        desk.recover()
    wanted = ui.recalled("set")
    if wanted != desk.current and wanted in {*desk.names(), ""}:
        site = ui.recalled("site")
        desk.open(wanted)
        ui.remember(site=site)
    return desk
