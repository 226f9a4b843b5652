"""Matrix products by the tiles of `tiles`: which of them, in what order, for given sizes and strides."""

from __future__ import annotations

import math
import os
from typing import NamedTuple

from .planner import Planner
from .tiles import ROOM, WIDTH, lanes
from .values import View

FEW = 32  # rows; with no more than these the BLAS spends most of its time on preparations
LIGHT = 10_000_000  # multiplications; up to these its threads cost more than they save
MEDIUM = 100_000_000  # multiplications; a program with no larger product leaves the BLAS alone, and has our threads
HEAVY = 2_000_000  # multiplications, from which on a product is cut into parts
MANY = 512  # rows, for which it pays to copy the other operand
PARTS = 4
CHUNK = 64  # terms of a sum that are added up before the next columns
CACHE = 1 << 19  # bytes of an operand that stay at hand while it is walked over again


class Shape(NamedTuple):
    """Sizes of one product, and how far rows and columns are apart in each operand."""

    m: int
    k: int
    n: int
    bits: int


def suits(m: int, k: int, n: int, all_by_tiles: bool) -> bool:
    """Whether the tiles are the faster ones; `all_by_tiles`: in a program that can do without the BLAS.

    That was measured with registers of 64 bytes; elsewhere the BLAS may have instructions that are not ours.
    """
    alone = all_by_tiles and WIDTH == 64 and os.name == "posix"
    return min(m, n) <= FEW or m * k * n <= (MEDIUM if alone else LIGHT)


def by_tiles(low: Planner, a: View, b: View, c: View, s: Shape, note: str) -> int:
    """``c = a @ b`` for stacks of matrices, columns of `b` and `c` side by side in memory. Gives the step's number.

    Or the rows of `c` side by side, where `whole`.
    """
    position = 0
    for left, right, out, part in _in_parts(a, b, c, s):
        lines, pad, parts = _stack(left, right, out, part)
        turned = out.strides[-1] != 1 and part.n > 1
        ldc = out.strides[-1 if turned else -2]
        lines += [pad + line for line in _blocks(part, left.strides[-2:], right.strides[-2], ldc, turned)]
        position = _called(low, lines, [left, right, out], part, note, parts)
    return position


def _called(low: Planner, lines: list[str], views: list[View], s: Shape, note: str, parts: int) -> int:
    return low.call(lines, views, note, shared=True, parts=parts, work=_work(views[2], s)).position


def whole(s: Shape) -> bool:
    """Whether sums are made in one go, in registers."""
    return s.k * s.n * s.bits // 8 <= CACHE


def _in_parts(a: View, b: View, c: View, s: Shape) -> list[tuple[View, View, View, Shape]]:
    """A large product as a stack of products of some rows or columns each, and a product for what is left over."""
    rows, columns = s.m // PARTS // 8 * 8, s.n // PARTS // (4 * lanes(s.bits)) * (4 * lanes(s.bits))
    if math.prod(c.shape[:-2]) != 1 or not heavy(s) or not max(rows, columns):
        return [(a, b, c, s)]
    if rows >= columns:
        first = stacked(a, -2, rows), stacked(b, -2, 0), stacked(c, -2, rows), s._replace(m=rows)
        rest = beyond(a, -2, PARTS * rows), b, beyond(c, -2, PARTS * rows), s._replace(m=s.m - PARTS * rows)
    else:
        first = stacked(a, -1, 0), stacked(b, -1, columns), stacked(c, -1, columns), s._replace(n=columns)
        rest = a, beyond(b, -1, PARTS * columns), beyond(c, -1, PARTS * columns), s._replace(n=s.n - PARTS * columns)
    return [first, rest] if min(rest[3].m, rest[3].n) else [first]


def stacked(x: View, axis: int, count: int) -> View:
    """A matrix as a stack of `PARTS` that have `count` of its rows or columns each; 0: each has all."""
    shape = list(x.shape[-2:])
    shape[axis] = count or shape[axis]
    return View(x.buffer, (PARTS, *shape), (count * x.strides[axis], *x.strides[-2:]), x.offset)


def beyond(x: View, axis: int, start: int) -> View:
    """The rows or columns of a matrix from `start` on."""
    shape = list(x.shape[-2:])
    shape[axis] -= start
    return View(x.buffer, tuple(shape), x.strides[-2:], x.offset + start * x.strides[axis])


def heavy(s: Shape) -> bool:
    """Whether a product is worth cutting into `PARTS`, for several threads."""
    return s.m * s.k * s.n >= HEAVY


def _work(c: View, s: Shape) -> int:
    """Multiplications of a stack of products."""
    return math.prod(c.shape[:-2]) * s.m * s.k * s.n


def _stack(a: View, b: View, c: View, s: Shape) -> tuple[list[str], str, int]:
    """Loops over a stack of matrices, and where the three at hand begin: `a`, `b` and `c`. A large stack is shared."""
    lines, pad, at = [], "", ["", "", ""]
    shared = _work(c, s) >= HEAVY
    parts = 1
    for axis, count in enumerate(c.shape[:-2]):
        if count == 1:
            continue
        if parts == 1 and shared and count >= PARTS:
            lines.append(f"{pad}for b{axis} in range(part * {count} // {PARTS}, (part + 1) * {count} // {PARTS}):")
            parts = PARTS
        else:
            lines.append(f"{pad}for b{axis} in range({count}):")
        shared = False
        pad += "    "
        for which, view in enumerate((a, b, c)):
            if view.strides[axis]:
                at[which] += f" + {view.strides[axis]} * b{axis}"
    for which, name in enumerate("abc"):
        lines.append(
            f"{pad}{name} = " + (f"shifted({{{which}}}, {text[3:]})" if (text := at[which]) else f"{{{which}}}")
        )
    return lines, pad, parts


def _blocks(s: Shape, a: tuple[int, ...], ldb: int, ldc: int, turned: bool) -> list[str]:
    """The loops over blocks of the sum, of columns and of rows."""
    if whole(s):
        return _columns(s, a, ldb, ldc, s.k, 2 if turned else 1, "")
    assert not turned
    chunk = min(CHUNK, s.k)
    lines = _columns(s, a, ldb, ldc, chunk, 1, "")
    full = s.k - s.k % chunk
    lines.append(f"for k in range({chunk}, {full}, {chunk}):")
    lines += ["    " + line for line in _columns(s, a, ldb, ldc, chunk, 0, "k")]
    if rest := s.k - full:
        lines.append(f"k = {full}")
        lines += _columns(s, a, ldb, ldc, rest, 0, "k")
    return lines


def _columns(s: Shape, a: tuple[int, ...], ldb: int, ldc: int, length: int, fresh: int, k: str) -> list[str]:
    """All columns: as many registers at a time as leave room for rows, then what is left."""
    count = lanes(s.bits)
    vectors = min(-(-s.n // count), 4)
    wide = vectors * count
    whole = s.n - s.n % wide
    lines = []
    if whole:
        lines.append(f"for j in range(0, {whole}, {wide}):")
        lines += ["    " + x for x in _rows(s, a, ldb, ldc, length, fresh, k, "j", vectors, 0)]
    if rest := s.n - whole:
        lines.append(f"j = {whole}")
        lines += _rows(s, a, ldb, ldc, length, fresh, k, "j", -(-rest // count), rest % count)
    return lines


def _rows(
    s: Shape, a: tuple[int, ...], ldb: int, ldc: int, length: int, fresh: int, k: str, j: str, vectors: int, tail: int
) -> list[str]:
    """All rows of some columns: equal blocks as far as that goes."""
    most = max(1, min(ROOM // vectors, 12))
    blocks = -(-s.m // most)
    rows = -(-s.m // blocks)
    whole = s.m - s.m % rows
    down, along = a

    def call(i: str, r: int, ahead: int = 0) -> str:
        start = " + ".join(f"{i} * {down}" if p == "i" else f"k * {along}" for p in ("i", k) if p and (p == "k" or i))
        left = f"shifted(a, {start})" if start else "a"
        right = f"shifted(b, k * {ldb} + {j})" if k else f"shifted(b, {j})"
        turned = fresh == 2
        row = f"{i} * {1 if turned else ldc} + " if i else ""
        place = f"shifted(c, {row}{j}{f' * {ldc}' if turned else ''})"
        where = f"{left}, {down}, {along}, {right}, 0, {ldb}, {place}, {ldc}"
        return f"tile({where}, {length}, {r}, {vectors}, {tail}, {fresh}, {ahead})"

    ahead = length if length < s.k else 0  # the next block of the sum
    if blocks == 1:
        return [call("", s.m, ahead)]
    lines = [call("", rows, ahead), f"for i in range({rows}, {whole}, {rows}):", "    " + call("i", rows)]
    if s.m - whole:
        lines += [f"i = {whole}", call("i", s.m - whole)]
    return lines


def by_dots(low: Planner, a: View, b: View, c: View, s: Shape, note: str) -> int:
    """``c = a @ b`` where the sum runs along memory in both operands, and is long."""
    lda, ldb, ldc = a.strides[-2], b.strides[-1], c.strides[-2]
    lines, pad, parts = _stack(a, b, c, s)
    rows, columns = min(4, s.m), min(6, s.n)
    for i, m, r in _cut(s.m, rows):
        lines.append(f"{pad}for i in range({i}, {m}, {r}):")
        for j, n, w in _cut(s.n, columns):
            lines.append(f"{pad}    for j in range({j}, {n}, {w}):")
            where = f"shifted(a, i * {lda}), {lda}, shifted(b, j * {ldb}), {ldb}, shifted(c, i * {ldc} + j), {ldc}"
            lines.append(f"{pad}        dots({where}, {s.k}, {r}, {w}, 1)")
    return _called(low, lines, [a, b, c], s, note, parts)


def _cut(n: int, step: int) -> list[tuple[int, int, int]]:
    """``range(begin, end, step)`` for the whole steps, and one for the rest."""
    whole = n - n % step
    parts: list[tuple[int, int, int]] = [(0, whole, step)] if whole else []
    return [*parts, (whole, n, n - whole)] if n - whole else parts
