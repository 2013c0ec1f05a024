"""The project's own Python environment, made at the first start and kept up to date.

Everything here works with the standard library alone, and the file parses on Python 3.6, so that
an old interpreter reads a sentence instead of a syntax error.

A start goes through two stages. Outside the environment it only makes ``.venv`` (without pip,
hence quickly) and starts again inside. Inside it compares what was installed with the lock file,
installs what differs and starts a last time. A section's stamp is its text in the lock; until pip
is done it is called ``.part``, so an installation that was cut off is seen and done anew.
"""

import contextlib
import errno
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"

_OLDEST = (3, 11)
_STARTED = "ATLAS_BOOTSTRAP"  # set for the started process, so that a broken .venv cannot loop


def ensure(module: str, *sections: str) -> None:
    """Return in a Python that has the packages, or start ``python -m module`` again in one.

    Parameters
    ----------
    module : str
        What ``python -m`` runs, for the next start.
    *sections : str
        The sections of the lock that are needed: ``runtime``, ``test``.

    Notes
    -----
    ``ATLAS_NO_VENV=1`` and an active conda environment (other than ``base``) say that this Python
    is to be used as it is. So does a missing lock: then the atlas was installed as a package.
    """
    if sys.version_info[:2] < _OLDEST:
        _stop(
            "需要 Python 3.11 或更高版本,当前为 {0}({1}) / needs Python 3.11 or newer, this is {0} ({1})",
            ".".join(map(str, sys.version_info[:3])),
            sys.executable,
        )
    if not LOCK.exists():
        return
    try:
        if _as_it_is():
            _check(sections)
        elif not VENV.exists() or not VENV.samefile(sys.prefix):
            if os.environ.pop(_STARTED, None):
                _stop("{0} 已损坏,请删除后重试 / {0} is broken: delete it and start again", VENV)
            _create()
            _start(_python(), module)
        elif _install(sections):
            _start(Path(sys.executable), module)
        else:
            os.environ.pop(_STARTED, None)
    except KeyboardInterrupt:
        _stop("已中断,下次启动时补齐 / interrupted; the next start makes it good", status=130)
    except OSError as error:
        _stop(
            "无法写入 {0}({1}):请把项目放到可写的文件夹 / "
            "cannot write {0} ({1}): put the project into a folder you can write to",
            error.filename or VENV,
            error.strerror,
        )


def sections_of(lock: str) -> "dict[str, str]":
    """Return the sections of a lock file, which lines like ``# == test ==`` open.

    Parameters
    ----------
    lock : str
        The lock file's text.

    Returns
    -------
    dict of str to str
        The requirements of each section, in pip's format.
    """
    parts = re.split(r"^# == (\w+) ==\n", lock, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))  # noqa: B905  # strict= does not exist in 3.9


def _as_it_is() -> bool:
    """Tell whether the user has chosen this Python."""
    conda = os.environ.get("CONDA_PREFIX")
    return os.environ.get("ATLAS_NO_VENV") == "1" or (
        bool(conda)
        and os.environ.get("CONDA_DEFAULT_ENV") != "base"
        and os.path.realpath(str(conda)) == os.path.realpath(sys.prefix)
    )


def _check(sections: "tuple[str, ...]") -> None:
    """Stop where a package is missing in a Python that is used as it is."""
    import tomllib  # noqa: PLC0415  # not before Python 3.11
    from importlib import metadata  # noqa: PLC0415  # nor this before 3.8

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"runtime": project["dependencies"], **project["optional-dependencies"]}
    missing = []
    for requirement in [line for section in sections for line in groups[section]]:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        _stop(
            "当前 Python 环境缺少:{0};请运行 conda env update -f environment.yml / "
            "this Python environment lacks {0}: run conda env update -f environment.yml",
            ", ".join(missing),
        )


def _python() -> Path:
    """Return the path of the environment's Python."""
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _create() -> None:
    """Make the environment unless a usable one is there."""
    with _alone():
        if _python().exists() and (VENV / "pyvenv.cfg").exists():
            return
        try:
            import ensurepip  # noqa: F401, PLC0415  # Debian packs the two apart
            import venv  # noqa: PLC0415
        except ImportError:
            _stop(
                "此 Python 缺少 venv 组件,Debian/Ubuntu 请先运行 sudo apt install python3-venv / "
                "this Python lacks venv: on Debian or Ubuntu run sudo apt install python3-venv"
            )
        venv.create(VENV, clear=True, symlinks=sys.platform != "win32", with_pip=False)


def _install(sections: "tuple[str, ...]") -> bool:
    """Install the sections whose stamps differ from the lock; tell whether there were any.

    A section that could not be installed leaves nothing half-done behind: pip goes back by
    itself. Only where pip was killed the packages may be incomplete, and all are installed anew.
    """
    python = "# Python {}.{}\n".format(*sys.version_info[:2])
    lock = sections_of(LOCK.read_text(encoding="utf-8"))
    wanted = {VENV / "atlas-{}.lock".format(name): python + lock[name] for name in sections}
    if all(_read(stamp) == text for stamp, text in wanted.items()):
        return False
    with _alone():
        packages = Path(sysconfig.get_path("purelib"))
        first = not list(VENV.glob("atlas-*.lock"))
        if list(VENV.glob("atlas-*.part")):
            shutil.rmtree(str(packages), ignore_errors=True)
            for stamp in [*VENV.glob("atlas-*.lock"), *VENV.glob("atlas-*.part")]:
                stamp.unlink()
        for stamp, text in wanted.items():
            if _read(stamp) != text:
                count = len(re.findall(r"^\w", text, flags=re.MULTILINE))
                _say(
                    "首次启动:正在安装 {0} 个软件包,约需几分钟… / "
                    "first start: installing {0} packages, this takes a few minutes …"
                    if first
                    else "正在安装 {0} 个软件包… / installing {0} packages …",
                    count,
                )
                part = stamp.with_suffix(".part")
                part.write_text(text, encoding="utf-8")
                if not (packages / "pip").exists():
                    _pip(part, "ensurepip")
                _pip(part, "pip", "install", "--require-hashes", "--no-deps", "-r", str(part))
                part.replace(stamp)
                _say("安装完成。/ installed.")
    return True


def _pip(part: Path, *arguments: str) -> None:
    """Run a module of the environment's Python quietly; stop with its reason if it fails."""
    log = VENV / "atlas-pip.log"
    if arguments[0] == "pip":
        # Wheels only: nobody here has a compiler, and what a build fetches carries no hash.
        arguments += ("--only-binary=:all:", "--no-input", "--log", str(log))
    done = subprocess.run(
        [sys.executable, "-I", "-m", *arguments],
        env=dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode == 0:
        if log.exists():
            log.unlink()
        return
    if done.returncode > 0:  # by itself, hence tidied up; below zero it was killed
        part.unlink()
    said = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in said if line.startswith("ERROR: ")] or said or ["?"]
    _stop(
        "安装失败:{0};请检查网络或 pip 配置后重试 / installing failed: {0}; "
        "check the network or pip's configuration and start again (details: {1})",
        errors[-1].replace("ERROR: ", "").strip().rstrip("."),
        log,
    )


def _start(python: Path, module: str) -> None:
    """Start ``python -m module`` with this process's arguments, in its place where that exists."""
    command = [str(python), "-m", module, *sys.argv[1:]]
    before = os.environ.get("PYTHONPATH")
    path = str(ROOT) if not before else str(ROOT) + os.pathsep + before
    env = dict(os.environ, PYTHONPATH=path, **{_STARTED: "1"})
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execve(str(python), command, env)  # noqa: S606  # no shell is meant
    # Windows cannot replace a process. Ctrl-C reaches both, and the child decides what it means.
    child = subprocess.Popen(command, env=env)
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            sys.exit(child.wait())


@contextlib.contextmanager
def _alone() -> "Iterator[None]":
    """Let one process at a time change the environment; the system forgets a killed one."""
    with LOCK.open("rb", buffering=0) as file:
        if sys.platform == "win32":
            file.seek(1 << 30)  # a byte behind the end, so that nobody is kept from reading
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # tries for ten seconds
                    break
                except OSError as error:
                    if error.errno != errno.EDEADLOCK:
                        raise
        else:
            with contextlib.suppress(OSError):  # some network drives have no locks
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield


def _read(stamp: Path) -> str:
    """Return a stamp's text, empty where there is none."""
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _say(message: str, *values: object) -> None:
    """Print one line to the standard error."""
    sys.stderr.write(message.format(*values) + "\n")
    sys.stderr.flush()


def _stop(message: str, *values: object, status: int = 2) -> NoReturn:
    """Print one line and end with an exit status."""
    _say(message, *values)
    sys.exit(status)
