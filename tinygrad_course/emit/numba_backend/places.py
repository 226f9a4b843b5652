"""What is known before the first step is lowered: which results belong together, which products are added up.

A part of a `stack` or `concat` is computed where the whole will be, so that nothing is copied. A sum of matrix
products, ``a @ b + c @ d``, is one product, ``[a c] @ [b; d]``: such sums are the gradients of weights that every step
of a recurrent network uses.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

import numpy as np

from ...core.node import Node
from ...core.primitive import Primitive
from ..program import Program, value_of
from .skinny import FEW, LIGHT, MANY, MEDIUM
from .values import Buffer, View, packed

JOINS = "concat", "stack"


def places(program: Program, known: dict[str, Primitive]) -> dict[Node, View]:
    """Memory for joined results and, within it, for the parts that the program computes."""
    found: dict[Node, View] = {}
    joins = {known[name] for name in JOINS if name in known}
    steps = {*program.steps}
    for node in reversed(program.steps):
        if node.op not in joins or not np.size(node.value):
            continue
        whole = found.get(node)
        if whole is None:
            shape = np.shape(node.value)
            whole = found[node] = packed(Buffer(node.value.dtype, math.prod(shape)), shape)
        for x, part in zip(node.inputs, parts_of(node, whole), strict=True):
            if isinstance(x, Node) and x in steps and x.value.dtype == node.value.dtype:
                found.setdefault(x, part)
    return found


def parts_of(node: Node, whole: View) -> list[View]:
    """Where each operand of a `stack` or `concat` lies within the result."""
    assert node.op is not None
    axis = node.params["axis"] % len(whole.shape)
    step = whole.strides[axis]
    if node.op.name == "stack":
        shape, strides = (s[:axis] + s[axis + 1 :] for s in (whole.shape, whole.strides))
        return [View(whole.buffer, shape, strides, whole.offset + i * step) for i in range(whole.shape[axis])]
    shapes = [np.shape(value_of(x)) for x in node.inputs]
    begins = accumulate((shape[axis] for shape in shapes), initial=0)
    return [
        View(whole.buffer, shape, whole.strides, whole.offset + begin * step)
        for shape, begin in zip(shapes, begins, strict=False)
    ]


Users = dict[Node, list[Node | None]]


def sums_of_products(
    program: Program, known: dict[str, Primitive], users: Users
) -> tuple[dict[Node, list[Node]], set[Node]]:
    """For the last addition of each sum its products; and all nodes that are nowhere needed but in such a sum."""
    terms: dict[Node, list[Node]] = {}
    for node in program.steps:
        if node.op is known.get("matmul") and _worth(node) and len(users[node]) == 1:
            terms[node] = [node]
        elif node.op is known.get("add") and all(_only_here(x, node, terms, users) for x in node.inputs):
            short, long = sorted((terms[x] for x in node.inputs), key=len)
            if _sizes(short[0]) == _sizes(long[0]):
                long.extend(short)
                for x in node.inputs:
                    del terms[x]
                terms[node] = long
    sums = {node: found for node, found in terms.items() if len(found) > 1}
    inside = {node for found in sums.values() for node in found}
    for node in reversed(program.steps):
        if node in sums or (node in inside and node.op is known["add"]):
            inside.update(node.inputs)
    return sums, inside


def _only_here(x: Any, node: Node, terms: dict[Node, list[Node]], users: Users) -> bool:
    return isinstance(x, Node) and x in terms and users[x] == [node]


def suit_tiles(program: Program, known: dict[str, Primitive]) -> bool:
    """Whether the program can do without the BLAS: no product is very large, or has to copy much of an operand.

    A matrix that is transposed on the right is copied, which pays where there are many rows on the left.
    """
    for node in program.steps:
        if node.op is not known.get("matmul"):
            continue
        (a, b), shape = node.inputs, np.shape(node.value)
        if len(shape) < 2 or min(shape[-2:]) <= FEW:
            continue
        m, n, k = shape[-2], shape[-1], np.shape(value_of(a))[-1]
        copied = isinstance(b, Node) and b.op is not None and b.op is known.get("permute_dims")
        if m * k * n > (LIGHT if copied and m < MANY else MEDIUM):
            return False
    return True


def _sizes(product: Node) -> tuple[Any, ...]:
    a, b = product.inputs
    return (*np.shape(value_of(a)), np.shape(value_of(b))[-1], product.value.dtype)


def _worth(product: Node) -> bool:
    """Whether to put the factors beside each other is less work than to add up the products."""
    a, b = map(value_of, product.inputs)
    if np.ndim(a) != 2 or np.ndim(b) != 2 or not a.dtype == b.dtype == product.value.dtype:
        return False
    (m, k), n = a.shape, b.shape[1]
    return bool(a.dtype.kind == "f" and k > 4 and m * k * n >= 15_000 and k * (m + n) <= m * n)
