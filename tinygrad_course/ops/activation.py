"""Activations that need a kernel of their own, stable for any finite input; the rest is composed in `functional`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .elementwise import elementwise, exp, tanh, where
from .reduce import softmax as softmax_op
from .reduce import sum as sum_


def _sigmoid(x: Any) -> Any:
    # exp overflows to inf for very negative x, and 1 / inf = 0 is then the right answer.
    with np.errstate(over="ignore"):
        e = np.exp(-x)
    if type(e) is not np.ndarray:
        return 1 / (1 + e)
    np.add(e, 1, out=e)
    return np.divide(1, e, out=e)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


sigmoid: Primitive = elementwise(
    _sigmoid, lambda y, x: y * (1 - y), name="sigmoid", doc="Logistic function, ``1 / (1 + exp(-x))``, in (0, 1)."
)
logistic_loss: Primitive = elementwise(
    lambda z, y: _softplus(z) - y * z,
    lambda p, z, y: sigmoid(z) - y,
    lambda p, z, y: -z,
    name="logistic_loss",
    doc="``-(y * log(sigmoid(z)) + (1 - y) * log(1 - sigmoid(z)))`` without overflow; its slope in z is sigmoid(z) - y.",
)
softplus: Primitive = elementwise(
    _softplus, lambda y, x: sigmoid(x), name="softplus", doc="``log(1 + exp(x))`` without overflow."
)
log_sigmoid: Primitive = elementwise(
    lambda x: -_softplus(-x),
    lambda y, x: sigmoid(-x),
    name="log_sigmoid",
    doc="``log(sigmoid(x))`` without overflow or cancellation.",
)
relu: Primitive = elementwise(
    lambda x: np.maximum(x, 0),
    lambda y, x: x > 0,
    name="relu",
    doc="Rectified linear unit, ``max(x, 0)``; its slope at 0 is 0.",
)
leaky_relu: Primitive = elementwise(
    lambda x, *, negative_slope=0.01: np.where(np.greater(x, 0), x, negative_slope * x)[()],
    lambda y, x, negative_slope=0.01: where(x > 0, 1, y.dtype.type(negative_slope)),
    name="leaky_relu",
    doc="``x`` where positive, ``negative_slope * x`` elsewhere; its slope at 0 is `negative_slope`.",
)
elu: Primitive = elementwise(
    lambda x, *, alpha=1.0: np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))[()],
    lambda y, x, alpha=1.0: where(x > 0, 1, alpha * exp(where(x > 0, 0, x))),
    name="elu",
    doc="``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere; its slope at 0 is `alpha`.",
)


# --- softmax: one number per class that add up to 1 --------------------------------------------------------------------


def _log_softmax(x: Any, *, axis: int) -> Any:
    z = x - np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


_log_softmax_op: Primitive = Primitive(
    _log_softmax,
    name="log_softmax",
    vjp=(lambda g, y, x, axis: g - exp(y) * sum_(g, axis=axis, keepdims=True),),
    doc="Logarithm of the softmax along an axis.",
)


def softmax(x: Any, axis: int = -1) -> Any:
    """``exp(x) / sum(exp(x))`` along `axis`, without overflow: positive numbers that add up to 1.

    >>> import tinygrad_course as tg
    >>> tg.softmax(tg.Tensor([0.0, 0.0]))
    Tensor([0.5, 0.5])
    """
    return softmax_op(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """``log(softmax(x))`` along `axis`, exact where the softmax itself would round to 0.

    >>> import tinygrad_course as tg
    >>> tg.log_softmax(tg.Tensor([0.0, -1000.0]))
    Tensor([    0., -1000.])
    """
    return _log_softmax_op(x, axis=axis)


# --- gaussian and sigmoid gates ----------------------------------------------------------------------------------------

# Rational approximations of the error function on four intervals, to 1 ulp of float64: the coefficients of the
# netlib/fdlibm library (S. Moshier's and W. J. Cody's scheme), highest power first.
_ERF_NEAR = (
    (-2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02,
     -3.25042107247001499370e-01, 1.28379167095512558561e-01),
    (-3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03,
     6.50222499887672944485e-02, 3.97917223959155352819e-01, 1.0),
)  # fmt: skip
_ERF_ONE = 8.45062911510467529297e-01
_ERF_AT_ONE = (
    (-2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01, 3.18346619901161753674e-01,
     -3.72207876035701323847e-01, 4.14856118683748331666e-01, -2.36211856075265944077e-03),
    (1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01, 7.18286544141962662868e-02,
     5.40397917702171048937e-01, 1.06420880400844228286e-01, 1.0),
)  # fmt: skip
_ERFC_MIDDLE = (
    (-9.81432934416914548592e00, -8.12874355063065934246e01, -1.84605092906711035994e02, -1.62396669462573470355e02,
     -6.23753324503260060396e01, -1.05586262253232909814e01, -6.93858572707181764372e-01, -9.86494403484714822705e-03),
    (-6.04244152148580987438e-02, 6.57024977031928170135e00, 1.08635005541779435134e02, 4.29008140027567833386e02,
     6.45387271733267880336e02, 4.34565877475229228821e02, 1.37657754143519042600e02, 1.96512716674392571292e01, 1.0),
)  # fmt: skip
_ERFC_FAR = (
    (-4.83519191608651397019e02, -1.02509513161107724954e03, -6.37566443368389627722e02, -1.60636384855821916062e02,
     -1.77579549177547519889e01, -7.99283237680523006574e-01, -9.86494292470009928597e-03),
    (-2.24409524465858183362e01, 4.74528541206955367215e02, 2.55305040643316442583e03, 3.19985821950859553908e03,
     1.53672958608443695994e03, 3.25792512996573918826e02, 3.03380607434824582924e01, 1.0),
)  # fmt: skip


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Any) -> Any:
    top, bottom = coefficients
    return np.polyval(top, x) / np.polyval(bottom, x)


def _erf(x: Any) -> Any:
    a = np.minimum(np.abs(np.asarray(x, np.float64)), 6.0)  # erf(6) is 1 to the last bit
    near, at_one = a < 0.84375, a < 1.25
    z = np.where(at_one, 1.25, a)  # the tails are evaluated where they belong only
    s = 1 / (z * z)
    tail = np.exp(-z * z - 0.5625 + np.where(z < 1 / 0.35, _ratio(_ERFC_MIDDLE, s), _ratio(_ERFC_FAR, s))) / z
    value = np.where(
        near, a + a * _ratio(_ERF_NEAR, np.where(near, a * a, 0.0)),
        np.where(at_one, _ERF_ONE + _ratio(_ERF_AT_ONE, np.where(at_one, a - 1, 0.0)), 1 - tail),
    )  # fmt: skip
    kind = x.dtype if isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f" else np.float64
    return np.copysign(value, x).astype(kind)[()]


erf: Primitive = elementwise(
    _erf,
    lambda y, x: (2 / float(np.sqrt(np.pi))) * exp(-(x**2)),
    name="erf",
    doc="Error function, ``2 / sqrt(pi) * integral of exp(-t**2) from 0 to x``.",
)


@composite
def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish.

    >>> import tinygrad_course as tg
    >>> tg.silu(tg.Tensor([0.0, 2.0]))
    Tensor([0.        , 1.76159416])
    """
    return x * sigmoid(x)


@composite
def gelu(x: Any, approximate: str = "none") -> Any:
    """``x * Phi(x)`` with the standard normal distribution function Phi (Hendrycks and Gimpel, 2016).

    `approximate`: "none" by the error function, "tanh" by the paper's formula
    ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))``.

    >>> import tinygrad_course as tg
    >>> tg.gelu(tg.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.84134475])
    """
    if approximate == "none":
        return 0.5 * x * (1 + erf(x * float(np.sqrt(0.5))))
    if approximate == "tanh":
        return 0.5 * x * (1 + tanh(float(np.sqrt(2 / np.pi)) * (x + 0.044715 * x**3)))
    raise ValueError(f'gelu: approximate must be "none" or "tanh", not {approximate!r}')
