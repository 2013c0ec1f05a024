"""The three descriptions of the environment agree: pyproject.toml, environment.yml, the lock."""

import re
import tomllib
from importlib import metadata
from itertools import pairwise

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from atlas.bootstrap import LOCK, ROOT, sections_of

CONDA_NAMES = {"playwright-python": "playwright"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = {"runtime": PROJECT["dependencies"], "test": PROJECT["optional-dependencies"]["test"]}
SECTIONS = sections_of(LOCK.read_text(encoding="utf-8"))


def locked(section: str) -> dict[str, str]:
    """Return the version of each package in a section of the lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", SECTIONS[section], flags=re.MULTILINE))


def needs(distribution: str, extras: set[str]) -> set[str]:
    """Return the names of what an installed distribution needs on this machine."""
    found: set[str] = set()
    for line in metadata.requires(distribution) or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            found.add(canonicalize_name(requirement.name))
    return found


def test_conda_asks_for_the_same() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    wanted = re.findall(r"^ +- ([\w-]+)([<>=]\S+)", text, flags=re.MULTILINE)
    conda = {CONDA_NAMES.get(name, name): bound for name, bound in wanted}
    assert conda.pop("python") == PROJECT["requires-python"]
    direct = (Requirement(line) for lines in DIRECT.values() for line in lines)
    assert conda == {requirement.name: str(requirement.specifier) for requirement in direct}


def test_conda_takes_from_conda_forge_alone() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert "channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n" in text


def test_lists_are_alphabetical() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8").split("dependencies:\n")[1]
    conda = [re.findall(r"- ([\w-]+)", part) for part in re.split(r"#.*\n|pip:\n", text)]
    for names in [*conda, *([Requirement(line).name for line in d] for d in DIRECT.values())]:
        assert names == sorted(names)


@pytest.mark.parametrize("section", DIRECT)
def test_direct_dependencies_are_locked_in_their_section(section: str) -> None:
    versions = locked(section)
    for requirement in map(Requirement, DIRECT[section]):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_lock_is_pinned_and_hashed() -> None:
    for text in SECTIONS.values():
        blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
        for first, *hashes in (block.splitlines() for block in blocks):
            assert re.fullmatch(r"[a-z\d.-]+==[\w.]+( ; .+)? \\", first)
            assert hashes
            assert all(re.fullmatch(r" {4}--hash=sha256:[\da-f]{64}( \\)?", h) for h in hashes)


def test_lock_is_sorted_and_names_each_package_once() -> None:
    names = [list(locked(section)) for section in SECTIONS]
    assert all(a < b for section in names for a, b in pairwise(section))
    assert not set.intersection(*map(set, names))


def test_no_address_and_no_machine_in_what_is_installed() -> None:
    for file in (LOCK, ROOT / "environment.yml", ROOT / "pyproject.toml"):
        assert not re.search(r"://|index-url|find-links|/home/|/root/", file.read_text(encoding="utf-8"))


def test_runtime_is_closed() -> None:
    """Whatever a runtime package needs here is locked as runtime too."""
    runtime = locked("runtime")
    direct = [Requirement(line) for line in DIRECT["runtime"]]
    unused = set(
        re.findall(r"^(\w+) ; python_version < \"3\"$", (ROOT / ".ci" / "lock.py").read_text("utf-8"), re.MULTILINE)
    )
    todo: dict[str, set[str]] = {canonicalize_name(each.name): each.extras for each in direct}
    seen: set[str] = set()
    while todo:
        name, extras = todo.popitem()
        assert name in runtime
        seen.add(name)
        todo |= {need: set() for need in needs(name, extras) - seen - unused}
