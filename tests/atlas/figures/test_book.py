"""The book: every sheet and town in it, pages found by their numbers, and nothing drawn twice."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from atlas.figures import book as books
from atlas.figures import cache
from atlas.figures.bookends import _order
from atlas.figures.cache import Store
from atlas.figures.compose import compose
from atlas.figures.model import Figure
from atlas.figures.recipe import Paper, Recipe
from atlas.figures.surfaces import Surface
from atlas.figures.towns import town_text, towns
from atlas.sheets import Atlas
from layers import Finding, Plan, PlanError
from tests.conftest import Opened, opened


def recipe(id_: str = "toyland", paper: Paper = "A4") -> Recipe:
    return Recipe(id_, "", paper=paper, compiled="2026-11-25", compiler="测试局")


def made(
    out: Path, district: Opened, cache_: Path | None = None, *, with_towns: bool = True, **values: str
) -> books.Made:
    wanted = replace(recipe(district.plan.district.id), **values)  # type: ignore[arg-type]  # words of the recipe
    return books.book(district.plan, district.atlas, wanted, out, with_towns=with_towns, cache=cache_)


def texts(file: Path) -> list[str]:
    with pypdfium2.PdfDocument(file) as document:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a book of toyland, and in it the cache it left."""
    folder = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATLAS_BUNDLED_FONTS", "1")
        made(folder / "book.pdf", opened("toyland"), folder / "cache")
    return folder


def test_everything_is_in_it(kept: Path, toyland: Opened) -> None:
    pages = texts(kept / "book.pdf")
    with pypdfium2.PdfDocument(kept / "book.pdf") as document:
        titles = [bookmark.get_title() for bookmark in document.get_toc()]
        assert document.get_metadata_dict()["Title"] == pages[0][: len(document.get_metadata_dict()["Title"])]
    for sheet in toyland.atlas.sheets.values():
        assert any(title.endswith(sheet.title.zh) for title in titles)
    for town in towns(toyland.plan):
        assert any(title.endswith(town.name) for title in titles)
    assert len(titles) == len(set(titles))
    everything = "".join(pages)
    for statement in toyland.plan.statements.values():
        assert "".join(statement.phrase.split()) in everything
    for source in toyland.plan.sources.values():
        assert "".join(source.title.split()) in everything


def test_contents_and_bookmarks_lead_to_the_pages(kept: Path, toyland: Opened) -> None:
    pages = texts(kept / "book.pdf")
    with pypdfium2.PdfDocument(kept / "book.pdf") as document:
        found = {mark.get_title(): mark.get_dest().get_index() for mark in document.get_toc() if mark.get_dest()}
    contents = pages[1]
    for sheet in toyland.atlas.sheets.values():
        [(_, page)] = [(title, page) for title, page in found.items() if title.endswith(sheet.title.zh)]
        assert f"{''.join(sheet.title.zh.split())}{page + 1}" in contents
        assert f"第{page + 1}页,共{len(pages)}页" in pages[page]


def test_the_contents_of_a_whole_atlas_stand_on_one_page(bazhou: Opened, tmp_path: Path) -> None:
    """On the smallest paper, in the language of longer titles; towns stand in a column of their own."""
    made(tmp_path / "book.pdf", bazhou, with_towns=False, language="en")
    [_, contents, first, *_] = texts(tmp_path / "book.pdf")
    *_, last = bazhou.atlas.sheets.values()
    assert "".join(last.title.en.split()) in contents
    assert "".join(bazhou.atlas.sheet().title.en.split()) in first


def test_names_are_indexed_with_their_pages(kept: Path) -> None:
    pages = texts(kept / "book.pdf")
    number = next(n for n, text in enumerate(pages) if text.startswith("地名与要素索引"))
    entries = re.findall(r"([一-鿿]+)((?:\d+(?:–\d+)?,?)+)", pages[number])
    assert entries
    for name, runs in entries:
        for run in filter(None, runs.split(",")):
            first, _, last = run.partition("–")
            for page in range(int(first), int(last or first) + 1):
                assert name in pages[page - 1], (name, page)


def test_page_numbers_are_on_every_page_but_the_cover(kept: Path) -> None:
    first, *pages = texts(kept / "book.pdf")
    assert "第1页" not in first
    for number, text in enumerate(pages, 2):
        assert f"第{number}页,共{len(pages) + 1}页" in text


def test_nothing_changed_means_nothing_drawn(kept: Path, toyland: Opened, tmp_path: Path) -> None:
    again = made(tmp_path / "again.pdf", toyland, kept / "cache")
    assert again.drawn == 0
    assert (tmp_path / "again.pdf").read_bytes() == (kept / "book.pdf").read_bytes()


def test_a_book_from_kept_pages_is_the_same(kept: Path, toyland: Opened, tmp_path: Path) -> None:
    """Without the finished book, and with one page spoiled: what is whole is used, the rest made again."""
    folder = tmp_path / "cache"
    folder.mkdir()
    pages = sorted(file for file in (kept / "cache").glob("*.json") if b'"svg"' in file.read_bytes())
    for file in pages[1:]:
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / pages[0].name).write_bytes(pages[0].read_bytes()[:-100])
    again = made(tmp_path / "again.pdf", toyland, folder)
    assert (again.drawn, again.reused) == (1, len(pages) - 1)
    assert (tmp_path / "again.pdf").read_bytes() == (kept / "book.pdf").read_bytes()


def test_one_sheet_changed_means_one_sheet_drawn(kept: Path, toyland: Opened, tmp_path: Path) -> None:
    sheets = dict(toyland.atlas.sheets)
    sheets["structure"] = replace(sheets["structure"], margin_km=sheets["structure"].margin_km + 1)
    changed = replace(toyland, atlas=replace(toyland.atlas, sheets=sheets))
    # The whole book's key is that of the data's files, which a change in memory leaves as it is.
    changed = replace(changed, plan=replace(toyland.plan, fingerprint="other"))
    assert made(tmp_path / "again.pdf", changed, kept / "cache").drawn == 1


@pytest.mark.parametrize("values", [{"theme": "accessible"}, {"compiler": "别的局"}, {"language": "en"}])
def test_another_recipe_is_drawn_anew(kept: Path, toyland: Opened, tmp_path: Path, values: dict[str, str]) -> None:
    again = made(tmp_path / "again.pdf", toyland, kept / "cache", with_towns=False, **values)
    assert (again.drawn, again.reused) == (len(toyland.atlas.sheets), 0)


def test_what_a_page_shows_is_in_its_key(toyland: Opened) -> None:
    layer = toyland.plan.layers["road"]
    moved = replace(layer.rows[0], geometry=layer.rows[0].geometry.buffer(0).union(layer.rows[0].geometry.centroid))
    renamed = replace(layer.rows[0], name="改名")
    keys = {cache.content(replace(layer, rows=(row, *layer.rows[1:]))) for row in (layer.rows[0], moved, renamed)}
    assert len(keys) == 3


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file")
    store.keep_page("key", {})
    store.tidy()
    assert store.page("key") is None


def test_the_cache_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_KEPT", 3)
    store = Store(tmp_path)
    for number in range(5):
        store.keep_page(f"key-{number}", {"n": number})
    store.tidy()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_page_that_the_linter_stops_stops_the_book(
    toyland: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise PlanError([Finding("not_set", "map", {"detail": "X"})])

    monkeypatch.setattr(books, "stop_on", stop)
    with pytest.raises(PlanError, match=toyland.atlas.sheet().title.zh[:3]):
        made(tmp_path / "book.pdf", toyland)
    assert list(tmp_path.iterdir()) == []


def test_a_town_is_told_what_the_plan_says_of_it(bazhou: Opened) -> None:
    """Every town has its tier, its zone and its derived position; what is quoted stands in the register."""
    phrases = {s.phrase for s in bazhou.plan.statements.values()}
    every = towns(bazhou.plan)
    assert len(every) == len(bazhou.plan.layers["town"].rows)
    for town in every:
        told = town_text(bazhou.plan, town, "zh")
        assert len(told.facts) == 3
        assert told.rows
        for _, _, says, _ in told.rows:
            assert all(phrase in phrases for phrase in says.split(";") if phrase)
        assert len(told.mentions) == len(set(told.mentions))


def test_chinese_is_sorted_by_sound() -> None:
    assert sorted(["清江", "白庙", "大和", "A1", "枣林"], key=_order) == ["A1", "白庙", "大和", "清江", "枣林"]


def test_a_map_does_with_fewer_layers_where_its_legend_finds_no_room(
    toyland: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A town's map shows every point and line, unless the page cannot name them all; a sheet's is never cut."""
    seen: list[int] = []

    def full(plan: Plan, atlas: Atlas, recipe: Recipe, **options: Any) -> Figure:  # noqa: ANN401 - as compose has it
        seen.append(sum(layer.on for layer in atlas.sheet(recipe.sheet).layers))
        if len(seen) == 1:
            raise PlanError([Finding("legend_too_long", "figure", {"count": 99, "paper": "A4"})])
        return compose(plan, atlas, recipe, **options)

    monkeypatch.setattr(books, "compose", full)
    [first, *_] = books._towns(toyland.plan, toyland.atlas, recipe())
    spare = tuple(replace(layer, on=layer.on and layer.kind != "culture") for layer in first.sheet.layers)
    assert books._draw(replace(first, fewer=spare), toyland.plan, toyland.atlas, Surface())["svg"]
    assert seen[1] < seen[0]
    seen.clear()
    [sheet, *_] = books._sheets(toyland.atlas, recipe())
    with pytest.raises(PlanError, match="99"):
        books._draw(sheet, toyland.plan, toyland.atlas, Surface())
