"""What a planner takes home: the results in every format, the Word report, the certificate, and the map."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

import streamlit as st

from atlas import ui
from atlas.opened import web_map
from atlas.screening.certificate import write_certificate
from atlas.screening.exports import SUFFIXES, export
from atlas.sites.figures import SiteMaps
from atlas.sites.report import write_report
from atlas.webpage import page
from atlas.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from atlas.desk.session import Desk
    from atlas.opened import Opened
    from atlas.screening.screen import Screening
    from atlas.sheets import Sheet
    from layers.errors import Language


def show_exports(desk: Desk, district: Opened, sheet: Sheet, screening: Screening, language: Language) -> None:
    """Show one button for each thing; each is made when it is asked for."""
    _show_report(desk, district, screening, language)
    st.html(ui.heading(say(language, "sites.tables"), say(language, "sites.tables_hint")))
    suffixes = [suffix for suffix in SUFFIXES if suffix != ".shp"]
    for start in range(0, len(suffixes), 2):
        for column, suffix in zip(st.columns(2, gap="small"), suffixes[start : start + 2], strict=False):
            with column:
                _download(desk, suffix, lambda file: export(screening, file, language), _title(suffix, language))
    st.html(ui.heading(say(language, "sites.others")))
    files = desk.origins[desk.current].files if desk.current in desk.origins else {}
    _download(
        desk,
        ".certificate.zip",
        lambda file: write_certificate(screening, files, file),
        say(language, "sites.certificate"),
    )
    overlays = desk.layers(language)
    _download(
        desk,
        ".html",
        lambda file: file.write_text(page(web_map(district, language), sheet, overlays), "utf-8"),
        say(language, "app.download_html"),
    )


def _show_report(desk: Desk, district: Opened, screening: Screening, language: Language) -> None:
    """Show the button that makes the report, how far it is, and then the one that hands it over."""
    st.html(ui.heading(say(language, "sites.report"), say(language, "sites.report_hint")))
    if st.button(say(language, "sites.make_report"), key="make_report", type="primary", width="stretch"):
        bar = st.progress(0.0, say(language, "sites.making_report"))

        def tell(done: int, total: int, name: str) -> None:
            # As code, since names are nobody's markup.
            said = say(language, "sites.report_progress", n=done + 1, total=total, name=name.replace("`", "'"))
            bar.progress(done / total, said)

        def write(file: Path) -> None:
            maps = SiteMaps(screening.sites, screening.plan, district.atlas, language)
            overview = maps.overview()
            write_report(screening, file, language=language, figure=maps.of, overview=overview, progress=tell)

        st.session_state["report_made"] = (screening, language, _content(".docx", write))
        bar.empty()
    made = st.session_state.get("report_made")
    if made and made[0] is screening and made[1] == language:
        size = say(language, "sites.download_report", mb=f"{len(made[2]) / 1e6:.1f}")
        _button(desk, ".docx", made[2], size, "primary")


def _title(suffix: str, language: Language) -> str:
    return say(language, f"sites.file_{suffix.removeprefix('.')}")


def _download(desk: Desk, suffix: str, write: Callable[[Path], object], title: str) -> None:
    """Show a button that has a file written and handed over."""
    _button(desk, suffix, lambda: _content(suffix, write), title)


def _button(
    desk: Desk,
    suffix: str,
    data: bytes | Callable[[], bytes],
    title: str,
    look: Literal["primary", "secondary"] = "secondary",
) -> None:
    st.download_button(
        title,
        data=data,
        file_name=f"{desk.current}{suffix}",
        on_click="ignore",
        width="stretch",
        key=f"download {suffix}",
        type=look,
    )


def _content(suffix: str, write: Callable[[Path], object]) -> bytes:
    """Return what is written to a file."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"sites{suffix}"
        write(file)
        return file.read_bytes()
