"""`LayerNorm`: every example by itself with mean 0 and variance 1 over its last axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import DTypeLike

from ..ops.axes import refuse, shape_of
from .norm import Affine, standardized


class LayerNorm(Affine):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over the last axes (Ba, Kiros and Hinton, 2016).

    Parameters
    ----------
    normalized_shape
        The sizes of the axes taken together, or of the last one.
    eps
        Added to the variance.
    elementwise_affine, bias
        Whether there is a `weight` to learn, and a `bias` as well.
    dtype
        Of the parameters; float64 if None.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.LayerNorm(2, eps=0)(np.array([[1.0, 3.0], [10.0, 0.0]])).tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.add_parameters(shape, elementwise_affine, elementwise_affine and bias, dtype)

    def forward(self, x: Any) -> Any:
        """The same shape."""
        shape, n = shape_of(x), len(self.normalized_shape)
        if shape[-n:] != self.normalized_shape:
            wanted = ", ".join(map(str, self.normalized_shape))
            raise refuse("LayerNorm", f"x is {shape}, it must be (..., {wanted})")
        return self.scaled(standardized(x, tuple(range(-n, 0)), self.eps))

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
