"""Where W and b start (lines 377-391): what zeros do, and how large random weights should be.

`layer_dims` is [n_x, n_1, ..., n_y]. Each function returns {"W1": (n_1, n_x), "b1": (n_1, 1), "W2": ...}. The numbers
are those that the course gets from `np.random.seed(seed)`, drawn without touching NumPy's global state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

Parameters = dict[str, Any]


def random_layers(layer_dims: Sequence[int], deviation: Callable[[int], float], seed: int) -> Parameters:
    """W of layer l is normal with the deviation that `deviation` gives for n_(l-1) inputs; b is zero."""
    rng = np.random.RandomState(seed)
    parameters = {}
    for l, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        parameters[f"W{l}"] = rng.randn(n, n_prev) * deviation(n_prev)
        parameters[f"b{l}"] = np.zeros((n, 1))
    return parameters


def initialize_parameters_zeros(layer_dims: Sequence[int]) -> Parameters:
    """All zero. The units of a layer compute the same for ever: nothing tells them apart (lines 380-382).

    >>> from tinygrad_course.course import initialization
    >>> initialization.initialize_parameters_zeros([2, 1])
    {'W1': array([[0., 0.]]), 'b1': array([[0.]])}
    """
    return random_layers(layer_dims, lambda n: 0.0, seed=0)


def initialize_parameters_random(layer_dims: Sequence[int], scale: float = 0.01, seed: int = 3) -> Parameters:
    """`scale` times a standard normal: 0.01 for shallow nets (line 387); 10 saturates sigmoid and tanh (line 389)."""
    return random_layers(layer_dims, lambda n: scale, seed)


def initialize_parameters_xavier(layer_dims: Sequence[int], seed: int = 1) -> Parameters:
    """Deviation ``sqrt(1 / n_(l-1))``: with it the course trains its deep network of cats."""
    return random_layers(layer_dims, lambda n: 1 / float(np.sqrt(n)), seed)


def initialize_parameters_he(layer_dims: Sequence[int], seed: int = 3) -> Parameters:
    """Deviation ``sqrt(2 / n_(l-1))``: keeps the size of activations through layers of ReLU (He et al., 2015)."""
    return random_layers(layer_dims, lambda n: float(np.sqrt(2 / n)), seed)


def count_parameters(layer_dims: Sequence[int]) -> int:
    """How many numbers such a network learns.

    >>> from tinygrad_course.course import initialization
    >>> initialization.count_parameters([12288, 20, 7, 5, 1])
    245973
    """
    return sum(n * (n_prev + 1) for n_prev, n in pairwise(layer_dims))
