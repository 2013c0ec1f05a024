"""``python -m atlas``: see to the environment, then run the command line."""

import sys

from atlas import bootstrap


def main() -> int:
    """Run the command line in the project's own environment.

    Returns
    -------
    int
        The exit status.
    """
    bootstrap.ensure("atlas", "runtime")
    from atlas import cli  # noqa: PLC0415  # needs the packages

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
