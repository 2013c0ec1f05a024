"""The app's pages, run without a browser: every sheet and page of both districts, and what each choice leads to."""

import html
import json
import re
import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from atlas.cards import card, target_value
from atlas.locations import APP
from atlas.ui import PAGES
from atlas.words import LANGUAGES, certainty, say
from layers import Feature
from layers.errors import Language
from layers.records import STATES
from tests.conftest import DISTRICTS, Draft, Fault, Opened

OTHERS: Final = [page for page in PAGES if page != "map"]


class App:
    """
    The app as a planner's browser would run it.

    Parameters
    ----------
    geodata
        What ``serve --geodata`` would name.
    page
        One of `PAGES`.
    query
        The view, as the address line has it.
    """

    def __init__(self, page: str = "map", **query: str) -> None:
        self.test = AppTest.from_file(str(APP), default_timeout=60)
        self.test.query_params.update(query)
        self.test.run()
        if page != "map":
            self.go(page)
            self.test.query_params.update(query)
            self.run()

    def run(self) -> "App":
        """Run once more, as after a click; nothing may go wrong."""
        self.test.run()
        assert not self.test.exception, [error.value for error in self.test.exception]
        return self

    def go(self, page: str) -> "App":
        """Go to another page."""
        self.test.switch_page(f"atlas/pages/{page}.py")
        return self.run()

    @property
    def query(self) -> dict[str, str]:
        """The view, as the address line has it."""
        return dict(self.test.query_params)

    @property
    def text(self) -> str:
        """All text on the page outside of tables and charts."""
        bodies = [
            re.sub(r"<style.*?</style>|<[^>]*>", " ", element.proto.body, flags=re.DOTALL) for element in self._html()
        ]
        test = self.test
        others = [*test.markdown, *test.caption, *test.info, *test.warning, *test.error, *test.toast]
        return plain(html.unescape(" ".join([*bodies, *(str(part.value) for part in others)])))

    @property
    def markup(self) -> str:
        """All HTML that the pages write themselves."""
        return "\n".join(element.proto.body for element in self._html())

    def _html(self) -> list[Any]:
        return [element for element in self.test.get("html") if "<style" not in element.proto.body[:10]]

    @property
    def maps(self) -> list[dict[str, Any]]:
        """The documents handed to the map; at most one."""
        return [json.loads(json.loads(part.proto.json_args)["spec"]) for part in self.test.get("component_instance")]

    @property
    def map(self) -> dict[str, Any]:
        """The document handed to the map."""
        [document] = self.maps
        return document

    @property
    def links(self) -> list[Any]:
        """Links to other pages."""
        return [link.proto for link in self.test.get("page_link")]

    def widget(self, key: str) -> Any:  # noqa: ANN401 - whichever kind of widget asks for it
        """Return a choice by its key, whether it is a list, a row of buttons or a field."""
        kinds = ("radio", "segmented_control", "pills", "selectbox", "multiselect", "text_input")
        [found] = [part for kind in kinds for part in getattr(self.test, kind) if part.key == key]
        return found

    def choose(self, key: str, value: object) -> "App":
        """Make a choice."""
        self.widget(key).set_value(value)
        return self.run()

    def press(self, label: str) -> "App":
        """Press the button of a label."""
        [button] = [button for button in self.test.button if button.label == label]
        button.click()
        return self.run()

    def column(self, number: int) -> list[Any]:
        """Return a column of the page's first table."""
        frame = self.test.dataframe[0].value
        return list(frame.iloc[:, number])


@pytest.fixture(autouse=True)
def _district(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Serve what the test asks for: a draft, one of the districts, or else the one that ships; nothing is kept yet."""
    monkeypatch.setenv("ATLAS_WORKSPACE", str(tmp_path / "workspace"))
    names = request.fixturenames
    wanted = [request.getfixturevalue(name) for name in ("draft", "district", "toyland", "bazhou") if name in names]
    if wanted:
        # Both test districts lie in folders of their own, so that each is the first of its folder.
        monkeypatch.setenv("ATLAS_GEODATA", str(wanted[0].root))


def plain(text: str) -> str:
    """Return text as a browser shows it, with single spaces."""
    return " ".join(text.split())


def words(key: str, language: Language = "zh", **values: object) -> str:
    """Return words of the interface as text on a page."""
    return plain(say(language, key, **values))


# ---- everything runs


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_runs(district: Opened, language: Language) -> None:
    """Each shows its map, its note, what it leaves open, its numbers, and its features as a table."""
    app = App(lang=language)
    app.test.session_state["side_tab"] = words("app.table_twin", language)
    for sheet in district.atlas.sheets.values():
        app.test.query_params["sheet"] = sheet.id
        app.run()
        assert app.query == {"lang": language, "sheet": sheet.id}
        assert [button.key for button in app.test.button if button.proto.type == "primary"] == [f"sheet-{sheet.id}"]
        shown, text = app.map, app.text
        assert (shown["sheet"], shown["title"]) == (sheet.id, sheet.title.in_(language))
        assert [layer["id"] for layer in shown["layers"]] == [layer.id for layer in sheet.layers]
        assert shown["lang"] == {"zh": "zh-CN", "en": "en"}[language]
        unplaced = [s for s in district.plan.statements.values() if s.state == "unlocated" and s.kind in sheet.about]
        numbers = [target for target in district.plan.targets.values() if target.topic in sheet.topics]
        for part in (
            sheet.title.in_(language),
            plain(sheet.note.in_(language)),
            words("app.no_selection", language),
            f"{words('app.left_open', language)} ({len(unplaced)})",
            *(plain(f"{statement.name} {statement.reason}") for statement in unplaced),
            *(f"{target.indicator.in_(language)} {target_value(target, language)}" for target in numbers),
        ):
            assert part in text, sheet.id
        names = [feature["name"] for layer in shown["layers"] for feature in layer["features"]]
        assert sorted(app.column(0)) == sorted(filter(None, names)), sheet.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", OTHERS)
def test_every_other_page_runs(district: Opened, page: str, language: Language) -> None:
    app = App(page, lang=language)
    assert words(f"app.page_{page}", language) in app.text
    assert words(f"{page}.intro", language) in app.text
    assert len(app.maps) == (page == "sites")
    assert district.plan.district.name.in_(language)


def test_a_language_that_is_not_spoken_counts_as_chinese(toyland: Opened) -> None:
    assert App(lang="fr").map["title"] == toyland.atlas.sheet().title.zh


def test_the_language_is_switched_in_place(toyland: Opened) -> None:
    app = App(sheet="structure", feature="core-old")
    app.choose("pick_language", "en")
    assert app.query == {"sheet": "structure", "feature": "core-old", "lang": "en"}
    assert app.map["title"] == toyland.atlas.sheet("structure").title.en
    # It stays on the way to another page.
    assert words("register.intro", "en") in app.go("register").text


# ---- sheets


def test_sheets_are_listed_in_their_groups(district: Opened) -> None:
    app = App()
    listed = [button.label for button in app.test.sidebar.button]
    assert listed == [sheet.title.zh for sheet in district.atlas.sheets.values()]
    groups = [
        district.atlas.groups[group].zh for group, _ in groupby(district.atlas.sheets.values(), lambda s: s.group)
    ]
    assert re.findall(r'<h2 class="atlas-group">(.*?)</h2>', app.markup) == groups


def test_a_sheet_is_chosen_by_its_button(district: Opened) -> None:
    first, *_, last = district.atlas.sheets.values()
    app = App()
    assert app.map["sheet"] == first.id
    app.press(last.title.zh)
    assert app.map["sheet"] == app.query["sheet"] == last.id


def test_another_sheet_closes_the_card(toyland: Opened) -> None:
    app = App(sheet="all", feature="core-old")
    app.press(toyland.atlas.sheet("structure").title.zh)
    assert app.map["selected"] is None
    assert "feature" not in app.query
    assert toyland.atlas.sheet("structure").title.zh in app.text


def test_switching_off_lasts_through_the_address(toyland: Opened) -> None:
    document = App(sheet="all", off="river,!farm_zone,nonsense").map
    assert {"river", "!farm_zone"} <= set(document["hidden"])
    assert len(document["layers"]) == len(toyland.atlas.sheet("all").layers)


# ---- features


def of_each_kind(district: Opened) -> list[Feature]:
    """Return the first feature of each kind, and every one that has an odd name or note."""
    layers = [layer for layer in district.plan.layers.values() if not layer.kind.backdrop]
    return [
        row for layer in layers for row in layer.rows if row is layer.rows[0] or set(row.name + row.note) & set("<>&")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feature_in_the_address_opens_its_card(district: Opened, language: Language) -> None:
    app = App(lang=language)
    plan = district.plan
    for feature in of_each_kind(district):
        app.test.query_params["feature"] = feature.id
        app.run()
        assert app.map["selected"] == app.query["feature"] == feature.id
        known = card(plan, feature, language)
        for part in (
            feature.name,
            known.subtitle,
            say(language, f"status.{feature.status}"),
            certainty(language, feature.basis, feature.sigma_m),
            plan.sources[feature.source].title,
            feature.note,
        ):
            assert plain(part) in app.text, feature.id
        assert re.search(r"±\d", certainty(language, feature.basis, feature.sigma_m))
        for id_ in feature.clauses:
            statement = plan.statements[id_]
            for part in (statement.phrase, statement.chapter, statement.section, statement.target, statement.reason):
                assert plain(part) in app.text, (feature.id, id_)
            assert [link.query_string for link in app.links] == [f"statement={id_}" for id_ in feature.clauses]
        if not feature.clauses:
            assert words("card.no_statement", language) in app.text


def test_a_card_leads_to_its_statements(toyland: Opened) -> None:
    app = App(sheet="all", feature="node-wu")
    [link] = app.links
    assert link.query_string == "statement=R002"
    assert link.label == f"{words('app.statement_link')} R002"
    assert toyland.plan.statements["R002"].phrase in app.text


def test_closing_the_card_brings_back_the_note(toyland: Opened) -> None:
    app = App(sheet="all", feature="core-old")
    app.press(words("app.close"))
    assert app.map["selected"] is None
    assert toyland.atlas.sheet("all").note.zh in app.text
    assert app.query == {"sheet": "all"}


def test_a_selected_feature_is_shown_even_if_its_layer_starts_hidden(toyland: Opened) -> None:
    feature = toyland.plan.layers["farm_zone"].rows[0]
    assert "!farm_zone" in App(sheet="all", feature=feature.id).map["hidden"]


def test_search_selects_a_feature_and_a_sheet_that_shows_it(district: Opened) -> None:
    for feature in of_each_kind(district)[::3]:
        app = App(sheet=list(district.atlas.sheets)[-1])
        fly = app.map["fly"]
        app.choose("found", feature.id)
        assert app.map["selected"] == app.query["feature"] == feature.id
        assert app.map["fly"] > fly
        sheet = district.atlas.sheet(app.query["sheet"])
        assert feature.kind in {layer.kind for layer in sheet.layers}
        assert plain(feature.name) in app.text


def test_what_the_search_offers_can_be_told_apart(district: Opened) -> None:
    options = App().widget("found").options
    assert len(options) == len(set(options)), sorted(o for o in options if options.count(o) > 1)
    assert len(options) == sum(not district.plan.layers[f.kind].kind.backdrop for f in district.plan.features())


# ---- links that are gone


def test_a_sheet_that_is_gone_leads_to_the_first_and_says_so(district: Opened) -> None:
    app = App(sheet="gone")
    assert app.map["sheet"] == next(iter(district.atlas.sheets))
    assert words("app.unknown_sheet") in app.text


def test_a_feature_that_is_gone_is_said(district: Opened) -> None:
    sheet = list(district.atlas.sheets)[-1]
    app = App(sheet=sheet, feature="gone")
    assert app.map["selected"] is None
    assert app.map["sheet"] == sheet
    assert words("app.unknown_feature") in app.text
    assert "feature" not in app.query


def test_a_statement_that_is_gone_leaves_the_register_usable(toyland: Opened) -> None:
    app = App("register", statement="gone")
    assert len(app.column(0)) == len(toyland.plan.statements)
    assert words("register.pick") in app.text


def test_a_district_that_is_gone_is_said(toyland: Opened) -> None:
    app = App(district="toylnd")
    assert not app.maps
    assert "toylnd" in app.text
    assert toyland.plan.district.id in app.text


# ---- the register


def test_the_register_counts_every_statement_once(district: Opened) -> None:
    statements = list(district.plan.statements.values())
    app = App("register")
    options = app.widget("state").options
    counts = {name: sum(s.state == name for s in statements) for name in STATES}
    assert options == [
        f"{words('register.all')} {len(statements)}",
        *(f"{words(f'register.{name}')} {count}" for name, count in counts.items()),
    ]
    assert sum(counts.values()) == len(statements)
    assert app.column(0) == [s.id for s in statements]
    assert words("register.count", shown=len(statements), total=len(statements)) in app.text


def test_the_register_is_filtered(district: Opened) -> None:
    statements = list(district.plan.statements.values())
    app = App("register")

    def check(wanted: Callable[[Any], bool]) -> None:
        ids = [s.id for s in statements if wanted(s)]
        assert ids
        assert app.column(0) == ids
        assert words("register.count", shown=len(ids), total=len(statements)) in app.text

    for name in STATES:
        app.choose("state", name)
        assert app.column(0) == [s.id for s in statements if s.state == name]
    app.choose("state", "")
    last = statements[-1]
    app.choose("chapter", last.chapter)
    check(lambda s: s.chapter == last.chapter)
    app.choose("kind", last.kind)
    check(lambda s: (s.chapter, s.kind) == (last.chapter, last.kind))
    app.choose("chapter", "").choose("kind", "").choose("words", f" {last.name} ")
    check(lambda s: last.name in f"{s.id} {s.name} {s.phrase} {s.target} {s.reason} {s.note}")


def test_a_filter_that_nothing_passes_says_what_to_do(toyland: Opened) -> None:
    app = App("register")
    app.choose("words", "不存在的字")
    assert not app.test.dataframe
    assert words("register.nothing") in app.text
    assert words("register.count", shown=0, total=len(toyland.plan.statements)) in app.text


def test_a_statement_in_the_address_opens_it(district: Opened) -> None:
    app = App("register")
    for name in STATES:
        statement = next(s for s in district.plan.statements.values() if s.state == name)
        app.test.query_params["statement"] = statement.id
        app.run()
        for part in (statement.name, statement.phrase, statement.chapter, statement.reason, statement.note):
            assert plain(part) in app.text
        links = [link for link in app.links if "feature=" in link.query_string]
        assert len(links) == len(statement.features)
        for link, id_ in zip(links, statement.features, strict=True):
            feature = district.plan.feature(id_)
            assert feature
            assert f"feature={id_}" in link.query_string
            sheet = re.search(r"sheet=([\w-]+)", link.query_string)
            assert sheet
            kinds = {layer.kind for layer in district.atlas.sheet(sheet[1]).layers}
            assert feature.kind in kinds


def test_every_unlocated_statement_says_why(district: Opened) -> None:
    app = App("register").choose("state", "unlocated")
    reasons = app.test.dataframe[0].value[words("register.reason")]
    assert len(reasons) == sum(s.state == "unlocated" for s in district.plan.statements.values())
    assert all(reasons)


# ---- targets and sources


def test_the_targets_page_holds_every_number(district: Opened) -> None:
    targets = list(district.plan.targets.values())
    frame = App("targets").test.dataframe[0].value
    assert list(frame[words("targets.indicator")]) == [t.indicator.zh for t in targets]
    assert list(frame[words("targets.value")]) == [target_value(t, "zh") for t in targets]
    assert list(frame[words("targets.year")]) == [t.year for t in targets]


def test_targets_are_filtered_by_topic(district: Opened) -> None:
    app = App("targets")
    topics = list(dict.fromkeys(t.topic for t in district.plan.targets.values()))
    for chosen in (topics[:1], topics[-2:]):
        app.choose("topics", chosen)
        wanted = [t.indicator.zh for t in district.plan.targets.values() if t.topic in chosen]
        assert list(app.test.dataframe[0].value[words("targets.indicator")]) == wanted
    app.choose("topics", [])
    assert len(app.test.dataframe[0].value) == len(district.plan.targets)


def test_the_sources_page_lists_sources_and_findings(district: Opened) -> None:
    text = App("sources").text
    for source in district.plan.sources.values():
        for part in (source.title, source.licence, source.note):
            assert plain(part) in text
    assert district.plan.fingerprint in text
    assert district.plan.crs.to_string() in text
    assert f"({len(district.found)})" in text
    for finding in district.found:
        assert plain(finding.what("zh")) in text


# ---- data that are wrong, that change, that are not there


FAULTS: Final = (
    Fault(
        "a key", lambda d: d.edit("district.toml", "outline =", "outlin ="), ("district.toml",), ("outlin", "outline")
    ),
    Fault("a place", lambda d: d.cell("elements.csv", "core-old", at="jja"), ("elements.csv", "core-old"), ("jja",)),
    Fault("a number", lambda d: d.cell("places.csv", "jia", lon="east"), ("places.csv", "jia"), ("east",)),
    Fault("a table", lambda d: d.write("register.csv", b"\xff\xfe\x00"), ("register.csv",)),
    Fault(
        "a sheet",
        lambda d: d.edit("sheets.toml", '"axis", "settlement"', '"axes", "settlement"'),
        ("sheets.toml",),
        ("axes",),
    ),
    Fault("syntax", lambda d: d.edit("sheets.toml", "[groups]", "[groups"), ("sheets.toml",)),
    Fault("a file", lambda d: (d.folder / "places.csv").unlink(), ("places.csv",)),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_faults_show_as_a_panel(draft: Draft, fault: Fault) -> None:
    fault.spoil(draft)
    errors = [finding for finding in draft.findings() if finding.level == "error"]
    assert fault.among(errors)
    app = App()
    assert words("app.data_problem") in app.text
    assert words("app.data_problem_hint") in app.text
    for finding in errors:
        for part in (finding.where, finding.what("zh"), finding.fix("zh")):
            assert plain(part) in app.text
    for part in (*fault.where, *fault.says):
        assert part in app.text
    assert not app.maps
    assert "Traceback" not in app.text
    assert words("app.reload") in [button.label for button in app.test.button]


@pytest.mark.parametrize("page", OTHERS)
def test_faults_show_on_every_page(draft: Draft, page: str) -> None:
    FAULTS[0].spoil(draft)
    app = App(page)
    assert words("app.data_problem") in app.text
    assert "outlin" in app.text
    assert not app.test.dataframe


def test_a_fault_speaks_english(draft: Draft) -> None:
    FAULTS[0].spoil(draft)
    text = App(lang="en").text
    assert words("app.data_problem", "en") in text
    assert any(finding.what("en") in text for finding in draft.findings())


def test_a_mended_fault_is_gone_after_reading_again(draft: Draft) -> None:
    good = draft.text("district.toml")
    FAULTS[0].spoil(draft)
    app = App(sheet="structure")
    draft.write("district.toml", good)
    app.press(words("app.reload"))
    assert app.map["sheet"] == "structure"
    assert words("app.data_problem") not in app.text


def test_markup_in_a_fault_is_text(draft: Draft) -> None:
    draft.cell("elements.csv", "core-old", at="<img/src=x/onerror=alert(1)>")
    app = App()
    assert "<img/src=x/onerror=alert(1)>" in app.text
    assert "<img" not in app.markup


def test_data_that_change_on_disk_show_at_the_next_run(draft: Draft) -> None:
    app = App(sheet="all", feature="culture-gate")
    layer = next(layer for layer in app.map["layers"] if layer["id"] == "culture")
    others = {layer["id"]: layer["hash"] for layer in app.map["layers"]}
    draft.cell("elements.csv", "culture-gate", name="西关门楼")
    app.run()
    new = next(layer for layer in app.map["layers"] if layer["id"] == "culture")
    assert new["features"][0]["name"] == "西关门楼"
    assert new["hash"] != layer["hash"]
    assert "西关门楼" in app.text
    assert {layer["id"] for layer in app.map["layers"] if others[layer["id"]] != layer["hash"]} == {"culture"}
    draft.cell("places.csv", "gate", lon="119.99")
    app.run()
    moved = next(layer for layer in app.map["layers"] if layer["id"] == "culture")
    assert moved["features"][0]["geometry"]["coordinates"][0] == pytest.approx(119.99)


def test_a_statement_that_changes_shows_in_the_register(draft: Draft) -> None:
    app = App("register", statement="R003")
    draft.cell("register.csv", "R003", phrase="城市西进")
    assert "城市西进" in app.run().text


def test_a_sheet_that_disappears_is_said(draft: Draft) -> None:
    app = App(sheet="structure")
    draft.edit("sheets.toml", "[sheets.structure]", "[sheets.other]")
    app.run()
    assert app.map["sheet"] == "all"
    assert words("app.unknown_sheet") in app.text


@pytest.mark.parametrize("folder", ["empty", "missing", "foreign"])
def test_a_folder_without_a_plan_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    root = tmp_path / folder
    if folder != "missing":
        root.mkdir()
    if folder == "foreign":
        (root / "notes").mkdir()
        (root / "notes" / "notes.txt").write_text("nothing here", "utf-8")
        (root / "district.toml").write_text("", "utf-8")
    monkeypatch.setenv("ATLAS_GEODATA", str(root))
    app = App()
    assert words("app.data_problem") in app.text
    assert str(root) in app.text
    assert not app.maps


# ---- several districts


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Serve a folder with two districts, and none of the atlas's own."""
    for name in ("east", "west"):
        shutil.copytree(DISTRICTS["toyland"], tmp_path / name)
    Draft(tmp_path / "west").edit("district.toml", "玩具区", "西玩具区")
    monkeypatch.setenv("ATLAS_GEODATA", str(tmp_path))
    return tmp_path


def test_one_of_several_districts_is_chosen(both: Path) -> None:
    app = App(feature="core-old")
    assert app.map["district"] == "east"
    assert app.widget("pick_district").label == words("app.district")
    app.choose("pick_district", "west")
    assert app.map["district"] == app.query["district"] == "west"
    assert app.map["selected"] is None
    assert "西玩具区" in app.text
    assert App(district="west").map["district"] == "west"
    assert both.is_dir()


def test_a_broken_district_can_be_left_for_another(both: Path) -> None:
    Draft(both / "east").edit("district.toml", "outline =", "outlin =")
    app = App()
    assert words("app.data_problem") in app.text
    app.choose("pick_district", "west")
    assert app.map["district"] == "west"


def test_the_district_of_the_command_line_is_the_first_shown(both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_DISTRICT", "west")
    assert App().map["district"] == "west"
    assert both.is_dir()


# ---- names are text


def test_markup_in_names_is_escaped_on_every_page(toyland: Opened) -> None:
    alive = re.compile(r"<(script|img|b>HTML|b>引领|i>走向)")
    odd = [f.id for f in toyland.plan.features() if "<" in f.name + f.note]
    assert odd
    for id_ in odd:
        app = App(sheet="structure", feature=id_)
        assert not alive.search(app.markup)
    for page in OTHERS:
        for statement in ("R001", "R010"):
            assert not alive.search(App(page, statement=statement).markup)


def test_labels_of_links_are_not_read_as_markdown(draft: Draft) -> None:
    name = "*一*_二_[三](http://x.example) `四` :red[五] $六$ <u>七</u> #八"
    draft.cell("elements.csv", "core-old", name=name)
    app = App("register", statement="R001")
    label = next(link.label for link in app.links if "core-old" in link.query_string)
    assert re.sub(r"\\(.)", r"\1", label).endswith(name)
    assert not re.search(r"(?<!\\)[*_\[\]`$<:#]", label)
