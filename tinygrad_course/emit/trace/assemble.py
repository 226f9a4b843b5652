"""The account of a traced run, put together as a program: which node held which value at which tick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from ...core.engine_ops import guarded_product
from ...core.errors import TraceError
from ...core.node import Node, leaf
from ...core.primitive import Primitive
from ..program import Program, constant, step
from .arguments import ARRAYS
from .sources import Reference, Source
from .tracer import Tracer, outside
from .views import shared, stale_views


@dataclass
class Traced:
    """A program, the sources of its inputs, and the constants that the function brought in, in order of use.

    `guarded`: whether the reverse pass met a NaN in this run and took the product that keeps zeros.
    """

    program: Program
    sources: list[Source]
    guarded: bool
    loose: list[Any]


class Assembly:
    """Builds the program for the values of some nodes at the end of the run."""

    def __init__(self, tracer: Tracer, is_reference: Callable[[Any], bool]) -> None:
        self.tracer = tracer
        self.is_reference = is_reference
        self.inputs: dict[Any, Node] = {}
        self.sources: list[Source] = []
        self.made: dict[Node, Node] = {}
        self.constants: dict[Node, Node] = {}
        self.loose: list[Any] = []
        self.guarded = False
        self.owners = self._owners()
        self.stale = stale_views(tracer) if tracer.replaced else {}

    def _owners(self) -> dict[int, Node]:
        """Whose value an array is, by its id and by the ids of the arrays it is a view of: for values that internal
        code took out of a node."""
        tracer = self.tracer
        every = [*tracer.origin, *tracer.holds, *tracer.recorded, *tracer.history, *tracer.same]
        return {id(node.value): node for node in every if not isinstance(node.value, tuple)}

    def build(self, wanted: Sequence[Node]) -> Traced:
        """The program whose outputs are the values of `wanted`."""
        targets = [self.target(node, inf) for node in wanted]
        self._make_steps(targets)
        outputs = [self.operand(node, inf) for node in wanted]
        steps = tuple(sorted(self.made.values(), key=lambda node: node.order))
        program = Program(tuple(self.inputs.values()), tuple(outputs), steps)
        return Traced(program, self.sources, self.guarded, self.loose)

    # --- which node holds the value ---------------------------------------------------------------------------------

    def target(self, node: Node, now: float) -> Node:
        """The node that has the value which `node` had at the tick `now`: a step, a leaf, or a stand-in."""
        tracer = self.tracer
        while True:
            held = tracer.holds.get(node)
            since, array = _latest(held, now) or (0, node)
            written = _latest(tracer.writes.get(array), now)
            if written is not None:
                now, node = written
            elif since:  # it was given another array
                node = array
            elif array in tracer.origin:
                return array
            elif node in tracer.same:
                now, node = node.order, tracer.same[node]
            else:
                return node

    def _is_step(self, node: Node) -> bool:
        return node in self.tracer.history or (node.op is not None and not self.tracer.is_old(node))

    def _make_steps(self, targets: Sequence[Node]) -> None:
        """Steps for everything that `targets` depend on, oldest first."""
        stack = [node for node in targets if self._is_step(node)]
        found = set(stack)
        while stack:
            node = stack.pop()
            for x in self._history(node)[1]:
                if isinstance(x, Node) or id(x) in self.owners:
                    x = self.target(x if isinstance(x, Node) else self.owners[id(x)], node.order)
                    if x not in found and self._is_step(x):
                        found.add(x)
                        stack.append(x)
        for node in sorted(found, key=lambda node: node.order):
            op, inputs, params = self._history(node)
            self.guarded = self.guarded or op is guarded_product
            operands = tuple(self.operand(x, node.order) for x in inputs)
            self.made[node] = step(op, operands, params, node.value, node)

    def _history(self, node: Node) -> tuple[Primitive, tuple[Any, ...], dict[str, Any]]:
        found = self.tracer.history.get(node)
        return found if found is not None else (node.op, node.inputs, node.params)  # type: ignore[return-value]

    # --- operands ---------------------------------------------------------------------------------------------------

    def operand(self, x: Any, now: float) -> Any:
        """What stands in the program for the operand `x` of an operation at the tick `now`."""
        if not isinstance(x, Node):
            owner = self.owners.get(id(x)) if isinstance(x, np.ndarray | np.generic) else None
            if owner is None:
                return self._loose(x)
            x = owner
        if self.stale.get(x, inf) < now:
            raise TraceError(shared(x))
        node = self.target(x, now)
        if node in self.made:
            return self.made[node]
        tracer = self.tracer
        if node in tracer.origin:
            return self._input(node, tracer.origin[node], node)
        if tracer.is_old(node):
            if node.op is not None and node.requires_grad:
                raise TraceError(outside(node))
            source = tracer._source(node)
            return self._input(node, source, node)
        if node not in self.constants:
            value = self._loose(node.value)
            self.constants[node] = value if isinstance(value, Node) else constant(value, node)
        return self.constants[node]

    def _input(self, key: Any, source: Source, like: Node) -> Node:
        known = self.inputs.get(key)
        if known is None:
            known = object.__new__(type(like).result_class)
            leaf(known, like.value[()], True, like.name, None)
            known.code, known.lasti = like.code, like.lasti
            self.inputs[key] = known
            self.sources.append(source)
        return known

    def _loose(self, value: Any) -> Any:
        """A constant; or an input, if it is an array that the function found around it, or a view of one."""
        if isinstance(value, np.ndarray):
            base = value
            while True:
                if type(base) not in ARRAYS:
                    raise TraceError(
                        f"jit: the function computes with a {type(base).__name__}, whose arithmetic is not that of "
                        "arrays; use np.asarray(x) around the function"
                    )
                if not isinstance(base.base, np.ndarray):
                    break
                base = base.base
            if self.is_reference(value) or self.is_reference(base):
                return self._reference(value)
            if id(base) in self.owners:
                raise TraceError(
                    "jit: the function computes with a NumPy view of a traced array, which a compiled run would not "
                    "follow; take it from the Tensor, by indexing or a tg function"
                )
        self.loose.append(value)
        return value

    def _reference(self, value: Any) -> Node:
        node = object.__new__(Node)
        leaf(node, value, True, None, None)
        key = (id(value), value.shape, value.strides)
        return self._input(key, Reference(value), node)


def _latest(events: list[tuple[int, Any]] | None, now: float) -> tuple[int, Any] | None:
    """The last of `events` before `now`."""
    if events is not None:
        for when, node in reversed(events):
            if when < now:
                return when, node
    return None
