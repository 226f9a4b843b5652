"""The exponentials and logarithms of loops: how far off they are, what they do at the ends, that they vectorise."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pytest

numba = pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")

from tinygrad_course.emit.numba_backend import kernels  # noqa: E402
from tinygrad_course.emit.numba_backend.intrinsics import FAST  # noqa: E402

# name -> (exact in the reference's precision, the most units in the last place by which float64 and float32 may be off)
KERNELS = {
    "exp": (np.exp, 1.1, 1.1),
    "expm1": (np.expm1, 2.0, 2.0),
    "log": (np.log, 1.0, 1.0),
    "log1p": (np.log1p, 1.0, 1.0),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), 2.5, 2.5),
    "tanh": (np.tanh, 3.0, 3.0),
    "softplus": (lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), 2.0, 2.0),
}
CASES = [(name, dtype) for name in KERNELS for dtype in (np.float64, np.float32)]
every = pytest.mark.parametrize(("name", "dtype"), CASES, ids=lambda x: x if isinstance(x, str) else x.__name__)
long = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="long double is no more exact than double here")


@lru_cache
def kernel(name, dtype):
    bits = np.dtype(dtype).itemsize * 8
    function = getattr(kernels, f"{name}{bits}", None) or getattr(kernels, f"{name}_{bits}")

    @numba.njit(fastmath=FAST, error_model="numpy")
    def run(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    return run


def computed(name, x):
    y = np.empty_like(x)
    kernel(name, x.dtype.type)(x, y)
    return y


def everywhere(dtype):
    """Numbers of every size and sign, many near the places where something changes."""
    rng = np.random.default_rng(0)
    n, info = 20_000, np.finfo(dtype)
    low, high = np.log10(float(info.smallest_subnormal)) + 0.5, np.log10(float(info.max)) - 0.1
    return np.concatenate(
        [
            rng.uniform(-1, 1, n),
            rng.uniform(-20, 20, n),
            rng.uniform(-760, 760, n),
            rng.standard_normal(n) * 10.0 ** rng.uniform(low + 1, 3, n),
            10.0 ** rng.uniform(low, high, n),
            1 + rng.standard_normal(n) * 1e-3,
            -1 + 10.0 ** rng.uniform(-16, 0, n),
            np.array([709.7, 709.79, -745.2, -746, 88.7, 88.73, -103.9, -104, 1, -1]),
        ]
    ).astype(dtype)


@long
@every
def test_error_in_units_of_the_last_place(name, dtype):
    exact, *bounds = KERNELS[name]
    x = everywhere(dtype)
    y = computed(name, x)
    with np.errstate(all="ignore"):
        wanted = exact(x.astype(np.longdouble))
        rounded = wanted.astype(dtype)
        error = np.abs(y.astype(np.longdouble) - wanted) / np.spacing(np.abs(rounded))
    agree = (y == rounded) | (np.isnan(y) & np.isnan(wanted))
    if name == "sigmoid":  # 1 / inf = 0, as in eager code, where exp(-x) is out of range and the quotient barely is not
        agree |= (y == 0) & (wanted < np.finfo(dtype).tiny)
    error[agree] = 0
    assert error.max() <= bounds[0 if dtype is np.float64 else 1], x[error.argmax()]


@every
def test_ends_of_the_range(name, dtype):
    exact = KERNELS[name][0]
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, tiny, -tiny, np.finfo(dtype).max, np.finfo(dtype).min], dtype)
    with np.errstate(all="ignore"):
        wanted = exact(x)
    y = computed(name, x)
    np.testing.assert_allclose(y, wanted, rtol=4 * np.finfo(dtype).eps, atol=0)
    if name in ("expm1", "tanh", "log1p"):
        np.testing.assert_array_equal(np.signbit(y[:2]), [False, True])
        np.testing.assert_array_equal(y[5:7], x[5:7])


@every
def test_vectorises(name, dtype):
    run = kernel(name, dtype)
    run(np.ones(3, dtype), np.ones(3, dtype))
    (text,) = run.inspect_asm().values()
    letter = "d" if dtype is np.float64 else "s"
    if "xmm" not in text:
        pytest.skip("the patterns are those of x86")
    assert re.search(rf"\bv?f?m(?:ul|add\d+)p{letter}\b", text), "no arithmetic on whole registers"
    assert not re.search(r"call\w*\s+\**\w*(?:exp|log|tanh)\w*@?", text), "the C library is called"


def test_erf_is_that_of_the_operation():
    from tinygrad_course.ops.erf import erf

    x = np.concatenate([np.linspace(-7, 7, 5001), [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300]])
    y = computed("erf", x)
    np.testing.assert_allclose(y, erf(x), rtol=4e-16, atol=0)
