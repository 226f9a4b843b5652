"""The network of L layers (lines 393-469): ReLU in every hidden layer, a sigmoid at the end. X (n_x, m), Y (1, m).

Each layer is a block that goes forward and keeps a cache, and goes backward with it. `gradients_by_autograd` gets the
same from the cost: the graph is the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

import tinygrad_course as tg

from .activations import ACTIVATIONS, Array
from .initialization import Parameters, initialize_parameters_random, initialize_parameters_xavier
from .shallow import Gradients, compute_cost, update_parameters


class LinearCache(NamedTuple):
    """What the backward pass of the linear part of layer l needs (line 466 needs more than line 461 keeps)."""

    A_prev: Array
    W: Array
    b: Array


class Cache(NamedTuple):
    """What the backward pass of layer l needs."""

    linear: LinearCache
    Z: Array


def initialize_parameters_deep(layer_dims: Sequence[int], seed: int = 1) -> Parameters:
    """W[l] (n[l], n[l-1]) with deviation ``1 / sqrt(n[l-1])``, b[l] (n[l], 1) zero (lines 427-431)."""
    return initialize_parameters_xavier(layer_dims, seed)


# --- forward ----------------------------------------------------------------------------------------------------------


def linear_forward(A_prev: Array, W: Array, b: Array) -> tuple[Array, LinearCache]:
    """``Z[l] = W[l] A[l-1] + b[l]``, of shape (n[l], m) (line 459)."""
    return np.dot(W, A_prev) + b, LinearCache(A_prev, W, b)


def linear_activation_forward(A_prev: Array, W: Array, b: Array, activation: str) -> tuple[Array, Cache]:
    """``A[l] = g[l](Z[l])`` (line 460); `activation` is a name in ``activations.ACTIVATIONS``."""
    Z, linear_cache = linear_forward(A_prev, W, b)
    return ACTIVATIONS[activation].g(Z), Cache(linear_cache, Z)


def L_model_forward(X: Array, parameters: Parameters) -> tuple[Array, list[Cache]]:
    """A[L] and the caches of layers 1 to L; the one loop that has to be (line 424)."""
    L = len(parameters) // 2
    A, caches = X, []
    for l in range(1, L + 1):
        activation = "relu" if l < L else "sigmoid"
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], activation)
        caches.append(cache)
    return A, caches


# --- backward ---------------------------------------------------------------------------------------------------------


def linear_backward(dZ: Array, cache: LinearCache) -> tuple[Array, Array, Array]:
    """dA[l-1], dW[l] and db[l] from dZ[l] (lines 466-468)."""
    A_prev, W, _ = cache
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db


def linear_activation_backward(dA: Array, cache: Cache, activation: str) -> tuple[Array, Array, Array]:
    """The same from dA[l]: ``dZ[l] = dA[l] * g[l]'(Z[l])`` first (line 465)."""
    dZ = dA * ACTIVATIONS[activation].derivative(cache.Z)
    return linear_backward(dZ, cache.linear)


def L_model_backward(AL: Array, Y: Array, caches: list[Cache]) -> Parameters:
    """dW and db of every layer, and dA0 to dA(L-1), from right to left; the start is the derivative of the loss.

    As in the course dA is the derivative of one example's loss, dW and db are those of the cost: only they are
    divided by m.
    """
    L = len(caches)
    dA = -(Y / AL) + (1 - Y) / (1 - AL)  # not -Y / AL: of labels in uint8, -Y is 255
    grads = {}
    for l in range(L, 0, -1):
        activation = "relu" if l < L else "sigmoid"
        dA, grads[f"dW{l}"], grads[f"db{l}"] = linear_activation_backward(dA, caches[l - 1], activation)
        grads[f"dA{l - 1}"] = dA
    return grads


# --- both, and the same by autograd -----------------------------------------------------------------------------------


def gradients_by_hand(parameters: Parameters, X: Array, Y: Array) -> tuple[float, Parameters]:
    """The cost and its gradients, with caches."""
    AL, caches = L_model_forward(X, parameters)
    return float(compute_cost(AL, Y)), L_model_backward(AL, Y, caches)


def gradients_by_autograd(parameters: Parameters, X: Array, Y: Array) -> tuple[float, Parameters]:
    """The same from the cost alone (dA excepted: nobody needs it)."""
    tensors = {name: tg.Tensor(value, requires_grad=True, name=name) for name, value in parameters.items()}
    L = len(tensors) // 2
    A = X
    for l in range(1, L + 1):
        Z = tensors[f"W{l}"] @ A + tensors[f"b{l}"]
        A = tg.relu(Z) if l < L else tg.sigmoid(Z)
    J = tg.binary_cross_entropy(A, Y, reduction="sum") / Y.shape[1]
    J.backward()
    return J.item(), {f"d{name}": t.grad for name, t in tensors.items()}


def L_layer_model(
    X: Array,
    Y: Array,
    layers_dims: Sequence[int],
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
    initialize: Callable[[Sequence[int]], Parameters] = initialize_parameters_deep,
    gradients: Gradients = gradients_by_hand,
) -> tuple[Parameters, list[float]]:
    """Train on all examples at once: the parameters, and the cost of every hundredth iteration."""
    parameters, costs = initialize(layers_dims), []
    for i in range(num_iterations):
        cost, grads = gradients(parameters, X, Y)
        parameters = update_parameters(parameters, grads, learning_rate)
        if i % 100 == 0:
            costs.append(cost)
            if print_cost:
                print(f"Cost after iteration {i}: {cost:f}")
    return parameters, costs


def initialize_two_layers(layers_dims: Sequence[int]) -> Parameters:
    """The start of the course's network of two layers for cats: 0.01 times a standard normal, seed 1."""
    return initialize_parameters_random(layers_dims, 0.01, seed=1)


def predict(parameters: Parameters, X: Array) -> Array:
    """1.0 where the output exceeds one half, else 0.0: (1, m)."""
    return (L_model_forward(X, parameters)[0] > 0.5).astype(float)
