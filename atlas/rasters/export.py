"""Writes rasters and tables: Cloud Optimized GeoTIFF, PNG and CSV, each whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from atlas.rasters.grid import Grid, Values

# Predictor 3 is for floating-point numbers; tiles of 512 are what readers over a network expect.
COG_OPTIONS: Final[Mapping[str, Any]] = {
    "driver": "COG",
    "compress": "DEFLATE",
    "predictor": "YES",
    "blocksize": 512,
    "bigtiff": "IF_SAFER",
}


@contextlib.contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """
    Lend the name of a file beside `out`, and put it in place of `out` when all has gone well.

    Raises
    ------
    PlanError
        If the file cannot be written; nothing is left half-written.
    """
    draft = out.parent / f".{uuid.uuid4().hex[:8]}.part{out.suffix}"
    try:
        if out.is_dir() or not out.name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not out.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        yield draft
        draft.replace(out)
    except RasterioError:  # some are an OSError too; who reads or writes rasters knows better what to say
        raise
    except OSError as error:
        detail = " ".join((error.strerror or str(error)).split())
        raise PlanError([Finding("unwritable", str(out), {"detail": detail})]) from error
    finally:
        for left in (draft, draft.with_name(draft.name + ".aux.xml")):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


def cog_bytes(values: Values, grid: Grid, tags: Mapping[str, str]) -> bytes:
    """Return a raster as a Cloud Optimized GeoTIFF in the grid's CRS; NaN is its nodata value."""
    with MemoryFile() as memory:
        with memory.open(
            **{key: value for key, value in COG_OPTIONS.items() if key != "driver"},
            driver="COG",
            width=grid.columns,
            height=grid.rows,
            count=1,
            dtype="float32",
            crs=grid.crs.to_wkt(),
            transform=grid.transform,
            nodata=np.nan,
        ) as out:
            out.write(values.astype(np.float32), 1)
            out.update_tags(**tags)
        return bytes(memory.read())


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as CSV in UTF-8 with a mark in front, so that Excel reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def one_line(error: Exception) -> str:
    """Return what a raster library complains of, as part of a sentence."""
    return " ".join(str(error.__cause__ or error).split()).rstrip(".")[:120]


def write_bytes(content: bytes, out: Path) -> None:
    """
    Write a file, whole or not at all.

    Raises
    ------
    PlanError
        If it cannot be written.
    """
    with draft_of(out) as draft:
        draft.write_bytes(content)


def rasterio_crs(grid: Grid) -> rasterio.crs.CRS:
    """Return a grid's CRS as rasterio has it."""
    return rasterio.crs.CRS.from_wkt(grid.crs.to_wkt())
