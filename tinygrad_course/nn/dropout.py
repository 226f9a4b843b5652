"""`Dropout`: each number is left out at random while training, so that no unit can rely on another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.dropout import check_p, dropout
from .init import Rng
from .module import Module


class Dropout(Module):
    """Sets each element to 0 with probability `p` in training and divides the others by ``1 - p``; in eval, nothing.

    The layer draws from a generator of its own, ``dropout.rng``, which `rng` seeds (or is). The states of all the
    generators of a model are ``model.rng_state()``; ``model.load_rng_state`` sets them back, and draws repeat.

    >>> import numpy as np, tinygrad_course as tg
    >>> from tinygrad_course import nn
    >>> drop = nn.Dropout(0.5, rng=0)
    >>> drop(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> drop.eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    rng: np.random.Generator

    def __init__(self, p: float = 0.5, *, rng: Rng = None) -> None:
        super().__init__()
        check_p(p)
        self.p = p
        self.rng = np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """The same shape."""
        return dropout(x, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"
