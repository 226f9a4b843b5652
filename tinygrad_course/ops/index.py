"""Indexing and gathering, and their adjoints, which add the cotangent up at the places that were read.

Indices and masks are operands (they are data and may change from run to run); what is written in the program
itself, such as ``1:3`` or ``...``, is a static parameter.
"""

from __future__ import annotations

import math
from operator import index as as_int
from types import EllipsisType, NoneType
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.primitive import Primitive
from ..core.tracing import peek, within
from .arithmetic import mod
from .axes import axes_of, refuse, shape_of
from .pieces import clip
from .shape import ravel


class _Hole:
    """Stands in a `Key` where an index operand goes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "#"


HOLE = _Hole()
_BASIC = (int, slice, NoneType, EllipsisType)


class Key(tuple[Any, ...]):
    """The static part of an index: ints, slices, None, ``...``, and a hole for every array. Hashable; prints as typed.

    >>> from tinygrad_course.ops.index import HOLE, Key
    >>> Key((slice(1, None), ..., HOLE))
    Key[1:, ..., #]
    """

    __slots__ = ()

    def __hash__(self) -> int:  # slices have no hash before Python 3.12
        return hash(self.text())

    def __repr__(self) -> str:
        return f"Key[{self.text()}]"

    def text(self, *names: str) -> str:
        """What stands between the brackets, with `names` for the index operands."""
        rest = iter(names)
        return ", ".join(next(rest, "#") if p is HOLE else _part_text(p) for p in self) or "()"

    def filled(self, indices: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key for NumPy, with `indices` in the holes."""
        if not indices:
            return self
        rest = iter(indices)
        return tuple(next(rest) if p is HOLE else p for p in self)


def _part_text(part: Any) -> str:
    if type(part) is not slice:
        return "..." if part is Ellipsis else repr(part)
    ends = ["" if v is None else str(v) for v in (part.start, part.stop, part.step)]
    return ":".join(ends if ends[2] else ends[:2])


# --- adding up at repeated places -------------------------------------------------------------------------------------


def _add_at(shape: tuple[int, ...], places: Any, g: Any) -> Any:
    """Zeros of `shape` with `g` added at the flat `places`: one-dimensional ``np.add.at`` is the fast one."""
    out = np.zeros_like(g, shape=math.prod(shape))
    np.add.at(out, places.reshape(-1), np.reshape(g, -1))
    return out.reshape(shape)[()]


def _scatter(g: Any, indices: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """The adjoint of ``np.take(x, indices, axis)`` for an x of `shape`."""
    before, n, after = (1, math.prod(shape), 1) if axis is None else _around(shape, axis)
    at = np.asarray(indices, np.intp).reshape(-1)
    if at.size and not (-n <= at.min() and at.max() < n):
        raise IndexError(f"an index is out of bounds for axis {axis} with size {n}")
    at = np.where(at < 0, at + n, at)
    places = (np.arange(before)[:, None, None] * n + at[:, None]) * after + np.arange(after)
    return _add_at(shape, places, g)


def _around(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """How many elements lie before, along and after `axis`."""
    axis %= len(shape)
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


def _reads_once(indices: tuple[Any, ...]) -> bool:
    """Whether a key with these index arrays cannot read an element twice."""
    arrays = [i for i in indices if np.ndim(i)]
    return not arrays or (len(arrays) == 1 and (arrays[0].dtype == bool or arrays[0].size == 1))


def _index_add(g: Any, *indices: Any, shape: tuple[int, ...], key: Key) -> Any:
    once = _reads_once(indices)
    if not once and key == (HOLE,):
        return _scatter(g, indices[0], shape, 0)
    out = np.zeros_like(g, shape=shape)
    at = key.filled(indices)
    if once:
        out[at] = g
    elif out.size > 4 * np.size(g):  # numbering every element would cost more than the general, slower add.at
        np.add.at(out, at, g)
    else:
        return _add_at(shape, np.arange(out.size).reshape(shape)[at], g)
    return out[()]


# --- getitem and index_add --------------------------------------------------------------------------------------------


def _getitem(x: Any, *indices: Any, key: Key) -> Any:
    y = x[key.filled(indices)]
    return y if y.ndim else y[()]


_indexed = Primitive(
    _getitem,
    name="getitem",
    vjp=lambda g, y, x, *indices, key: (index_add(g, *indices, shape=x.shape, key=key), *[None] * len(indices)),
    doc="``x[key]``, with the index arrays in the holes of `key`.",
)
index_add: Primitive = Primitive(
    _index_add,
    name="index_add",
    vjp=lambda g, y, x, *indices, shape, key: (_indexed(g, *indices, key=key), *[None] * len(indices)),
    doc="Zeros of `shape` with `x` added at `key`: the adjoint of getitem. Places named twice get both values.",
)


def getitem(x: Any, key: Any) -> Any:
    """``x[key]`` with all of NumPy's indexing: ints, slices, ``...``, None, integer arrays, boolean masks, Tensors.

    An element that is read several times gets the sum of the gradients.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    array([2., 0., 1.])
    """
    parts = key if type(key) is tuple else (key,)
    for part in parts:
        if type(part) not in _BASIC:
            break
    else:
        return _indexed(x, key=Key(parts))
    indices: list[Any] = []
    template = Key(_template(part, indices) for part in parts)
    return _indexed(x, *indices, key=template)


def _template(part: Any, indices: list[Any]) -> Any:
    """What stands for `part` in the static key; an array goes to `indices` and leaves a hole."""
    if type(part) is slice:
        return slice(*(_bound(v) for v in (part.start, part.stop, part.step)))
    if isinstance(part, list | tuple):
        part = np.asarray([peek(p, "a list of indices") for p in part])
        part = part if part.size else part.astype(np.intp)
    if isinstance(part, Node) or hasattr(part, "dtype"):
        indices.append(part)
        return HOLE
    return part


def _bound(v: Any) -> Any:
    return v if v is None or type(v) is int else as_int(peek(v, "the bound of a slice"))


# --- take, along axes -------------------------------------------------------------------------------------------------

_take = Primitive(
    lambda x, indices, *, axis: np.take(x, indices, axis),
    name="take",
    vjp=(lambda g, y, x, indices, axis: scatter_add(g, indices, shape=x.shape, axis=axis), None),
    doc="The slices of `x` at `indices` along `axis`.",
)
scatter_add: Primitive = Primitive(
    lambda x, indices, *, shape, axis: _scatter(x, indices, shape, axis),
    name="scatter_add",
    vjp=(lambda g, y, x, indices, shape, axis: _take(g, indices, axis=axis), None),
    doc="Zeros of `shape` with the slices of `x` added at `indices` along `axis`: the adjoint of take.",
)


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """The slices of `x` at integer `indices` (any shape) along `axis`; of the flattened `x` if None.

    `mode`: what becomes of an index outside: "raise" an error, "wrap" around, or "clip" to the first or last.

    >>> import tinygrad_course as tg
    >>> tg.take(tg.arange(6).reshape(2, 3), [0, 2], axis=1).tolist()
    [[0, 2], [3, 5]]
    """
    return _take(x, _inside(_as_indices(indices), x, axis, mode), axis=axis)


def _inside(indices: Any, x: Any, axis: int | None, mode: str) -> Any:
    """`indices` brought into the size of `axis` as `mode` says."""
    if mode == "raise":
        return indices
    if mode not in ("wrap", "clip"):
        raise refuse("take", f'mode={mode!r} is not known; use "raise", "wrap" or "clip"')
    shape = shape_of(x)
    size = math.prod(shape) if axis is None else shape[axes_of("take", axis, len(shape))[0]]
    return mod(indices, size) if mode == "wrap" else clip(indices, 0, size - 1)


def _as_indices(indices: Any) -> Any:
    if isinstance(indices, list | tuple):
        indices = np.asarray(indices)
        return indices if indices.size else indices.astype(np.intp)
    return indices


def _along(shape: tuple[int, ...], indices: Any, axis: int) -> tuple[Any, ...]:
    """The full index of every element that ``take_along_axis`` reads."""
    axis %= len(shape)
    full = list(np.ogrid[tuple(slice(n) for n in shape)])
    full[axis] = indices
    return tuple(full)


def _add_along(x: Any, indices: Any, *, shape: tuple[int, ...], axis: int) -> Any:
    places = np.ravel_multi_index(_along(shape, np.where(indices < 0, indices + shape[axis], indices), axis), shape)
    return _add_at(shape, places, np.broadcast_to(x, places.shape))


_take_along_axis = Primitive(
    lambda x, indices, *, axis: np.take_along_axis(x, indices, axis),
    name="take_along_axis",
    vjp=(lambda g, y, x, indices, axis: add_along_axis(g, indices, shape=x.shape, axis=axis), None),
    doc="One element per entry of `indices` along `axis`.",
)
add_along_axis: Primitive = Primitive(
    _add_along,
    name="add_along_axis",
    vjp=(lambda g, y, x, indices, shape, axis: _take_along_axis(g, indices, axis=axis), None),
    doc="Zeros of `shape` with `x` added at `indices` along `axis`: the adjoint of take_along_axis.",
)


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """``y[i, j] = x[i, indices[i, j]]`` for ``axis=1``, and so on: one pick per entry; of the flattened `x` if None.

    >>> import tinygrad_course as tg
    >>> x = tg.Tensor([[1.0, 3.0], [5.0, 4.0]])
    >>> tg.take_along_axis(x, tg.argmax(x, axis=1, keepdims=True), axis=1).tolist()
    [[3.0], [5.0]]
    """
    indices = _as_indices(indices)
    if axis is None:
        return _take_along_axis(ravel(x), indices, axis=0)
    (axis,) = axes_of("take_along_axis", axis, len(shape_of(x)))
    return _take_along_axis(x, indices, axis=axis)


# --- order ------------------------------------------------------------------------------------------------------------

_argsort = Primitive(
    lambda x, *, axis: np.argsort(x, axis=axis, kind="stable"),
    name="argsort",
    differentiable=False,
    doc="The stable order of the elements along `axis`.",
)
_sort = Primitive(
    lambda x, *, axis: np.sort(x, axis=axis),
    name="sort",
    vjp=(lambda g, y, x, axis: add_along_axis(g, _argsort(x, axis=axis), shape=x.shape, axis=axis),),
    doc="The elements along `axis` in ascending order.",
)


def sort(x: Any, axis: int | None = -1) -> Any:
    """`x` in ascending order along `axis` (flattened if None), NaN last; gradients follow the elements.

    >>> import tinygrad_course as tg
    >>> tg.sort(tg.Tensor([3.0, 1.0, 2.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    return _sort(ravel(x), axis=0) if axis is None else _sort(x, axis=axis)


def argsort(x: Any, axis: int | None = -1) -> Any:
    """The indices that sort `x` along `axis`; equal elements keep their order. No derivative.

    >>> import tinygrad_course as tg
    >>> tg.argsort(tg.Tensor([3.0, 1.0, 2.0])).tolist()
    [1, 2, 0]
    """
    return _argsort(ravel(x), axis=0) if axis is None else _argsort(x, axis=axis)


def _hot(indices: Any, *, num_classes: int, dtype: Any) -> Any:
    return np.equal(np.expand_dims(indices, -1), np.arange(num_classes)).astype(dtype)


_one_hot = Primitive(
    _hot, name="one_hot", differentiable=False, doc="A 1 at each index, 0 elsewhere, along a new last axis."
)


def one_hot(indices: Any, num_classes: int, dtype: Any = np.float64) -> Any:
    """Integer class numbers of any shape as rows of 0 and 1: shape ``(*indices.shape, num_classes)``. No derivative.

    >>> import tinygrad_course as tg
    >>> tg.one_hot([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    indices = _as_indices(indices)
    kind = getattr(indices, "dtype", np.dtype(type(indices))).kind
    if np.size(indices) and (kind not in "iu" or not within(indices, 0, num_classes - 1)):
        raise refuse("one_hot", f"the indices must be integers from 0 to {num_classes - 1} (num_classes={num_classes})")
    return _one_hot(indices, num_classes=num_classes, dtype=np.dtype(dtype))
