"""From steps to source: memory laid out in one arena, every loop a function, and `main`, which calls them in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .planner import Call, Step
from .render import render
from .values import Buffer

ALIGN = 64
HEAD = '''\
"""Compiled by tinygrad_course: one call of `main` is one run of `{name}`."""

import math

from numba import boolean, float32, float64, int32, int64, njit, uint8, types

from tinygrad_course.emit.numba_backend.intrinsics import *
from tinygrad_course.emit.numba_backend.kernels import *
{blas}{team}from tinygrad_course.emit.numba_backend.tiles import dots, tile

inf, nan = math.inf, math.nan
'''
LOOP = 'njit(error_model="numpy", fastmath={"contract", "nsz", "arcp"})'


@dataclass
class Layout:
    """The arena: how many bytes, and the constants that are put there once."""

    size: int
    constants: list[Buffer]


def lay_out(steps: list[Step], pinned: list[Buffer]) -> Layout:
    """Give every buffer that is not an input its place; memory is used again after a value's last use."""
    constants: list[Buffer] = []
    buffers: dict[Buffer, None] = dict.fromkeys(pinned)
    for position, step in enumerate(steps):
        for buffer in step.touched:
            if buffer.first < 0:
                buffer.first = position
            buffer.last = position
            if buffer.source is None:
                buffers[buffer] = None
    for buffer in buffers:
        if buffer.content is not None:
            constants.append(buffer)
        if buffer.lasting:
            buffer.first, buffer.last = -1, len(steps)
    size = 0
    placed: list[Buffer] = []
    for buffer in sorted(buffers, key=lambda b: -b.size * b.dtype.itemsize):
        need = _bytes(buffer)
        offset = 0
        for other in sorted(placed, key=lambda b: b.offset):
            if other.last < buffer.first or buffer.last < other.first:
                continue
            if offset + need <= other.offset:
                break
            offset = max(offset, other.offset + _bytes(other))
        buffer.offset = offset
        placed.append(buffer)
        size = max(size, offset + need)
    return Layout(size, constants)


def _bytes(buffer: Buffer) -> int:
    return -(-buffer.size * buffer.dtype.itemsize // ALIGN) * ALIGN


class Assembly:
    """The source of a program: functions for its loops, those alike shared, and `main`."""

    def __init__(self, name: str, parameters: list[str], team: bool = False) -> None:
        self.name = name
        self.team = team
        self.parameters = parameters
        self.functions: dict[str, str] = {}
        self.notes: dict[str, list[str]] = {}
        self.lines: list[str] = []
        self.interpreters: list[str] = []

    def add(self, step: Step) -> None:
        """Append the call of a step."""
        if isinstance(step, Call):
            names = [self.pointer(v.buffer, v.offset) for v in step.views]
            if step.shared:
                parameters = [f"p{i}" for i in range(len(names))]
                body = "\n".join("    " + line.format(*parameters) for line in step.lines) + "\n"
                buffers = [v.buffer for v in step.views]
                self._call("product", [step.note], buffers, parameters, names, body, step.parts)
            else:
                self.lines += [line.format(*names) for line in step.lines]
            return
        rendered = render(step)
        buffers = [buffer for buffer, _ in rendered.pointers]
        names = [self.pointer(buffer, start) for buffer, start in rendered.pointers]
        self._call("loop", step.notes, buffers, rendered.names, names, rendered.text, step.parts)
        self.lines += rendered.after(self.pointer)

    def _call(
        self,
        kind: str,
        notes: list[str],
        buffers: list[Buffer],
        names: list[str],
        given: list[str],
        body: str,
        parts: int,
    ) -> None:
        """Call a function with this body: once, or for every part, by several threads if the program has them."""
        if parts == 1:
            name = self._function(f"({', '.join(names)}):\n{body}", kind, notes)
            self.lines.append(f"{name}({', '.join(given)})")
        elif self.team:
            fetch = "".join(
                f"    {name} = address(job, {i}, {_kind(buffer)})\n"
                for i, (name, buffer) in enumerate(zip(names, buffers, strict=True))
            )
            name = self._function(f"(part, job):\n{fetch}{body}", kind, notes)
            self.lines.append(f"hand_out(entry({name}), {parts}, listed(({', '.join(given)},)))")
        else:
            name = self._function(f"({', '.join(['part', *names])}):\n{body}", kind, notes)
            self.lines += [f"for part in range({parts}):", f"    {name}({', '.join(['part', *given])})"]

    def _function(self, text: str, kind: str, notes: list[str]) -> str:
        """The name of the function with this text."""
        name = self.functions.setdefault(text, f"{kind}{len(self.functions)}")
        self.notes.setdefault(name, notes)
        return name

    def pointer(self, buffer: Buffer, start: int = 0) -> str:
        """The text of an address: of the arena, or of an argument."""
        kind = _kind(buffer)
        if buffer.source is None:
            return f"pointer(arena, {buffer.offset + start * buffer.dtype.itemsize}, {kind})"
        return f"pointer(x{buffer.source}, {start * buffer.dtype.itemsize}, {kind})"

    def text(self, prologue: list[str]) -> str:
        """The whole module."""
        uses_blas = any("gemm" in line for line in self.lines)
        blas = "from tinygrad_course.emit.numba_backend.blas import gemm32, gemm64\n" if uses_blas else ""
        team = (
            "from tinygrad_course.emit.numba_backend.team import address, entry, hand_out, listed\n"
            if self.team
            else ""
        )
        parts = [HEAD.format(name=self.name, blas=blas, team=team)]
        for body, name in self.functions.items():
            notes = "".join(f"# {note}\n" for note in dict.fromkeys(self.notes[name]) if note)
            parts.append(f"\n\n{notes}@{LOOP}\ndef {name}{body}")
        parts += self.interpreters
        body = "\n".join("    " + line for line in [*prologue, *self.lines, "return 0"])
        parts.append(f"\n\ndef main({', '.join(self.parameters)}):\n{body}\n")
        return "".join(parts)


def _kind(buffer: Buffer) -> str:
    """The type of a buffer's elements in memory, as compiled code calls it."""
    return "uint8" if buffer.dtype == bool else str(buffer.dtype)


def scratch(layout: Layout) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """An arena of so many bytes, aligned; the memory itself, and the part to use."""
    raw = np.zeros(layout.size + ALIGN, np.uint8)
    skip = -raw.ctypes.data % ALIGN
    return raw, raw[skip : skip + max(layout.size, 1)]
