"""Matrix factorisations: Cholesky, eigenvalues, singular values, QR. All of them work on stacks of matrices.

The rules follow M. Giles, *Collected matrix derivative results for forward and reverse mode algorithmic
differentiation* (2008), and the papers named with each. Where eigenvalues or singular values coincide, their vectors
are a matter of choice and have no derivative: a GraphError says so if the loss depends on them. The values alone, and
the vectors of the other values, still have theirs, and never give NaN.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import GraphError
from ..core.primitive import Primitive
from ..core.state import composite
from .axes import refuse
from .einsum import operand
from .inverses import solve
from .join import concat
from .matrices import (
    diagonal_matrix,
    matrix_complaint,
    negligible,
    over_gaps,
    quotient,
    scaled_columns,
    symmetric,
    value_of,
)
from .shape import expand_dims


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


class SVDResult(NamedTuple):
    """What `svd` returns."""

    U: Any
    S: Any
    Vh: Any


class QRResult(NamedTuple):
    """What `qr` returns."""

    Q: Any
    R: Any


# --- Cholesky ---------------------------------------------------------------------------------------------------------


def _cholesky_vjp(g: Any, y: Any, a: Any, upper: bool = False) -> Any:
    """L^-T P L^-1 with P the symmetric part of L^T g, its upper half left out and its diagonal halved."""
    if upper:
        g, y = g.mT, y.mT
    n = y.shape[-1]
    half = np.tri(n, dtype=y.dtype) - 0.5 * np.eye(n, dtype=y.dtype)
    p = symmetric((y.mT @ g) * half)
    return symmetric(solve(y.mT, solve(y.mT, p).mT))


def _cholesky_complaint(a: Any, upper: bool = False) -> str | None:
    wrong = matrix_complaint(a)
    if wrong is None:
        lowest = np.linalg.eigvalsh(a, "U" if upper else "L").min()
        part = "upper" if upper else "lower"
        wrong = (
            f"a of shape {a.shape} is not positive definite (its {part} triangle, mirrored, has an eigenvalue "
            f"{lowest:.3g}); add more than {max(-lowest, 0):.3g} to its diagonal, or build it as x @ x.T + eye"
        )
    return wrong


_cholesky = Primitive(
    lambda a, *, upper=False: np.linalg.cholesky(a, upper=upper),
    name="cholesky",
    vjp=(_cholesky_vjp,),
    complaint=_cholesky_complaint,
    doc="Triangular factor of a symmetric positive definite matrix.",
)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Lower triangular L with ``a = L @ L.T``, for symmetric positive definite `a` (..., n, n).

    Only the lower triangle of `a` is read (the upper, and ``a = U.T @ U``, with `upper`). The gradient is that of a
    symmetric `a`, and symmetric itself (I. Murray, *Differentiation of the Cholesky decomposition*, 2016).
    `LinAlgError` if `a` is not positive definite.

    >>> import tinygrad_course as tg
    >>> tg.linalg.cholesky(tg.Tensor([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    return _cholesky(operand(a), upper=upper)


# --- symmetric eigenvalues --------------------------------------------------------------------------------------------


def _eigh_vjp(g: Any, y: Any, a: Any, UPLO: str = "L") -> Any:
    """V (diag(gw) + F * (V^T gV)) V^T with F_ij = 1 / (w_j - w_i); Giles 2008, section 3.1."""
    w, v = y
    core = diagonal_matrix(g[0]) + over_gaps(v.mT @ g[1], w, "eigh")
    return symmetric(v @ core @ v.mT)


_eigh = Primitive(
    lambda a, *, UPLO="L": tuple(np.linalg.eigh(a, UPLO)),
    name="eigh",
    vjp=(_eigh_vjp,),
    outputs=2,
    complaint=lambda a, UPLO: matrix_complaint(a),
    doc="Eigenvalues and eigenvectors of a symmetric matrix.",
)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues w, ascending, and eigenvectors (the columns of V) of symmetric `a` (..., n, n): ``a @ V = V * w``.

    Only the lower triangle of `a` is read (the upper for ``UPLO="U"``). The gradient is that of a symmetric `a`, and
    symmetric itself. The sign of an eigenvector is arbitrary: a loss should not depend on it.

    >>> import tinygrad_course as tg
    >>> w, v = tg.linalg.eigh(tg.Tensor([[2.0, 0.0], [0.0, 1.0]]))
    >>> w.tolist()
    [1.0, 2.0]
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise refuse("eigh", f"UPLO={UPLO!r} must be 'L' (read the lower triangle) or 'U' (the upper)")
    return EighResult(*_eigh(operand(a), UPLO=UPLO.upper()))


@composite
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of symmetric matrices, ascending, as `eigh` gives them.

    >>> import tinygrad_course as tg
    >>> tg.linalg.eigvalsh(tg.Tensor([[2.0, 0.0], [0.0, 1.0]])).tolist()
    [1.0, 2.0]
    """
    return eigh(a, UPLO).eigenvalues


# --- singular values --------------------------------------------------------------------------------------------------


def _svd_vjp(g: Any, y: Any, a: Any, full_matrices: bool = True, hermitian: bool = False) -> Any:
    """J. Townsend, *Differentiating the singular value decomposition* (2016), with F_ij = 1 / (s_j^2 - s_i^2)."""
    m, n = a.shape[-2:]
    if full_matrices and m != n:
        return _singular_values_vjp(g, a, hermitian)
    u, s, vh = y
    gu, gs, gv = g[0], g[1], g[2].mT
    v = vh.mT
    of_u, of_v = u.mT @ gu, v.mT @ gv
    left, right = over_gaps(of_u, s, "svd", by_squares=True), over_gaps(of_v, s, "svd", by_squares=True)
    core = scaled_columns(left + left.mT, s) + expand_dims(s, -1) * (right + right.mT) + diagonal_matrix(gs)
    result = u @ core @ vh
    if m > n:  # the part of gu outside the span of u
        result = result + _over_values(gu - u @ of_u, s, m) @ vh
    elif m < n:
        result = result + u @ _over_values(gv - v @ of_v, s, n).mT
    return result


def _over_values(x: Any, s: Any, size: int) -> Any:
    """The columns of `x` divided by the singular values `s`; 0 for those of values that are 0."""
    zero = expand_dims(negligible(s, size=size), -2)
    message = "svd: the derivative of vectors that belong to a singular value of 0 does not exist; use the values alone"
    return quotient(x, expand_dims(s, -2), zero, value_of(zero), message)


def _singular_values_vjp(g: Any, a: Any, hermitian: bool) -> Any:
    """The gradient through the singular values alone: the extra columns of full matrices are a matter of choice."""
    if np.any(value_of(g[0])) or np.any(value_of(g[2])):
        raise GraphError(
            f"svd: with full_matrices=True the vectors of a, shape {a.shape}, are not unique and have no derivative; "
            "use svd(a, full_matrices=False)"
        )
    u, _, vh = _svd(a, full_matrices=False, hermitian=hermitian)
    return scaled_columns(u, g[1]) @ vh


_svd = Primitive(
    lambda a, *, full_matrices=True, hermitian=False: tuple(np.linalg.svd(a, full_matrices, hermitian=hermitian)),
    name="svd",
    vjp=(_svd_vjp,),
    outputs=3,
    complaint=lambda a, full_matrices, hermitian: matrix_complaint(a, square=hermitian),
    doc="Singular values and vectors.",
)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular values S, descending, and vectors: ``a = U @ diag(S) @ Vh`` for `a` of shape (..., m, n).

    With ``full_matrices=False`` U is (..., m, k) and Vh (..., k, n), k = min(m, n). With True, the default, both are
    square; where m and n differ only S can then be differentiated. Without `compute_uv`, S alone is returned.
    The signs of the vectors are arbitrary: a loss should not depend on them.

    >>> import tinygrad_course as tg
    >>> u, s, vh = tg.linalg.svd(tg.Tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), full_matrices=False)
    >>> s.tolist()
    [4.0, 3.0]
    """
    if not compute_uv:
        return _svd(operand(a), full_matrices=False, hermitian=hermitian)[1]
    return SVDResult(*_svd(operand(a), full_matrices=full_matrices, hermitian=hermitian))


@composite
def svdvals(x: Any, /) -> Any:
    """Singular values of matrices, descending.

    >>> import tinygrad_course as tg
    >>> tg.linalg.svdvals(tg.Tensor([[3.0, 0.0], [0.0, 4.0]])).tolist()
    [4.0, 3.0]
    """
    return svd(x, compute_uv=False)


# --- QR ---------------------------------------------------------------------------------------------------------------


def _qr_vjp(g: Any, y: Any, a: Any, mode: str = "reduced") -> Any:
    """For a wide `a` = [X, Z]: X = Q U and R = [U, Q^T Z], so that the square rule gives the gradient of X."""
    m, n = a.shape[-2:]
    q, r = y
    gq, gr = g
    if m >= n:
        if mode == "complete" and m > n:
            raise GraphError(
                f"qr: with mode='complete' the extra columns of Q for a of shape {a.shape} are not unique and have no "
                "derivative; use mode='reduced'"
            )
        return _tall_qr_vjp(gq, gr, q, r)
    z, gv = a[..., m:], gr[..., m:]
    gx = _tall_qr_vjp(gq + z @ gv.mT, gr[..., :m], q, r[..., :m])
    return concat([gx, q @ gv], -1)


def _tall_qr_vjp(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """(gQ + Q copyltu(M)) R^-T with M = R gR^T - gQ^T Q and copyltu(M) its lower triangle, mirrored.

    S. Walter and L. Lehmann, *Algorithmic differentiation of linear algebra functions* (2010).
    """
    n = r.shape[-1]
    half = np.tri(n, dtype=r.dtype) - 0.5 * np.eye(n, dtype=r.dtype)
    lower = (r @ gr.mT - gq.mT @ q) * half
    return solve(r, (gq + q @ (lower + lower.mT)).mT).mT


_qr = Primitive(
    lambda a, *, mode="reduced": tuple(np.linalg.qr(a, mode)),
    name="qr",
    vjp=(_qr_vjp,),
    outputs=2,
    complaint=lambda a, mode: matrix_complaint(a, square=False),
    doc="Orthonormal columns times an upper triangle.",
)


def qr(a: Any, mode: str = "reduced") -> Any:
    """Orthonormal columns Q (..., m, k) and upper triangular R (..., k, n), k = min(m, n), with ``a = Q @ R``.

    ``mode="r"`` gives R alone; ``mode="complete"`` a square Q, whose extra columns have no derivative. The gradient
    needs the first k columns of `a` to be linearly independent (`LinAlgError` otherwise, in the backward pass).

    >>> import tinygrad_course as tg
    >>> q, r = tg.linalg.qr(tg.Tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> tg.matmul(q, r).numpy().round(12).tolist()
    [[3.0, 1.0], [4.0, 2.0]]
    """
    if mode not in ("reduced", "complete", "r"):
        raise refuse("qr", f"mode={mode!r} must be 'reduced', 'complete' or 'r'")
    if mode == "r":
        return _qr(operand(a), mode="reduced")[1]
    return QRResult(*_qr(operand(a), mode=mode))
