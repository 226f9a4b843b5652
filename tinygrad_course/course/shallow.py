"""The network with one hidden layer (lines 232-391): tanh, then a sigmoid. X (n_x, m), Y (n_y, m).

`backward_propagation` has the six equations; `gradients_by_autograd` gets the same six results from the cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_course as tg

from .activations import Array, sigmoid
from .initialization import Parameters, initialize_parameters_random

Gradients = Callable[[Parameters, Array, Array], tuple[float, Parameters]]


def layer_sizes(X: Array, Y: Array, n_h: int = 4) -> tuple[int, int, int]:
    """(n_x, n_h, n_y): the sizes of the input, the hidden and the output layer."""
    return X.shape[0], n_h, Y.shape[0]


def initialize_parameters(n_x: int, n_h: int, n_y: int, seed: int = 2) -> Parameters:
    """W1 (n_h, n_x) and W2 (n_y, n_h) small and random, b1 (n_h, 1) and b2 (n_y, 1) zero (lines 384-388)."""
    return initialize_parameters_random([n_x, n_h, n_y], 0.01, seed)


def forward_propagation(X: Array, parameters: Parameters) -> tuple[Any, Parameters]:
    """A2 (n_y, m), and the cache of Z1, A1, Z2, A2 (lines 361-366).

    It runs on Tensors as it stands: NumPy hands its functions over to them.
    """
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = sigmoid(Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def compute_cost(A2: Any, Y: Array) -> Any:
    """The cross-entropy, summed over output units and averaged over examples (lines 80, 85 and 357).

    >>> from tinygrad_course.course import shallow
    >>> print(shallow.compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 1]])).round(6))
    0.414932
    """
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m


def backward_propagation(parameters: Parameters, cache: Parameters, X: Array, Y: Array) -> Parameters:
    """The six equations (lines 368-373): dW1, db1, dW2, db2, each of the shape of what it is the derivative for."""
    m = X.shape[1]
    A1, A2, W2 = cache["A1"], cache["A2"], parameters["W2"]
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def gradients_by_hand(parameters: Parameters, X: Array, Y: Array) -> tuple[float, Parameters]:
    """The cost and its gradients: forward, then the six equations."""
    A2, cache = forward_propagation(X, parameters)
    return float(compute_cost(A2, Y)), backward_propagation(parameters, cache, X, Y)


def gradients_by_autograd(parameters: Parameters, X: Array, Y: Array) -> tuple[float, Parameters]:
    """The same, without the six equations."""
    W1, b1, W2, b2 = (tg.Tensor(parameters[name], requires_grad=True, name=name) for name in ("W1", "b1", "W2", "b2"))
    A1 = tg.tanh(W1 @ X + b1)
    A2 = tg.sigmoid(W2 @ A1 + b2)
    J = tg.binary_cross_entropy(A2, Y, reduction="sum") / Y.shape[1]
    J.backward()
    return J.item(), {"dW1": W1.grad, "db1": b1.grad, "dW2": W2.grad, "db2": b2.grad}


def update_parameters(parameters: Parameters, grads: Parameters, learning_rate: float = 1.2) -> Parameters:
    """One step of gradient descent, as new arrays: ``W1 = W1 - learning_rate * dW1`` and so on for all."""
    return {name: value - learning_rate * grads[f"d{name}"] for name, value in parameters.items()}


def nn_model(
    X: Array,
    Y: Array,
    n_h: int,
    num_iterations: int = 10000,
    print_cost: bool = False,
    learning_rate: float = 1.2,
    gradients: Gradients = gradients_by_hand,
) -> tuple[Parameters, list[float]]:
    """Train on all examples at once: the parameters, and the cost of every thousandth iteration."""
    parameters, costs = initialize_parameters(*layer_sizes(X, Y, n_h)), []
    for i in range(num_iterations):
        cost, grads = gradients(parameters, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
        if i % 1000 == 0:
            costs.append(cost)
            if print_cost:
                print(f"Cost after iteration {i}: {cost:f}")
    return parameters, costs


def predict(parameters: Parameters, X: Array) -> Array:
    """Whether the output exceeds one half: (n_y, m) of booleans."""
    A2, _ = forward_propagation(X, parameters)
    predictions: Array = A2 > 0.5
    return predictions
