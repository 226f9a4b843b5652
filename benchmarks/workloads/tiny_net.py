"""One training step of the course's 2-4-1 network (tanh, sigmoid, cross-entropy; columns are examples), in float64."""

import numpy as np

from ..peers import training

RTOL = 1e-10
RATE = 0.5


def data(m):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((2, m))
    Y = (X[:1] * X[1:] > 0).astype(float)
    W1, W2 = rng.standard_normal((4, 2)), rng.standard_normal((1, 4))
    return [W1, np.zeros((4, 1)), W2, np.zeros((1, 1))], [X, Y]


def by_hand(m):
    params, (X, Y) = data(m)
    W1, b1, W2, b2 = params

    def step(lap):
        Z1 = W1 @ X + b1
        A1 = np.tanh(Z1)
        Z2 = W2 @ A1 + b2
        A2 = 1 / (1 + np.exp(-Z2))
        J = np.sum(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / m
        dA2 = (-Y / A2 + (1 - Y) / (1 - A2)) / m
        dZ2 = dA2 * A2 * (1 - A2)
        dW2 = dZ2 @ A1.T
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (W2.T @ dZ2) * (1 - A1**2)
        dW1 = dZ1 @ X.T
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        for p, dp in zip(params, (dW1, db1, dW2, db2), strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def simplified(m):
    """By hand with the algebra done first: dZ2 = A2 - Y. No graph of the same statements can know that."""
    params, (X, Y) = data(m)
    W1, b1, W2, b2 = params

    def step(lap):
        A1 = np.tanh(W1 @ X + b1)
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        J = np.sum(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / m
        dZ2 = (A2 - Y) / m
        dW2 = dZ2 @ A1.T
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (W2.T @ dZ2) * (1 - A1**2)
        dW1 = dZ1 @ X.T
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        for p, dp in zip(params, (dW1, db1, dW2, db2), strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def loss(lib, params, X, Y):
    """In a library with its own sigmoid: ours, PyTorch."""
    W1, b1, W2, b2 = params
    Z1 = W1 @ X + b1
    A1 = lib.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = lib.sigmoid(Z2)
    return (-(Y * lib.log(A2) + (1 - Y) * lib.log(1 - A2))).sum() / Y.shape[1]


def generic(np, params, X, Y):
    W1, b1, W2, b2 = params
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    return np.sum(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / Y.shape[1]


def competitors(m):
    """All of them, for `m` examples."""
    found = training(
        lambda: data(m), RATE, ours=loss, torch=loss, generic=generic, by_hand=lambda: by_hand(m), without=()
    )
    return {**found, "NumPy, simplified": lambda: simplified(m)}
