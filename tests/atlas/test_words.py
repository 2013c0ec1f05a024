"""The words of the interface: complete, equal in both languages, and none missing that the code asks for."""

import ast
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from atlas.locations import ROOT
from atlas.sites.read import FORMATS
from atlas.words import LANGUAGES, say, words
from layers import vocabulary
from layers.crs import DATUMS
from layers.errors import Finding, _messages
from layers.records import BASES, PERIODS, QUALIFIERS, STATES, STATUSES
from tests.conftest import Opened

SOURCES = sorted((ROOT / "atlas").rglob("*.py"))
# What `say` is asked for with an f-string: section, and what fills it.
OPEN = {
    "status": STATUSES,
    "basis": BASES,
    "basis_meaning": BASES,
    "qualifier": QUALIFIERS,
    "period": PERIODS,
    "level": ("error", "warning", "note"),
    "register": STATES,
    "format": FORMATS,
    "datum": (*DATUMS, "unknown"),
}


FILE_ENDINGS = {"tif", "py", "css", "js", "html", "toml", "json", "typ"}


def blanks(text: str) -> set[str]:
    """Return the names of the blanks in a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    zh, en = words("zh"), words("en")
    assert {section: set(keys) for section, keys in zh.items()} == {section: set(keys) for section, keys in en.items()}


def test_both_languages_leave_the_same_blanks() -> None:
    """A blank that one language lacks would lose what was to stand there."""
    for section, keys in words("zh").items():
        for key, text in keys.items():
            assert blanks(text) == blanks(words("en")[section][key]), f"{section}.{key}"


def test_english_is_english_and_chinese_is_chinese() -> None:
    han = re.compile("[\u4e00-\u9fff]")
    for section, keys in words("en").items():
        for key, text in keys.items():
            # The switch shows each language in its own script.
            assert not han.search(text) or key == "language", f"{section}.{key}: {text}"
    assert han.search("".join(words("zh")["app"].values()))


def literals(file: Path) -> set[str]:
    """Return the keys that a module asks of `say`, as far as they stand in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_key(node.value):
            found.add(node.value)
    return found


def is_key(text: str) -> bool:
    section, _, key = text.partition(".")
    return section in words("zh") and re.fullmatch("[a-z0-9_]*[a-z0-9]", key) is not None and key not in FILE_ENDINGS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_the_code_asks_for_exists(language: Any) -> None:  # noqa: ANN401 - a Language
    asked = {key: file.name for file in SOURCES for key in literals(file)}
    assert len(asked) > 50
    missing = {
        key: file for key, file in asked.items() if key.partition(".")[2] not in words(language)[key.partition(".")[0]]
    }
    assert missing == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("section", OPEN)
def test_every_word_of_the_vocabulary_has_its_name(language: Any, section: str) -> None:  # noqa: ANN401
    for word in OPEN[section]:
        assert word in words(language)[section]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_topic_of_a_target_has_its_name(district: Opened, language: Any) -> None:  # noqa: ANN401
    topics = {target.topic for target in district.plan.targets.values()}
    assert topics <= set(words(language)["topic"])


def test_every_kind_group_and_class_is_named_in_both_languages() -> None:
    known = vocabulary()
    for names in (
        [kind.name for kind in known.kinds.values()],
        list(known.groups.values()),
        list(known.classes.values()),
    ):
        for language in LANGUAGES:
            said = [name.in_(language) for name in names]
            assert all(said)
            assert len(said) == len(set(said))
    assert {kind.group for kind in known.kinds.values()} <= set(known.groups)


def test_say_fills_the_blanks() -> None:
    assert say("zh", "register.count", shown=3, total=8) == "3 / 8 条"


def test_every_message_is_whole_in_both_languages() -> None:
    """Level, wording and advice; the blanks of one language are those of the other."""
    for code, message in _messages().items():
        assert set(message) == {"level", "zh", "zh_fix", "en", "en_fix"}, code
        assert Finding(code, "x").level in {"error", "warning", "note"}
        both = {language: blanks(message[language]) | blanks(message[f"{language}_fix"]) for language in ("zh", "en")}
        assert {name.removesuffix("_en") for name in both["zh"]} == {name.removesuffix("_en") for name in both["en"]}


def test_every_finding_that_the_code_reports_has_a_message_and_every_message_a_use() -> None:
    """A finding without wording would end in a traceback, just where a clear word is wanted."""
    text = "\n".join(
        file.read_text("utf-8") for folder in ("layers", "atlas") for file in (ROOT / folder).rglob("*.py")
    )
    quoted = set(re.findall(r'"([a-z]+(?:_[a-z]+)+|unsourced|unwritable)"', text))
    assert set(_messages()) <= quoted
    added = set(re.findall(r'(?:found\.add|Finding)\(\s*"([a-z_]+)"', text))
    assert added
    assert added <= set(_messages())
