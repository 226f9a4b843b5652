"""Runs of elementwise instructions on large arrays, evaluated block by block, so that what one line writes is still in
the cache when the next reads it. Values that nobody outside the run needs have no large array at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .instructions import Instruction, Value
from .memory import Memory

BLOCK = 1 << 14  # elements
LEAST = 1 << 17  # elements from which on it pays


def is_blockable(instruction: Instruction, apart: set[Value]) -> bool:
    """Whether an instruction may stand in a run: large, dense arrays of one shape, and numbers; not one of `apart`."""
    out = instruction.out
    if not instruction.elementwise or out.kind != "buffer" or out in apart or np.size(out.like) < LEAST:
        return False
    return all(not x.shape or (x.shape == out.shape and _dense(x)) for x in (*instruction.operands, out))


def _dense(x: Value) -> bool:
    return bool(x.like.flags.c_contiguous)


def run_from(instructions: Sequence[Instruction], start: int, apart: set[Value]) -> int:
    """Where the run ends that begins at `start`; `start` itself if there is none of two lines.

    All numbers in a run have one size in memory (truths apart): one value may follow another in the same scratch array,
    and a block of larger numbers would reach into the next block of the smaller ones, which is still to be read.
    """
    end = start
    shape = instructions[start].out.shape
    sizes: set[int] = set()
    while end < len(instructions) and is_blockable(instructions[end], apart) and instructions[end].out.shape == shape:
        values = (*instructions[end].operands, instructions[end].out)
        sizes |= {x.like.dtype.itemsize for x in values if x.shape} - {1}
        if len(sizes) > 1:
            break
        end += 1
    return end if end - start > 1 else start


def loop(run: Sequence[Instruction], first: int, memory: Memory, space: dict[str, Any]) -> list[str]:
    """The lines for a run whose first instruction has the number `first`."""
    size = int(np.size(run[0].out.like))
    before, slices, lines = [], [], []
    names: dict[Value, str] = {}

    def sliced(text: str) -> str:
        name = f"part{len(names)}"
        before.append(f"flat{len(names)} = {text}.reshape(-1)")
        slices.append(f"{name} = flat{len(names)}[i:j]")
        return name

    for instruction in run:
        for x in instruction.operands:
            if x not in names:
                names[x] = sliced(x.name) if x.shape else x.name
        out, place = instruction.out, memory.places[instruction]
        if out in memory.slabs and memory.last[out] < first + len(run):
            scratch = f"block{memory.slabs[out]}_{out.like.dtype}"
            space[scratch] = np.empty(BLOCK, out.like.dtype)
            names[out] = f"part{len(names)}"
            slices.append(f"{names[out]} = {scratch}[:j - i]")
        else:
            if place is None:
                space["empty"] = np.empty
                before.append(f"{out.name} = empty({out.shape}, {out.like.dtype.str!r})")
            out.name = place or out.name
            names[out] = sliced(out.name)
        lines.append((instruction.into or "").format(*(names[x] for x in instruction.operands), out=names[out]))
    head = [f"for i in range(0, {size}, {BLOCK}):", f"    j = min(i + {BLOCK}, {size})"]
    return [*before, *head, *(f"    {line}" for line in (*slices, *lines))]
