"""A certificate can be computed again, and tells of a single changed bit, and of a changed result."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from atlas.screening.certificate import _MEMBERS, _packed, certificate, verify, write_certificate
from atlas.screening.screen import Screening, screen
from layers import PlanError
from tests.atlas.screening.made import control, inside, site_set
from tests.atlas.screening.test_rules import Slope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Opened


def made(opened: Opened, count: int = 3) -> Screening:
    shapes = inside(opened.plan, count)
    controls = [control("farmland", [shapes[1].buffer(20)], 2.0), control("采石场", [shapes[2]], 3.0)]
    return screen(site_set(opened.plan, shapes, 3.0), opened.plan, controls=controls)


def members(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_certificate_is_computed_again(district: Opened, tmp_path: Path) -> None:
    screening = made(district)
    write_certificate(screening, {"list.xlsx": b"abc"}, tmp_path / "c.zip")
    verified = verify(tmp_path / "c.zip")
    assert verified.rows == len(screening.tidy)
    assert verified.stated["inputs"] == {"list.xlsx": hashlib.sha256(b"abc").hexdigest()}
    assert verified.stated["plan"]["fingerprint"] == district.plan.fingerprint
    assert verified.stated["versions"] == verified.here


def test_the_same_screening_makes_the_same_bytes(toyland: Opened) -> None:
    assert certificate(made(toyland), {}) == certificate(made(toyland), {})


def test_what_the_terrain_said_is_kept(toyland: Opened, tmp_path: Path) -> None:
    shapes = inside(toyland.plan, 3)
    screening = screen(site_set(toyland.plan, shapes), toyland.plan, terrain=Slope())
    assert "no_data" not in set(screening.tidy[screening.tidy["layer"] == "steep_slope"]["verdict"])
    write_certificate(screening, {}, tmp_path / "c.zip")
    assert verify(tmp_path / "c.zip").rows == len(screening.tidy)


def test_no_sites(toyland: Opened, tmp_path: Path) -> None:
    write_certificate(screen(site_set(toyland.plan, []), toyland.plan), {}, tmp_path / "c.zip")
    assert verify(tmp_path / "c.zip").rows == 0


def test_a_single_flipped_bit_is_caught_wherever_it_lies(toyland: Opened, tmp_path: Path) -> None:
    raw = certificate(made(toyland), {"a.csv": b"1"})
    file = tmp_path / "c.zip"
    thrown = random.Random(7)  # noqa: S311 - dice, no secret
    places = [*range(60), *range(len(raw) - 60, len(raw)), *(thrown.randrange(len(raw)) for _ in range(120))]
    for place in places:
        changed = bytearray(raw)
        changed[place] ^= 1 << thrown.randrange(8)
        file.write_bytes(changed)
        with pytest.raises(PlanError) as caught:
            verify(file)
        assert len(caught.value.text("en").splitlines()) == 1


def _forged(raw: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return a certificate with one member changed and every hash made right again."""
    parts = members(raw)
    parts[name] = change(parts[name])
    return _packed({name: parts[name] for name in _MEMBERS})


def test_a_forged_result_is_named_by_site_layer_and_column(toyland: Opened, tmp_path: Path) -> None:
    raw = certificate(made(toyland), {})
    (tmp_path / "c.zip").write_bytes(_forged(raw, "results.csv", lambda text: text.replace(b",hit,", b",clear,", 1)))
    with pytest.raises(PlanError) as caught:
        verify(tmp_path / "c.zip")
    said = caught.value.text("en")
    assert "verdict: clear ≠ hit" in said
    assert "s1 / farmland / " in said


@pytest.mark.parametrize("name", ["sites.json", "layers.json", "rules.json"])
def test_forged_inputs_give_other_results(toyland: Opened, tmp_path: Path, name: str) -> None:
    def change(text: bytes) -> bytes:
        table = json.loads(text)
        if name == "rules.json":
            [road] = [rule for rule in table["rules"] if rule["id"] == "road"]
            road["distance_m"] = 90_000.0
        elif name == "sites.json":
            table[0]["sigma_m"] = 20_000.0
        else:
            table[0]["names"] = ["x" for _ in table[0]["names"]]
        return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()

    (tmp_path / "c.zip").write_bytes(_forged(certificate(made(toyland), {}), name, change))
    with pytest.raises(PlanError) as caught:
        verify(tmp_path / "c.zip")
    assert "results.csv" in caught.value.text("en")


def test_what_is_no_certificate_says_so(tmp_path: Path) -> None:
    file = tmp_path / "c.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (*_MEMBERS, "SHA256SUMS"):
            archive.writestr(name, b"0" * 10_000)
    for raw in (b"", b"hello", packed.getvalue()):
        file.write_bytes(raw)
        with pytest.raises(PlanError):
            verify(file)
    with pytest.raises(PlanError):
        verify(tmp_path / "nowhere.zip")
