"""The function under check: how to run it at given values, whatever way it takes its inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import GraphError, TinygradError
from ..core.node import Node, leaf
from ..core.reverse import reverse
from ..core.state import recording
from ..core.tree import flatten, paths
from ..tensor import Tensor
from .diagnosis import element

Values = Sequence[Any]
Steps = Generator[tuple[list[Node], list[Any]], None, None]
Run = Callable[[Values], AbstractContextManager[tuple[list[Node], list[Any]]]]


class Input(NamedTuple):
    """One differentiable array: its `value` in float64, the user's `dtype`, and the typical size of each element."""

    name: str
    value: Any
    dtype: np.dtype[Any]
    scale: Any


class _Running:
    """A generator as a context; contextlib's would put a frame of its own between f and the line that checks it."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __enter__(self) -> tuple[list[Node], list[Any]]:
        return next(self._steps)

    def __exit__(self, *_: object) -> None:
        self._steps.close()


def running(steps: Callable[[Values], Steps]) -> Run:
    """Decorate a generator function that yields leaves and outputs once, while the values given are in place."""
    return lambda values: _Running(steps(values))


@dataclass(frozen=True)
class Problem:
    """A function of float arrays. ``with problem.at(values) as (leaves, outputs)`` runs it and records."""

    inputs: list[Input]
    at: Run
    outputs: tuple[str, ...] = ()  # names of the outputs, where they have any
    nearby: tuple[tuple[str, tuple[int, ...]], ...] = ()  # name and shape of the other arrays that f uses

    def evaluate(self, values: Values) -> Any:
        """All floating outputs at `values`, in one float64 vector."""
        with self.at(values) as (_, outputs):
            return np.concatenate([np.zeros(0), *(np.ravel(value_of(y)).astype(np.float64) for y in outputs)])

    def buffers(self, dtype: str = "double") -> list[Any]:
        """Fresh copies of the inputs' values, in float64 or in the user's dtypes."""
        return [np.array(x.value, np.float64 if dtype == "double" else x.dtype) for x in self.inputs]

    def gradient(self, weights: Callable[[list[Any]], list[Any]]) -> Problem:
        """The problem whose outputs are the derivatives of this one's outputs, weighted, for every input."""

        @running
        def at(values: Values) -> Steps:
            with self.at(values) as (leaves, outputs):
                pairs = [(y, as_node(w)) for y, w in zip(outputs, weights(outputs), strict=True) if tracked(y)]
                found = reverse([y for y, _ in pairs], [w for _, w in pairs], leaves, record=True)
                yield leaves, [found.get(x, np.zeros(np.shape(x.value))) for x in leaves]

        return Problem(self.inputs, at, tuple(f"d/d{x.name}" for x in self.inputs))


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def tracked(x: Any) -> bool:
    """Whether `x` remembers how it was computed."""
    return isinstance(x, Node) and x.requires_grad


def as_node(value: Any, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A leaf that holds `value` itself, not a copy."""
    node = object.__new__(Tensor)
    leaf(node, value if np.ndim(value) else np.asarray(value)[()], requires_grad, name, None)
    return node


def problem_of(f: Callable[..., Any], inputs: Any) -> Problem:
    """The problem of ``f(*inputs)``, or of ``f()`` where `f` takes nothing and closes over the Tensors in `inputs`."""
    arguments, closed = arguments_of(f, inputs)
    leaves, rebuild = flatten(arguments)
    free = [i for i, x in enumerate(leaves) if differentiable(x)]
    if not free:
        raise GraphError(_nothing_free(leaves))
    names = names_of(None if closed else f, arguments)
    found = [input_of(leaves[i], names[i]) for i in free]
    if closed:
        return Problem(found, _closed(f, [leaves[i] for i in free]), nearby=nearby(f))

    @running
    def at(values: Values) -> Steps:
        nodes: list[Node] = [as_node(v, True, x.name) for v, x in zip(values, found, strict=True)]
        filled = list(leaves)
        for i, node in zip(free, nodes, strict=True):
            filled[i] = node
        with recording(True):
            yield nodes, float_outputs(f(*rebuild(filled)))

    return Problem(found, at, nearby=nearby(f))


def output_names(problem: Problem) -> list[str]:
    """A name for each element of the outputs: out[1, 2]; "" if there is only one."""
    with problem.at(problem.buffers()) as (_, outputs):
        shapes = [np.shape(value_of(y)) for y in outputs]
    if sum(int(np.prod(s)) for s in shapes) == 1 and not problem.outputs:
        return [""]
    roots = problem.outputs or (["out"] if len(shapes) == 1 else [f"out{i}" for i in range(len(shapes))])
    return [root + element(index) for root, shape in zip(roots, shapes, strict=True) for index in np.ndindex(*shape)]


def nearby(f: Callable[..., Any]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and shape of the arrays that `f` closes over: the sizes in them explain many a wrong factor."""
    try:
        variables = inspect.getclosurevars(f)
    except (TypeError, ValueError):
        return ()
    found = {**variables.globals, **variables.nonlocals}
    return tuple(
        (k, np.shape(value_of(v)))
        for k, v in found.items()
        if isinstance(v, Node | np.ndarray) and np.ndim(value_of(v))
    )


def differentiable(x: Any) -> bool:
    """Float arrays and numbers are differentiable, Tensors where they require a gradient; all else is held fixed."""
    if isinstance(x, Node):
        return x.requires_grad
    return isinstance(x, float | np.ndarray | np.floating) and np.asarray(x).dtype.kind == "f"


def float_outputs(result: Any) -> list[Any]:
    """The floating results of a function; integer and boolean ones have no derivative and are passed over."""
    leaves, _ = flatten(result)
    found = [x for x in leaves if np.asarray(value_of(x)).dtype.kind == "f"]
    if not found:
        got = type(result).__name__ if not leaves else ", ".join(sorted({type(x).__name__ for x in leaves}))
        raise TinygradError(f"f returned no floating-point result to differentiate (got {got}); is a `return` missing?")
    return found


def _closed(f: Callable[[], Any], tensors: list[Tensor]) -> Run:
    @running
    def at(values: Values) -> Steps:
        before = [(t.value, t._grad, t.changed) for t in tensors]
        try:
            for t, v in zip(tensors, values, strict=True):
                t.value = v if v.ndim else v[()]
            with recording(True):
                yield list(tensors), float_outputs(f())
        finally:
            for t, (value, grad, changed) in zip(tensors, before, strict=True):
                t.value, t._grad, t.changed = value, grad, changed

    return at


def arguments_of(f: Callable[..., Any], inputs: Any) -> tuple[tuple[Any, ...], bool]:
    """The positional arguments that `inputs` stand for, and whether `f` takes none and closes over them instead."""
    spread = tuple(inputs) if isinstance(inputs, list) or type(inputs) is tuple else (inputs,)
    accepts = _acceptance(f)
    if accepts(*spread):
        return spread, False
    if accepts():
        leaves = flatten(inputs)[0]
        if all(isinstance(x, Tensor) and x.is_leaf for x in leaves):
            return spread, True
        raise TinygradError("f takes no arguments, so `inputs` must be the leaf Tensors that it closes over")
    if accepts(inputs):
        numbers = isinstance(inputs, list | tuple) and all(isinstance(x, int | float) for x in inputs)
        return (np.asarray(inputs) if numbers and inputs else inputs,), False
    name = getattr(f, "__name__", "f")
    raise TinygradError(
        f"{name}{inspect.signature(f)} cannot be called with the {len(spread)} inputs given: pass one input per "
        "argument, as in gradcheck(f, (x, y))"
    )


def _acceptance(f: Callable[..., Any]) -> Callable[..., bool]:
    try:
        signature = inspect.signature(f)
    except (ValueError, TypeError):  # some built-in functions do not tell
        return lambda *_: True

    def accepts(*arguments: Any) -> bool:
        try:
            signature.bind(*arguments)
        except TypeError:
            return False
        return True

    return accepts


def names_of(f: Callable[..., Any] | None, arguments: tuple[Any, ...]) -> list[str]:
    """A name for each leaf: the Tensor's own, else the parameter's, followed by the path inside the argument."""
    roots = [f"[{i}]" for i in range(len(arguments))]
    if f is not None:
        try:
            parameters = list(inspect.signature(f).parameters.values())
        except (ValueError, TypeError):
            parameters = []
        plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for i, p in enumerate(parameters[: len(roots)]):
            if p.kind in plain:
                roots[i] = p.name
    found = []
    for root, argument in zip(roots, arguments, strict=True):
        for x, path in zip(flatten(argument)[0], paths(argument), strict=True):
            found.append((x.name if isinstance(x, Node) else None) or root + path)
    return found


def input_of(x: Any, name: str) -> Input:
    value = np.array(value_of(x))
    wide = value.astype(np.float64)
    return Input(name, wide, value.dtype, scale_of(wide))


def scale_of(value: Any) -> Any:
    """The size that a step in each element is measured by: its own, or the array's typical one; a power of two.

    Steps that are powers of two leave x + h and x - h exact.
    """
    size = np.abs(value)
    finite = size[np.isfinite(size)]
    typical = np.sqrt(np.mean(np.square(finite / finite.max()))) * finite.max() if finite.size and finite.max() else 1.0
    with np.errstate(all="ignore"):
        return np.exp2(np.round(np.log2(np.maximum(np.where(np.isfinite(size), size, 1.0), typical))))


def _nothing_free(leaves: list[Any]) -> str:
    held = ", ".join(
        f"{type(x).__name__} of dtype {np.asarray(value_of(x)).dtype}"
        + (" without requires_grad" if isinstance(x, Node) else "")
        for x in leaves[:4]
    )
    return (
        f"nothing to check: no input is differentiable ({held or 'no inputs'}). Pass float arrays (5.0, not 5) "
        "or Tensors with requires_grad=True"
    )
