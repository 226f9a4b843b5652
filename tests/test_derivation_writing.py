"""Derivations as text, Markdown and LaTeX: golden files, escaping, what is refused, what is cut."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests import explain_programs
from tinygrad_course.show.derivation import math

GOLDEN = Path(__file__).parent / "golden"


def compiled(folder, *sources):
    """What TeX says about each of some documents."""
    tex = shutil.which("pdflatex")
    if tex is None:
        pytest.skip("this machine has no pdflatex")
    command = [tex, "-interaction=nonstopmode", "-halt-on-error"]
    logs = []
    for i, source in enumerate(sources):
        (folder / f"d{i}.tex").write_text(source, encoding="utf-8")
        done = subprocess.run(
            [*command, f"d{i}.tex"], cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
        assert done.returncode == 0, done.stdout[-3000:]
        logs.append(done.stdout)
    return logs


@pytest.mark.parametrize("name", explain_programs.PROGRAMS)
def test_the_text_is_the_golden_one(name):
    """To accept a change: read the files, look at the compiled page, then
    ``python -m tests.explain_programs tests/golden``."""
    derivation = explain_programs.PROGRAMS[name]()
    for suffix, text in ((".txt", derivation.text), (".md", derivation.markdown), (".tex", derivation.latex)):
        golden = (GOLDEN / f"explain_{name}{suffix}").read_text(encoding="utf-8")
        assert text.rstrip() + "\n" == golden


def test_it_is_the_same_in_another_process(tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "4321"}
    root = Path(__file__).parent.parent
    subprocess.run(
        [sys.executable, "-m", "tests.explain_programs", str(tmp_path)], check=True, cwd=root, env=environment
    )
    names = sorted(p.name for p in tmp_path.iterdir())
    assert len(names) == len(explain_programs.PROGRAMS) * len(explain_programs.SUFFIXES)
    for name in names:
        assert (tmp_path / name).read_bytes() == (GOLDEN / name).read_bytes()


def test_latex_compiles_and_nothing_sticks_out(tmp_path):
    derivations = [explain_programs.net2(), explain_programs.logreg(), explain_programs.fork()]
    bodies = ["\\documentclass{article}\\usepackage{amsmath,amssymb}\\begin{document}\n\\["]
    bodies = [f"{bodies[0]}{d.math}\\]\\end{{document}}" for d in derivations[:1]]
    logs = compiled(tmp_path, *(d.latex for d in derivations), *bodies)
    for log in logs[: len(derivations)]:
        assert "Overfull" not in log
    assert all("Undefined" not in log and "Missing" not in log for log in logs)


NASTY = [
    "a_b", "x#1", "50%", "a&b", r"\input{x}", "{y}", "$z$", "w^2", "t~u", "<b>", '"q"', "it's", "`c`", "层", "δ", "é",
    "🙂", "α_1", "a b", "x" * 300, "",
]  # fmt: skip


def test_names_are_escaped(tmp_path):
    sources = []
    for name in NASTY:
        x = tg.Tensor([1.0, 2.0], requires_grad=True, name=name or None)
        y = tg.Tensor(3.0, requires_grad=True, name=f"{name}2")
        derivation = tg.explain(tg.sum(x * x) * y)
        sources.append(derivation.latex)
        assert "\\input{" not in derivation.latex + derivation.math
        assert "<b>" not in re.sub(r"`[^`]*`", "", derivation.markdown)
    # All in one document: a process for each would take long.
    body = "\n".join(source.partition("\\begin{document}")[2].partition("\\end{document}")[0] for source in sources)
    head = sources[0].partition("\\begin{document}")[0]
    compiled(tmp_path, f"{head}\\begin{{document}}{body}\\end{{document}}")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W1", "W_{1}"), ("z", "z"), ("alpha", r"\alpha"), ("theta_2", r"\theta_{2}"), ("δ", r"\delta"),
        ("loss", r"\mathit{loss}"), ("n_h", r"\mathit{n\_h}"), ("h#3", "{h}^{(3)}"), ("self.W", r"\mathtt{self.W}"),
    ],
)  # fmt: skip
def test_names_in_latex(name, latex):
    assert math.name(name).strip() == latex


def test_formulas_in_latex():
    latex = explain_programs.net2().latex
    assert r"dZ_{2} = dA_{2} \odot A_{2} \odot \left(1 - A_{2}\right)" in latex
    assert r"dW_{2} = dZ_{2}\, A_{1}^{\top}" in latex
    assert r"db_{1} = \sum_{\text{axis }1} dZ_{1}" in latex
    assert r"dZ_{1} &= \left(W_{2}^{\top}\, dZ_{2}\right) \odot \left(1 - A_{1}^{2}\right)" in latex
    assert r"dW_{1} &= \frac{1}{m}\, dZ_{1}\, X^{\top}" in latex
    assert r"\frac{\partial J}{\partial x}" in explain_programs.fork().latex


def test_full_notation():
    text = explain_programs.fork().text
    assert "∂J/∂v = x = 3" in text
    assert "dv" not in text
    assert "means" not in text.splitlines()[0]


def test_the_notes_form_is_in_the_notes_notation_even_in_full():
    W = tg.Tensor([[0.1, -0.2]], requires_grad=True, name="W")
    X, Y = explain_programs.X, explain_programs.Y
    A = tg.sigmoid(W @ X)
    J = tg.binary_cross_entropy(A, Y)
    derivation = tg.explain(J, notation="full")
    assert "    dW = " in derivation.text
    assert "∂J/∂W" in derivation.text.partition("In the notes")[0]


def test_print_and_repr():
    derivation = explain_programs.ng()
    assert str(derivation) == derivation.text
    assert repr(derivation) == "<Derivation of J: 6 steps>"


def test_in_a_notebook():
    derivation = explain_programs.logreg()
    bundle = derivation._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/latex", "text/plain"}
    json.dumps(bundle)
    assert bundle["text/latex"].startswith("$\\displaystyle")
    assert bundle["text/markdown"] == derivation.markdown == derivation._repr_markdown_()
    assert derivation.markdown.count("$") % 2 == 0


def test_saving(tmp_path):
    derivation = explain_programs.ng()
    assert derivation.save(tmp_path / "d.TXT").read_text(encoding="utf-8") == derivation.text + "\n"
    for bad in ("d.png", "d", "d.pdf"):
        with pytest.raises(tg.DrawError, match=r"derivations are saved as \.txt, \.md, \.tex"):
            derivation.save(tmp_path / bad)
    with pytest.raises(tg.SaveError):
        derivation.save(tmp_path / "missing" / "d.md")


def test_an_array_needs_a_gradient():
    a = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = a * 3
    derivation = tg.explain(y)
    assert derivation.steps == []
    assert "the output has shape (2,)" in derivation.text
    assert "the output has shape" in derivation.latex
    last = tg.explain(y, gradient=[1.0, 10.0]).steps[-1]
    assert last.value.tolist() == [3.0, 30.0]
    assert last.checked is True


def test_a_given_gradient_of_a_number():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * a
    steps = tg.explain(J, gradient=5.0).steps
    assert float(steps[-1].value) == 20
    assert all(s.checked is not False for s in steps)


def test_nothing_to_derive():
    assert "nothing here requires a gradient" in tg.explain(tg.Tensor(2.0)).text
    x = tg.Tensor(2.0, requires_grad=True)
    assert [s.kind for s in tg.explain(x).steps] == ["start"]


def test_bad_requests():
    x = tg.Tensor(2.0, requires_grad=True)
    with pytest.raises(tg.GraphError, match="explain needs a Tensor"):
        tg.explain(3.0)
    for bad in ({"view": "layer"}, {"notation": "dx"}, {"steps": 0}, {"steps": 2.5}):
        with pytest.raises(tg.DrawError):
            tg.explain(x * x, **bad)
    with pytest.raises(tg.ShapeError):
        tg.explain(x * x, gradient=[1.0, 2.0])


def test_changed_data_is_refused():
    w = tg.Tensor(2.0, requires_grad=True)
    J = w * w
    w.data -= 1
    with pytest.raises(tg.MutationError, match="explain before the parameters are updated"):
        tg.explain(J)


def test_gradients_are_left_alone_and_no_grad_does_not_matter():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * 3
    with tg.no_grad():
        assert len(tg.explain(J).steps) == 2
    assert a.grad is None


def test_a_long_derivation_is_cut_and_says_so():
    x = tg.Tensor(1.0, requires_grad=True)
    terms = [tg.sin(x * k) for k in range(30)]
    J = sum(terms[1:], start=terms[0])
    derivation = tg.explain(J, steps=10, view="op")
    assert len(derivation.steps) == 10
    assert "The first 10 steps from the right are shown" in derivation.text


def test_a_large_graph():
    y = x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(5000):
        y = tg.sin(y) * 1.01
    derivation = tg.explain(y)
    assert 1 < len(derivation.steps) < 100
    assert x.grad is None


def test_nan_and_nothing():
    with np.errstate(all="ignore"):
        a = tg.Tensor([1.0, -1.0], requires_grad=True)
        text = tg.explain(tg.sum(tg.log(a))).text
    assert "NaN" in text or "nan" in text or "−1" in text
    empty = tg.Tensor(np.zeros((0, 3)), requires_grad=True)
    assert "(0, 3)" in tg.explain(tg.sum(empty * 2)).text


def test_a_rule_on_arrays_only_has_numbers_but_no_formula():
    @tg.primitive
    def cube(x):
        return x**3

    @cube.def_partials
    def partials(y, x):
        return (3 * np.asarray(x) ** 2,)

    a = tg.Tensor(2.0, requires_grad=True)
    step = tg.explain(cube(a)).steps[-1]
    assert float(step.value) == 12
    assert step.checked is not False


def test_draw_has_both_notations_too():
    a = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = a * 3
    J = tg.sum(y * y)
    assert "dy = 2*y" in tg.draw(J).source
    full = tg.draw(J, notation="full").source
    assert "∂J/∂a = 3*(∂J/∂y)" in full
    assert "means" not in full
    x = tg.Tensor(2.0, requires_grad=True)
    assert ">dx = 4<" in tg.draw(x * x, notation="d").source
    with pytest.raises(tg.DrawError, match="there is no notation"):
        tg.draw(J, notation="short")


def test_drawings_show_the_simplification_and_the_shapes():
    a = tg.draw(tg.Tensor(1.0) * 1)
    del a
    derivation = explain_programs.net2()
    box = {b.name: b for b in derivation.picture.boxes}
    assert box["Z2"].formula == "(A2 − Y)/m"
    assert box["W2"].shapes == "(1, 6) @ (6, 4) = (1, 4)"
    edge = next(e for e in derivation.picture.edges if e.source.name == "Z2")
    assert edge.local.text == "dA2*A2*(1 − A2)"
