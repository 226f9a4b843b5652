"""Formulas: how signs are written, that algebra changes no value, that shapes are those of the arrays."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course.show import expr
from tinygrad_course.show.algebra import cancelled, cost, substitute
from tinygrad_course.show.evaluate import UnknownError, evaluate
from tinygrad_course.show.expr import Expr, Given, Number
from tinygrad_course.show.shapes import UnshapedError, proof, shape_of

A, B, Y = Expr("a"), Expr("b"), Expr("y")
ONE = Number(1)
NAMES = {"a": 0.7, "b": -1.3, "y": 0.4, "m": 5}


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (expr.subtract(A, ONE), "a − 1"),
        (expr.add(Number(-1), A), "a − 1"),
        (expr.subtract(ONE, Y), "1 − y"),
        (expr.negate(expr.subtract(ONE, Y)), "y − 1"),
        (expr.add(expr.negate(A), B), "b − a"),
        (expr.add(expr.negate(A), expr.negate(B)), "−a − b"),
        (expr.multiply(Number(-2), expr.add(A, B)), "−2*(a + b)"),
        (expr.multiply(Number(-2), expr.subtract(A, B)), "2*(b − a)"),
        (expr.divide(expr.subtract(A, Y), Number(400)), "(a − y)/400"),
        (expr.divide(expr.add(expr.negate(Y), A), Number(6)), "(a − y)/6"),
        (expr.multiply(expr.subtract(ONE, A), B), "(1 − a)*b"),
        # Fractions keep the order of the program: the notes' da = -(y/a) + (1 - y)/(1 - a).
        (
            expr.subtract(expr.divide(expr.subtract(ONE, Y), expr.subtract(ONE, A)), expr.divide(Y, A)),
            "(1 − y)/(1 − a) − y/a",
        ),
        (
            expr.add(expr.negate(expr.divide(Y, A)), expr.divide(expr.subtract(ONE, Y), expr.subtract(ONE, A))),
            "−y/a + (1 − y)/(1 − a)",
        ),
        (expr.add(expr.divide(A, Given("m", 5)), expr.divide(B, Given("m", 5))), "(a + b)/m"),
        (expr.call("concat", [A, Number(0)]), "concat(a, 0)"),
    ],
)  # fmt: skip
def test_signs_and_order(formula, text):
    assert formula.text == text


def test_what_lies_side_by_side_is_taken_together():
    zero = Given("0", np.zeros(2))
    parts = [expr.call("concat", [A, zero], {"axis": 0}), expr.call("concat", [zero, B], {"axis": 0})]
    assert expr.add(*parts).text == "concat(a, b, axis=0)"


def trees(depth):
    leaf = st.sampled_from([A, B, Y, ONE, Number(2), Number(-0.5), Given("m", 5)])
    if depth == 0:
        return leaf
    below = trees(depth - 1)
    pair = st.tuples(st.sampled_from([expr.add, expr.subtract, expr.multiply, expr.divide]), below, below)
    return (
        leaf
        | pair.map(lambda t: t[0](t[1], t[2]))
        | st.tuples(below, st.sampled_from([2, -1, 3])).map(lambda t: expr.power(t[0], Number(t[1])))
    )


def value(e):
    try:
        with np.errstate(all="ignore"):
            return float(evaluate(e, NAMES))
    except UnknownError:
        return None


@given(trees(4))
def test_cancelling_changes_no_value(e):
    before = value(e)
    assume(before is not None and np.isfinite(before) and abs(before) < 1e6)
    after = value(cancelled(e))
    assume(after is not None and np.isfinite(after))
    assert after == pytest.approx(before, rel=1e-7, abs=1e-7)


@given(trees(3))
def test_the_text_is_the_formula(e):
    """What a person reads gives the same number as what was meant."""
    expected = value(e)
    assume(expected is not None and np.isfinite(expected))
    text = e.text.replace("−", "-").replace("²", "**2").replace("³", "**3")
    try:
        found = eval(text, dict(NAMES))
    except ZeroDivisionError:
        return
    assert found == pytest.approx(expected, rel=2e-3, abs=2e-3)  # numbers are written in four digits


@given(trees(3), trees(2))
def test_substitution(e, replacement):
    found = substitute(e, {A: replacement})
    expected, inner = value(found), value(replacement)
    assume(expected is not None and inner is not None and np.isfinite(expected) and np.isfinite(inner))
    with np.errstate(all="ignore"):
        direct = float(evaluate(e, {**NAMES, "a": inner})) if not isinstance(e, Given) else value(e)
    assume(np.isfinite(direct) and abs(direct) < 1e9)
    assert expected == pytest.approx(direct, rel=1e-6, abs=1e-6)


def test_the_notes_simplification():
    da = expr.add(expr.negate(expr.divide(Y, A)), expr.divide(expr.subtract(ONE, Y), expr.subtract(ONE, A)))
    chain = expr.multiply(da, A, expr.subtract(ONE, A))
    assert cancelled(chain).text == "a − y"
    assert cost(cancelled(chain)) == 2 < cost(chain)


def test_hidden_text_has_no_value():
    with pytest.raises(UnknownError):
        evaluate(Expr("x" * 1000), {})
    with pytest.raises(UnknownError):
        evaluate(Expr("q"), {})


@pytest.mark.parametrize(
    "form",
    ["W @ X", "X * v", "W @ X + b", "tg.sum(X, axis=0)", "X.T", "tg.softmax(X, axis=0) * X", "X[1]", "tg.exp(X) - v",
     "tg.reshape(X, (4, 3))", "tg.matmul(W, tg.tanh(X))", "v / 2", "X * X * v"],
)  # fmt: skip
def test_shapes_are_those_of_the_arrays(form):
    """The shape that a formula proves is the shape of the derivative that it is for."""
    rng = np.random.default_rng(0)
    shapes = {"W": (2, 3), "X": (3, 4), "b": (2, 1), "v": (4,)}
    leaves = {n: tg.Tensor(rng.normal(size=s), requires_grad=True, name=n) for n, s in shapes.items()}
    z = eval(form, {"tg": tg, **leaves})
    drawing = tg.draw(tg.sum(z * z), view="op")
    known = {b.symbol.text: b.shape for b in drawing.picture.boxes}
    known |= {b.d.text: b.shape for b in drawing.picture.boxes}
    proved = 0
    for edge in drawing.picture.edges:
        if edge.local is None or edge.slope is not None:
            continue
        try:
            shape = shape_of(edge.local, known)
        except UnshapedError:
            continue
        proved += 1
        assert np.broadcast_shapes(shape, edge.source.shape) == edge.source.shape
        if edge.shapes:
            assert edge.shapes.endswith(f"= {shape}")
            assert edge.shapes == proof(edge.local, known)
    assert proved
