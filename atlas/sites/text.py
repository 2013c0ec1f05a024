"""Bytes to text: the encoding is told by which one makes plausible Chinese, whatever a file says of itself."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The blocks of frequent characters: the first level of GB 2312, and of Big5 (lead bytes).
_FREQUENT: Final = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}
# A file cut off in the middle of a character loses at most the rest of it; more is another encoding.
_LOST_SHARE: Final = 0.005
_SAMPLE_BYTES: Final = 200_000
_MOST_PIECES: Final = 10_000
# The lines with anything to tell.
_BEYOND_ASCII: Final = re.compile(rb"[^\n]*[\x80-\xff][^\n]*")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was in, and how many characters could not be read."""

    text: str
    encoding: str
    lost: int


def decode(raw: bytes) -> Decoded:
    """Decode a text file: byte-order mark, UTF-16 without one, UTF-8, GB 18030 or Big5 (in this order of trust)."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw, encoding)
    if wide := _wide(raw):
        return _decoded(raw, wide)
    return _decoded(raw, encoding_of([raw]))


def encoding_of(texts: Iterable[bytes]) -> str:
    """
    Return the encoding that pieces of text share.

    Parameters
    ----------
    texts
        Pieces of one file, such as the cells of a DBF, each a whole number of characters (a cut at their ends is
        forgiven).
    """
    lines = (line for piece in texts if not piece.isascii() for line in _BEYOND_ASCII.finditer(piece))
    pieces = [line[0][:_SAMPLE_BYTES] for line in islice(lines, _MOST_PIECES)]
    if not pieces or _lost(pieces) <= _LOST_SHARE:
        return "utf-8"
    whole = b"\n".join(pieces)[: 4 * _SAMPLE_BYTES]
    return max(_FREQUENT, key=lambda encoding: (_plausible(whole, encoding), encoding == "gb18030"))


def _decoded(raw: bytes, encoding: str) -> Decoded:
    text = raw.decode(encoding, errors="replace")
    name = encoding.removesuffix("-sig")
    return Decoded(text.removeprefix("\ufeff"), name, text.count("\ufffd"))


def _lost(pieces: Sequence[bytes]) -> float:
    """Return the share of the characters beyond ASCII that UTF-8 cannot read; a piece may end within one."""
    lost = beyond = 0
    for piece in pieces:
        text = codecs.getincrementaldecoder("utf-8")("replace").decode(piece)
        lost += text.count("\ufffd")
        beyond += sum(character > "\x7f" for character in text)
    return lost / max(beyond, 1)


def _plausible(raw: bytes, encoding: str) -> float:
    """Return the share of the characters beyond ASCII that are in frequent use."""
    codec, first, last = _FREQUENT[encoding]
    beyond = [character for character in raw.decode(encoding, errors="replace") if character > "\x7f"]
    frequent = 0
    for character in beyond:
        try:
            frequent += first <= character.encode(codec)[0] <= last
        except UnicodeEncodeError:
            continue
    return frequent / max(len(beyond), 1)


def _wide(raw: bytes) -> str:
    """Return which UTF-16 a file without a mark is in, by where its ASCII characters have their zeros."""
    sample = raw[: _SAMPLE_BYTES & ~1]
    if len(sample) < 4 or b"\0" not in sample:  # noqa: PLR2004 - two characters
        return ""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) / 2
    if odd > 0.1 * half and even < 0.01 * half:
        return "utf-16-le"
    if even > 0.1 * half and odd < 0.01 * half:
        return "utf-16-be"
    return ""
