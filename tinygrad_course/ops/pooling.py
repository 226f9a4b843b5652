"""Pooling: the largest or the mean value that a sliding window sees, and means over parts of a chosen number.

Axes slide as in convolution. The largest value has a primitive of its own, which walks over the places inside the
window (four for 2 by 2) and not over the windows (thousands); means are sums over `windows`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .arithmetic import divide
from .arrange import pad
from .axes import floats, refuse
from .convolution import batched, must_fit, sizes
from .einsum import operand
from .linalg import matmul
from .reduce import sum
from .shape import squeeze
from .windows import Sizes, disjoint, places, reach, windows

# --- the largest value in each window ---------------------------------------------------------------------------------


def _window_max(x: Any, **slide: Any) -> Any:
    first, *others = (x[place] for _, place in places(x.shape, **slide))
    y = first.copy(order="K")
    for part in others:
        np.maximum(y, part, out=y)
    return y


def _winners(x: Any, y: Any, slide: dict[str, Any]) -> tuple[list[tuple[Any, Any]], Any]:
    """For each place inside the windows a mask of those that have their largest value there; how many places tie."""
    hits = [(place, np.equal(x[place], y)) for _, place in places(x.shape, **slide)]
    ties: Any = np.zeros_like(y, np.uint8 if len(hits) < 256 else np.intp)
    for _, hit in hits:
        ties += hit
    return hits, np.maximum(ties, 1, out=ties)  # none wins where y is NaN


def _to_winners(g: Any, x: Any, y: Any, **slide: Any) -> Any:
    hits, ties = _winners(x, y, slide)
    share = np.divide(g, ties, out=np.empty_like(y, g.dtype))  # in memory in the order of x, whatever that of g
    total = np.zeros_like(x, g.dtype)
    for place, hit in hits:
        if disjoint(**slide):
            np.multiply(share, hit, out=total[place])
        else:
            total[place] += share * hit
    return total


def _from_winners(c: Any, x: Any, y: Any, **slide: Any) -> Any:
    hits, ties = _winners(x, y, slide)
    total = np.zeros_like(y, c.dtype)
    for place, hit in hits:
        total += c[place] * hit
    return np.divide(total, ties, dtype=c.dtype)


window_max: Primitive = Primitive(
    _window_max,
    name="window_max",
    vjp=(lambda g, y, x, **slide: to_winners(g, x, y, **slide),),
    doc="The largest value in each window; `size`, `stride`, `dilation`, `axis` as in `windows`.",
)
to_winners: Primitive = Primitive(
    _to_winners,
    name="to_winners",
    vjp=(lambda c, r, g, x, y, **slide: from_winners(c, x, y, **slide), None, None),
    doc="Each window's cotangent at the element of `x` that is its largest, `y`; in equal shares where several tie.",
)
from_winners: Primitive = Primitive(
    _from_winners,
    name="from_winners",
    vjp=(lambda g, r, c, x, y, **slide: to_winners(g, x, y, **slide), None, None),
    doc="The value at each window's largest element, the mean of those that tie: the adjoint of `to_winners`.",
)

# --- reading of arguments ---------------------------------------------------------------------------------------------


def _slide(
    op: str, x: Any, axes: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[dict[str, Any], tuple[tuple[int, int], ...]]:
    """The static parameters for `windows`, and how much to add around each spatial axis."""
    size = sizes(op, "kernel_size", kernel_size, axes, 1)
    step = size if stride is None else sizes(op, "stride", stride, axes, 1)
    dilation = sizes(op, "dilation", dilation, axes, 1)
    before = sizes(op, "padding", padding, axes, 0)
    span = reach(size, dilation)
    if any(2 * p > r for p, r in zip(before, span, strict=True)):
        raise refuse(op, f"padding={padding} is more than half of kernel_size={kernel_size}; use less")
    around = tuple((p, p) for p in before)
    if ceil_mode:
        room = zip(x.shape[-axes:], before, span, step, strict=True)
        around = tuple((p, p + _overhang(n, p, r, s)) for n, p, r, s in room)
    must_fit(op, x.shape, around, size, dilation)
    return {"size": size, "stride": step, "dilation": dilation, "axis": x.ndim - axes}, around


def _overhang(n: int, p: int, r: int, s: int) -> int:
    """How far the last window reaches out of the padded axis, if it may: it must begin before the padding after x."""
    count = -(-(n + 2 * p - r) // s) + 1
    if (count - 1) * s >= n + p:
        count -= 1
    return max(0, (count - 1) * s + r - (n + 2 * p))


def _padded(x: Any, around: tuple[tuple[int, int], ...], fill: float) -> Any:
    if not any(map(any, around)):
        return x
    return pad(x, (*((0, 0),) * (x.ndim - len(around)), *around), constant_values=fill)


# --- the public functions ---------------------------------------------------------------------------------------------


@composite
def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """Largest value in each window of (N, C, L) or (C, L); see `max_pool2d`.

    >>> import tinygrad_course as tg
    >>> tg.max_pool1d(tg.Tensor([[1.0, 4.0, 2.0, 3.0]]), 2).tolist()
    [[4.0, 3.0]]
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)


@composite
def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    """Largest value in each window of the images (N, C, H, W) or (C, H, W).

    Elements that tie share the gradient equally, as in `amax`; PyTorch gives all of it to the first.

    Parameters
    ----------
    kernel_size, stride, padding, dilation
        One number, or one for each of the two axes. `stride` is `kernel_size` if None, so that windows do not overlap.
        Padding (at most half a kernel) is with -inf, so that it never wins.
    ceil_mode
        Whether a last window that reaches out of the input counts too.

    >>> import tinygrad_course as tg
    >>> tg.max_pool2d(tg.arange(16.0).reshape(1, 4, 4), 2).tolist()
    [[[5.0, 7.0], [13.0, 15.0]]]
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(op: str, axes: int, x: Any, size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Any:
    x, single = batched(op, operand(x), axes)
    slide, around = _slide(op, x, axes, size, stride, padding, dilation, ceil_mode)
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    y = window_max(_padded(x, around, lowest), **slide)
    return squeeze(y, 0) if single else y


@composite
def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Mean of each window of (N, C, L) or (C, L); see `avg_pool2d`.

    >>> import tinygrad_course as tg
    >>> tg.avg_pool1d(tg.Tensor([[1.0, 4.0, 2.0, 3.0]]), 2).tolist()
    [[2.5, 2.5]]
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composite
def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Mean of each window of the images (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    kernel_size, stride, padding
        One number, or one for each of the two axes. `stride` is `kernel_size` if None. Padding is with zeros.
    ceil_mode
        Whether a last window that reaches out of the padded input counts too; it is divided by what is inside.
    count_include_pad
        Whether the zeros of the padding count in the mean.
    divisor_override
        What to divide each sum by instead of the number of elements.

    >>> import tinygrad_course as tg
    >>> tg.avg_pool2d(tg.arange(16.0).reshape(1, 4, 4), 2).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _avg_pool(
    op: str, axes: int, x: Any, size: Any, stride: Any, padding: Any, ceil_mode: bool, with_pad: bool, divisor: Any
) -> Any:
    x, single = batched(op, operand(x), axes)
    slide, around = _slide(op, x, axes, size, stride, padding, 1, ceil_mode)
    if divisor == 0:
        raise refuse(op, "divisor_override is 0; it must be a number that sums can be divided by")
    x = floats(x)
    counts = divisor
    if counts is None:
        before = sizes(op, "padding", padding, axes, 0)
        counts = _counts(x.shape[-axes:], around, before if with_pad else (0,) * axes, slide).astype(x.dtype)
    y = divide(sum(windows(_padded(x, around, 0), **slide), tuple(range(axes))), counts)
    return squeeze(y, 0) if single else y


def _counts(shape: Sizes, around: Any, counted: Sizes, slide: dict[str, Any]) -> Any:
    """How many elements each window has that count: those of the input, and of a margin of `counted` around it."""
    ones = np.zeros([n + before + after for n, (before, after) in zip(shape, around, strict=True)])
    inside = (slice(b - c, b + n + c) for n, (b, _), c in zip(shape, around, counted, strict=True))
    ones[tuple(inside)] = 1
    seen = windows(ones, **{**slide, "axis": 0})
    found = np.add.reduce(seen, axis=tuple(range(len(shape))))
    return found.flat[0] if (found == found.flat[0]).all() else found


@composite
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over `output_size` parts of (N, C, L) or (C, L); see `adaptive_avg_pool2d`.

    >>> import tinygrad_course as tg
    >>> tg.adaptive_avg_pool1d(tg.Tensor([[1.0, 3.0, 5.0]]), 2).tolist()
    [[2.0, 4.0]]
    """
    x, single = batched("adaptive_avg_pool1d", operand(input), 1)
    (count,) = _parts("adaptive_avg_pool1d", output_size, x.shape[-1:])
    y = matmul(x, _averages(count, x.shape[-1], floats(x).dtype).T)
    return squeeze(y, 0) if single else y


@composite
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over a grid of `output_size` parts of the images (N, C, H, W) or (C, H, W), whatever their size.

    Part i of n along an axis of size L goes from ``floor(i * L / n)`` to ``ceil((i + 1) * L / n)``; parts overlap where
    n does not divide L. None as a size keeps that of the input. `output_size` 1 is the mean of each channel.

    >>> import tinygrad_course as tg
    >>> tg.adaptive_avg_pool2d(tg.arange(16.0).reshape(1, 4, 4), (1, 2)).tolist()
    [[[6.5, 8.5]]]
    """
    x, single = batched("adaptive_avg_pool2d", operand(input), 2)
    rows, columns = _parts("adaptive_avg_pool2d", output_size, x.shape[-2:])
    dtype = floats(x).dtype
    y = matmul(matmul(_averages(rows, x.shape[-2], dtype), x), _averages(columns, x.shape[-1], dtype).T)
    return squeeze(y, 0) if single else y


def _parts(op: str, output_size: Any, shape: Sizes) -> Sizes:
    """`output_size` as one number per axis."""
    each = tuple(output_size) if hasattr(output_size, "__len__") else (output_size,) * len(shape)
    if len(each) == len(shape):
        each = tuple(n if part is None else part for part, n in zip(each, shape, strict=True))
    if 0 in shape:
        raise refuse(op, f"the input has spatial axes of sizes {shape}: there is nothing to take a mean of")
    return sizes(op, "output_size", each, len(shape), 1)


def _averages(parts: int, n: int, dtype: Any) -> Any:
    """The matrix that takes the mean of each of `parts` parts of `n` elements."""
    i, j = np.arange(parts)[:, None], np.arange(n)
    starts, ends = i * n // parts, -(-(i + 1) * n // parts)
    return (((starts <= j) & (j < ends)) / (ends - starts)).astype(dtype)
