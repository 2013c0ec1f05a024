"""The commands `import --kind dem` and `rasters …`: long work tells how far it is, and Ctrl+C leaves nothing behind."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from atlas.locations import ELEVATION_FILE, workspace_folder
from layers import Finding, Findings, PlanError, district_folder
from layers.errors import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from geopandas import GeoDataFrame

    from atlas.rasters.dem import Elevation
    from atlas.rasters.recipes import RasterRecipe
    from atlas.rasters.view import View
    from atlas.screening.controls import Control
    from layers import Plan

    Opener = Callable[[argparse.Namespace], tuple[Path, Plan]]

DERIVED: Final = ("slope", "slope-percent", "aspect", "hillshade")
# Of these a sheet can show some, and so there is a picture of them and a table.
PICTURED: Final = ("slope", "hillshade")
CANCELLED: Final = 130
_EVERY_S: Final = 0.5


def add_commands(command: Callable[..., argparse.ArgumentParser], open_plan: Opener) -> None:
    """
    Register the commands.

    Parameters
    ----------
    command
        Makes a sub-command of a name, what runs it, and what it is about.
    open_plan
        Opens the district that the arguments name: its folder and its plan.
    """

    def run(work: Callable[[argparse.Namespace, Opener], int]) -> Callable[[argparse.Namespace], int]:
        def start(arguments: argparse.Namespace) -> int:
            try:
                return work(arguments, open_plan)
            except KeyboardInterrupt:
                sys.stderr.write("已取消,没有写出文件 / cancelled, nothing was written\n")
                return CANCELLED

        return start

    add = command("import", run(import_file), "导入高程数据 / keep an elevation model in the workspace")
    add.add_argument("file", type=Path, metavar="FILE", help="GeoTIFF, HGT or ASC, any CRS, any size")
    add.add_argument("--kind", choices=("dem",), required=True, help="what it is")
    add.add_argument("--assume-crs", default="", metavar="EPSG:n", help="what it is in, if it does not say")
    rasters = command("rasters", run(write_raster), "栅格:车程、坡度、适宜性 / travel time, terrain, suitability")
    rasters.add_argument(
        "what",
        choices=(*DERIVED, "elevation", "contours", "travel-time", "suitability", "zonal", "reservoir"),
        metavar="WHAT",
        help="%(choices)s",
    )
    rasters.add_argument("--out", type=Path, required=True, metavar="FILE", help=".tif .png .csv; contours: .gpkg")
    rasters.add_argument("--dem", type=Path, metavar="FILE", help="heights (default: the imported model)")
    rasters.add_argument("--cog", action="store_true", help="terrain as a Cloud Optimized GeoTIFF with overviews")
    rasters.add_argument("--from", dest="origin", default="", metavar="ID", help="place or feature time starts from")
    rasters.add_argument("--network", default="", metavar="NAME", help="existing or planned")
    rasters.add_argument("--preset", default="", metavar="NAME", help="industry, housing, herbs or tourism")
    rasters.add_argument("--weight", action="append", default=[], metavar="CRITERION=N", help="another weight, 0-100")
    rasters.add_argument("--of", default="town", metavar="KIND", help="zonal: statistics of the areas of this kind")
    rasters.add_argument("--sites", type=Path, metavar="FILE", help="zonal: of the areas of a file of sites instead")
    rasters.add_argument("--scheme", default="farmland", metavar="NAME", help="zonal: farmland or building classes")
    rasters.add_argument("--interval", type=float, default=0.0, metavar="M", help="contours: metres between them")
    rasters.add_argument(
        "--control",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="suitability: control layers whose ground is taken out",
    )
    rasters.add_argument("--level", type=float, default=0.0, metavar="M", help="reservoir: water level, metres")
    rasters.add_argument("--edition", choices=("internal", "public"), default="internal", help="who will see it")


class Progress:
    """Tells on the error stream how far the work is: one line that renews itself, or nothing where nobody watches."""

    def __init__(self, what: str) -> None:
        self.what, self.last, self.shown = what, time.monotonic(), False

    def __call__(self, share: float) -> None:
        """Tell the share that is done, 0 to 1."""
        now = time.monotonic()
        if share < 1 and now - self.last < _EVERY_S:
            return
        if share < 1 or self.shown:
            self.last, self.shown = now, True
            sys.stderr.write(f"\r{self.what} {share:4.0%}" + ("\n" if share >= 1 else ""))
            sys.stderr.flush()


def dem_of(arguments: argparse.Namespace) -> Path:
    """
    Return the elevation model the arguments name, or else the imported one.

    Raises
    ------
    PlanError
        If there is none.
    """
    district = district_folder(arguments.geodata, arguments.district).name
    file: Path = arguments.dem or workspace_folder(arguments.workspace) / district / ELEVATION_FILE
    if not file.is_file():
        raise PlanError([Finding("missing_file" if arguments.dem else "no_dem", str(file))])
    return file


def import_file(arguments: argparse.Namespace, open_plan: Opener) -> int:
    """Keep an elevation model; print what is kept."""
    from atlas.rasters.dem import elevation_file, import_elevation  # noqa: PLC0415
    from atlas.rasters.grid import district_area  # noqa: PLC0415
    from atlas.rasters.recipes import read_ground  # noqa: PLC0415

    folder, plan = open_plan(arguments)
    kept = import_elevation(
        arguments.file,
        elevation_file(workspace_folder(arguments.workspace), folder.name),
        district_area(plan),
        plan.crs,
        read_ground(folder),
        assume_crs=arguments.assume_crs,
        progress=Progress(arguments.file.name),
    )
    return _tell(
        arguments,
        {
            "out": str(kept.file),
            "resolution_m": round(kept.resolution_m, 2),
            "low_m": kept.low_m,
            "high_m": kept.high_m,
            "covered": round(kept.covered, 4),
        },
    )


def write_raster(arguments: argparse.Namespace, open_plan: Opener) -> int:
    """Write the raster, table or lines that are asked for; print what it rests on."""
    from atlas.rasters.derive import derive  # noqa: PLC0415

    pictures = (".png", ".csv") if arguments.what in PICTURED else ()
    if arguments.what in DERIVED and _suffix(arguments, (".tif", ".tiff", *pictures)) not in pictures:
        # Not even the plan is opened: this must start as fast as a tool made for it.
        progress = Progress(arguments.what)
        cell_m = derive(dem_of(arguments), arguments.out, arguments.what, cog=arguments.cog, progress=progress)
        return _tell(arguments, {"out": str(arguments.out), "resolution_m": round(cell_m, 2)})
    folder, plan = open_plan(arguments)
    if arguments.what == "contours":
        return _contours(arguments)
    if arguments.what == "zonal":
        return _zonal(arguments, plan)
    if arguments.what == "reservoir":
        return _reservoir(arguments, plan)
    return _surface(arguments, folder, plan)


def _surface(arguments: argparse.Namespace, folder: Path, plan: Plan) -> int:
    from atlas.rasters.dem import elevation_file  # noqa: PLC0415
    from atlas.rasters.export import cog_bytes, csv_bytes, write_bytes  # noqa: PLC0415
    from atlas.rasters.recipes import TERRAIN  # noqa: PLC0415
    from atlas.rasters.views import Surfaces  # noqa: PLC0415

    suffix = _suffix(arguments, (".tif", ".png", ".csv"))
    recipe = _recipe(arguments, folder, plan)
    dem = arguments.dem or elevation_file(workspace_folder(arguments.workspace), folder.name)
    if recipe.kind in TERRAIN:
        dem = dem_of(arguments)
    controls: tuple[Control, ...] = ()
    if arguments.control:
        from atlas.screening.controls import read_controls  # noqa: PLC0415

        controls = read_controls(arguments.control, plan)
    view: View = Surfaces(plan, arguments.lang, dem, controls).view(recipe)
    if suffix == ".tif":
        content = cog_bytes(view.values, view.grid, {"TITLE": view.title, "NOTE": " ".join(view.notes)})
    elif suffix == ".png":
        content = view.figure.png
    else:
        content = csv_bytes(*view.tables[-1][1:])
    write_bytes(content, arguments.out)
    return _tell(arguments, {"out": str(arguments.out), "notes": list(view.notes)})


def _recipe(arguments: argparse.Namespace, folder: Path, plan: Plan) -> RasterRecipe:
    """Return the district's own recipe of this kind, changed by the arguments."""
    from atlas.rasters.presets import presets  # noqa: PLC0415
    from atlas.rasters.recipes import RasterRecipe, read_recipes  # noqa: PLC0415

    found = Findings()
    kind = arguments.what.replace("-", "_")
    recipes = read_recipes(folder, plan, found)
    found.raise_errors()
    recipe = next((r for r in recipes.values() if r.kind == kind), RasterRecipe(kind, kind, "", "existing"))
    recipe = replace(recipe, origin=arguments.origin or recipe.origin, network=arguments.network or recipe.network)
    if kind != "suitability":
        return recipe
    preset = arguments.preset or recipe.preset or next(iter(presets()))
    if preset not in presets():
        raise _unknown("--preset", preset, presets())
    known, weights = presets()[preset].weights, {}
    for text in arguments.weight:
        criterion, _, value = text.partition("=")
        if criterion not in known:
            raise _unknown("--weight", criterion, known)
        if not value.isdecimal():
            wanted = {"wanted": "数字", "wanted_en": "a number"}
            raise PlanError([Finding("bad_number", "--weight", {"value": value[:40], **wanted})])
        weights[criterion] = float(value)
    return replace(recipe, preset=preset, weights=tuple(weights.items()))


def _contours(arguments: argparse.Namespace) -> int:
    import geopandas as gpd  # noqa: PLC0415

    from atlas.rasters.export import draft_of  # noqa: PLC0415
    from atlas.rasters.terrain import class_tables, contours  # noqa: PLC0415

    suffix = _suffix(arguments, (".gpkg", ".geojson"))
    if arguments.edition == "public":
        raise PlanError([Finding("contours_public", "--edition")])
    elevation = _elevation(arguments)
    lines = contours(elevation, arguments.interval or float(class_tables()["contours"]["interval_m"]))
    frame = gpd.GeoDataFrame({"height_m": list(lines)}, geometry=list(lines.values()), crs=elevation.grid.crs)
    with draft_of(arguments.out) as draft:
        _for_file(frame, suffix).to_file(draft, layer="contours")
    told = {"out": str(arguments.out), "lines": len(lines), "resolution_m": round(elevation.resolution_m, 2)}
    return _tell(arguments, told)


def _zonal(arguments: argparse.Namespace, plan: Plan) -> int:
    from atlas.rasters.export import csv_bytes, write_bytes  # noqa: PLC0415
    from atlas.rasters.report import slope_table  # noqa: PLC0415
    from atlas.rasters.terrain import class_tables  # noqa: PLC0415

    _suffix(arguments, (".csv",))
    kinds = [kind for kind, layer in plan.layers.items() if layer.kind.geometry == "area" and len(layer)]
    if arguments.of not in kinds:
        raise _unknown("--of", arguments.of, kinds)
    if arguments.scheme not in class_tables()["slope"]:
        raise _unknown("--scheme", arguments.scheme, class_tables()["slope"])
    areas = [(row.name, row.geometry) for row in plan.layers[arguments.of].rows]
    if arguments.sites:
        from atlas.sites.read import read_sites  # noqa: PLC0415

        frame = read_sites(arguments.sites, plan).frame
        areas = list(zip(frame["name"].where(frame["name"] != "", frame["id"]), frame.geometry, strict=True))
    table = slope_table(_elevation(arguments), areas, arguments.scheme, arguments.lang)
    write_bytes(csv_bytes(table.head, table.rows), arguments.out)
    return _tell(arguments, {"out": str(arguments.out), "notes": list(table.notes)})


def _reservoir(arguments: argparse.Namespace, plan: Plan) -> int:
    from atlas.rasters.export import csv_bytes, draft_of, write_bytes  # noqa: PLC0415
    from atlas.rasters.reservoir import lake  # noqa: PLC0415
    from atlas.rasters.traveltime import origin_of  # noqa: PLC0415

    suffix = _suffix(arguments, (".csv", ".gpkg", ".geojson"))
    name, shape = origin_of(plan, arguments.origin)
    elevation = _elevation(arguments)
    found = lake(elevation, arguments.level, shape.centroid.x, shape.centroid.y)
    head = ("name", "level_m", "surface_ha", "volume_10k_m3", "depth_m", "open", "resolution_m")
    row = (
        name,
        f"{found.level_m:g}",
        f"{found.surface_m2 / 1e4:.2f}",
        f"{found.volume_m3 / 1e4:.2f}",
        f"{found.depth_m:.1f}",
        "yes" if found.open else "no",
        f"{elevation.resolution_m:.3g}",
    )
    if suffix == ".csv":
        write_bytes(csv_bytes(head, [row]), arguments.out)
    else:
        import geopandas as gpd  # noqa: PLC0415

        frame = gpd.GeoDataFrame([dict(zip(head, row, strict=True))], geometry=[found.area], crs=elevation.grid.crs)
        with draft_of(arguments.out) as draft:
            _for_file(frame, suffix).to_file(draft, layer="reservoir")
    return _tell(arguments, {"out": str(arguments.out), **dict(zip(head, row, strict=True))})


def _for_file(frame: GeoDataFrame, suffix: str) -> GeoDataFrame:
    """Return a frame as its file wants it: GeoJSON holds longitude and latitude, and nothing else."""
    from layers.crs import STORAGE_CRS  # noqa: PLC0415

    return frame.to_crs(STORAGE_CRS) if suffix == ".geojson" else frame


def _elevation(arguments: argparse.Namespace) -> Elevation:
    from atlas.rasters.dem import open_elevation  # noqa: PLC0415

    file = dem_of(arguments)
    elevation = open_elevation(file)
    if elevation is None:
        raise PlanError([Finding("no_dem", str(file))])
    return elevation


def _suffix(arguments: argparse.Namespace, known: tuple[str, ...]) -> str:
    """Return the ending of the file to write, which says in what form."""
    suffix = str(arguments.out.suffix).lower()
    if suffix not in known:
        raise _unknown("--out", suffix or arguments.out.name, known)
    return suffix


def _unknown(where: str, value: str, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> PlanError:
    some = " ".join(list(known)[:12])
    return PlanError([Finding("unknown_word", where, {"value": value, "near": nearest(value, known), "known": some})])


def _tell(arguments: argparse.Namespace, result: Mapping[str, Any]) -> int:
    """Print a result, one value per line, or as JSON."""
    import json  # noqa: PLC0415

    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201 - the command's result
    else:
        for key, value in result.items():
            for line in value if isinstance(value, list) else [value]:
                print(f"{key}\t{line}")  # noqa: T201 - the command's result
    return 0
