"""The commands `screen` and `verify`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from atlas.locations import ELEVATION_FILE, workspace_folder
from atlas.screening.certificate import verify as verify_file
from atlas.screening.certificate import write_certificate
from atlas.screening.controls import read_controls
from atlas.screening.exports import export
from atlas.screening.rules import VERDICTS, read_rules
from atlas.screening.screen import screen as screen_sites
from atlas.screening.table import conclusion_texts
from atlas.sheets import read_sheets
from atlas.sites.read import read_sites
from atlas.words import say
from layers import Finding, Findings, PlanError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path

    from atlas.screening.screen import Screening
    from atlas.screening.terrain import Terrain
    from layers import Plan


def screen(arguments: argparse.Namespace, plan: Plan, folder: Path) -> int:
    """
    Screen a file of project sites, write what was asked for, and print a line per site.

    Raises
    ------
    PlanError
        If a file cannot be read or written; nothing is written before everything has been read and screened.
    """
    _check_targets(arguments)
    rules = read_rules(workspace_folder(arguments.workspace))
    controls = read_controls(arguments.control, plan)
    sites = read_sites(arguments.file, plan, assume_crs=arguments.assume_crs)
    terrain = _terrain(workspace_folder(arguments.workspace) / plan.district.id / ELEVATION_FILE)
    screening = screen_sites(sites, plan, rules=rules, controls=controls, terrain=terrain)
    found = [*sites.reading.problems, *export(screening, arguments.out, arguments.lang)]
    if arguments.report:
        # Only who wants a report waits for Word's library and for the maps.
        from atlas.rasters.commands import Progress  # noqa: PLC0415
        from atlas.sites.figures import SiteMaps  # noqa: PLC0415
        from atlas.sites.report import write_report  # noqa: PLC0415

        maps = SiteMaps(sites, plan, read_sheets(folder, plan, Findings()), arguments.lang)
        tell = Progress(arguments.report.name)
        write_report(
            screening,
            arguments.report,
            language=arguments.lang,
            figure=maps.of,
            overview=maps.overview(),
            progress=lambda done, total, _: tell(done / total),
        )
        tell(1.0)
    if arguments.certificate:
        files = {file.name: file.read_bytes() for file in _all_parts([arguments.file, *arguments.control])}
        write_certificate(screening, files, arguments.certificate)
    if arguments.json:
        print(json.dumps(_as_json(screening, found, arguments), ensure_ascii=False, indent=1))  # noqa: T201 - the result
        return 0
    for finding in found:
        sys.stderr.write(f"{finding.level}\t{finding.line(arguments.lang)}\n")
    frame = screening.sites.frame
    for id_, name, text in zip(frame["id"], frame["name"], conclusion_texts(screening, arguments.lang), strict=True):
        print(f"{id_}\t{name}\t{text}")  # noqa: T201 - the result
    print(say(arguments.lang, "screening.first_screening"))  # noqa: T201 - the result
    return 0


def _terrain(file: Path) -> Terrain | None:
    """Return what an imported elevation model says of slopes; None without one."""
    if not file.is_file():
        return None  # nobody waits for the raster libraries
    from atlas.rasters.terrain import DemTerrain  # noqa: PLC0415

    return DemTerrain.opened(file)


def verify(arguments: argparse.Namespace) -> int:
    """
    Compute a certificate again and say that it is the same.

    Raises
    ------
    PlanError
        If it is not.
    """
    verified = verify_file(arguments.file)
    stated = verified.stated["versions"]
    others = {name: (stated.get(name, "—"), here) for name, here in verified.here.items() if stated.get(name) != here}
    if arguments.json:
        result = {"verified": True, "results": verified.rows, **verified.stated, "versions_here": dict(verified.here)}
        print(json.dumps(result, ensure_ascii=False, indent=1))  # noqa: T201 - the result
        return 0
    for name, (then, here) in others.items():
        sys.stderr.write(say(arguments.lang, "screening.verified_version", name=name, stated=then, here=here) + "\n")
    print(say(arguments.lang, "screening.verified", count=verified.rows))  # noqa: T201 - the result
    return 0


def _as_json(screening: Screening, found: Iterable[Finding], arguments: argparse.Namespace) -> dict[str, Any]:
    language = arguments.lang
    counts = Counter(screening.conclusions)
    frame, texts = screening.sites.frame, conclusion_texts(screening, language)
    rows = zip(frame["id"], frame["name"], screening.conclusions, texts, strict=True)
    return {
        "out": str(arguments.out),
        "sites": len(screening),
        "conclusions": {verdict: counts[verdict] for verdict in VERDICTS},
        "results": [{"site": i, "name": n, "conclusion": c, "text": t} for i, n, c, t in rows],
        "findings": [
            {"level": f.level, "where": f.where, "what": f.what(language), "fix": f.fix(language)} for f in found
        ],
        "note": say(language, "screening.first_screening"),
    }


def _check_targets(arguments: argparse.Namespace) -> None:
    """See that no file is written over one that is read, before time is spent on it."""
    read = {file.resolve() for file in [arguments.file, *arguments.control]}
    for file in filter(None, (arguments.out, arguments.report, arguments.certificate)):
        if file.resolve() in read:
            raise PlanError([Finding("over_input", str(file))])
        if not file.parent.is_dir():
            raise PlanError([Finding("unwritable", str(file), {"detail": str(file.parent)})])


def _all_parts(files: Iterable[Path]) -> list[Path]:
    """Return files, of a Shapefile with its sisters, of a geodatabase what it holds."""
    parts: list[Path] = []
    for file in files:
        if file.is_dir():
            parts += sorted(each for each in file.iterdir() if each.is_file())
        elif file.suffix.lower() == ".shp":
            parts += sorted(each for each in file.parent.glob(f"{file.stem}.*") if each.is_file())
        else:
            parts.append(file)
    return parts
