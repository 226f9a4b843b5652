"""What a picture says: golden files, boxes, roles, derivatives, forks, arrays."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests import draw_programs

GOLDEN = Path(__file__).parent / "golden"


def boxes(drawing):
    return {b.name: b for b in drawing.picture.boxes}


def edges(drawing):
    return [(e.source.name, e.target.name) for e in drawing.picture.edges]


PROGRAMS = {**draw_programs.golden(), **draw_programs.folded()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_dot_text_is_the_golden_one(name):
    """To accept a change: look at the pictures, then ``python -m tests.draw_programs tests/golden``."""
    assert PROGRAMS[name]().source == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


def test_the_dot_text_is_the_same_in_another_process(tmp_path):
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-m", "tests.draw_programs", str(tmp_path)], check=True, cwd=root, env=environment)
    for name in PROGRAMS:
        assert (tmp_path / f"{name}.dot").read_bytes() == (GOLDEN / f"{name}.dot").read_bytes()


def test_the_first_example_of_the_notes():
    drawing = draw_programs.ng()
    found = boxes(drawing)
    assert [b.name for b in drawing.picture.boxes] == ["a", "b", "c", "u", "v", "J"]
    assert {n: float(b.value) for n, b in found.items()} == {"a": 5, "b": 3, "c": 2, "u": 6, "v": 11, "J": 33}
    assert {n: float(b.derivative) for n, b in found.items()} == {"a": 3, "b": 6, "c": 9, "u": 3, "v": 3, "J": 1}
    assert {b.role for b in found.values()} == {"input", "computed", "output"}
    for text in ("∂u/∂b = c = 2", "3 × 2 = <B>6</B>", "dJ/dc = 9", "<B>J = 3*(a + b*c)</B>"):
        assert text in drawing.source


def test_logistic_regression():
    drawing = draw_programs.logreg()
    roles = {n: b.role for n, b in boxes(drawing).items()}
    assert roles == {
        "w1": "parameter", "x1": "input", "w2": "parameter", "x2": "input", "b": "parameter",
        "z": "computed", "a": "computed", "y": "constant", "L": "output",
    }  # fmt: skip
    for text in (
        "∂a/∂z = a*(1 − a) = 0.249",
        "∂L/∂a = −y/a + (1 − y)/(1 − a) = −1.905",
        "<B>z</B> = w1*x1 + w2*x2 + b",
        "<B>L</B> = −(y*log(a) + (1−y)*log(1−a))",
    ):
        assert text in drawing.source
    assert boxes(drawing)["x1"].derivative is None
    assert "dx1" not in drawing.source


def test_arrays_show_the_formulas_of_their_derivatives():
    drawing = draw_programs.net2()
    assert {n: b.formula for n, b in boxes(drawing).items() if b.formula} == {
        "W1": "dZ1 @ X.T", "b1": "sum(dZ1, axis=1)", "Z1": "dA1*(1 − A1²)", "A1": "W2.T @ dZ2",
        "W2": "dZ2 @ A1.T", "b2": "sum(dZ2, axis=1)", "Z2": "(A2 − Y)/6",
        "A2": "(−Y/A2 + (1 − Y)/(1 − A2))/6",
    }  # fmt: skip
    assert "means dJ/d" in drawing.source
    assert boxes(drawing)["Y"].role == "constant"


def test_a_square_has_two_edges():
    x = tg.Tensor(3.0, requires_grad=True)
    y = x * x
    drawing = tg.draw(y)
    assert edges(drawing) == [("x", "y"), ("x", "y")]
    assert boxes(drawing)["x"].paths == "3 via y + 3 via y = 6"


def test_a_fork_shows_its_sum():
    a = tg.Tensor(2.0, requires_grad=True)
    v = 3 * a
    w = a**2 / 2
    J = v + w
    drawing = tg.draw(J)
    assert "3 via v + 2 via w = 5" in drawing.source
    assert "dJ/da = 5" in drawing.source


def test_no_backward_is_needed_and_gradients_are_left_alone():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * 3
    tg.draw(J)
    assert a.grad is None
    J.backward()
    tg.draw(J)
    assert a.grad == 3


def test_it_draws_inside_no_grad():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * a * 3
    with tg.no_grad():
        assert "∂J/∂a = 6*a = 12" in tg.draw(J).source


def test_forward_only():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * 3
    source = tg.draw(J, derivatives=False).source
    assert "dJ/da" not in source
    assert "∂" not in source
    assert "derivative" not in source


def test_an_array_is_drawn_with_values_only_and_says_so():
    a = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = a * 3
    source = tg.draw(y).source
    assert "no derivatives: the output has shape (2,); draw a single number, or pass gradient=" in source
    assert "da" not in source.replace("dashed", "")
    drawing = tg.draw(y, gradient=[1.0, 10.0])
    assert boxes(drawing)["a"].derivative.tolist() == [3.0, 30.0]
    assert boxes(drawing)["a"].formula == "3*dy"


def test_a_tensor_that_nothing_made():
    x = tg.Tensor(1.5)
    source = tg.draw(x).source
    assert "<B>x</B>" in source
    assert "no derivatives: nothing here requires a gradient" in source


def test_changed_data_is_refused():
    w = tg.Tensor(2.0, requires_grad=True)
    J = w * w
    w.data -= 1
    for derivatives in (True, False):
        with pytest.raises(tg.MutationError, match="was changed after multiply recorded it"):
            tg.draw(J, derivatives=derivatives)


def test_bad_requests():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * 3
    with pytest.raises(tg.GraphError, match="draw needs a Tensor, the result of a computation; got list"):
        tg.draw([1.0])
    with pytest.raises(ValueError, match='there is no view \'block\'; the views are "statement", "op", "layer"'):
        tg.draw(J, view="block")
    with pytest.raises(tg.ShapeError, match=r"gradient has shape \(2,\), but the output has shape \(\)"):
        tg.draw(J, gradient=[1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "−inf"), (-0.0625, "−0.0625"), (1234567.0, "1.235e6"), (1e-7, "1e−7"),
     (np.zeros((0, 3)), "empty"), ([1.0, np.nan], "1 NaN of 2"), (np.zeros(9), "all 0"), (np.eye(3), "0/1: 6/3")],
)  # fmt: skip
def test_values_in_a_few_words(value, text):
    x = tg.Tensor(value, requires_grad=True)
    y = x * 1
    assert f">{text}<" in tg.draw(y, derivatives=False).source


def test_an_infinite_slope_times_zero_stays_zero():
    x = tg.Tensor(0.0, requires_grad=True)
    r = tg.sqrt(x)
    J = r * 0
    drawing = tg.draw(J)
    (edge,) = [e for e in drawing.picture.edges if e.source.name == "x"]
    assert edge.slope == np.inf
    assert edge.contribution == 0
    assert boxes(drawing)["x"].derivative == 0


def test_a_long_chain_is_written_but_not_laid_out(tmp_path):
    x = tg.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1_500):
        y = y * 1.0001 + 0.0
    drawing = tg.draw(y, tmp_path / "long.dot", view="op", fold=False)
    assert len(drawing.picture.boxes) == 3_001
    assert "formulas are left out above 2000 boxes" in drawing.source
    with pytest.raises(ValueError, match=r'3001 boxes and 3000 edges is not laid out.*view="statement"'):
        drawing.save(tmp_path / "long.png")
    assert "3001 boxes" in drawing._repr_mimebundle_()["text/plain"]
