"""Slips in the printed notes, on logistic regression and activations (test_errata_networks.py has those on networks).

For each: what exposes it, and that the mended form passes. The numbers in the names are lines of the notes.
The judges are the framework's own: `check_derivative` and `gradcheck` for formulas, errors of shapes for products,
Python itself for code that does not run, and assertions on values for the rest.
"""

import ast

import numpy as np
import pytest

import tinygrad_course as tg
from tests.verdicts import verdicts, wrong
from tinygrad_course.course import deep, initialization, logistic_regression
from tinygrad_course.course.activations import relu, sigmoid, sigmoid_derivative, tanh, tanh_derivative

M = 3
X = np.random.default_rng(4).normal(size=(2, M))
Y = np.array([[1.0, 0.0, 1.0]])
w, b = np.array([[0.4], [-0.7]]), 0.2

# --- logistic regression: lines 136-192 -------------------------------------------------------------------------------


def cost(w, b):
    A = sigmoid(w.T @ X + b)
    return -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / M


def dcost(w, b):
    grads, _ = logistic_regression.propagate(w, b, X, Y)
    return grads["dw"], grads["db"]


def test_logistic_regression_mended():
    assert tg.check_derivative(cost, dcost, (w, b))


def test_189_sigmoid_without_brackets():
    """``A = 1 / 1 + np.exp(-Z)`` is 1 + exp(-Z)."""

    def printed(Z):
        return 1 / 1 + np.exp(-Z)

    Z = np.array([-2.0, 0.0, 2.0])
    np.testing.assert_allclose(printed(Z), [8.3891, 2.0, 1.1353], atol=5e-5)
    assert not np.all((printed(Z) > 0) & (printed(Z) < 1))
    assert np.all((sigmoid(Z) > 0) & (sigmoid(Z) < 1))
    assert "WRONG" in verdicts(wrong(printed, sigmoid_derivative, Z)).values()
    assert tg.check_derivative(sigmoid, sigmoid_derivative, Z)
    with pytest.raises(RuntimeWarning, match="invalid value encountered in log"):
        np.log(1 - printed(Z))
    with np.errstate(invalid="ignore"), pytest.raises(tg.AnomalyError, match="log"), tg.detect_anomaly():
        tg.log(1 - printed(tg.Tensor(Z, requires_grad=True)))


def test_155_cost_without_its_sign():
    """``J += y log a + ...``: a cost below zero, whose slope is the other way."""

    def printed(w, b):
        return -cost(w, b)

    assert printed(w, b) < 0 < cost(w, b)
    report = wrong(printed, dcost, (w, b))
    assert set(verdicts(report).values()) == {"WRONG"}
    assert "w: the sign is flipped" in "; ".join(report.diagnosis)
    assert report.difference == pytest.approx(1.0)


def test_161_dw1_not_divided():
    """``dw1 /= m`` is missing; with a single example nobody would notice."""

    def printed(w, b, X=X, m=M):
        dw, db = logistic_regression.propagate(w, b, X, Y[:, :m])[0].values()
        return dw * np.array([[m], [1]]), db

    report = wrong(cost, printed, (w, b))
    assert verdicts(report) == {"w": "WRONG", "b": "ok"}
    assert any("[0, 0]" in line for line in report.diagnosis + [e.element for e in report.entries])

    def one_example(w, b):
        A = sigmoid(w.T @ X[:, :1] + b)
        return -np.sum(Y[:, :1] * np.log(A) + (1 - Y[:, :1]) * np.log(1 - A))

    assert tg.check_derivative(one_example, lambda w, b: printed(w, b, X[:, :1], 1), (w, b))


def test_165_alpa():
    """``w1 - alpa * dw1``: a name that nothing defines."""
    names = {"w1": 1.0, "alpha": 0.1, "dw1": 2.0}
    with pytest.raises(NameError, match="alpa"):
        eval("w1 - alpa * dw1", names)
    assert eval("w1 - alpha * dw1", names) == 0.8


def descend(iterations, restart):
    """Costs of the listing, lines 146-168; `restart`: all of it is repeated, weights set to zero included."""
    w, b = logistic_regression.initialize_with_zeros(2)
    costs = []
    for _ in range(iterations):
        if restart:
            w, b = logistic_regression.initialize_with_zeros(2)
        grads, J = logistic_regression.propagate_looped(w, b, X, Y)
        costs.append(J)
        w, b = w - grads["dw"], b - grads["db"]
    return costs


def test_149_weights_zeroed_in_every_iteration():
    np.testing.assert_allclose(descend(5, restart=True), np.log(2))
    assert np.all(np.diff(descend(5, restart=False)) < 0)


def test_149_gradients_not_zeroed_in_every_iteration():
    """The other way round: what is added up must start at zero each time. (So must `grad`: it accumulates.)"""
    t = tg.Tensor(w, requires_grad=True)
    for _ in range(2):
        cost(t, b).backward()
    np.testing.assert_allclose(t.grad, 2 * dcost(w, b)[0])
    assert verdicts(wrong(cost, lambda w, b: (t.grad, dcost(w, b)[1]), (w, b))) == {"w": "WRONG", "b": "ok"}


def test_192_shape_of_db():
    """ "dz shape is (1, 1)": the comment is about db, and that is a number."""
    db = (sigmoid(w.T @ X + b) - Y).sum() / M
    assert np.shape(db) == ()
    report = wrong(cost, lambda w, b: (dcost(w, b)[0], np.full((1, 1), db)), (w, b))
    assert verdicts(report) == {"w": "ok", "b": "SHAPE"}


def test_151_273_loops_from_one():
    """``for i = 1 to m`` over Python's arrays leaves out the first example and falls off the end."""
    with pytest.raises(IndexError):
        [X[:, i] for i in range(1, M + 1)]
    assert len([X[:, i] for i in range(M)]) == M


@pytest.mark.parametrize("printed", ["x1(i) = 0", "y' = 1", "d(J(w,b) / dw) = 0", "for i = 1 to m: pass"])
def test_158_notation_that_is_not_code(printed):
    with pytest.raises(SyntaxError):
        ast.parse(printed)


def test_142_derivative_of_the_loss():
    """``da = -(y/a) + (1-y)/(1-a)`` is right, but not defined where a is 0 or 1; the fused loss is."""

    def loss(a):
        return -(Y * np.log(a) + (1 - Y) * np.log(1 - a))

    assert tg.check_derivative(loss, lambda a: -(Y / a) + (1 - Y) / (1 - a), np.array([[0.9, 0.3, 0.01]]))
    z = np.array([[-800.0, 800.0, 800.0]])
    with pytest.raises(RuntimeWarning):
        loss(sigmoid(z))
    t = tg.Tensor(z, requires_grad=True)
    tg.binary_cross_entropy_with_logits(t, Y, reduction="sum").backward()
    np.testing.assert_array_equal(t.grad, sigmoid(z) - Y)  # dz = a - y


# --- activation functions: lines 295-343 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "error", "mended", "value"),
    [
        ("max(0, z)", ValueError, "np.maximum(0, z)", [0.0, 3.0]),
        ("max(0.01z, z)", SyntaxError, "np.maximum(0.01 * z, z)", [-0.02, 3.0]),
        ("1 - np.tanh(z)^2", TypeError, "1 - np.tanh(z) ** 2", [0.0706508, 0.0098660]),
    ],
)
def test_310_313_334_code_that_does_not_run(printed, error, mended, value):
    z = np.array([-2.0, 3.0])
    with pytest.raises(error):
        eval(printed, {"np": np, "z": z})
    np.testing.assert_allclose(eval(mended, {"np": np, "z": z}), value, atol=1e-7)


def test_310_max_of_a_tensor():
    with pytest.raises(tg.ShapeError, match=r"ambiguous.*maximum"):
        max(0, tg.Tensor([-2.0, 3.0]))
    assert tg.maximum(0, tg.Tensor([-2.0, 3.0])).tolist() == [0.0, 3.0]


def test_302_tanh_far_out():
    def printed(z):
        return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))

    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(printed(np.array(800.0)))
    assert tanh(np.array(800.0)) == 1.0
    near = np.array([-2.0, 0.0, 0.5])
    assert tg.check_derivative(printed, tanh_derivative, near)  # the formula is right where it can be computed
    with np.errstate(all="ignore"), pytest.raises(tg.AnomalyError, match="exp made inf"), tg.detect_anomaly():
        printed(tg.Tensor(800.0, requires_grad=True))


def test_298_sigmoid_far_out():
    def printed(z):
        return 1 / (1 + np.exp(-z))

    with pytest.raises(RuntimeWarning, match="overflow"):
        printed(np.array(-720.0))
    for stable in (sigmoid, tg.sigmoid):
        assert stable(np.array(-720.0)) == pytest.approx(0.0, abs=1e-300)
    near = np.array([-5.0, 0.0, 5.0])
    np.testing.assert_allclose(printed(near), sigmoid(near), rtol=1e-14)


def test_338_slope_of_relu_at_zero():
    """The notes have 1 for z >= 0; the course's code, and we, 0. A central difference has 0.5: a kink, not an error."""
    assert tg.grad(tg.relu)(0.0) == 0.0
    (kink,) = tg.gradcheck(tg.relu, 0.0).kinks
    assert "slope 0 to the left, 1 to the right" in kink
    assert tg.check_derivative(relu, lambda z: (z >= 0) * 1.0, np.array([-1.0, 0.0, 1.0])).kinks
    assert tg.grad(lambda z: tg.where(z >= 0, z, 0.0))(0.0) == 1.0  # the notes' slope, for who wants it


def test_338_the_slope_matters_where_biases_start_at_zero():
    """A dead layer below makes Z exactly 0: with slope 1 there, gradients flow where the course has none."""
    parameters = initialization.initialize_parameters_he([2, 3, 3, 1])
    parameters["W1"] = -np.abs(parameters["W1"])
    X, Y = np.ones((2, 4)), np.ones((1, 4))
    grads = deep.gradients_by_autograd(parameters, X, Y)[1]
    assert not grads["db2"].any()
    assert np.array_equal(grads["db2"], deep.gradients_by_hand(parameters, X, Y)[1]["db2"])
