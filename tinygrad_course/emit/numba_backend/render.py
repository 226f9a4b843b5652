"""A loop as the text of a function: counters ordered and merged so that memory is walked in long straight runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .loops import Access, Line, Loop, Total
from .values import Buffer

BLOCK = 4096  # sums of more floats than this are made in blocks, which keeps their rounding small
LONG_RUN = 128  # turns of an innermost loop whose number is kept from LLVM
INDENT = "    "


@dataclass
class Rendered:
    """A function's body and parameters, what to call it with (buffers and where to begin in them), and what follows."""

    text: str
    names: list[str]
    pointers: list[tuple[Buffer, int]]
    sums: list[Total]  # those of which each part of a loop finds a share, to be put together afterwards
    parts: int

    def after(self, pointer: Callable[[Buffer, int], str]) -> list[str]:
        """The lines that follow the call: shares of sums put together."""
        lines = []
        for total in self.sums:
            assert total.shares is not None
            step = total.how.format("total", f"{_wide(total)}(peek({pointer(total.shares, 0)}, part))")
            lines += [
                f"total = {_wide(total)}({total.start})",
                f"for part in range({self.parts}):",
                f"    total = {step}",
            ]
            lines.append(f"poke({pointer(total.access.buffer, total.access.start)}, 0, {total.dtype}(total))")
        return lines


class Nest:
    """The order of a loop's counters, and which of them run as one."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.sizes = {axis: n for axis, n in enumerate(loop.space) if n != 1}
        accesses = [line.access for line in loop.body if line.access is not None]
        accesses += [line.total.access for line in loop.body if line.total is not None]
        self.accesses: list[Access] = accesses
        self.axes = sorted(self.sizes, key=self._weight, reverse=True)
        self._merge()

    def _weight(self, axis: int) -> float:
        """How far apart in memory neighbours along an axis lie, over all accesses."""
        return sum(min(abs(a.moves.get(axis, 0)), 1 << 20) for a in self.accesses)

    def _merge(self) -> None:
        """Let two neighbouring counters run as one wherever every access allows it."""
        merged: list[int] = []
        for axis in self.axes:
            if merged and self._joins(merged[-1], axis):
                self.sizes[axis] *= self.sizes[merged.pop()]
            merged.append(axis)
        self.axes = merged

    def _joins(self, outer: int, inner: int) -> bool:
        if self.loop.counted & {outer, inner}:
            return False
        n = self.sizes[inner]
        if any(a.moves.get(outer, 0) != n * a.moves.get(inner, 0) for a in self.accesses):
            return False
        totals = [line.total for line in self.loop.body if line.total is not None]
        return all((outer in t.axes) == (inner in t.axes) for t in totals)


def render(loop: Loop) -> Rendered:
    """The function that runs `loop`, without its name."""
    return _Writer(loop).function()


class _Writer:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.nest = Nest(loop)
        self.pointers: dict[tuple[Buffer, int], str] = {}
        self.lines: list[str] = []
        self.totals = [(f"t{i}", line.total) for i, line in enumerate(loop.body) if line.total is not None]

    def function(self) -> Rendered:
        self._open()
        inner = self._inner_totals()
        self._nest(0, 1, inner)
        body = "\n".join(self.lines) + "\n"
        sums = [total for _, total in self.totals if total.shares is not None]
        return Rendered(body, list(self.pointers.values()), list(self.pointers), sums, self.loop.parts)

    def _bounds(self, axis: int) -> tuple[str, str]:
        """Where a counter begins and ends: the outermost one within the part that is to be done."""
        n, parts = self.nest.sizes[axis], self.loop.parts
        if parts == 1 or axis != self.nest.axes[0]:
            return "0", str(n)
        return f"part * {n} // {parts}", f"(part + 1) * {n} // {parts}"

    def _range(self, axis: int) -> str:
        first, last = self._bounds(axis)
        return f"range({last})" if first == "0" else f"range({first}, {last})"

    # --- totals -------------------------------------------------------------------------------------------------------

    def _reduced_tail(self, total: Total) -> int:
        """How many of the innermost counters a total runs over."""
        if total.scattered:
            return 0
        count = 0
        for axis in reversed(self.nest.axes):
            if axis not in total.axes:
                break
            count += 1
        return count

    def _inner_totals(self) -> dict[int, list[tuple[str, Total]]]:
        """Totals that are local variables, by the depth at which they are complete."""
        found: dict[int, list[tuple[str, Total]]] = {}
        for name, total in self.totals:
            if tail := self._reduced_tail(total):
                found.setdefault(len(self.nest.axes) - tail, []).append((name, total))
        return found

    def _in_memory(self, total: Total) -> bool:
        """Whether a total is added to in memory, step by step, and so must be set to its start before."""
        if total.scattered:
            return True
        outer = self.nest.axes[: len(self.nest.axes) - self._reduced_tail(total)]
        return any(axis in total.axes for axis in outer)

    def _open(self) -> None:
        """Set the totals that live in memory to their start."""
        for _, total in self.totals:
            if self._in_memory(total) and not total.scattered:
                kept = [a for a in self.nest.axes if a not in total.axes]
                pad = 1
                for axis in kept:
                    self._say(pad, f"for i{axis} in {self._range(axis)}:")
                    pad += 1
                self._say(pad, self._store(total.access, total.start))

    # --- statements ---------------------------------------------------------------------------------------------------

    def _say(self, depth: int, text: str) -> None:
        self.lines.append(INDENT * depth + text)

    def _pointer(self, access: Access) -> str:
        key = (access.buffer, access.start)
        return self.pointers.setdefault(key, f"p{len(self.pointers)}")

    def _where(self, access: Access) -> str:
        terms = []
        for counter, n in access.moves.items():
            if isinstance(counter, int) and counter not in self.nest.axes:
                continue
            name = f"i{counter}" if isinstance(counter, int) else counter
            if n:
                terms.append(name if n == 1 else f"{n} * {name}")
        return " + ".join(terms) or "0"

    def _load(self, access: Access) -> str:
        channel = self.loop.channels.get(access.buffer)
        if channel is None:
            return f"load({self._pointer(access)}, {self._where(access)})"
        return f"load_own({self._pointer(access)}, {self._where(access)}, {channel})"

    def _store(self, access: Access, text: str) -> str:
        channel = self.loop.channels[access.buffer]
        return f"store({self._pointer(access)}, {self._where(access)}, {text}, {channel})"

    def _statement(self, number: int, line: Line) -> str:
        if line.kind == "let":
            return f"{line.name} = {line.text}"
        if line.kind == "load":
            assert line.access is not None
            return f"{line.name} = {self._load(line.access)}"
        if line.kind == "store":
            assert line.access is not None
            return self._store(line.access, line.name)
        assert line.total is not None
        total, so_far = line.total, f"t{number}"
        if self._reduced_tail(total):
            return f"{so_far} = {total.how.format(so_far, line.name)}"
        if self._in_memory(total):
            return self._store(total.access, total.how.format(self._load(total.access), line.name))
        return self._store(total.access, total.how.format(total.start, line.name))

    # --- the nest -----------------------------------------------------------------------------------------------------

    def _nest(self, level: int, depth: int, inner: dict[int, list[tuple[str, Total]]]) -> None:
        """Write the loops from `level` on, innermost last, and the totals that are complete after each."""
        here = inner.get(level, [])
        for name, total in here:
            self._say(depth, f"{name} = {total.start}")
        if level == len(self.nest.axes):
            for number, line in enumerate(self.loop.body):
                self._say(depth, self._statement(number, line))
            if not self.loop.body:
                self._say(depth, "pass")
            return
        axis = self.nest.axes[level]
        n = self.nest.sizes[axis]
        running = [pair for at, pairs in inner.items() if at <= level for pair in pairs]
        if level == len(self.nest.axes) - 1 and running and n > 2 * BLOCK:
            self._in_blocks(level, depth, running)
        else:
            # LLVM would write out every turn of such a loop, and of those around it: long to compile, not faster.
            innermost = level == len(self.nest.axes) - 1
            hide = innermost and level and n >= LONG_RUN
            self._say(depth, f"for i{axis} in {f'range(hidden({n}))' if hide else self._range(axis)}:")
            self._nest(level + 1, depth + 1, inner)
        for name, total in here:
            if total.shares is not None:
                share = self.pointers.setdefault((total.shares, 0), f"p{len(self.pointers)}")
                self._say(depth, f"poke({share}, part, {name})")
                continue
            text = total.how.format(self._load(total.access), name) if self._in_memory(total) else name
            self._say(depth, self._store(total.access, text))

    def _in_blocks(self, level: int, depth: int, running: list[tuple[str, Total]]) -> None:
        """The innermost loop in blocks, each with totals of its own."""
        axis = self.nest.axes[level]
        first, last = self._bounds(axis)
        for name, total in running:
            self._say(depth, f"{name}_all = {_wide(total)}({name})")
        self._say(depth, f"for block in range({first}, {last}, {BLOCK}):")
        for name, total in running:
            self._say(depth + 1, f"{name} = {total.start}")
        self._say(depth + 1, f"for i{axis} in range(block, min(block + {BLOCK}, {last})):")
        self._nest(level + 1, depth + 2, {})
        for name, total in running:
            self._say(depth + 1, f"{name}_all = {total.how.format(f'{name}_all', f'{_wide(total)}({name})')}")
        for name, total in running:
            self._say(depth, f"{name} = {total.dtype}({name}_all)")


def _wide(total: Total) -> str:
    """The type in which the totals of blocks are put together: sums of float32 have more digits there."""
    return "float64" if total.dtype == np.float32 else str(total.dtype)


def start_of(kind: str, dtype: np.dtype[Any]) -> str:
    """The value a reduction begins with, as text."""
    if dtype.kind == "b":
        return {"any": "uint8(0)", "all": "uint8(1)"}[kind]
    if kind in ("max", "min"):
        if dtype.kind == "f":
            return f"{dtype}({'-' if kind == 'max' else ''}inf)"
        info = np.iinfo(dtype)
        return f"{dtype}({info.min if kind == 'max' else info.max})"
    return f"{dtype}({1 if kind == 'prod' else 0})"
