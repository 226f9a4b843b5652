"""Passes that make a program shorter and keep its results: bit for bit, with the exceptions named below.

One walk does it all, from the first step to the last, since each step meets its inputs already simplified: constants
are folded, operations that change nothing are dropped, what is computed twice is computed once. Then what nobody uses
is left out. The work is linear in the number of steps.

Exceptions: for the eye, ``+ 0`` is dropped, which may change the sign of a zero, and ``x * 0`` becomes 0 where x is
finite for finite data; and the guard of a product that keeps 0 is dropped where the other factor is finite for finite
data (`facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ..core.engine_ops import broadcast_to, cast, guarded_product, sum_to
from ..core.node import Node
from ..core.primitive import Primitive
from ..ops.arithmetic import add, copy, divide, multiply, negative, positive, subtract
from ..ops.index import Key
from ..ops.linalg import matmul
from ..ops.powers import pow
from ..ops.shape import _permute_dims as permute_dims
from ..ops.shape import _reshape as reshape
from ..values import discrete
from .facts import Fact, fact, given, of, steep
from .program import Program, constant, primitive_of, step, stop, value_of

Rule = Callable[["_Walk", Node], Node | None]
SHORT = 8  # elements
IMPURE: set[Primitive] = set()  # operations with an effect, or another result each time: never folded, shared or moved


def simplified(
    program: Program,
    became: dict[Node, Node] | None = None,
    *,
    reading: bool = False,
    forward: Collection[Node] = (),
) -> Program:
    """An equivalent program without needless steps; `became` is told what each old step is now.

    `reading`: for the eye, also move minus signs outwards, where they meet others; that may leave more steps. And
    constants are folded only to what is short. `forward`: the steps of the function itself, where the others are its
    reverse pass: a factor in them that is infinite makes the function itself infinite or NaN.
    """
    walk = _Walk(program, RULES | READING if reading else RULES, reading, forward)
    for node in program.steps:
        walk.take(node)
    if became is not None:
        became.update(walk.now)
    outputs = tuple(walk.now.get(y, y) for y in program.outputs)
    return without_dead_code(Program(program.inputs, outputs, tuple(walk.steps)))


def without_dead_code(program: Program) -> Program:
    """The program without the steps that no output depends on."""
    needed = set(program.outputs)
    kept = []
    for node in reversed(program.steps):
        if node in needed or node.op in IMPURE:
            kept.append(node)
            needed.update(x for x in node.inputs if isinstance(x, Node))
    return Program(program.inputs, program.outputs, tuple(kept[::-1]))


class _Walk:
    """The state of one walk: the steps so far, what old nodes have become, what has been computed, what is known."""

    def __init__(
        self, program: Program, rules: dict[Primitive, Rule], reading: bool, forward: Collection[Node]
    ) -> None:
        self.rules = rules
        self.forward = set(forward)
        self.factors: set[Node] = set()  # operands of products in the function itself
        self.reading = reading
        self.given = set(program.inputs)
        self.steps: list[Node] = []
        self.now: dict[Node, Node] = {}
        self.seen: dict[Any, Node] = {}
        self.facts: dict[Node, Fact] = {x: given(x) for x in program.inputs}

    def take(self, node: Node) -> None:
        inputs = tuple(self.now.get(x, x) if isinstance(x, Node) else x for x in node.inputs)
        changed = any(a is not b for a, b in zip(inputs, node.inputs, strict=True))
        new = step(primitive_of(node), inputs, node.params, node.value, node) if changed else node
        self.now[node] = self.placed(new)
        if node.op is multiply and node in self.forward:
            self.factors.update(x for x in inputs if isinstance(x, Node))

    def placed(self, node: Node) -> Node:
        """What stands for `node` in the new program: itself, or something simpler."""
        op = primitive_of(node)
        if op in IMPURE:
            self.steps.append(node)
            return node
        if not any(self.varies(x) for x in node.inputs) and not (self.reading and _is_long(node.value)):
            return self.noted(constant(node.value, node))
        rule = self.rules.get(op)
        simpler = rule(self, node) if rule is not None else None
        if simpler is not None:
            return simpler if simpler.op is None or simpler in self.facts else self.placed(simpler)
        key = _key(node)
        known = self.seen.get(key) if key is not None else None
        if known is not None:
            return known
        if key is not None:
            self.seen[key] = node
        self.steps.append(node)
        return self.noted(node)

    def noted(self, node: Node) -> Node:
        if node.op is not None:
            self.facts[node] = fact(node, self.facts)
        else:
            self.facts[node] = of(node, {})
        return node

    def varies(self, x: Any) -> bool:
        """Whether an operand depends on the inputs of the program."""
        return isinstance(x, Node) and (x.op is not None or x in self.given)


def _is_long(value: Any) -> bool:
    """Whether an array has many elements that are not all the same: too long to be read as numbers."""
    if type(value) is tuple or np.size(value) <= SHORT:
        return False
    a = np.asarray(value)
    return any(a.strides) and not bool((a == a.flat[0]).all())


def _key(node: Node) -> Any:
    """Equal for two steps that compute the same; None where that cannot be told."""
    parts: list[Any] = [node.op, *map(_identity, node.inputs)]
    for name, x in node.params.items():
        if not _plain(x):
            return None
        parts.append(f"{name}={x!r}")
    return tuple(parts)


def _identity(x: Any) -> Any:
    """What tells an operand from another: a step itself; of a constant its type and bits (if large, which object)."""
    if isinstance(x, Node):
        if x.op is not None or x.requires_grad:
            return x
        x = x.value
    if isinstance(x, np.ndarray | np.generic):
        return (x.dtype.str, x.shape, x.tobytes()) if x.size <= 16 else id(x)
    return (type(x), repr(x))


def _plain(x: Any) -> bool:
    """Whether a parameter's text says all about it."""
    if isinstance(x, tuple):
        return isinstance(x, Key) or all(map(_plain, x))
    return x is None or isinstance(x, bool | int | float | str | np.dtype | slice | type(Ellipsis))


# --- operations that change nothing, or can be said more simply: a rule returns what stands for the step, or None ----


def _same(x: Any, node: Node) -> Node | None:
    """`x`, if it is a node with the shape and dtype of `node`."""
    if not isinstance(x, Node) or type(x.value) is tuple:
        return None
    alike = x.value.dtype == node.value.dtype and np.shape(x.value) == np.shape(node.value)
    return x if alike else None


def _is(x: Any, number: float, walk: _Walk) -> bool:
    """Whether `x` is a constant that equals `number` everywhere; 0 means +0."""
    if walk.varies(x):
        return False
    a = np.asarray(value_of(x))
    if not a.size or a.dtype.kind not in "biuf":
        return False
    first = a.flat[0]
    if first != number or (number == 0 and np.signbit(first)):
        return False
    return a.size == 1 or not any(a.strides) or bool((a == number).all() and (number or not np.signbit(a).any()))


def _made(op: Primitive, inputs: tuple[Any, ...], node: Node, **params: Any) -> Node:
    return step(op, inputs, params, node.value, node)


def _add(walk: _Walk, node: Node) -> Node | None:
    a, b = _unspread(node)
    for x, y in ((a, b), (b, a)):
        exact = walk.reading or node.value.dtype.kind != "f"  # -0.0 + 0.0 is 0.0
        if exact and _is(y, 0, walk) and _same(x, node) is not None:
            return _same(x, node)
        if isinstance(y, Node) and y.op is negative:
            return _made(subtract, (x, y.inputs[0]), node)
    return _if_changed(node, a, b)


def _subtract(walk: _Walk, node: Node) -> Node | None:
    a, b = _unspread(node)
    if _is(b, 0, walk) and _same(a, node) is not None:
        return _same(a, node)
    if isinstance(b, Node) and b.op is negative:
        return _made(add, (a, b.inputs[0]), node)
    return _if_changed(node, a, b)


def _multiply(walk: _Walk, node: Node) -> Node | None:
    a, b = _unspread(node)
    real = node.value.dtype.kind == "f"
    for x, y in ((a, b), (b, a)):
        if _is(y, 1, walk) and _same(x, node) is not None:
            return _same(x, node)
        if real and _is(y, -1, walk) and _same(x, node) is not None:
            return _made(negative, (x,), node)
        if walk.reading and real and _is(y, 0, walk) and isinstance(x, Node) and of(x, walk.facts).finite:
            return _zeros(walk, node)
    return _if_changed(node, a, b)


def _zeros(walk: _Walk, node: Node) -> Node:
    return walk.noted(constant(np.broadcast_to(node.value.dtype.type(0), np.shape(node.value))[()], node))


def _guarded(walk: _Walk, node: Node) -> Node | None:
    """An ordinary product where the slope is finite, or where a zero of the cotangent makes the function itself NaN."""
    g, p = (of(x, walk.facts) for x in node.inputs)
    if not walk.varies(node.inputs[0]) and not np.any(value_of(node.inputs[0])):
        return _zeros(walk, node)
    if p.finite or not (g.picked or (steep(node.inputs[1]) and node.inputs[1] not in walk.factors)):
        return _made(multiply, node.inputs, node)
    return None


def _divide(walk: _Walk, node: Node) -> Node | None:
    a, b = _unspread(node)
    if _is(b, 1, walk) and _same(a, node) is not None:
        return _same(a, node)
    return _if_changed(node, a, b)


def _pow(walk: _Walk, node: Node) -> Node | None:
    return _same(node.inputs[0], node) if _is(node.inputs[1], 1, walk) else None


def _negative(walk: _Walk, node: Node) -> Node | None:
    (x,) = node.inputs
    return x.inputs[0] if isinstance(x, Node) and x.op is negative and isinstance(x.inputs[0], Node) else None


def _unspread(node: Node) -> tuple[Any, Any]:
    """The operands, one of them as it was before it was broadcast, if the other has the full shape anyway."""
    a, b = node.inputs
    full = np.shape(node.value)
    if isinstance(a, Node) and a.op is broadcast_to and np.shape(value_of(b)) == full:
        return a.inputs[0], b
    if isinstance(b, Node) and b.op is broadcast_to and np.shape(value_of(a)) == full:
        return a, b.inputs[0]
    return a, b


def _if_changed(node: Node, *inputs: Any) -> Node | None:
    same = all(x is y for x, y in zip(inputs, node.inputs, strict=True))
    return None if same else _made(primitive_of(node), inputs, node)


def _unchanged(walk: _Walk, node: Node) -> Node | None:
    """For an operation that only arranges or converts: nothing to do if shape and dtype stay."""
    return _same(node.inputs[0], node)


def _reshape(walk: _Walk, node: Node) -> Node | None:
    (x,) = node.inputs
    if _same(x, node) is not None:
        return _same(x, node)
    if x.op is reshape:
        return _made(reshape, x.inputs, node, shape=np.shape(node.value))
    return None


def _permute(walk: _Walk, node: Node) -> Node | None:
    (x,) = node.inputs
    n = np.ndim(node.value)
    axes = [a % n for a in node.params["axes"]]
    if axes == list(range(n)):
        return _same(x, node)
    if x.op is permute_dims:
        return _made(permute_dims, x.inputs, node, axes=tuple(x.params["axes"][a] % n for a in axes))
    return None


def _cast(walk: _Walk, node: Node) -> Node | None:
    return _same(node.inputs[0], node)


RULES: dict[Primitive, Rule] = {
    add: _add,
    subtract: _subtract,
    multiply: _multiply,
    divide: _divide,
    pow: _pow,
    negative: _negative,
    guarded_product: _guarded,
    positive: _unchanged,
    stop: _unchanged,
    copy: _unchanged,
    cast: _cast,
    discrete: _cast,
    sum_to: _unchanged,
    broadcast_to: _unchanged,
    reshape: _reshape,
    permute_dims: _permute,
}


# --- for the eye: ``a * -b`` and ``-a * b`` are ``-(a * b)``, bit for bit, and then perhaps part of a difference ------


def _signs_out(plain: Rule) -> Rule:
    def rule(walk: _Walk, node: Node) -> Node | None:
        simpler = plain(walk, node)
        if simpler is not None or node.value.dtype.kind != "f":
            return simpler
        bare = [_without_sign(walk, x) for x in node.inputs]
        signs = sum(b is not None for b in bare)
        if not signs:
            return None
        inputs = tuple(x if b is None else b for x, b in zip(node.inputs, bare, strict=True))
        inner = step(primitive_of(node), inputs, node.params, -node.value if signs == 1 else node.value, node)
        inner = walk.placed(inner)
        return inner if signs == 2 else _made(negative, (inner,), node)

    return rule


def _without_sign(walk: _Walk, x: Any) -> Any:
    """What a negative operand is the negative of; None if it is no such thing."""
    if isinstance(x, Node) and x.op is negative:
        return x.inputs[0]
    value = value_of(x)
    if walk.varies(x) or isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.ndarray):
        return None
    if np.asarray(value).dtype.kind != "f" and type(value) is not int:
        return None
    below = np.size(value) and bool(np.all(np.less(value, 0)))
    return None if not below else constant(-value, x) if isinstance(x, Node) else -value


def _matmul(walk: _Walk, node: Node) -> Node | None:
    """A product with nothing but zeros, such as the first state of a recurrent network."""
    for x, y in (node.inputs, node.inputs[::-1]):
        if _is(y, 0, walk) and isinstance(x, Node) and of(x, walk.facts).finite:
            return _zeros(walk, node)
    return None


READING: dict[Primitive, Rule] = {
    matmul: _matmul,
    multiply: _signs_out(_multiply),
    divide: _signs_out(_divide),
    guarded_product: _signs_out(_guarded),
}
