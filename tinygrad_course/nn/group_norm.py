"""`GroupNorm`: the channels of an example in groups, each group with mean 0 and variance 1."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import DTypeLike

from ..ops.axes import refuse, shape_of
from ..ops.shape import reshape
from .norm import Affine, standardized


class GroupNorm(Affine):
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over each group of channels (Wu and He, 2018).

    Parameters
    ----------
    num_groups, num_channels
        How many groups the channels, axis 1 of the input, are cut into.
    eps
        Added to the variance.
    affine
        Whether there are `weight` and `bias` to learn, one of each per channel.
    dtype
        Of the parameters; float64 if None.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> nn.GroupNorm(2, 4, eps=0)(np.array([[1.0, 3.0, 5.0, 1.0]])).tolist()
    [[-1.0, 1.0, 1.0, -1.0]]
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels cannot be cut into {num_groups} equal groups")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.add_parameters((num_channels,), affine, affine, dtype)

    def forward(self, x: Any) -> Any:
        """(N, C, ...) to the same shape."""
        shape = shape_of(x)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise refuse("GroupNorm", f"x is {shape}, it must be (N, {self.num_channels}, ...)")
        groups = reshape(x, (shape[0], self.num_groups, math.prod(shape[1:]) // self.num_groups))
        y = reshape(standardized(groups, (-1,), self.eps), shape)
        return self.scaled(y, (-1, *(1 for _ in shape[2:])))

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
