"""What the likelihood losses are made of: the entry of each example's class, and a logarithm held above -100."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import docstring, elementwise


def _place_of(indices: Any, axis: int) -> tuple[Any, ...]:
    """The key that reads `indices` along `axis` and runs over all positions of the other axes."""
    rest = np.ogrid[tuple(slice(n) for n in indices.shape)] if indices.ndim != 1 else [np.arange(len(indices))]
    return (*rest[:axis], indices, *rest[axis:])


def _choose(x: Any, indices: Any, *, axis: int) -> Any:
    return x[_place_of(np.asarray(indices), axis)]


def _put_chosen(values: Any, indices: Any, *, axis: int, size: int) -> Any:
    indices = np.asarray(indices)
    shape = (*indices.shape[:axis], size, *indices.shape[axis:])
    out = np.zeros(shape, values.dtype)
    out[_place_of(indices, axis)] = values  # no position is named twice
    return out


choose: Primitive = Primitive(
    _choose,
    name="choose",
    vjp=(lambda g, y, x, i, axis: put_chosen(g, i, axis=axis, size=x.shape[axis]), None),
    doc=docstring(
        "``x`` without `axis`: at each position the element that `indices`, of that shape, names.",
        ["The vjp puts each cotangent back in the place it was read from (`put_chosen`)."],
        {"tg.nll_loss(tg.Tensor([[-0.1, -2.0], [-3.0, -0.2]]), [1, 1], reduction='none')": "Tensor([2. , 0.2])"},
    ),
)
put_chosen: Primitive = Primitive(
    _put_chosen,
    name="put_chosen",
    vjp=(lambda g, y, v, i, axis, size: choose(g, i, axis=axis), None),
    doc=docstring(
        "The adjoint of `choose`: each value at the place that `indices` names along a new axis, zeros elsewhere.",
        ["The vjp is `choose`."],
        {"tg.grad(tg.nll_loss)(np.array([[-0.1, -2.0]]), [1])": "array([[ 0., -1.]])"},
    ),
)

LOWEST = -100.0  # PyTorch's bound for the logarithms in its binary cross-entropy


def _held_log(p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), LOWEST)


def _held_reciprocal(p: Any) -> Any:
    """1 / p, and 0 where the logarithm is held: so small a probability is as good as 0."""
    with np.errstate(divide="ignore"):
        return np.where(np.log(p) < LOWEST, 0, np.divide(1, p))[()]


held_log: Primitive = elementwise(
    _held_log,
    lambda y, p: held_reciprocal(p),
    name="held_log",
    doc="``max(log(p), -100)``: finite for p = 0, so that a sure and wrong prediction costs much but not everything.",
    derivative="``1 / p``, 0 where the logarithm is held",
    example={"tg.binary_cross_entropy(tg.Tensor([0.0, 1.0]), [1.0, 1.0], reduction='none')": "Tensor([100.,  -0.])"},
)
held_reciprocal: Primitive = elementwise(
    _held_reciprocal,
    lambda y, p: -(y**2),
    name="held_reciprocal",
    doc="``1 / p``, the slope of `held_log`: 0 where that is held.",
    derivative="``-1 / p**2``, 0 where the logarithm is held",
    example={"tg.grad(tg.binary_cross_entropy)(0.0, 1.0)": "array(0.)"},
)
