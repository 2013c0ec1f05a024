"""Puts finished files in place: a file of that name is whole, or it is not there."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from typing import TYPE_CHECKING

from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def put(out: Path, content: bytes, check: Callable[[Path], None] | None = None) -> None:
    """
    Write a file beside its place under a short name, and put it there once it is whole.

    Parameters
    ----------
    out
        Where it belongs.
    content
        What it holds.
    check
        Reads the written file before it takes its place; what it raises is passed on, and the file is not kept.

    Raises
    ------
    PlanError
        If the file cannot be written.
    """
    with _beside(out) as draft:
        draft.write_bytes(content)
        if check:
            check(draft)
        draft.replace(out)


def check_place(out: Path) -> None:
    """
    Say before long work whether its result can be put in its place.

    Raises
    ------
    PlanError
        If the file could not be written.
    """
    with _beside(out) as draft:
        draft.touch()


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Lend a short name beside a file's place, and take away what is left of it; tell why nothing can be written."""
    draft = out.parent / f".{uuid.uuid4().hex[:8]}.part"
    try:
        if out.is_dir() or not out.name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        yield draft
    except (OSError, ValueError) as error:
        if isinstance(error, PlanError):
            raise
        detail = getattr(error, "strerror", None) or str(error)
        raise PlanError([Finding("unwritable", str(out), {"detail": detail})]) from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            draft.unlink(missing_ok=True)
