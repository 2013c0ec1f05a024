"""The commands `figure` and `book`: what they write, and how they fail: one line, status 2, no file left behind."""

import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest

from atlas.cli import main
from atlas.figures.carry import read_recipe
from atlas.words import say
from tests.conftest import DISTRICTS, Draft, Opened

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return a function that runs a command on toyland; gives status, output, errors."""

    def run_(*argv: object, root: Path = DISTRICTS["toyland"].parent) -> tuple[int, str, str]:
        capsys.readouterr()
        words = [*argv, "--geodata", root, "--district", "toyland", "--workspace", tmp_path / "workspace"]
        try:
            status = main([str(word) for word in words])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return run_


@pytest.mark.parametrize("name", ["figure.pdf", "figure.png", "FIGURE.SVG"])
def test_a_figure_is_written(run: Run, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    status, said, err = run(
        *("figure", "--sheet", "structure", "--out", out, "--paper", "A4", "--dpi", 150, "--json"),
        *(
            "--compiler",
            "测试局",
            "--date",
            "2026年11月",
            "--review-number",
            "川S(2026)00001号",
            "--theme",
            "accessible",
        ),
        *("--orientation", "landscape", "--edition", "public", "--title", "某图"),
    )
    assert status == 0, err
    [row] = json.loads(said)
    assert row["sheet"] == "structure"
    recipe = read_recipe(out)
    assert recipe.id == row["recipe"]
    assert (recipe.paper, recipe.theme, recipe.edition) == ("A4", "accessible", "public")
    assert (recipe.compiler, recipe.compiled, recipe.review_number) == ("测试局", "2026年11月", "川S(2026)00001号")
    assert (recipe.orientation, recipe.title) == ("landscape", "某图")


def test_a_figure_comes_back_from_its_file(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.pdf"
    assert (
        run("figure", "--sheet", "structure", "--out", first, "--paper", "A4", "--dpi", 150, "--title", "原题")[0] == 0
    )
    assert run("figure", "--from", first, "--out", second)[0] == 0
    assert read_recipe(second) == read_recipe(first)
    assert run("figure", "--from", first, "--out", second, "--title", "新题")[0] == 0
    assert read_recipe(second).title == "新题"


def test_changed_data_are_told(run: Run, tmp_path: Path, draft: Draft) -> None:
    out = tmp_path / "figure.svg"
    assert run("figure", "--out", out, root=draft.root)[0] == 0
    rows = draft.rows("places.csv")
    draft.cell("places.csv", rows[0]["id"], note="改过")
    status, _, err = run("figure", "--from", out, "--out", out, root=draft.root)
    assert status == 0
    assert "数据已有变化" in err
    assert "数据已有变化" not in run("figure", "--from", out, "--out", out, root=draft.root)[2]


def test_without_a_date_it_is_today(run: Run, tmp_path: Path) -> None:
    assert run("figure", "--out", tmp_path / "a.svg")[0] == 0
    assert len(read_recipe(tmp_path / "a.svg").compiled) == len("2026-11-25")


BAD: dict[str, tuple[list[str], str]] = {
    "unknown sheet": (["figure", "--sheet", "structur", "--out", "a.pdf"], "structure"),
    "no such folder": (["figure", "--out", "nowhere/a.pdf"], "nowhere"),
    "a folder": (["figure", "--out", "folder.pdf"], "folder.pdf"),
    "wrong ending": (["figure", "--out", "a.jpg"], ".png"),
    "no ending": (["figure", "--out", "a"], ".pdf"),
    "paper too small": (["figure", "--out", "a.pdf", "--scale", "1:5000", "--paper", "A4"], "A4"),
    "no scale": (["figure", "--out", "a.pdf", "--scale", "big"], "1:50000"),
    "negative scale": (["figure", "--out", "a.pdf", "--scale", "-5"], "--scale"),
    "long title": (["figure", "--out", "a.pdf", "--title", "长" * 400], "400"),
    "no glyph": (["figure", "--out", "a.pdf", "--title", "\U0001f600"], "\U0001f600"),
    "no glyph in the compiler": (["figure", "--out", "a.png", "--compiler", "\U00020000局"], "\U00020000"),
    "unknown paper": (["figure", "--out", "a.pdf", "--paper", "A5"], "A5"),
    "unknown resolution": (["figure", "--out", "a.png", "--dpi", "301"], "301"),
    "no earlier figure": (["figure", "--from", "nothing.png", "--out", "a.pdf"], "nothing.png"),
    "an earlier figure without recipe": (["figure", "--from", "plain.svg", "--out", "a.pdf"], "plain.svg"),
    "book of another ending": (["book", "--out", "a.png"], ".pdf"),
    "book nowhere": (["book", "--out", "nowhere/a.pdf"], "nowhere"),
    "book without glyph": (["book", "--out", "a.pdf", "--compiler", "\U00020000局"], "\U00020000"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_done_is_one_line(run: Run, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.pdf").mkdir()
    (tmp_path / "plain.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    words, says = BAD[case]
    status, out, err = run(*words)
    lines = [line for line in err.splitlines() if not line[0].isdigit()]  # the book's progress is not an error
    assert (status, out, len(lines)) == (2, "", 1)
    assert says in lines[0]
    left = {file for file in tmp_path.rglob("*") if file.is_file()}
    assert not {file for file in left if file.stem == "a" or file.suffix == ".part"}


def test_a_book_without_a_place_is_refused_before_it_is_drawn(run: Run, tmp_path: Path) -> None:
    status, _, err = run("book", "--out", tmp_path / "nowhere" / "a.pdf")
    assert (status, len(err.splitlines())) == (2, 1)


def test_sites_are_drawn_and_said_not_to_be_in_the_recipe(run: Run, tmp_path: Path, toyland: Opened) -> None:
    out, sites = tmp_path / "a.pdf", tmp_path / "sites.csv"
    place = toyland.plan.layers["district"].features.to_crs(4326).geometry.iloc[0]
    at = place.representative_point()
    sites.write_text(f"名称,经度,纬度\n甲厂,{at.x:.5f},{at.y:.5f}\n", "utf-8")
    assert run("figure", "--out", out, "--sites", sites)[0] == 0
    with pypdfium2.PdfDocument(out) as document:
        text = "".join(document[0].get_textpage().get_text_range().split())
    assert "甲厂" in text
    assert say("zh", "figure.sites") in text


def test_a_draft_is_let_through(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    words = ("figure", "--out", out, "--edition", "public", "--draft")
    assert run(*words)[0] == 0
    with pypdfium2.PdfDocument(out) as document:
        assert "草稿" in document[0].get_textpage().get_text_range()


def test_the_book_tells_how_far_it_is(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "book.pdf"
    status, said, err = run("book", "--out", out, "--towns", "--paper", "A4", "--json")
    assert status == 0, err
    lines = err.splitlines()
    total = int(lines[0].partition("/")[2].split()[0])
    assert [line.split()[0] for line in lines] == [f"{n}/{total}" for n in range(total + 1)]
    [row] = json.loads(said)
    with pypdfium2.PdfDocument(out) as document:
        assert row["pages"] == str(len(document))
    again = json.loads(run("book", "--out", out, "--towns", "--paper", "A4", "--json")[1])[0]
    assert (again["drawn"], again["reused"]) == ("0", str(total))
    fresh = json.loads(run("book", "--out", out, "--towns", "--paper", "A4", "--json", "--fresh")[1])[0]
    assert fresh["drawn"] == str(total)
