"""``python -m tests.benchmarks``: see to the environment, then measure and print one table.

Nothing here fails a test: time depends on the machine and on what else it does. The exit status is 1 if a number that
can be judged missed its target.
"""

import sys

from atlas import bootstrap


def main() -> int:
    """Measure in the project's own environment.

    Returns
    -------
    int
        The exit status.
    """
    bootstrap.ensure("tests.benchmarks", "runtime", "test")
    from tests.benchmarks import run  # noqa: PLC0415  # needs the packages

    return run.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
