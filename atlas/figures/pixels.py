"""
Pixels of a set page: a PDF's page as a PNG, in strips that are drawn and packed side by side.

A sheet of 300 dpi is 17 million pixels, and packing them takes as long as drawing them: a thread packs one strip while
the next is drawn. Of the PNG's choices those are made that are quick on maps: true colour, each row less the one above.
"""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_POINTS_PER_INCH: Final = 72
_METRES_PER_INCH: Final = 0.0254
# Colour type 2 is red, green, blue; 8 bits of each; sRGB with perceptual intent.
_TRUE_COLOUR: Final = (8, 2, 0, 0, 0)
_CHANNELS: Final = 3
# Rows that are packed at once, and that are looked at at once.
_STRIP: Final = 512
_STEP: Final = 64
_LEVEL: Final = 3
_WINDOW: Final = 15
_PLAIN, _UP = 0, 2
_ADLER: Final = 65521


def page_png(pdf: bytes, dpi: int, number: int = 0) -> bytes:
    """
    Return a page of a PDF as a PNG that states its resolution.

    Parameters
    ----------
    pdf
        The document.
    dpi
        Pixels per inch of paper.
    number
        Of the page, from 0.
    """
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[number]
        width, height = (round(length * dpi / _POINTS_PER_INCH) for length in page.get_size())
        with ThreadPoolExecutor(1) as pool:
            strips = [pool.submit(_pack, strip) for strip in _strips(page, width, height)]
            packed = [strip.result() for strip in strips]
    return _png(packed, width, height, dpi)


def varies(png: bytes, left: int, top: int, right: int, bottom: int) -> bool:
    """
    Say whether a PNG of ours is of more than one colour within a box of pixels.

    It is unpacked only until a second colour is met, which on a map is soon; that the rest is whole is told by the
    sums that every part of a PNG carries.

    Parameters
    ----------
    png
        As `page_png` writes it.
    left, top, right, bottom
        The box.

    Raises
    ------
    ValueError
        If it is no such PNG.
    """
    width, height = struct.unpack(">II", png[len(_SIGNATURE) + 8 :][:8])
    start, length = png.index(b"IDAT") + 4, 1 + width * _CHANNELS
    unpacker, packed, first = zlib.decompressobj(), png[start:], None
    for row in range(0, min(bottom, height), _STEP):
        rows = unpacker.decompress(packed, length * min(_STEP, height - row))
        packed = unpacker.unconsumed_tail
        block = np.frombuffer(rows, np.uint8).reshape(-1, length)[max(0, top - row) : bottom - row]
        inside = block[:, 1 + left * _CHANNELS : 1 + right * _CHANNELS]
        for kind, line in zip(block[:, 0], inside, strict=True):
            if kind == _PLAIN:
                colours = line.reshape(-1, _CHANNELS)
                first = colours[0] if first is None else first
                if np.any(colours != first):
                    return True
            elif first is not None and line.any():
                return True
    return False


def page_pixels(page: pypdfium2.PdfPage, dpi: float) -> NDArray[np.uint8]:
    """Return the pixels of an open page: rows, columns, red-green-blue."""
    pixels: NDArray[np.uint8] = page.render(scale=dpi / _POINTS_PER_INCH, rev_byteorder=True).to_numpy()
    return pixels


def _strips(page: pypdfium2.PdfPage, width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the page from the top in strips of rows: (rows, bytes)."""
    for top in range(0, height, _STRIP):
        rows = min(_STRIP, height - top)
        bitmap: Any = pypdfium2.PdfBitmap.new_native(width, rows, pdfium.FPDFBitmap_BGR, rev_byteorder=True)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, rows)
        flags = pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, -top, width, height, 0, flags)
        yield bitmap.to_numpy().reshape(rows, width * _CHANNELS)


def _pack(strip: NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """Return rows as part of a deflate stream, their checksum and their length."""
    rows, width = strip.shape
    filtered = np.empty((rows, width + 1), np.uint8)
    filtered[0, 0], filtered[1:, 0] = _PLAIN, _UP
    filtered[0, 1:] = strip[0]
    np.subtract(strip[1:], strip[:-1], out=filtered[1:, 1:])
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW)
    data = packer.compress(filtered.data) + packer.flush(zlib.Z_FULL_FLUSH)
    return data, zlib.adler32(filtered.data), filtered.size


def _png(packed: Sequence[tuple[bytes, int, int]], width: int, height: int, dpi: int) -> bytes:
    """Return a PNG from its strips as `_pack` returns them."""
    check = 1
    for _, sum_, length in packed:
        check = _joined(check, sum_, length)
    # The header of a zlib stream, its parts, an empty last part, and the checksum.
    pixels = b"".join((b"\x78\x01", *(data for data, _, _ in packed), b"\x03\x00", struct.pack(">I", check)))
    density = round(dpi / _METRES_PER_INCH)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *_TRUE_COLOUR)),
            _chunk(b"sRGB", b"\x00"),
            _chunk(b"pHYs", struct.pack(">IIB", density, density, 1)),
            _chunk(b"IDAT", pixels),
            _chunk(b"IEND", b""),
        )
    )


def _joined(first: int, second: int, length: int) -> int:
    """Return the Adler-32 sum of two stretches of bytes from theirs; `length` is the second's."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)
    return (high % _ADLER) << 16 | low % _ADLER


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
