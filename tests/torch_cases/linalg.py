"""Linear algebra: products, Einstein sums, norms, inverses, determinants and factorisations.

Factors are compared through functions of them that no free sign can change.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_course as tg

from ..samples.linalg import MATMUL
from ._case import Case, torch

ours, theirs = tg.linalg, torch.linalg
rng = np.random.default_rng(59)
SPREAD = 0.15 * rng.uniform(-1, 1, (2, 4, 4)) + np.eye(4) * np.arange(1, 5)
A, STACK = SPREAD[0], SPREAD
TALL = 0.15 * rng.uniform(-1, 1, (2, 4, 3)) + np.eye(4, 3) * np.arange(1, 4)
WIDE = TALL[0].T.copy()
SIGNS = np.diag([1.0, -2.0, 3.0, -4.0]) + 0.1


def draw(*shape: int) -> Any:
    return np.asarray(rng.uniform(-1, 1, shape))


# --- products ---------------------------------------------------------------------------------------------------------

EINSUM: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,jk->ik", ((2, 3), (3, 4))), ("ij,jk", ((2, 3), (3, 4))), ("bij,bjk->bik", ((5, 2, 3), (5, 3, 4))),
    ("i,j->ij", ((3,), (4,))), ("i,i->", ((3,), (3,))), ("ii->", ((3, 3),)), ("ii->i", ((3, 3),)), ("ij->", ((2, 3),)),
    ("ij->ji", ((2, 3),)), ("ij->j", ((2, 3),)), ("...ij,...jk->...ik", ((2, 1, 2, 3), (5, 3, 4))),
    ("...i,i->...", ((2, 4, 3), (3,))), ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 2))), ("ij,ij->i", ((2, 3), (2, 3))),
    ("bhqd,bhkd->bhqk", ((2, 2, 3, 4), (2, 2, 5, 4))), ("i,ij,j", ((3,), (3, 4), (4,))), ("ij,k->ikj", ((2, 3), (4,))),
    ("iij->j", ((3, 3, 2),)),
]  # fmt: skip
TENSORDOT: list[tuple[tuple[int, ...], tuple[int, ...], Any]] = [
    ((2, 3), (3, 4), 1), ((2, 3, 4), (3, 4, 2), 2), ((2, 3, 4), (4, 5, 3), ([1, 2], [2, 0])), ((2, 3), (4,), 0),
]  # fmt: skip
PRODUCTS = [
    *(Case("matmul", tg.matmul, torch.matmul, (draw(*a), draw(*b))) for a, b in MATMUL),
    *(Case("@ itself", lambda a: a @ a @ a, lambda a: a @ a @ a, (A,), order=3) for _ in (0,)),
    *(Case("einsum", lambda *a, s: tg.einsum(s, *a), lambda *a, s: torch.einsum(s, *a), tuple(draw(*x) for x in shapes),
           {"s": s}) for s, shapes in EINSUM),
    *(Case("tensordot", tg.tensordot, lambda a, b, axes: torch.tensordot(a, b, dims=axes),
           (draw(*a), draw(*b)), {"axes": axes}) for a, b, axes in TENSORDOT),
    Case("dot", tg.dot, torch.dot, (draw(3), draw(3))), Case("vdot", tg.vdot, torch.vdot, (draw(3), draw(3))),
    Case("inner", tg.inner, torch.inner, (draw(2, 1, 4), draw(5, 3, 4))),
    Case("outer", tg.outer, torch.outer, (draw(3), draw(4))),
    *(Case("kron", tg.kron, torch.kron, (draw(*a), draw(*b)))
      for a, b in [((2, 3), (3, 2)), ((2,), (2, 3)), ((2,), (3,))]),
    Case("cross", ours.cross, theirs.cross, (draw(2, 1, 3), draw(2, 4, 3))),
    Case("vecdot", ours.vecdot, theirs.vecdot, (draw(2, 1, 3), draw(4, 3))),
    Case("multi_dot", lambda *a: tg.multi_dot(a), lambda *a: theirs.multi_dot(a), (draw(4), draw(4, 2), draw(2, 5))),
]  # fmt: skip

# --- norms ------------------------------------------------------------------------------------------------------------

NORMS = [
    *(Case("norm", ours.norm, theirs.norm, (draw(3, 4), o),
           {"axis": 1, **k})
      for o in (None, 0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf) for k in ({}, {"keepdims": True})),
    *(Case("norm", ours.norm, theirs.norm, (x, o), p)
      for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
      for x, p in ((TALL[0], {}), (STACK, {"axis": (1, 2)}), (STACK, {"axis": (2, 0), "keepdims": True}))
      if not (o in (2, -2, "nuc") and p.get("keepdims"))),
    Case("norm", ours.norm, theirs.norm, (draw(2, 3, 4),)),
    Case("norm", ours.norm, theirs.norm, (np.zeros(3),), order=1, note="at 0"),
    *(Case("norm", ours.norm, theirs.norm, (np.array([2.0, -2.0, 1.0]), o), order=1, note="ties")
      for o in (np.inf, -np.inf, 1)),
    *(Case("norm", ours.norm, theirs.norm, (np.array([0.0, 2.0, -1.0]), o), order=k,
           note="a zero among others") for o, k in ((0.5, 1), (1, 2), (1.5, 1), (2, 2), (3, 2), (-1, 1))),
    Case("vector_norm", ours.vector_norm, theirs.vector_norm, (draw(2, 3, 4),), {"axis": (0, 2), "ord": 3}),
    Case("matrix_norm", ours.matrix_norm, theirs.matrix_norm, (STACK,), {"keepdims": True}),
]  # fmt: skip

# --- inverses, determinants, factors ----------------------------------------------------------------------------------


def symmetric(a: Any) -> Any:
    return (a + a.mT) / 2


def on_eigh(lib: Any, a: Any) -> tuple[Any, Any]:
    """Eigenvalues, and a function of the matrix, V f(L) V^T."""
    values, vectors = lib.eigh(symmetric(a))
    return values, (vectors * values[..., None, :] ** 3) @ vectors.mT


def on_svd(lib: Any, a: Any) -> tuple[Any, Any]:
    u, s, vh = lib.svd(a, full_matrices=False)
    return s, (u * s[..., None, :] ** 2) @ vh


SQUARE: list[tuple[str, Any]] = [("a", A), ("stack", STACK), ("negative det", SIGNS)]
CASES = PRODUCTS + NORMS + [
    *(Case(name, getattr(ours, name), getattr(theirs, name), (a,), order=3, note=note)
      for name in ("inv", "det", "slogdet") for note, a in SQUARE),
    *(Case("det", ours.det, theirs.det, (a,), order=1, note=note)
      for note, a in (("rank 1 of 3", np.ones((3, 3))), ("0", np.zeros((3, 3))))),
    *(Case("solve", ours.solve, theirs.solve, (a, b), order=3)
      for a, b in ((A, draw(4)), (A, draw(4, 2)), (STACK, draw(2, 4, 3)), (STACK, draw(5, 1, 4, 3)),
                   (A, draw(2, 4, 1)))),
    *(Case("cholesky", lambda a, **p: ours.cholesky(a @ a.mT, **p), lambda a, **p: theirs.cholesky(a @ a.mT, **p),
           (a,), p, note=note) for note, a in SQUARE for p in ({}, {"upper": True})),
    *(Case("eigh", lambda a: on_eigh(ours, a), lambda a: on_eigh(theirs, a), (a,), note=note) for note, a in SQUARE),
    *(Case("eigvalsh", lambda a: ours.eigvalsh(symmetric(a)), lambda a: theirs.eigvalsh(symmetric(a)), (a,), note=note)
      for note, a in SQUARE),
    *(Case("svd", lambda a: on_svd(ours, a), lambda a: on_svd(theirs, a), (a,), note=note)
      for note, a in (("square", A), ("tall", TALL), ("wide", WIDE))),
    *(Case("svdvals", ours.svdvals, theirs.svdvals, (a,), note=note)
      for note, a in (("square", A), ("tall", TALL), ("wide", WIDE))),
    *(Case("qr", lambda a: tuple(ours.qr(a)), lambda a: tuple(theirs.qr(a)), (a,), note=note)
      for note, a in (("square", A), ("tall", TALL), ("wide", WIDE))),
    *(Case("pinv", ours.pinv, theirs.pinv, (a,), note=note)
      for note, a in (("tall", TALL), ("wide", WIDE), ("square", A))),
    *(Case("matrix_power", ours.matrix_power, theirs.matrix_power, (a, n))
      for a in (A, STACK / 4) for n in (-2, -1, 0, 1, 2, 5)),
]  # fmt: skip
