"""The programs whose printed source is kept as golden files, written as a user writes them."""

from pathlib import Path

import numpy as np

import tinygrad_course as tg


def two_layer(W1, b1, W2, b2, X, Y):
    Z1 = W1 @ X + b1
    A1 = tg.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = tg.sigmoid(Z2)  # noqa: F841
    J = tg.binary_cross_entropy_with_logits(Z2, Y)
    return J


def by_hand(parameters, X, Y):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = tg.relu(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    return J


def neuron(w1, w2, b, x1, x2, y):
    z = w1 * x1 + w2 * x2 + b
    a = tg.sigmoid(z)
    L = -(y * tg.log(a) + (1 - y) * tg.log(1 - a))
    return L


def roots(x):
    h = tg.where(x > 0, tg.sqrt(x), 0.0)
    return tg.sum(h * x)


def data(dtype=float, seed=0):
    """W1, b1, W2, b2 as Tensors that require a gradient, X and Y as arrays: the notes' columns layout, m = 400."""
    rng = np.random.default_rng(seed)
    shapes = [(4, 2), (4, 1), (1, 4), (1, 1)]
    weights = [tg.Tensor(rng.normal(size=s).astype(dtype), requires_grad=True) for s in shapes]
    return [*weights, rng.normal(size=(2, 400)).astype(dtype), (rng.random((1, 400)) > 0.5).astype(dtype)]


def named(seed=0):
    *weights, X, Y = data(seed=seed)
    return [dict(zip(("W1", "b1", "W2", "b2"), weights, strict=True)), X, Y]


def golden():
    return {
        "two_layer": tg.source(two_layer, *data()),
        "by_hand": tg.source(by_hand, *named()),
        "neuron": tg.source(neuron, 0.5, -0.25, 0.1, 1.0, 2.0, 1.0, argnums=(0, 1, 2)),
        "roots": tg.source(roots, np.array([0.5, 2.0, 1.0])),
    }


if __name__ == "__main__":  # python -m tests.source_programs: write the golden files anew
    for name, text in golden().items():
        Path(__file__).with_name("golden").joinpath(f"source_{name}.txt").write_text(text, encoding="utf-8")
