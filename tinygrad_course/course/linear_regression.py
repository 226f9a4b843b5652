"""One neuron without a sigmoid is linear regression (lines 7 and 65-68): y' = w.T x + b with the squared error.

Shapes as in logistic regression: X (n_x, m), Y (1, m), w (n_x, 1). `logistic_regression.optimize` trains this neuron,
too: pass it the `propagate` of this file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_course as tg

from .activations import Array
from .logistic_regression import Grads


def propagate(w: Any, b: Any, X: Array, Y: Array) -> tuple[Grads, float]:
    """The cost, half the mean squared error (line 79), and its gradients by hand.

    >>> from tinygrad_course.course import linear_regression
    >>> linear_regression.propagate(np.zeros((1, 1)), 0.0, np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]]))
    ({'dw': array([[-5.]]), 'db': -3.0}, 5.0)
    """
    m = X.shape[1]
    A = np.dot(w.T, X) + b
    cost = np.sum((A - Y) ** 2) / (2 * m)
    dz = A - Y
    return {"dw": np.dot(X, dz.T) / m, "db": float(np.sum(dz) / m)}, float(cost)


def propagate_by_autograd(w: Any, b: Any, X: Array, Y: Array) -> tuple[Grads, float]:
    """The same from the cost alone."""
    w, b = tg.Tensor(w, requires_grad=True, name="w"), tg.Tensor(b, requires_grad=True, name="b")
    J = tg.mse_loss(w.T @ X + b, Y) / 2
    J.backward()
    return {"dw": w.grad, "db": b.grad.item()}, J.item()


def solve(X: Array, Y: Array) -> tuple[Array, float]:
    """The w and b that gradient descent runs towards: least squares, with x0 = 1 in place of b (line 71)."""
    augmented = np.vstack([np.ones((1, X.shape[1])), X])
    solution = np.linalg.lstsq(augmented.T, Y.T, rcond=None)[0]
    return solution[1:], float(solution[0, 0])
