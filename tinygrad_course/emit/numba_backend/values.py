"""What a compiled step computes with: memory, views of it, and values that may not be in memory at all.

All shapes are known when code is written, so an index into memory is a sum of loop counters times numbers. A value
that is not in memory is a way to write down its element at a given index (`Value.define`); the loop that needs it
writes that down, and so operations fuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class At(NamedTuple):
    """A position along one axis: the sum of counters times numbers, plus a number.

    A counter is the number of an axis of the loop, or the name of a local integer (an index that was read).
    """

    terms: tuple[tuple[int | str, int], ...] = ()
    add: int = 0

    def scaled(self, factor: int, add: int = 0) -> At:
        """``factor * self + add``"""
        return At(tuple((c, n * factor) for c, n in self.terms), self.add * factor + add)

    def plus(self, other: At) -> At:
        """The sum of two positions."""
        found = dict(self.terms)
        for c, n in other.terms:
            found[c] = found.get(c, 0) + n
        return At(tuple((c, n) for c, n in found.items() if n), self.add + other.add)


Index = tuple[At, ...]
START = At()


def identity(shape: Shape) -> Index:
    """The index that names, inside a loop over `shape`, the element the loop is at."""
    return tuple(START if n == 1 else At(((axis, 1),)) for axis, n in enumerate(shape))


def fitted(index: Index, shape: Shape) -> Index:
    """The index into an operand of `shape` that broadcasts to what `index` is for."""
    last = index[len(index) - len(shape) :]
    return tuple(START if n == 1 else at for at, n in zip(last, shape, strict=True))


@dataclass(eq=False)
class Buffer:
    """A stretch of memory for `size` elements. `source` is the number of an input, or None: it lies in the arena."""

    dtype: np.dtype[Any]
    size: int
    source: int | None = None
    content: Any = None  # a constant array, which is put there once
    lasting: bool = False  # whether it must survive the step, for the caller
    offset: int = -1  # bytes into the arena
    first: int = -1  # the steps that write it first and touch it last
    last: int = -1


@dataclass(frozen=True)
class View:
    """Elements of a buffer: strides and offset count elements."""

    buffer: Buffer
    shape: Shape
    strides: Shape
    offset: int = 0

    def address(self, index: Index) -> tuple[dict[int | str, int], int]:
        """How far each counter moves through memory, and where it starts."""
        moves: dict[int | str, int] = {}
        start = self.offset
        for at, stride in zip(index, self.strides, strict=True):
            start += at.add * stride
            for counter, n in at.terms:
                moves[counter] = moves.get(counter, 0) + n * stride
        return moves, start

    @property
    def contiguous(self) -> bool:
        """Whether it lies in row-major order without gaps."""
        expected = 1
        for n, stride in zip(self.shape[::-1], self.strides[::-1], strict=True):
            if n != 1 and stride != expected:
                return False
            expected *= n
        return True


def packed(buffer: Buffer, shape: Shape, order: Sequence[int] | None = None) -> View:
    """A view of the whole buffer, the axes in memory in `order`, outermost first (None: as they are)."""
    strides = [0] * len(shape)
    step = 1
    for axis in reversed(range(len(shape)) if order is None else order):
        strides[axis] = step
        step *= shape[axis]
    return View(buffer, shape, tuple(strides))


def order_of(example: Any) -> tuple[int, ...] | None:
    """The order of axes that eager code chose for an array, or None for row-major."""
    if not isinstance(example, np.ndarray) or example.ndim < 2 or example.flags.c_contiguous:
        return None
    wide = [axis for axis in range(example.ndim) if example.shape[axis] > 1]
    if any(example.strides[axis] <= 0 for axis in wide):
        return None
    return tuple(sorted(range(example.ndim), key=lambda axis: (axis in wide, -example.strides[axis])))


Define = Callable[[Any, Index], str]


@dataclass(eq=False)
class Value:
    """An array, in memory or not yet.

    `define(loop, index)` writes the element at `index` down in a loop and returns what it is called there. `cost`: how
    much that is, in additions. `view`: where it is in memory, from step number `ready` on. `home`: the loop that has
    each element in a local variable at some time. `place`: where it is to be put once it needs memory, if that matters.
    """

    shape: Shape
    dtype: np.dtype[Any] | None  # None: a Python number, of the type of what it meets
    define: Define | None = None
    cost: int = 0
    size_of_text: int = 0
    view: View | None = None
    ready: int = -1
    home: Any = None
    order: tuple[int, ...] | None = None
    place: View | None = None
    number: Any = None
    parts: list[Value] = field(default_factory=list)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def broadcast_strides(view: View, shape: Shape) -> View:
    """The view stretched to `shape`."""
    extra = len(shape) - len(view.shape)
    pairs = zip(view.shape, view.strides, shape[extra:], strict=True)
    strides = (*(0,) * extra, *(0 if n == 1 and m != 1 else s for n, s, m in pairs))
    return View(view.buffer, shape, strides, view.offset)


def reshaped(view: View, shape: Shape) -> View | None:
    """The view in another shape, if that needs no copy: NumPy's own rule."""
    if math.prod(view.shape) == 0:
        return packed(view.buffer, shape)
    probe = np.lib.stride_tricks.as_strided(np.empty(0, np.uint8), view.shape, view.strides)
    again = probe.view()
    try:
        again.shape = shape
    except AttributeError:
        return None
    return View(view.buffer, shape, tuple(again.strides), view.offset)


def any_of(values: Iterable[Value]) -> bool:
    """Whether there are values in the list that take memory."""
    return any(v.view is not None for v in values)
