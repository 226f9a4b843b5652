"""What makes an answer right. Each judge is given the submission's `call` and raises an error if it is wrong.

The derivatives are held against autograd and differences by `check_derivative`, so no list of right answers exists
that could be out of date, or be found.
"""

import numpy as np

import tinygrad_course as tg

rng = np.random.default_rng(8)
POINTS = np.array([0.3, 1.0, 1.7, 4.0])
ANYWHERE = np.array([-2.0, -0.4, 0.6, 3.0])


def slope(f, name, at=POINTS):
    """A function of one variable, elementwise."""
    return lambda call: tg.check_derivative(f, lambda a: call(name, a), at)


def sigmoid(z):
    return tg.sigmoid(z)


def value(f, name, at, rtol=1e-12):
    """A formula: its values."""

    def judge(call):
        np.testing.assert_allclose(call(name, at), f(at), rtol=rtol, atol=1e-300, err_msg=f"at {at}")

    return judge


def loss(z, y):
    return tg.binary_cross_entropy_with_logits(z, y, reduction="none")


def judge_dz(call):
    y = np.array([1.0, 0.0, 1.0, 0.0])
    tg.check_derivative(lambda z: loss(z, y), lambda z: call("dz", z, y), ANYWHERE)


def judge_gradients(call):
    X, Y = rng.normal(size=(3, 5)), np.array([[1.0, 0.0, 0.0, 1.0, 1.0]])

    def J(w, b):
        return tg.mean(loss(w.T @ X + b, Y))

    tg.check_derivative(J, lambda w, b: call("gradients", w, b, X, Y), (rng.normal(size=(3, 1)), np.array(0.2)))


def network():
    """X, Y, W1, b1, W2, b2 of a network with 3 inputs, 4 hidden and 2 output units, on 5 examples."""
    sizes = [(3, 5), (4, 3), (4, 1), (2, 4), (2, 1)]
    X, W1, b1, W2, b2 = (rng.normal(size=size) for size in sizes)
    return X, (rng.random((2, 5)) > 0.5) * 1.0, W1, b1, W2, b2


def judge_output(call):
    X, Y, W1, b1, W2, b2 = network()
    A1 = np.tanh(W1 @ X + b1)

    def J(Z2, W2, b2):  # by Z2 directly, and by W2 and b2 through it
        return (tg.sum(loss(Z2, Y)) + tg.sum(loss(W2 @ A1 + b2, Y))) / 5

    Z2 = W2 @ A1 + b2
    tg.check_derivative(J, lambda Z2, W2, b2: call("d_output", A1, tg.sigmoid(Z2), Y), (Z2, W2, b2))


def judge_hidden(call):
    X, Y, W1, b1, W2, b2 = network()

    def J(W1, b1):
        return tg.sum(loss(W2 @ tg.tanh(W1 @ X + b1) + b2, Y)) / 5

    def by_student(W1, b1):
        A1 = np.tanh(W1 @ X + b1)
        return call("d_hidden", X, A1, W2, (tg.sigmoid(W2 @ A1 + b2) - Y) / 5)

    tg.check_derivative(J, by_student, (W1, b1))


def judge_vjp(f, name, *inputs, further=()):
    """A vjp: the derivative of the sum of g * f(inputs), for a g of its own."""

    def judge(call):
        y = f(*inputs)
        g = rng.normal(size=np.shape(y))
        tg.check_derivative(lambda *x: tg.sum(g * f(*x)), lambda *x: call(name, g, f(*x), *x, *further), inputs)

    return judge


def softsign(x):
    return x / (1 + abs(x))


INDEX = np.array([0, 2, 2, 4, 0])

# sheet -> exercise -> (points, judge)
SHEETS = {
    "derivatives": {
        "d_line": (1, slope(lambda a: 3 * a + 2, "d_line")),
        "d_cube": (1, slope(lambda a: a**3, "d_cube", ANYWHERE)),
        "d_log": (1, slope(tg.log, "d_log")),
        "d_product": (2, slope(lambda a: a**2 * tg.log(a), "d_product")),
        "d_chain": (2, slope(lambda a: tg.exp(-(a**2)), "d_chain", ANYWHERE)),
    },
    "logistic": {
        "sigmoid": (2, value(sigmoid, "sigmoid", np.array([-1000.0, -3.0, 0.0, 2.0, 1000.0]))),
        "d_sigmoid": (1, slope(sigmoid, "d_sigmoid", ANYWHERE)),
        "dz": (2, judge_dz),
        "gradients": (3, judge_gradients),
    },
    "backpropagation": {"d_output": (3, judge_output), "d_hidden": (4, judge_hidden)},
    "rules": {
        "softsign_partial": (
            1,
            lambda call: tg.check_derivative(softsign, lambda x: call("softsign_partial", softsign(x), x), ANYWHERE),
        ),
        "sum_vjp": (2, judge_vjp(lambda x: x.sum(axis=1), "sum_vjp", rng.normal(size=(3, 4)))),
        "matmul_vjp": (
            3,
            judge_vjp(lambda a, b: a @ b, "matmul_vjp", rng.normal(size=(2, 3)), rng.normal(size=(3, 4))),
        ),
        "take_vjp": (3, judge_vjp(lambda x: x[INDEX], "take_vjp", rng.normal(size=5), further=(INDEX,))),
    },
}
