"""One sheet as one file: nothing is loaded from anywhere, and no word of the data is taken for markup."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from atlas.webmap import WebMap
from atlas.webpage import draw_shell, leaflet_folder, page, save_page, shell_parts, standalone
from layers import PlanError
from tests.conftest import Opened

LOADING = {"src", "href", "srcset", "data", "poster", "action", "background", "manifest", "formaction"}


class Reader(HTMLParser):
    """What a browser would see: the tags, what they load, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{tag} {name}={value}" for name, value in attrs if name in LOADING]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts.append(data)
        elif self.tags and self.tags[-1] == "style":
            self.styles.append(data)


def seen(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def without_leaflet(text: str) -> str:
    """Return a page without the library that it carries."""
    for name in ("leaflet.js", "leaflet.css"):
        library = (leaflet_folder() / name).read_text("utf-8")
        assert library in text
        text = text.replace(library, "")
    return text


def texts(district: Opened) -> dict[str, str]:
    web = WebMap(district.plan, district.atlas)
    return {sheet.id: page(web, sheet) for sheet in list(district.atlas.sheets.values())[:3]}


def test_a_page_loads_nothing(district: Opened) -> None:
    """Neither script nor style nor picture nor font comes from outside the file."""
    for text in texts(district).values():
        reader = seen(text)
        assert reader.loads == []
        assert {"iframe", "link", "object", "embed", "base", "img"}.isdisjoint(reader.tags)
        for style in reader.styles:
            assert "@import" not in style
            assert [url for url in re.findall(r"url\(([^)]*)\)", style) if re.search("//|https?:", url)] == []


def test_the_only_addresses_are_basemaps_and_namespaces(district: Opened) -> None:
    """A template of tiles is data, used when the reader asks for it; credits and namespaces load nothing."""
    for text in texts(district).values():
        hosts = set(re.findall(r"https?://([\w.{}-]+)", without_leaflet(text)))
        assert hosts <= {"tile.openstreetmap.org", "www.w3.org"}, hosts


def test_words_of_the_data_are_never_markup(toyland: Opened) -> None:
    """Toyland's names, notes and phrases hold tags; the page holds them as text."""
    for text in texts(toyland).values():
        reader = seen(text)
        assert reader.tags.count("script") == 5  # Leaflet, surfaces, the client and its part for sites, the document
        assert {"b", "i", "img"}.isdisjoint(reader.tags)
        for tag in ("<b>HTML", "<script>alert", "</script><script>a", "<img src=x", "<i>走向"):
            assert tag not in text


def test_the_words_arrive_unchanged(toyland: Opened) -> None:
    """What is escaped for the page is the same text for the reader."""
    text = texts(toyland)["all"]
    found = re.search(r"atlasMap\.update\((\{.*\})\);", text)
    assert found
    document = json.loads(found.group(1))
    names = [feature["name"] for layer in document["layers"] for feature in layer["features"]]
    assert "丙桥镇<b>HTML</b>&" in names
    assert document["sheet"] == "all"


@pytest.mark.parametrize(
    "sign", ["\u2028", "\u2029", "</script>", "<!--", "]]>", "{{ 7 * 7 }}", "{% raw %}", "\\", '"']
)
def test_no_sign_breaks_the_script(sign: str) -> None:
    """Line ends of Unicode, the end of a script, and those that a template engine would take for orders."""
    document = {"lang": "zh-CN", "title": sign, "subtitle": ""}
    found = re.search(r"atlasMap\.update\((\{.*\})\);", standalone(document))
    assert found
    assert json.loads(found.group(1)) == document
    assert not re.search("[\u2028\u2029]|</|<!", found.group(1))


def test_the_title_is_text(toyland: Opened) -> None:
    assert "<title>玩具区 空间结构图</title>" in texts(toyland)["structure"]


def test_the_shell_brings_no_scripts_of_its_own() -> None:
    """The page folium makes would load ten files from the network; ours carries Leaflet itself."""
    html, script = shell_parts(draw_shell())
    assert "http" not in html
    assert "http" not in script
    assert "update(" not in script


def test_a_page_is_written_whole_or_not_at_all(toyland: Opened, tmp_path: Path) -> None:
    web, sheet = WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet()
    out = tmp_path / "地图.html"
    save_page(web, sheet, out)
    # folium gives its elements new ids each time.
    assert masked(out.read_text("utf-8")) == masked(page(web, sheet))
    assert [file.name for file in tmp_path.iterdir()] == ["地图.html"]
    before = out.read_bytes()
    out.chmod(0o644)
    save_page(web, sheet, out)
    assert len(out.read_bytes()) == len(before)


def masked(text: str) -> str:
    return re.sub("[0-9a-f]{32}", "ID", text)


@pytest.mark.parametrize(
    "out",
    ["missing/map.html", "file/map.html", "folder", ".", "..", "", "x" * 300 + ".html", "folder/"],
)
def test_where_nothing_can_be_written_one_line_says_so(
    toyland: Opened, tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder, a file in place of one, a folder in place of a file, a name too long: nothing is left behind."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as caught:
        save_page(WebMap(toyland.plan, toyland.atlas), toyland.atlas.sheet(), Path(out))
    [finding] = caught.value.findings
    assert len(finding.line().splitlines()) == 1
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "folder"]
    assert not [file for file in tmp_path.parent.iterdir() if file.name.endswith(".part")]
