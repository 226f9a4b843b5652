"""Loops: the elements of many values computed in one pass, with what is kept in memory and what is added up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .intrinsics import CHANNELS
from .values import At, Buffer, Index, Shape, Value, View, identity, packed

Moves = dict[int | str, int]


@dataclass
class Access:
    """One element read or written: a pointer (buffer and start), and how each counter moves it."""

    buffer: Buffer
    start: int
    moves: Moves


@dataclass
class Line:
    """One statement of a loop's body: ``name = text``, a read of memory, or a write of `name` to memory."""

    kind: str  # "let", "load", "store" or "total"
    name: str
    text: str = ""
    access: Access | None = None
    total: Total | None = None


@dataclass
class Total:
    """A reduction: what an element does to it, where it starts, where it goes."""

    how: str  # the text of a step, of {0} (so far) and {1} (this element)
    start: str
    access: Access
    axes: frozenset[int]  # the axes of the loop that it runs over
    dtype: np.dtype[Any]
    shares: Buffer | None = None  # where each part of a shared loop puts what it has found
    scattered: bool = False  # added up at places that are data, into memory that has been set to 0


@dataclass(eq=False)
class Loop:
    """A nest of loops over `space`. Its body is written once, for the element at hand, and rendered at the end.

    More than one of its `parts` may be done by several threads.
    """

    space: Shape
    position: int
    prefix: str = "v"
    body: list[Line] = field(default_factory=list)
    names: dict[tuple[Value, Index], str] = field(default_factory=dict)
    channels: dict[Buffer, int] = field(default_factory=dict)
    counted: set[int] = field(default_factory=set)  # axes whose counter appears in the text
    touched: dict[Buffer, None] = field(default_factory=dict)  # in order: the same program gives the same source
    notes: list[str] = field(default_factory=list)
    sealed: bool = False
    parts: int = 1

    def fresh(self) -> str:
        return f"{self.prefix}{len(self.body)}"

    def let(self, text: str) -> str:
        """A new local variable that holds what `text` says."""
        name = self.fresh()
        self.body.append(Line("let", name, text))
        return name

    def read(self, value: Value, index: Index) -> str:
        """The name of an element of `value`, which is computed or fetched where the loop has not got it yet."""
        if value.number is not None:
            return literal(value.number, value.dtype)
        key = (value, index)
        name = self.names.get(key)
        if name is None:
            if value.view is not None:
                name = self._fetch(value.view, index)
            else:
                assert value.define is not None
                name = value.define(self, index)
                if value.home is None and value.shape == self.space and index == identity(self.space):
                    value.home = self
            self.names[key] = name
        return name

    def _access(self, view: View, index: Index) -> Access:
        moves, start = view.address(index)
        self.touched[view.buffer] = None
        return Access(view.buffer, start, moves)

    def _fetch(self, view: View, index: Index) -> str:
        name = self.fresh()
        self.body.append(Line("load", name, access=self._access(view, index)))
        return self.let(f"{name} != 0") if view.buffer.dtype == bool else name

    def position_of(self, at: At) -> str:
        """A position along an axis as text; its counters must then stay as they are."""
        parts = []
        for counter, n in at.terms:
            if isinstance(counter, int):
                self.counted.add(counter)
            name = f"i{counter}" if isinstance(counter, int) else counter
            parts.append(name if n == 1 else f"{n} * {name}")
        return " + ".join([*parts, str(at.add)] if at.add or not parts else parts)

    def room(self) -> bool:
        """Whether one more array may be written."""
        return len(self.channels) < CHANNELS and len(self.body) < 400

    def _channel(self, buffer: Buffer) -> None:
        """Note that memory is written; what has no channel to itself shares the last one."""
        self.channels.setdefault(buffer, min(len(self.channels), CHANNELS - 1))

    def write(self, name: str, view: View, index: Index) -> None:
        """Put a local variable into memory."""
        self._channel(view.buffer)
        if view.buffer.dtype == bool:
            name = self.let(f"uint8({name})")
        self.body.append(Line("store", name, access=self._access(view, index)))

    def keep(self, value: Value, target: View | None = None) -> None:
        """Put `value`, which the loop computes, into memory: new memory if no `target` is given."""
        name = self.names[value, identity(self.space)]
        if target is None:
            assert value.dtype is not None
            target = value.place or packed(Buffer(value.dtype, max(value.size, 1)), value.shape, value.order)
        self.write(name, target, identity(self.space))
        if value.view is None:
            value.view, value.ready = target, self.position

    def total(self, name: str, how: str, start: str, view: View, index: Index, axes: frozenset[int]) -> None:
        """Reduce a local variable over `axes` into memory."""
        self._channel(view.buffer)
        total = Total(how, start, self._access(view, index), axes, view.buffer.dtype)
        self.body.append(Line("total", name, total=total))

    def add_up(self, name: str, view: View, index: Index) -> None:
        """Add a local variable to an element of memory that has been set to 0 before; places may repeat."""
        self.total(name, "{0} + {1}", "", view, index, frozenset())
        total = self.body[-1].total
        assert total is not None
        total.scattered = True

    @property
    def count(self) -> int:
        return math.prod(self.space)


def literal(x: Any, dtype: np.dtype[Any] | None) -> str:
    """A number as text of the given type; as Python writes it, if there is none."""
    if isinstance(x, bool | np.bool_):
        return str(bool(x)) if dtype is None or dtype.kind == "b" else f"{dtype}({int(x)})"
    if isinstance(x, float | np.floating):
        x = float(x)
        text = "nan" if math.isnan(x) else repr(x).replace("inf", "inf")
    else:
        text = str(int(x))
    return f"{dtype or ('float64' if 'n' in text or '.' in text or 'e' in text else 'int64')}({text})"
