"""Convolution as one matrix product: the windows as columns, the filters as rows.

Between its layers a network keeps the batch innermost in memory: what is seen as (N, C, H, W) lies there as
(C, H, W, N) or (H, C, W, N). A column of windows is then copied in long runs, the product comes out in that order
without a copy, and `overlap_add` adds along memory. See docs/design-notes/convolution.md for what that saves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .arithmetic import add
from .arrange import flip, pad
from .axes import refuse, shape_of
from .einsum import operand
from .linalg import matmul
from .shape import expand_dims, permute_dims, reshape, squeeze
from .windows import Sizes, reach, windows

WEIGHT = {1: "(filters, channels / groups, KL)", 2: "(filters, channels / groups, KH, KW)"}
LONG_ROW = 1024  # from so many results in a row on, BLAS is faster with one product a row than with one over all rows

Padding = int | Sequence[int] | str


def _innermost(x: Any) -> Any:
    return x if x.strides[-1] == x.itemsize else np.ascontiguousarray(x)


last_axis_innermost = Primitive(
    _innermost,
    name="last_axis_innermost",
    vjp=(lambda g, y, x: g,),
    doc="The same values, laid out so that neighbours along the last axis are neighbours in memory.",
)

# --- reading of arguments, shared with pooling ------------------------------------------------------------------------


def sizes(op: str, argument: str, value: Any, axes: int, least: int) -> Sizes:
    """An argument that is one integer for all spatial axes, or one for each."""
    try:
        found = tuple(map(index, value)) if hasattr(value, "__len__") else (index(value),) * axes
    except TypeError:
        found = ()
    if len(found) != axes or min(found) < least:
        many = f"or {axes} of them" if axes > 1 else "or a tuple of one"
        raise refuse(op, f"{argument}={value!r} is not an integer of at least {least} {many}")
    return found


def batched(op: str, x: Any, axes: int, channels: str = "C") -> tuple[Any, bool]:
    """`x` with a batch axis, and whether one had to be added."""
    shape = shape_of(x)
    if len(shape) not in (axes + 1, axes + 2):
        names = f"{channels}, " + ", ".join("LHW"[0] if axes == 1 else "DHW"[-axes:])
        raise refuse(op, f"the input has shape {shape}; it must be (N, {names}) or, without a batch, ({names})")
    single = len(shape) == axes + 1
    return (expand_dims(x, 0) if single else x), single


def must_fit(op: str, shape: Sizes, padding: Any, size: Sizes, dilation: Sizes) -> None:
    """Refuse a window that is larger than the padded input."""
    axes = len(size)
    padded = tuple(n + before + after for n, (before, after) in zip(shape[-axes:], padding, strict=True))
    span = reach(size, dilation)
    if any(r > n for r, n in zip(span, padded, strict=True)):
        gaps = f" with dilation {dilation}, which spans {span}," if span != size else ""
        raise refuse(
            op,
            f"a kernel of {size}{gaps} is larger than the input of shape {shape}, {padded} with its padding; "
            "use a smaller kernel or more padding",
        )


def padding_of(op: str, padding: Any, size: Sizes, stride: Sizes, dilation: Sizes) -> tuple[tuple[int, int], ...]:
    """How much to add before and after each spatial axis."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in sizes(op, "padding", padding, len(size), 0))
    if padding == "valid":
        return ((0, 0),) * len(size)
    if padding != "same":
        raise refuse(op, f'padding={padding!r} is not known; use "same", "valid", an integer or a tuple of them')
    if any(s != 1 for s in stride):
        raise refuse(op, f'padding="same" needs stride 1, got stride={stride}; give the padding as a number')
    extra = [r - 1 for r in reach(size, dilation)]
    return tuple((e // 2, e - e // 2) for e in extra)


# --- the convolutions -------------------------------------------------------------------------------------------------


@composite
def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Convolution along one axis: (N, C, L) with filters (O, C / groups, K) gives (N, O, L'); see `conv2d`.

    >>> import tinygrad_course as tg
    >>> tg.conv1d(tg.Tensor([[1.0, 2.0, 4.0, 8.0]]), [[[-1.0, 1.0]]]).tolist()
    [[1.0, 2.0, 4.0]]
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composite
def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Convolution of images (N, C, H, W) with filters (O, C / groups, KH, KW): (N, O, H', W').

    As everywhere in deep learning the filter is not turned round (a cross-correlation)::

        y[n, o, p, q] = bias[o] + sum over c, i, j of w[o, c, i, j] * x[n, c, p * stride + i * dilation, q * ...]

    and ``H' = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1``. One image (C, H, W) gives (O, H', W').
    The dtype follows NumPy's promotion: float32 stays float32.

    Parameters
    ----------
    stride, padding, dilation
        One number, or one for each of the two axes. Padding is with zeros; "same" keeps the size (stride 1 only; where
        it cannot be halved, the larger half comes after), "valid" adds none.
    groups
        Channels and filters are cut into so many groups, and each group of filters sees its group of channels.

    Raises `ShapeError` where shapes do not fit together or the kernel is larger than the padded input.

    >>> import tinygrad_course as tg
    >>> image = tg.arange(16.0).reshape(1, 4, 4)
    >>> tg.conv2d(image, tg.ones((1, 1, 2, 2)), stride=2).tolist()
    [[[10.0, 18.0], [42.0, 50.0]]]
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _convolution(
    op: str, axes: int, x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    x, w = operand(x), operand(w)
    x, single = batched(op, x, axes)
    _must_match(op, axes, x.shape, w.shape, bias, groups)
    size = w.shape[2:]
    stride, dilation = sizes(op, "stride", stride, axes, 1), sizes(op, "dilation", dilation, axes, 1)
    around = padding_of(op, padding, size, stride, dilation)
    must_fit(op, x.shape, around, size, dilation)
    x = last_axis_innermost(permute_dims(x, (*range(1, axes + 2), 0)))  # (C, H, W, N)
    if any(map(any, around)):
        x = pad(x, ((0, 0), *around, (0, 0)))
    x = reshape(x, (groups, x.shape[0] // groups, *x.shape[1:]))
    y = _products(w, windows(x, size=size, stride=stride, dilation=dilation, axis=2), groups)
    if bias is not None:
        y = add(y, reshape(bias, (-1, *(1,) * axes)))
    return squeeze(y, 0) if single else y


def _products(w: Any, seen: Any, groups: int) -> Any:
    """All filters on all windows: (O, C / G, KH, KW) on (KH, KW, G, C / G, H, W, N) gives (N, O, H, W)."""
    filters, inputs = w.shape[0], math.prod(w.shape[1:])
    r = w.ndim - 2
    places, n = seen.shape[r + 2 : -1], seen.shape[-1]
    rows = places[:1] if r > 1 and math.prod(places[1:]) * n >= LONG_ROW else ()
    inner = places[len(rows) :]
    order = (r, r + 1, *range(r), *range(r + 2, 2 * r + 3))  # (G, C / G, KH, KW, H, W, N)
    if rows:
        order = (r + 2, *(a for a in order if a != r + 2))
    columns = reshape(permute_dims(seen, order), (*rows, groups, inputs, math.prod(inner) * n))
    y = matmul(reshape(w, (groups, filters // groups, inputs)), columns)
    y = reshape(y, (*rows, filters, *inner, n))
    return permute_dims(y, (r + 1, len(rows), *range(len(rows)), *range(len(rows) + 1, r + 1)))


def _must_match(op: str, axes: int, x: Sizes, w: Sizes, bias: Any, groups: int) -> None:
    """Refuse filters and biases that do not belong to the input."""
    if len(w) != axes + 2 or min(w) < 1:
        raise refuse(op, f"weight has shape {w}; it must be {WEIGHT[axes]}, each at least 1")
    if not isinstance(groups, int) or groups < 1 or w[0] % groups:
        raise refuse(
            op, f"groups={groups!r} does not divide the {w[0]} filters of weight {w} into equal groups; it must"
        )
    if x[1] != w[1] * groups:
        per_group = f" in each of {groups} groups" if groups > 1 else ""
        raise refuse(
            op,
            f"the input has {x[1]} channels (shape {x}, batch first) but weight {w} reads {w[1]}{per_group}; "
            f"give an input with {w[1] * groups} channels",
        )
    if bias is not None and shape_of(bias) != w[:1]:
        raise refuse(op, f"bias has shape {shape_of(bias)} but there are {w[0]} filters; it must be {w[:1]}")


# --- NumPy's, for vectors ---------------------------------------------------------------------------------------------


@composite
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Discrete convolution of two vectors, ``y[n] = sum_k a[k] v[n - k]``: `v` runs along `a` reversed.

    `mode`: "full", all places where they overlap; "valid", only where they overlap wholly; "same", the middle ones,
    as many as the longer has elements.

    >>> import tinygrad_course as tg
    >>> np.convolve(tg.Tensor([1.0, 2.0, 3.0]), [1.0, 1.0]).tolist()
    [1.0, 3.0, 5.0, 3.0]
    """
    a, v = operand(a), operand(v)
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise refuse("convolve", f"a is {a.shape} and v is {v.shape}; both must be vectors with at least one element")
    a, v = (a, v) if a.size >= v.size else (v, a)
    n = v.size
    around = {"full": (n - 1, n - 1), "same": (n // 2, (n - 1) // 2), "valid": (0, 0)}.get(mode)
    if around is None:
        raise refuse("convolve", f'mode={mode!r} is not known; use "full", "same" or "valid"')
    return matmul(flip(v), windows(pad(a, around), size=(n,), stride=(1,), dilation=(1,), axis=0))
