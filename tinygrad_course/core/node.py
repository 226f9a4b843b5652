"""A node of the graph: a value, and how it was computed. Nodes point backwards only, to what they were made from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, ClassVar

from .position import describe, internal, statement, user_frame
from .state import Scope, state

if TYPE_CHECKING:
    from .primitive import Primitive

tick = count(1).__next__
_new = object.__new__


class Node:
    """One value in a computation graph.

    `value`: an array or a NumPy scalar (a tuple of them for the hidden node of an operation with several results).
    `op`, `inputs`, `params`: the primitive that made it, its positional operands (nodes, arrays or Python scalars)
    and its static keyword parameters; `op` is None for a leaf.
    `order`: when it was recorded; every node is younger than its inputs, so descending order is a reverse
    topological order, and no walk over the graph needs recursion.
    `changed`: when its value was last overwritten from outside; a node older than that can no longer be trusted.
    `code`, `lasti`: the user's instruction that made it; `scope`: the named call around it.
    """

    __slots__ = (
        "__weakref__", "_grad", "changed", "code", "inputs", "lasti", "name", "op", "order", "params",
        "requires_grad", "retains_grad", "scope", "value",
    )  # fmt: skip

    value: Any
    op: Primitive | None
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    order: int
    changed: int
    code: CodeType | None
    lasti: int
    scope: Scope | None
    requires_grad: bool
    retains_grad: bool
    _grad: Any
    name: str | None

    result_class: ClassVar[type[Node]]  # what operations on nodes return

    @property
    def where(self) -> str:
        """`file.py:12: z = w @ x`, the user's statement that made this node; empty when it is not known."""
        return describe(self.code, self.lasti)

    @property
    def called(self) -> str:
        """Its name: the one it was given, or the variable it was assigned to; "a Tensor" where neither is known."""
        if self.name:
            return self.name
        found = statement(self.code, self.lasti) if self.code is not None else None
        return found.targets[0] if found is not None and len(found.targets) == 1 else "a Tensor"

    @property
    def parents(self) -> Iterator[Node]:
        """The inputs through which a derivative can flow, one entry per operand (twice for ``x * x``)."""
        return (x for x in self.inputs if isinstance(x, Node) and x.requires_grad)


Node.result_class = Node


def leaf(node: Node, value: Any, requires_grad: bool, name: str | None, frame: FrameType | None) -> None:
    """Fill in `node` as a value that nothing recorded made."""
    node.value = value
    node.op = None
    node.inputs = ()
    node.params = {}
    node.order = node.changed = tick()
    node.requires_grad = requires_grad
    node.retains_grad = False
    node._grad = None
    node.name = name
    node.scope = state.here.scope
    node.code = frame.f_code if frame is not None else None
    node.lasti = frame.f_lasti if frame is not None else 0


def record(op: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], value: Any, frame: FrameType) -> Any:
    """The node for ``value = op(*inputs, **params)`` called from `frame`; a bare leaf if there is nothing to record."""
    # The hottest lines of the eager path: plain slots, no helper calls, the frame is asked for two numbers only.
    for x in inputs:
        if isinstance(x, Node):
            kind = x.result_class
            if x.requires_grad:
                break
    else:
        return unrecorded(value, kind, op, inputs, params)
    here = state.here
    if not here.recording or not (op.differentiable or here.everything):
        return unrecorded(value, kind, op, inputs, params)
    node = _new(kind)
    node.value = value
    node.op = op
    node.inputs = inputs
    node.params = params
    node.requires_grad = True
    node.retains_grad = False
    node._grad = node.name = None
    node.changed = 0
    code = frame.f_code
    if internal[code.co_filename]:
        frame = user_frame(frame)
        code = frame.f_code
    node.code = code
    node.lasti = frame.f_lasti
    node.order = tick()
    node.scope = scope = here.scope
    if scope is not None and scope.watch is not None:
        scope.watch(node)
    return node


def unrecorded(
    value: Any, kind: type[Node], op: Primitive | None = None, inputs: tuple[Any, ...] = (), params: Any = None
) -> Any:
    """A node that carries a value and no history (a tuple of them for several results)."""
    tracer = state.here.tracer
    if tracer is not None and op is not None:
        return tracer.unrecorded(op, inputs, params, value, kind)
    if type(value) is tuple:
        return tuple(unrecorded(v, kind) for v in value)
    node = _new(kind)
    leaf(node, value, False, None, None)
    return node
