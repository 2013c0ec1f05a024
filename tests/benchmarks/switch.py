"""Switching to another sheet: the server's time for the rerun, over all sheets of the district."""

from __future__ import annotations

import os
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from streamlit.testing.v1 import AppTest

from atlas import opened
from atlas.locations import APP
from atlas.words import LANGUAGES
from tests.benchmarks.measure import Number, Setting, median

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET_MS: Final = 300.0
_PATIENCE_S: Final = 60.0


def switch(setting: Setting) -> list[Number]:
    """Measure the run of the script after each button of the list is pressed, in as many sessions as there are runs."""
    with _served(setting):
        served, bare = (_times(setting, warm=warm) for warm in (True, False))
    slowest, coldest = (max(times, key=lambda id_: median(times[id_])) for times in (served, bare))
    every = [ms for some in served.values() for ms in some]
    note = (
        "run of the whole script in process (AppTest), its own reading of the elements included; every session opens the"
        " district anew. As served: every sheet was drawn once, as the server does while the first page stands. Bare: in"
        " the seconds before that, each sheet is drawn for the first time."
    )
    return [
        Number(
            "switch",
            f"server time as served, slowest of {len(served)} sheets ({slowest})",
            round(median(served[slowest]), 1),
            "ms",
            target=TARGET_MS,
            note=note,
            samples={"ours": served[slowest]},
        ),
        Number("switch", "server time as served, all sheets", round(median(every), 1), "ms", samples={"ours": every}),
        Number(
            "switch",
            f"server time bare, slowest sheet ({coldest})",
            round(median(bare[coldest]), 1),
            "ms",
            target=TARGET_MS,
            samples={"ours": bare[coldest]},
        ),
    ]


def _times(setting: Setting, *, warm: bool) -> dict[str, list[float]]:
    """Return the milliseconds of each switch, by sheet."""
    _, atlas = setting.opened()
    times: dict[str, list[float]] = {id_: [] for id_ in atlas.sheets}
    for _ in range(setting.runs):
        opened.forget()
        if warm:
            opened.draw_all(opened.open_district(opened.folder_of("")), LANGUAGES[0])
        app = AppTest.from_file(APP, default_timeout=_PATIENCE_S).run()
        app.run()
        for id_ in [*list(atlas.sheets)[1:], next(iter(atlas.sheets))]:
            button = app.button(key=f"sheet-{id_}").click()
            start = time.perf_counter()
            button.run()
            times[id_].append((time.perf_counter() - start) * 1000)
            _check(app, id_)
    return times


def _check(app: AppTest, id_: str) -> None:
    """Stop where the run did not do what is measured."""
    if app.exception or app.query_params.get("sheet") not in (id_, [id_]):
        message = f"sheet {id_}: {[element.value for element in app.exception]} {dict(app.query_params)}"
        raise RuntimeError(message)


@contextmanager
def _served(setting: Setting) -> Iterator[None]:
    """Have the app open the district that is measured."""
    wanted = {"ATLAS_GEODATA": str(setting.folder.parent.resolve()), "ATLAS_DISTRICT": setting.folder.name}
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value
