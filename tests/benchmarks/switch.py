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
from tests.benchmarks.measure import Number, Setting, median

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET_MS: Final = 300.0
_PATIENCE_S: Final = 60.0


def switch(setting: Setting) -> list[Number]:
    """Measure the run of the script after each button of the list is pressed, in as many sessions as there are runs."""
    _, atlas = setting.opened()
    times: dict[str, list[float]] = {id_: [] for id_ in atlas.sheets}
    with _served(setting):
        for _ in range(setting.runs):
            # Every session starts from nothing, so that what a sheet draws for the first time counts.
            opened.forget()
            app = AppTest.from_file(APP, default_timeout=_PATIENCE_S).run()
            app.run()
            for id_ in [*list(atlas.sheets)[1:], next(iter(atlas.sheets))]:
                button = app.button(key=f"sheet-{id_}").click()
                start = time.perf_counter()
                button.run()
                times[id_].append((time.perf_counter() - start) * 1000)
                _check(app, id_)
    medians = {id_: median(some) for id_, some in times.items()}
    slowest = max(medians, key=lambda id_: medians[id_])
    every = [ms for some in times.values() for ms in some]
    note = "run of the whole script in process (AppTest), its own reading of the elements included"
    return [
        Number(
            "switch",
            f"server time, slowest of {len(times)} sheets ({slowest})",
            round(medians[slowest], 1),
            "ms",
            target=TARGET_MS,
            note=note,
            samples={"ours": times[slowest]},
        ),
        Number("switch", "server time, all sheets", round(median(every), 1), "ms", samples={"ours": every}),
    ]


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
