"""The error function of statistics, which NumPy has not: rational approximations, exact to the last bit or two."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.primitive import Primitive
from .elementwise import elementwise
from .exponential import exp

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
    doc="Error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to `x`.",
    derivative="``2 / sqrt(pi) * exp(-x**2)``",
    example={"tg.erf(tg.Tensor([0.0, 1.0]))": "Tensor([0.        , 0.84270079])"},
)
