"""The activation functions of the notes and their derivatives (lines 295-343), in plain NumPy.

`g(z)` is written beside `g'(z)`; `ACTIVATIONS` has both by name. The functions of the framework are `tg.sigmoid`,
`tg.tanh`, `tg.relu` and `tg.leaky_relu`: their derivatives nobody has to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def sigmoid(z: Any) -> Any:
    """``1 / (1 + exp(-z))``, between 0 and 1, in a form in which exp cannot overflow.

    >>> from tinygrad_course.course import activations
    >>> activations.sigmoid(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_derivative(z: Any) -> Any:
    """``g'(z) = g(z) * (1 - g(z))``, at most 1/4."""
    s = sigmoid(z)
    return s * (1 - s)


def tanh(z: Any) -> Any:
    """``(e^z - e^-z) / (e^z + e^-z)``, between -1 and 1: a sigmoid shifted *and* scaled, ``2 sigmoid(2z) - 1``."""
    return np.tanh(z)


def tanh_derivative(z: Any) -> Any:
    """``g'(z) = 1 - g(z)**2``, at most 1."""
    return 1 - np.tanh(z) ** 2


def relu(z: Any) -> Any:
    """``max(0, z)`` of each element."""
    return np.maximum(0, z)


def relu_derivative(z: Any) -> Any:
    """0 where z <= 0, 1 elsewhere. The notes have 1 at z = 0; the course's code and the framework have 0 there.

    >>> from tinygrad_course.course import activations
    >>> activations.relu_derivative(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Any) -> Any:
    """``max(0.01 z, z)`` of each element."""
    return np.maximum(0.01 * z, z)


def leaky_relu_derivative(z: Any) -> Any:
    """0.01 where z <= 0, 1 elsewhere."""
    return np.where(z > 0, 1.0, 0.01)


class Activation(NamedTuple):
    """A function of each element, and its derivative."""

    g: Callable[[Any], Any]
    derivative: Callable[[Any], Any]


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "tanh": Activation(tanh, tanh_derivative),
    "relu": Activation(relu, relu_derivative),
    "leaky_relu": Activation(leaky_relu, leaky_relu_derivative),
}
