"""What a compiler of programs is given, and what it gives back: the interface between `jit` and its backends.

`jit` traces a function into a `Program`, simplifies it, and hands it to a backend together with a `Plan`. A backend is
a module with one function::

    def compile(program: Program, plan: Plan) -> Compiled

``compiled.run(values)`` takes one array for each ``program.inputs``, in order. They have exactly the shapes and dtypes
of the inputs' example values, any strides, and may be read-only unless they are written to; a 0-d one may be a NumPy
scalar unless it is written to (then it is a 0-d array). `run`

1. computes the outputs,
2. returns None, having written nothing, if one of ``plan.checks`` fails (the caller then runs the function as it is),
3. writes each output of ``plan.writes`` into the array that was given for its input. Every value of the old array that
   anything needs has been read by then. (Writing earlier is allowed where no check can fail any more and nothing that
   comes later needs the old value; so is riding in a matrix product.)
4. returns a tuple with the outputs of ``plan.results``, in order: arrays, or NumPy scalars for 0-d ones. They belong to
   the caller: no later run writes to their memory. A result may be a view of an input where the operation makes one.

An exception on the way leaves the written arrays as they were, as far as the backend can promise it: all that can fail
comes before the first write. `run` is never called by two threads at once (`jit` holds a lock), so that scratch memory
may be kept from run to run.

What a backend cannot compile it refuses in `compile` with `Unsupported`, whose message names the operation and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..core.errors import TinygradError
from ..core.node import Node
from ..core.state import Scope
from .program import Program


class Unsupported(TinygradError):  # noqa: N818 (no fault of the user's)
    """A program that a backend cannot compile."""


@dataclass(frozen=True)
class Check:
    """A condition on the output number `output`, under which alone the program computes what the function would.

    With bounds, no element may be smaller than `low` or larger than `high` (NaN is neither). Without, no element of
    this array of floats may be NaN: a derivative that eager code would then compute once more, with the product that
    keeps zeros.
    """

    output: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Plan:
    """How the outputs of a program are used; all numbers count ``program.outputs`` or ``program.inputs``.

    One output may appear in several of the three.

    `results`: outputs that are returned. `writes`: pairs (output, input), of the same shape and dtype.
    `checks`: conditions on outputs, which may be inputs of the program too.
    `backward`: the scope of steps that the reverse pass made. Eager code ignores floating-point errors there (overflow,
    0 / 0), while they warn elsewhere; None if there are none.
    `name`: of the traced function, for the emitted source.
    """

    results: tuple[int, ...]
    writes: tuple[tuple[int, int], ...] = ()
    checks: tuple[Check, ...] = ()
    backward: Scope | None = None
    name: str = "step"

    def is_backward(self, step: Node) -> bool:
        """Whether the reverse pass made this step."""
        scope = step.scope
        while scope is not None and scope is not self.backward:
            scope = scope.parent
        return scope is not None


@dataclass(frozen=True)
class Compiled:
    """A compiled program: `run`, as the module says, and the `source` that was compiled.

    `fresh`: whether each result is an array of its own, never a view and never one that is returned twice.
    """

    run: Callable[[Sequence[Any]], tuple[Any, ...] | None]
    source: str
    fresh: bool = False


class Backend(Protocol):
    """A module that compiles."""

    def compile(self, program: Program, plan: Plan) -> Compiled: ...
