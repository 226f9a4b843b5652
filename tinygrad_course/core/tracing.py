"""While `jit` traces a function: what the rest of the package asks, so that nothing leaves the graph unseen.

A traced function is run again later as a compiled program, without its Python code. So whatever Python reads, decides,
draws or changes besides recording operations has to go through the tracer of the thread, ``state.here.tracer``. It is
None nearly always. This module has the questions that several rooms ask; `Tracer` lists all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

import numpy as np

from .node import Node
from .state import state

F = TypeVar("F", bound=Callable[..., Any])


class Tracer(Protocol):
    """What a tracer answers. "Stand-in": a node that code may treat as the array whose place it takes."""

    def unrecorded(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], value: Any, kind: Any) -> Any:
        """The node for an operation that the graph has no use for."""

    def reverse(self, outputs: Sequence[Node], seeds: Sequence[Any], targets: Any, since: int | None) -> Any:
        """The reverse pass over arrays: recorded; stand-ins for the gradients."""

    def refuse(self, node: Node, what: str) -> None:
        """Raise `TraceError` if Python must not know the value of `node`, as `what` would."""

    def within(self, x: Any, low: float, high: float) -> bool:
        """Whether no element of `x` is outside; if so, it will be checked in every run."""

    def draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        """A stand-in for numbers that every run draws afresh."""

    def defer(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Call ``function(*args)`` after every run instead of now."""

    def array(self, node: Node) -> Any:
        """A stand-in for the array in `node`."""

    def bind(self, node: Node, new: Any) -> None:
        """`node` holds the array `new` from now on (or it is the same, written to)."""

    def adopt(self, node: Node, source: Node) -> None:
        """`node` was made from the value of `source`, outside the graph."""

    def grad(self, node: Node) -> Any:
        """A stand-in for ``node.grad``, or None."""

    def set_grad(self, node: Node, new: Any) -> None:
        """``node.grad = new``: a stand-in, an array or None."""


def peek(x: Any, what: str) -> Any:
    """The array in `x` (a node or an array), for a decision in Python, which `what` names to whoever traces."""
    if not isinstance(x, Node):
        return x
    tracer = state.here.tracer
    if tracer is not None:
        tracer.refuse(x, what)
    return x.value


def stand_in(x: Any) -> Any:
    """The array in `x`, to compute with outside the graph; a stand-in for it while a function is traced."""
    if not isinstance(x, Node):
        return np.asarray(x)
    tracer = state.here.tracer
    return x.value if tracer is None else tracer.array(x)


def within(x: Any, low: float, high: float) -> bool:
    """Whether no element of `x` is smaller than `low` or larger than `high` (NaN is neither)."""
    tracer = state.here.tracer
    if tracer is not None and isinstance(x, Node):
        return tracer.within(x, low, high)
    value = x.value if isinstance(x, Node) else np.asarray(x)
    return not value.size or not (np.min(value) < low or np.max(value) > high)


def uniform(rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Random numbers in [0, 1) from `rng`: a Generator, a seed, or None for fresh entropy."""
    draws = state.here.draws
    if draws is not None:
        return draws(rng, shape, dtype)
    return np.random.default_rng(rng).random(shape, dtype)


def deferred(method: F) -> F:
    """Decorate a method that only changes things in Python: a traced function calls it after every run."""

    @wraps(method)
    def call(*args: Any) -> Any:
        tracer = state.here.tracer
        return method(*args) if tracer is None else tracer.defer(method, args)

    return call  # type: ignore[return-value]
