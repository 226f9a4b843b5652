"""Linear algebra: values as NumPy's, wording of errors, and what happens at degenerate points."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.errors import GraphError, LinAlgError, ShapeError
from tinygrad_course.ops import einsum as einsums
from tinygrad_course.ops import linalg as products

from .numeric import slope
from .samples.linalg import EINSUM, MATMUL, TENSORDOT

rng = np.random.default_rng(3)
A = rng.uniform(-1, 1, (3, 3)) + 2 * np.eye(3)
STACK = rng.uniform(-1, 1, (2, 4, 3))
SYMMETRIC = A @ A.T


def draw(shape: tuple[int, ...]) -> Any:
    return rng.uniform(-1, 1, shape)


def gradient(f: Any, x: Any) -> Any:
    """The gradient at `x` of the number f(x)."""
    t = tg.Tensor(x, requires_grad=True)
    f(t).backward()
    return t.grad


def equal(ours: Any, theirs: Any) -> None:
    ours = ours if isinstance(ours, tuple) else (ours,)
    theirs = theirs if isinstance(theirs, tuple) else (theirs,)
    for a, b in zip(ours, theirs, strict=True):
        a = a.value if isinstance(a, tg.Tensor) else a
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


# --- values -----------------------------------------------------------------------------------------------------------

LINALG_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("inv", (A,), {}), ("det", (A,), {}), ("slogdet", (A,), {}), ("solve", (A, draw((3,))), {}),
    ("solve", (np.stack([A, A]), draw((2, 3, 1))), {}), ("cholesky", (SYMMETRIC,), {}),
    ("cholesky", (SYMMETRIC,), {"upper": True}), ("eigh", (SYMMETRIC,), {}), ("eigh", (A,), {"UPLO": "U"}),
    ("eigvalsh", (A,), {}), ("svd", (STACK,), {}), ("svd", (STACK,), {"full_matrices": False}),
    ("svd", (STACK,), {"compute_uv": False}), ("svd", (SYMMETRIC,), {"hermitian": True}), ("svdvals", (STACK,), {}),
    ("qr", (STACK,), {}), ("qr", (STACK,), {"mode": "complete"}), ("qr", (STACK[0],), {"mode": "r"}),
    ("qr", (STACK.mT,), {}), ("pinv", (STACK,), {}), ("pinv", (A,), {"rcond": 0.5}), ("pinv", (A,), {"rtol": 0.5}),
    ("pinv", (SYMMETRIC,), {"hermitian": True}), ("cross", (draw((2, 3)), draw((3,))), {}),
    ("cross", (draw((3, 2)), draw((3, 2))), {"axis": 0}), ("vecdot", (draw((4, 3)), draw((2, 1, 3))), {}),
    ("outer", (draw((2,)), draw((3,))), {}), ("multi_dot", ([draw((3,)), draw((3, 4)), draw((4, 2))],), {}),
    ("multi_dot", ([draw((3, 2)), draw((2, 4)), draw((4,))],), {}), ("multi_dot", ([draw((3,)), A, draw((3,))],), {}),
    ("vector_norm", (STACK,), {"axis": (0, 2), "ord": 3}), ("matrix_norm", (STACK,), {"keepdims": True}),
    ("norm", (STACK,), {}), ("norm", (STACK,), {"keepdims": True}), ("norm", ([3.0, 4.0],), {}),
    ("norm", (np.array([3, 4]),), {}), ("norm", (np.empty((0,)),), {}), ("norm", (np.empty((0, 2)),), {"axis": 0}),
    *[("matrix_power", (A,), {"n": n}) for n in (-3, -1, 0, 1, 2, 7)],
    *[("norm", (STACK,), {"ord": o, "axis": 1, "keepdims": k})
      for o in (None, 0, 1, 2, 3, 0.5, -1, -2, np.inf, -np.inf) for k in (False, True)],
    *[("norm", (STACK,), {"ord": o, "axis": a, "keepdims": k})
      for o in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf) for a in ((0, 1), (2, 0)) for k in (False, True)],
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "params"), LINALG_CALLS)
def test_linalg_gives_the_values_of_numpy(name: str, args: tuple[Any, ...], params: dict[str, Any]) -> None:
    theirs = getattr(np.linalg, name)(*args, **params)
    equal(getattr(tg.linalg, name)(*args, **params), theirs)
    if name != "multi_dot":
        equal(getattr(tg.linalg, name)(*[tg.Tensor(a) for a in args], **params), theirs)


PRODUCTS = [
    *[("matmul", a, b, {}) for a, b in MATMUL],
    *[("tensordot", a, b, {"axes": axes}) for a, b, axes in TENSORDOT],
    *[(name, a, b, {}) for name in ("dot", "inner") for a, b in [((), (2,)), ((3,), (3,)), ((2, 3), (3, 3))]],
    ("dot", (2, 3, 4), (5, 4, 2), {}), ("inner", (2, 1, 4), (5, 3, 4), {}), ("vdot", (2, 3), (3, 2), {}),
    *[("kron", a, b, {}) for a, b in [((2,), (3,)), ((2, 3), (3, 2)), ((2,), (2, 3)), ((2, 1, 2), (3,)), ((), (2,))]],
    ("outer", (2, 3), (4,), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "b", "params"), PRODUCTS)
def test_products_give_the_values_of_numpy(name: str, a: Any, b: Any, params: dict[str, Any]) -> None:
    x, y = draw(a), draw(b)
    theirs = getattr(np, name)(x, y, **params)
    equal(getattr(products, name)(x, y, **params), theirs)
    equal(getattr(products, name)(tg.Tensor(x), y, **params), theirs)


@pytest.mark.parametrize(("subscripts", "shapes"), [(s, shapes) for s, *shapes in EINSUM])
def test_einsum_gives_the_values_of_numpy(subscripts: str, shapes: list[Any]) -> None:
    operands = [draw(s) for s in shapes]
    equal(einsums.einsum(subscripts, *operands), np.asarray(np.einsum(subscripts, *operands))[()])


def test_gradients_of_a_matrix_product_are_the_two_products() -> None:
    a, b = tg.Tensor(STACK[0], requires_grad=True), tg.Tensor(A, requires_grad=True)
    g = draw((4, 3))
    (a @ b).backward(g)
    np.testing.assert_array_equal(a.grad, g @ A.T)
    np.testing.assert_array_equal(b.grad, STACK[0].T @ g)


# --- degenerate points ------------------------------------------------------------------------------------------------

EQUAL_VALUES = [np.eye(3), np.diag([1.0, 2.0, 2.0]), np.zeros((3, 3)), np.ones((3, 3))]


@pytest.mark.parametrize("x", EQUAL_VALUES)
def test_values_alone_are_differentiable_where_they_coincide(x: Any) -> None:
    np.testing.assert_allclose(gradient(lambda a: tg.linalg.eigvalsh(a).sum(), x), np.eye(3), atol=1e-12)
    assert np.all(np.isfinite(gradient(lambda a: tg.linalg.svdvals(a).sum(), x)))


@pytest.mark.parametrize("name", ["eigh", "svd"])
def test_vectors_of_equal_values_are_refused(name: str) -> None:
    with pytest.raises(GraphError, match=f"{name}: the derivative of vectors that belong to equal values"):
        gradient(lambda a: (getattr(tg.linalg, name)(a)[0 if name == "svd" else 1] * A).sum(), np.eye(3))


def test_vectors_of_a_singular_value_of_zero_are_refused() -> None:
    x = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(GraphError, match="svd: the derivative of vectors that belong to a singular value of 0"):
        gradient(lambda a: (tg.linalg.svd(a, full_matrices=False).U * A[:, :2]).sum(), x)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, 2, -2, np.inf, -np.inf])
def test_norms_at_zero_have_gradient_zero(ord: Any) -> None:
    np.testing.assert_array_equal(gradient(lambda x: tg.linalg.norm(x, ord), np.zeros((2, 3))), 0)


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 1.5, 0.5, -1, np.inf, -np.inf])
def test_vector_norms_at_zero_have_gradient_zero(ord: Any) -> None:
    np.testing.assert_array_equal(gradient(lambda x: tg.linalg.norm(x, ord), np.zeros(3)), 0)


def test_norm_of_order_below_one_is_flat_at_its_cusps() -> None:
    np.testing.assert_array_equal(gradient(lambda x: tg.linalg.norm(x, 0.5), np.array([0.0, 1.0])), [0.0, 1.0])


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize("ord", [2, 3, 1.5])
def test_norms_do_not_overflow_or_vanish(scale: float, ord: float) -> None:
    x = np.array([3.0, 4.0])
    expected = np.linalg.norm(x, ord)
    np.testing.assert_allclose(tg.linalg.norm(x * scale, ord) / scale, expected, rtol=1e-12)
    direction = gradient(lambda t: tg.linalg.norm(t, ord), x)
    np.testing.assert_allclose(gradient(lambda t: tg.linalg.norm(t, ord), x * scale), direction, rtol=1e-12)


def test_norm_of_infinite_or_missing_numbers() -> None:
    assert tg.linalg.norm([np.inf, 1.0]) == np.inf
    assert np.isnan(tg.linalg.norm([np.nan, 1.0]))


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@pytest.mark.parametrize("n", [1, 3, 4])
def test_det_has_first_and_second_derivatives_at_any_rank(n: int, rank: int) -> None:
    x, u, v = draw((n, min(rank, n))) @ draw((min(rank, n), n)), draw((n, n)), draw((n, n))
    first = gradient(tg.linalg.det, x)
    np.testing.assert_allclose((first * u).sum(), slope(lambda t: np.linalg.det(x + t * u)), atol=1e-9)
    second = tg.hvp(tg.linalg.det, (x,), (u,))
    numeric = slope(lambda t: (gradient(tg.linalg.det, x + t * u) * v).sum())
    np.testing.assert_allclose((second * v).sum(), numeric, atol=1e-9)


# --- errors -----------------------------------------------------------------------------------------------------------

E, L = einsums.einsum, tg.linalg
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
HOLED = np.array([[1.0, np.nan], [0.0, 1.0]])

REFUSED: list[tuple[Any, str]] = [
    (lambda: products.matmul(STACK, A[:2]), r"matmul: a is \(2, 4, 3\) but b is \(2, 3\); the inner sizes 3 and 2"),
    (lambda: products.matmul(A, 2.0), r"matmul: a is \(3, 3\) but b is \(\); both need at least one axis, use \*"),
    (lambda: products.matmul(draw((2, 3, 3)), draw((4, 3, 3))), r"the leading axes \(2,\) and \(4,\) do not broadcast"),
    (lambda: products.tensordot(A, STACK, 2), r"tensordot: axis 0 of a \(shape \(3, 3\)\) has size 3 but axis 0"),
    (lambda: products.tensordot(A, A, 3), r"tensordot: axes=3 is more than a of shape \(3, 3\)"),
    (lambda: products.tensordot(A, A, ([0, 1], [0])), r"pairs 2 axes of a with 1 of b"),
    (lambda: products.vdot(A, A[0]), r"vdot: a has 9 elements \(shape \(3, 3\)\) but b has 3"),
    (lambda: products.vecdot(A, A[:, :2]), r"vecdot: the vectors along axis -1 have sizes 3 and 2"),
    (lambda: products.cross(A, A[:, :2]), r"cross: x1 is \(3, 3\) and x2 is \(3, 2\); both need 3 elements"),
    (lambda: L.multi_dot([A, A[:2], A]), r"multi_dot: arrays 0 and 1 are \(3, 3\) and \(2, 3\); the inner sizes"),
    (lambda: L.multi_dot([A, A[0], A]), r"multi_dot: array 1 has shape \(3,\); it must be a matrix"),
    (lambda: L.multi_dot([A]), "multi_dot: at least two arrays are needed, got 1"),
    (lambda: E("ij,jk", A), r"einsum: 'ij,jk' is for 2 operands, but 1 were given"),
    (lambda: E("ij,jk", A, A[0]), r"einsum: 'jk' names 2 axes, but operand 1 has shape \(3,\)"),
    (lambda: E("i", A), r"einsum: 'i' names 1 axes, but operand 0 has shape \(3, 3\); write '...'"),
    (lambda: E("ij,jk", A, A[:2]), r"'j' is 3 in operand 0 \('ij', shape \(3, 3\)\) but 2"),
    (lambda: E("ii", A[:1]), r"'i' is 1 in operand 0 \('ii', shape \(1, 3\)\) but 3 in operand 0"),
    (lambda: E("ij->ijk", A), "the output of 'ij->ijk' names 'k', which no operand has"),
    (lambda: E("ij->iij", A), "the output of 'ij->iij' has 'i' twice"),
    (lambda: E("...i->i", A), r"the output of '...i->i' must say '...' too, for the 1 axes"),
    (lambda: E("i1,jk", A, A), "einsum: 'i1' of operand 0 may hold letters and one '...' only"),
    (lambda: E(A, "ij", A, [1, 2]), r"einsum: 'ij' is no list of axis numbers"),
    (lambda: L.norm(A, "max"), "matrix_norm: ord='max' is no order of a matrix norm; choose None, 'fro', 'nuc'"),
    (lambda: L.norm(A[0], "fro"), r"norm: ord='fro' is for matrices; along axis 0 x of shape \(3,\) has vectors"),
    (lambda: L.norm(STACK, 2), r"norm: axis=None of x, shape \(2, 4, 3\): give one axis for vectors or two"),
    (lambda: L.norm(A, axis=2), "norm: axis 2 is out of bounds"),
    (lambda: L.vector_norm(A, ord="nuc"), "vector_norm: ord='nuc' must be a number, inf or -inf"),
    (lambda: L.qr(A, "raw"), "qr: mode='raw' must be 'reduced', 'complete' or 'r'"),
    (lambda: L.eigh(A, "X"), "eigh: UPLO='X' must be 'L'"),
    (lambda: L.matrix_power(A[:2], 2), r"matrix_power: a is \(2, 3\); its last two sizes 2 and 3 must be equal"),
]  # fmt: skip

REFUSED_MATRICES: list[tuple[Any, str]] = [
    (lambda: L.inv(A[:2]), r"inv: a is \(2, 3\); its last two sizes 2 and 3 must be equal, or use pinv"),
    (lambda: L.inv(SINGULAR), r"inv: a of shape \(2, 2\) is singular: its rank is 1, its size 2; use pinv, or add"),
    (lambda: L.inv(np.stack([np.eye(2), SINGULAR])), r"inv: matrix \[1\] of a, shape \(2, 2, 2\), is singular"),
    (lambda: L.inv(A[0]), r"inv: a has shape \(3,\); a matrix needs two axes"),
    (lambda: L.solve(SINGULAR, [1.0, 2.0]), r"solve: a of shape \(2, 2\) is singular"),
    (lambda: L.det(A[:2]), r"det: a is \(2, 3\); its last two sizes 2 and 3 must be equal"),
    (lambda: L.cholesky(-SYMMETRIC), r"cholesky: a of shape \(3, 3\) is not positive definite \(its lower"),
    (lambda: L.svd(HOLED), r"svd: a of shape \(2, 2\) holds nan at \[0, 1\]; find where it comes from first"),
    (lambda: L.eigh(A[:2]), r"eigh: a is \(2, 3\)"),
    (lambda: gradient(lambda a: L.slogdet(a).logabsdet, SINGULAR), "inv: a of shape .* is singular"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_errors_name_shapes_and_remedies(call: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message) as caught:
        call()
    assert "test_linalg.py:" in str(caught.value)


@pytest.mark.parametrize(("call", "message"), REFUSED_MATRICES, ids=[m for _, m in REFUSED_MATRICES])
def test_bad_matrices_raise_errors_that_are_numpys_too(call: Any, message: str) -> None:
    with pytest.raises(np.linalg.LinAlgError, match=message) as caught:
        call()
    assert isinstance(caught.value, LinAlgError)
    assert isinstance(caught.value, ShapeError)


def test_solve_tells_vectors_from_matrices() -> None:
    with pytest.raises(ShapeError, match=r"b needs 3 rows, it has 2; a stack of vectors needs a last axis of size 1"):
        L.solve(np.stack([A, A]), draw((2, 3)))
    with pytest.raises(ShapeError, match=r"the leading axes \(2,\) and \(4,\) do not broadcast"):
        L.solve(np.stack([A, A]), draw((4, 3, 1)))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda a: L.svd(a).U, "svd: with full_matrices=True the vectors of a, shape .4, 3., are not unique"),
        (lambda a: L.qr(a, "complete").Q, "qr: with mode='complete' the extra columns of Q"),
    ],
)
def test_vectors_of_full_factors_are_refused(f: Any, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        gradient(lambda a: f(a).sum(), STACK[0])
