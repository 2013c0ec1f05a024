"""
The typefaces of figures: which there are, how wide a text is in them, and which characters they lack.

System fonts come first, then Noto CJK from the wheel `mplfonts` (`fonts.toml` is the table). Lengths are millimetres on
paper, sizes of text points.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typst
from fontTools.ttLib import TTFont
from PIL import ImageFont

from atlas.figures.model import MM_PER_POINT, Family
from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Set to anything, only the bundled typefaces are used: the same page on every machine, for tests and pinned pictures.
BUNDLED_ONLY: Final = "ATLAS_BUNDLED_FONTS"
# From this weight on, the bold face is used where there is one.
BOLD: Final = 600
# Advances are measured at this size, one unit of most fonts per pixel.
_UNITS: Final = 1000
# Faces in one collection at most; Noto CJK has ten.
_COLLECTION: Final = 16
# What stands for nothing to be drawn.
_BLANK: Final = " \n\t\u00a0\u3000\u200b"


@dataclass(frozen=True, slots=True)
class Face:
    """
    A typeface with its files.

    Parameters
    ----------
    family
        Its name, as SVG and Typst ask for it.
    regular, bold
        File and the number of the face in it; bold is regular where there is no bold.
    """

    family: str
    regular: tuple[Path, int]
    bold: tuple[Path, int]


def face(family: Family = "sans") -> Face:
    """
    Return the typeface for heiti (sans) or songti (serif) on this machine.

    Raises
    ------
    PlanError
        If there is none; the wheel that carries one is named.
    """
    return _face(family, bool(os.environ.get(BUNDLED_ONLY)))


def family_name(family: Family = "sans") -> str:
    """Return the name of a typeface as SVG and Typst ask for it."""
    return face(family).family


def text_width(text: str, size_pt: float, weight: int = 400, family: Family = "sans") -> float:
    """
    Return how wide a line of text is, mm; as if unkerned, so that it may be a little narrower on paper.

    Parameters
    ----------
    text
        One line.
    size_pt
        Size, points.
    weight, family
        Of the font.
    """
    chosen = face(family)
    file, number = chosen.bold if weight >= BOLD else chosen.regular
    return _advance(text, file, number) / _UNITS * size_pt * MM_PER_POINT


def missing_glyphs(text: str, family: Family = "sans") -> str:
    """Return the characters of a text that its typeface lacks, each once, in order; blank if there are none."""
    chosen = face(family)
    known = [_characters(*one) for one in dict.fromkeys((chosen.regular, chosen.bold))]
    wanted = dict.fromkeys(char for char in text if char not in _BLANK)
    return "".join(char for char in wanted if not all(ord(char) in chars for chars in known))


def typst_fonts() -> typst.Fonts:
    """Return the typefaces for the compiler of pages: the folders of ours and nothing else."""
    files = [file for one in (face("sans"), face("serif")) for file, _ in (one.regular, one.bold)]
    return _typst_fonts(tuple(dict.fromkeys(str(file.parent) for file in files)))


def similar(family: Family = "sans") -> tuple[str, ...]:
    """Return the names of all typefaces of a kind, ours first: for files that others open without it."""
    return tuple(dict.fromkeys((face(family).family, *(row["family"] for row in _table()[family]))))


@cache
def _typst_fonts(folders: tuple[str, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


@cache
def _face(family: Family, bundled_only: bool) -> Face:  # noqa: FBT001 - a key of the cache
    table = _table()
    wheel = _wheel()
    files = {} if bundled_only else _files(table["folders"].get(sys.platform, ()))
    for row in table[family]:
        if not row.get("bundled"):
            chosen = _found(row, files)
        elif wheel:
            chosen = _found(row, {file.name.lower(): file for file in wheel.iterdir()})
        else:
            chosen = None
        if chosen:
            return chosen
    raise PlanError(
        [Finding("no_font", family, {"value": "、".join(dict.fromkeys(r["family"] for r in table[family]))})]
    )


def _found(row: Mapping[str, Any], files: Mapping[str, Path]) -> Face | None:
    """Return a typeface of the table if its files are there."""
    regular = _best(row["regular"], row["family"], "regular", files)
    if regular is None:
        return None
    return Face(row["family"], regular, _best(row["bold"], row["family"], "bold", files) or regular)


def _best(names: Iterable[str], family: str, style: str, files: Mapping[str, Path]) -> tuple[Path, int] | None:
    """Return the face of a family in the first file that has it, in the wanted style if the file has several."""
    for file in filter(None, (files.get(name.lower()) for name in names)):
        styles = [(number, shown) for number, (title, shown) in enumerate(_titles(file)) if title == family]
        if styles:
            return file, min(styles, key=lambda one: (style not in one[1].lower(), len(one[1])))[0]
    return None


def _titles(file: Path) -> Iterator[tuple[str, str]]:
    """Yield family and style of each face in a file, as far as it can be read."""
    for number in range(_COLLECTION):
        try:
            family, style = ImageFont.truetype(file, 10, index=number).getname()
        except OSError:
            return
        yield family or "", style or ""


def _files(folders: Iterable[str]) -> dict[str, Path]:
    """Return the font files of some folders by their name in lower case; the first of a name counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        expanded = Path(os.path.expandvars(folder)).expanduser()
        for file in sorted(expanded.rglob("*.[oOtT][tT][fFcC]")) if expanded.is_dir() else ():
            found.setdefault(file.name.lower(), file)
    return found


@cache
def _table() -> Mapping[str, Any]:
    with Path(__file__).with_name("fonts.toml").open("rb") as file:
        return tomllib.load(file)


def _wheel() -> Path | None:
    """Return the folder of the bundled fonts; the package itself is not imported, since it sets up matplotlib."""
    spec = find_spec("mplfonts")
    folder = Path(spec.origin).parent / "fonts" if spec and spec.origin else None
    return folder if folder and folder.is_dir() else None


@lru_cache(maxsize=65536)
def _advance(text: str, file: Path, number: int) -> float:
    return float(_measuring(file, number).getlength(text))


@cache
def _measuring(file: Path, number: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, _UNITS, index=number, layout_engine=ImageFont.Layout.BASIC)


@cache
def _characters(file: Path, number: int) -> frozenset[int]:
    """Return the code points that a face has letters for."""
    with TTFont(file, fontNumber=number, lazy=True) as font:
        return frozenset(font.getBestCmap())
