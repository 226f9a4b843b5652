"""Joining arrays, cutting them apart, and repeating them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from operator import index
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .axes import axes_of, ndim_of, refuse, shape_of
from .index import getitem, scatter_add
from .shape import atleast_1d, atleast_2d, atleast_3d, broadcast_to, expand_dims, ravel, reshape

# --- joining ----------------------------------------------------------------------------------------------------------


def _along(axis: int, part: Any) -> tuple[Any, ...]:
    """The key that takes `part` along an axis counted from 0."""
    return (*(slice(None),) * axis, part)


def _concat_vjp(g: Any, y: Any, *arrays: Any, axis: int) -> tuple[Any, ...]:
    axis %= g.ndim
    ends = accumulate((shape_of(x)[axis] for x in arrays), initial=0)
    return tuple(getitem(g, _along(axis, slice(*ends))) for ends in pairwise(ends))


def _stack_vjp(g: Any, y: Any, *arrays: Any, axis: int) -> tuple[Any, ...]:
    return tuple(getitem(g, _along(axis % g.ndim, i)) for i in range(len(arrays)))


_concat = Primitive(
    lambda *arrays, axis: np.concatenate(arrays, axis),
    name="concat",
    vjp=_concat_vjp,
    doc="Arrays joined along an axis.",
)
_stack = Primitive(
    lambda *arrays, axis: np.stack(arrays, axis), name="stack", vjp=_stack_vjp, doc="Arrays joined along a new axis."
)


def _listed(op: str, arrays: Any) -> list[Any]:
    """The arrays to join, as a list; one array stands for its slices along the first axis."""
    found = list(unstack(arrays) if hasattr(arrays, "shape") else arrays)
    if not found:
        raise refuse(op, "got no arrays; it needs at least one")
    return found


def concat(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """`arrays` joined along an existing axis (flattened first if None); their other sizes must agree.

    >>> import tinygrad_course as tg
    >>> tg.concat([tg.ones((2, 3)), tg.zeros((1, 3))]).shape
    (3, 3)
    """
    arrays = _listed("concat", arrays)
    if axis is None:
        return _concat(*map(ravel, arrays), axis=0)
    return _concat(*arrays, axis=axis)


concatenate = concat


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """`arrays`, all of one shape, joined along a new axis at position `axis` of the result.

    >>> import tinygrad_course as tg
    >>> tg.stack([tg.ones(3), tg.zeros(3)], axis=1).shape
    (3, 2)
    """
    return _stack(*_listed("stack", arrays), axis=axis)


@composite
def vstack(arrays: Sequence[Any]) -> Any:
    """`arrays` on top of each other; vectors become rows.

    >>> import tinygrad_course as tg
    >>> tg.vstack([tg.Tensor([1.0, 2.0]), tg.Tensor([3.0, 4.0])]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return _concat(*(atleast_2d(x) for x in _listed("vstack", arrays)), axis=0)


@composite
def hstack(arrays: Sequence[Any]) -> Any:
    """`arrays` side by side: along axis 1, or end to end if they are vectors.

    >>> import tinygrad_course as tg
    >>> tg.hstack([tg.Tensor([1.0, 2.0]), tg.Tensor([3.0])]).tolist()
    [1.0, 2.0, 3.0]
    """
    found = [atleast_1d(x) for x in _listed("hstack", arrays)]
    return _concat(*found, axis=0 if ndim_of(found[0]) == 1 else 1)


@composite
def dstack(arrays: Sequence[Any]) -> Any:
    """`arrays` behind each other, along the third axis, which vectors and matrices get.

    >>> import tinygrad_course as tg
    >>> tg.dstack([tg.Tensor([1.0, 2.0]), tg.Tensor([3.0, 4.0])]).tolist()
    [[[1.0, 3.0], [2.0, 4.0]]]
    """
    return _concat(*(atleast_3d(x) for x in _listed("dstack", arrays)), axis=2)


@composite
def column_stack(arrays: Sequence[Any]) -> Any:
    """`arrays` side by side along axis 1; vectors become columns.

    >>> import tinygrad_course as tg
    >>> tg.column_stack([tg.Tensor([1.0, 2.0]), tg.Tensor([3.0, 4.0])]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    found = _listed("column_stack", arrays)
    return _concat(*(x if ndim_of(x) >= 2 else reshape(x, (-1, 1)) for x in found), axis=1)


@composite
def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """`x` with `values` after it along `axis`; both flattened if None.

    >>> import tinygrad_course as tg
    >>> tg.append(tg.Tensor([1.0, 2.0]), 3.0).tolist()
    [1.0, 2.0, 3.0]
    """
    return concat([x, values], axis)


# --- cutting ----------------------------------------------------------------------------------------------------------

# Primitives with several results, not slices one by one: the adjoint of each slice would fill an array of zeros.
_SEVERAL = 2  # `outputs` of what returns a tuple of any length

_split: Primitive = Primitive(
    lambda x, *, cuts, axis: tuple(x[_along(axis, slice(*ends))] for ends in pairwise(cuts)),
    name="split",
    outputs=_SEVERAL,
    vjp=(lambda g, y, x, cuts, axis: _concat(*g, axis=axis),),
    doc="The pieces of `x` between `cuts` along an axis: the adjoint of concat.",
)
_unstack: Primitive = Primitive(
    lambda x, *, axis: tuple(np.moveaxis(x, axis, 0)),
    name="unstack",
    outputs=_SEVERAL,
    vjp=(lambda g, y, x, axis: _stack(*g, axis=axis),),
    doc="The slices of `x` along an axis, which disappears: the adjoint of stack.",
)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """`x` cut along `axis` into so many equal parts, or before each of the given indices.

    >>> import tinygrad_course as tg
    >>> [part.tolist() for part in tg.split(tg.arange(6), [2, 3])]
    [[0, 1], [2], [3, 4, 5]]
    """
    if ndim_of(indices_or_sections) == 0:
        (place,) = axes_of("split", axis, ndim_of(x))
        n = shape_of(x)[place]
        sections = index(indices_or_sections)  # type: ignore[arg-type]
        if sections < 1 or n % sections:
            raise refuse(
                "split",
                f"axis {axis} of size {n} does not divide into {sections} equal parts; array_split allows unequal ones",
            )
    return array_split(x, indices_or_sections, axis)


def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """As `split`, but the first parts are one longer where the size does not divide.

    >>> import tinygrad_course as tg
    >>> [part.tolist() for part in tg.array_split(tg.arange(5), 2)]
    [[0, 1, 2], [3, 4]]
    """
    (axis,) = axes_of("array_split", axis, ndim_of(x))
    n = shape_of(x)[axis]
    if ndim_of(indices_or_sections):
        cuts = [0, *(index(i) for i in indices_or_sections), n]  # type: ignore[union-attr]
    else:
        sections = index(indices_or_sections)  # type: ignore[arg-type]
        if sections < 1:
            raise refuse("array_split", f"{sections} sections; there must be at least one")
        size, rest = divmod(n, sections)
        cuts = [i * size + min(i, rest) for i in range(sections + 1)]
    if any(a > b for a, b in pairwise(cuts)):  # the pieces overlap, or count from the end
        return [getitem(x, _along(axis, slice(*ends))) for ends in pairwise(cuts)]
    return list(_split(x, cuts=tuple(cuts), axis=axis))


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices of `x` along `axis`, which disappears: the inverse of `stack`.

    >>> import tinygrad_course as tg
    >>> [row.tolist() for row in tg.unstack(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]))]
    [[1.0, 2.0], [3.0, 4.0]]
    """
    (axis,) = axes_of("unstack", axis, ndim_of(x))
    found: tuple[Any, ...] = _unstack(x, axis=axis)
    return found


@composite
def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """`x` cut from left to right: `split` along axis 1, or along the only axis of a vector.

    >>> import tinygrad_course as tg
    >>> [part.tolist() for part in np.hsplit(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), 2)]
    [[[1.0], [3.0]], [[2.0], [4.0]]]
    """
    return split(x, indices_or_sections, axis=1 if ndim_of(x) > 1 else 0)


@composite
def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """`x` cut from top to bottom: `split` along axis 0 of at least two.

    >>> import tinygrad_course as tg
    >>> [part.tolist() for part in np.vsplit(tg.Tensor([[1.0, 2.0], [3.0, 4.0]]), 2)]
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """
    if ndim_of(x) < 2:
        raise refuse("vsplit", f"x has shape {shape_of(x)}; it needs at least two axes, split takes a vector")
    return split(x, indices_or_sections, axis=0)


@composite
def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """`x` cut from front to back: `split` along the third axis.

    >>> import tinygrad_course as tg
    >>> [part.shape for part in np.dsplit(tg.ones((1, 2, 4)), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    if ndim_of(x) < 3:
        raise refuse("dsplit", f"x has shape {shape_of(x)}; it needs at least three axes")
    return split(x, indices_or_sections, axis=2)


# --- repeating --------------------------------------------------------------------------------------------------------


@composite
def tile(x: Any, reps: int | Sequence[int]) -> Any:
    """`x` laid out `reps` times along each axis, like tiles.

    >>> import tinygrad_course as tg
    >>> tg.tile(tg.arange(2), (2, 2)).tolist()
    [[0, 1, 0, 1], [0, 1, 0, 1]]
    """
    times = tuple(index(r) for r in ((reps,) if ndim_of(reps) == 0 else reps))  # type: ignore[union-attr,arg-type]
    if any(r < 0 for r in times):
        raise refuse("tile", f"reps={reps} has a negative count; counts must be 0 or more")
    shape = shape_of(x)
    width = max(len(shape), len(times))
    sizes = (*(1,) * (width - len(shape)), *shape)
    times = (*(1,) * (width - len(times)), *times)
    apart = [n for size in sizes for n in (1, size)]
    together = [n for pair in zip(times, sizes, strict=True) for n in pair]
    return reshape(broadcast_to(reshape(x, apart), together), [r * n for r, n in zip(times, sizes, strict=True)])


_repeat_each: Primitive = Primitive(
    lambda x, repeats, *, axis: np.repeat(x, repeats, axis),
    name="repeat",
    vjp=(
        lambda g, y, x, repeats, axis: scatter_add(
            g, _repeat_each(np.arange(x.shape[axis]), repeats, axis=0), shape=x.shape, axis=axis
        ),
        None,
    ),
    doc="Each slice along an axis as often as its count says.",
)


@composite
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element (or slice along `axis`) of `x` `repeats` times in a row; flattened if `axis` is None.

    `repeats` is one count, or a vector with one for each slice.

    >>> import tinygrad_course as tg
    >>> tg.repeat(tg.arange(2), 2).tolist()
    [0, 0, 1, 1]
    """
    if axis is None:
        x, axis = ravel(x), 0
    (axis,) = axes_of("repeat", axis, ndim_of(x))
    if not isinstance(repeats, int):
        return _repeat_each(x, np.asarray(repeats) if isinstance(repeats, list | tuple) else repeats, axis=axis)
    if repeats < 0:
        raise refuse("repeat", f"repeats={repeats} is negative; it must be 0 or more")
    before, after = shape_of(x)[: axis + 1], shape_of(x)[axis + 1 :]
    apart = broadcast_to(expand_dims(x, axis + 1), (*before, repeats, *after))
    return reshape(apart, (*before[:-1], before[-1] * repeats, *after))
