"""Drawings as text: the tree, Mermaid and Markdown, held against golden files and against what they must never do."""

import html
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_course as tg
from tests import draw_programs
from tests.test_draw_files import EVIL
from tinygrad_course.core.columns import fit, pad, shares, to_ascii, width
from tinygrad_course.show import mermaid, tree

GOLDEN = Path(__file__).parent / "golden"
KINDS = ("txt", "mmd", "md")
PROGRAMS = {name: draw_programs.golden()[name] for name in ("ng", "logreg", "net2")}


def contents():
    return {f"{name}.{kind}": program().bytes(kind) for name, program in PROGRAMS.items() for kind in KINDS}


def test_golden():
    for name, data in contents().items():
        assert data.decode() == (GOLDEN / name).read_text(encoding="utf-8"), f"{name}: python -m tests.test_show_text"


def test_the_same_in_another_process():
    code = "import sys; from tests.test_show_text import contents as c; sys.stdout.buffer.write(b''.join(c().values()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[1],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )  # fmt: skip
    assert done.stdout == b"".join(contents().values())


# --- the tree -----------------------------------------------------------------------------------------------------


def test_the_printed_drawing_is_the_tree():
    drawing = draw_programs.ng()
    assert str(drawing) == drawing.text == drawing.tree(100)
    assert len(drawing.text.splitlines()) == 3 + 6  # heading, gap, heads; one line a value


@pytest.mark.parametrize("program", PROGRAMS.values())
@pytest.mark.parametrize("columns", [20, 40, 60, 79, 100, 200])
@pytest.mark.parametrize("ascii", [False, True])
def test_never_wider(program, columns, ascii):
    drawing = program()
    text = drawing.tree(columns, ascii=ascii)
    least = max(columns, columns * 2 // 5 + 4 * 10)  # what may not be cut: the title's share, 8 of each other column
    assert max(map(width, text.splitlines())) <= least
    assert text.isascii() or not ascii
    for box in drawing.picture.boxes:
        assert columns < 40 or box.name in text


def test_wide_enough_is_not_cut():
    assert "…" in draw_programs.net2().tree(100)
    assert "…" not in draw_programs.net2().tree(300)


def test_colours_change_nothing_else():
    drawing = draw_programs.logreg()
    plain = [line.rstrip() for line in re.sub(r"\x1b\[\d+m", "", drawing.tree(color=True)).splitlines()]
    assert plain == drawing.text.splitlines()
    assert "\x1b" not in drawing.text


def test_each_path_of_a_shared_value_has_its_product():
    x = tg.Tensor(3.0, requires_grad=True)
    u = x * x
    J = u + x * u
    text = tg.draw(J, view="op").text
    assert text.count("↑") == 3  # u once more, x twice more
    J.backward()
    assert f"dJ/dx = {x.grad:g}" in text
    flows = [float(n) for n in re.findall(r"─ x(?: ↑)?  .*× .* = (\S+)$", text, re.MULTILINE)]
    assert len(flows) == 3
    assert sum(flows) == x.grad


def test_what_is_deep_goes_on_at_the_left():
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(100):
        x = x * 2
    text = tg.draw(x, view="op", fold=False).text
    assert text.count("↓") == 100 // tree.DEEPEST
    assert max(map(width, text.splitlines())) <= 100
    assert len(text.splitlines()) == 3 + 101 + text.count("↓")


def test_a_loop_that_is_folded_whole_has_a_tree():
    h = tg.Tensor(0.5, requires_grad=True)
    for _ in range(6):
        h = tg.tanh(h)
    drawing = tg.draw(h, fold=True, keep=(0, 0))
    assert any(edge.carried for edge in drawing.picture.edges)
    assert "↑ of the turn before" in drawing.text
    assert all(box.name in drawing.text for box in drawing.picture.boxes)


def test_a_long_chain_needs_no_stack():
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(5000):
        x = x + 1
    text = tg.draw(x, view="op", fold=False, derivatives=False).text
    assert text.count("\n") > 5000


@pytest.mark.parametrize("name", EVIL, ids=range(len(EVIL)))
def test_no_name_breaks_a_line(name):
    a = tg.Tensor(2.0, requires_grad=True, name=name)
    b = tg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    text = tg.draw(tg.sum(a * b), title=name).tree(80, ascii=True)
    assert text.isascii()
    assert len(text.splitlines()) in (5, 6)
    assert max(map(len, text.splitlines())) <= 80


# --- columns ------------------------------------------------------------------------------------------------------


def test_width_of_letters():
    table = {"abc": 3, "權重": 4, "ﾊﾝ": 2, "e\u0301": 1, "\N{GRINNING FACE}": 2, "한국": 4, "שלום": 4, "": 0}
    assert {text: width(text) for text in table} == table


@given(st.text(max_size=40), st.integers(1, 30))
def test_fit_and_pad_keep_the_width(text, cells):
    assert width(fit(text, cells)) <= cells
    if width(text) <= cells:
        assert fit(text, cells) == text
        assert width(pad(text, cells)) == width(pad(text, cells, right=True)) == cells


@given(st.lists(st.integers(0, 60), min_size=1, max_size=5), st.integers(1, 120))
def test_shares(widths, room):
    least = [8] * len(widths)
    found = shares(widths, room, least)
    assert all(f == w if w <= 8 else 8 <= f <= w for f, w in zip(found, widths, strict=True))
    assert sum(found) <= max(room, sum(min(w, 8) for w in widths))
    if sum(widths) <= room:
        assert found == widths


def test_ascii_spelling():
    assert to_ascii("∂u/∂b = −2 × c² …") == "du/db = -2 x c**2 ..."
    assert to_ascii("權") == "\\u6b0a"


# --- Mermaid and Markdown ---------------------------------------------------------------------------------------------


MARKUP = ["1. one", "- two", "`three`", "$$x^2$$", "end", "%% five", "a;b", "#quot;", "_x_"]


@pytest.mark.parametrize("name", [*EVIL, *MARKUP])
def test_user_text_is_no_markup(name):
    a = tg.Tensor(2.0, requires_grad=True, name=name)
    b = tg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    drawing = tg.draw(tg.sum(a * b), title=name)
    lines = drawing.mermaid.splitlines()
    labels = re.findall(r'"(.*?)"', "\n".join(lines[2:]))
    assert len(lines) == 2 + 3 + 2 + 2  # head, boxes, edges, looks of two roles
    for label in labels:
        text = re.sub(r"</?b>|<br/>|<span style='color: rgb\(\d+, \d+, \d+\) !important'>|</span>", "", label)
        rest = re.sub(r"#\d+;", "", text)
        assert not set(rest) & set('<>&"`#;$%~{}|')
    for row in drawing.markdown.split("```\n\n")[1].strip().splitlines():
        assert row.count("|") == 6
        assert "<" not in row


def test_entities_say_what_was_meant():
    a = tg.Tensor(2.0, requires_grad=True, name="<b>&#x;")
    text = tg.draw(a * 3).mermaid
    said = [html.unescape(re.sub(r"#(\d+);", r"&#\1;", label)) for label in re.findall(r"<b>(.*?)</b>", text)]
    assert "<b>&#x;" in said


def test_edges_of_mermaid_are_those_of_the_picture():
    for program in PROGRAMS.values():
        drawing = program()
        found = re.findall(r"^    (n\w+) <?-->(?:\|.*?\|)? (n\w+)$", drawing.mermaid, re.MULTILINE)
        assert found == [(e.source.key, e.target.key) for e in drawing.picture.edges]


def test_mermaid_too_large():
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(mermaid.MOST_EDGES + 1):
        x = x + 1
    with pytest.raises(ValueError, match=r"501 edges; Mermaid draws at most 500\. To narrow it"):
        tg.draw(x, view="op", fold=False, derivatives=False).mermaid  # noqa: B018


@pytest.mark.parametrize("view", ["statement", "op", "layer"])
@pytest.mark.parametrize("fold", [True, False])
def test_every_view_has_every_text(view, fold):
    net = tg.nn.Sequential(*(m for i in range(4) for m in (tg.nn.Linear(3, 3, rng=i), tg.nn.Tanh())))
    h = net(np.ones((2, 3)))
    for _ in range(4):
        h = tg.tanh(h * 2)
    drawing = tg.draw(tg.mean(h), view=view, fold=fold)
    for kind in KINDS:
        assert drawing.bytes(kind)
    assert drawing.mermaid.count("subgraph") == len(drawing.picture.clusters) == drawing.mermaid.count("    end\n")


if __name__ == "__main__":  # python -m tests.test_show_text: write the golden files anew
    for name, data in contents().items():
        (GOLDEN / name).write_bytes(data)


def test_a_narrow_tree_keeps_the_derivatives_whole():
    a, b = (tg.Tensor(v, requires_grad=True, name=n) for v, n in ((5.0, "a"), (3.0, "b")))
    J = 3 * (a * b)
    text = tg.draw(J).tree(40)
    assert "dJ/db = 9" not in text
    assert "dJ/db = 15" in text
    assert "chain rule" not in text
    assert max(map(len, text.splitlines())) <= 40
