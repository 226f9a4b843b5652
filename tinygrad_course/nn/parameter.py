"""`Parameter`: a Tensor to be learnt."""

from __future__ import annotations

from numpy.typing import ArrayLike, DTypeLike

from ..tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a module learns: assigned to an attribute of a module, it is one of its `parameters()`.

    >>> from tinygrad_course import nn
    >>> nn.Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(
        self,
        data: ArrayLike | Tensor,
        requires_grad: bool = True,
        *,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(data, requires_grad=requires_grad, dtype=dtype, name=name)
