"""What the emitted function is made of: values, each with a place in memory, and instructions that compute them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Value:
    """A value while the emitted function runs.

    `name`: what the source calls it. `like`: an example, for shape, dtype and layout. `shares`: the values whose memory
    it may share; none if it has its own. `kind`: "input", "constant", "scalar" (a 0-d result, no array), "buffer"
    (its memory is planned), or "fresh" (an array that its instruction makes).
    """

    name: str
    like: Any
    kind: str
    shares: frozenset[Value] = frozenset()

    @property
    def roots(self) -> frozenset[Value]:
        """The values whose memory it may share, itself if it has its own."""
        return self.shares or frozenset([self])  # made anew: in a cycle it would outlive the compilation

    @property
    def shape(self) -> tuple[int, ...]:
        return () if isinstance(self.like, tuple) else np.shape(self.like)  # several results in one

    @property
    def nbytes(self) -> int:
        return int(getattr(self.like, "nbytes", 0))

    def fits(self, other: Value) -> bool:
        """Whether an array for `other` can serve this value: the same shape, dtype and layout."""
        a, b = self.like, other.like
        return a.shape == b.shape and a.dtype == b.dtype and order_of(a) == order_of(b)


def order_of(a: Any) -> tuple[int, ...]:
    """The axes from the outermost to the innermost in memory: what NumPy's ``K`` order keeps."""
    if a.flags.c_contiguous:
        return tuple(range(a.ndim))
    return tuple(sorted(range(a.ndim), key=lambda i: (-abs(a.strides[i]), i)))


@dataclass(eq=False)
class Instruction:
    """One line: ``out = text``, or, where `into` is a text with ``{out}``, a line that writes into the array `out`.

    The texts have numbered fields for the names of `operands`. `elementwise`: each element of the result depends on the
    same element of the operands only, so `out` may be one of them. `where`: the user's line that it belongs to.
    """

    out: Value
    operands: tuple[Value, ...]
    text: str
    into: str | None = None
    elementwise: bool = False
    backward: bool = False
    where: str = ""

    def line(self, place: str | None) -> str:
        """The line, its result in the array `place`, or in a new one."""
        names = [x.name for x in self.operands]
        if place is None or self.into is None:
            return f"{self.out.name} = {self.text.format(*names)}"
        return self.into.format(*names, out=place)


@dataclass
class Listing:
    """The instructions of a program in order, with the objects that their texts name."""

    instructions: list[Instruction] = field(default_factory=list)
    space: dict[str, Any] = field(default_factory=dict)

    def named(self, prefix: str, x: Any) -> str:
        """A name for an object in the emitted source."""
        name = f"{prefix}{sum(n.startswith(prefix) and n[len(prefix) :].isdigit() for n in self.space)}"
        self.space[name] = x
        return name


def last_uses(instructions: Sequence[Instruction]) -> dict[Value, int]:
    """For every value with memory of its own, the number of the last instruction that reads that memory."""
    last: dict[Value, int] = {}
    for i, instruction in enumerate(instructions):
        for x in (*instruction.operands, instruction.out):
            for root in x.roots:
                last[root] = i
    return last
