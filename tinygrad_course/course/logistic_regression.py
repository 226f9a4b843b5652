"""Logistic regression as the notes write it (lines 65-192), for examples in columns: X (n_x, m), Y (1, m), w (n_x, 1).

The gradient is there three times: by two loops (`propagate_looped`), vectorised (`propagate`), and by autograd
(`propagate_by_autograd`). All three take and give the same, so that each can drive `optimize` and `model`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_course as tg

from .activations import Array, sigmoid

Grads = dict[str, Any]
Propagate = Callable[[Any, Any, Array, Array], tuple[Grads, float]]


def initialize_with_zeros(dim: int) -> tuple[Array, float]:
    """w (dim, 1) and b, all zero: the cost is convex, so any start will do (line 94).

    >>> from tinygrad_course.course import logistic_regression
    >>> logistic_regression.initialize_with_zeros(2)
    (array([[0.],
           [0.]]), 0.0)
    """
    return np.zeros((dim, 1)), 0.0


def propagate(w: Any, b: Any, X: Array, Y: Array) -> tuple[Grads, float]:
    """The cost and its gradients dw (n_x, 1) and db, without a loop (lines 188-192).

    >>> from tinygrad_course.course import logistic_regression
    >>> X, Y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1, 0]])
    >>> grads, cost = logistic_regression.propagate(np.array([[1.0], [2.0]]), 2.0, X, Y)
    >>> round(cost, 6), round(grads["db"], 6), grads["dw"].round(6).tolist()
    (6.000065, 0.499935, [[0.999932], [1.999803]])
    """
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dz = A - Y
    dw = np.dot(X, dz.T) / m
    db = np.sum(dz) / m
    return {"dw": dw, "db": float(db)}, float(cost)


def propagate_looped(w: Any, b: Any, X: Array, Y: Array) -> tuple[Grads, float]:
    """The same with a loop over examples and one over features (lines 145-163, there unrolled for two features)."""
    n_x, m = X.shape
    J, dw, db = 0.0, np.zeros((n_x, 1)), 0.0  # begin at zero in every iteration, unlike w and b
    for i in range(m):
        # Forward pass
        z = b
        for j in range(n_x):
            z += w[j, 0] * X[j, i]
        a = sigmoid(z)
        J -= Y[0, i] * np.log(a) + (1 - Y[0, i]) * np.log(1 - a)
        # Backward pass
        dz = a - Y[0, i]
        for j in range(n_x):
            dw[j, 0] += X[j, i] * dz
        db += dz
    return {"dw": dw / m, "db": float(db / m)}, float(J / m)


def propagate_by_autograd(w: Any, b: Any, X: Array, Y: Array) -> tuple[Grads, float]:
    """The same from the cost alone: the graph knows the rest."""
    w, b = tg.Tensor(w, requires_grad=True, name="w"), tg.Tensor(b, requires_grad=True, name="b")
    A = tg.sigmoid(w.T @ X + b)
    J = tg.binary_cross_entropy(A, Y)
    J.backward()
    return {"dw": w.grad, "db": b.grad.item()}, J.item()


def optimize(
    w: Array,
    b: Any,
    X: Array,
    Y: Array,
    num_iterations: int,
    learning_rate: float,
    print_cost: bool = False,
    propagate: Propagate = propagate,
) -> tuple[dict[str, Any], Grads, list[float]]:
    """Gradient descent (lines 95-100): the parameters, the last gradients, the cost of every hundredth iteration."""
    costs: list[float] = []
    grads: Grads = {}
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w = w - learning_rate * grads["dw"]
        b = b - learning_rate * grads["db"]
        if i % 100 == 0:
            costs.append(cost)
            if print_cost:
                print(f"Cost after iteration {i}: {cost:f}")
    return {"w": w, "b": b}, grads, costs


def predict(w: Any, b: Any, X: Array) -> Array:
    """1.0 where the probability exceeds one half, else 0.0: (1, m)."""
    A: Array = sigmoid(np.dot(w.T, X) + b)
    return (A > 0.5).astype(float)


def model(
    X_train: Array,
    Y_train: Array,
    X_test: Array,
    Y_test: Array,
    num_iterations: int = 2000,
    learning_rate: float = 0.5,
    print_cost: bool = False,
    propagate: Propagate = propagate,
) -> dict[str, Any]:
    """Start at zero, learn from the training set, predict both sets; accuracies are in per cent."""
    w, b = initialize_with_zeros(X_train.shape[0])
    found, _, costs = optimize(w, b, X_train, Y_train, num_iterations, learning_rate, print_cost, propagate)
    train, test = predict(**found, X=X_train), predict(**found, X=X_test)
    return {
        "costs": costs,
        "Y_prediction_train": train,
        "Y_prediction_test": test,
        "train_accuracy": 100 * float(np.mean(train == Y_train)),
        "test_accuracy": 100 * float(np.mean(test == Y_test)),
        **found,
        "learning_rate": learning_rate,
        "num_iterations": num_iterations,
    }
