"""Tensors from shapes and ranges, with NumPy's arguments plus `requires_grad` and `name`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from .core.errors import GraphError
from .core.node import Node, leaf
from .core.state import state
from .tensor import Tensor
from .values import as_value

Shape = int | Sequence[int]


def asarray(data: ArrayLike | Tensor, *, dtype: DTypeLike | None = None) -> Tensor:
    """`data` as a Tensor: a Tensor of that dtype as it is, an array without copying it.

    >>> import numpy as np, tinygrad_course as tg
    >>> tg.asarray(np.array([1.0, 2.0]))
    Tensor([1., 2.])
    """
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == np.dtype(dtype) else data.astype(dtype)
    out = object.__new__(Tensor)
    traced = isinstance(data, Node) and state.here.tracer is not None
    given: Any = data
    leaf(out, as_value(given.value if traced else data, dtype), False, None, None)
    if traced:
        state.here.tracer.adopt(out, given)  # type: ignore[union-attr]
    return out


def _plain(x: Any) -> Any:
    """An array whose shape and dtype count."""
    return x.value if isinstance(x, Node) else as_value(x)


def zeros(shape: Shape, *, dtype: DTypeLike = float, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Zeros of a shape; `dtype` float64 by default.

    >>> import tinygrad_course as tg
    >>> tg.zeros((2, 1))
    Tensor([[0.],
            [0.]])
    """
    return Tensor(np.zeros(shape, dtype), requires_grad=requires_grad, name=name)


def ones(shape: Shape, *, dtype: DTypeLike = float, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Ones of a shape; `dtype` float64 by default.

    >>> import tinygrad_course as tg
    >>> tg.ones(3)
    Tensor([1., 1., 1.])
    """
    return Tensor(np.ones(shape, dtype), requires_grad=requires_grad, name=name)


def full(
    shape: Shape,
    fill_value: Any,
    *,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:
    """One value everywhere; by default in that value's dtype.

    >>> import tinygrad_course as tg
    >>> tg.full((2,), 0.5)
    Tensor([0.5, 0.5])
    """
    if isinstance(fill_value, Tensor) and fill_value.requires_grad:
        raise GraphError("full: fill_value gets no gradient; write broadcast_to(t, shape), or pass t.detach()")
    return Tensor(np.full(shape, fill_value, dtype), requires_grad=requires_grad, name=name)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    *,
    k: int = 0,
    dtype: DTypeLike = float,
    requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:
    """The identity matrix, or ones on the `k`-th diagonal of an (n_rows, n_cols) matrix.

    >>> import tinygrad_course as tg
    >>> tg.eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return Tensor(np.eye(n_rows, n_cols, k, dtype), requires_grad=requires_grad, name=name)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:
    """Numbers from `start` (0 if only one is given) up to, not including, `stop`.

    >>> import tinygrad_course as tg
    >>> tg.arange(3)
    Tensor([0, 1, 2])
    """
    span: tuple[Any, ...] = (0, start, step) if stop is None else (start, stop, step)
    return Tensor(np.arange(*span, dtype=dtype), requires_grad=requires_grad, name=name)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    *,
    endpoint: bool = True,
    dtype: DTypeLike | None = None,
    requires_grad: bool = False,
    name: str | None = None,
) -> Tensor:
    """`num` evenly spaced numbers from `start` to `stop`.

    >>> import tinygrad_course as tg
    >>> tg.linspace(0.0, 1.0, 3)
    Tensor([0. , 0.5, 1. ])
    """
    values = np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype)
    return Tensor(values, requires_grad=requires_grad, name=name)


def zeros_like(
    x: Any, *, dtype: DTypeLike | None = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Zeros of the shape and dtype of `x`.

    >>> import tinygrad_course as tg
    >>> tg.zeros_like(tg.Tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    return Tensor(np.zeros_like(_plain(x), dtype), requires_grad=requires_grad, name=name)


def ones_like(
    x: Any, *, dtype: DTypeLike | None = None, requires_grad: bool = False, name: str | None = None
) -> Tensor:
    """Ones of the shape and dtype of `x`.

    >>> import tinygrad_course as tg
    >>> tg.ones_like(tg.Tensor([3, 4]))
    Tensor([1, 1])
    """
    return Tensor(np.ones_like(_plain(x), dtype), requires_grad=requires_grad, name=name)
