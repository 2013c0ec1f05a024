"""A certificate: one zip with all that a screening rests on and what came out, which anyone can compute again offline.

It holds the sites as they were screened, the rules, every layer they ask, the hashes of the files that were read, the
versions of what computed, and the tidy results. Geometry is stored to the last bit. The same content always makes the
same bytes (stored, not packed, without times), so that `verify` can compare the file itself: a single bit that changed
is seen wherever it lies. It proves that these results follow from these inputs, not who made them.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from atlas.screening.engine import Sites
from atlas.screening.exports import draft_folder
from atlas.screening.rules import TERRAIN, Rule, Rules
from atlas.screening.screen import TIDY, answer_all, targets_of, tidy_of
from atlas.screening.target import Target
from layers import Finding, Name, PlanError
from layers.crs import working_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from atlas.screening.screen import Screening
    from atlas.screening.terrain import Terrain

_FORMAT: Final = "planning-atlas screening 1"
_SUMS: Final = "SHA256SUMS"
_MEMBERS: Final = ("certificate.json", "layers.json", "results.csv", "rules.json", "sites.json", "terrain.json")
_COMPUTED_BY: Final = ("numpy", "pandas", "pyproj", "shapely")
# Before this a zip cannot say when; it is the time of every member.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Verified:
    """
    A certificate whose every number was computed again and is the same.

    Parameters
    ----------
    rows
        Number of results.
    stated
        What it says of itself: plan, inputs and their hashes, versions.
    here
        The versions that computed it again, by name.
    """

    rows: int
    stated: Mapping[str, Any]
    here: Mapping[str, str]


class _Recorded:
    """The terrain as a certificate holds it: the answers it gave."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.resolution_m = float(table["resolution_m"])
        self.shares: dict[str, float | None] = dict(table["shares"])

    def share_steeper(self, geometry: BaseGeometry, degrees: float) -> float | None:
        """Return what was recorded for just this geometry and angle."""
        return self.shares.get(_terrain_key(geometry, degrees))


def write_certificate(screening: Screening, files: Mapping[str, bytes], path: Path) -> None:
    """
    Write the certificate of a screening.

    Parameters
    ----------
    screening
        What was found.
    files
        The files that the sites and control layers were read from, by name; their hashes are kept.
    path
        The zip.

    Raises
    ------
    PlanError
        If it cannot be written.
    """
    with draft_folder(path) as folder:
        (folder / path.name).write_bytes(certificate(screening, files))


def certificate(screening: Screening, files: Mapping[str, bytes]) -> bytes:
    """Return the certificate of a screening as `write_certificate` writes it."""
    frame, plan = screening.sites.frame, screening.plan
    asked = {id_: found.rule for id_, found in screening.by_rule.items()}
    wanted = {rule.layer for rule in asked.values()}
    targets = {id_: t for id_, t in targets_of(plan, screening.controls).items() if id_ in wanted and len(t)}
    about = {
        "format": _FORMAT,
        "plan": {
            "district": plan.district.id,
            "dated": plan.district.plan_dated,
            "fingerprint": plan.fingerprint,
            "crs": plan.district.crs,
        },
        "inputs": {name: _hash(content) for name, content in files.items()},
        "versions": versions(),
    }
    sites = [
        {"id": id_, "name": name, "sigma_m": float(sigma), "wkb": shapely.to_wkb(shape, hex=True, byte_order=1)}
        for id_, name, sigma, shape in zip(frame["id"], frame["name"], frame["sigma_m"], frame.geometry, strict=True)
    ]
    rules = {
        "sure": screening.rules.sure,
        "least_m2": screening.rules.least_m2,
        "rules": [_rule_as_json(rule) for rule in asked.values()],
    }
    terrain = _record(screening.terrain, list(frame.geometry), asked) if screening.terrain else None
    return _packed(
        {
            "certificate.json": _as_json(about),
            "sites.json": _as_json(sites),
            "rules.json": _as_json(rules),
            "layers.json": _as_json([_target_as_json(target) for target in targets.values()]),
            "terrain.json": _as_json(terrain),
            "results.csv": _as_csv(screening.tidy),
        }
    )


def verify(path: Path) -> Verified:
    """
    Compute a certificate again, offline and from nothing but itself.

    Raises
    ------
    PlanError
        If it is no certificate, or at the first difference: which member, and for results which site, layer and column.
    """
    members, raw = _unpacked(path)
    sums = _sums({name: members[name] for name in _MEMBERS})
    stated = members[_SUMS].decode("utf-8", "replace").splitlines()
    for name, line, wanted in zip(_MEMBERS, stated, sums.decode().splitlines(), strict=False):
        if line != wanted:
            raise _differs(path, name, f"sha256 {line.partition(' ')[0][:12]}… ≠ {wanted[:12]}…")
    about = json.loads(members["certificate.json"])
    if about["format"] != _FORMAT:
        raise PlanError([Finding("no_certificate", str(path), {"detail": str(about["format"])[:60]})])
    table = _recomputed(members)
    if members["results.csv"] != (fresh := _as_csv(table)):
        raise _differs(path, "results.csv", _first_difference(members["results.csv"], fresh))
    again = _packed({name: members[name] for name in _MEMBERS})
    if again != raw:
        where = next((n for n, (a, b) in enumerate(zip(raw, again, strict=False)) if a != b), min(len(raw), len(again)))
        raise _differs(path, path.name, f"byte {where}")
    return Verified(len(table), about, versions())


def versions() -> dict[str, str]:
    """Return what computes here, by name: the packages, GEOS, and a hash of this package's own code."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    packages = {name: metadata.version(name) for name in _COMPUTED_BY}
    return {"screening": digest.hexdigest()[:16], "geos": shapely.geos_version_string, **packages}


def _recomputed(members: Mapping[str, bytes]) -> pd.DataFrame:
    about, table = json.loads(members["certificate.json"]), json.loads(members["sites.json"])
    sites = Sites(
        np.array([shapely.from_wkb(site["wkb"]) for site in table], dtype=object),
        np.array([site["sigma_m"] for site in table], dtype=float),
        working_crs(about["plan"]["crs"]),
    )
    said = json.loads(members["rules.json"])
    asked = {rule["id"]: _rule(rule) for rule in said["rules"]}
    rules = Rules(MappingProxyType(asked), said["sure"], said["least_m2"], MappingProxyType({}))
    targets = {each["id"]: _target(each) for each in json.loads(members["layers.json"])}
    recorded = json.loads(members["terrain.json"])
    terrain = _Recorded(recorded) if recorded else None
    answers = answer_all(sites, asked, targets, rules, terrain)
    return tidy_of(np.array([site["id"] for site in table], dtype=object), answers)


def _first_difference(stated: bytes, fresh: bytes) -> str:
    """Return the first cell in which two tables differ: site, layer, column, and both values."""
    old, new = (
        pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False, on_bad_lines="skip") for text in (stated, fresh)
    )
    for row, (mine, theirs) in enumerate(zip(old.itertuples(index=False), new.itertuples(index=False), strict=False)):
        for column, a, b in zip(TIDY, mine, theirs, strict=False):
            if a != b:
                return f"{new['site'][row]} / {new['layer'][row]} / {column}: {a or '—'} ≠ {b or '—'}"
    return f"{len(old)} ≠ {len(new)}"


def _differs(path: Path, member: str, detail: str) -> PlanError:
    return PlanError([Finding("certificate_differs", str(path), {"member": member, "detail": detail})])


def _unpacked(path: Path) -> tuple[dict[str, bytes], bytes]:
    """Return the members of a certificate and its bytes; nothing is unpacked to the disk, and nothing grows."""
    try:
        raw = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            missing = sorted({*_MEMBERS, _SUMS} ^ set(entries))
            if missing or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
                detail = missing[0][:60] if missing else "compressed"
                raise PlanError([Finding("no_certificate", str(path), {"detail": detail})])
            for name in entries:
                try:
                    archive.read(name)
                except zipfile.BadZipFile as error:
                    raise _differs(path, name, "CRC") from error
            return {name: archive.read(name) for name in entries}, raw
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, PlanError):
            raise
        detail = " ".join(str(error).split())[:80]
        raise PlanError([Finding("no_certificate", str(path), {"detail": detail})]) from error


def _packed(members: Mapping[str, bytes]) -> bytes:
    """Return members as a zip whose bytes depend on nothing else."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [(name, members[name]) for name in _MEMBERS] + [(_SUMS, _sums(members))]:
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def _sums(members: Mapping[str, bytes]) -> bytes:
    return "".join(f"{_hash(members[name])}  {name}\n" for name in _MEMBERS).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=0, separators=(",", ":")).encode()


def _as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


def _rule_as_json(rule: Rule) -> dict[str, Any]:
    # A frozen mapping cannot be copied, and is not needed to compute; it is kept because it is what was said.
    wording = {verdict: asdict(name) for verdict, name in rule.wording.items()}
    return asdict(replace(rule, wording={})) | {"wording": wording}


def _rule(table: dict[str, Any]) -> Rule:
    names = {key: Name(**table[key]) for key in ("title", "source")}
    return Rule(**{**table, **names, "wording": MappingProxyType({})})


def _target_as_json(target: Target) -> dict[str, Any]:
    return {
        "id": target.id,
        "names": list(target.names),
        "bases": list(target.bases),
        "sigma_m": target.sigma_m.tolist(),
        "wkb": shapely.to_wkb(target.geometries, hex=True, byte_order=1).tolist(),
    }


def _target(table: Mapping[str, Any]) -> Target:
    shapes = np.array([shapely.from_wkb(text) for text in table["wkb"]], dtype=object)
    sigma_m = np.array(table["sigma_m"], dtype=float)
    return Target(table["id"], shapes, tuple(table["names"]), sigma_m, tuple(table["bases"]))


def _record(terrain: Terrain, shapes: list[BaseGeometry], asked: Mapping[str, Rule]) -> dict[str, Any]:
    """Return what the terrain answers to all that the slope rules ask."""
    angles = [rule.degrees for rule in asked.values() if rule.layer == TERRAIN]
    questions = [(s, a) for shape in shapes for s in (shape, shape.buffer(terrain.resolution_m)) for a in angles]
    shares = {_terrain_key(shape, angle): terrain.share_steeper(shape, angle) for shape, angle in questions}
    return {"resolution_m": terrain.resolution_m, "shares": shares}


def _terrain_key(geometry: BaseGeometry, degrees: float) -> str:
    return f"{_hash(shapely.to_wkb(geometry, byte_order=1))[:24]} {degrees!r}"
