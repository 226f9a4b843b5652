"""Matrix products: a few multiplications are written out, small ones are loops, the others go to the BLAS."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.node import Node
from .lowering import Lowering, lazy, rule, supported
from .planner import Unsupported
from .reductions import combined, reduced
from .shapes import permuted, reshape
from .skinny import CHUNK, FEW, PARTS, beyond, by_dots, by_tiles, heavy, stacked, suits, whole
from .skinny import Shape as Sizes
from .tiles import lanes
from .values import Buffer, Index, Value, View, broadcast_strides, packed

UNROLLED = 4  # products in a sum that are written out where they are needed
LONG = 32  # registers along a sum from which adding up their lanes at the end is cheap
FLOPS = 30_000  # from here on the BLAS is faster than a loop, its call included


@rule("matmul")
def _matmul(low: Lowering, node: Node) -> Value:
    a, b = low.operands(node)
    dtype = supported(node.value)
    if dtype.kind != "f" or a.dtype != dtype or b.dtype != dtype:
        raise Unsupported(f"matmul of {a.dtype} and {b.dtype}")
    a2 = reshape(low, a, (1, *a.shape)) if len(a.shape) == 1 else a
    b2 = reshape(low, b, (*b.shape, 1)) if len(b.shape) == 1 else b
    batch = np.broadcast_shapes(a2.shape[:-2], b2.shape[:-2])
    m, k, n = a2.shape[-2], a2.shape[-1], b2.shape[-1]
    y = _oriented(low, a2, b2, dtype, node) if batch == () else product(low, a2, b2, batch, m, k, n, dtype, node)
    return reshape(low, y, np.shape(node.value))


def _oriented(low: Lowering, a: Value, b: Value, dtype: Any, node: Node) -> Value:
    """``a @ b`` of two matrices; the transposed product if only that is needed, and columns of `a` lie in memory."""
    (m, k), n = a.shape, b.shape[1]
    turned = all(x is not None and x.op is low.known["permute_dims"] for x in low.users[node])
    if turned and 2 * m * k * n >= FLOPS and k > UNROLLED and low.memory(a).strides[0] == 1 and m > 1:
        left, right = (permuted(low, x, (1, 0)) for x in (b, a))
        return permuted(low, product(low, left, right, (), n, k, m, dtype, node), (1, 0))
    return product(low, a, b, (), m, k, n, dtype, node)


@rule("term of a sum")
def _awaited(low: Lowering, node: Node) -> Value:
    """One of the products that `_sum_of_products` does together, or an addition of some: nobody else reads it."""
    if node.op is low.known["matmul"]:
        for x in low.operands(node):
            low.memory(x)
    return Value(np.shape(node.value), supported(node.value))


@rule("sum of products")
def _sum_of_products(low: Lowering, node: Node) -> Value:
    """``a @ b + c @ d + ...`` as one product of factors that lie beside each other."""
    pairs = [low.operands(term) for term in low.sums[node]]
    pairs.sort(key=lambda pair: [low.memory(x).offset for x in reversed(pair)])  # that of parts of one memory
    left, right = (_beside(low, [pair[i] for pair in pairs], 1 - i) for i in (0, 1))
    return _oriented(low, left, right, supported(node.value), node)


def _beside(low: Lowering, factors: list[Value], axis: int) -> Value:
    """Matrices joined along an axis: a view of them where they lie at equal distances, else a copy."""
    views, dtype = [low.memory(x) for x in factors], factors[0].dtype
    first, some, count = views[0], views[len(views) // 2], len(views)
    size = first.shape[axis]
    shape = tuple(n * count if a == axis else n for a, n in enumerate(first.shape))
    if views == [replace(first, offset=first.offset + i * size * first.strides[axis]) for i in range(count)]:
        return Value(shape, dtype, view=replace(first, shape=shape), ready=max(x.ready for x in factors))
    assert dtype is not None
    order = (axis, 1 - axis) if some.strides[axis] >= some.strides[1 - axis] else (1 - axis, axis)
    whole = packed(Buffer(dtype, math.prod(shape)), shape, order)
    for i, x in enumerate(factors):
        low.put(x, View(whole.buffer, first.shape, whole.strides, i * size * whole.strides[axis]))
    return Value(shape, dtype, view=whole, ready=len(low.steps) - 1)


def product(
    low: Lowering, a: Value, b: Value, batch: tuple[int, ...], m: int, k: int, n: int, dtype: Any, node: Node
) -> Value:
    """``a @ b`` with matrices (m, k) and (k, n) in stacks that broadcast to `batch`."""
    shape = (*batch, m, n)
    if k <= UNROLLED and a.cost <= 8 and b.cost <= 8:
        return _written_out(low, a, b, shape, k, dtype)
    if math.prod(shape) == 0 or k == 0:
        raise Unsupported("a matrix product with no elements")
    if 2 * m * k * n < FLOPS and 2 * math.prod(shape) * k < 40 * FLOPS:
        return _as_sum(low, a, b, batch, m, k, n, dtype)
    how = _by_tiles if suits(m, k, n, low.all_by_tiles) else _by_blas
    return how(low, a, b, batch, m, k, n, dtype, node)


def _written_out(low: Lowering, a: Value, b: Value, shape: tuple[int, ...], k: int, dtype: Any) -> Value:
    """A sum of `k` products, written down wherever an element is needed. Costly operands are put into memory first."""
    for x in (a, b):
        low.memory(x)

    def define(loop: Any, index: Index) -> str:
        *batch, i, j = index
        terms = []
        for step in range(k):
            at = type(i)((), step)
            left = loop.read(a, _within(a, batch, i, at))
            right = loop.read(b, _within(b, batch, at, j))
            terms.append(f"{left} * {right}")
        return str(loop.let(" + ".join(terms)))

    return lazy(define, shape, dtype, 2 * k, [])


def _within(x: Value, batch: Any, i: Any, j: Any) -> Index:
    """The index of an element of one matrix in a stack that broadcasts."""
    stack = x.shape[:-2]
    outer = list(batch)[len(batch) - len(stack) :]
    found = [at if n != 1 else type(i)() for at, n in zip(outer, stack, strict=True)]
    rows, columns = x.shape[-2:]
    return (*found, i if rows != 1 else type(i)(), j if columns != 1 else type(j)())


def _as_sum(low: Lowering, a: Value, b: Value, batch: Any, m: int, k: int, n: int, dtype: Any) -> Value:
    """A loop over rows, columns and the sum, which operands that are not in memory yet may join."""
    for x in (a, b):
        if x.cost > 4:
            low.memory(x)
    left = reshape(low, a, (*a.shape, 1))
    right = reshape(low, b, (*b.shape[:-2], 1, k, n))
    both = combined("{0} * {1}", [left, right], (*batch, m, k, n), dtype, 1)
    total = reduced(low, both, "sum", (len(batch) + 1,), dtype)
    return reshape(low, total, (*batch, m, n))


# --- the BLAS ---------------------------------------------------------------------------------------------------------


def _matrix(low: Lowering, x: Value) -> tuple[View, bool, int]:
    """A stack of matrices in memory that the BLAS can read: where, whether transposed, and the leading dimension."""
    view = low.memory(x)
    found = _leading(view)
    if found is None:
        copied = lazy(lambda loop, index: loop.let(loop.read(x, index)), x.shape, x.dtype, 1, [x])
        x.ready = max(x.ready, -1)
        view = low.memory(copied)
        found = _leading(view)
    assert found is not None
    return view, *found


def _leading(view: View) -> tuple[bool, int] | None:
    """Whether the last two axes lie transposed, and the distance of rows; None if the BLAS cannot read them."""
    (rows, columns), (down, across) = view.shape[-2:], view.strides[-2:]
    if (across == 1 or columns == 1) and (down >= columns or rows == 1):
        return False, max(down, columns, 1)
    if (down == 1 or rows == 1) and (across >= rows or columns == 1):
        return True, max(across, rows, 1)
    return None


def _by_tiles(low: Lowering, a: Value, b: Value, batch: Any, m: int, k: int, n: int, dtype: Any, node: Node) -> Value:
    """By code of our own: see `skinny`."""
    bits = dtype.itemsize * 8
    left, right = low.memory(a), low.memory(b)
    neighbours = right.strides[-1] == 1 or n == 1
    along = right.strides[-2] == 1 and left.strides[-1] == 1
    flat = math.prod(batch) == 1
    shape = (*batch, m, n)
    buffer = Buffer(dtype, math.prod(shape))
    if not neighbours and along and k >= LONG * lanes(bits) and suits(m, k, n, False):
        out = packed(buffer, shape)
        wide = broadcast_strides(left, (*batch, m, k)), broadcast_strides(right, (*batch, k, n))
        return Value(shape, dtype, view=out, ready=by_dots(low, *wide, out, Sizes(m, k, n, bits), node.where))
    if not neighbours and flat and (m <= FEW < n or (2 * m <= n and whole(Sizes(n, k, m, bits)))):
        # The transposed product: its columns are the few rows.
        turned, sizes = _turned(low, a), Sizes(n, k, m, bits)
        last = len(batch)
        out = packed(buffer, shape, None if whole(sizes) else (*range(last), last + 1, last))
        ready = by_tiles(low, _swapped(right), low.memory(turned), _swapped(out), sizes, node.where)
        return Value(shape, dtype, view=out, ready=ready)
    if not neighbours:
        right = low.memory(lazy(lambda loop, index: loop.let(loop.read(b, index)), b.shape, dtype, 1, [b]))
    sizes = Sizes(m, k, n, bits)
    if flat and heavy(sizes) and k >= max(n, PARTS * CHUNK) and 4 * PARTS * m * n <= (m + n) * k:
        return reshape(low, _sum_in_parts(low, (a, left), (b, right), sizes, dtype, node.where), shape)
    out = packed(buffer, shape)
    wide = broadcast_strides(left, (*batch, m, k)), broadcast_strides(right, (*batch, k, n))
    return Value(shape, dtype, view=out, ready=by_tiles(low, *wide, out, sizes, node.where))


def _sum_in_parts(
    low: Lowering, a: tuple[Value, View], b: tuple[Value, View], s: Sizes, dtype: Any, note: str
) -> Value:
    """A product with a long sum as several with a part of the sum each, which are added up."""
    length = s.k // PARTS
    out = packed(Buffer(dtype, PARTS * s.m * s.n), (PARTS, s.m, s.n))
    parts = stacked(a[1], -1, length), stacked(b[1], -2, length), out
    ready = by_tiles(low, *parts, s._replace(k=length), note)
    total = reduced(low, Value(out.shape, dtype, view=out, ready=ready), "sum", (0,), dtype)
    total = reshape(low, total, (s.m, s.n))
    if s.k == PARTS * length:
        return total
    ends = beyond(a[1], -1, PARTS * length), beyond(b[1], -2, PARTS * length)
    left, right = (Value(v.shape, dtype, view=v, ready=x.ready) for (x, _), v in zip((a, b), ends, strict=True))
    rest = _written_out(low, left, right, (s.m, s.n), s.k - PARTS * length, dtype)
    return combined("{0} + {1}", [total, rest], (s.m, s.n), dtype, 1)


def _swapped(view: View) -> View:
    """Each matrix transposed."""
    order = [*range(len(view.shape) - 2), len(view.shape) - 1, len(view.shape) - 2]
    return View(view.buffer, tuple(view.shape[i] for i in order), tuple(view.strides[i] for i in order), view.offset)


def _turned(low: Lowering, a: Value) -> Value:
    """Each matrix of `a` transposed, and laid out that way."""
    seen = permuted(low, a, (*range(len(a.shape) - 2), len(a.shape) - 1, len(a.shape) - 2))
    return lazy(lambda loop, index: loop.let(loop.read(seen, index)), seen.shape, seen.dtype, 1, [seen])


def _by_blas(low: Lowering, a: Value, b: Value, batch: Any, m: int, k: int, n: int, dtype: Any, node: Node) -> Value:
    left, left_t, lda = _matrix(low, a)
    right, right_t, ldb = _matrix(low, b)
    out = Value((*batch, m, n), dtype, view=packed(low.new(node, (*batch, m, n)).view.buffer, (*batch, m, n)))  # type: ignore[union-attr]
    assert out.view is not None
    gemm = f"gemm{dtype.itemsize * 8}"
    sizes = f"{m}, {n}, {k}"
    left, right = broadcast_strides(left, (*batch, m, k)), broadcast_strides(right, (*batch, k, n))
    lines, pad, at = [], "", {0: "", 1: "", 2: ""}
    for axis, count in enumerate(batch):
        if count == 1:
            continue
        lines.append(f"{pad}for b{axis} in range({count}):")
        pad += "    "
        for which, view in enumerate((left, right, out.view)):
            if view.strides[axis]:
                at[which] += f" + {view.strides[axis]} * b{axis}"
    names = [f"shifted({{{w}}}, {text[3:]})" if (text := at[w]) else f"{{{w}}}" for w in range(3)]
    one, zero = f"{dtype}(1.0)", f"{dtype}(0.0)"
    lines.append(
        f"{pad}{gemm}({int(left_t)}, {int(right_t)}, {sizes}, {one}, {names[0]}, {lda}, {names[1]}, {ldb}, "
        f"{zero}, {names[2]}, {n})"
    )
    step = low.call(lines, [left, right, out.view], node.where, shared=bool(pad))
    out.ready = step.position
    return out
