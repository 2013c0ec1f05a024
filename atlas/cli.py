"""The command line: one function per command; every error is one line, and exit status 2."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import atlas.rasters.commands as raster_commands
from atlas.figures import commands as figures
from atlas.locations import ELEVATION_FILE, GEODATA, workspace_folder
from atlas.words import LANGUAGES
from layers import Finding, Findings, PlanError, audit, district_folder, districts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from layers import Plan

USAGE_ERROR = 2
# Of the options that are understood before and after the command; a default of the parser would undo the former.
_DEFAULTS = {"geodata": GEODATA, "workspace": None, "district": "", "lang": LANGUAGES[0], "json": False}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; {self.prog} --help\n")


def main(argv: Sequence[str]) -> int:
    """
    Run a command.

    Parameters
    ----------
    argv
        The arguments after the program's name.

    Returns
    -------
    status
        0 if all is well; 1 if `check` found an error; 2 for anything that cannot be done.
    """
    # Chinese Windows consoles speak GBK: what it lacks is replaced rather than ending the command.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text streams, both
    arguments = _parser().parse_args(argv, argparse.Namespace(**_DEFAULTS))
    try:
        return int(arguments.run(arguments))
    except PlanError as error:
        sys.stderr.write(error.text(arguments.lang) + "\n")
        return USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    # The global options are understood before and after the command.
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--geodata",
        type=Path,
        metavar="DIR",
        help="folder of the districts (default: the one shipped)",
    )
    common.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="folder of what the user adds (default: this system's place for a user's own data)",
    )
    common.add_argument("--district", metavar="ID", help="which district (default: the first)")
    common.add_argument("--lang", choices=LANGUAGES, help="language of the output (default: zh)")
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    parser = _Parser(prog="atlas", description="规划图集 / planning atlas", parents=[common])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about, parents=[common])
        sub.set_defaults(run=run)
        return sub

    serve_ = command("serve", serve, "打开图集 / open the app in the browser, on this machine only")
    serve_.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="port to listen on (default: a free one from 8501)",
    )
    serve_.add_argument("--no-browser", action="store_true", help="do not open a browser window")
    command("districts", list_districts, "有哪些区县 / the districts")
    command("sheets", list_sheets, "有哪些图 / the sheets of the district")
    command("places", list_places, "地名表 / the gazetteer of the district")
    command("check", check, "核查数据 / audit the data; exit status 1 if anything is an error")
    inspect_ = command("inspect", inspect, "识别项目文件 / how a file of project sites is understood")
    inspect_.add_argument("file", type=Path, metavar="FILE", help="table, map or drawing of project sites")
    inspect_.add_argument(
        "--assume-crs",
        default="",
        metavar="X",
        help="its CRS, whatever the file says: EPSG:n, wgs84, cgcs2000, gcj02 or bd09",
    )
    screen_ = command("screen", screen, "筛查项目 / what each project site touches, and how sure that is")
    screen_.add_argument("file", type=Path, metavar="FILE", help="table, map or drawing of project sites")
    screen_.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="results: .xlsx .csv .parquet .gpkg .geojson .shp .zip .kml .geoparquet",
    )
    screen_.add_argument("--report", type=Path, metavar="FILE.docx", help="report for Word")
    screen_.add_argument("--certificate", type=Path, metavar="FILE.zip", help="what `verify` can compute again")
    screen_.add_argument("--assume-crs", default="", metavar="X", help="as of `inspect`")
    screen_.add_argument(
        "--control",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="control layers: red lines, farmland, water sources, heritage",
    )
    screen_.add_argument("--engine", choices=("local",), default="local", help="where it is computed")
    verify_ = command("verify", verify, "复算筛查证书 / compute a certificate again")
    verify_.add_argument("file", type=Path, metavar="FILE.zip", help="certificate")
    raster_commands.add_commands(command, _open)
    map_ = command("map", write_map, "把一张图存成单个网页 / one sheet as one HTML file that opens offline")
    map_.add_argument("--sheet", default="", metavar="ID", help="which sheet (default: the first)")
    map_.add_argument("--out", type=Path, required=True, metavar="FILE.html", help="file to write")
    map_.add_argument("--sites", type=Path, metavar="FILE", help="project sites to draw over it")
    map_.add_argument("--assume-crs", default="", metavar="X", help="of the sites, as of `inspect`")
    figures.add_figure(command("figure", figures.figure, "把一张图排成印刷图 / one sheet as a print figure"))
    figures.add_book(command("book", figures.book, "整本图集 / the whole atlas as one PDF"))
    return parser


def _open(arguments: argparse.Namespace) -> tuple[Path, Plan]:
    folder = district_folder(arguments.geodata, arguments.district)
    plan, found = audit(folder)
    found.raise_errors()
    if plan is None:
        raise PlanError([Finding("no_district", str(folder))])
    return folder, plan


def _print(arguments: argparse.Namespace, rows: Sequence[dict[str, str]]) -> int:
    """Print rows one per line, or as JSON."""
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201 - the command's result
    else:
        for row in rows:
            print("\t".join(row.values()))  # noqa: T201 - the command's result
    return 0


def list_districts(arguments: argparse.Namespace) -> int:
    """Print id and title of every district."""
    rows = []
    for id_ in districts(arguments.geodata):
        plan, _ = audit(district_folder(arguments.geodata, id_))
        rows.append({"id": id_, "title": plan.district.name.in_(arguments.lang) if plan else "—"})
    return _print(arguments, rows)


def list_sheets(arguments: argparse.Namespace) -> int:
    """Print id and title of every sheet."""
    from atlas.sheets import read_sheets  # noqa: PLC0415 - commands load what they need

    folder, plan = _open(arguments)
    found = Findings()
    atlas = read_sheets(folder, plan, found)
    found.raise_errors()
    return _print(
        arguments,
        [{"id": s.id, "title": s.title.in_(arguments.lang)} for s in atlas.sheets.values()],
    )


def list_places(arguments: argparse.Namespace) -> int:
    """Print id and name of every place."""
    _, plan = _open(arguments)
    return _print(arguments, [{"id": place.id, "title": place.name} for place in plan.places.values()])


def check(arguments: argparse.Namespace) -> int:
    """Print what the audit finds, and the counts of layers and statements; 1 if anything is an error."""
    from atlas.sheets import read_sheets  # noqa: PLC0415 - commands load what they need

    folder = district_folder(arguments.geodata, arguments.district)
    plan, found = audit(folder)
    if plan:
        read_sheets(folder, plan, found)
    states = [statement.state for statement in plan.statements.values()] if plan else []
    register = {
        "total": len(states),
        **{state: states.count(state) for state in ("mapped", "district_wide", "unlocated")},
        "unlinked": sum(finding.code == "unlinked_statement" for finding in found),
    }
    layers = {id_: len(layer) for id_, layer in plan.layers.items()} if plan else {}
    if arguments.json:
        findings = [
            {
                "level": f.level,
                "where": f.where,
                "what": f.what(arguments.lang),
                "fix": f.fix(arguments.lang),
            }
            for f in found
        ]
        result = {
            "district": folder.name,
            "layers": layers,
            "register": register,
            "findings": findings,
        }
        print(json.dumps(result, ensure_ascii=False, indent=1))  # noqa: T201 - the command's result
    else:
        for finding in found:
            print(f"{finding.level}\t{finding.line(arguments.lang)}")  # noqa: T201 - the command's result
        counts = " ".join(f"{name}={count}" for name, count in register.items())
        print(f"{folder.name}\t{counts} features={sum(layers.values())} findings={len(found)}")  # noqa: T201
    return 1 if found.errors() else 0


def write_map(arguments: argparse.Namespace) -> int:
    """Write a sheet as one HTML file, with project sites over it if there are any."""
    from atlas.sheets import read_sheets  # noqa: PLC0415 - commands load what they need
    from atlas.webmap import WebMap  # noqa: PLC0415
    from atlas.webpage import save_page  # noqa: PLC0415

    folder, plan = _open(arguments)
    found = Findings()
    atlas = read_sheets(folder, plan, found)
    found.raise_errors()
    sheet, overlays = atlas.sheet(arguments.sheet), []
    if arguments.sites:
        from atlas.sites.overlay import overlay  # noqa: PLC0415 - commands load what they need
        from atlas.sites.read import read_sites  # noqa: PLC0415

        overlays = overlay(read_sites(arguments.sites, plan, assume_crs=arguments.assume_crs), arguments.lang)
    elevation = workspace_folder(arguments.workspace) / folder.name / ELEVATION_FILE
    save_page(WebMap(plan, atlas, arguments.lang, elevation=elevation), sheet, arguments.out, overlays)
    return _print(arguments, [{"sheet": sheet.id, "out": str(arguments.out)}])


def inspect(arguments: argparse.Namespace) -> int:
    """Print how a file of project sites is understood."""
    from atlas.sites import commands  # noqa: PLC0415 - commands load what they need

    _, plan = _open(arguments)
    text = commands.inspect(arguments.file, plan, arguments.assume_crs, arguments.lang, as_json=arguments.json)
    print(text)  # noqa: T201 - the command's result
    return 0


def screen(arguments: argparse.Namespace) -> int:
    """Screen project sites."""
    from atlas.screening import commands  # noqa: PLC0415 - commands load what they need

    folder, plan = _open(arguments)
    return commands.screen(arguments, plan, folder)


def verify(arguments: argparse.Namespace) -> int:
    """Compute a certificate again."""
    from atlas.screening import commands  # noqa: PLC0415 - commands load what they need

    return commands.verify(arguments)


def serve(arguments: argparse.Namespace) -> int:
    """Open the app in the browser."""
    from atlas.server import run  # noqa: PLC0415 - commands load what they need

    os.environ["ATLAS_GEODATA"] = str(arguments.geodata.resolve())
    os.environ["ATLAS_WORKSPACE"] = str(workspace_folder(arguments.workspace).resolve())
    os.environ["ATLAS_DISTRICT"] = arguments.district
    district_folder(arguments.geodata, arguments.district)
    return run(arguments.port, browser=not arguments.no_browser)
