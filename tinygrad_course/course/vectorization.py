"""The same result with loops and without (lines 172-192 and 268-291)."""

from __future__ import annotations

import numpy as np

from .activations import Array, sigmoid
from .initialization import Parameters


def dot_looped(a: Array, b: Array) -> float:
    """The inner product of two vectors, one product at a time; ``np.dot(a, b)`` is a hundred times as fast.

    >>> from tinygrad_course.course import vectorization
    >>> vectorization.dot_looped(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    11.0
    """
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return float(total)


def matvec_looped(W: Array, x: Array) -> Array:
    """``np.dot(W, x)`` by two loops: W (n, k), x (k, 1), result (n, 1)."""
    out = np.zeros((W.shape[0], 1))
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            out[i, 0] += W[i, j] * x[j, 0]
    return out


def forward_looped(X: Array, parameters: Parameters) -> Array:
    """A2 (n_y, m) of a network of two layers of sigmoids, example by example (lines 273-277)."""
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    columns = []
    for i in range(X.shape[1]):
        x = X[:, i : i + 1]  # a column (n_x, 1); X[:, i] would have rank 1
        a1 = sigmoid(np.dot(W1, x) + b1)
        columns.append(sigmoid(np.dot(W2, a1) + b2))
    return np.hstack(columns)


def forward_vectorised(X: Array, parameters: Parameters) -> Array:
    """The same for all m examples at once (lines 279-282)."""
    W1, b1, W2, b2 = (parameters[name] for name in ("W1", "b1", "W2", "b2"))
    A1 = sigmoid(np.dot(W1, X) + b1)
    A2: Array = sigmoid(np.dot(W2, A1) + b2)
    return A2


def normalise(X: Array) -> tuple[Array, Array, Array]:
    """X (n_x, m) with mean 0 and deviation 1 in every feature; and the means and deviations, (n_x, 1) (line 214).

    Test data must be normalised with the numbers of the training data, not with its own. The deviation of a constant
    feature counts as 1.

    >>> from tinygrad_course.course import vectorization
    >>> vectorization.normalise(np.array([[1.0, 3.0], [5.0, 5.0]]))[0].tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    mean, deviation = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
    constant = np.ptp(X, axis=1, keepdims=True) == 0  # its deviation may be 1e-17, by rounding
    deviation = np.where(constant, 1.0, deviation)
    return (X - mean) / deviation, mean, deviation
