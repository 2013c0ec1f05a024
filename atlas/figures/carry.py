"""The recipe travels inside the figure: in a text chunk of a PNG, an attachment of a PDF, the metadata of an SVG.

Read back from any of these, and from a Word file that holds such a PNG. A file may come from anybody: nothing is
unpacked beyond a known size, and XML is read without entities.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

import defusedxml.ElementTree
import pypdfium2
from defusedxml import DefusedXmlException

from atlas.figures.recipe import Recipe
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from layers import Plan

KEYWORD: Final = "planning-atlas-recipe"
ATTACHMENT: Final = f"{KEYWORD}.json"

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SVG_NAME: Final = "{http://www.w3.org/2000/svg}metadata"
# Nothing that this atlas writes is larger: an A0 sheet at 600 dpi, a recipe, a drawing.
_LARGEST_FILE: Final = 400_000_000
_LARGEST_RECIPE: Final = 64_000
_LARGEST_SVG: Final = 60_000_000
_MOST_PARTS: Final = 50_000


def png_with(png: bytes, recipe: Recipe) -> bytes:
    """
    Return a PNG that carries a recipe, as an ``iTXt`` chunk before its pixels and before any other recipe.

    Raises
    ------
    ValueError
        If these are not the bytes of a PNG.
    """
    if not png.startswith(_PNG):
        raise ValueError("not a PNG")
    # Behind the keyword: not compressed (two bytes), then language and translated keyword, both blank.
    text = KEYWORD.encode() + b"\0\0\0\0\0" + recipe.to_json().encode()
    chunk = struct.pack(">I", len(text)) + b"iTXt" + text + struct.pack(">I", zlib.crc32(b"iTXt" + text))
    head = len(_PNG) + 4 + 4 + 13 + 4  # the signature and IHDR, which comes first
    return png[:head] + chunk + png[head:]


def svg_with(svg: str, recipe: Recipe) -> str:
    """Return an SVG document that carries a recipe in its metadata."""
    note = f'<metadata id="{KEYWORD}">{escape(recipe.to_json())}</metadata>'
    return re.sub(r"<svg\b[^>]*>", lambda opening: opening[0] + note, svg, count=1)


def changed_since(recipe: Recipe, plan: Plan) -> bool:
    """Say whether the data are other than those the figure was made from."""
    return recipe.fingerprint not in {"", plan.fingerprint}


def read_recipe(file: Path) -> Recipe:
    """
    Return the recipe that a figure carries.

    Parameters
    ----------
    file
        PNG, PDF or SVG as this atlas writes them, or a Word file that holds such a PNG.

    Raises
    ------
    PlanError
        If the file cannot be read, is damaged or too large, or carries none.
    """
    try:
        with file.open("rb") as stream:
            return recipe_in(stream, file.name)
    except OSError as error:
        raise PlanError([Finding("missing_file", file.name)]) from error


def recipe_in(stream: BinaryIO, name: str) -> Recipe:
    """
    Return the recipe in an open file.

    Parameters
    ----------
    stream
        The file, where it can be sought.
    name
        What to call it in messages.

    Raises
    ------
    PlanError
        As `read_recipe`.
    """
    if stream.seek(0, io.SEEK_END) > _LARGEST_FILE:
        raise PlanError([Finding("figure_file_large", name, {"mb": _LARGEST_FILE // 1_000_000})])
    stream.seek(0)
    head = stream.read(1024)
    stream.seek(0)
    try:
        text = _reader(head)(stream)
    except (
        *(ParseError, DefusedXmlException, UnicodeDecodeError, LookupError),
        *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, struct.error, ValueError, EOFError),
    ) as error:
        raise PlanError([Finding("figure_file_damaged", name, {"detail": str(error)[:80] or "—"})]) from error
    if text is None:
        raise PlanError([Finding("figure_without_recipe", name)])
    return Recipe.from_json(text, name)


def _reader(head: bytes) -> Callable[[BinaryIO], str | None]:
    """Return what reads a file that starts so; what is nothing we know is taken to carry nothing."""
    if head.startswith(_PNG):
        return _in_png
    if head.lstrip().startswith(b"%PDF-"):
        return _in_pdf
    if head.startswith(b"PK\x03\x04"):
        return _in_docx
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _in_svg
    return lambda _: None


def _in_png(stream: BinaryIO) -> str | None:
    stream.read(len(_PNG))
    for _ in range(_MOST_PARTS):
        head = stream.read(8)
        if len(head) < len("....IEND") or head[4:] == b"IEND":
            return None
        (size,) = struct.unpack(">I", head[:4])
        if head[4:] == b"iTXt" and size <= _LARGEST_RECIPE:
            body, (crc,) = stream.read(size), struct.unpack(">I", stream.read(4))
            keyword, _, rest = body.partition(b"\0")
            if keyword == KEYWORD.encode():
                if crc != zlib.crc32(b"iTXt" + body):
                    raise ValueError("CRC")
                return rest[2:].split(b"\0", 2)[2].decode()
        else:
            stream.seek(size + 4, io.SEEK_CUR)
    return None


def _in_pdf(stream: BinaryIO) -> str | None:
    with pypdfium2.PdfDocument(stream) as document:
        for number in range(min(document.count_attachments(), _MOST_PARTS)):
            attachment = document.get_attachment(number)
            if attachment.get_name() == ATTACHMENT:
                data = bytes(attachment.get_data())
                return data.decode() if len(data) <= _LARGEST_RECIPE else None
    return None


def _in_svg(stream: BinaryIO) -> str | None:
    if stream.seek(0, io.SEEK_END) > _LARGEST_SVG:
        return None
    stream.seek(0)
    for _, element in defusedxml.ElementTree.iterparse(stream, forbid_dtd=True):
        if element.tag == _SVG_NAME and element.get("id") == KEYWORD:
            return str(element.text or "")
        element.clear()
    return None


def _in_docx(stream: BinaryIO) -> str | None:
    room = _LARGEST_FILE
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist()[:_MOST_PARTS]:
            if re.fullmatch(r"word/media/[^/]+\.png", entry.filename) and entry.file_size <= room:
                room -= entry.file_size
                with archive.open(entry) as picture:
                    if picture.read(len(_PNG)) != _PNG:
                        continue
                    picture.seek(0)
                    if (text := _in_png(picture)) is not None:  # type: ignore[arg-type]  # a stream for reading, sought
                        return text
    return None
