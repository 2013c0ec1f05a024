"""Write ``requirements.lock`` anew from ``pyproject.toml``.

Run ``python .ci/lock.py`` after a dependency was added, and with ``--upgrade`` to take newer
versions. It needs ``uv`` on the PATH or in ``.venv``; nothing else in the project does.

The lock holds every platform and Python at once. Its section ``runtime`` is what the app needs,
its section ``test`` what the tests need besides; the first resolution binds the second, so that
the tests run on what the user gets.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEAD = """\
# Every package pinned and hashed, for all platforms and Python 3.11 to 3.14.
# Written by .ci/lock.py from pyproject.toml: do not edit. pip's own configuration says where from.
"""
# One version on every Python and computer: the same EPSG database, the same rounding.
BOUNDS = """\
numpy<2.5  # 2.5 left Python 3.11
pyproj<3.8  # 3.8 left Python 3.11, and Intel Macs before macOS 15
"""
# Of this package only the font files are used; what its code needs is left out, one part of it having no wheel.
OVERRIDES = """\
fire ; python_version < "3"
fontmeta ; python_version < "3"
matplotlib ; python_version < "3"
"""


def resolve(before: str, bounds: str, *options: str) -> dict[str, str]:
    """Resolve the project's dependencies.

    Parameters
    ----------
    before : str
        A lock whose versions are kept where they still fit.
    bounds : str
        Requirements that bind what is chosen without asking for it.
    *options : str
        What else to tell ``uv pip compile``.

    Returns
    -------
    dict of str to str
        For each requirement ``name==version ; marker`` its lines in the lock.
    """
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        sys.exit("uv is missing: pip install uv")
    with tempfile.TemporaryDirectory() as folder:
        out, constraints = Path(folder, "lock.txt"), Path(folder, "constraints.txt")
        out.write_text(before, encoding="utf-8")
        overrides = Path(folder, "overrides.txt")
        constraints.write_text(bounds, encoding="utf-8")
        overrides.write_text(OVERRIDES, encoding="utf-8")
        command = [uv, "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--no-emit-index-url", "--no-header", "--no-annotate", "--only-binary=:all:"]
        command += ["--constraint", str(constraints), "--override", str(overrides)]
        command += ["--output-file", str(out), *options, "pyproject.toml"]
        subprocess.run(command, cwd=ROOT, check=True)
        blocks = re.findall(r"^\w.*\n(?: .*\n)*", out.read_text(encoding="utf-8"), re.MULTILINE)
    return {block.split(" \\\n", maxsplit=1)[0]: block for block in blocks}


def main() -> None:
    """Resolve twice and write the two sections."""
    before = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    upgrade = [option for option in sys.argv[1:] if option == "--upgrade"]
    runtime = resolve(before, BOUNDS, *upgrade)
    both = resolve(before, "".join(runtime.values()), *upgrade, "--extra", "test")
    if not runtime.items() <= both.items():
        sys.exit(f"the tests change the runtime: {sorted(runtime.keys() - both.keys())}")
    test = {name: block for name, block in both.items() if name not in runtime}
    text = HEAD
    for section, blocks in (("runtime", runtime), ("test", test)):
        text += f"# == {section} ==\n" + "".join(blocks.values())
    LOCK.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
