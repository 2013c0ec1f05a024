"""What the tests of figures share: the bundled typefaces, so that a page is the same on every machine."""

import pytest

from atlas.figures import fonts


@pytest.fixture(autouse=True)
def _pinned_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fonts.BUNDLED_ONLY, "1")
