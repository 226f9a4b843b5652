"""Names in letters that the bundled renderer does not know: room for them, and a word about those it cannot draw."""

import re
import warnings

import pytest

import tinygrad_course as tg
from tinygrad_course.show import render
from tinygrad_course.show.glyphs import unknown, with_room

NAMES = {
    "權重張量的名字很長": "權重張量的名字很長",
    "한국어 텐서": "한국어텐서",
    "\N{GRINNING FACE} bias": "\N{GRINNING FACE}",
    "שלום עולם": "",
    "ЖЖЖЖШШШ": "",
    "ŁÄÖÜé": "",
    "αβγ": "",
    "plain": "",
    "वज़न": "वज़न",
}


@pytest.fixture
def bundled(monkeypatch):
    monkeypatch.setattr(render.shutil, "which", lambda name: None)


def named(name):
    a = tg.Tensor(2.0, requires_grad=True, name=name)
    J = a * 3
    return tg.draw(J)


@pytest.mark.parametrize("name", NAMES)
def test_letters_without_a_glyph_are_told(name, bundled, tmp_path):
    drawing = named(name)
    missing = NAMES[name]
    assert set(missing) <= set(unknown(drawing.source)) <= set(name)
    assert bool(missing) == bool(unknown(drawing.source))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        drawing.save(tmp_path / "g.png")
        drawing.save(tmp_path / "g.svg")
        drawing.save(tmp_path / "g.txt")
    assert [str(w.message).startswith("g.png: the fonts of the bundled renderer have no") for w in caught] == (
        [True] if missing else []
    )
    assert all(w.filename == __file__ for w in caught)
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "em"),  # the width of its letters, bold, in real fonts
    [("權重張量的名字很長", 1), ("ЖЖЖЖШШШ", 0.95), ("ŁÄÖÜÄÖ", 0.7), ("שלוםשלום", 0.7), ("\N{GRINNING FACE}" * 5, 1.25)],
)
def test_no_name_is_wider_than_its_box(name, em, bundled):
    svg = named(name).bytes("svg").decode()
    left, right = _box(svg)
    x, size = re.search(rf'<text [^>]*x="([-\d.]+)"[^>]*font-size="([\d.]+)"[^>]*>{name}', svg).groups()
    assert left <= float(x)
    assert float(x) + em * len(name) * float(size) <= right


def _box(svg):
    """The left and right end of the first box."""
    node = re.search(r'class="node input">.*?</g>\s*</g>', svg, re.DOTALL)[0]
    path = re.search(r' d="([^"]*)"', node)[1]
    xs = [float(x) for x in re.findall(r"(-?[\d.]+),-?[\d.]+", path)]
    return min(xs), max(xs)


def test_other_text_is_left_alone():
    for text in ("<B>a</B>", 'tooltip="a > 權重 < b"', 'digraph "權" {', ">∂u/∂b = c × 2 − 1 … ‖d‖<"):
        assert with_room(text) == text
    assert with_room(">權權權權權權<") == ">權權權權權權&#160;&#160;&#160;<"


def test_a_system_graphviz_measures_by_itself(monkeypatch, tmp_path):
    seen = tmp_path / "seen"
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\ntee {seen}\n")
    program.chmod(0o755)
    render.render(
        "digraph { a [label=<<B>權權權權權權</B>>] }", "svg", render.Renderer("system", str(program), ("svg",))
    )
    assert "&#160;" not in seen.read_text(encoding="utf-8")
