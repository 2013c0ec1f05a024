"""A planner's own sites in Chromium: from a spreadsheet to the report, drawn by hand, kept, and nobody else's business."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from docx import Document
from playwright.sync_api import Page, expect

from tests.browser.conftest import Screen, words
from tests.browser.test_accessibility import faults
from tests.conftest import Opened

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=alert(1)>乙厂"
HEAD = ("项目名称", "类别", "经度", "纬度", "总投资(万元)", "建设内容")


def spreadsheet(folder: Path, name: str, rows: list[tuple[Any, ...]]) -> Path:
    """Write a project list as an office would have it."""
    file = folder / name
    with xlsxwriter.Workbook(str(file), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([HEAD, *rows]):
            sheet.write_row(line, 0, row)
    return file


@pytest.fixture
def project_list(tmp_path: Path, toyland: Opened) -> Path:
    """Return a project list in the middle of toyland; one name is markup, one is a formula."""
    x, y = middle(toyland)
    rows = [
        ("甲厂", "工业", x, y, 1200, "厂房"),
        (MARKUP, "农业", x + 0.02, y + 0.01, 300, "大棚"),
        ("=1+1", "工业", x - 0.02, y - 0.01, 50, ""),
        ("无坐标", "水利", "", "", 10, ""),
    ]
    return spreadsheet(tmp_path, "年度清单.xlsx", rows)


def middle(district: Opened) -> tuple[float, float]:
    """Return longitude and latitude of the middle of a district, rounded as lists have them."""
    point = district.plan.layers["district"].features.to_crs(4326).geometry.iloc[0].representative_point()
    return round(point.x, 4), round(point.y, 4)


def open_sites(screen: Screen) -> Screen:
    """Open the project page and wait for its map."""
    screen.open("sites")
    screen.wait_for_map()
    return screen


def upload(screen: Screen, file: Path, count: int) -> None:
    """Upload a file and wait until that many sites are on the map."""
    screen.page.locator(".st-key-sites_upload input[type=file]").set_input_files(file)
    screen.map_is(f"{OWN}.length === {count}")
    screen.rest()


OWN = "items.filter(item => item.layer.spec.own)"


def own(screen: Screen) -> list[str]:
    """Return the names of the sites on the map."""
    names: list[str] = screen.ask(f"atlas.{OWN}.map(item => item.feature.name)")
    return names


def tool(screen: Screen, name: str) -> None:
    """Take up one of the drawing tools."""
    screen.map.get_by_role("button", name=words(f"map.draw_{name}"), exact=True).click()


def at(screen: Screen, x: float, y: float) -> tuple[float, float]:
    """Return where on the page a part of the map lies: 0 to 1 from the left, and from the top."""
    box = screen.frame_element.bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def tab(screen: Screen, name: str) -> None:
    """Go to a tab of the results."""
    screen.side.get_by_role("tab", name=words(f"sites.tab_{name}"), exact=True).click()
    screen.rest()


def press(page: Page, label: str) -> None:
    """Press the button of a label."""
    page.get_by_role("button", name=label, exact=True).click()


def test_from_a_spreadsheet_to_the_report(toy_screen: Screen, project_list: Path) -> None:
    screen = open_sites(toy_screen)
    expect(screen.side).to_contain_text(words("sites.intro"))
    upload(screen, project_list, 3)
    assert own(screen) == ["甲厂", MARKUP, "=1+1"]
    assert screen.page.locator("img[src='x']").count() == screen.map.locator("img[src='x']").count() == 0
    expect(screen.side).to_contain_text(words("screening.first_screening"))

    # What the reader made of it: the row without a position is named.
    tab(screen, "reading")
    expect(screen.side.get_by_role("row").filter(has_text="无坐标")).to_be_visible()

    # A row of the table leads to the site and its card.
    tab(screen, "results")
    before = screen.ask("atlas.map.getZoom()")
    box = screen.side.locator('[data-testid="stDataFrame"]').first.bounding_box()
    assert box
    screen.page.mouse.click(box["x"] + 18, box["y"] + 54)
    screen.map_is("selected !== null")
    chosen = screen.ask("atlas.item(atlas.selected).feature.name")
    screen.map_is(f"map.getZoom() > {before}")
    expect(screen.side.get_by_role("heading", name=chosen, exact=True)).to_be_visible()
    screen.wait_for_query(site=screen.ask("atlas.selected").removeprefix("site:"))

    # Its name is text in the card as well.
    press_in_map(screen, "home")
    screen.map_is("frame === null")
    screen.click(screen.ask("atlas.items.find(item => item.feature.name === arg).id", MARKUP))
    expect(screen.side.get_by_role("heading", name=MARKUP, exact=True)).to_be_visible()

    tab(screen, "export")
    press(screen.page, words("sites.make_report"))
    ready = screen.page.get_by_role("button", name=re.compile(re.escape(words("sites.download_report", mb="")[:9])))
    expect(ready).to_be_visible()
    with screen.page.expect_download() as download:
        ready.click()
    assert download.value.suggested_filename == "年度清单.docx"
    document = Document(str(download.value.path()))
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    text += "\n".join(cell.text for table in document.tables for cell in table._cells)
    for part in ("甲厂", MARKUP, "=1+1", words("screening.first_screening"), words("report.part_conclusion")):
        assert part in text
    assert document.inline_shapes


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "zip"])
def test_the_results_are_handed_over(toy_screen: Screen, project_list: Path, suffix: str) -> None:
    screen = open_sites(toy_screen)
    upload(screen, project_list, 3)
    tab(screen, "export")
    with screen.page.expect_download() as download:
        press(screen.page, words(f"sites.file_{suffix}"))
    content = Path(str(download.value.path())).read_bytes()
    assert content
    if suffix == "csv":
        cells = re.split("[,\r\n]", content.decode("utf-8-sig"))
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]


def test_points_and_areas_are_drawn_moved_undone_and_deleted(toy_screen: Screen) -> None:
    screen = open_sites(toy_screen)
    mouse = screen.page.mouse
    tool(screen, "point")
    mouse.click(*at(screen, 0.4, 0.5))
    screen.map_is(f"{OWN}.length === 1")
    screen.rest()
    name = words("sites.drawn_name", n=1)
    expect(screen.side.get_by_role("heading", name=name, exact=True)).to_be_visible()

    tool(screen, "area")
    for x, y in ((0.42, 0.6), (0.5, 0.6), (0.5, 0.7)):
        mouse.click(*at(screen, x, y))
        screen.page.wait_for_timeout(350)  # slower than a double click
    press_in_map(screen, "draw_finish")
    screen.map_is(f"{OWN}.length === 2")
    screen.rest()
    assert screen.ask(f"atlas.{OWN}.map(item => item.kind).sort()") == ["area", "point"]

    # The area is selected, so it can be moved.
    centre = "(({lat, lng}) => [lat, lng])(atlas.item(atlas.selected).object.getBounds().getCenter())"
    start = screen.ask(centre)
    tool(screen, "move")
    mouse.click(*at(screen, 0.45, 0.35))
    screen.map_is(f"item(window.atlasMap.selected).object.getBounds().getCenter().lat > {start[0]} + 1e-4")
    screen.rest()
    press(screen.page, words("sites.undo"))
    screen.map_is(f"item(window.atlasMap.selected).object.getBounds().getCenter().lat < {start[0]} + 1e-6")
    screen.rest()
    press(screen.page, words("sites.delete"))
    screen.map_is(f"{OWN}.length === 1")
    screen.rest()
    press(screen.page, words("sites.undo"))
    screen.map_is(f"{OWN}.length === 2")


def press_in_map(screen: Screen, key: str) -> None:
    """Press a button of the map by its word."""
    screen.map.get_by_role("button", name=words(f"map.{key}"), exact=True).click()


def test_drawing_needs_no_mouse(toy_screen: Screen) -> None:
    screen = open_sites(toy_screen)
    keys = screen.page.keyboard
    screen.map.get_by_role("button", name=words("map.draw_line"), exact=True).focus()
    keys.press("Enter")
    keys.press("Space")
    for _ in range(3):
        keys.press("ArrowRight")
    screen.page.wait_for_timeout(400)
    keys.press("Enter")  # one point is no line
    expect(screen.map.get_by_role("status").filter(has_text=words("map.too_few", n=2))).to_be_visible()
    keys.press("Space")
    keys.press("Enter")
    screen.map_is(f"{OWN}.length === 1")
    screen.rest()
    assert screen.ask(f"atlas.{OWN}[0].kind") == "line"

    screen.map.get_by_role("button", name=words("map.draw_point"), exact=True).focus()
    keys.press("Enter")
    keys.press("Escape")
    expect(screen.map.locator(".atlas-drawbar")).to_be_hidden()
    assert len(own(screen)) == 1


def test_what_is_saved_stays_and_what_is_not_is_one_windows_own(
    open_screen: Callable[..., Screen], toy_server: str, project_list: Path
) -> None:
    mine = open_sites(open_screen(toy_server))
    upload(mine, project_list, 3)
    other = open_sites(open_screen(toy_server))
    assert own(other) == []
    expect(other.page.locator('[data-testid="stSidebar"]')).not_to_contain_text("年度清单")

    # A reload of the window that has not saved loses nothing.
    mine.page.reload()
    mine.wait_for_map()
    mine.map_is(f"{OWN}.length === 3")
    chosen = mine.page.get_by_role("combobox", name=words("sites.set"), exact=True)
    expect(chosen).to_have_value(words("sites.unsaved", name="年度清单"))
    press(mine.page, words("sites.save"))
    expect(mine.page.get_by_role("button", name=words("sites.save"), exact=True)).to_be_disabled()
    mine.rest()

    # Now everybody has it.
    other.page.reload()
    other.wait_for_map()
    other.page.get_by_role("combobox", name=words("sites.set"), exact=True).click()
    other.page.get_by_role("option", name="年度清单").first.click()
    other.map_is(f"{OWN}.length === 3")
    other.rest()

    # It lies over the plan on the map page too, and a click there leads back to its results.
    other.page.get_by_role("link", name=words("app.page_map"), exact=True).click()
    other.page.wait_for_url(re.compile("sheet="))
    other.rest()
    other.wait_for_map("all")
    other.map_is(f"{OWN}.length === 3")
    other.ask("atlas.select('site:' + arg, true)", other.ask(f"atlas.{OWN}[0].id").removeprefix("site:"))
    other.side.get_by_role("link", name=words("sites.see_results")).click()
    expect(other.side.get_by_role("heading", name="甲厂", exact=True)).to_be_visible()


def test_a_pasted_table_is_read(toy_screen: Screen, toyland: Opened) -> None:
    x, y = middle(toyland)
    screen = open_sites(toy_screen)
    screen.page.locator('[data-testid="stExpander"]').get_by_text(words("sites.paste")).first.click()
    area = screen.page.get_by_role("textbox", name=words("sites.paste"))
    area.fill(f"项目名称\t经度\t纬度\n丙站\t{x}\t{y}\n")
    area.press("Tab")
    press(screen.page, words("sites.paste_read"))
    screen.map_is(f"{OWN}.length === 1")
    assert own(screen) == ["丙站"]


def test_a_file_that_cannot_be_read_is_said_in_plain_words(toy_screen: Screen, tmp_path: Path) -> None:
    bad = tmp_path / "坏.xlsx"
    bad.write_bytes(b"PK\x03\x04 no more")
    screen = open_sites(toy_screen)
    screen.page.locator(".st-key-sites_upload input[type=file]").set_input_files(bad)
    expect(screen.side.get_by_text(words("sites.trouble"))).to_be_visible()
    expect(screen.side).to_contain_text("坏.xlsx")
    expect(screen.page.get_by_text("Traceback")).to_have_count(0)


def test_many_points_are_joined_and_come_apart(toy_screen: Screen, tmp_path: Path, toyland: Opened) -> None:
    x, y = middle(toyland)
    rows = [(f"点{n}", "工业", x + n % 9 * 0.001, y + n // 9 * 0.001, 10, "") for n in range(81)]
    screen = open_sites(toy_screen)
    upload(screen, spreadsheet(tmp_path, "许多.xlsx", rows), 81)
    screen.map_is("frame === null")
    marks = screen.map.locator(".atlas-cluster")
    expect(marks.first).to_be_visible()
    counted = sum(int(text) for text in marks.all_inner_texts())
    alone = screen.ask(f"atlas.{OWN}.filter(item => !item.away).length")
    assert counted + alone == 81
    before = screen.ask("atlas.map.getZoom()")
    marks.first.click()
    screen.map_is(f"map.getZoom() > {before}")


def test_nothing_on_the_page_is_hard_to_use(toy_screen: Screen, project_list: Path) -> None:
    screen = open_sites(toy_screen)
    assert not faults(screen.page)
    upload(screen, project_list, 3)
    screen.click(screen.ask(f"atlas.{OWN}[0].id"))
    expect(screen.side.get_by_role("heading", name="甲厂", exact=True)).to_be_visible()
    tool(screen, "area")
    assert not faults(screen.map)
    press_in_map(screen, "draw_cancel")
    for name in ("results", "reading", "edit", "controls", "export"):
        tab(screen, name)
        assert not faults(screen.page), name
