"""Where the inputs of a traced program come from in each run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...core.node import Node


@dataclass(frozen=True, eq=False)
class Argument:
    """The array of the leaf number `index` among the arguments."""

    index: int


@dataclass(frozen=True, eq=False)
class Value:
    """The array in a Tensor that the function found around it: a parameter, a buffer."""

    tensor: Node


@dataclass(frozen=True, eq=False)
class Gradient:
    """The gradient that a Tensor had before the call; `index`: its number among the arguments, if it is one."""

    tensor: Node
    index: int | None = None


@dataclass(frozen=True, eq=False)
class Reference:
    """An array that the function found around it; what it holds is read in every run."""

    array: Any


@dataclass(frozen=True, eq=False)
class Entry:
    """An array in a dict, such as the running averages of an optimiser."""

    owner: dict[str, Any]
    key: str


@dataclass(frozen=True, eq=False)
class Draw:
    """Random numbers, drawn in every run; `rng` is a Generator, or None for fresh entropy."""

    rng: Any
    shape: tuple[int, ...]
    dtype: Any


@dataclass(frozen=True, eq=False)
class Number:
    """Number `index` of what ``group.numbers()`` gives, as a 0-d array: learning rates and the like."""

    group: Any
    index: int


Source = Argument | Value | Gradient | Reference | Entry | Draw | Number
