"""Matrix products for shapes that a BLAS is slow at: few rows, or a sum so short that its preparations cost more.

Two blocks of code on whole vector registers, written for given sizes. Both keep a rectangle of the result in registers
while they walk along the sum:

- `tile`: a few rows of A times some vectors of columns of B; the rows of B lie in memory one after the other, or
  wherever a table says (the windows of a convolution: no copy of them is made);
- `dots`: a few rows of A with a few rows of B, when the sum runs along memory in both.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_features = llvm.get_host_cpu_features()
WIDTH = 64 if _features.get("avx512f") else 32 if _features.get("avx2") else 16  # bytes in a register
ROOM = 24 if WIDTH == 64 else 12  # registers for the result, the rest is for operands
I64, I1 = ir.IntType(64), ir.IntType(1)


def lanes(bits: int) -> int:
    """How many numbers of so many bits are in a register."""
    return WIDTH * 8 // bits


class _Vectors:
    """Vector code for one float type: loads and stores of which the last may be partial."""

    def __init__(self, builder: Any, bits: int) -> None:
        self.builder = builder
        self.bits = bits
        self.number = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.count = lanes(bits)
        self.vector = ir.VectorType(self.number, self.count)
        self.zero = ir.Constant(self.vector, [0.0] * self.count)

    def at(self, p: Any, index: Any) -> Any:
        return self.builder.gep(p, [index])

    def constant(self, n: int) -> Any:
        return ir.Constant(I64, n)

    def _masked(self, kind: str, tail: int) -> tuple[Any, Any]:
        mask = ir.Constant(ir.VectorType(I1, self.count), [int(i < tail) for i in range(self.count)])
        name = f"llvm.masked.{kind}.v{self.count}f{self.bits}.p0"
        return mask, name

    def load(self, p: Any, tail: int = 0) -> Any:
        """A register of numbers from `p` on, only the first `tail` of them if that is not 0."""
        b = self.builder
        wide = b.bitcast(p, self.vector.as_pointer())
        if not tail:
            return b.load(wide, align=self.bits // 8)
        mask, name = self._masked("load", tail)
        shape = ir.FunctionType(self.vector, [self.vector.as_pointer(), ir.IntType(32), mask.type, self.vector])
        function = _declared(b.module, name, shape)
        return b.call(function, [wide, ir.Constant(ir.IntType(32), self.bits // 8), mask, self.zero])

    def store(self, value: Any, p: Any, tail: int = 0) -> None:
        b = self.builder
        wide = b.bitcast(p, self.vector.as_pointer())
        if not tail:
            b.store(value, wide, align=self.bits // 8)
            return
        mask, name = self._masked("store", tail)
        shape = ir.FunctionType(ir.VoidType(), [self.vector, self.vector.as_pointer(), ir.IntType(32), mask.type])
        function = _declared(b.module, name, shape)
        b.call(function, [value, wide, ir.Constant(ir.IntType(32), self.bits // 8), mask])

    def store_turned(self, sums: list[Any], rows: int, widths: list[int], p: Any, apart: Any) -> None:
        """Put columns of a block of registers into memory one after the other, `apart` from each other."""
        b, i32 = self.builder, ir.IntType(32)
        kind = ir.VectorType(self.number, rows)
        for j, width in enumerate(widths):
            for lane in range(width):
                column = ir.Constant(kind, ir.Undefined)
                for i in range(rows):
                    number = b.extract_element(sums[i * len(widths) + j], ir.Constant(i32, lane))
                    column = b.insert_element(column, number, ir.Constant(i32, i))
                place = self.at(p, b.mul(self.constant(j * self.count + lane), apart))
                b.store(column, b.bitcast(place, kind.as_pointer()), align=self.bits // 8)

    def fetch(self, p: Any) -> None:
        """Ask for the memory at `p` to be brought near."""
        i32 = ir.IntType(32)
        byte = ir.IntType(8).as_pointer()
        function = _declared(
            self.builder.module, "llvm.prefetch.p0", ir.FunctionType(ir.VoidType(), [byte, i32, i32, i32])
        )
        place = self.builder.bitcast(p, byte)
        self.builder.call(function, [place, ir.Constant(i32, 0), ir.Constant(i32, 3), ir.Constant(i32, 1)])

    def spread(self, p: Any) -> Any:
        """The number at `p` in every lane."""
        b = self.builder
        one = b.insert_element(ir.Constant(self.vector, ir.Undefined), b.load(p), ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), self.count), [0] * self.count)
        return b.shuffle_vector(one, ir.Constant(self.vector, ir.Undefined), mask)

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        b = self.builder
        return b.fadd(b.fmul(x, y, flags=["contract"]), z, flags=["contract"])

    def added(self, v: Any) -> Any:
        """The sum of the lanes: halves on halves."""
        b, n = self.builder, self.count
        none = ir.Constant(self.vector, ir.Undefined)
        while n > 1:
            n //= 2
            order = [*range(n, 2 * n), *range(self.count - n)]
            mask = ir.Constant(ir.VectorType(ir.IntType(32), self.count), order)
            v = b.fadd(v, b.shuffle_vector(v, none, mask))
        return b.extract_element(v, ir.Constant(ir.IntType(32), 0))


def _declared(module: Any, name: str, shape: Any) -> Any:
    found = module.globals.get(name)
    return found if found is not None else ir.Function(module, shape, name)


def _loop(builder: Any, count: Any, step: int, start: list[Any], body: Any) -> list[Any]:
    """``for i in range(0, count, step)`` with values that are carried along in registers."""
    before = builder.block
    head = builder.append_basic_block("head")
    work = builder.append_basic_block("work")
    after = builder.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    i = builder.phi(I64)
    i.add_incoming(ir.Constant(I64, 0), before)
    carried = [builder.phi(v.type) for v in start]
    for phi, v in zip(carried, start, strict=True):
        phi.add_incoming(v, before)
    builder.cbranch(builder.icmp_signed("<", i, count), work, after)
    builder.position_at_end(work)
    new = body(i, carried)
    following = builder.add(i, ir.Constant(I64, step))
    end = builder.block
    builder.branch(head)
    i.add_incoming(following, end)
    for phi, v in zip(carried, new, strict=True):
        phi.add_incoming(v, end)
    builder.position_at_end(after)
    return carried


def _bits(p: Any) -> int:
    return 64 if p.dtype == types.float64 else 32


@intrinsic(prefer_literal=True)
def tile(
    typing: Any, a: Any, down: Any, along: Any, b: Any, table: Any, ldb: Any, c: Any, ldc: Any, k: Any, rows: Any,
    vectors: Any, tail: Any, fresh: Any, ahead: Any,
) -> Any:  # fmt: skip
    """``c = a @ b`` (or ``c += a @ b`` unless `fresh`) for `rows` rows and `vectors` registers of columns.

    ``a[i, t]`` is at ``a + i * down + t * along``; row t of b begins at ``b + t * ldb``, or at ``b + table[t]`` if
    `ldb` is 0. The last register has `tail` numbers (0: it is full). What is `ahead` rows further on in b is fetched
    into the cache meanwhile (0: nothing is). If `fresh` is 2, the transposed result is stored.
    """
    bits, r, v = _bits(a), rows.literal_value, vectors.literal_value
    distance, turned = ahead.literal_value, fresh.literal_value == 2
    last, first, listed = (
        tail.literal_value,
        fresh.literal_value,
        isinstance(ldb, types.Literal) and not ldb.literal_value,
    )

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pa, s_down, s_along, pb, p_table, s_b, pc, s_c, count = args[:9]
        vec = _Vectors(builder, bits)
        part = [last if last and j == v - 1 else 0 for j in range(v)]
        places = []
        for i in range(r):
            row = vec.at(pc, builder.mul(vec.constant(i), s_c))
            places += [vec.at(row, vec.constant(j * vec.count)) for j in range(v)]
        start = [vec.zero if first else vec.load(p, part[n % v]) for n, p in enumerate(places)]
        a_rows = [vec.at(pa, builder.mul(vec.constant(i), s_down)) for i in range(r)]

        def body(t: Any, sums: list[Any]) -> list[Any]:
            offset = builder.load(vec.at(p_table, t)) if listed else builder.mul(t, s_b)
            row = vec.at(pb, offset)
            right = [vec.load(vec.at(row, vec.constant(j * vec.count)), part[j]) for j in range(v)]
            if distance:
                later = vec.at(row, builder.mul(vec.constant(distance), s_b))
                for j in range(v):
                    vec.fetch(vec.at(later, vec.constant(j * vec.count)))
            step = builder.mul(t, s_along)
            new = []
            for i in range(r):
                left = vec.spread(vec.at(a_rows[i], step))
                new += [vec.fma(left, right[j], sums[i * v + j]) for j in range(v)]
            return new

        sums = _loop(builder, count, 1, start, body)
        for n, (p, total) in enumerate(zip(places, sums, strict=True)):
            if not turned:
                vec.store(total, p, part[n % v])
        if turned:
            vec.store_turned(sums, r, [last if last and j == v - 1 else vec.count for j in range(v)], pc, s_c)
        return context.get_dummy_value()

    whole = types.int64
    kinds = (a, whole, whole, b, table, ldb if listed else whole, c, whole, whole, rows, vectors, tail, fresh, ahead)
    return types.void(*kinds), code


@intrinsic(prefer_literal=True)
def dots(
    typing: Any, a: Any, lda: Any, b: Any, ldb: Any, c: Any, ldc: Any, k: Any, rows: Any, columns: Any, fresh: Any
) -> Any:
    """``c = a @ b.T`` (or ``c += ...`` unless `fresh`) for `rows` rows of a and `columns` rows of b, `k` long."""
    bits, r, s = _bits(a), rows.literal_value, columns.literal_value
    length, first = k.literal_value, fresh.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pa, s_a, pb, s_b, pc, s_c = args[:6]
        vec = _Vectors(builder, bits)
        a_rows = [vec.at(pa, builder.mul(vec.constant(i), s_a)) for i in range(r)]
        b_rows = [vec.at(pb, builder.mul(vec.constant(j), s_b)) for j in range(s)]
        full, rest = length - length % vec.count, length % vec.count

        def body(t: Any, sums: list[Any], tail: int = 0) -> list[Any]:
            right = [vec.load(vec.at(p, t), tail) for p in b_rows]
            new = []
            for i in range(r):
                left = vec.load(vec.at(a_rows[i], t), tail)
                new += [vec.fma(left, right[j], sums[i * s + j]) for j in range(s)]
            return new

        sums = _loop(builder, vec.constant(full), vec.count, [vec.zero] * (r * s), body)
        if rest:
            sums = body(vec.constant(full), sums, rest)
        for n, total in enumerate(sums):
            place = vec.at(vec.at(pc, builder.mul(vec.constant(n // s), s_c)), vec.constant(n % s))
            number = vec.added(total)
            builder.store(number if first else builder.fadd(builder.load(place), number), place)
        return context.get_dummy_value()

    whole = types.int64
    return types.void(a, whole, b, whole, c, whole, k, rows, columns, fresh), code
