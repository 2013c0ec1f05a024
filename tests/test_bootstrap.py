"""The start on a fresh machine, with a stand-in for pip's work where it would need a network."""

import ast
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path

import pytest

from atlas import bootstrap

LOCK = "# head\n# == runtime ==\nsix==1.0 \\\n    --hash=x\n# == test ==\nten==2.0 \\\n    --hash=y\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout whose environment this process seems to run in."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_bytes((bootstrap.ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "lib" / "pip").mkdir(parents=True)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "lib"))
    for name in ("ATLAS_NO_VENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "ATLAS_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


class Pip:
    """A stand-in for the processes that pip would run in, and for the start that follows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[list[str]] = []
        self.starts: list[str] = []
        self.status = 0
        self.said = b""
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(bootstrap, "_start", lambda _, module: self.starts.append(module))

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        """Note a call and answer it."""
        self.calls.append(command[3:])
        return subprocess.CompletedProcess(command, self.status, self.said)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    """Return the stand-in."""
    return Pip(monkeypatch)


def stopped(capsys: pytest.CaptureFixture[str], module: str = "atlas") -> str:
    """Return the one line with which a start ends, status 2."""
    with pytest.raises(SystemExit) as end:
        bootstrap.ensure(module, "runtime")
    assert end.value.code == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert "Traceback" not in line
    return line


@pytest.mark.parametrize("name", ["bootstrap.py", "__main__.py", "__init__.py", "../tests/__main__.py"])
def test_old_pythons_can_read_it(name: str) -> None:
    ast.parse((bootstrap.ROOT / "atlas" / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_nothing_but_the_standard_library() -> None:
    code = "import sys, atlas.__main__, tests.__main__\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=bootstrap.ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert roots <= sys.stdlib_module_names | {"__main__", "atlas", "tests"}


def test_installs_once_and_section_by_section(site: Path, pip: Pip) -> None:
    bootstrap.ensure("atlas", "runtime")
    assert [call[:2] for call in pip.calls] == [["pip", "install"]]
    assert {"--require-hashes", "--no-deps"} <= set(pip.calls[0])
    assert pip.starts == ["atlas"]
    bootstrap.ensure("atlas", "runtime")
    assert len(pip.calls) == len(pip.starts) == 1
    bootstrap.ensure("tests", "runtime", "test")
    assert len(pip.calls) == len(pip.starts) == 2
    assert "ten==2.0" in (site / ".venv" / "atlas-test.lock").read_text()


def test_a_changed_lock_is_installed(site: Path, pip: Pip) -> None:
    bootstrap.ensure("atlas", "runtime")
    (site / "requirements.lock").write_text(LOCK.replace("six==1.0", "six==1.1"))
    bootstrap.ensure("atlas", "runtime")
    assert len(pip.calls) == 2


def test_pip_comes_first_where_it_is_missing(site: Path, pip: Pip) -> None:
    (site / "lib" / "pip").rmdir()
    bootstrap.ensure("atlas", "runtime")
    assert [call[0] for call in pip.calls] == ["ensurepip", "pip"]


def test_a_killed_installation_is_done_anew(site: Path, pip: Pip) -> None:
    bootstrap.ensure("tests", "runtime", "test")
    (site / ".venv" / "atlas-test.lock").rename(site / ".venv" / "atlas-test.part")
    (site / "lib" / "half.py").touch()
    bootstrap.ensure("tests", "runtime", "test")
    assert not (site / "lib" / "half.py").exists()
    assert [call[0] for call in pip.calls] == ["pip", "pip", "ensurepip", "pip", "ensurepip", "pip"]
    assert not list((site / ".venv").glob("*.part"))


@pytest.mark.usefixtures("site")
def test_a_failing_pip_is_one_line(pip: Pip, capsys: pytest.CaptureFixture[str]) -> None:
    pip.status, pip.said = 1, "WARNING: once more\nERROR: No six for 巴.\n".encode()
    line = stopped(capsys)
    assert "No six for 巴" in line
    assert "WARNING" not in line
    pip.status = 0
    bootstrap.ensure("atlas", "runtime")
    assert [call[0] for call in pip.calls] == ["pip", "pip"]


@pytest.mark.usefixtures("pip")
def test_no_right_to_write_is_one_line(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(site / ".venv"))

    monkeypatch.setattr(Path, "write_text", refuse)
    assert "Permission denied" in stopped(capsys)


@pytest.mark.usefixtures("site")
def test_an_old_python_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    assert "3.9.18" in stopped(capsys)


def test_a_missing_venv_module_is_one_line(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(site))
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "python3-venv" in stopped(capsys)


def test_a_broken_environment_does_not_loop(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(site))
    monkeypatch.setenv("ATLAS_BOOTSTRAP", "1")
    assert ".venv" in stopped(capsys)


def test_makes_the_environment_and_starts_in_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "in.json").write_text("[1]")
    code = (
        "import sys; from pathlib import Path; from atlas import bootstrap as b\n"
        "b.ROOT = Path(sys.argv[1]).parent; b.LOCK = b.ROOT / 'requirements.lock'\n"
        "b.VENV = b.ROOT / '.venv'; b.ensure('json.tool', 'runtime')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "in.json")],
        cwd=bootstrap.ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["[", "1", "]"], "")
    assert (tmp_path / ".venv" / "pyvenv.cfg").exists()


@pytest.mark.parametrize("chosen", ["ATLAS_NO_VENV", "CONDA_PREFIX"])
def test_a_chosen_python_is_used_as_it_is(chosen: str, site: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(site))
    monkeypatch.setenv(chosen, "1" if chosen == "ATLAS_NO_VENV" else str(site))
    bootstrap.ensure("tests", "runtime", "test")
    assert not pip.calls
    assert not pip.starts


def test_a_chosen_python_lacks_a_package(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "pyproject.toml").write_text("[project]\ndependencies=['no-such-thing>=1']\noptional-dependencies={}\n")
    monkeypatch.setenv("ATLAS_NO_VENV", "1")
    assert "no-such-thing" in stopped(capsys)


def test_an_installed_package_needs_no_environment(site: Path, pip: Pip) -> None:
    (site / "requirements.lock").unlink()
    bootstrap.ensure("atlas", "runtime")
    assert not pip.calls


def test_two_starts_install_once(site: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        time.sleep(0.3)
        return pip.run(command)

    monkeypatch.setattr(subprocess, "run", slow)
    threads = [threading.Thread(target=bootstrap.ensure, args=("atlas", "runtime")) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pip.calls) == 1
    assert [file.name for file in (site / ".venv").iterdir()] == ["atlas-runtime.lock"]
