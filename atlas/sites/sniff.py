"""What a file is, by what is in it; its name is only a hint where the contents leave a choice."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from atlas.sites.formats import delimited, drawing, frames, geojson, kml, ovjsn, spreadsheet, survey, webtable
from atlas.sites.raw import RawFile, refuse
from atlas.sites.text import decode
from atlas.sites.vocabulary import vocabulary
from layers import Findings, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SHAPEFILE: Final = bytes.fromhex("0000270a")
_MAGIC: Final = {
    b"AC10": "dwg",
    b"%PDF": "pdf",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpg",
    b"\x1f\x8b": "gz",
}
_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def read_raw(files: Mapping[str, bytes]) -> RawFile:
    """
    Read a file, or the parts of a loose Shapefile, as whatever it is.

    Parameters
    ----------
    files
        Contents by name.

    Raises
    ------
    PlanError
        If it is empty, too large, locked, damaged, or of no known kind.
    """
    for name, raw in files.items():
        if len(raw) > (most := vocabulary()["caps"]["file_bytes"]):
            raise refuse("too_large", name, size=len(raw) >> 20, most=most >> 20)
    shapes = {name: raw for name, raw in files.items() if raw[:4] == _SHAPEFILE and name.lower().endswith(".shp")}
    if shapes:
        return _shapefiles(files, next(iter(shapes)))
    main = next(iter(files), "")
    if len(files) > 1:
        raise refuse("several_files", main, known="、".join(files)[:80])
    if not files or not files[main].strip(b"\0\r\n\t "):
        raise refuse("empty_file", main or "—")
    return _single(main, files[main])


def _single(name: str, raw: bytes) -> RawFile:
    suffix = PurePosixPath(name.lower()).suffix
    if raw.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in raw:
        raise refuse("locked_file", name)
    for magic, reader in _READERS.items():
        if raw.startswith(magic):
            return reader(raw, name)
    kind = next((kind for magic, kind in _MAGIC.items() if raw.startswith(magic)), "")
    if kind == "dwg" or suffix in {".dwg", ".ovobj"}:
        raise refuse("closed_format", name, value=suffix.lstrip(".") or kind)
    if kind:
        raise _unknown(name)
    return _text(name, raw)


def _unknown(name: str) -> PlanError:
    return refuse("unknown_format", name, known=vocabulary()["files"]["known"])


def _text(name: str, raw: bytes) -> RawFile:
    decoded = decode(raw)
    control = sum(character < " " and character not in "\t\r\n\f" for character in decoded.text[:20_000])
    if control > 0.01 * min(len(decoded.text), 20_000) + 2 or decoded.lost > 0.1 * len(decoded.text):
        raise _unknown(name)
    text, encoding = decoded.text, decoded.encoding
    head = text.lstrip()[:4_000]
    if head.startswith("<"):
        if "<kml" in head or ":kml" in head or "<Placemark" in text[:100_000]:
            return kml.read_kml(raw, name, "kml")
        if "<table" in text[:100_000].lower():
            return webtable.read_webtable(text, name, encoding)
        raise _unknown(name)
    if head.startswith(("{", "[")) and not survey.is_survey(text):
        reader = ovjsn.read_ovjsn if '"ObjItems"' in text[:100_000] else geojson.read_geojson
        return reader(text, name, encoding)
    lines = [line.strip() for line in head.splitlines()[:400]]
    if "SECTION" in lines and lines[0] in {"0", "999"}:
        return drawing.read_drawing(raw, name)
    reading = survey.read_survey if survey.is_survey(text) else delimited.read_delimited
    result = reading(text, name, encoding)
    if not decoded.lost:
        return result
    found = Findings()
    found.extend(result.findings)
    found.add("lost_characters", name, count=decoded.lost, value=encoding)
    return RawFile(result.format, encoding, result.order, result.sites, tuple(found), result.claim)


def _zipped(name: str, raw: bytes) -> RawFile:
    members = _members(name, raw)
    if any(member.startswith("xl/") and member.endswith(".xml") for member in members):
        if sum(members.values()) > (most := vocabulary()["caps"]["sheet_bytes"]):
            raise refuse("zip_bomb", name, most=most >> 20)
        return spreadsheet.read_spreadsheet(raw, name, "xlsx")
    useful = [m for m in members if not m.startswith("__MACOSX/") and not PurePosixPath(m).name.startswith(".")]
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        maps = [m for m in useful if m.lower().endswith((".kml", ".ovkml"))]
        if maps:
            main = next((m for m in maps if m.lower().endswith("doc.kml")), maps[0])
            return kml.read_kml(_open(archive, main, name), name, "kmz")
        shapes = [m for m in useful if m.lower().endswith(".shp")]
        if shapes:
            stem = PurePosixPath(shapes[0]).with_suffix("")
            parts = [
                m for m in useful if PurePosixPath(m).with_suffix("").as_posix().lower() == stem.as_posix().lower()
            ]
            files = {f"{PurePosixPath(m).name}": _open(archive, m, name) for m in parts}
            result = _shapefiles(files, PurePosixPath(shapes[0]).name)
            if len(shapes) > 1:
                found = Findings()
                found.extend(result.findings)
                found.add("more_layers", name, value=shapes[0], count=len(shapes) - 1)
                result = RawFile(result.format, result.encoding, result.order, result.sites, tuple(found), result.claim)
            return result
        if len(useful) == 1 and not useful[0].lower().endswith(".zip"):
            return _single(PurePosixPath(useful[0]).name, _open(archive, useful[0], name))
    raise _unknown(name)


def _members(name: str, raw: bytes) -> dict[str, int]:
    """Return the unpacked size of every member of an archive, none of which may be large or point outside it."""
    caps = vocabulary()["caps"]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise refuse("damaged_file", name, detail=str(error)[:80]) from error
    members = {entry.filename: entry.file_size for entry in entries if not entry.is_dir()}
    if len(entries) > caps["members"] or sum(members.values()) > caps["unpacked_bytes"]:
        raise refuse("zip_bomb", name, most=caps["unpacked_bytes"] >> 20)
    for member in members:
        path = PurePosixPath(member.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise refuse("unsafe_path", name, value=member[:60])
    if any(entry.flag_bits & 1 for entry in entries):
        raise refuse("locked_file", name)
    return members


def _open(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    """Return a member's contents; no more than it says it has, whatever it unpacks to."""
    try:
        with archive.open(member) as file:
            return file.read(vocabulary()["caps"]["file_bytes"] + 1)[: vocabulary()["caps"]["file_bytes"]]
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise refuse("damaged_file", name, detail=str(error)[:80]) from error


def _shapefiles(files: Mapping[str, bytes], main: str) -> RawFile:
    """Read a Shapefile among its sisters."""
    stem = PurePosixPath(main).stem.lower()
    parts = {
        PurePosixPath(name.lower()).suffix: raw
        for name, raw in files.items()
        if PurePosixPath(name).stem.lower() == stem and name.lower().endswith(_PARTS)
    }
    return frames.read_shapefile(parts, main)


_READERS: Final[Mapping[bytes, Callable[[bytes, str], RawFile]]] = {
    b"PK": lambda raw, name: _zipped(name, raw),
    _OLE: lambda raw, name: spreadsheet.read_spreadsheet(raw, name, "xls"),
    b"SQLite format 3": frames.read_geopackage,
    b"PAR1": frames.read_geoparquet,
    _SHAPEFILE: lambda raw, name: frames.read_shapefile({".shp": raw}, name),
    b"AutoCAD Binary DXF": drawing.read_drawing,
}
