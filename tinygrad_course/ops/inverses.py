"""Inverses, linear systems, determinants and powers of square matrices; pseudo-inverses of any. Stacks allowed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.errors import DTypeError
from ..core.primitive import Primitive
from ..core.state import composite
from .axes import refuse
from .einsum import operand
from .elementwise import constant
from .linalg import matmul
from .matrices import matrix_complaint, singular_complaint
from .reduce import sum
from .shape import expand_dims, squeeze


class SlogdetResult(NamedTuple):
    """What `slogdet` returns."""

    sign: Any
    logabsdet: Any


# --- inverse and linear systems ---------------------------------------------------------------------------------------


def _inv_complaint(a: Any) -> str | None:
    return matrix_complaint(a, remedy=", or use pinv") or singular_complaint(a)


inv = Primitive(
    np.linalg.inv,
    name="inv",
    vjp=(lambda g, y, a: -(y.mT @ g @ y.mT),),
    complaint=_inv_complaint,
    doc="""Inverse of square matrices (..., n, n). `LinAlgError` if one is singular.

    To multiply by an inverse, `solve` is faster and more exact.

    >>> import tinygrad_course as tg
    >>> tg.linalg.inv(tg.Tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """,
)


def _solve_vjp(g: Any, y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """gb = a^-T g and ga = -gb y^T; Giles 2008, section 2.3.1."""
    if b.ndim > 1:
        gb = solve(a.mT, g)
        return -(gb @ y.mT), gb
    gb = squeeze(solve(a.mT, expand_dims(g, -1)), -1)
    return -(expand_dims(gb, -1) * expand_dims(y, -2)), gb


def _solve_complaint(a: Any, b: Any) -> str | None:
    wrong = matrix_complaint(a, remedy=", or use pinv(a) @ b")
    if wrong is not None:
        return wrong
    s, t = np.shape(a), np.shape(b)
    rows = t[0] if len(t) == 1 else t[-2] if t else 0
    if rows != s[-1]:
        hint = "; a stack of vectors needs a last axis of size 1" if len(t) > 1 and t[-1] == s[-1] else ""
        return f"a is {s} but b is {t}; b needs {s[-1]} rows, it has {rows}{hint}"
    if len(t) > 2 or len(s) > 2:
        try:
            np.broadcast_shapes(s[:-2], t[:-2])
        except ValueError:
            return f"a is {s} but b is {t}; the leading axes {s[:-2]} and {t[:-2]} do not broadcast"
    return singular_complaint(a)


solve = Primitive(
    np.linalg.solve,
    name="solve",
    vjp=_solve_vjp,
    complaint=_solve_complaint,
    doc="""The solution x of ``a @ x = b`` for square `a` (..., n, n).

    `b` is a vector (n,), or a stack of matrices (..., n, k) of right-hand sides; leading axes broadcast.
    `LinAlgError` if a matrix is singular.

    >>> import tinygrad_course as tg
    >>> tg.linalg.solve(tg.Tensor([[2.0, 0.0], [0.0, 4.0]]), tg.Tensor([2.0, 2.0])).tolist()
    [1.0, 0.5]
    """,
)

# --- determinants -----------------------------------------------------------------------------------------------------


def _frame(a: Any) -> tuple[Any, Any, Any, Any]:
    """The singular values and vectors of `a`, and the sign of det(U V^T)."""
    u, s, vh = np.linalg.svd(a)
    return u, s, vh, np.sign(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]


def _products_without(s: Any, left_out: Any) -> Any:
    """Products of the values in `s` (..., n), those marked in `left_out` (k..., n) not counted: (..., k...)."""
    kept = np.where(left_out, s.dtype.type(1), s[(..., *[None] * (left_out.ndim - 1), slice(None))])
    return np.prod(kept, axis=-1)


def _cofactors(a: Any) -> Any:
    u, s, vh, sign = _frame(a)
    d = _products_without(s, np.eye(s.shape[-1], dtype=bool))
    return sign * (u * d[..., None, :]) @ vh


def _cofactor_slope(a: Any, h: Any) -> Any:
    """In the frame of the singular vectors: P_ij the product of all values but i and j, M = U^T h V; the diagonal of
    the result is P diag(M), the rest -P * M^T."""
    u, s, vh, sign = _frame(a)
    one = np.eye(s.shape[-1], dtype=bool)
    p = np.where(one, s.dtype.type(0), _products_without(s, one[:, None] | one[None, :]))
    m = u.mT @ h @ vh.mT
    diagonal = p @ np.diagonal(m, axis1=-2, axis2=-1)[..., None]
    return sign * u @ (np.where(one, diagonal, 0) - p * m.mT) @ vh


def _cofactor_slope_vjp(g: Any, y: Any, a: Any, h: Any) -> Any:
    """The third derivative of det, from det(a) * (<X, h> X - X h^T X) with X = a^-T: needs a regular `a`."""
    x = inv(a).mT
    xh, xg = x @ h.mT @ x, x @ g.mT @ x
    p, q, r = _inner(x, h), _inner(x, g), _inner(xh, g)
    bracket = (p * q - r) * x - q * xh - p * xg + xg @ h.mT @ x + xh @ g.mT @ x
    return expand_dims(det(a), (-2, -1)) * bracket


def _inner(a: Any, b: Any) -> Any:
    """<a, b>, the sum of products of the entries of two matrices."""
    return sum(a * b, (-2, -1), True)


det = Primitive(
    np.linalg.det,
    name="det",
    vjp=(lambda g, y, a: expand_dims(g, (-2, -1)) * cofactors(a),),
    complaint=matrix_complaint,
    doc="""Determinant of square matrices (..., n, n).

    The gradient is the matrix of cofactors (Jacobi's formula), right for singular matrices too, as are second
    derivatives; third ones need a regular matrix (`LinAlgError` otherwise).

    >>> import tinygrad_course as tg
    >>> a = tg.Tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    >>> tg.linalg.det(a).backward()
    >>> a.grad.round(12).tolist()
    [[4.0, -2.0], [-2.0, 1.0]]
    """,
)
cofactors: Primitive = Primitive(
    _cofactors,
    name="cofactors",
    vjp=(lambda g, y, a: cofactor_slope(a, g),),
    complaint=matrix_complaint,
    doc="Matrix of cofactors, the gradient of det, through singular values: products only, so `a` may be singular.",
)
cofactor_slope: Primitive = Primitive(
    _cofactor_slope,
    name="cofactor_slope",
    vjp=(_cofactor_slope_vjp, lambda g, y, a, h: cofactor_slope(a, g)),  # symmetric: the Hessian of det
    complaint=lambda a, h: matrix_complaint(a),
    doc="Derivative of the matrix of cofactors of `a` in the direction `h`.",
)


def _slogdet_vjp(g: Any, y: Any, a: Any) -> Any:
    return expand_dims(g[1], (-2, -1)) * inv(a).mT


_slogdet = Primitive(
    lambda a: tuple(np.linalg.slogdet(a)),
    name="slogdet",
    vjp=(_slogdet_vjp,),
    outputs=2,
    complaint=matrix_complaint,
    doc="Sign and logarithm of the absolute value of the determinant.",
)


def slogdet(a: Any) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant, where the determinant itself would overflow.

    The gradient of ``logabsdet`` is the transposed inverse; it does not exist for a singular `a` (`LinAlgError`).

    >>> import tinygrad_course as tg
    >>> sign, logabsdet = tg.linalg.slogdet(tg.Tensor([[-1.0, 0.0], [0.0, 1.0]]))
    >>> sign.item(), logabsdet.item()
    (-1.0, 0.0)
    """
    return SlogdetResult(*_slogdet(operand(a)))


# --- powers and the pseudo-inverse ------------------------------------------------------------------------------------

identity_like = constant(
    lambda a: np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy(),
    name="identity_like",
    doc="Identity matrices in the shape and dtype of `a`.",
)


@composite
def matrix_power(a: Any, n: int) -> Any:
    """The n-th power ``a @ a @ a`` of square `a` (..., m, m), by repeated squaring; the inverse's for negative `n`.

    >>> import tinygrad_course as tg
    >>> tg.linalg.matrix_power(tg.Tensor([[1.0, 1.0], [0.0, 1.0]]), 5).tolist()
    [[1.0, 5.0], [0.0, 1.0]]
    """
    a = operand(a)
    wrong = matrix_complaint(a)
    if wrong is not None:
        raise refuse("matrix_power", wrong)
    if not isinstance(n, int | np.integer):
        raise DTypeError(f"matrix_power: the exponent {n!r} is a {type(n).__name__}, it must be an int")
    if n == 0:
        return identity_like(a)
    square = inv(a) if n < 0 else a
    n = abs(n)
    result = None
    while n:
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
        if n:
            square = matmul(square, square)
    return result


def _pinv_vjp(g: Any, y: Any, a: Any, **tolerance: Any) -> Any:
    """G. Golub and V. Pereyra, *The differentiation of pseudo-inverses and nonlinear least squares problems* (1973)."""
    p, pt, gt = y, y.mT, g.mT
    left = gt @ p
    right = p @ gt
    return (left - a @ (p @ left)) @ pt + pt @ (right - (right @ p) @ a) - pt @ g @ pt


_pinv = Primitive(
    np.linalg.pinv,
    name="pinv",
    vjp=(_pinv_vjp,),
    complaint=lambda a, **tolerance: matrix_complaint(a, square=False),
    doc="Pseudo-inverse of any matrix.",
)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Pseudo-inverse (Moore-Penrose) of any matrix: (..., m, n) gives (..., n, m).

    Singular values up to `rcond` (or `rtol`) times the largest count as 0; the derivative is that at constant rank.

    >>> import tinygrad_course as tg
    >>> tg.linalg.pinv(tg.Tensor([[2.0, 0.0], [0.0, 0.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
    tolerance = {"rcond": rcond} if rtol is None else {"rtol": rtol}
    return _pinv(operand(a), hermitian=hermitian, **tolerance)
