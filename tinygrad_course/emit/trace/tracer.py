"""`Tracer`: follows one run of a function, so that nothing it computes, reads, draws or changes is missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sys import _getframe
from typing import Any

import numpy as np

from ...core.errors import ShapeError, TraceError
from ...core.node import Node, leaf, tick
from ...core.position import place, user_frame
from ...core.primitive import pick
from ...core.reverse import note_change, reverse
from ...core.state import Scope, state
from ...tensor import Tensor
from .arrays import TracedArray
from .sources import Argument, Draw, Entry, Gradient, Number, Source, Value

History = tuple[Any, tuple[Any, ...], dict[str, Any]]  # operation, inputs, params


class NotReady(BaseException):  # no Exception: the traced code must not catch it
    """This call has to run as plain Python; a later one may be traced. Its argument says why, for users to know."""


class Tracer:
    """The account of one traced run.

    The function computes with example values, and every operation is a node: those that need a gradient are recorded
    by the graph (`recorded`), the others by `history`. What was written to, and when, is told by ticks, the clock that
    also numbers the nodes: an operation reads what its operand held at the tick of its result.

    `same`: a node made from the value of another, outside the graph (a copy, a detached Tensor).
    `holds`: for a Tensor, the stand-ins of the arrays that it held, each since a tick.
    `writes`: for a stand-in, the nodes whose values were written into its array, each at a tick.
    `origin`: for a stand-in of something from outside, its source.
    `replaced`: for each write its tick, the stand-in, and the array that had its example value until then.
    """

    def __init__(self, arguments: dict[Node, int]) -> None:
        self.start = tick()
        self.arguments = arguments
        self.recorded: list[Node] = []
        self.history: dict[Node, History] = {}
        self.same: dict[Node, Node] = {}
        self.holds: dict[Node, list[tuple[int, TracedArray]]] = {}
        self.writes: dict[Node, list[tuple[int, Node]]] = {}
        self.origin: dict[Node, Source] = {}
        self.replaced: list[tuple[int, TracedArray, Any]] = []
        self.snapshots: set[Node] = set()  # what `fixed` made: later writes do not reach them
        self.grads: dict[Node, Any] = {}  # the gradient that each Tensor had before, where it was asked for or replaced
        self.grads_read: dict[Node, TracedArray | None] = {}
        self.checks: list[tuple[Node, float | None, float | None]] = []
        self.deferred: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.numbers: list[Any] = []
        self.draws: list[TracedArray] = []
        self.backward = Scope("backward", transparent=True)
        self.reversed = False  # whether there was a reverse pass
        self.failed: TraceError | None = None  # raised already, but the traced code may have caught it
        self._before: dict[Node, tuple[Any, int]] = {}  # value and `changed` of Tensors that were written to

    # --- what is traced -------------------------------------------------------------------------------------------

    @contextmanager
    def following(self) -> Iterator[None]:
        """Trace what this thread does in a block; afterwards every Tensor is as it was."""
        here = state.here
        outer = here.tracer, here.draws, here.scope
        scope = Scope("jit", transparent=True)
        scope.watch = self.backward.watch = self.recorded.append
        here.tracer, here.draws, here.scope = self, self.draw, scope
        try:
            yield
        finally:
            here.tracer, here.draws, here.scope = outer
            self._restore()

    def _restore(self) -> None:
        self.grads_after = {node: node._grad for node in self.grads}
        for node, (value, changed) in self._before.items():
            node.value, node.changed = value, changed
        for node, grad in self.grads.items():
            node._grad = grad

    def forget(self) -> None:
        """Let go of all nodes: scopes, which nodes know, know this list, and in a cycle the nodes would live on."""
        self.recorded.clear()

    def is_old(self, node: Node) -> bool:
        """Whether `node` was there before the trace began."""
        return node.order <= self.start

    def follows(self, x: Any) -> bool:
        """Whether the value of `x` may be another in the next run."""
        if not isinstance(x, Node):
            return False
        if x in self.history or x in self.same or x in self.origin or x in self.writes:
            return True
        return x.op is not None or self.is_old(x)

    def refuse(self, node: Node, what: str) -> None:
        if self.follows(node):
            self.failed = TraceError(
                f"jit: {what} needs the value of {told(node)} while tracing, and a compiled run would not ask again. "
                "Compute with Tensors instead (tg.where chooses by value), return the Tensor and look at it outside, "
                f"or pass a plain number as an argument{place(_getframe(2))}"
            )
            raise self.failed

    # --- operations -------------------------------------------------------------------------------------------------

    def stand_in(self, value: Any, source: Source | None = None) -> TracedArray:
        """A new node in the place of an array."""
        node = object.__new__(TracedArray)
        leaf(node, value, False, None, user_frame(_getframe(1)))
        if source is not None:
            self.origin[node] = source
        return node

    def unrecorded(self, op: Any, inputs: tuple[Any, ...], params: dict[str, Any], value: Any, kind: Any) -> Any:
        nodes = [x for x in inputs if isinstance(x, Node)]
        traced = any(map(self.follows, nodes))
        kind = next((x.result_class for x in nodes if not isinstance(x, TracedArray)), TracedArray)
        if type(value) is not tuple:
            return self._noted(kind, value, (op, inputs, params) if traced else None)
        whole = self._noted(kind, value, (op, inputs, params) if traced else None)
        return tuple(
            self._noted(kind, v, (pick, (whole,), {"index": i, "count": len(value)}) if traced else None)
            for i, v in enumerate(value)
        )

    def _noted(self, kind: type[Any], value: Any, history: History | None) -> Any:
        node = object.__new__(kind)
        leaf(node, value, False, None, user_frame(_getframe(1)))
        if history is not None:
            self.history[node] = history
        return node

    def adopt(self, node: Node, source: Node) -> None:
        if not self.follows(source):
            return
        if node.value.dtype != source.value.dtype:
            source = Tensor.astype(self.array(source), node.value.dtype)
        self.same[node] = source

    def reverse(self, outputs: Sequence[Node], seeds: Sequence[Any], targets: Any, since: int | None) -> dict[Any, Any]:
        for x in outputs:
            if x.requires_grad and x.op is not None and self.is_old(x):
                raise TraceError(outside(x))
        self.reversed = True
        here = state.here
        outer, here.scope = here.scope, self.backward
        try:
            lifted = [g if isinstance(g, Node) else Tensor(g) for g in seeds]
            found = reverse(outputs, lifted, targets, record=True, since=since)
        finally:
            here.scope = outer
        for g in found.values():
            if g.dtype.kind == "f":
                self.sound(g)
        taken: set[Node] = set()
        return {node: self._gradient(g, taken) for node, g in found.items()}

    def _gradient(self, g: Node, taken: set[Node]) -> TracedArray:
        """A stand-in for a gradient: an array of its own, which may be written to."""
        if g not in taken and g.op is not None and not self.is_old(g) and np.asarray(g.value).base is None:
            taken.add(g)
            return self.array(g)  # type: ignore[no-any-return]
        own = self.stand_in(g.value.copy())
        self.same[own] = g
        return own

    # --- what Tensors hold ------------------------------------------------------------------------------------------

    def array(self, node: Node) -> Any:
        if isinstance(node, TracedArray):
            return node
        if node not in self.holds:
            if not self.follows(node):
                return np.asarray(node.value)
            holder = self.stand_in(node.value)
            if node.op is None and self.is_old(node):
                self.origin[holder] = self._source(node)
            else:
                self.same[holder] = node
            self.holds[node] = [(0, holder)]
        return self.holds[node][-1][1]

    def _source(self, node: Node) -> Source:
        return Argument(self.arguments[node]) if node in self.arguments else Value(node)

    def write(self, array: TracedArray, new: Any) -> None:
        """Overwrite what `array` stands for."""
        now = tick()
        node = new if isinstance(new, Node) else Tensor(new)
        self.writes.setdefault(array, []).append((now, node))
        self.replaced.append((now, array, array.value))
        fresh = node in self.history and np.asarray(node.value).base is None
        array.value = node.value if fresh else node.value.copy()
        for tensor, held in self.holds.items():
            if held[-1][1] is array:
                self._set_value(tensor, array.value, now)

    def bind(self, node: Node, new: Any) -> None:
        old = self.array(node)
        if new is old:  # t.data -= step has written into it already
            return
        if not isinstance(new, TracedArray):
            new = self.array(new) if isinstance(new, Node) else self.stand_in(np.asarray(new))
            new = new if isinstance(new, TracedArray) else self.stand_in(new)
        if new.shape != node.value.shape:
            raise ShapeError(f"data of shape {new.shape} cannot replace data of shape {node.value.shape}")
        if not isinstance(old, TracedArray):  # a constant so far
            old = self.stand_in(node.value)
            self.holds[node] = [(0, old)]
        now = tick()
        self.holds[node].append((now, new))
        self._set_value(node, new.value, now)

    def _set_value(self, tensor: Node, value: Any, now: int) -> None:
        self._before.setdefault(tensor, (tensor.value, tensor.changed))
        tensor.value = value
        note_change(tensor, now)

    def entry(self, owner: dict[str, Any], key: str) -> TracedArray:
        """A stand-in for the array that a dict holds."""
        for node, source in self.origin.items():
            if isinstance(source, Entry) and source.owner is owner and source.key == key:
                return node  # type: ignore[return-value]
        return self.stand_in(owner[key], Entry(owner, key))

    # --- gradients --------------------------------------------------------------------------------------------------

    def grad(self, node: Node) -> Any:
        if node not in self.grads:
            old = node._grad
            self.grads[node] = old
            stand = None
            if self.is_old(node):
                source = Gradient(node, self.arguments.get(node))
                stand = None if old is None else self.stand_in(np.asarray(old), source)
                self.grads_read[node] = stand
            node._grad = stand
        return node._grad

    def set_grad(self, node: Node, new: Any) -> None:
        self.grads.setdefault(node, node._grad)
        if new is None or isinstance(new, TracedArray):
            node._grad = new
        elif isinstance(new, Node):
            node._grad = self.array(new)
        else:
            node._grad = self.stand_in(np.asarray(new))

    # --- the rest of the world --------------------------------------------------------------------------------------

    def within(self, x: Node, low: float, high: float) -> bool:
        value = np.asarray(x.value)
        inside = not value.size or not (np.min(value) < low or np.max(value) > high)
        if inside and self.follows(x):
            self.checks.append((self.fixed(x), low, high))
        return inside

    def sound(self, x: Node) -> None:
        """Have every run checked for NaN in `x`."""
        self.checks.append((self.fixed(x), None, None))

    def fixed(self, x: Node) -> Node:
        """A node for the value that `x` has now, whatever is written to it later."""
        node = self.stand_in(x.value)
        self.same[node] = x
        self.snapshots.add(node)
        return node

    def draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        if rng is not None and not isinstance(rng, np.random.Generator):
            return np.random.default_rng(rng).random(shape, dtype)  # a seed: the same numbers in every run
        generator = np.random.default_rng(rng)
        before = generator.bit_generator.state
        value = generator.random(shape, dtype)
        generator.bit_generator.state = before
        node = self.stand_in(value, Draw(rng, shape, dtype))
        self.draws.append(node)
        return node

    def defer(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        fixed = tuple(self.fixed(x) if isinstance(x, Node) and self.follows(x) else x for x in args)
        self.deferred.append((function, fixed))

    def number_inputs(self, group: Any) -> tuple[TracedArray, ...]:
        """Stand-ins for numbers that ``group.numbers()`` works out before every run."""
        self.numbers.append(group)
        return tuple(self.stand_in(x, Number(group, i)) for i, x in enumerate(group.numbers()))

    def not_ready(self, *reason: str) -> None:
        """Give up tracing this call."""
        raise NotReady(*reason)


def told(node: Node) -> str:
    kind = "an array" if isinstance(node, TracedArray) else "a Tensor"
    return f"{node.called if node.called != 'a Tensor' else kind} (shape {node.value.shape})"


def outside(node: Node) -> str:
    """The complaint about a result from outside that the derivative would have to flow through."""
    return (
        f"jit: the function uses {told(node)}, which was computed outside with its history: compute it inside the "
        "function, or detach() it"
    )
