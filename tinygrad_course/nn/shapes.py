"""`Flatten` and `Unflatten`: the same numbers in another shape, between convolutions and linear layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops.axes import refuse, shape_of
from ..ops.shape import reshape
from .module import Module


class Flatten(Module):
    """Axes `start_dim` to `end_dim` as one; by default all but the first, so that every example is one row.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.Flatten()(np.ones((10, 3, 8, 8))).shape
    (10, 192)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """(a, b, c, d) to (a, b * c * d) by default."""
        shape = shape_of(x)
        n = max(len(shape), 1)
        start, end = (d + n if d < 0 else d for d in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < n:
            raise refuse(
                "Flatten",
                f"x of shape {shape} has no axes {self.start_dim} to {self.end_dim} in this order; choose others",
            )
        return reshape(x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """The axis `dim` as several, of sizes `unflattened_size` (one of which may be -1: what is left).

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.Unflatten(1, (3, 8, 8))(np.ones((10, 192))).shape
    (10, 3, 8, 8)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        """(a, b * c * d) to (a, b, c, d)."""
        shape, sizes = shape_of(x), self.unflattened_size
        if not -len(shape) <= self.dim < len(shape):
            raise refuse("Unflatten", f"x of shape {shape} has no axis {self.dim}; choose one of its {len(shape)}")
        dim, known = self.dim % len(shape), math.prod(n for n in sizes if n != -1)
        if sizes.count(-1) == 1 and known and shape[dim] % known == 0:
            sizes = tuple(shape[dim] // known if n == -1 else n for n in sizes)
        if -1 in sizes or math.prod(sizes) != shape[dim]:
            raise refuse(
                "Unflatten",
                f"axis {self.dim} of x, which is {shape}, cannot be cut into {sizes}; their product must be its size",
            )
        return reshape(x, (*shape[:dim], *sizes, *shape[dim + 1 :]))

    def extra_repr(self) -> str:
        """The axis and the sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
