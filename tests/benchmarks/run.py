"""Chooses what is measured, measures it, and prints one table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from atlas.locations import GEODATA
from layers import PlanError, district_folder
from tests.benchmarks.build import build
from tests.benchmarks.coverage import coverage
from tests.benchmarks.figures import figures
from tests.benchmarks.first_map import first_map
from tests.benchmarks.measure import Benchmark, Number, Setting, say, table
from tests.benchmarks.peer import LEAFMAP, peer_python
from tests.benchmarks.screening import screening
from tests.benchmarks.sizes import sizes
from tests.benchmarks.switch import switch

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCHMARKS: Final[dict[str, Benchmark]] = {
    "first_map": first_map,
    "switch": switch,
    "build": build,
    "sizes": sizes,
    "coverage": coverage,
    "screening": screening,
    "figures": figures,
}


def main(argv: Sequence[str]) -> int:
    """
    Run the benchmarks.

    Returns
    -------
    status
        0 if every target that could be judged is met, 1 if not, 2 if nothing could be measured.
    """
    arguments = _parser().parse_args(argv)
    names: list[str] = arguments.only or list(BENCHMARKS)
    try:
        folder = district_folder(arguments.geodata, arguments.district)
        peer = None
        if "first_map" in names and not arguments.no_peer:
            peer = arguments.peer_python or peer_python()
        setting = Setting(folder, arguments.runs, peer, peers=not arguments.no_peer)
        numbers: list[Number] = []
        for name in names:
            say(f"{name} ...")
            numbers += BENCHMARKS[name](setting)
    except PlanError as error:
        say(error.text("en"))
        return 2
    machine = {
        "district": folder.name,
        "runs": setting.runs,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "peer": f"leafmap {LEAFMAP}" if peer and not arguments.peer_python else str(peer or ""),
    }
    if arguments.json:
        print(json.dumps({**machine, "numbers": [n.as_json() for n in numbers]}, ensure_ascii=False, indent=1))
    else:
        print(table(numbers))
        print("\n" + "  ".join(f"{key}={value}" for key, value in machine.items() if value not in {None, ""}))
    return 1 if any(number.met is False for number in numbers) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--runs", type=int, default=5, metavar="N", help="how often each thing is measured (default: 5)"
    )
    parser.add_argument("--json", action="store_true", help="print the numbers and every sample as JSON")
    parser.add_argument("--geodata", type=Path, default=GEODATA, metavar="DIR", help="folder of the districts")
    parser.add_argument("--district", default="", metavar="ID", help="which district (default: the first)")
    parser.add_argument("--peer-python", type=Path, metavar="PATH", help="a Python that has leafmap")
    parser.add_argument("--no-peer", action="store_true", help="do not measure the peer, and install nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
