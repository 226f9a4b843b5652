"""Elements moved along axes: flip, rotate, roll, shift, pad, each with its adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.primitive import Primitive, refuse_tensors_in
from ..core.state import composite
from .axes import Axis, axes_of, ndim_of, refuse, shape_of, static
from .index import getitem, take
from .shape import swapaxes

# --- flip, roll, shift ------------------------------------------------------------------------------------------------

_flip: Primitive = Primitive(
    lambda x, *, axis: np.flip(x, axis),
    name="flip",
    vjp=(lambda g, y, x, axis: _flip(g, axis=axis),),
    doc="Elements in reverse order along axes.",
)
_roll: Primitive = Primitive(
    lambda x, *, shift, axis: np.roll(x, shift, axis)[()],
    name="roll",
    vjp=(
        lambda g, y, x, shift, axis: _roll(
            g, shift=-shift if isinstance(shift, int) else tuple(-s for s in shift), axis=axis
        ),
    ),
    doc="Elements moved along axes, coming back in at the other end.",
)


def flip(x: Any, axis: Axis = None) -> Any:
    """`x` with the order of its elements reversed along `axis` (all axes if None).

    >>> import tinygrad_course as tg
    >>> tg.flip(tg.arange(3)).tolist()
    [2, 1, 0]
    """
    return _flip(x, axis=static(axis))


@composite
def flipud(x: Any) -> Any:
    """`x` upside down: the first axis reversed.

    >>> import tinygrad_course as tg
    >>> tg.flipud(tg.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[3.0, 4.0], [1.0, 2.0]]
    """
    return flip(_with_axes("flipud", x, 1), 0)


@composite
def fliplr(x: Any) -> Any:
    """`x` with left and right exchanged: the second axis reversed.

    >>> import tinygrad_course as tg
    >>> tg.fliplr(tg.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    return flip(_with_axes("fliplr", x, 2), 1)


@composite
def rot90(x: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """`x` turned by `k` right angles in the plane of two axes, from the first of them towards the second.

    >>> import tinygrad_course as tg
    >>> tg.rot90(tg.Tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """
    plane = axes_of("rot90", axes, ndim_of(x))
    if len(plane) != 2:
        raise refuse("rot90", f"axes={axes} names {len(plane)} axes; a plane has two")
    if k % 4 == 2:
        return flip(x, plane)
    if k % 4 == 1:
        return swapaxes(flip(x, plane[1]), *plane)
    return flip(swapaxes(x, *plane), plane[1]) if k % 4 == 3 else x


def _with_axes(op: str, x: Any, least: int) -> Any:
    if ndim_of(x) < least:
        raise refuse(op, f"x has shape {shape_of(x)}; it needs at least {least} ax{'is' if least == 1 else 'es'}")
    return x


def roll(x: Any, shift: int | Sequence[int], axis: Axis = None) -> Any:
    """`x` with its elements moved by `shift` along `axis`, those pushed out coming back in at the other end.

    With ``axis=None`` the elements move in the flattened order; the shape stays.

    >>> import tinygrad_course as tg
    >>> tg.roll(tg.arange(4), 1).tolist()
    [3, 0, 1, 2]
    """
    return _roll(x, shift=static(shift), axis=static(axis))


def _shift(x: Any, *, by: int, axis: int, fill: float) -> Any:
    y = np.full_like(x, fill)
    into, out = np.moveaxis(y, axis, 0), np.moveaxis(x, axis, 0)
    if by > 0:
        into[by:] = out[:-by]
    else:
        into[:by] = out[-by:]
    return y


_shift_op: Primitive = Primitive(
    _shift,
    name="shift",
    vjp=(lambda g, y, x, by, axis, fill: _shift_op(g, by=-by, axis=axis, fill=0),),
    doc="Elements moved along an axis; those pushed out are lost, `fill` comes in.",
)


def shift(x: Any, by: int, axis: int, fill: float = 0) -> Any:
    """`x` with its elements moved `by` places (not 0) along `axis`, and `fill` in the places that fall free."""
    return _shift_op(x, by=by, axis=axis, fill=fill)


# --- pad --------------------------------------------------------------------------------------------------------------

Width = tuple[tuple[int, int], ...]


def _pad(x: Any, *, pad_width: Width, constant_values: Any) -> Any:
    if not isinstance(constant_values, int | float):
        return np.pad(x, pad_width, constant_values=constant_values)
    shape = tuple(before + n + after for (before, after), n in zip(pad_width, np.shape(x), strict=True))
    y = np.full_like(x, constant_values, shape=shape)
    y[_inside(pad_width, np.shape(x))] = x
    return y[()]


def _inside(pad_width: Width, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Where the original stands in the padded array."""
    return tuple(slice(before, before + n) for (before, _), n in zip(pad_width, shape, strict=True))


_pad_op = Primitive(
    _pad,
    name="pad",
    vjp=(lambda g, y, x, pad_width, constant_values: getitem(g, _inside(pad_width, x.shape)),),
    doc="An array with constants around it.",
)


def pad(x: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    """`x` with `pad_width` elements added before and after each axis.

    `pad_width`: one number, one pair (before, after), or one pair per axis. `mode`: "constant" (with
    `constant_values`, a number or NumPy's pairs of numbers), or "edge", "reflect", "symmetric", "wrap", which repeat
    elements of `x` and so add their gradients up.

    >>> import tinygrad_course as tg
    >>> tg.pad(tg.arange(3), 1).tolist()
    [0, 0, 1, 2, 0]
    """
    shape = shape_of(x)
    try:
        width = tuple((int(b), int(a)) for b, a in np.broadcast_to(np.asarray(pad_width, int), (len(shape), 2)))
    except (ValueError, TypeError):
        raise refuse(
            "pad", f"pad_width={pad_width} is not a number, a pair, or a pair for each of {len(shape)} axes"
        ) from None
    if np.min(width, initial=0) < 0:
        raise refuse("pad", f"pad_width={pad_width} has a negative width; cut with a slice instead")
    if mode != "constant":
        return _repeating_pad(x, width, mode)
    if isinstance(constant_values, list | tuple):
        refuse_tensors_in(constant_values)
    if isinstance(constant_values, list | tuple | np.ndarray):
        values = np.broadcast_to(constant_values, (len(shape), 2))
        return _pad_op(x, pad_width=width, constant_values=tuple(map(tuple, values.tolist())))
    return _pad_op(x, pad_width=width, constant_values=constant_values)


@composite
def _repeating_pad(x: Any, width: Width, mode: str) -> Any:
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise refuse("pad", f'mode={mode!r} is not known; use "constant", "edge", "reflect", "symmetric" or "wrap"')
    for axis, (pair, n) in enumerate(zip(width, shape_of(x), strict=True)):
        if pair == (0, 0):
            continue
        if n == 0:
            raise refuse("pad", f"axis {axis} is empty, so mode={mode!r} has nothing to repeat; use mode='constant'")
        x = take(x, np.pad(np.arange(n), pair, mode=mode), axis)  # type: ignore[call-overload]
    return x
