"""Any file of project sites in, a `SiteSet` out; the one door to the readers and the detective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from atlas.sites.formats.delimited import read_delimited
from atlas.sites.formats.survey import is_survey, read_survey
from atlas.sites.place import place_sites
from atlas.sites.raw import Claim, refuse
from atlas.sites.sniff import read_raw
from atlas.sites.vocabulary import datum_stated, vocabulary
from layers.crs import DATUMS, REFUSED_DATUMS, identify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atlas.sites.model import SiteSet
    from layers import Plan

# What may be uploaded, and how much of it; said before anybody uploads anything.
SUFFIXES: Final = tuple(vocabulary()["files"]["suffixes"])
FORMATS: Final = tuple(vocabulary()["files"]["formats"])
MAX_BYTES: Final = int(vocabulary()["caps"]["file_bytes"])
MAX_SITES: Final = int(vocabulary()["caps"]["rows"])
_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_PASTED: Final = "—"


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
    user = _claim(assume_crs)
    return place_sites(read_raw(_contents(file)), file.name, plan, user)


def read_upload(files: Mapping[str, bytes], plan: Plan, *, assume_crs: str = "") -> SiteSet:
    """
    Read what a user uploads: one file, or the parts of a loose Shapefile, by name; otherwise as `read_sites`.

    Raises
    ------
    PlanError
        As `read_sites`.
    """
    user = _claim(assume_crs)
    name = next((name for name in files if name.lower().endswith(".shp")), next(iter(files), _PASTED))
    return place_sites(read_raw(files), name, plan, user)


def read_pasted(text: str, plan: Plan, *, assume_crs: str = "") -> SiteSet:
    """
    Read a table pasted as text (tab, comma or semicolon between the cells); otherwise as `read_sites`.

    Raises
    ------
    PlanError
        As `read_sites`.
    """
    user = _claim(assume_crs)
    reading = read_survey if is_survey(text) else read_delimited
    return place_sites(reading(text, _PASTED, "utf-8"), _PASTED, plan, user)


def _contents(file: Path) -> dict[str, bytes]:
    """Return a file's contents by name, of a Shapefile with its sisters'."""
    files = [file]
    if file.suffix.lower() in {".shp", ".dbf", ".shx"}:
        # The sisters may differ in the case of their suffix, as they do on Windows.
        beside = sorted(file.parent.glob("*")) if file.parent.is_dir() else []
        files += [f for f in beside if f.stem == file.stem and f.suffix.lower() in _PARTS and f != file]
    most = vocabulary()["caps"]["file_bytes"]
    contents = {}
    for part in files:
        try:
            if part.stat().st_size > most:
                raise refuse("too_large", part.name, size=part.stat().st_size >> 20, most=most >> 20)
            contents[part.name] = part.read_bytes()
        except OSError as error:
            raise refuse("missing_file", str(part)) from error
    return contents


def _claim(assume_crs: str) -> Claim | None:
    """
    Return what the user says as a claim.

    Raises
    ------
    PlanError
        If it is no CRS, or one that is refused.
    """
    said = assume_crs.strip()
    if not said:
        return None
    datum = datum_stated(said, about_coordinates=True)
    if datum in DATUMS and not said.upper().startswith("EPSG"):
        return Claim(datum, by="user", words=said)
    try:
        text = f"EPSG:{said}" if said.isdigit() else said
        identity = identify(text)
    except ValueError:
        if datum in REFUSED_DATUMS:
            raise refuse("refused_datum", "--assume-crs", value=said) from None
        raise refuse("unknown_crs", "--assume-crs", value=said) from None
    if identity.datum in REFUSED_DATUMS:
        raise refuse("refused_datum", "--assume-crs", value=said)
    return Claim(identity.datum, text, identity.meridian, by="user", words=said)
