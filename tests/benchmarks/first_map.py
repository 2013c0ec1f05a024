"""The first map in Chromium: our first sheet against a Streamlit page made with leafmap from eight of its layers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlas.webmap import WebMap
from tests.benchmarks import servers
from tests.benchmarks.measure import Number, Setting, median, say
from tests.benchmarks.visits import APP_DRAWN, EMPTY_DRAWN, OURS_DRAWN, PEER_DRAWN, chromium, visit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser

TARGET_RATIO: Final = 0.5
PEER_LAYERS: Final = 8
_NEXT_VISITORS: Final = 2
_NOTE: Final = (
    "from navigation to the frame in which the map is painted, each visitor in a new browser context; Leaflet comes from"
    " this machine on both sides. The peer asks for {outside} addresses outside, which are answered at once (Leaflet as"
    " it is, tiles blank, other scripts empty): it is not punished for a missing network. It draws {theirs} features in"
    " {layers} layers; our sheet carries {ours} in {sheet}. Outside requests of ours: {leaks}."
)


class Side:
    """
    One of those that are compared.

    Parameters
    ----------
    name
        ours | whole | peer | empty
    drawn
        JavaScript that is true once its map is drawn.
    """

    def __init__(self, name: str, drawn: str) -> None:
        self.name, self.drawn = name, drawn
        self.start: list[float] = []
        self.first: list[float] = []
        self.next: list[float] = []
        self.outside = 0

    def measure(self, browser: Browser, serving: AbstractContextManager[servers.Server]) -> None:
        """Start a server, and have visitors come one after the other."""
        with serving as server:
            self.start.append(server.started_s)
            visits = [visit(browser, server.url, self.drawn) for _ in range(1 + _NEXT_VISITORS)]
        self.first.append(visits[0].seconds)
        self.next += [each.seconds for each in visits[1:]]
        self.outside = max(self.outside, *(len(each.outside) for each in visits))
        say(f"  {self.name}: first {self.first[-1]:.2f} s, next {self.next[-1]:.2f} s")

    def forget(self) -> None:
        """Drop what was measured so far."""
        for samples in (self.start, self.first, self.next):
            samples.clear()


def first_map(setting: Setting) -> list[Number]:
    """Measure both sides in turn, each run with a new server; the first run warms the disk and is not counted."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        counts = export(setting, folder)
        ours, peer = Side("ours", OURS_DRAWN), Side("peer", PEER_DRAWN % counts["theirs"])
        whole, empty = Side("whole", APP_DRAWN), Side("empty", EMPTY_DRAWN)
        with chromium() as browser:
            for run in range(setting.runs + 1):
                turns = [
                    (ours, servers.ours(setting.folder)),
                    (whole, servers.ours(setting.folder)),
                    (empty, servers.empty(folder)),
                ]
                if setting.peer is not None:
                    turns.append((peer, servers.theirs(setting.peer, folder)))
                for side, serving in turns if run % 2 else reversed(turns):
                    side.measure(browser, serving)
                if run == 0:
                    for side in (ours, whole, empty, peer):
                        side.forget()
    note = _NOTE.format(outside=peer.outside, leaks=ours.outside, **counts)
    return [
        _number("first visitor after a start", ours.first, peer.first, TARGET_RATIO, note),
        _number("next visitors", ours.next, peer.next, TARGET_RATIO, note),
        _number("the whole page with its map, first visitor", whole.first, peer.first, None, note),
        _number("the whole page with its map, next visitors", whole.next, peer.next, None, note),
        _number("an empty Streamlit page, first visitor", empty.first, [], None, note),
        _number("an empty Streamlit page, next visitors", empty.next, [], None, note),
        _number("from the command to the server's first answer", ours.start, peer.start, None, note),
        _number("from the command to the first map", _sums(ours), _sums(peer), None, note),
    ]


def export(setting: Setting, folder: Path) -> dict[str, Any]:
    """
    Write the layers of the first sheet that have most features as GeoJSON, for the peer.

    Returns
    -------
    counts
        Features and layers on both sides.
    """
    plan, atlas = setting.opened()
    sheet = atlas.sheet()
    layers = WebMap(plan, atlas).document(sheet)["layers"]
    chosen = sorted(layers, key=lambda layer: len(layer["features"]), reverse=True)[:PEER_LAYERS]
    chosen = [layer for layer in chosen if layer["features"]]
    for number, layer in enumerate(chosen):
        features = [
            {
                "type": "Feature",
                "properties": {"id": feature["id"], "name": feature["name"], "hint": feature["hint"]},
                "geometry": feature["geometry"],
            }
            for feature in layer["features"]
        ]
        file = folder / f"{number}-{layer['id'].replace(':', '-')}.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")
    return {
        "theirs": sum(len(layer["features"]) for layer in chosen),
        "layers": len(chosen),
        "ours": sum(len(layer["features"]) for layer in layers),
        "sheet": len(layers),
    }


def _sums(side: Side) -> list[float]:
    return [start + first for start, first in zip(side.start, side.first, strict=True)]


def _number(what: str, ours: list[float], peer: list[float], target: float | None, note: str) -> Number:
    samples = {"ours": ours, "peer": peer} if peer else {"ours": ours}
    return Number(
        "first_map",
        what,
        median(ours),
        "s",
        peer=median(peer) if peer else None,
        target=target,
        judged="ratio",
        note=note,
        samples=samples,
    )
