"""One traced run of a function: from the call to a program, and what to do with its outputs."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType
from typing import Any

import numpy as np

from ...core.errors import TraceError
from ...core.node import Node, leaf
from ...core.state import Scope
from ..program import Program
from .arguments import DATA, Arguments, unpack
from .arrays import TracedArray
from .assemble import Assembly
from .sources import Argument, Reference, Source, Value
from .states import guarded
from .tracer import NotReady, Tracer
from .world import LARGE, World, fingerprint, is_foreign


@dataclass
class Trace:
    """A traced call: its program, where inputs come from, and where outputs go.

    The numbers count ``program.outputs``. `returned` are pairs of a kind and a number or object; `rebuild` puts the
    leaves together. `writes`: pairs (output, input). `bindings`: Tensors that hold another array afterwards. `grads`:
    Tensors and their new gradients, None for none. `had_grads`: Tensors whose old gradient counted, and whether there
    was one.
    """

    world: World
    program: Program
    sources: list[Source]
    loose: list[Any]
    guarded: bool
    returned: list[tuple[str, Any]]
    rebuild: Callable[[Any], Any]
    writes: list[tuple[int, int]]
    bindings: list[tuple[Node, int]]
    grads: list[tuple[Node, int | None]]
    had_grads: list[tuple[Node, bool]]
    checks: list[tuple[int, float | None, float | None]]
    deferred: list[tuple[Callable[..., Any], list[tuple[str, Any]]]]
    numbers: list[Any]
    draws: list[Any]
    arguments: dict[Node, int]
    single: bool
    backward: Scope


def trace(function: Callable[..., Any], name: str, arguments: Arguments, persistent: dict[int, Any]) -> Trace:
    """Run `function` once on stand-ins for its arguments; nothing of the user's is changed.

    `persistent`: arrays that an earlier trace met as constants; one that comes again is kept somewhere, and read anew
    in every run.
    """
    world = _world(function, name, arguments)
    given, leaves, inside = _enter(arguments)
    tracer = Tracer(given)
    tracer.origin |= {node: Argument(i) for node, i in given.items() if isinstance(node, TracedArray)}
    flags = {id(x): x.requires_grad for x in world.tensors.values()}
    luck = _luck(world)
    contents = {name: _snapshot(x) for name, x in world.arrays.items()}
    args, kwargs = inside
    seen: dict[CodeType, dict[str, Any]] = {}
    try:
        with tracer.following(), guarded(world.optimizers), _profiled(seen), np.errstate(all="ignore"):
            result = function(*args, **kwargs)
        if tracer.failed is not None:
            raise tracer.failed
        _check_unchanged(world, flags, luck)
        _check_contents(world, contents)
        arguments.check_same(inside, leaves)
    except BaseException:
        _put_back(world, flags, contents)
        tracer.forget()
        raise
    _extend(world, seen)
    made = _Finish(tracer, world, persistent).trace(result)
    tracer.forget()
    return made


def _world(function: Callable[..., Any], name: str, arguments: Arguments) -> World:
    world = World()
    world.add(name, function)
    for called, x in arguments.others:
        world.add(called, x)
    world.finish()
    return world


def _enter(arguments: Arguments) -> tuple[dict[Node, int], list[Any], Any]:
    """The leaves that stand for data, with their numbers; all leaves; and the arguments with them in place."""
    inside: list[Any] = []
    given: dict[Node, int] = {}
    for i, x in enumerate(arguments.leaves):
        if isinstance(x, np.ndarray | np.generic):
            node = object.__new__(TracedArray)
            leaf(node, x, False, None, None)
            x = node
        if isinstance(x, Node):
            given.setdefault(x, i)
        inside.append(x)
    return given, inside, arguments.rebuild(inside)


class _profiled:
    """Notes the code of every user function that runs in a block, with its globals."""

    def __init__(self, seen: dict[CodeType, dict[str, Any]]) -> None:
        self.seen = seen

    def __enter__(self) -> None:
        self.outer = sys.getprofile()
        sys.setprofile(self._note)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self.outer)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in self.seen and not is_foreign(code.co_filename):
            self.seen[code] = frame.f_globals


def _extend(world: World, seen: dict[CodeType, dict[str, Any]]) -> None:
    """Add to `world` what code read that ran without being named: methods found at run time, and the like."""
    for code, space in seen.items():
        if code in world.codes:
            continue
        if code.co_freevars:
            for f in gc.get_referrers(code):
                if isinstance(f, FunctionType) and f.__code__ is code:
                    world.add(f.__name__, f)
        world.code(code, space)
        world.add("", None)
    world.finish()


def _luck(world: World) -> list[Any]:
    """The states of all random generators that the function can reach."""
    states = [repr(rng.bit_generator.state) for rng in world.generators.values()]
    return [*states, repr(np.random.get_state(legacy=False)), random.getstate()]  # noqa: NPY002


def _check_unchanged(world: World, flags: dict[int, bool], luck: list[Any]) -> None:
    """Raise if the function changed anything in Python, which compiled runs would not repeat."""
    for place in world.places:
        if not place.same():
            raise TraceError(
                f"jit: the function changes {place.difference()}; a compiled run computes and updates Tensors, and "
                "does not run such Python code again. Return the value and keep it outside"
            )
    for x in world.tensors.values():
        if x.requires_grad != flags[id(x)]:
            raise TraceError(
                f"jit: the function leaves requires_grad of {x.called} changed; set it outside, or back at the end"
            )
    if _luck(world) != luck:
        raise TraceError(
            "jit: the function draws random numbers with NumPy or random, which a compiled run would not draw again. "
            "Pass them as an argument, or use tg.dropout"
        )


def _snapshot(array: Any) -> Any:
    """What tells whether an array was written to: a copy, for a large one a checksum."""
    return array.copy() if array.nbytes <= LARGE or array.dtype == object else fingerprint(array)


def _check_contents(world: World, contents: dict[int, Any]) -> None:
    """Raise if NumPy code has written to an array around the function."""
    for name, x in world.arrays.items():
        known = contents.get(name, x)
        if known is not x and fingerprint(x) != (known if isinstance(known, int) else fingerprint(known)):
            raise TraceError(
                f"jit: the function writes to an array around it (shape {x.shape}), which a compiled run would not do "
                "again: return the value, or keep the numbers in a Tensor"
            )


def _put_back(world: World, flags: dict[int, bool], contents: dict[int, Any]) -> None:
    """Undo what an abandoned trace has changed; a large array that was written to stays as it is."""
    for name, x in world.arrays.items():
        known = contents.get(name)
        if isinstance(known, np.ndarray) and fingerprint(x) != fingerprint(known):
            x[...] = known
    for place in world.places:
        if not place.same():
            place.restore()
    for x in world.tensors.values():
        x.requires_grad = flags[id(x)]


class _Finish:
    """Gathers the nodes whose values a run has to give."""

    def __init__(self, tracer: Tracer, world: World, persistent: dict[int, Any]) -> None:
        self.tracer, self.world = tracer, world
        self.wanted: list[Node] = []
        known = {**world.arrays, **persistent}
        self.assembly = Assembly(tracer, lambda array: known.get(id(array)) is array)

    def trace(self, result: Any) -> Trace:
        leaves, rebuild = unpack(result)
        tracer = self.tracer
        returned = [self.result(x) for x in leaves]
        deferred = [(f, [self.result(x) for x in args]) for f, args in tracer.deferred]
        written = [(self.want(node), node) for node in tracer.origin if node in tracer.writes]
        bindings = [
            (tensor, self.want(held[-1][1]))
            for tensor, held in tracer.holds.items()
            if len(held) > 1 and tracer.is_old(tensor)
        ]
        grads = [*self.gradients()]
        checks = [(self.want(node), low, high) for node, low, high in tracer.checks]
        for _, node in written:
            self.assembly.operand(node, 0)
        built = self.assembly.build(self.wanted)
        places = {key: i for i, key in enumerate(self.assembly.inputs)}
        self.check_sources(built.sources)
        self.world.watch_arrays([s.array for s in built.sources if isinstance(s, Reference)])
        return Trace(
            self.world, built.program, built.sources, built.loose, built.guarded, returned, rebuild,
            [(i, places[node]) for i, node in written], bindings, grads,
            [(t, x is not None) for t, x in tracer.grads_read.items() if t not in tracer.arguments],
            checks, deferred, tracer.numbers,
            [tracer.origin[node] for node in tracer.draws],
            {t: tracer.arguments[t] for t, _ in [*bindings, *grads] if t in tracer.arguments},
            isinstance(result, DATA), tracer.backward,
        )  # fmt: skip

    def want(self, node: Node) -> int:
        self.wanted.append(node)
        return len(self.wanted) - 1

    def result(self, x: Any) -> tuple[str, Any]:
        """How a run gets what the function returned here."""
        tracer = self.tracer
        if isinstance(x, np.ndarray | np.generic) and id(x) in self.assembly.owners:
            x = tracer.array(self.assembly.owners[id(x)])
        if not isinstance(x, Node):
            return ("copy" if isinstance(x, np.ndarray) else "object"), x
        if isinstance(x, TracedArray):
            return "array", self.want(x)
        if tracer.is_old(x) and x in tracer.arguments:
            return "argument", tracer.arguments[x]
        if tracer.is_old(x):
            return "object", x
        if x.requires_grad and not tracer.reversed:
            raise NotReady(
                "returns a Tensor with a history, to be differentiated outside; compile the whole step with its "
                "backward(), or call it under tg.no_grad()"
            )
        return "tensor", self.want(x)

    def gradients(self) -> Any:
        """Tensors from outside whose gradient is another afterwards."""
        tracer = self.tracer
        for tensor, after in tracer.grads_after.items():
            if not tracer.is_old(tensor) or after is tracer.grads_read.get(tensor, self):
                continue
            yield tensor, None if after is None else self.want(after)

    def check_sources(self, sources: list[Source]) -> None:
        """Raise for a Tensor that the function got from where it cannot be followed: it might be another next time."""
        for source in sources:
            if isinstance(source, Value) and id(source.tensor) not in self.world.tensors:
                raise TraceError(
                    f"jit: the function uses {source.tensor.called} (shape {np.shape(source.tensor.value)}), which is "
                    "in none of the arguments, globals, closures and objects that it names; pass it as an argument"
                )
