"""Control layers that a user adds: read by the readers of sites, and recognised by their names and attributes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyogrio
import shapely

from atlas.screening.rules import control_kinds, control_title
from atlas.screening.target import Target
from atlas.sites.read import read_sites
from layers import Finding, Name, PlanError
from layers.crs import is_refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from layers import Plan

# Formats that hold several layers, and say of each in what CRS it is.
_LAYERED: Final = (".gpkg", ".gdb")
_SIGMA: Final = "sigma_m"
_NAMES: Final = ("name", "名称", "mc", "NAME", "TBBH", "BSM")
# Of a layer that is on no list.
_PLAIN_SIGMA_M: Final = 5.0


@dataclass(frozen=True)
class Control:
    """
    One control layer.

    Parameters
    ----------
    id
        That of the shipped list, or else the name of the layer.
    title
        What it is called.
    target
        Its features in the working CRS.
    files
        The names of the files it came from.
    """

    id: str
    title: Name
    target: Target
    files: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    """A layer as it was read: its name, and per feature geometry, name, error and all text that may tell its kind."""

    file: str
    name: str
    geometries: list[shapely.Geometry]
    names: list[str]
    sigma_m: list[float]
    texts: list[str]
    cells: Sequence[Mapping[str, str]]


def read_controls(files_: Sequence[Path], plan: Plan, *, assume_crs: str = "") -> tuple[Control, ...]:
    """
    Read control layers.

    Parameters
    ----------
    files_
        GeoPackages and file geodatabases may hold several layers; everything else that sites are read from holds one.
    plan
        Of the district; its working CRS is that of the result.
    assume_crs
        What is taken for files that do not say it.

    Returns
    -------
    controls
        One per kind of control layer; what several files hold of a kind is joined.

    Raises
    ------
    PlanError
        If a file cannot be read, or holds nothing.
    """
    found: dict[str, list[tuple[str, Name, _Read, list[int]]]] = {}
    for file in files_:
        for read in _layers_of(file, plan, assume_crs):
            for id_, title, rows in _kinds_of(read):
                found.setdefault(id_, []).append((read.file, title, read, rows))
    return tuple(
        Control(id_, parts[0][1], _target(id_, parts), tuple(dict.fromkeys(part[0] for part in parts)))
        for id_, parts in found.items()
    )


def _layers_of(file: Path, plan: Plan, assume_crs: str) -> list[_Read]:
    if not file.exists():
        raise PlanError([Finding("missing_file", str(file))])
    if file.suffix.lower() in _LAYERED:
        return _layered(file, plan)
    sites = read_sites(file, plan, assume_crs=assume_crs)
    frame = sites.frame
    values = [dict(cells) for cells in frame["attributes"]]
    texts = [
        " ".join(map(str, (row.name_, row.category, row.note, *cells.values()))).lower()
        for row, cells in zip(frame.rename(columns={"name": "name_"}).itertuples(), values, strict=True)
    ]
    own = [_number(cells.get(_SIGMA, "")) for cells in values]
    names = [str(name) for name in frame["name"]]
    return [_Read(file.name, file.stem, list(frame.geometry), names, own, texts, values)]


def _layered(file: Path, plan: Plan) -> list[_Read]:
    result = []
    try:
        for name, kind in pyogrio.list_layers(file):
            if kind is None:
                continue
            frame = pyogrio.read_dataframe(file, layer=name)
            if frame.crs is None or is_refused(frame.crs):
                code = "refused_datum" if frame.crs is not None else "control_without_crs"
                raise PlanError([Finding(code, f"{file.name}: {name}", {"value": str(frame.crs)[:40]})])
            result.append(_as_read(file.name, name, frame.to_crs(plan.crs)))
            _check_place(result[-1], plan)
    except pyogrio.errors.DataSourceError as error:
        detail = " ".join(str(error).split())[:120]
        raise PlanError([Finding("bad_syntax", file.name, {"detail": detail})]) from error
    if not any(read.geometries for read in result):
        raise PlanError([Finding("control_empty", file.name)])
    return result


def _as_read(file: str, layer: str, frame: gpd.GeoDataFrame) -> _Read:
    geometries = np.asarray(shapely.make_valid(shapely.force_2d(frame.geometry.to_numpy())), dtype=object)
    frame = frame[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype(object)
    cells = cells.where(cells.notna(), "")
    values = [{str(k): str(v) for k, v in row.items()} for row in cells.to_dict("records")]
    names = [next((row[key] for key in _NAMES if row.get(key)), "") for row in values]
    texts = [" ".join(row.values()).lower() for row in values]
    kept = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    own = [_number(row.get(_SIGMA, "")) for row in values]
    return _Read(file, layer, list(kept), names, own, texts, values)


def _check_place(read: _Read, plan: Plan) -> None:
    """Refuse a layer of another district: it would call every site of this one clear."""
    outline = [row.geometry for row in plan.layers["district"].rows]
    if read.geometries and outline and not shapely.intersects(shapely.union_all(outline), read.geometries).any():
        raise PlanError([Finding("control_elsewhere", f"{read.file}: {read.name}")])


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return np.nan
    return value if 0 <= value < np.inf else np.nan


def _kinds_of(read: _Read) -> list[tuple[str, Name, list[int]]]:
    """Return which control layers a file holds, and which features of it belong to each."""
    kinds = control_kinds()
    named = f"{read.file} {read.name}".lower()
    candidates = [id_ for id_, kind in kinds.items() if any(word in named for word in kind["names"])]
    chosen: dict[str, list[int]] = {}
    for row, text in enumerate(read.texts):
        # The name of the layer decides; without one that tells, what the feature says of itself.
        possible = candidates or [id_ for id_, kind in kinds.items() if any(word in text for word in kind["names"])]
        graded = [id_ for id_ in possible if any(word in text for word in kinds[id_].get("values", ()))]
        plain = [id_ for id_ in possible if not kinds[id_].get("values")]
        id_ = next(iter(graded or plain or possible), read.name)
        column = kinds.get(id_, {}).get("positive", "")
        if column in read.cells[row] and not _number(read.cells[row][column]) > 0:
            continue
        chosen.setdefault(id_, []).append(row)
    return [(id_, control_title(id_) or Name(id_, id_), rows) for id_, rows in chosen.items()]


def _target(id_: str, parts: Sequence[tuple[str, Name, _Read, list[int]]]) -> Target:
    plain = float(control_kinds().get(id_, {}).get("sigma_m", _PLAIN_SIGMA_M))
    rows = [(read, row) for _, _, read, chosen in parts for row in chosen]
    title = parts[0][1].zh
    return Target(
        id_,
        np.array([read.geometries[row] for read, row in rows], dtype=object),
        tuple(f"{title} {read.names[row]}".strip() for read, row in rows),
        np.array([plain if np.isnan(read.sigma_m[row]) else read.sigma_m[row] for read, row in rows], dtype=float),
        ("official",) * len(rows),
    )


def fingerprint(controls: Sequence[Control]) -> str:
    """Return a hash of what control layers hold: another one means that something changed."""
    digest = hashlib.sha256()
    for control in controls:
        digest.update(control.id.encode())
        for geometry in control.target.geometries:
            digest.update(shapely.to_wkb(geometry))
        digest.update(control.target.sigma_m.tobytes())
    return digest.hexdigest()[:16]
