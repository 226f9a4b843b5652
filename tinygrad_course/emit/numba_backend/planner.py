"""From recorded operations to a list of steps: loops that compute many values at once, and calls between them.

An operation that works element by element is not put anywhere when it is met: it becomes a `Value` that knows how to
write itself down. It gets a place when somebody needs it in memory (a matrix product, a reduction, the caller), in a
loop over its shape, together with everything else that is computed there. What is cheap is computed again in another
loop rather than fetched from memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import Unsupported as Unsupported
from .loops import Loop
from .values import Buffer, Index, Shape, Value, View, identity, packed

CHEAP = 4  # additions that are rather done again than fetched
LONG = 100  # operations that may wait for a loop before they get one
SMALL = 256  # elements; loops as small as that are joined whatever they read


@dataclass(eq=False)
class Call:
    """A step that is no loop: lines of code with {0}, {1}, ... for pointers to `views`.

    `shared`: whether they become a function, which steps with the same lines share. More than one of its `parts` may be
    done by several threads: the lines then are those of the part whose number is `part`.
    """

    position: int
    lines: list[str]
    views: list[View]
    note: str = ""
    shared: bool = False
    parts: int = 1
    work: int = 0  # multiplications

    @property
    def may_leave(self) -> bool:
        """Whether it may end the run before its end."""
        return any("return" in line for line in self.lines)

    @property
    def touched(self) -> dict[Buffer, None]:
        return dict.fromkeys(view.buffer for view in self.views)


Step = Loop | Call


class _NeedsMemoryError(Exception):
    """A value must be put into memory before the loop that reads it."""

    def __init__(self, value: Value) -> None:
        self.value = value


@dataclass
class _Probe:
    """Stands in for a loop to find out what a value reads, without writing anything.

    `leaves`: values in memory, and costly ones that another loop has in local variables.
    """

    space: Shape
    leaves: dict[tuple[Value, Index], None] = field(default_factory=dict)
    seen: set[tuple[Value, Index]] = field(default_factory=set)

    def read(self, value: Value, index: Index) -> str:
        key = (value, index)
        if key in self.seen or value.number is not None:
            return "x"
        self.seen.add(key)
        costly = value.cost > CHEAP
        if value.view is not None or (costly and value.home is not None and value.home.room()):
            self.leaves[key] = None
        elif costly and value.size < _count(self.space):
            raise _NeedsMemoryError(value)
        else:
            assert value.define is not None
            value.define(self, index)
        return "x"

    def let(self, text: str) -> str:
        return "x"

    def position_of(self, at: Any) -> str:
        return "x"


def _count(space: Shape) -> int:
    return int(np.prod(space, dtype=np.int64))


class Planner:
    """The steps so far, and how a value gets a place among them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    # --- places -------------------------------------------------------------------------------------------------------

    def call(
        self,
        lines: Sequence[str],
        views: Sequence[View],
        note: str = "",
        shared: bool = False,
        parts: int = 1,
        work: int = 0,
    ) -> Call:
        """Append a step that is no loop."""
        step = Call(len(self.steps), list(lines), list(views), note, shared, parts, work)
        self.steps.append(step)
        return step

    def memory(self, value: Value) -> View:
        """Where `value` is, which is put into memory now if it is not there."""
        if value.view is None:
            if value.home is not None and value.home.room():
                value.home.keep(value)
            else:
                value.home = None
                self.loop_for(value).keep(value)
        assert value.view is not None
        return value.view

    def loop_for(self, value: Value, note: str = "", alone: bool = False) -> Loop:
        """A loop over the shape of `value` in which it is computed."""
        if value.home is not None and not value.home.sealed and value.home.room() and not alone:
            home: Loop = value.home
            return home
        space = value.shape
        leaves = self.leaves(value, space)
        loop = self.entered(space, leaves, None if alone else self.place(space, leaves))
        loop.read(value, identity(space))
        return loop

    def entered(self, space: Shape, leaves: list[tuple[Value, Index]], loop: Loop | None) -> Loop:
        """The loop, or a new one, when the leaves that other loops have are in memory."""
        for leaf, index in leaves:
            if leaf.view is None and (loop is None or (leaf, index) not in loop.names):
                leaf.home.keep(leaf)
        if loop is None:
            loop = Loop(space, len(self.steps))
            self.steps.append(loop)
        return loop

    def leaves(self, value: Value, space: Shape) -> list[tuple[Value, Index]]:
        """What `value` is computed from: values in memory, or in local variables of the loop that has them."""
        while True:
            probe = _Probe(space)
            try:
                probe.read(value, identity(space))
                return list(probe.leaves)
            except _NeedsMemoryError as need:
                self.memory(need.value)

    def place(self, space: Shape, leaves: list[tuple[Value, Index]]) -> Loop | None:
        """A loop over `space` that comes late enough and has some of the same numbers at hand."""
        need = 0
        for value, index in leaves:
            made = value.ready if value.view is not None else value.home.position
            home = value.home
            local = home is not None and home.position == made and (value, index) in home.names and home.space == space
            need = max(need, made + (0 if local else 1))
        local_homes = [v.home for v, _ in leaves if v.view is None]
        buffers = {value.view.buffer for value, _ in leaves if value.view is not None}
        found: Loop | None = None
        for step in self.steps[need:]:
            if isinstance(step, Loop) and step.space == space and not step.sealed and step.room():
                if step in local_homes:
                    return step
                if _count(space) <= SMALL or step.touched.keys() & buffers:
                    found = step
        return found

    # --- reductions ---------------------------------------------------------------------------------------------------

    def reduced(self, x: Value, axes: Sequence[int], how: str, start: str, dtype: np.dtype[Any]) -> Value:
        """`x` reduced over `axes`, which are kept with size 1."""
        gone = frozenset(a for a in axes)
        shape = tuple(1 if a in gone else n for a, n in enumerate(x.shape))
        view = packed(Buffer(dtype, max(_count(shape), 1)), shape)
        loop = self.loop_for(x)
        if not loop.room():
            self.memory(x)
            loop = self.loop_for(Value(x.shape, x.dtype, lambda at, index: at.read(x, index)), alone=True)
        name = loop.read(x, identity(loop.space))
        index = tuple(at if a not in gone else type(at)() for a, at in enumerate(identity(x.shape)))
        loop.total(name, how, start, view, index, frozenset(a for a in gone if x.shape[a] != 1))
        return Value(shape, dtype, view=view, ready=loop.position)
