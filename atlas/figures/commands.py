"""The commands `figure` and `book`: their options, and what they do. Progress goes to stderr, results to stdout."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from layers import Finding, PlanError, audit, district_folder

if TYPE_CHECKING:
    from atlas.figures.recipe import Recipe
    from atlas.screening.controls import Control
    from atlas.sheets import Atlas
    from layers import Layer, Plan

_PAPERS: Final = ("A4", "A3", "A2", "A1", "A0")
_RESOLUTIONS: Final = (150, 300, 600)
# Options that are values of the recipe, as they are called there.
_RECIPE: Final = ("paper", "theme", "compiler", "review_number", "edition", "draft")
CACHE: Final = "cache/figures"


def add_figure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `figure`."""
    parser.add_argument("--sheet", default="", metavar="ID", help="which sheet (default: the first)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write: .pdf, .png or .svg")
    parser.add_argument("--from", dest="origin", type=Path, metavar="FILE", help="an earlier figure, to be made again")
    parser.add_argument("--orientation", choices=("auto", "portrait", "landscape"), help="of the page (default: auto)")
    parser.add_argument(
        "--scale", type=_whole_number, metavar="N", help="1:N (default: the largest usual one that fits)"
    )
    parser.add_argument("--dpi", type=int, choices=_RESOLUTIONS, default=300, help="of a PNG (default: 300)")
    parser.add_argument("--title", metavar="TEXT", help="over the map (default: the sheet's own)")
    parser.add_argument("--sites", type=Path, metavar="FILE", help="project sites to draw over it")
    parser.add_argument("--assume-crs", default="", metavar="X", help="of the sites, as of `inspect`")
    parser.add_argument("--pdfa", action="store_true", help="write PDF/A-3, for the archive")
    _add_common(parser)


def add_book(parser: argparse.ArgumentParser) -> None:
    """Add the options of `book`."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="file to write")
    parser.add_argument("--towns", action="store_true", help="a page per town (一镇一图)")
    parser.add_argument("--fresh", action="store_true", help="draw everything anew, whatever was drawn before")
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--paper", choices=_PAPERS, help="size of the page (default: A3)")
    parser.add_argument("--theme", choices=("standard", "accessible"), help="how it looks (default: standard)")
    parser.add_argument("--compiler", metavar="TEXT", help="编制单位 / who made it")
    parser.add_argument("--date", metavar="TEXT", help="编制日期 / as printed (default: today)")
    parser.add_argument("--review-number", metavar="TEXT", help="审图号 as the authority gave it; never made up")
    parser.add_argument("--edition", choices=("internal", "public"), help="for the office or for the public")
    parser.add_argument("--draft", action="store_true", default=None, help="export with faults, with a watermark")


def figure(arguments: argparse.Namespace) -> int:
    """Write a sheet as a print figure."""
    from atlas.figures.carry import changed_since, read_recipe  # noqa: PLC0415 - commands load what they need
    from atlas.figures.compose import compose  # noqa: PLC0415
    from atlas.figures.export import export, format_of  # noqa: PLC0415
    from atlas.figures.recipe import Recipe  # noqa: PLC0415
    from atlas.figures.surfaces import surface_of  # noqa: PLC0415
    from atlas.locations import ELEVATION_FILE, workspace_folder  # noqa: PLC0415
    from atlas.output import check_place  # noqa: PLC0415

    format_of(arguments.out)
    check_place(arguments.out)
    earlier = read_recipe(arguments.origin) if arguments.origin else None
    if earlier and not arguments.district:
        arguments.district = earlier.district
    plan, atlas = _open(arguments)
    if earlier and changed_since(earlier, plan):
        _tell(Finding("figure_changed", arguments.origin.name).line(arguments.lang))
    recipe = _with(arguments, earlier or Recipe(plan.district.id, "", language=arguments.lang))
    recipe = replace(recipe, sheet=atlas.sheet(arguments.sheet or recipe.sheet).id, fingerprint=plan.fingerprint)
    given = {name: getattr(arguments, name) for name in ("orientation", "scale", "title")}
    recipe = replace(recipe, **{name: value for name, value in given.items() if value is not None})
    sheet = atlas.sheet(recipe.sheet)
    elevation = workspace_folder(arguments.workspace) / plan.district.id / ELEVATION_FILE
    surface = surface_of(plan, atlas, sheet, recipe.language, elevation=elevation, controls=_controls(arguments, plan))
    overlays = (*surface.overlays, *_sites(arguments, plan))
    drawn = compose(plan, atlas, recipe, overlays=overlays, images=surface.images)
    remarks = export(drawn, plan, sheet, arguments.out, dpi=arguments.dpi, archival=arguments.pdfa, overlays=overlays)
    for line in (*(remark.finding.line(arguments.lang) for remark in remarks), *drawn.warnings):
        _tell(line)
    row = {"sheet": sheet.id, "out": str(arguments.out), "scale": f"1:{drawn.scale}", "recipe": drawn.recipe.id}
    return _print(arguments, row)


def book(arguments: argparse.Namespace) -> int:
    """Write the whole atlas as one PDF."""
    from atlas.figures.book import book as make  # noqa: PLC0415 - commands load what they need
    from atlas.figures.recipe import Recipe  # noqa: PLC0415
    from atlas.locations import ELEVATION_FILE, workspace_folder  # noqa: PLC0415

    if arguments.out.suffix.lower() != ".pdf":
        values = {"value": arguments.out.suffix or arguments.out.name, "known": ".pdf"}
        raise PlanError([Finding("wrong_extension", str(arguments.out), values)])
    plan, atlas = _open(arguments)
    recipe = _with(arguments, Recipe(plan.district.id, atlas.sheet().id, language=arguments.lang))
    made = make(
        plan,
        atlas,
        recipe,
        arguments.out,
        with_towns=arguments.towns,
        elevation=workspace_folder(arguments.workspace) / plan.district.id / ELEVATION_FILE,
        controls=_controls(arguments, plan),
        cache=None if arguments.fresh else workspace_folder(arguments.workspace) / CACHE,
        progress=_progress,
    )
    row = {"out": str(arguments.out), "pages": str(made.pages), "drawn": str(made.drawn), "reused": str(made.reused)}
    return _print(arguments, row)


def _open(arguments: argparse.Namespace) -> tuple[Plan, Atlas]:
    from atlas.sheets import read_sheets  # noqa: PLC0415 - commands load what they need

    folder = district_folder(arguments.geodata, arguments.district)
    plan, found = audit(folder)
    if plan is None:
        raise PlanError(found.errors() or [Finding("no_district", str(folder))])
    atlas = read_sheets(folder, plan, found)
    found.raise_errors()
    return plan, atlas


def _sites(arguments: argparse.Namespace, plan: Plan) -> tuple[Layer, ...]:
    if not arguments.sites:
        return ()
    from atlas.sites.figures import site_layers  # noqa: PLC0415 - commands load what they need
    from atlas.sites.read import read_sites  # noqa: PLC0415

    return site_layers(read_sites(arguments.sites, plan, assume_crs=arguments.assume_crs), plan)


def _controls(arguments: argparse.Namespace, plan: Plan) -> tuple[Control, ...]:
    """Return the control layers that the user keeps for the district."""
    from atlas.locations import CONTROLS, workspace_folder  # noqa: PLC0415 - commands load what they need
    from atlas.screening.shelf import Shelf  # noqa: PLC0415

    return Shelf(workspace_folder(arguments.workspace) / plan.district.id / CONTROLS, plan).controls()


def _with(arguments: argparse.Namespace, recipe: Recipe) -> Recipe:
    """Return a recipe with the options that were given."""
    given = {name: getattr(arguments, name) for name in _RECIPE}
    compiled = arguments.date or recipe.compiled or datetime.now(UTC).astimezone().date().isoformat()
    return replace(recipe, compiled=compiled, **{name: value for name, value in given.items() if value is not None})


def _whole_number(text: str) -> int:
    number = text.removeprefix("1:").replace(",", "")
    if not number.isdecimal() or not int(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no scale; write 1:50000")
    return int(number)


def _progress(done: int, total: int, title: str) -> None:
    _tell(f"{done}/{total} {title}")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _print(arguments: argparse.Namespace, row: dict[str, str]) -> int:
    print(json.dumps([row], ensure_ascii=False) if arguments.json else "\t".join(row.values()))  # noqa: T201 - the result
    return 0
