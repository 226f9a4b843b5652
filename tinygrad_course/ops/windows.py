"""Sliding windows and their adjoint: the pair that convolution and pooling are made of.

`windows` copies nothing: it reads one array at overlapping places. `overlap_add` adds windows up at the places they
were read from. Each is the derivative of the other, so what is composed of them can be differentiated any number of
times. Sizes, strides and dilations are tuples with one entry per axis that the window slides along: `axis` and those
right after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .axes import shape_of

Sizes = tuple[int, ...]


def reach(size: Sizes, dilation: Sizes) -> Sizes:
    """How many elements a window spans along each axis, the gaps that dilation leaves included."""
    return tuple(d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True))


def _windows(x: Any, *, size: Sizes, stride: Sizes, dilation: Sizes, axis: int) -> Any:
    count = len(size)
    axes = tuple(range(axis, axis + count))
    view: Any = np.lib.stride_tricks.sliding_window_view(x, reach(size, dilation), axes)
    steps = (*(slice(None),) * axis, *(slice(None, None, s) for s in stride), ...)
    view = view[(*steps, *(slice(None, None, d) for d in dilation))]
    return np.moveaxis(view, range(x.ndim, x.ndim + count), range(count))


def _windows_complaint(x: Any, *, size: Sizes, stride: Sizes, dilation: Sizes, axis: int) -> str:
    span = reach(size, dilation)
    return f"a window that spans {span} does not fit into x of shape {shape_of(x)} from axis {axis} on"


def places(shape: Sizes, *, size: Sizes, stride: Sizes, dilation: Sizes, axis: int) -> Iterator[tuple[Sizes, Any]]:
    """Every position inside a window, with the index of the elements that all windows have there."""
    starts = [n - r for n, r in zip(shape[axis:], reach(size, dilation), strict=False)]  # where the last window begins
    for position in product(*map(range, size)):
        begins = [d * i for d, i in zip(dilation, position, strict=True)]
        along = (slice(b, b + last + 1, s) for b, last, s in zip(begins, starts, stride, strict=True))
        yield position, (*(slice(None),) * axis, *along)


def disjoint(*, size: Sizes, stride: Sizes, dilation: Sizes, **_: Any) -> bool:
    """Whether no element is in two windows."""
    return all(s >= r for s, r in zip(stride, reach(size, dilation), strict=True))


def _overlap_add(g: Any, *, shape: Sizes, **slide: Any) -> Any:
    total = np.zeros_like(g[(0,) * len(slide["size"])], shape=shape)  # in memory in the order of g
    apart = disjoint(**slide)
    for position, place in places(shape, **slide):
        if apart:
            total[place] = g[position]
        else:
            total[place] += g[position]
    return total


windows: Primitive = Primitive(
    _windows,
    name="windows",
    vjp=(lambda g, y, x, **slide: overlap_add(g, shape=x.shape, **slide),),
    complaint=_windows_complaint,
    doc="""What a sliding window sees: a read-only view with the place inside the window in front.

    ``y[i, ..., p, ...] = x[..., p * stride + i * dilation, ...]``: first one axis per entry of `size`, then those of
    `x`, where the axes that the window slides along (`axis` and the next ones) count its positions.

    >>> import numpy as np
    >>> from tinygrad_course.ops.windows import windows
    >>> windows(np.arange(5), size=(3,), stride=(2,), dilation=(1,), axis=0).T.tolist()
    [[0, 1, 2], [2, 3, 4]]
    """,
)
overlap_add: Primitive = Primitive(
    _overlap_add,
    name="overlap_add",
    vjp=(lambda g, y, x, shape, **slide: windows(g, **slide),),
    doc="""Zeros of `shape` with windows added at the places they were read from: the adjoint of `windows`.

    >>> import numpy as np
    >>> from tinygrad_course.ops.windows import overlap_add
    >>> overlap_add(np.ones((3, 2)), shape=(5,), size=(3,), stride=(2,), dilation=(1,), axis=0).tolist()
    [1.0, 1.0, 2.0, 1.0, 1.0]
    """,
)
