"""Shape primitives: linear maps that only rearrange or repeat elements; each rule is the map's adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.engine_ops import broadcast_to as _broadcast_to
from ..core.primitive import Primitive
from ..core.state import composite
from .axes import Axis, axes_of, ndim_of, refuse, shape_of, static

# `[()]` turns a 0-d array into the NumPy scalar that the engine keeps, and is a free view of any other array.

_reshape: Primitive = Primitive(
    lambda x, *, shape: np.reshape(x, shape)[()],
    name="reshape",
    vjp=(lambda g, y, x, shape: _reshape(g, shape=x.shape),),
    doc="The same elements in another shape.",
)
_permute_dims: Primitive = Primitive(
    lambda x, *, axes: np.transpose(x, axes),
    name="permute_dims",
    vjp=(lambda g, y, x, axes: _permute_dims(g, axes=_inverse(axes)),),
    doc="The axes in another order.",
)
_squeeze = Primitive(
    lambda x, *, axis: np.squeeze(x, axis)[()],
    name="squeeze",
    vjp=(lambda g, y, x, axis: _reshape(g, shape=x.shape),),
    doc="Axes of size 1 removed.",
)
_expand_dims = Primitive(
    np.expand_dims,
    name="expand_dims",
    vjp=(lambda g, y, x, axis: _reshape(g, shape=x.shape),),
    doc="Axes of size 1 added.",
)


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes `axes`."""
    places = [a % len(axes) for a in axes]
    return tuple(places.index(i) for i in range(len(axes)))


def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """`x` with the same elements, in row-major order, in another `shape`; one size may be -1 and is worked out.

    >>> import tinygrad_course as tg
    >>> tg.reshape(tg.arange(6), (2, -1)).shape
    (2, 3)
    """
    return _reshape(x, shape=static(shape))


def ravel(x: Any) -> Any:
    """`x` as a vector of all its elements, in row-major order.

    >>> import tinygrad_course as tg
    >>> tg.ravel(tg.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return _reshape(x, shape=(-1,))


flatten = ravel


def squeeze(x: Any, axis: Axis = None) -> Any:
    """`x` without its axes of size 1, or without those that `axis` names (an error if one of them is not 1).

    >>> import tinygrad_course as tg
    >>> tg.squeeze(tg.ones((1, 3, 1)), axis=0).shape
    (3, 1)
    """
    return _squeeze(x, axis=static(axis))


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """`x` with new axes of size 1 at the positions `axis` of the result.

    >>> import tinygrad_course as tg
    >>> tg.expand_dims(tg.ones(3), (0, -1)).shape
    (1, 3, 1)
    """
    return _expand_dims(x, axis=static(axis))


def broadcast_to(x: Any, shape: int | Sequence[int]) -> Any:
    """`x` repeated (as a view) to `shape` by NumPy's broadcasting; the gradient is summed back.

    >>> import tinygrad_course as tg
    >>> tg.broadcast_to(tg.arange(3), (2, 3)).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    return _broadcast_to(x, shape=(shape,) if isinstance(shape, int) else static(shape))


@composite
def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """Each array stretched to the shape they all broadcast to.

    >>> import tinygrad_course as tg
    >>> [x.shape for x in np.broadcast_arrays(tg.ones(3), tg.ones((2, 1)))]
    [(2, 3), (2, 3)]
    """
    try:
        shape = np.broadcast_shapes(*map(shape_of, arrays))
    except ValueError:
        shapes = ", ".join(str(shape_of(x)) for x in arrays)
        raise refuse(
            "broadcast_arrays", f"the shapes {shapes} do not broadcast: each size, from the last, must agree or be 1"
        ) from None
    return tuple(broadcast_to(x, shape) for x in arrays)


def permute_dims(x: Any, axes: Sequence[int] | None = None) -> Any:
    """`x` with its axes in the order `axes`; reversed if None. NumPy's ``transpose``.

    >>> import tinygrad_course as tg
    >>> tg.permute_dims(tg.ones((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return _permute_dims(x, axes=tuple(range(ndim_of(x)))[::-1] if axes is None else static(axes))


transpose = permute_dims


def matrix_transpose(x: Any) -> Any:
    """`x` with its last two axes swapped: each matrix of a stack transposed.

    >>> import tinygrad_course as tg
    >>> tg.matrix_transpose(tg.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    n = ndim_of(x)
    if n < 2:
        raise refuse(
            "matrix_transpose", f"x has shape {shape_of(x)}; a matrix needs two axes, add one with expand_dims"
        )
    return _permute_dims(x, axes=(*range(n - 2), n - 1, n - 2))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """`x` with two axes swapped.

    >>> import tinygrad_course as tg
    >>> tg.swapaxes(tg.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    n = ndim_of(x)
    (i,), (j,) = axes_of("swapaxes", axis1, n), axes_of("swapaxes", axis2, n)
    order = list(range(n))
    order[i], order[j] = j, i
    return _permute_dims(x, axes=tuple(order))


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """`x` with the axes `source` moved to the positions `destination`; the others keep their order.

    >>> import tinygrad_course as tg
    >>> tg.moveaxis(tg.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    n = ndim_of(x)
    sources, places = axes_of("moveaxis", source, n), axes_of("moveaxis", destination, n)
    if len(sources) != len(places):
        raise refuse("moveaxis", f"source={source} and destination={destination} must name equally many axes")
    order = [a for a in range(n) if a not in sources]
    for place, a in sorted(zip(places, sources, strict=True)):
        order.insert(place, a)
    return _permute_dims(x, axes=tuple(order))


def atleast_1d(*arrays: Any) -> Any:
    """Each array with at least one axis; one array gives one result, several give a tuple.

    >>> import tinygrad_course as tg
    >>> tg.atleast_1d(tg.Tensor(2.0)).tolist()
    [2.0]
    """
    found = tuple(x if ndim_of(x) >= 1 else reshape(x, (1,)) for x in arrays)
    return found[0] if len(found) == 1 else found


def atleast_2d(*arrays: Any) -> Any:
    """Each array with at least two axes; a vector becomes one row. Several arrays give a tuple.

    >>> import tinygrad_course as tg
    >>> tg.atleast_2d(tg.Tensor([1.0, 2.0])).tolist()
    [[1.0, 2.0]]
    """
    found = tuple(x if ndim_of(x) >= 2 else reshape(x, (1, -1)) for x in arrays)
    return found[0] if len(found) == 1 else found


def atleast_3d(*arrays: Any) -> Any:
    """Each array with at least three axes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1). Several give a tuple.

    >>> import tinygrad_course as tg
    >>> np.atleast_3d(tg.ones((2, 4))).shape
    (2, 4, 1)
    """
    found = tuple(x if ndim_of(x) >= 3 else reshape(x, (*shape_of(atleast_2d(x)), 1)) for x in arrays)
    return found[0] if len(found) == 1 else found
