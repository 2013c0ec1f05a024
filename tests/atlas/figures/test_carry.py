"""A figure dropped back in opens the state it was made from, and a stranger's file does no harm."""

import io
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from atlas.figures import carry
from atlas.figures.carry import ATTACHMENT, KEYWORD, changed_since, png_with, read_recipe, recipe_in, svg_with
from atlas.figures.recipe import EDITIONS, ORIENTATIONS, PAPERS, THEMES, Recipe
from layers import PlanError
from tests.conftest import Opened

# Anything a keyboard can enter, and what XML or a PNG might trip over.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz-:!", min_size=1, max_size=12)
RECIPES = st.builds(
    Recipe,
    district=WORDS,
    sheet=WORDS,
    paper=st.sampled_from(PAPERS),
    orientation=st.sampled_from(ORIENTATIONS),
    scale=st.none() | st.integers(1, 5_000_000),
    theme=st.sampled_from(THEMES),
    language=st.sampled_from(("zh", "en")),
    title=TEXTS,
    compiler=TEXTS,
    compiled=TEXTS,
    review_number=TEXTS,
    edition=st.sampled_from(EDITIONS),
    hidden=st.lists(WORDS, max_size=5, unique=True).map(tuple),
    draft=st.booleans(),
    fingerprint=st.text("0123456789abcdef", max_size=16),
)
SVG = (
    '<?xml version="1.0" encoding="utf-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path/></svg>'
)
RECIPE = Recipe("toyland", "all", title="图<名>&「一」", compiler="ünïcödé")


@cache
def picture() -> bytes:
    """Return a small PNG."""
    out = io.BytesIO()
    Image.new("RGB", (7, 5), "#4d9757").save(out, "PNG", dpi=(300, 300))
    return out.getvalue()


def pdf_with(recipe: Recipe) -> bytes:
    """Return a PDF with a recipe attached, as the export attaches it."""
    source = f'#pdf.attach("{ATTACHMENT}", bytes(sys.inputs.recipe))\n'
    return bytes(
        typst.compile(source.encode(), format="pdf", sys_inputs={"recipe": recipe.to_json()}, ignore_system_fonts=True)
    )


def docx_with(picture_: bytes) -> bytes:
    """Return the parts of a Word file that matter here."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr("word/media/image1.png", b"no picture at all")
        archive.writestr("word/media/image2.png", picture_)
    return out.getvalue()


@settings(max_examples=200)
@given(RECIPES)
def test_a_recipe_comes_back_from_every_kind_of_file(recipe: Recipe) -> None:
    png = png_with(picture(), recipe)
    files = {"a.png": png, "a.svg": svg_with(SVG, recipe).encode(), "a.pdf": pdf_with(recipe), "a.docx": docx_with(png)}
    for name, data in files.items():
        assert recipe_in(io.BytesIO(data), name) == recipe, name


def test_the_picture_stays_what_it_was() -> None:
    before, after = Image.open(io.BytesIO(picture())), Image.open(io.BytesIO(png_with(picture(), RECIPE)))
    after.load()
    assert after.tobytes() == before.tobytes()
    assert after.info["dpi"] == before.info["dpi"]
    assert Recipe.from_json(after.text[KEYWORD]) == RECIPE  # type: ignore[attr-defined]  # of a PNG


def test_the_last_recipe_given_is_the_one_read() -> None:
    twice = png_with(png_with(picture(), RECIPE), replace(RECIPE, paper="A4"))
    assert recipe_in(io.BytesIO(twice), "a.png").paper == "A4"


def test_only_a_png_can_carry_a_chunk() -> None:
    with pytest.raises(ValueError, match="PNG"):
        png_with(b"GIF89a", RECIPE)


def test_changed_data_are_noticed(toyland: Opened) -> None:
    assert not changed_since(RECIPE, toyland.plan)
    assert not changed_since(replace(RECIPE, fingerprint=toyland.plan.fingerprint), toyland.plan)
    assert changed_since(replace(RECIPE, fingerprint="0" * 16), toyland.plan)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as error:
        read_recipe(tmp_path / "none.png")
    assert "none.png" in error.value.text()


BOMB = "<!DOCTYPE svg [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9)) + "]><svg>&e8;</svg>"
OUTSIDE = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/hostname">]><svg>&e;</svg>'


def _spoiled() -> bytes:
    png = png_with(picture(), RECIPE)
    at = png.index(b"toyland")
    return png[:at] + b"toyLand" + png[at + 7 :]


def _huge_chunk() -> bytes:
    """Return a PNG whose recipe is larger than any."""
    return png_with(picture(), replace(RECIPE, title="长" * 40_000))


FOREIGN = {
    "empty": b"",
    "text": b"hello",
    "picture": picture(),
    "half-picture": png_with(picture(), RECIPE)[:60],
    "spoiled": _spoiled(),
    "huge-chunk": _huge_chunk(),
    "svg": SVG.encode(),
    "half-svg": svg_with(SVG, RECIPE).encode()[:120],
    "svg-bomb": BOMB.encode(),
    "svg-outside": OUTSIDE.encode(),
    "svg-not-utf8": b"<svg>\xff\xfe</svg>",
    "pdf": bytes(typst.compile(b"", format="pdf", ignore_system_fonts=True)),
    "half-pdf": pdf_with(RECIPE)[:400],
    "zip": docx_with(picture()),
    "half-zip": docx_with(png_with(picture(), RECIPE))[:300],
    "foreign-json": svg_with(SVG, RECIPE).replace('"paper"', '"papper"').encode(),
    "wrong-value": svg_with(SVG, RECIPE).replace('"A3"', '"A33"').encode(),
    "no-object": SVG.replace("<path/>", f'<metadata id="{KEYWORD}">[1, 2]</metadata>').encode(),
    "deep": SVG.replace("<path/>", f'<metadata id="{KEYWORD}">{"[" * 50_000}</metadata>').encode(),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_strangers_file_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(PlanError) as error:
        recipe_in(io.BytesIO(FOREIGN[name]), f"{name}.bin")
    for language in ("zh", "en"):
        lines = error.value.text(language).splitlines()
        assert lines
        assert all(f"{name}.bin" in line for line in lines)


def test_a_word_file_is_not_unpacked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that together are larger than any figure are passed over, however small they are packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"word/media/image{number}.png", picture()[:8] + b"\0" * 500_000)
        archive.writestr("word/media/image9.png", png_with(picture(), RECIPE))
    assert recipe_in(io.BytesIO(out.getvalue()), "a.docx") == RECIPE
    monkeypatch.setattr(carry, "_LARGEST_FILE", 1_500_100)
    with pytest.raises(PlanError):
        recipe_in(io.BytesIO(out.getvalue()), "bomb.docx")


def test_a_crooked_checksum_is_a_damage_and_no_recipe() -> None:
    with pytest.raises(PlanError) as error:
        recipe_in(io.BytesIO(_spoiled()), "a.png")
    assert error.value.findings[0].code == "figure_file_damaged"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"PK\x03\x04", b"<svg "):
        with pytest.raises(PlanError):
            recipe_in(io.BytesIO(head + data), "a.bin")
