"""What notebooks show: every bundle, ids that many drawings can share a page with, and a real notebook run."""

import base64
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests import draw_programs
from tinygrad_course import nn
from tinygrad_course.show import display, render

MISSING = [name for name in ("nbformat", "nbclient", "nbconvert", "ipykernel") if find_spec(name) is None]


def ng():
    return draw_programs.ng().picture.output.result


def ids(markup):
    return re.findall(r' id="([^"]*)"', markup)


def test_a_drawing_is_svg_png_and_text():
    drawing = draw_programs.ng()
    made = drawing._repr_mimebundle_()
    assert made.keys() == {"image/svg+xml", "image/png", "text/plain"}
    assert base64.b64decode(made["image/png"]) == drawing.bytes("png")
    assert made["text/plain"] == drawing.text
    json.dumps(made)
    root = ET.fromstring(made["image/svg+xml"])
    assert "dJ/dc = 9" in "".join(root.itertext())


def test_only_what_is_asked_for(monkeypatch):
    drawing = draw_programs.ng()
    monkeypatch.setattr(render, "render", lambda *_: pytest.fail("nobody asked for a picture"))
    assert drawing._repr_mimebundle_(include=["text/plain"]) == {"text/plain": drawing.text}
    assert drawing._repr_mimebundle_(exclude=["image/png", "image/svg+xml"]).keys() == {"text/plain"}
    J = ng()
    assert J._repr_mimebundle_(exclude=["text/html"]) == {"text/plain": "Tensor(33., op=multiply)"}


def test_ids_are_unique_on_a_page():
    drawing, other = draw_programs.ng(), draw_programs.logreg()
    page = "".join(display.svg(d) for d in (drawing, drawing, other, draw_programs.ng()))
    assert len(ids(page)) == len(set(ids(page))) > 40


def test_the_same_again_in_a_new_process():
    code = "from tests import draw_programs as d; from tinygrad_course.show import display as s; x = d.ng(); "
    code += "print(s.svg(x)); print(s.svg(x))"
    made = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert made[0] == made[1]


def test_a_drawing_fits_its_page():
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(8):
        x = x * 1.5
    wide = tg.draw(x, view="op", fold=False)
    for drawing in (draw_programs.ng(), draw_programs.net2(), wide):
        natural = float(re.search(r'width="([\d.]+)pt"', drawing.bytes("svg").decode())[1])
        root = ET.fromstring(display.svg(drawing))
        width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
        assert width == pytest.approx(min(natural, max(720, 0.6 * natural)), abs=1)
        box = [float(n) for n in root.get("viewBox").split()]
        assert width / height == pytest.approx(box[2] / box[3], rel=0.02)  # nothing is cut off
        assert "max-width: 100%" in root.get("style")
        assert root.get("role") == "img"
        assert root.get("aria-label").startswith("Computation graph: ")


def test_a_drawing_that_cannot_be_laid_out_says_why(monkeypatch):
    drawing = draw_programs.ng()
    monkeypatch.setattr(render.shutil, "which", lambda name: None)
    monkeypatch.setattr(render, "_bundled", lambda: None)
    made = drawing._repr_mimebundle_()
    assert made.keys() == {"text/plain"}
    assert "no renderer for pictures was found" in made["text/plain"]


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", '" onload="x', "a & b", "\x00"])
def test_no_title_gets_out(title):
    made = tg.draw(ng(), title=title)._repr_mimebundle_()["image/svg+xml"]
    root = ET.fromstring(made)
    assert set(root.keys()) == {"role", "aria-label", "style", "width", "height", "viewBox"}
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


# --- Tensors ------------------------------------------------------------------------------------------------------


def test_a_tensor_with_a_small_graph_can_be_unfolded():
    J = ng()
    made = J._repr_mimebundle_()
    assert made["text/plain"] == repr(J)
    assert unescape(re.search(r"<pre[^>]*>(.*?)</pre>", made["text/html"])[1]) == repr(J)
    assert "<details>" in made["text/html"]
    assert "dJ/dc = 9" in made["text/html"]
    assert J.grad is None


def test_other_tensors_are_text_only():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    with tg.no_grad():
        y = w * 2
    chain = tg.sum(w)
    for _ in range(display.MOST_OPERATIONS):
        chain = chain + 1
    large = tg.sum(tg.Tensor(np.ones(display.MOST_NUMBERS + 1), requires_grad=True))
    changed = tg.sum(w * w)
    w.data -= 0.1
    for x in (w, y, chain, large, changed, nn.Parameter([1.0])):
        assert x._repr_mimebundle_() == {"text/plain": repr(x)}


# --- modules and reports ------------------------------------------------------------------------------------------


def cells(markup):
    """The rows of a table as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup, re.DOTALL)
    return [[unescape(c) for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]


def test_a_module_is_a_table_of_its_tree():
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh()), nn.Linear(8, 1, rng=1))
    net[1].requires_grad_(False)
    made = net._repr_mimebundle_()
    assert made["text/plain"] == repr(net)
    assert cells(made["text/html"]) == [
        ["module", "shapes", "parameters"],
        ["Sequential()", "", "49"],
        ["0: Sequential()", "", "40"],
        ["0: Linear(in_features=4, out_features=8)", "weight (8, 4), bias (8,)", "40"],
        ["1: Tanh()", "", "-"],
        ["1: Linear(in_features=8, out_features=1)", "weight (1, 8), bias (1,)", "9"],
    ]
    indents = [float(x) for x in re.findall(r"padding-left: ([\d.]+)em", made["text/html"])]
    assert indents == [2.3, 3.8, 3.8, 2.3]
    assert "9 of the parameters are frozen" in made["text/html"]


def test_a_summary_is_a_table():
    made = nn.summary(nn.Sequential(nn.Linear(4, 8, rng=0), nn.Tanh()), (1, 4))._repr_html_()
    assert cells(made)[1:] == [["0", "Linear", "(1, 8)", "40"], ["1", "Tanh", "(1, 8)", "-"]]
    assert "40 parameters" in made


def test_a_report_is_a_table():
    @tg.primitive
    def cube(x):
        return x**3

    @cube.def_partials
    def _(y, x):
        return (2 * x**2,)

    report = tg.gradcheck(lambda x, y: cube(x) * y, (2.0, 0.5), raise_on_failure=False)
    made = report._repr_mimebundle_()
    assert made.keys() == {"text/plain", "text/markdown", "text/html"}
    assert made["text/plain"] == str(report)
    head, wrong, right = cells(made["text/html"])
    assert (head[0], wrong[0], right[0]) == ("input", "x", "y")
    assert (wrong[-1], right[-1]) == ("WRONG", "ok")
    assert made["text/html"].count("font-weight: bold; padding") == len(head)  # the wrong row
    assert "<b>blame</b>" in made["text/html"]


def test_markup_in_names_is_text():
    class Evil(nn.Linear):
        def extra_repr(self):
            return "<script>alert(1)</script>"

    assert "<script" not in Evil(1, 1)._repr_mimebundle_()["text/html"]
    x = tg.Tensor(2.0, requires_grad=True, name="<img src=x onerror=alert(1)>")
    report = tg.gradcheck(lambda: x * x, (x,), raise_on_failure=False)
    assert "<img" not in report._repr_mimebundle_()["text/html"]
    assert "<img" not in (x * x)._repr_mimebundle_()["text/html"]


# --- the real thing -----------------------------------------------------------------------------------------------

CELLS = [
    "import tinygrad_course as tg\na = tg.Tensor(5.0, requires_grad=True)\nJ = 3 * a\nJ",
    "tg.draw(J)",
    "tg.draw(J)",
    "tg.nn.Sequential(tg.nn.Linear(4, 8, rng=0), tg.nn.Tanh())",
    "tg.gradcheck(lambda x: x * x, (2.0,))",
    "tg.explain(J)",
    "print((3 * a).where)",
]


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
@pytest.mark.filterwarnings("ignore")  # the tools' own
def test_a_notebook_runs_and_becomes_a_page():
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    *shown, printed = (cell.outputs[0] for cell in book.cells)
    outputs = [output.data for output in shown]
    assert printed.text == "In[7]:1: print((3 * a).where)\n"
    first, one, two, module, report, derivation = outputs
    assert "dJ/da = 3" in first["text/html"]  # the names are the notebook's
    assert "dJ/da = 3" in one["image/svg+xml"]
    assert not set(ids(one["image/svg+xml"])) & set(ids(two["image/svg+xml"]))
    assert base64.b64decode(one["image/png"]).startswith(b"\x89PNG")
    assert "40" in module["text/html"]
    assert "gradient is right" in report["text/html"]
    assert derivation["text/markdown"]
    page, _ = HTMLExporter().from_notebook_node(book)
    assert page.count("data:image/svg+xml") + page.count("<svg ") >= 3
