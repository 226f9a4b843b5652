"""The short way into a compiled program: one generated function that checks, gathers, runs and puts back.

It serves calls whose positional arguments are arrays, Tensors and the very same other objects as in the trace; whatever
it does not know at a glance it leaves to `Replay` (it returns `MISS`, with nothing done). What takes a name look-up in
`Replay` is written out here, because for a small network that would be most of the time of a step.
"""

from __future__ import annotations

import linecache
from itertools import count
from types import CellType, FunctionType, MappingProxyType
from typing import Any

import numpy as np

from ..core import reverse
from ..core.node import Node, tick
from ..core.state import state
from ..tensor import Tensor
from .replay import Replay, draw, own
from .trace.sources import Argument, Draw, Entry, Gradient, Number, Reference, Value
from .trace.world import Place, fingerprint

MISS = object()
SHORT = 16  # entries of a list that are compared one by one
PLAIN = (bool, int, float, str, type(None))
# `bare` written out: a Tensor around a value.
BARE = """t{0} = new(Tensor)
t{0}.value = r[{0}]
t{0}.op = t{0}._grad = t{0}.name = t{0}.code = None
t{0}.inputs = ()
t{0}.params = {{}}
t{0}.order = t{0}.changed = tick()
t{0}.requires_grad = t{0}.retains_grad = False
t{0}.scope = state.here.scope
t{0}.lasti = 0"""
_serial = count(1).__next__


class _Code:
    """Lines of the function, and the objects they name."""

    def __init__(self, replay: Replay, args: tuple[Any, ...]) -> None:
        self.replay, self.trace, self.args = replay, replay.trace, args
        self.lines: list[str] = []
        self.space: dict[str, Any] = {
            "MISS": MISS, "ndarray": np.ndarray, "run": replay.compiled.run, "tick": tick, "reverse": reverse,
            "new": object.__new__, "Tensor": Tensor, "state": state, "draw": draw, "own": own,
            "written": replay.addresses, "apart": replay.apart,
        }  # fmt: skip
        self.names: dict[int, str] = {}

    def name(self, x: Any) -> str:
        """A name for an object."""
        if id(x) not in self.names:
            self.names[id(x)] = f"k{len(self.names)}"
            self.space[self.names[id(x)]] = x
        return self.names[id(x)]

    def unless(self, condition: str) -> None:
        """Leave where a condition does not hold."""
        self.lines.append(f"if not ({condition}): return MISS")

    # --- before -----------------------------------------------------------------------------------------------------

    def arguments(self) -> None:
        self.unless(f"not kwargs and len(args) == {len(self.args)}")
        if self.args:
            self.lines.append(f"{''.join(f'x{i}, ' for i in range(len(self.args)))} = args")
        for i, x in enumerate(self.args):
            if isinstance(x, np.ndarray):
                facts = f"x{i}.dtype is {self.name(x.dtype)} and x{i}.strides == {x.strides!r}"
                self.unless(f"type(x{i}) is ndarray and x{i}.shape == {x.shape!r} and {facts}")
                if self.trace.writes:
                    self.unless(f"(id(x{i}) not in written and x{i}.base is None) or apart(x{i})")
            else:
                self.unless(f"x{i} is {self.name(x)}")

    def guards(self) -> None:
        for place in self.trace.world.places:
            same = self._same(place)
            if same:
                self.unless(f"{same} or {self.name(place)}.same()")
        for array, known in self.trace.world.prints:
            if type(known) is bytes:
                self.unless(f"{self.name(array)}.tobytes() == {self.name(known)}")
            else:
                self.space["fingerprint"] = fingerprint
                self.unless(f"fingerprint({self.name(array)}) == {known!r}")
        read = {id(s.tensor) for s in self.trace.sources if isinstance(s, Value)}
        for tensor, shape, dtype in self.replay.values:
            if id(tensor) not in read:  # nobody computes with it, but its form may count
                self.unless(f"{self.name(tensor)}.requires_grad is {tensor.requires_grad}")
                self.unless(f"{self.name(tensor)}.value.shape == {shape!r}")
                self.unless(f"{self.name(tensor)}.value.dtype is {self.name(dtype)}")
        for array in self.trace.world.arrays.values():
            self._form(self.name(array), array)
        for tensor, had in self.trace.had_grads:
            self.unless(f"{self.name(tensor)}._grad is {'not ' * had}None")

    def _same(self, place: Place) -> str:
        """An expression that holds where a place has the very objects that it had; empty where it cannot change."""
        holder, keys = place.holder, place.keys
        name, ids = self.name(holder), f"{self.name(place)}.ids"
        if isinstance(holder, FunctionType):
            return " and ".join(f"{name}.{k} is {self.name(x)}" for k, x in zip(keys or (), place.kept, strict=True))
        if keys is not None:
            get = "{}.get({!r}, MISS)" if type(holder) is dict else "getattr({}, {!r}, MISS)"
            found = (get.format(name, k) for k in keys)
            return " and ".join(f"{x} is {self.name(y)}" for x, y in zip(found, place.kept, strict=True))
        if isinstance(holder, CellType):
            return f"{name}.cell_contents is {self.name(place.kept[0])}"
        if isinstance(holder, dict | MappingProxyType):
            return f"[*map(id, {name}.values()), *map(id, {name})] == {ids}"
        if type(holder) is list and len(holder) <= SHORT:
            each = (f"{name}[{i}] is {self.name(x)}" for i, x in enumerate(place.kept))
            return " and ".join([f"len({name}) == {len(holder)}", *each])
        return "" if isinstance(holder, tuple | frozenset) else f"[*map(id, {name})] == {ids}"

    def numbers(self) -> None:
        """What `group.numbers()` gives; where the settings are the very same objects it need not be asked."""
        for i, group in enumerate(self.trace.numbers):
            ask = f"n{i} = {self.name(group)}.numbers()"
            same = self._same_numbers(group)
            if same:
                self.lines.append(f"if {same}: n{i} = {self.name(group.ready.numbers)}")
                self.lines.append(f"else: {ask}")
            else:
                self.lines.append(ask)
            self.unless(f"n{i} is not None")

    def _same_numbers(self, group: Any) -> str:
        """A condition under which the numbers of an optimiser's group are what they are now; empty if there is none."""
        if group.step is not None or not all(map(_is_plain, group.settings)):
            return ""
        optimizer = group.optimizer
        settings = optimizer.param_groups[group.index]
        name = self.name(settings)
        parts = [f"{self.name(optimizer)}.param_groups[{group.index}] is {name}"]
        known = zip(optimizer._names, group.settings, strict=True)  # a schedule may have gone on already
        parts += [f"{name}[{key!r}] is {self.name(x)}" for key, x in known]
        states = f"{self.name(optimizer)}.state"
        parts += [f"{states}.get({self.name(p)}) is {self.name(kept)}" for p, kept in group.members]
        return " and ".join(parts)

    def inputs(self) -> str:
        """The list of inputs, each checked to be an array that `Replay` has approved of."""
        groups = {id(g): i for i, g in enumerate(self.trace.numbers)}
        bound = {id(t) for t, _ in self.trace.bindings}
        parts = []
        for j, source in enumerate(self.trace.sources):
            if isinstance(source, Number):
                parts.append(f"n{groups[id(source.group)]}[{source.index}]")
                continue
            if isinstance(source, Argument):
                x = self.args[source.index]
                parts.append(f"x{source.index}" if isinstance(x, np.ndarray) else f"{self.name(x)}.value")
                continue
            if isinstance(source, Draw):
                parts.append(f"d{self.trace.draws.index(source)}")
                continue
            self.lines.append(f"i{j} = {self._read(source)}")
            parts.append(f"i{j}")
            if isinstance(source, Value):
                value = source.tensor.value
                self.unless(f"{self.name(source.tensor)}.requires_grad is {source.tensor.requires_grad}")
                if id(source.tensor) not in bound:
                    self.unless(f"i{j} is known[{j}]")
                self._form(f"i{j}", value)
            elif isinstance(source, Entry):
                self.unless(f"i{j} is known[{j}]")
                self._form(f"i{j}", source.owner[source.key])
            elif isinstance(source, Reference):
                self._form(f"i{j}", source.array)
        for k, source in enumerate(self.trace.draws):
            self.lines.append(f"d{k} = draw({self.name(source)})")
        return f"({', '.join(parts)}{',' * (len(parts) == 1)})"

    def _form(self, name: str, like: Any) -> None:
        """Leave where an array has another shape or dtype: those of one and the same array can be set."""
        if np.ndim(like):
            self.unless(f"{name}.shape == {like.shape!r} and {name}.dtype is {self.name(like.dtype)}")
        else:
            self.unless(f"{name}.dtype is {self.name(like.dtype)}")

    def _read(self, source: Any) -> str:
        if isinstance(source, Value):
            return f"{self.name(source.tensor)}.value"
        if isinstance(source, Gradient):
            return f"{self.name(source.tensor)}._grad"
        if isinstance(source, Reference):
            return self.name(source.array)
        return f"{self.name(source.owner)}[{source.key!r}]"

    # --- after ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        trace = self.trace
        drawn = "".join(f"d{k}, " for k in range(len(trace.draws)))
        self.lines.append(f"if r is None: return failed(args, kwargs, [{drawn}])")
        if trace.deferred or trace.bindings or not _plain(trace):
            self.lines.append(f"return {self.name(self.replay)}.finish({self.name(self.replay)}.leaves_of(args), r)")
            return
        if trace.writes:
            self.lines.append("reverse._last_change = now = tick()")
        for _, j in trace.writes:
            source = trace.sources[j]
            if isinstance(source, Value):
                self.lines.append(f"{self.name(source.tensor)}.changed = now")
        at = sum(kind in ("array", "tensor") for kind, _ in trace.returned)
        for tensor, i in trace.grads:
            new = "None" if i is None else f"r[{at}]"
            if i is not None:
                at += 1
                fresh = trace.program.outputs[i].value.ndim == 0 or self.replay.compiled.fresh
                new = new if fresh else f"own({new}, None)"
            self.lines.append(f"{self.name(tensor)}._grad = {new}")
        for group in trace.numbers:
            self.lines.append(f"{self.name(group)}.advance()")
        returned = self._returned()
        self.lines.append(f"return {returned}")

    def _returned(self) -> str:
        parts, at = [], 0
        for kind, x in self.trace.returned:
            if kind == "object":
                parts.append(self.name(x))
                continue
            if kind == "tensor":
                self.lines += BARE.format(at).splitlines()
            parts.append(f"t{at}" if kind == "tensor" else f"r[{at}]")
            at += 1
        if self.trace.single:
            return parts[0]
        return f"{self.name(self.trace.rebuild)}([{', '.join(parts)}])"


def _is_plain(x: Any) -> bool:
    """Whether a setting is one that nobody can change from within."""
    return type(x) in PLAIN or (type(x) is tuple and all(map(_is_plain, x)))


def _plain(trace: Any) -> bool:
    """Whether `finish` can be written out: no two gradients are one array, and no argument is a Tensor."""
    shared = [i for _, i in trace.grads if i is not None]
    nodes = [trace.program.outputs[i] for i in shared]
    distinct = len({id(x) for x in nodes}) == len(nodes)
    args = any(isinstance(trace.sources[j], Argument) for _, j in trace.writes)
    return distinct and not args and all(k in ("array", "tensor", "object") for k, _ in trace.returned)


def dispatcher(replay: Replay, args: tuple[Any, ...], failed: Any) -> Any:
    """The function for calls like the one with `args`; `failed` is called where a check in the program fails."""
    code = _Code(replay, args)
    code.arguments()
    code.guards()
    code.numbers()
    inputs = code.inputs()
    code.lines += [f"{code.name(tensor)}._grad = None" for tensor in replay.renewed]
    code.lines.append(f"r = run({inputs})")
    code.finish()
    code.space |= {"known": replay.known, "failed": failed}
    source = "def call(args, kwargs):\n    " + "\n    ".join(code.lines) + "\n"
    filename = f"<jit call, {_serial()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), code.space)
    return code.space["call"]


def can_dispatch(replay: Replay, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether calls with such arguments can go the short way; those that write to them are looked at each time."""
    if any(isinstance(replay.trace.sources[j], Argument) for j in replay.written):
        return False
    return not kwargs and all(
        isinstance(x, np.ndarray) or not isinstance(x, Node | np.generic | tuple | list | dict | set) for x in args
    )
