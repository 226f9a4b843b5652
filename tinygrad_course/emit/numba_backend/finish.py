"""The end of a program: results put where the caller finds them, checks, and what is written into inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...core.errors import IndexingError
from ..backend import Check, Plan
from .intrinsics import CHANNELS
from .loops import Loop
from .lowering import Lowering, lazy
from .planner import Call
from .values import Buffer, Index, Value, View, identity, order_of, packed


@dataclass
class Finished:
    """How to call `main`: its parameters and their types, results that are arrays, results that are numbers."""

    parameters: list[str]
    signature: list[tuple[str, int | None]]  # dtype, number of axes (None: a number)
    forms: list[Callable[[Any], Any]]
    arrays: list[tuple[tuple[int, ...], Any]]
    results: list[int | Buffer]  # the number of an array, or where a number is
    written: list[int]
    pinned: list[Buffer]
    numbers: list[tuple[int, Buffer]]
    ordered: dict[int, tuple[int, ...]]  # inputs that lie in memory in another order of axes than row-major
    messages: list[str] = field(default_factory=list)

    def slots(self) -> list[tuple[int, int | None, int, Any]]:
        """For each result: the array, or where in the arena the number is."""
        return [(x, None, 0, None) if isinstance(x, int) else (0, 0, x.offset, x.dtype) for x in self.results]

    def must_hold(self, status: int) -> None:
        """Raise the error for an index that is out of bounds. Status 1 is a check that did not hold: no error."""
        if status > 1:
            raise IndexingError(self.messages[status - 2])


def finish(low: Lowering, plan: Plan) -> Finished:
    """Lower what happens to the outputs."""
    outputs = [low.operand(y) for y in low.program.outputs]
    written = [i for _, i in plan.writes]
    inputs = [low.values[x] for x in low.program.inputs]
    arrays: list[tuple[tuple[int, ...], Any]] = []
    results: list[int | Buffer] = []
    pinned: list[Buffer] = [v.view.buffer for v in low.scalars.values() if v.view is not None]
    _arrays_that_are_written(low, written)
    for number in plan.results:
        y = outputs[number]
        if y.shape == ():
            buffer = _number(low, y, np.asarray(low.program.outputs[number].value).dtype)
            pinned.append(buffer)
            results.append(buffer)
        else:
            _result(low, y, len(low.program.inputs) + len(arrays))
            results.append(len(arrays))
            arrays.append((y.shape, y.dtype))
    _check(low, [(outputs[check.output], check) for check in plan.checks])
    _write(low, [(outputs[o], inputs[i]) for o, i in plan.writes])
    parameters = ["arena", *(f"x{i}" for i in range(len(inputs) + len(arrays)))]
    kinds: list[tuple[str, int | None]] = [
        (str(v.dtype), None if i in low.scalars else len(v.shape)) for i, v in enumerate(inputs)
    ]
    kinds += [(str(dtype), len(shape)) for shape, dtype in arrays]
    orders = [
        order_of(x.value) if v.view is not None and not v.view.contiguous else None
        for x, v in zip(low.program.inputs, inputs, strict=True)
    ]
    forms = [_form(v, i in low.scalars) for i, v in enumerate(inputs)]
    numbers = [(i, v.view.buffer) for i, v in low.scalars.items() if v.view is not None]
    messages = [text for text, _ in low.failures]
    ordered = {i: order for i, order in enumerate(orders) if order is not None}
    return Finished(parameters, kinds, forms, arrays, results, written, pinned, numbers, ordered, messages)


def _form(value: Value, number: bool) -> Callable[[Any], Any]:
    """What brings an argument into the form that compiled code expects."""
    dtype = value.dtype
    assert dtype is not None
    if number:
        return dtype.type
    return lambda x: np.require(np.asarray(x), dtype, ["C", "A", "W"])


def _arrays_that_are_written(low: Lowering, written: list[int]) -> None:
    """A number that is written comes as an array without axes."""
    for number in written:
        value = low.scalars.pop(number, None)
        if value is not None and value.view is not None:
            value.view.buffer.source = number


def _number(low: Lowering, y: Value, dtype: Any) -> Buffer:
    """A place in the arena for a number that the caller gets."""
    buffer = Buffer(dtype, 1, lasting=True)
    low.put(y, packed(buffer, ()))
    return buffer


def _result(low: Lowering, y: Value, number: int) -> None:
    """Let an array be made in memory that the caller gets, or copy it there."""
    if y.view is None and y.number is None:
        y.order = None
        low.memory(y)
    view = y.view
    assert y.dtype is not None
    own = view is not None and view.buffer.source is None and not view.buffer.lasting and view.buffer.content is None
    if own and view is not None and view.contiguous and view.offset == 0 and view.buffer.size == y.size:
        view.buffer.source = number
        return
    low.put(y, packed(Buffer(y.dtype, y.size, source=number), y.shape))


def _check(low: Lowering, checks: list[tuple[Value, Check]]) -> None:
    """Leave with status 1 where one of the conditions does not hold."""
    flags: list[View] = []
    one = np.dtype(np.uint8)
    for y, check in checks:
        if y.number is None:
            low.memory(y)
        bad = lazy(_broken(y, check), y.shape, one, 2, [y])
        flag = low.reduced(bad, tuple(range(len(y.shape))), "{0} | {1}", "uint8(0)", one).view
        assert flag is not None
        flags.append(flag)
    if flags:
        wrong = " or ".join(f"peek({{{i}}}, 0) != uint8(0)" for i in range(len(flags)))
        low.call([f"if {wrong}:", "    return 1"], flags)


def _broken(y: Value, check: Check) -> Callable[[Any, Index], str]:
    """How to write down whether an element breaks a condition."""

    def define(loop: Any, index: Index) -> str:
        x = loop.read(y, index)
        tests = []
        if check.low is not None:
            tests.append(f"({x} < {check.low!r})")
        if check.high is not None:
            tests.append(f"({x} > {check.high!r})")
        return str(loop.let(f"uint8(pick({' | '.join(tests) or f'{x} != {x}'}, 1, 0))"))

    return define


# --- writes -----------------------------------------------------------------------------------------------------------


def _write(low: Lowering, writes: list[tuple[Value, Value]]) -> None:
    """Write values into inputs, when every value that is made of the old ones has been computed."""
    writes = [(y, x) for y, x in writes if y is not x]
    targets = {x.view.buffer: x for _, x in writes if x.view is not None}
    ready: list[tuple[Value, Value, set[Buffer]]] = []
    for y, x in writes:
        reads = _reads(low, y, targets)
        if reads is None:
            y = _in_memory(low, y)
            reads = set()
        ready.append((y, x, reads))
    for group in _connected(ready):
        if len(group) >= CHANNELS:
            group = [(_in_memory(low, y), x) for y, x in group]
            for pair in group:
                _together(low, [pair])
        else:
            _together(low, group)


def _in_memory(low: Lowering, y: Value) -> Value:
    """A copy of `y` that no write changes."""
    if y.view is not None and y.view.buffer.source is None:
        return y
    copied = lazy(lambda loop, index: loop.let(loop.read(y, index)), y.shape, y.dtype, 1, [y])
    low.memory(copied)
    return copied


def _reads(low: Lowering, y: Value, targets: dict[Buffer, Value]) -> set[Buffer] | None:
    """The inputs to be written that `y` reads, each at the element at hand; None if it reads them otherwise."""
    found: set[Buffer] = set()
    for leaf, index in low.leaves(y, y.shape):
        if leaf.view is None:
            continue
        target = targets.get(leaf.view.buffer)
        if target is None:
            continue
        if leaf.shape != y.shape or index != identity(y.shape) or leaf.view is not target.view:
            return None
        found.add(leaf.view.buffer)
    return found


def _connected(writes: list[tuple[Value, Value, set[Buffer]]]) -> list[list[tuple[Value, Value]]]:
    """Writes that must share a loop, since one reads what another overwrites."""
    groups: list[tuple[set[Buffer], list[tuple[Value, Value]]]] = []
    for y, x, reads in writes:
        assert x.view is not None
        touched = reads | {x.view.buffer}
        pairs = [(y, x)]
        rest = []
        for buffers, members in groups:
            if buffers & touched:
                touched |= buffers
                pairs = members + pairs
            else:
                rest.append((buffers, members))
        groups = [*rest, (touched, pairs)]
    return [members for _, members in groups]


def _together(low: Lowering, pairs: list[tuple[Value, Value]]) -> None:
    """One loop that reads all it needs of an element, then writes: one that has the numbers at hand, if it may."""
    space = pairs[0][1].shape
    leaves = list(dict.fromkeys(leaf for y, _ in pairs for leaf in low.leaves(y, space)))
    loop = low.place(space, leaves)
    if loop is None or not _may_write(low, loop, [x for _, x in pairs]):
        loop = None
    loop = low.entered(space, leaves, loop)
    names = [loop.read(y, identity(space)) for y, _ in pairs]
    for name, (_, x) in zip(names, pairs, strict=True):
        assert x.view is not None
        loop.write(name, x.view, identity(space))
    loop.sealed = True


def _may_write(low: Lowering, loop: Loop, targets: list[Value]) -> bool:
    """Whether nobody needs the old values after `loop`, nor, inside it, elements other than the one at hand."""
    later = low.steps[loop.position + 1 :]
    for x in targets:
        assert x.view is not None
        buffer = x.view.buffer
        moves, start = x.view.address(identity(loop.space))
        if any(buffer in step.touched or (isinstance(step, Call) and step.may_leave) for step in later):
            return False
        accesses = [line.access or (line.total.access if line.total else None) for line in loop.body]
        own = [a for a in accesses if a is not None and a.buffer is buffer]
        if any(a.moves != moves or a.start != start for a in own):
            return False
    return len(loop.channels) + len(targets) <= CHANNELS
