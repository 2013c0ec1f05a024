"""What goes over the wire and onto the disk: the map document of every sheet, and its page that opens offline."""

from __future__ import annotations

import json
from typing import Final

from atlas.webmap import WebMap
from atlas.webpage import page
from tests.benchmarks.measure import Number, Setting

TARGET_KB: Final = 500.0


def sizes(setting: Setting) -> list[Number]:
    """Measure every sheet; the largest counts."""
    plan, atlas = setting.opened()
    web = WebMap(plan, atlas)
    documents, pages = {}, {}
    for sheet in atlas.sheets.values():
        # As `atlas.mapview` sends it.
        text = json.dumps(web.document(sheet), ensure_ascii=False, separators=(",", ":"))
        documents[sheet.id], pages[sheet.id] = _kilobytes(text), _kilobytes(page(web, sheet))
    return [
        _largest("map document", documents, TARGET_KB),
        _largest("HTML page with Leaflet and the client inside", pages, None),
    ]


def _largest(what: str, sizes: dict[str, float], target: float | None) -> Number:
    sheet = max(sizes, key=lambda id_: sizes[id_])
    return Number(
        "sizes",
        f"{what}, largest of {len(sizes)} ({sheet})",
        sizes[sheet],
        "kB",
        target=target,
        samples={"ours": list(sizes.values())},
    )


def _kilobytes(text: str) -> float:
    return round(len(text.encode()) / 1000, 1)
