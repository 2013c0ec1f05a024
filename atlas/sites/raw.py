"""What a reader of one format hands on: shapes in the numbers of the file, and what the file says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from layers import Finding, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from atlas.sites.model import AxisOrder

By = Literal["user", "stated", "standard", "kml", "name"]


@dataclass(frozen=True, slots=True)
class Claim:
    """
    What somebody says of coordinates.

    Parameters
    ----------
    datum
        One of `layers.crs.DATUMS` or `layers.crs.REFUSED_DATUMS`; blank if nothing is said of it.
    code
        ``EPSG:n`` or a WKT, if one is given.
    meridian
        Central meridian of a Gauss-Kruger zone in degrees, or None.
    by
        Who says so; each has its trust in the vocabulary.
    words
        What was said, as the user would find it.
    """

    datum: str = ""
    code: str = ""
    meridian: float | None = None
    by: By = "stated"
    words: str = ""


@dataclass(frozen=True, slots=True)
class RawSite:
    """
    One site as the file has it.

    Parameters
    ----------
    where
        Row or feature in the file.
    shape
        Geometry whose x and y are the first and the second number as the file writes them.
    fields
        Known fields by their names in `atlas.sites.model.COLUMNS`, as text.
    attributes
        Every other column.
    claim
        What is said of this site alone; None: what is said of the file.
    step
        Last digit of the coordinates in their own unit; 0 if they are written in full.
    stated_area
        What the file says of its area, in a unit that nobody knows yet; NaN if nothing.
    """

    where: str
    shape: BaseGeometry
    fields: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    claim: Claim | None = None
    step: float = 0.0
    stated_area: float = math.nan


@dataclass(frozen=True, slots=True)
class RawFile:
    """
    A file as its reader understands it, before anybody asks where on earth it is.

    Parameters
    ----------
    format, encoding
        As of `atlas.sites.model.Reading`.
    order
        The order of the two numbers of a position that the format, or the headers of the table, promise.
    sites
        What could be read.
    findings
        What could not, and what is doubtful.
    claim
        What the file says of its coordinates; None if nothing.
    """

    format: str
    encoding: str
    order: AxisOrder
    sites: Sequence[RawSite]
    findings: Sequence[Finding] = ()
    claim: Claim | None = None


def refuse(code: str, where: str, **values: object) -> PlanError:
    """Return the error that ends the reading of a file."""
    return PlanError([Finding(code, where, values)])


def step_of(text: str) -> float:
    """Return the weight of the last digit of a decimal number: 0.0001 for 104.1234."""
    _, point, decimals = text.partition(".")
    return 10.0 ** -len(decimals) if point else 1.0


def is_finite(*numbers: float) -> bool:
    """Say whether all numbers are finite."""
    return all(math.isfinite(number) for number in numbers)


def label(site: RawSite) -> str:
    """Return the place of a site in its file, with its name."""
    return f"{site.where} ({site.fields['name']})" if site.fields.get("name") else site.where


def numbers_of(point: Iterable[float]) -> str:
    """Return a position as it is written, for a message."""
    return ", ".join(f"{number:.10g}" for number in point)
