"""Any file of project sites in, a `SiteSet` out; the one door to the readers and the detective."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atlas.sites.model import SiteSet
    from layers import Plan


def read_sites(file: Path, plan: Plan, *, assume_crs: str = "") -> SiteSet:
    """
    Read a file of project sites.

    Parameters
    ----------
    file
        A table, drawing or map of any known format; of a loose Shapefile the ``.shp``, beside its sisters.
    plan
        The plan of the district that the sites belong to; its working CRS is that of the result.
    assume_crs
        What the user says of the coordinates, which overrides what the file says: ``EPSG:n``, ``wgs84``,
        ``cgcs2000``, ``gcj02`` or ``bd09``. Blank: the file and the district decide.

    Returns
    -------
    sites
        The readable ones; the others are problems of its reading.

    Raises
    ------
    PlanError
        If nothing of the file can be used: unreadable, too large, no coordinates, on a refused datum, wholly
        elsewhere, or not to be told from what is in it.
    """
    raise NotImplementedError


def read_upload(files: Mapping[str, bytes], plan: Plan, *, assume_crs: str = "") -> SiteSet:
    """
    Read what a user uploads: one file, or the parts of a loose Shapefile, by name; otherwise as `read_sites`.

    Raises
    ------
    PlanError
        As `read_sites`.
    """
    raise NotImplementedError


def read_pasted(text: str, plan: Plan, *, assume_crs: str = "") -> SiteSet:
    """
    Read a table pasted as text (tab, comma or semicolon between the cells); otherwise as `read_sites`.

    Raises
    ------
    PlanError
        As `read_sites`.
    """
    raise NotImplementedError
