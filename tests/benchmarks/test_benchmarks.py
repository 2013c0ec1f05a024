"""Every benchmark runs once on the small district and yields numbers; how large they are is not a test's business."""

import json
import math

import pytest
from shapely import box

from tests.benchmarks import run
from tests.benchmarks.coverage import unmatched
from tests.benchmarks.measure import Number, Setting, median, table
from tests.chromium import chromium_path
from tests.conftest import DISTRICTS

BROWSER = [pytest.mark.browser, pytest.mark.skipif(chromium_path() is None, reason="no Chromium")]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=BROWSER if name == "first_map" else ()) for name in run.BENCHMARKS]
)
def test_yields_numbers(name: str) -> None:
    numbers = run.BENCHMARKS[name](Setting(DISTRICTS["toyland"], runs=1, small=True))
    assert numbers
    for number in numbers:
        assert number.benchmark == name
        assert math.isfinite(number.ours)
        assert number.samples["ours"]
        # The peers here are a library and a program of this machine; the others would have to be installed.
        assert number.peer is None or name in {"screening", "terrain"}
    json.dumps([number.as_json() for number in numbers])


def test_what_does_not_meet_is_counted() -> None:
    left, right, outer = box(0, 0, 1, 1), box(1, 0, 2, 1), box(0, 0, 2, 1)
    # The outline must have the vertices that the parts have.
    outer = outer.segmentize(1)
    assert unmatched([left, right], [outer]) == 0
    assert unmatched([left, box(1.1, 0, 2, 1)], [outer]) > 0
    assert unmatched([left, box(0.9, 0, 2, 1)], [outer]) > 0
    assert unmatched([left], [outer]) > 0


def test_targets_are_judged_by_ratio_or_by_value() -> None:
    assert Number("a", "b", 0.4, "s", peer=1.0, target=0.5, judged="ratio").met is True
    assert Number("a", "b", 0.6, "s", peer=1.0, target=0.5, judged="ratio").met is False
    assert Number("a", "b", 0.6, "s", target=0.5, judged="ratio").met is None
    assert Number("a", "b", 0.6, "s", target=0.5).met is False
    assert Number("a", "b", 0.6, "s").met is None
    assert "NO" in table([Number("a", "b", 0.6, "s", target=0.5)])
    assert median([1, 5, 2]) == 2


def test_a_district_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status = run.main(["--only", "sizes", "--geodata", str(DISTRICTS["toyland"].parent), "--district", "toylan"])
    assert status == 2
    assert "toyland" in capsys.readouterr().err.splitlines()[0]
