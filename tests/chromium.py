"""Where this machine has a Chromium."""

import os
import shutil
from pathlib import Path

_PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "${PROGRAMFILES}/Google/Chrome/Application/chrome.exe",
    "${PROGRAMFILES(X86)}/Google/Chrome/Application/chrome.exe",
    "${LOCALAPPDATA}/Google/Chrome/Application/chrome.exe",
    "${PROGRAMFILES(X86)}/Microsoft/Edge/Application/msedge.exe",
    "${PROGRAMFILES}/Microsoft/Edge/Application/msedge.exe",
)
_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)


def chromium_path() -> str | None:
    """Find a browser of the Chromium family.

    Returns
    -------
    str or None
        ``ATLAS_CHROMIUM`` if it is set, else the first browser found in the usual places and on
        the PATH, else None.
    """
    named = os.environ.get("ATLAS_CHROMIUM")
    if named:
        return named
    places = (os.path.expandvars(place) for place in _PLACES)
    found = (place for place in places if Path(place).is_file())
    return next(found, None) or next(filter(None, map(shutil.which, _NAMES)), None)
