"""`Linear`: every output a weighted sum of all inputs, with an example in each row or in each column."""

from __future__ import annotations

import math
from sys import _getframe
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..core.errors import ShapeError
from ..core.position import place
from ..ops.axes import shape_of
from ..ops.linalg import matmul
from ..ops.shape import reshape
from . import init
from .module import Module, Parameter


class Linear(Module):
    """``y = x @ weight.T + bias``, or the notes' ``Z = W @ X + b``: a layer of neurons without their activation.

    Parameters
    ----------
    in_features, out_features
        How many numbers an example has before and after.
    bias
        Whether to add a bias.
    examples
        "rows": x is (..., in_features), weight (out_features, in_features), bias (out_features,), as in PyTorch.
        "columns": x is (in_features, m), weight the same, bias (out_features, 1), as in the notes.
    dtype
        Of the parameters; float64 if None.
    rng
        A NumPy Generator or a seed for the starting values, drawn evenly from +-1/sqrt(in_features).

    Raises
    ------
    ShapeError
        When called with an x of another size.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.Linear(3, 2)(np.ones((5, 3))).shape
    (5, 2)
    >>> nn.Linear(3, 2, examples="columns")(np.ones((3, 5))).shape
    (2, 5)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        examples: str = "rows",
        dtype: DTypeLike | None = None,
        rng: init.Rng = None,
    ) -> None:
        super().__init__()
        if examples not in ("rows", "columns"):
            raise ValueError(f'Linear: examples must be "rows" or "columns", not {examples!r}')
        self.in_features, self.out_features, self.examples = in_features, out_features, examples
        self.weight = Parameter(np.zeros((out_features, in_features), dtype or float))
        shape = (out_features,) if examples == "rows" else (out_features, 1)
        self.bias = Parameter(np.zeros(shape, dtype or float)) if bias else None
        self.reset_parameters(rng)

    def reset_parameters(self, rng: init.Rng = None) -> None:
        """Draw new starting values."""
        rng = np.random.default_rng(rng)
        bound = 1 / math.sqrt(self.in_features or 1)
        init.uniform_(self.weight, -bound, bound, rng)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, rng)

    def forward(self, x: Any) -> Any:
        """(..., in_features) to (..., out_features), or (in_features, m) to (out_features, m)."""
        rows = self.examples == "rows"
        shape = shape_of(x)
        if not shape or shape[-1 if rows else 0] != self.in_features or not (rows or len(shape) == 2):
            raise ShapeError(self._complaint(shape) + place(_getframe(1)))
        if len(shape) > 2:  # one product of matrices is faster than many small ones
            return reshape(
                self.forward(reshape(x, (math.prod(shape[:-1]), shape[-1]))), (*shape[:-1], self.out_features)
            )
        y = matmul(x, self.weight.T) if rows else matmul(self.weight, x)
        return y if self.bias is None else y + self.bias

    def _complaint(self, shape: tuple[int, ...]) -> str:
        n, rows = self.in_features, self.examples == "rows"
        wanted = f"(..., {n})" if rows else f"({n}, m)"
        text = f'Linear({n}, {self.out_features}, examples="{self.examples}"): x is {shape}, it must be {wanted}'
        if len(shape) == 2 and shape[0 if rows else 1] == n:
            text += f'; transpose it, or make the layer with examples="{"columns" if rows else "rows"}"'
        elif len(shape) > 2 and math.prod(shape[1:]) == n:
            text += "; put nn.Flatten() before the layer" if rows else "; flatten it first, x.reshape(len(x), -1).T"
        return text

    def extra_repr(self) -> str:
        """The sizes, and what differs from the usual."""
        notes = [f"in_features={self.in_features}, out_features={self.out_features}"]
        notes += ["bias=False"] if self.bias is None else []
        notes += [f"examples={self.examples!r}"] if self.examples != "rows" else []
        return ", ".join(notes)
