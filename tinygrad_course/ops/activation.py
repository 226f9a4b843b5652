"""Activations, stable for any finite input: kernels of their own, or composed of other primitives."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from ..core.state import composite
from .elementwise import elementwise
from .erf import erf
from .exponential import exp
from .pieces import where
from .reduce import softmax as softmax_op
from .reduce import sum as sum_
from .trigonometry import tanh


@np.errstate(over="ignore")  # as a decorator it costs half of what a with statement does
def _sigmoid(x: Any) -> Any:
    e = np.exp(-x)  # inf for very negative x, and 1 / inf = 0 is then the right answer
    if e.size == 1:  # in place, a single element takes NumPy longer
        return np.reciprocal(1.0 + e)
    np.add(e, 1.0, out=e)
    return np.divide(1.0, e, out=e)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


sigmoid: Primitive = elementwise(
    _sigmoid,
    lambda y, x: y * (1 - y),
    name="sigmoid",
    doc="The logistic function, ``1 / (1 + exp(-x))``, in (0, 1).",
    derivative="``y * (1 - y)`` with y = sigmoid(x)",
    example={"tg.sigmoid(tg.Tensor([0.0, 2.0, -1000.0]))": "Tensor([0.5       , 0.88079708, 0.        ])"},
)
softplus: Primitive = elementwise(
    _softplus,
    lambda y, x: sigmoid(x),
    name="softplus",
    doc="A smooth relu, ``log(1 + exp(x))`` (Dugas et al., 2001), as ``max(x, 0) + log1p(exp(-abs(x)))``: no overflow.",
    derivative="``sigmoid(x)``",
    example={"tg.softplus(tg.Tensor([0.0, 1000.0]))": "Tensor([6.93147181e-01, 1.00000000e+03])"},
)
log_sigmoid: Primitive = elementwise(
    lambda x: -_softplus(-x),
    lambda y, x: sigmoid(-x),
    name="log_sigmoid",
    doc="``log(sigmoid(x))``, computed as ``-softplus(-x)``: without overflow or cancellation.",
    derivative="``sigmoid(-x)``",
    example={"tg.log_sigmoid(tg.Tensor([0.0, -1000.0]))": "Tensor([-6.93147181e-01, -1.00000000e+03])"},
)
logistic_loss: Primitive = elementwise(
    lambda z, y: _softplus(z) - y * z,
    lambda p, z, y: sigmoid(z) - y,
    lambda p, z, y: -z,
    name="logistic_loss",
    doc="``-(y * log(sigmoid(z)) + (1 - y) * log(1 - sigmoid(z)))``, computed as ``softplus(z) - y * z``.",
    derivative="``sigmoid(z) - y`` for `z`, ``-z`` for `y`",
    example={
        "tg.binary_cross_entropy_with_logits(tg.Tensor([0.0, 50.0]), [0.0, 0.0], reduction='none')": (
            "Tensor([ 0.69314718, 50.        ])"
        )
    },
)
relu: Primitive = elementwise(
    lambda x: np.maximum(x, 0),
    lambda y, x: x > 0,
    name="relu",
    doc="Rectified linear unit, ``max(x, 0)`` (Nair and Hinton, 2010).",
    derivative="1 where x > 0, else 0, at 0 too; ``where(x >= 0, x, 0)`` has slope 1 there",
    example={
        "tg.relu(tg.Tensor([-2.0, 3.0]))": "Tensor([0., 3.])",
        "tg.grad(tg.relu)(0.0)": "array(0.)",
    },
)
leaky_relu_op: Primitive = elementwise(
    lambda x, *, negative_slope: np.where(np.greater(x, 0), x, negative_slope * x)[()],
    lambda y, x, negative_slope: where(x > 0, 1, y.dtype.type(negative_slope)),
    name="leaky_relu",
    doc="``x`` where positive, ``negative_slope * x`` elsewhere (Maas, Hannun and Ng, 2013).",
    derivative="1 where x > 0, else `negative_slope`, at 0 too",
    example={"tg.leaky_relu(tg.Tensor([-2.0, 3.0]), negative_slope=0.1)": "Tensor([-0.2,  3. ])"},
)
elu_op: Primitive = elementwise(
    lambda x, *, alpha: np.where(np.greater(x, 0), x, alpha * np.expm1(np.minimum(x, 0)))[()],
    lambda y, x, alpha: where(x > 0, 1, alpha * exp(where(x > 0, 0, x))),
    name="elu",
    doc="Exponential linear unit: ``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., 2015).",
    derivative="1 where x > 0, else ``alpha * exp(x)``, which is `alpha` at 0",
    example={"tg.elu(tg.Tensor([-2.0, 3.0]))": "Tensor([-0.86466472,  3.        ])"},
)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """``x`` where positive, ``negative_slope * x`` elsewhere (Maas, Hannun and Ng, 2013).

    Elementwise: the result has the shape of `x`, and its dtype too where that is a float.
    Derivative: 1 where x > 0, else `negative_slope`, at 0 too.

    >>> import tinygrad_course as tg
    >>> tg.leaky_relu(tg.Tensor([-2.0, 3.0]), negative_slope=0.1)
    Tensor([-0.2,  3. ])
    """
    return leaky_relu_op(x, negative_slope=negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: ``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere (Clevert et al., 2015).

    Elementwise: the result has the shape of `x`, and its dtype too where that is a float.
    Derivative: 1 where x > 0, else ``alpha * exp(x)``, which is `alpha` at 0.

    >>> import tinygrad_course as tg
    >>> tg.elu(tg.Tensor([-2.0, 3.0]))
    Tensor([-0.86466472,  3.        ])
    """
    return elu_op(x, alpha=alpha)


# --- softmax: one number per class that add up to 1 -------------------------------------------------------------------


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


# --- gaussian and sigmoid gates ---------------------------------------------------------------------------------------


@composite
def silu(x: Any) -> Any:
    """``x * sigmoid(x)``, also called swish (Elfwing, Uchibe and Doya, 2017).

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
