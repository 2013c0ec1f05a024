"""The numbers the atlas is held to, measured beside a peer where there is one: ``python -m tests.benchmarks``."""
