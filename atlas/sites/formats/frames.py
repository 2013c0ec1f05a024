"""What GDAL and Arrow read: Shapefile, GeoPackage and GeoParquet, as frames of properties and shapes."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from atlas.sites.formats.properties import best_columns, split
from atlas.sites.raw import Claim, RawFile, RawSite, refuse
from atlas.sites.text import encoding_of
from atlas.sites.vocabulary import vocabulary
from layers import Findings, PlanError
from layers.crs import identify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Every byte is a character of it: what the file holds comes through GDAL unchanged.
_BYTES: Final = "ISO-8859-1"
_SISTERS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


@dataclass(frozen=True, slots=True)
class _Table:
    """A layer: names and values by column, and the shapes (None where there is none)."""

    names: Sequence[str]
    values: Sequence[NDArray[np.object_]]
    shapes: NDArray[np.object_]


def read_shapefile(parts: Mapping[str, bytes], file: str) -> RawFile:
    """
    Read a Shapefile.

    Parameters
    ----------
    parts
        Its files by suffix in lower case; ``.shp`` must be there, the index and the declarations need not.
    file
        Name for findings.

    Raises
    ------
    PlanError
        If it is damaged or too large, or its CRS is unknown.
    """
    found = Findings()
    if ".dbf" not in parts:
        found.add("no_dbf", file)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for suffix in _SISTERS:
            # Declared encodings and systems stay outside: GDAL would act on wrong ones.
            if suffix in parts and suffix not in {".cpg", ".prj"}:
                (Path(folder) / f"file{suffix}").write_bytes(parts[suffix])
        pyogrio.set_gdal_config_options({"SHAPE_RESTORE_SHX": True})
        table = _read(Path(folder) / "file.shp", file, encoding=_BYTES)
    raw = [cell.encode(_BYTES, "replace") for v in table.values for cell in v if isinstance(cell, str)]
    raw += [name.encode(_BYTES, "replace") for name in table.names]
    encoding = encoding_of(raw)
    _check_declared(parts, encoding, file, found)
    decoded = _Table(
        [str(_recoded(name, encoding)).rstrip("\ufffd") for name in table.names],
        [np.array([_recoded(cell, encoding) for cell in v], dtype=object) for v in table.values],
        table.shapes,
    )
    claim = _claim_of_prj(parts.get(".prj", b""), file, found)
    sites = _sites(decoded, file, found)
    return RawFile("shapefile", encoding, "east,north", sites, tuple(found), claim)


def _recoded(value: object, encoding: str) -> object:
    return value.encode(_BYTES, "replace").decode(encoding, "replace") if isinstance(value, str) else value


def _check_declared(parts: Mapping[str, bytes], encoding: str, file: str, found: Findings) -> None:
    declared = parts.get(".cpg", b"").decode("ascii", "replace").strip().lower().replace("_", "-")
    names = {
        "utf-8": ("utf-8", "utf8", "65001"),
        "gb18030": ("gb", "936", "cp936", "ansi 936"),
        "big5": ("big5", "950"),
    }
    beyond = any(byte > 0x7F for byte in parts.get(".dbf", b"")[32:])  # noqa: PLR2004 - ASCII
    if declared and beyond and not any(declared.startswith(name) or name in declared for name in names[encoding]):
        found.add("wrong_cpg", file, value=declared[:20], near=encoding)


def _claim_of_prj(raw: bytes, file: str, found: Findings) -> Claim | None:
    text = raw.decode("utf-8", "replace").strip("\ufeff \r\n\t\0")
    if not text:
        return None
    try:
        identity = identify(text)
    except ValueError:
        found.add("unknown_prj", file, value=text[:40])
        return None
    return Claim(identity.datum, text, identity.meridian, words=f".prj = {text.partition(',')[0][:60]}")


def read_geopackage(raw: bytes, file: str) -> RawFile:
    """
    Read every layer of a GeoPackage that has shapes.

    Raises
    ------
    PlanError
        If it is damaged or too large, has no layer with shapes, or its CRS is unknown.
    """
    found = Findings()
    sites: list[RawSite] = []
    claim = None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "file.gpkg"
        path.write_bytes(raw)
        try:
            names = [str(name) for name, kind in pyogrio.list_layers(path) if kind]
        except (DataSourceError, RuntimeError) as error:
            raise refuse("damaged_file", file, detail=_short(error)) from error
        for name in names:
            where = f"{file} · {name}" if len(names) > 1 else file
            table = _read(path, where, layer=name)
            claim = _claim_of(pyogrio.read_info(path, layer=name)["crs"], where)
            # Layers may be in different systems: each site carries its layer's.
            sites += [replace(site, claim=site.claim or claim) for site in _sites(table, where, found)]
    return RawFile("gpkg", "utf-8", "east,north", sites, tuple(found), claim)


def read_geoparquet(raw: bytes, file: str) -> RawFile:
    """
    Read a GeoParquet file.

    Raises
    ------
    PlanError
        If it is damaged, too large or without geometry, or its CRS is unknown.
    """
    try:
        rows = pq.ParquetFile(io.BytesIO(raw)).metadata.num_rows
        _check_rows(rows, file)
        frame = gpd.read_parquet(io.BytesIO(raw))  # type: ignore[arg-type]  # the stubs know only paths
    except PlanError:
        raise
    except (pa.ArrowException, OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise refuse("damaged_file", file, detail=_short(error)) from error
    columns = [name for name in frame.columns if name != frame.geometry.name]
    table = _Table(
        [str(name) for name in columns],
        [frame[name].astype(object).to_numpy() for name in columns],
        np.asarray(frame.geometry, dtype=object),
    )
    claim = _claim_of(frame.crs.to_wkt() if frame.crs else None, file)
    found = Findings()
    sites = _sites(table, file, found)
    return RawFile("geoparquet", "utf-8", "east,north", sites, tuple(found), claim)


def _check_rows(rows: int, file: str) -> None:
    if rows > (most := vocabulary()["caps"]["rows"]):
        raise refuse("too_many_rows", file, count=rows, most=most)


def _read(path: Path, file: str, **options: object) -> _Table:
    try:
        info = pyogrio.read_info(path, **options)
        _check_rows(info["features"], file)
        meta, _, shapes, values = pyogrio.raw.read(path, datetime_as_string=True, **options)
        read = shapely.from_wkb(shapes, on_invalid="ignore") if shapes is not None else np.array([], dtype=object)
    except PlanError:
        raise
    except (DataSourceError, RuntimeError, ValueError) as error:
        raise refuse("damaged_file", file, detail=_short(error)) from error
    return _Table([str(name) for name in meta["fields"]], [np.asarray(v, dtype=object) for v in values], read)


def _claim_of(text: str | None, file: str) -> Claim | None:
    if not text:
        return None
    try:
        identity = identify(text)
    except ValueError:
        raise refuse("unknown_crs", file, value=" ".join(text.split())[:60]) from None
    return Claim(identity.datum, text, identity.meridian, words=f"crs = {identity.code}")


def _sites(table: _Table, file: str, found: Findings) -> list[RawSite]:
    """Return the features of a layer that have a shape."""
    columns = best_columns(table.names)
    shapes = shapely.force_2d(table.shapes)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    sites = []
    for number, shape in enumerate(shapes):
        place = f"{file}: 第 {number + 1} 个要素"
        properties = {name: values[number] for name, values in zip(table.names, table.values, strict=True)}
        if missing[number]:
            found.add("no_position", place)
            continue
        fields, attributes, own = split(properties, columns)
        sites.append(RawSite(place, shape, fields, attributes, own))
    return sites


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:80] or type(error).__name__
