"""check_derivative: gradients derived by hand, right and wrong in the ways that people get them wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.check import GradCheckError, GradCheckReport, check_derivative
from tinygrad_course.core.errors import TinygradError

rng = np.random.default_rng(2)
X = rng.normal(size=(4, 8))
Y = (rng.random((1, 8)) > 0.5).astype(float)
W, B = rng.normal(size=(1, 4)), np.full((1, 1), 0.3)
Z = np.array([-2.0, 0.5, 3.0])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def cost(W: Any, b: Any) -> Any:
    """The notes' logistic regression: examples in columns."""
    A = sigmoid(W @ X + b)
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / 8


def dcost(W: Any, b: Any) -> Any:
    dZ = sigmoid(W @ X + b) - Y
    return dZ @ X.T / 8, np.sum(dZ, axis=1, keepdims=True) / 8


def failure(f: Any, df: Any, x: Any) -> GradCheckReport:
    with pytest.raises(GradCheckError) as caught:
        check_derivative(f, df, x)
    return caught.value.report


RIGHT: dict[str, tuple[Any, Any, Any]] = {
    "a number": (lambda x: x**3 - 3 * x + 2, lambda x: 3 * x**2 - 3, 1.0),
    "an integer": (lambda x: x**3, lambda x: 3 * x**2, 2),
    "a list of numbers": (lambda x: np.sum(x**2), lambda x: 2 * x, [1.0, 2.0, 3.0]),
    "elementwise": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z)), Z),
    "a matrix elementwise": (np.tanh, lambda z: 1 - np.tanh(z) ** 2, X),
    "a scalar of a matrix": (lambda a: np.sum(np.sin(a)), np.cos, X),
    "two arguments": (cost, dcost, (W, B)),
    "a dict": (
        lambda p: cost(p["W"], p["b"]),
        lambda p: dict(zip(("W", "b"), dcost(p["W"], p["b"]), strict=True)),
        {"W": W, "b": B},
    ),
    "a Jacobian": (softmax, lambda z: np.diag(softmax(z)) - np.outer(softmax(z), softmax(z)), Z),
    "a Jacobian of a matrix": (
        lambda a: a @ X,
        lambda a: np.einsum("ik,lj->ijkl", np.eye(2), X),
        rng.normal(size=(2, 4)),
    ),
    "labels held fixed": (
        lambda w, y: np.sum(w[y] ** 2),
        lambda w, y: (np.array([2, 0, 2]) * w, None),
        (Z, np.array([0, 2])),
    ),
    "Tensor functions": (tg.sigmoid, lambda x: tg.sigmoid(x) * (1 - tg.sigmoid(x)), Z),
    "Tensor methods": (lambda x: (x * x).sum(), lambda x: 2 * x, tg.Tensor(Z)),
    "float32": (lambda x: np.sum(x**2), lambda x: 2 * x, Z.astype(np.float32)),
    "a kink": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0, np.array([0.0, 1.0])),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_derivatives_pass(case: str) -> None:
    report = check_derivative(*RIGHT[case])
    assert report
    assert all(len(line) <= 79 for line in str(report).splitlines())
    assert report.entries[0].by_hand is not None


WRONG: dict[str, tuple[Any, Any, Any, str]] = {
    "missing 1/m": (
        cost,
        lambda W, b: tuple(8 * g for g in dcost(W, b)),
        (W, B),
        "off by a constant factor 8 = the length of axis 1 of X",
    ),
    "1/m twice": (
        cost,
        lambda W, b: tuple(g / 8 for g in dcost(W, b)),
        (W, B),
        "8 is the length of axis 1 of X: is it divided by 8 once too often?",
    ),
    "sign": (cost, lambda W, b: tuple(-g for g in dcost(W, b)), (W, B), "W: the sign is flipped"),
    "transposed": (lambda a: np.sum(a @ X[:, :4] @ a), lambda a: (X[:, :4] @ a + a @ X[:, :4]) * 1.0, X[:, 4:], ""),
    "transpose shape": (
        cost,
        lambda W, b: (dcost(W, b)[0].T, dcost(W, b)[1]),
        (W, B),
        "dW has shape (4, 1) but W is (1, 4): is a transpose missing?",
    ),
    "no keepdims": (
        cost,
        lambda W, b: (dcost(W, b)[0], np.sum(dcost(W, b)[1])),
        (W, B),
        "db has shape () but b is (1, 1): the same numbers",
    ),
    "not summed": (
        cost,
        lambda W, b: (dcost(W, b)[0], sigmoid(W @ X + b) - Y),
        (W, B),
        "db has shape (1, 8) but b is (1, 1): broadcasting repeated it along axis 1, so its derivative is the sum",
    ),
    "summed too far": (
        lambda a: np.sum(a * a),
        lambda a: np.sum(2 * a, axis=0, keepdims=True),
        X,
        "but a is (4, 8): it was summed over axis 0",
    ),
    "missing term": (lambda x: x * np.exp(x), np.exp, Z, ""),
    "y(1+y)": (sigmoid, lambda z: sigmoid(z) * (1 + sigmoid(z)), Z, ""),
    "one element": (
        lambda x: np.sum(x**2),
        lambda x: 2 * x * np.array([1, 1, 0]),
        Z,
        "only [2] of 3 elements disagrees: they are zero",
    ),
    "regularisation": (
        lambda x: np.sum(np.sin(x)) + 0.35 * np.sum(x**2),
        np.cos,
        Z,
        "-0.7 times the input itself: is a regularisation term missing?",
    ),
    "rows": (
        lambda a: np.sum(np.sin(a)),
        lambda a: np.cos(a) * np.array([[1.0], [2.0], [3.0], [4.0]]),
        X,
        "every row is scaled",
    ),
    "Jacobian of another shape": (softmax, lambda z: np.ones((3, 2)), Z, "the Jacobian is (3, 3)"),
    "Jacobian transposed": (lambda z: z * z[::-1] * z[0], lambda z: np.ones((3, 3)), Z, ""),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_derivatives_are_caught_and_diagnosed(case: str) -> None:
    f, df, x, sentence = WRONG[case]
    report = failure(f, df, x)
    assert sentence in "; ".join(report.diagnosis), report.diagnosis
    assert "autograd disagrees" not in "".join(report.notes)
    assert not check_derivative(f, df, x, raise_on_failure=False)


def test_the_other_gradients_are_compared_when_one_has_a_wrong_shape() -> None:
    report = failure(cost, lambda W, b: (dcost(W, b)[0], 0.0), (W, B))
    assert [(e.input, e.verdict) for e in report.entries] == [("W", "ok"), ("b", "SHAPE")]


def test_diagonal_slopes_of_a_coupled_function_are_refused() -> None:
    report = failure(softmax, lambda z: softmax(z) * (1 - softmax(z)), Z)
    assert "does not work element by element: output 1 changes with element 0 of z" in report.problem
    assert "(3, 3)" in report.problem


def test_the_number_of_gradients_must_fit() -> None:
    assert failure(cost, lambda W, b: dcost(W, b)[0], (W, B)).problem == "df returned 1 gradients for 2 inputs (W, b)"


def test_three_opinions_stand_side_by_side() -> None:
    report = failure(cost, lambda W, b: tuple(8 * g for g in dcost(W, b)), (W, B))
    assert str(report).splitlines()[2].split()[3:7] == ["by", "hand", "autograd", "numeric"]
    entry = report.entries[0]
    assert entry.by_hand == pytest.approx(8 * entry.analytic)
    assert entry.analytic == pytest.approx(entry.numeric)
    assert "it is the derivative by hand that is wrong" in report.notes[0]


def test_functions_that_autograd_cannot_run_are_checked_by_differences_only() -> None:
    def stubborn(x: Any) -> Any:
        return math.exp(x) if type(x) is not tg.Tensor else x.no_such_method()

    report = check_derivative(stubborn, math.exp, 0.7)
    assert "autograd is left out" in report.notes[0]
    assert "-" in str(report)
    failure(stubborn, lambda x: 2 * math.exp(x), 0.7)


def test_unusable_inputs_are_refused() -> None:
    with pytest.raises(TinygradError, match="holds no real numbers"):
        check_derivative(lambda x: x, lambda x: x, np.array([True]))
    assert "must hold real numbers" in failure(np.sum, lambda x: x * 1j, Z).diagnosis[0]
    with np.errstate(all="ignore"):
        assert "f is nan" in failure(np.log, lambda x: 1 / x, np.array([-1.0])).problem
    noisy = np.random.default_rng(0)
    assert "f is random" in failure(lambda x: x * noisy.normal(), lambda x: x, Z).problem


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e3, 1e8])
def test_scale_does_not_matter(scale: float) -> None:
    x = Z * scale
    assert check_derivative(lambda x: np.sum((x / scale) ** 3), lambda x: 3 * (x / scale) ** 2 / scale, x)
    assert check_derivative(lambda x: scale * np.sum(np.sin(x / scale)), lambda x: np.cos(x / scale), x)
    failure(lambda x: np.sum((x / scale) ** 3), lambda x: 3.0003 * (x / scale) ** 2 / scale, x)


def test_gradients_in_a_dict_belong_to_their_keys() -> None:
    def f(p: Any) -> Any:
        return (p["W1"] * p["W2"] ** 2).sum()

    def df(p: Any) -> Any:  # the order of backpropagation: last layer first
        return {"W2": 2 * p["W1"] * p["W2"], "W1": p["W2"] ** 2}

    point = {"W1": np.array([0.3, -0.8]), "W2": np.array([1.2, 0.5])}
    assert tg.check_derivative(f, df, point)
    with pytest.raises(tg.GradCheckError, match=r"missing: 'W1';\s+unknown: 'dW1'"):
        tg.check_derivative(f, lambda p: {"W2": df(p)["W2"], "dW1": df(p)["W1"]}, point)


def test_a_bias_summed_over_everything_is_told_the_axes() -> None:
    b = np.zeros((2, 1))
    with pytest.raises(tg.GradCheckError, match=r"(?s)a sum over all axes.*axis=1,\s+keepdims=True"):
        tg.check_derivative(lambda b: tg.sum(b + np.ones((2, 3))), lambda b: np.sum(np.ones((2, 3))), b)
