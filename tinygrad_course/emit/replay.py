"""A compiled trace, bound to the objects that it reads and writes: gathers inputs, runs, and puts the outputs back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import reverse
from ..core.node import Node, tick
from ..ops.activation import sigmoid
from ..ops.reduce import softmax
from ..tensor import Tensor, bare
from .backend import Check, Compiled, Plan
from .trace.run import Trace
from .trace.sources import Argument, Draw, Entry, Gradient, Reference, Value

Compiler = Callable[[Any, Plan], Compiled]


def plan_of(trace: Trace, name: str) -> Plan:
    """The plan for a backend. It returns what the caller, deferred calls and Tensors get, in the order of `finish`."""
    kept = [i for kind, i in [*trace.returned, *(x for _, args in trace.deferred for x in args)] if kind in _COMPUTED]
    kept += [i for _, i in trace.bindings]
    kept += [i for _, i in trace.grads if i is not None]
    checks = tuple(Check(*check) for check in trace.checks if not _is_sure(trace, *check))
    return Plan(tuple(kept), tuple(trace.writes), checks, trace.backward, name)


def _is_sure(trace: Trace, output: int, low: float | None, high: float | None) -> bool:
    """Whether a check cannot fail: probabilities lie between 0 and 1."""
    op = trace.program.outputs[output].op
    return op in (sigmoid, softmax) and low is not None and high is not None and low <= 0 and high >= 1


_COMPUTED = ("array", "tensor")
LARGE = 1 << 16  # bytes of a gradient; one that nothing reads is let go before the run that makes the next


class Replay:
    """What `jit` calls for arguments that a trace fits."""

    def __init__(self, trace: Trace, compiled: Compiled) -> None:
        self.trace = trace
        self.compiled = compiled
        found = trace.world.tensors.values()
        self.values = [(t, t.value.shape, t.value.dtype) for t in found]
        self.flags = [(t, t.requires_grad) for t in found]
        around = [*trace.world.arrays.values(), *(s.array for s in trace.sources if isinstance(s, Reference))]
        self.forms = [(a, a.shape, a.dtype) for a in around]
        self.written = {j: np.asarray(trace.program.inputs[j].value).flags.c_contiguous for _, j in trace.writes}
        self.known: list[Any] = [None] * len(trace.sources)  # the arrays of Tensors and state that the last run had
        self.approved = False  # whether there was such a run
        self.targets: list[Any] = []  # the arrays that it wrote to
        self.addresses: set[int] = set()  # the ids of arrays that are written to, and of those they are views of
        read = {*(t for t, _ in trace.had_grads), *trace.arguments}
        made = [(t, trace.program.outputs[i].value) for t, i in trace.grads if i is not None and t not in read]
        self.renewed = [t for t, g in made if isinstance(g, np.ndarray) and g.nbytes >= LARGE]

    # --- before -----------------------------------------------------------------------------------------------------

    def fits(self) -> bool:
        """Whether everything that the trace relied on is as it was."""
        if not self.trace.world.unchanged():
            return False
        for tensor, shape, dtype in self.values:
            value = tensor.value
            if value.shape != shape or value.dtype != dtype:
                return False
        for tensor, flag in self.flags:
            if tensor.requires_grad is not flag:
                return False
        if any(a.shape != shape or a.dtype != dtype for a, shape, dtype in self.forms):
            return False  # somebody has set the shape of the very array
        if any((t._grad is not None) is not had for t, had in self.trace.had_grads):
            return False
        return all(group.numbers() is not None for group in self.trace.numbers)

    def gather(self, leaves: Sequence[Any]) -> tuple[list[Any], list[Any]] | None:
        """The inputs and the random draws of this run; None where another program is needed."""
        numbers: dict[int, Any] = {}
        for group in self.trace.numbers:
            found = group.numbers()
            if found is None:
                return None
            numbers[id(group)] = found
        drawn = {id(source): draw(source) for source in self.trace.draws}
        inputs = [self._input(source, leaves, numbers, drawn) for source in self.trace.sources]
        return inputs, [*drawn.values()]

    def _input(self, source: Any, leaves: Sequence[Any], numbers: dict[int, Any], drawn: dict[int, Any]) -> Any:
        kind = type(source)
        if kind is Argument:
            x = leaves[source.index]
            return x.value if isinstance(x, Node) else x
        if kind is Value:
            return source.tensor.value
        if kind is Gradient:
            holder = source.tensor if source.index is None else leaves[source.index]
            return holder._grad
        if kind is Reference:
            return source.array
        if kind is Entry:
            return source.owner[source.key]
        if kind is Draw:
            return drawn[id(source)]
        return numbers[id(source.group)][source.index]

    def writable(self, leaves: Sequence[Any], inputs: list[Any]) -> bool:
        """Make 0-d values arrays where they are written to; False where writing would reach another input too."""
        targets = []
        for j, contiguous in self.written.items():
            source = self.trace.sources[j]
            if isinstance(source, Value | Argument):
                holder = source.tensor if isinstance(source, Value) else leaves[source.index]
                if isinstance(holder, Node):
                    inputs[j] = Tensor.data.fget(holder)  # type: ignore[attr-defined]
            if not isinstance(inputs[j], np.ndarray) or not inputs[j].flags.writeable:
                return False
            if inputs[j].flags.c_contiguous is not contiguous:
                return False
            if overlaps_itself(inputs[j]):
                return False
            targets.append(j)
        for j in targets:
            for k, x in enumerate(inputs):
                if k != j and isinstance(x, np.ndarray) and np.may_share_memory(inputs[j], x):
                    return False
        lasting = (isinstance(source, Value | Entry) for source in self.trace.sources)
        self.known[:] = [x if kept else None for x, kept in zip(inputs, lasting, strict=True)]
        self.approved = True
        self.addresses.clear()
        self.addresses.update(id(x) for j in targets for x in (inputs[j], inputs[j].base) if x is not None)
        self.targets = [inputs[j] for j in targets]
        return True

    def apart(self, x: Any) -> bool:
        """Whether the array `x` has no memory in common with those that the last run wrote to."""
        return not any(np.may_share_memory(x, target) for target in self.targets)

    def run(self, leaves: Sequence[Any], inputs: list[Any]) -> tuple[Any, ...] | None:
        """The outputs; None where this run must be done by the function itself."""
        if not self.writable(leaves, inputs):
            return None
        for tensor in self.renewed:
            self._actual(tensor, leaves)._grad = None
        return self.compiled.run(inputs)

    # --- after ------------------------------------------------------------------------------------------------------

    def finish(self, leaves: Sequence[Any], results: tuple[Any, ...]) -> Any:
        """Put the outputs where they belong, and return what the function returns."""
        trace = self.trace
        now = tick()
        outputs = iter(results)
        returned = [self._result(kind, x, leaves, outputs) for kind, x in trace.returned]
        calls = [(f, [self._result(kind, x, leaves, outputs) for kind, x in args]) for f, args in trace.deferred]
        for tensor, _ in trace.bindings:
            self._actual(tensor, leaves).value = next(outputs)
            self._changed(self._actual(tensor, leaves), now)
        for _, j in trace.writes:
            source = trace.sources[j]
            if isinstance(source, Value):
                self._changed(source.tensor, now)
            elif isinstance(source, Argument) and isinstance(leaves[source.index], Node):
                self._changed(leaves[source.index], now)
        taken: set[int] = set()
        for tensor, i in trace.grads:
            self._actual(tensor, leaves)._grad = None if i is None else own(next(outputs), taken)
        for group in trace.numbers:
            group.advance()
        for f, args in calls:
            f(*args)
        return trace.rebuild(returned)

    @staticmethod
    def leaves_of(args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The leaves of arguments that are leaves themselves."""
        return args

    def _actual(self, tensor: Node, leaves: Sequence[Any]) -> Any:
        i = self.trace.arguments.get(tensor)
        return tensor if i is None else leaves[i]

    def _result(self, kind: str, x: Any, leaves: Sequence[Any], outputs: Any) -> Any:
        if kind == "array":
            return next(outputs)
        if kind == "tensor":
            return bare(next(outputs))
        if kind == "argument":
            return leaves[x]
        return x.copy() if kind == "copy" else x

    @staticmethod
    def _changed(tensor: Node, now: int) -> None:
        reverse.note_change(tensor, now)


def overlaps_itself(array: Any) -> bool:
    """Whether two elements may lie in the same place in memory, as in a broadcast array."""
    if array.flags.forc:
        return False
    span = array.itemsize
    for stride, n in sorted((abs(stride), n) for stride, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if stride < span:
            return True
        span = stride * (n - 1) + span
    return False


def own(array: Any, taken: set[int] | None) -> Any:
    """`array`, or a copy of it where somebody else may see its memory."""
    if type(array) is not np.ndarray:
        return array
    if array.base is not None or (taken is not None and id(array) in taken):
        return array.copy()
    if taken is not None:
        taken.add(id(array))
    return array


def draw(source: Draw) -> Any:
    """Random numbers as `source` says."""
    return np.random.default_rng(source.rng).random(source.shape, source.dtype)
