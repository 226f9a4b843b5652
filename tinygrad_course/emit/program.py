"""A recorded computation as a program: what goes in, the operations in order, what comes out.

It is the form that everything on this floor works on: passes turn a program into a shorter one (`simplify`), emitters
print it (`source`) or compile it. Its steps are the nodes of the graph themselves, so that each still knows its
operation, its example value (shape and dtype), and the line of the user's that made it.

How a program is recorded: inputs are leaves with ``requires_grad = True`` (integers and booleans too: the slot is set
by hand, so that all that is computed from them is recorded), the function runs under `recording_everything`, and so
does ``reverse(..., record=True)``. What is computed outside the graph (``.value``, ``.item()``) becomes a constant.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.node import Node, leaf, tick
from ..core.primitive import Primitive
from ..ops.powers import pow


@dataclass(frozen=True, eq=False)
class Program:
    """A straight line of operations.

    `inputs`: leaves, given anew on every run. `outputs`: nodes, which may be steps, inputs or constants.
    `steps`: recorded operations, each after the operations that its inputs come from; the node of an operation with
    several results has a tuple as value, from which `pick` steps take one each.

    A leaf that is not among the inputs is a constant, and so is an operand that is no node: a Python number (weak: it
    takes the dtype of what it meets), a NumPy array or scalar, or None.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.emit.program import Program, run
    >>> x = tg.Tensor([1.0, 2.0], requires_grad=True)
    >>> program = Program.of([x], [tg.exp(x) * 2.0])
    >>> print(program)
    v0 = input float64 (2,)
    v1 = exp(v0)
    v2 = multiply(v1, 2.0)
    return v2
    >>> run(program, [[0.0, 0.0]])
    (array([2., 2.]),)
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    steps: tuple[Node, ...]

    @classmethod
    def of(cls, inputs: Sequence[Node], outputs: Sequence[Node]) -> Program:
        """The program that computes `outputs` from `inputs`: the operations recorded between them, oldest first."""
        seen: set[Node] = {*inputs, *outputs}
        stack = [node for node in outputs if node not in set(inputs)]
        steps: list[Node] = []
        while stack:
            node = stack.pop()
            if node.op is None:
                continue
            steps.append(node)
            for x in node.inputs:
                if isinstance(x, Node) and x not in seen:
                    seen.add(x)
                    stack.append(x)
        steps = list(dict.fromkeys(steps))  # an output may be listed twice
        steps.sort(key=operator.attrgetter("order"))
        return cls(tuple(inputs), tuple(outputs), tuple(steps))

    @property
    def constants(self) -> list[Node]:
        """The leaves that are used but not given, in the order of their first use."""
        given = {*self.inputs, *self.steps}
        used = (x for node in self.steps for x in node.inputs)
        return list(dict.fromkeys(x for x in (*used, *self.outputs) if isinstance(x, Node) and x not in given))

    def users(self) -> dict[Node, list[Node | None]]:
        """For every node the steps that use it, once for each time; None stands for the caller, who gets outputs."""
        found: dict[Node, list[Node | None]] = {node: [] for node in (*self.inputs, *self.constants, *self.steps)}
        for node in self.steps:
            for x in node.inputs:
                if isinstance(x, Node):
                    found[x].append(node)
        for node in self.outputs:
            found[node].append(None)
        return found

    def __str__(self) -> str:
        names = {node: f"v{i}" for i, node in enumerate((*self.inputs, *self.constants, *self.steps))}
        lines = [f"{names[x]} = input {x.value.dtype} {np.shape(x.value)}" for x in self.inputs]
        lines += [f"{names[x]} = constant {x.value.dtype} {np.shape(x.value)}" for x in self.constants]
        for node in self.steps:
            operands = [names[x] if isinstance(x, Node) else _brief(x) for x in node.inputs]
            operands += [f"{k}={v!r}" for k, v in node.params.items()]
            lines.append(f"{names[node]} = {primitive_of(node).name}({', '.join(operands)})")
        return "\n".join([*lines, f"return {', '.join(names[y] for y in self.outputs)}"])


# For what left the graph and came back as it was, such as a detached Tensor: its derivative ends there.
stop = Primitive(lambda x: x, name="stop", differentiable=False, doc="`x` as it is, but no derivative flows through.")


def _brief(x: Any) -> str:
    return f"array{x.shape}" if isinstance(x, np.ndarray) else repr(x)


def primitive_of(step: Node) -> Primitive:
    """The operation of a step, which is a node that has one."""
    op: Primitive | None = step.op
    assert op is not None
    return op


def value_of(x: Any) -> Any:
    """The example value of a node, or the constant itself."""
    return x.value if isinstance(x, Node) else x


def function_of(op: Primitive) -> Callable[..., Any]:
    """What runs an operation on arrays: its forward function, except that powers are Python's ``**``.

    Tensors compute ``x ** 2`` with Python's operator, which squares exactly; ``np.power`` may be off by one ulp.
    """
    return operator.pow if op is pow else op.forward


def run(program: Program, values: Iterable[Any]) -> tuple[Any, ...]:
    """The outputs of `program` for new `values` of its inputs: the reference that every emitter is tested against.

    Each operation is called as the eager code calls it, one after the other; 0-d arrays become NumPy scalars.
    """
    known: dict[Node, Any] = {}
    for x, value in zip(program.inputs, values, strict=True):
        known[x] = np.asarray(value)[()]
    for node in program.steps:
        operands = [known.get(x, x.value) if isinstance(x, Node) else x for x in node.inputs]
        known[node] = function_of(primitive_of(node))(*operands, **node.params)
    return tuple(known.get(y, y.value) for y in program.outputs)


def step(op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], value: Any, like: Node) -> Node:
    """A new step with a known example `value`, attributed to the user's line that made `like`. Nothing is computed."""
    node = object.__new__(type(like))
    node.value, node.op, node.inputs, node.params = value, op, inputs, params
    node.code, node.lasti, node.scope, node.name = like.code, like.lasti, like.scope, like.name
    node.order, node.changed = tick(), 0
    node.requires_grad, node.retains_grad, node._grad = True, False, None
    return node


def constant(value: Any, like: Node) -> Node:
    """A new leaf that holds a constant, attributed to the line that made `like`."""
    node = object.__new__(type(like))
    leaf(node, value, False, None, None)
    node.code, node.lasti, node.scope = like.code, like.lasti, like.scope
    return node


def operands(node: Node) -> Iterator[Node]:
    """The inputs of a step that are nodes, once for each time they are used."""
    return (x for x in node.inputs if isinstance(x, Node))
