"""The Word report: the usual order, every site and every answer in it, and nothing that sounds like an approval."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from PIL import Image

from atlas.cli import main
from atlas.screening.answers import answers_of
from atlas.screening.screen import screen
from atlas.sites.model import SiteSet
from atlas.sites.report import write_report
from atlas.words import LANGUAGES, say, words
from layers import PlanError
from layers.errors import Language
from tests.atlas.sites.test_workspace import sites_of
from tests.conftest import Opened

# What only an authority may say; none of it may stand in a report as its own opinion.
APPROVING = re.compile("符合规划|同意|批准建设|准予|可以建设|审查通过|合规$|is approved|complies with|may be built")


def picture() -> bytes:
    """Return a small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    return out.getvalue()


def text_of(file: Path) -> str:
    """Return all text of a Word file, in paragraphs and tables."""
    document = Document(str(file))
    parts = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        parts += [cell.text for row in table.rows for cell in row.cells]
    return "\n".join(parts)


def reported(district: Opened, out: Path, sites: SiteSet | None = None, **options: Any) -> str:  # noqa: ANN401
    """Write a report and return its text."""
    screening = screen(sites_of(district) if sites is None else sites, district.plan)
    write_report(screening, out, **options)
    return text_of(out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_stands_in_the_usual_order(district: Opened, tmp_path: Path, language: Language) -> None:
    text = reported(district, tmp_path / "r.docx", language=language)
    parts = ["title", "part_outline", "part_sites", "part_conclusion", "part_corners"]
    places = [text.index(say(language, f"report.{part}")) for part in parts]
    assert places == sorted(places)
    assert district.plan.district.plan_title.in_(language) in text
    assert text.count(say(language, "screening.first_screening")) >= 2
    assert say(language, "report.no_approval") in text
    assert not APPROVING.search(text)


def test_every_site_has_its_chapter_and_every_finding_its_row(toyland: Opened, tmp_path: Path) -> None:
    sites = sites_of(toyland)
    screening = screen(sites, toyland.plan)
    text = reported(toyland, tmp_path / "r.docx", sites)
    for number, site in enumerate(sites.frame.to_dict("records"), 1):
        assert f"{number}. {site['name']}" in text
        for answer in answers_of(screening, site["id"], "zh"):
            if answer.verdict in {"hit", "uncertain"} and not answer.informative:
                assert answer.title in text
                assert answer.wording in text


def test_pictures_stand_where_they_are_given(toyland: Opened, tmp_path: Path) -> None:
    asked: list[str] = []

    def figure(site: str) -> bytes | None:
        asked.append(site)
        return None if site == "s1" else picture()

    reported(toyland, tmp_path / "r.docx", figure=figure, overview=picture())
    assert asked == ["s0", "s1", "s2"]
    assert len(Document(str(tmp_path / "r.docx")).inline_shapes) == 3


def test_typefaces_are_those_of_a_chinese_office(toyland: Opened, tmp_path: Path) -> None:
    reported(toyland, tmp_path / "r.docx")
    with zipfile.ZipFile(tmp_path / "r.docx") as file:
        styles = file.read("word/styles.xml").decode()
    assert 'w:eastAsia="宋体"' in styles
    assert 'w:eastAsia="黑体"' in styles


def test_names_are_text_and_odd_characters_do_no_harm(toyland: Opened, tmp_path: Path) -> None:
    sites = sites_of(toyland)
    name = "<w:p>甲&乙\x00\x0b\uffff'\"=1+1"
    text = reported(toyland, tmp_path / "r.docx", SiteSet("清\x01单", sites.frame.assign(name=name), sites.reading))
    assert "<w:p>甲&乙'\"=1+1" in text
    assert "清单" in text


def test_a_long_list_has_all_sites_in_its_table(
    toyland: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas.sites.report.MOST_CHAPTERS", 6)
    count = 9
    sites = sites_of(toyland, count=count)
    frame = sites.frame.assign(name=[f"项目{n:04}" for n in range(count)])
    text = reported(toyland, tmp_path / "r.docx", SiteSet("长", frame, sites.reading))
    assert say("zh", "report.more_sites", n=3) in text
    assert all(f"项目{n:04}" in text for n in range(count))
    assert f"{count}. 项目" not in text


def test_an_empty_set_is_a_report_too(toyland: Opened, tmp_path: Path) -> None:
    text = reported(toyland, tmp_path / "r.docx", sites_of(toyland, count=0))
    assert say("zh", "report.count", n=0) in text


def test_a_place_that_cannot_be_written_is_one_line(toyland: Opened, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        reported(toyland, tmp_path / "missing" / "r.docx")
    assert caught.value.findings[0].code == "unwritable"
    assert list(tmp_path.iterdir()) == []


def test_no_word_of_the_report_approves() -> None:
    """The wording itself is held, whatever a district's data lead to."""
    for language in LANGUAGES:
        for section in ("report", "sites", "screening"):
            assert not [text for text in words(language)[section].values() if APPROVING.search(text)]


def test_a_map_takes_sites_on_the_command_line(
    toyland: Opened, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = toyland.plan.layers["district"].features.to_crs(4326).geometry.iloc[0].representative_point().coords[0]
    listed = tmp_path / "清单.csv"
    listed.write_text(f"项目名称,经度,纬度\n<i>甲厂</i>,{x:.5f},{y:.5f}\n", "utf-8")
    out = tmp_path / "map.html"
    base = ["map", "--geodata", str(toyland.root), "--out", str(out)]
    assert main([*base, "--sites", str(listed)]) == 0
    text = out.read_text("utf-8")
    assert "\\u003ci>甲厂" in text
    assert '"own": true' in text
    out.unlink()
    assert main([*base, "--sites", str(tmp_path / "none.xlsx")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not out.exists()
