"""Samples of linear algebra: products, Einstein sums, norms, inverses, determinants and factorisations.

Factors with free signs are wrapped so that the result does not depend on them; functions of symmetric matrices get
the symmetric part of what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_course.ops import decompositions as factors
from tinygrad_course.ops import inverses, matrices, norms
from tinygrad_course.ops import linalg as products
from tinygrad_course.ops.einsum import einsum

from ._sample import Sample

rng = np.random.default_rng(13)


def draw(*shape: int) -> Any:
    """Uniform random float64 numbers in [-1, 1]."""
    return rng.uniform(-1, 1, shape)


def regular(*shape: int) -> Any:
    """Square matrices far from singular."""
    return 0.4 * draw(*shape) + 1.5 * np.eye(shape[-1])


def spread(*shape: int) -> Any:
    """Matrices whose singular values are about 1, 2, 3, ...; symmetric parts of square ones have such eigenvalues."""
    return 0.15 * draw(*shape) + np.eye(*shape[-2:]) * np.arange(1, shape[-1] + 1)


def symmetric(a: Any) -> Any:
    """The symmetric part of `a`."""
    return 0.5 * (a + a.mT)


def of_rank(rank: int, n: int) -> Any:
    """A square matrix of the given rank."""
    return draw(n, rank) @ draw(rank, n)


# --- products ---------------------------------------------------------------------------------------------------------

MATMUL = [
    ((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,)),
    ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 2)),
    ((6, 5, 2, 3), (5, 3, 4)), ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((2, 3), (3, 0)), ((5, 2, 0), (0, 4)),
    ((0, 2, 3), (3, 4)), ((0,), (0,)), ((1, 1), (1, 1)),
]  # fmt: skip
TENSORDOT = [
    ((2, 3), (3, 4), 1), ((2, 3, 4), (3, 4, 2), 2), ((2, 3), (4,), 0), ((2, 3, 4), (4, 5, 3), ([1, 2], [2, 0])),
    ((2, 3, 4), (5, 3), (-2, 1)), ((0, 3), (3, 2), 1), ((2, 3), (2, 3), 2),
]  # fmt: skip
PAIRED: list[tuple[Callable[..., Any], str, list[tuple[Any, Any]]]] = [
    (products.dot, "matmul", [((3,), (3,)), ((2, 3), (3, 4)), ((2, 3, 4), (4,))]),
    (products.dot, "multiply", [((), (2, 3)), ((2,), ())]),
    (products.dot, "einsum", [((2, 3, 4), (5, 4, 2)), ((4,), (5, 4, 2))]),
    (products.inner, "einsum", [((3,), (3,)), ((2, 3), (4, 3)), ((2, 1, 3), (4, 3))]),
    (products.inner, "multiply", [((2, 3), ())]),
    (products.vdot, "matmul", [((3,), (3,)), ((2, 3), (3, 2)), ((0,), (0,))]),
    (products.outer, "reshape", [((3,), (4,)), ((2, 2), (3,)), ((0,), (3,))]),
    (products.kron, "reshape", [((2,), (3,)), ((2, 3), (3, 2)), ((2,), (2, 3)), ((), (2,)), ((0, 2), (2, 2))]),
    (products.vecdot, "sum", [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3))]),
    (products.cross, "einsum", [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3))]),
]


def product_samples() -> Iterator[Sample]:
    """Products of every pair of shapes that NumPy takes."""
    for a, b in MATMUL:
        yield Sample("matmul", products.matmul, (draw(*a), draw(*b)))
    yield Sample("matmul", lambda a: products.matmul(a, a), (draw(3, 3),), note="same_twice")
    for a, b, axes in TENSORDOT:
        yield Sample("einsum", products.tensordot, (draw(*a), draw(*b)), {"axes": axes}, note="tensordot")
    for f, op, shapes in PAIRED:
        for a, b in shapes:
            args = tuple(draw(*s) if s else np.float64(0.7) for s in (a, b))
            yield Sample(op, f, args, note=f.__name__)
    yield Sample("sum", products.vecdot, (draw(3, 2), draw(3, 2)), {"axis": 0}, note="vecdot")
    yield Sample("einsum", products.cross, (draw(3, 2), draw(3, 2)), {"axis": 0}, note="cross")
    chain = (draw(4), draw(4, 2), draw(2, 5), draw(5, 3))
    yield Sample("einsum", lambda *a: products.multi_dot(a), chain, note="multi_dot")


# --- Einstein sums ----------------------------------------------------------------------------------------------------

EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("ij,kj->ki", (2, 3), (4, 3)), ("ij->ji", (2, 3)),
    ("ba", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->ji", (3, 3, 2)),
    ("iii->", (2, 2, 2)), ("ijij->i", (2, 3, 2, 3)), ("i,i", (3,), (3,)), ("i,j", (2,), (3,)), ("i,i->i", (3,), (3,)),
    ("ij,ij->i", (2, 3), (2, 3)), ("ij,jk->k", (2, 3), (3, 4)), ("ij,k->k", (2, 3), (4,)), ("ii,ij->j", (3, 3), (3, 2)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("bij,jk->bki", (5, 2, 3), (3, 4)),
    ("bi,bij,bj->b", (5, 2), (5, 2, 3), (5, 3)),
    ("...ij,...jk->...ik", (5, 2, 3), (3, 4)), ("...i,...i", (5, 1, 3), (4, 3)), ("i...->...", (3, 2, 4)),
    ("...,...", (2, 3), (3,)), ("...->", ()), (",ij->ij", (), (2, 3)), ("...ii->...i", (2, 3, 3)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("ab,bc,cd,de->ae", (2, 3), (3, 2), (2, 4), (4, 3)),
    ("ij,ij->ij", (2, 1), (2, 3)), ("ij,jk->ik", (2, 1), (3, 4)), ("i,i->", (1,), (3,)), ("i,ij->", (3,), (1, 2)),
    ("ij,jk->ik", (0, 3), (3, 4)), ("ij,jk->ik", (2, 0), (0, 4)), ("ii->", (0, 0)),
    ("bij,bjk->bik", (0, 2, 3), (0, 3, 4)),
    ("ijk,jil->kl", (2, 3, 4), (3, 2, 5)), ("a,b,c->", (2,), (3,), (2,)), ("i,i,i->i", (3,), (3,), (3,)),
    ("aB,Bc->ac", (2, 3), (3, 2)),
]  # fmt: skip


def einsum_samples() -> Iterator[Sample]:
    """Implicit and explicit outputs, ellipses, diagonals, operands summed away, stretched axes, empty ones."""
    for subscripts, *shapes in EINSUM:
        args = tuple(draw(*s) if s else np.float64(0.7) for s in shapes)
        yield Sample("einsum", lambda *a, s=subscripts: einsum(s, *a), args, note=subscripts)
    abc = (draw(2, 3), draw(3, 4), draw(4, 2))
    for optimize in (False, "optimal", ["einsum_path", (1, 2), (0, 1)]):
        yield Sample("einsum", lambda *a, o=optimize: einsum("ij,jk,kl->il", *a, optimize=o), abc, note=f"{optimize}")
    yield Sample("einsum", lambda a, b: einsum(a, [0, 1], b, [1, 2], [2, 0]), abc[:2], note="lists")
    yield Sample("einsum", lambda a: einsum("ij,ij->", a, a), abc[:1], note="same_twice")


# --- norms ------------------------------------------------------------------------------------------------------------


def norm_samples() -> Iterator[Sample]:
    """Every order that has a derivative, over some axes."""
    x = np.array([[0.5, -1.2, 0.8], [1.7, 0.3, -0.9]])
    for ord in (2, 3, 1.5, -1, 0.5):
        for axis in (None, 0, -1):
            yield Sample("norm", norms.vector_norm, (x,), {"ord": ord, "axis": axis})
    yield Sample("norm", norms.vector_norm, (x,), {"axis": (0, 1), "keepdims": True})
    for ord, op in ((1, "sum"), (0, "sum"), (np.inf, "max"), (-np.inf, "min")):
        yield Sample(op, norms.norm, (x,), {"ord": ord, "axis": 1, "keepdims": True})
    stack = spread(2, 4, 3)
    yield Sample("norm", norms.norm, (stack,))
    yield Sample("norm", norms.norm, (stack,), {"keepdims": True})
    yield Sample("norm", norms.norm, (x[0],), note="vector")
    for ord, op in (("fro", "norm"), ("nuc", "svd"), (2, "svd"), (-2, "svd"), (1, "max"), (-1, "min"), (np.inf, "max")):
        yield Sample(op, norms.norm, (stack,), {"ord": ord, "axis": (1, 2)})
        yield Sample(op, norms.norm, (stack,), {"ord": ord, "axis": (2, 0), "keepdims": True})
        yield Sample(op, norms.norm, (stack[0],), {"ord": ord})
    yield Sample("norm", norms.norm, (np.empty((0, 3)),), {"axis": 0}, note="empty")


# --- inverses and determinants ----------------------------------------------------------------------------------------

SQUARE = [(3, 3), (1, 1), (2, 3, 3), (2, 1, 2, 2), (0, 0), (0, 2, 2)]
SOLVE = [
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((3, 3), (2, 3, 2)),
    ((2, 3, 3), (3, 2)), ((1, 3, 3), (2, 3, 1)), ((0, 0), (0,)), ((3, 3), (3, 0)),
]  # fmt: skip


def inverse_samples() -> Iterator[Sample]:
    """Square systems, alone and in stacks; determinants also of singular matrices."""
    for shape in SQUARE:
        yield Sample("inv", inverses.inv, (regular(*shape),))
        yield Sample("det", inverses.det, (regular(*shape),))
        yield Sample("cofactors", inverses.cofactors, (regular(*shape),))
        yield Sample("cofactor_slope", inverses.cofactor_slope, (regular(*shape), draw(*shape)))
        yield Sample("slogdet", inverses.slogdet, (-regular(*shape),))
        yield Sample("identity_like", inverses.identity_like, (draw(*shape),))
    for n, rank in ((3, 2), (3, 1), (3, 0), (4, 3), (4, 2)):
        yield Sample("det", inverses.det, (of_rank(rank, n),), note=f"rank{rank}")
    for a, b in SOLVE:
        yield Sample("solve", inverses.solve, (regular(*a), draw(*b)))
    for n in (2, 5, -1, -3):
        yield Sample("matmul" if n > 1 else "inv", inverses.matrix_power, (regular(2, 3, 3),), {"n": n}, (0,), "power")
    yield Sample("identity_like", inverses.matrix_power, (regular(3, 3),), {"n": 0}, note="power")
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3)):
        yield Sample("pinv", inverses.pinv, (spread(*shape),))
    yield Sample("pinv", lambda a, b: inverses.pinv(a @ b, rtol=1e-4), (draw(4, 2), draw(2, 3)), note="rank2")


# --- factorisations ---------------------------------------------------------------------------------------------------


def definite(a: Any) -> Any:
    """A positive definite matrix."""
    return symmetric(a) + 2 * np.eye(a.shape[-1], dtype=a.dtype)


def eigen_parts(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues, and the elementwise square of the eigenvectors, which has no free sign."""
    w, v = factors.eigh(symmetric(a), UPLO)
    return w, v * v


def svd_parts(a: Any) -> Any:
    """Singular values, and the products of singular vectors that have no free sign."""
    u, s, vh = factors.svd(a, full_matrices=False)
    return u * u, s, vh * vh, u @ vh


def eigen_function(a: Any) -> Any:
    """A function of a symmetric matrix through its eigenvalues."""
    w, v = factors.eigh(symmetric(a))
    return matrices.scaled_columns(v, w * w * w) @ v.mT


def factor_samples() -> Iterator[Sample]:
    """Well separated eigenvalues and singular values; equal ones where no single vector is used."""
    for shape in SQUARE:
        a = 0.3 * draw(*shape)
        yield Sample("cholesky", lambda x: factors.cholesky(definite(x)), (a,))
        yield Sample("cholesky", lambda x: factors.cholesky(definite(x), upper=True), (a,), note="upper")
        yield Sample("eigh", eigen_parts, (spread(*shape),))
        yield Sample("eigh", eigen_function, (spread(*shape),), note="function")
        yield Sample("eigh", lambda x: factors.eigvalsh(symmetric(x), "U"), (spread(*shape),), note="values")
        yield Sample("qr", factors.qr, (spread(*shape),))
        yield Sample("svd", svd_parts, (spread(*shape),))
    yield Sample("eigh", eigen_parts, (spread(3, 3),), {"UPLO": "U"})
    equal = np.diag([1.0, 2.0, 2.0])
    yield Sample("pick", lambda x: factors.eigh(symmetric(x)).eigenvectors[..., 0] ** 2, (equal,), note="other_vector")
    for shape in ((4, 2), (2, 4), (2, 4, 3), (2, 2, 3), (0, 2), (2, 0)):
        yield Sample("svd", svd_parts, (spread(*shape),))
        yield Sample("pick", lambda x: factors.svd(x).S, (spread(*shape),), note="full")
        yield Sample("svd", factors.svdvals, (spread(*shape),), note="values")
        yield Sample("qr", factors.qr, (spread(*shape),))
    yield Sample("qr", lambda x: factors.qr(x, "r"), (spread(4, 3),), note="r")
    yield Sample("qr", lambda x: factors.qr(x, "complete"), (spread(3, 3),), note="complete")
    yield Sample("coincident", matrices.coincident, (np.array([[1.0, 1.0, 2.0], [1.0, 2.0, 2.0]]),))
    yield Sample("negligible", matrices.negligible, (np.array([[1.0, 0.5, 1e-20], [1.0, 1.0, 1.0]]),), {"size": 3})


SAMPLES = [
    *product_samples(),
    *einsum_samples(),
    *norm_samples(),
    *inverse_samples(),
    *factor_samples(),
]
