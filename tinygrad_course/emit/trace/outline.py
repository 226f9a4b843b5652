"""A program that has been compiled, without the values it was traced with: nobody asks for those again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...core.node import Node
from ..program import Program
from .sources import Reference, Source


def outline(value: Any) -> Any:
    """Something of the same shape and dtype that takes no memory. Numbers stay; of several results each is done."""
    if isinstance(value, tuple):
        return tuple(map(outline, value))
    return np.broadcast_to(np.zeros((), value.dtype), value.shape) if isinstance(value, np.ndarray) else value


def forget_values(steps: Iterable[Node]) -> None:
    """Let go of what operations computed."""
    for node in steps:
        node.value = outline(node.value)


def forget_data(program: Program, sources: Iterable[Source]) -> None:
    """Let go of what operations computed and of what they were given, except for constants and arrays around."""
    forget_values(program.steps)
    forget_values(x for x, source in zip(program.inputs, sources, strict=True) if not isinstance(source, Reference))


def forget_steps(program: Program) -> Program:
    """Inputs and outputs alone, which no longer know what they were computed from."""
    for node in program.steps:
        node.inputs, node.params = (), {}
    return Program(program.inputs, program.outputs, ())
