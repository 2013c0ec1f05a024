"""
Prints figures: PDF, SVG or PNG, checked before and read back after, so that no file is ever silently empty.

The linter looks at the figure; then it is printed beside its place, read as a stranger would read it, and only then put
there.
"""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import defusedxml.ElementTree
import numpy as np
import pypdfium2
from PIL import Image

from atlas.figures import fonts
from atlas.figures.carry import KEYWORD, png_with, svg_with
from atlas.figures.lint import lint, stop_on
from atlas.figures.model import MM_PER_POINT, Box
from atlas.figures.pixels import page_pixels, page_png
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

FORMATS: Final[tuple[Format, ...]] = get_args(Format)
# Of PNGs: for the screen, for a report, for a printer.
RESOLUTIONS: Final = (150, 300, 600)
_SCREEN: Final = 96
# How far a page may be off the paper, mm; pixels and PDF points are rounded.
_SLACK: Final = 0.3
# Enough to see whether a map is there, pixels per inch.
_GLANCE: Final = 24
_MM_PER_INCH: Final = 25.4


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


def words_of(figure: Figure) -> Iterator[str]:
    """Return every line of text on a page, names on the map first."""
    for label in figure.labels:
        yield from (piece.text for piece in label.pieces)
    for part in figure.furniture:
        yield from (text.text for text in part.texts)


def read_back(figure: Figure, format_: Format, content: bytes, name: str) -> None:
    """
    Look at a finished file as a stranger would.

    Raises
    ------
    PlanError
        If it cannot be opened, has another number or size of pages than the figure, lacks text, or its map is blank.
    """
    readers: dict[Format, Callable[[Figure, bytes], Iterator[tuple[str, dict[str, Any]]]]] = {
        "pdf": _pdf_faults,
        "svg": _svg_faults,
        "png": _png_faults,
    }
    try:
        faults = list(readers[format_](figure, content))
    except (ValueError, OSError, SyntaxError, KeyError, pypdfium2.PdfiumError) as error:
        faults = [("export_unreadable", {"detail": " ".join(str(error).split())[:80] or "—"})]
    if faults:
        raise PlanError([Finding(code, name, values) for code, values in faults])


def pdf_faults(content: bytes, figures: Sequence[Figure | None]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what is wrong with a PDF, given the figure of each page, or None for a page of words alone."""
    with pypdfium2.PdfDocument(content) as document:
        if len(document) != len(figures):
            yield "export_pages", {"count": len(document), "wanted": len(figures)}
            return
        for page, figure in zip(document, figures, strict=True):
            text = "".join(page.get_textpage().get_text_range().split())
            if figure is None:
                if not text:
                    yield "export_blank", {}
                continue
            size = tuple(length * MM_PER_POINT for length in page.get_size())
            yield from _size_faults(figure, size)
            yield from _text_faults(figure, text)
            yield from _blank_faults(figure, page_pixels(page, _GLANCE))


def _pdf_faults(figure: Figure, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    return pdf_faults(content, [figure])


def _svg_faults(figure: Figure, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    root: Element = defusedxml.ElementTree.fromstring(content)
    size = tuple(float(root.get(side, "").removesuffix("mm")) for side in ("width", "height"))
    yield from _size_faults(figure, size)
    yield from _text_faults(figure, "".join("".join(root.itertext()).split()))
    if not any(element.tag.endswith(("path", "circle", "use")) for element in root.iter()):
        yield "export_blank", {}


def _png_faults(figure: Figure, content: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Check every byte's sum, and look at the map in a picture of few pixels."""
    with Image.open(io.BytesIO(content)) as image:
        dpi = image.info["dpi"][0]
        image.verify()
    with Image.open(io.BytesIO(content)) as image:
        yield from _size_faults(figure, tuple(length / dpi * _MM_PER_INCH for length in image.size))
        if KEYWORD not in image.info:
            yield "export_text", {"value": KEYWORD}
        yield from _blank_faults(figure, np.asarray(image.reduce(max(1, round(dpi / _GLANCE)))))


def _size_faults(figure: Figure, size: tuple[float, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    if any(abs(is_ - wanted) > _SLACK for is_, wanted in zip(size, figure.page, strict=True)):
        shown = ["×".join(f"{length:.1f}" for length in each) for each in (size, figure.page)]
        yield "export_size", {"size": shown[0], "wanted": shown[1]}


def _text_faults(figure: Figure, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Count letters: readers differ in where they see a space, and in which line comes first."""
    words = ["".join(line.split()) for line in words_of(figure)]
    if Counter("".join(words)) - Counter(text):
        lost = [line for line in words if line not in text]
        yield "export_text", {"value": "、".join(dict.fromkeys(lost))[:60] or "—"}


def _blank_faults(figure: Figure, pixels: NDArray[np.uint8]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Say whether the map is all of one colour; pixels cover the whole page."""
    box: Box = figure.frame.inset(figure.frame.width / 20)
    across, down = pixels.shape[1] / figure.page[0], pixels.shape[0] / figure.page[1]
    inside = pixels[round(box.y * down) : round(box.bottom * down), round(box.x * across) : round(box.right * across)]
    if not inside.size or np.ptp(inside.reshape(-1, inside.shape[-1]), axis=0).max() == 0:
        yield "export_blank", {}
