"""``python -m tests``: see to the environment, run every check, then the tests.

With arguments, ``python -m tests -k rings``, only pytest runs, and gets them.
"""

import subprocess
import sys

from atlas import bootstrap

CHECKS = {
    "ruff format --check": ("-m", "ruff", "format", "--check"),
    "ruff check": ("-m", "ruff", "check"),
    "mypy": ("-m", "mypy"),
    "lint-imports": ("-c", "from importlinter.cli import lint_imports_command as m; m()"),
}


def main() -> int:
    """Run the checks and the tests; pytest comes last, so that its summary closes the output.

    Returns
    -------
    int
        Zero if everything passed.
    """
    bootstrap.ensure("tests", "runtime", "test")
    arguments = sys.argv[1:]
    failed = [] if arguments else [name for name, check in CHECKS.items() if run(name, *check)]
    if failed:
        print("\n未通过 / FAILED before the tests:", " · ".join(failed), end="\n\n", flush=True)
    return run("pytest", "-m", "pytest", *arguments) or int(bool(failed))


def run(name: str, *arguments: str) -> int:
    """Run this Python in the project's folder.

    Parameters
    ----------
    name : str
        What is announced.
    *arguments : str
        Python's arguments.

    Returns
    -------
    int
        The exit status.
    """
    print("==", name, flush=True)
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
