"""
Prints figures: PDF, SVG or PNG, checked before and read back after, so that no file is ever silently empty.

The linter looks at the figure; then it is printed beside its place, read as a stranger would read it, and only then put
there.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import defusedxml.ElementTree
import numpy as np
import pypdfium2
from PIL.PngImagePlugin import PngImageFile

from atlas.figures import fonts
from atlas.figures.carry import KEYWORD, png_with, svg_with
from atlas.figures.lint import lint, stop_on
from atlas.figures.model import MM_PER_POINT, Box
from atlas.figures.pixels import page_pixels, page_png, varies
from atlas.figures.svg import page_svg
from atlas.figures.typeset import Drawing, set_figures
from atlas.output import put
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from numpy.typing import NDArray

    from atlas.figures.case import Bounds, Remark
    from atlas.figures.model import Figure
    from atlas.sheets import Sheet
    from layers import Layer, Plan

Format = Literal["pdf", "svg", "png"]
# Code of a message, and what its blanks are filled with.
Fault = tuple[str, dict[str, Any]]

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
# Of PNGs: for the screen, for a report, for a printer.
RESOLUTIONS: Final = (150, 300, 600)
_SCREEN: Final = 96
# How far a page may be off the paper, mm; pixels and PDF points are rounded.
_SLACK: Final = 0.3
# Enough to see whether a map is there, pixels per inch.
_GLANCE: Final = 24
_MM_PER_INCH: Final = 25.4


@dataclass(frozen=True, slots=True)
class Facts:
    """What a printed page must show: its size (mm), where its map is, and its lines of text."""

    page: tuple[float, float]
    frame: Box
    words: tuple[str, ...]


def export(
    figure: Figure,
    plan: Plan,
    sheet: Sheet,
    out: Path,
    *,
    dpi: int = 300,
    archival: bool = False,
    extent: Bounds | None = None,
    overlays: Sequence[Layer] = (),
) -> tuple[Remark, ...]:
    """
    Check a figure, print it to a file, and read the file back.

    Parameters
    ----------
    figure
        As `compose` returns it.
    plan, sheet, extent, overlays
        What it was composed of.
    out
        Ends in .pdf, .svg or .png.
    dpi
        Of a PNG.
    archival
        A PDF as PDF/A-3.

    Returns
    -------
    remarks
        What the linter found and does not block; of a draft also what does.

    Raises
    ------
    PlanError
        If the name ends otherwise, the linter objects, the file cannot be written, or does not read back; no file is
        left then.
    """
    format_ = format_of(out)
    remarks = lint(figure, plan, sheet, extent=extent, overlays=overlays)
    stop_on(figure, remarks)
    content = printed(figure, format_, dpi=dpi, archival=archival)
    put(out, content, lambda file: read_back(figure, format_, file.read_bytes(), out.name))
    return remarks


def format_of(out: Path) -> Format:
    """
    Return the format that a file's name asks for.

    Raises
    ------
    PlanError
        If there is no such format.
    """
    ending = out.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        known = "、".join(f".{each}" for each in FORMATS)
        raise PlanError([Finding("wrong_extension", str(out), {"value": out.suffix or out.name, "known": known})])
    return ending


def printed(figure: Figure, format_: Format, *, dpi: int = 300, archival: bool = False) -> bytes:
    """Return a figure as a file that carries its recipe; neither checked nor read back."""
    if format_ == "svg":
        svg = drawing(figure).svg
        for family in ("sans", "serif"):
            names = ", ".join(f"'{name}'" for name in fonts.similar(family))
            own = f'font-family="{fonts.family_name(family)}"'
            svg = svg.replace(own, f'font-family="{names}, {"sans-serif" if family == "sans" else family}"')
        return svg_with(svg, figure.recipe).encode()
    pdf = set_figures([drawing(figure)], figure.title, figure.recipe, archival=archival)
    return pdf if format_ == "pdf" else png_with(page_png(pdf, dpi), figure.recipe)


def preview(figure: Figure, dpi: int = _SCREEN) -> bytes:
    """Return a figure as a PNG for the screen."""
    return page_png(set_figures([drawing(figure)], figure.title, figure.recipe), dpi)


def drawing(figure: Figure) -> Drawing:
    """Return the page of a figure as a drawing."""
    return Drawing(page_svg(figure), *figure.page, figure.title)


def facts(figure: Figure, but: str = "") -> Facts:
    """Return what a printed figure must show; `but` leaves out the words of one part of the page."""
    names = [piece.text for label in figure.labels for piece in label.pieces]
    words = [text.text for part in figure.furniture if part.kind != but for text in part.texts]
    return Facts(figure.page, figure.frame, (*names, *words))


def read_back(figure: Figure, format_: Format, content: bytes, name: str) -> None:
    """
    Look at a finished file as a stranger would.

    Raises
    ------
    PlanError
        If it cannot be opened, has another number or size of pages than the figure, lacks text, or its map is blank.
    """
    readers: dict[Format, Callable[[Facts, bytes], Iterator[Fault]]] = {
        "pdf": lambda wanted, pdf: iter(pdf_faults(pdf, [wanted])[1]),
        "svg": _svg_faults,
        "png": _png_faults,
    }
    try:
        faults = list(readers[format_](facts(figure), content))
    except (ValueError, OSError, SyntaxError, KeyError, zlib.error, struct.error, pypdfium2.PdfiumError) as error:
        faults = [("export_unreadable", {"detail": " ".join(str(error).split())[:80] or "—"})]
    if faults:
        raise PlanError([Finding(code, name, values) for code, values in faults])


def pdf_faults(content: bytes, wanted: Sequence[Facts], *, others: bool = False) -> tuple[int, list[Fault]]:
    """
    Return how many pages a PDF has, and what is wrong with them.

    Parameters
    ----------
    content
        The PDF.
    wanted
        What each page must show, in order.
    others
        Whether pages of words alone may stand before and behind these; on them there must be some text.
    """
    with pypdfium2.PdfDocument(content) as document:
        texts = ["".join(page.get_textpage().get_text_range().split()) for page in document]
        first = next((n for n, text in enumerate(texts) if not _lost(wanted[0], text)), 0) if others else 0
        if len(texts) != len(wanted) and (not others or len(texts) < first + len(wanted)):
            return len(texts), [("export_pages", {"count": len(texts), "wanted": len(wanted)})]
        faults: list[Fault] = [("export_blank", {}) for text in texts if not text]
        for number, each in enumerate(wanted, first):
            page = document[number]
            faults += _size_faults(each, tuple(length * MM_PER_POINT for length in page.get_size()))
            faults += _text_faults(each, texts[number])
            faults += _blank_faults(each, page_pixels(page, _GLANCE))
        return len(texts), faults


def _svg_faults(wanted: Facts, content: bytes) -> Iterator[Fault]:
    root: Element = defusedxml.ElementTree.fromstring(content)
    yield from _size_faults(wanted, tuple(float(root.get(side, "").removesuffix("mm")) for side in ("width", "height")))
    yield from _text_faults(wanted, "".join("".join(root.itertext()).split()))
    if not any(element.tag.endswith(("path", "circle", "use")) for element in root.iter()):
        yield "export_blank", {}


def _png_faults(wanted: Facts, content: bytes) -> Iterator[Fault]:
    """Check the sum of every part, the size, and the map."""
    # Not by `Image.open`, which takes a sheet of A1 at 600 dpi for an attack.
    with PngImageFile(io.BytesIO(content)) as image:
        (dpi, _), size, about_it = image.info["dpi"], image.size, image.info
        image.verify()
    yield from _size_faults(wanted, tuple(length / dpi * _MM_PER_INCH for length in size))
    if KEYWORD not in about_it:
        yield "export_text", {"value": KEYWORD}
    box = _within(wanted, size[0] / wanted.page[0], size[1] / wanted.page[1])
    if not varies(content, *box):
        yield "export_blank", {}


def _size_faults(wanted: Facts, size: tuple[float, ...]) -> Iterator[Fault]:
    if any(abs(is_ - right) > _SLACK for is_, right in zip(size, wanted.page, strict=True)):
        shown = ["×".join(f"{length:.1f}" for length in each) for each in (size, wanted.page)]
        yield "export_size", {"size": shown[0], "wanted": shown[1]}


def _text_faults(wanted: Facts, text: str) -> Iterator[Fault]:
    if lost := _lost(wanted, text):
        yield "export_text", {"value": lost}


def _lost(wanted: Facts, text: str) -> str:
    """Return the lines that a page lacks. Letters are counted: readers differ in spaces and in which line is first."""
    words = ["".join(line.split()) for line in wanted.words]
    if not Counter("".join(words)) - Counter(text):
        return ""
    return "、".join(dict.fromkeys(line for line in words if line not in text))[:60] or "—"


def _blank_faults(wanted: Facts, pixels: NDArray[np.uint8]) -> Iterator[Fault]:
    """Say whether the map is all of one colour; pixels cover the whole page."""
    left, top, right, bottom = _within(wanted, pixels.shape[1] / wanted.page[0], pixels.shape[0] / wanted.page[1])
    inside = pixels[top:bottom, left:right]
    if not inside.size or np.ptp(inside.reshape(-1, inside.shape[-1]), axis=0).max() == 0:
        yield "export_blank", {}


def _within(wanted: Facts, across: float, down: float) -> tuple[int, int, int, int]:
    """Return the map without its edges in pixels; given are pixels per mm."""
    box = wanted.frame.inset(wanted.frame.width / 20)
    return round(box.x * across), round(box.y * down), round(box.right * across), round(box.bottom * down)
