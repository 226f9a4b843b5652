"""NumPy's functions on Tensors: the values NumPy gives, by position or keyword, and a gradient; or a clear refusal."""

import doctest
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg

from .numeric import close

NUMPY = tuple(int(part) for part in np.__version__.split(".")[:2])
MODES = ("full", "same", "valid")
A = np.array([[0.4, -1.2, 0.7], [1.5, 0.3, -0.6], [-0.2, 0.9, 1.1]])
HOLED = np.array([[1.0, np.nan, 2.0], [np.nan, 1.0, 3.0], [0.5, 2.0, 1.0]])
INFINITE = np.array([[1.0, np.nan, np.inf], [np.inf, 1.0, 3.0], [0.5, 2.0, 1.0]])

CALLS = {
    "reduce: the first axis by default": np.add.reduce,
    "reduce: axis=None is all axes": lambda x: np.add.reduce(x, axis=None),
    "reduce: keepdims": lambda x: np.maximum.reduce(x, axis=1, keepdims=True),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x, axis=None),
    "accumulate: the first axis by default": np.add.accumulate,
    "accumulate along 1": lambda x: np.multiply.accumulate(x, axis=1),
    "outer": lambda x: np.multiply.outer(x[0], x[1]),
    "outer of matrices": lambda x: np.subtract.outer(x, np.ones(2)),
    "sum: dtype": lambda x: np.sum(x, dtype=np.float64),
    "sum: dtype by position": lambda x: np.sum(x, 0, np.float64),
    "sum: all by position": lambda x: np.sum(x, 0, None, None, True),
    "sum: a=": lambda x: np.sum(a=x, axis=1),
    "std: ddof by position": lambda x: np.std(x, 0, None, None, 1),
    "max: out=None by position": lambda x: np.max(x, 1, None, True),
    "clip: bounds by position": lambda x: np.clip(x, -0.5, 0.8),
    "clip: a_min, a_max": lambda x: np.clip(x, a_min=-0.5, a_max=0.8),
    "clip: min": lambda x: np.clip(x, min=-0.5),
    "clip: one bound": lambda x: np.clip(x, None, 0.8),
    "sort: kind": lambda x: np.sort(x, axis=0, kind="stable"),
    "concatenate": lambda x: np.concatenate((x, x), 1),
    "roll": lambda x: np.roll(a=x, shift=1, axis=1),
    "reshape: order at its default": lambda x: np.reshape(x, (9,), "C"),
    # elements moved
    "flipud": np.flipud,
    "fliplr": np.fliplr,
    **{f"rot90 by {k}": lambda x, k=k: np.rot90(x[:2], k) for k in (-1, 0, 1, 2, 3, 5)},
    "rot90: axes": lambda x: np.rot90(x[None, :2], k=1, axes=(2, 1)),
    "take: wrap": lambda x: np.take(x, [-4, 1, 5], axis=1, mode="wrap"),
    "take: clip": lambda x: np.take(x, [-2, 1, 40], mode="clip"),
    # joined, cut, stretched
    "append: flat": lambda x: np.append(x, [[1.0, 2.0]]),
    "append: a number": lambda x: np.append(x[0], 5.0),
    "append: axis": lambda x: np.append(x, x[:1] * 2, axis=0),
    "append to an array": lambda x: np.append(np.ones((3, 1)), x, 1),
    "column_stack": lambda x: np.column_stack([x[0], x[:, :2], np.ones(3)]),
    "dstack of vectors": lambda x: np.dstack((x[0], x[1])),
    "dstack of matrices": lambda x: np.dstack((x, x * x)),
    "hsplit": lambda x: np.hsplit(x, 3)[1],
    "hsplit of a vector": lambda x: np.hsplit(x[0], [1])[1],
    "vsplit": lambda x: np.vsplit(x, [1, 2])[2],
    "dsplit": lambda x: np.dsplit(x[None], 3)[2],
    "broadcast_arrays": lambda x: np.broadcast_arrays(x[0], x[:, :1])[1],
    "broadcast_arrays: subok at its default": lambda x: np.broadcast_arrays(x, subok=False)[0],
    "atleast_3d of a number": lambda x: np.atleast_3d(x[0, 0]),
    "atleast_3d of a vector": lambda x: np.atleast_3d(x[0]),
    "atleast_3d of a matrix": np.atleast_3d,
    "full_like": lambda x: np.full_like(x, x[0]),
    # running sums, differences, areas
    "diff": np.diff,
    "diff: twice, down": lambda x: np.diff(x, n=2, axis=0),
    "diff: ends": lambda x: np.diff(x, prepend=0.0, append=x[:, :2]),
    "trapezoid": np.trapezoid,
    "trapezoid: dx, axis": lambda x: np.trapezoid(x, dx=0.5, axis=0),
    "trapezoid: places": lambda x: np.trapezoid(x, [0.0, 1.0, 3.0], axis=0),
    "trapezoid: places move": lambda x: np.trapezoid(np.ones((3, 3)) + x, x=x),
    # statistics
    "average": np.average,
    "average: axis, keepdims": lambda x: np.average(x, axis=1, keepdims=True),
    "average: weights": lambda x: np.average(x, weights=np.exp(x)),
    "average: weights along axis 0": lambda x: np.average(x, 0, np.array([1.0, 2.0, 3.0])),
    "average: weights along axis 1": lambda x: np.average(x, axis=-1, weights=[1, 2, 3], keepdims=True),
    "ptp": np.ptp,
    "ptp: axis": lambda x: np.ptp(x, axis=0, keepdims=True),
    "cov": np.cov,
    "cov: two, columns, bias": lambda x: np.cov(x, x[::-1] ** 2, rowvar=False, bias=True),
    "cov of a vector": lambda x: np.cov(x[0], ddof=0),
    "corrcoef": np.corrcoef,
    "corrcoef: two vectors": lambda x: np.corrcoef(x[0], x[1]),
    # NaN left out
    "nan_to_num": lambda x: np.nan_to_num(x * HOLED),
    "nan_to_num: numbers": lambda x: np.nan_to_num(x * INFINITE, nan=1.0, posinf=2.0, neginf=-3.0),
    "nansum": lambda x: np.nansum(x * HOLED, axis=0),
    "nanprod": lambda x: np.nanprod(x * HOLED, axis=1),
    "nanmean": lambda x: np.nanmean(x * HOLED, axis=0, keepdims=True),
    "nanmax": lambda x: np.nanmax(x * HOLED, axis=1),
    "nanmin": lambda x: np.nanmin(x * HOLED),
    # some elements only
    "sum: where": lambda x: np.sum(x, where=A > 0),
    "sum: where, initial, axis": lambda x: np.sum(x, axis=1, where=[True, False, True], initial=2.0),
    "prod: initial": lambda x: np.prod(x, axis=0, initial=3.0),
    "prod: where": lambda x: np.prod(x, where=A > 0),
    "max: initial": lambda x: np.max(x, axis=1, initial=0.8),
    "max: where": lambda x: np.max(x, axis=0, initial=-9.0, where=A < 1),
    "amin: initial": lambda x: np.amin(x, 0, initial=0.0),
    "max: initial of nothing": lambda x: np.max(x[:0], axis=0, initial=7.0) * x[0],
    "mean: where": lambda x: np.mean(x, axis=1, where=A > -0.5),
    "add.reduce: where": lambda x: np.add.reduce(x, where=A > 0, initial=1.0),
    "maximum.reduce: initial": lambda x: np.maximum.reduce(x, initial=0.8),
    "clip: max": lambda x: np.clip(x, max=0.8),
    "clip: an array for a bound": lambda x: np.clip(x, x[0], np.array([0.5, 0.6, 2.0])),
    # rounding and kinds of number
    "round": lambda x: np.round(x, 1) * x,
    "around": lambda x: np.around(x, decimals=1) * x,
    "real": np.real,
    # products
    "linalg.trace": lambda x: np.linalg.trace(x[None], offset=1),
    "linalg.diagonal": lambda x: np.linalg.diagonal(x[None], offset=-1),
    **{f"convolve: {mode}": lambda x, mode=mode: np.convolve(x[0], x[:, 1][:2], mode) for mode in MODES},
    **{f"convolve, even: {mode}": lambda x, mode=mode: np.convolve(x[1, :2], np.ravel(x)[:4], mode) for mode in MODES},
}
if hasattr(np, "fix"):  # deprecated from NumPy 2.5
    CALLS["fix"] = lambda x: np.fix(x) + x
if NUMPY >= (2, 1):
    CALLS |= {
        "cumulative_sum": lambda x: np.cumulative_sum(x[0], include_initial=True),
        "cumulative_sum: axis": lambda x: np.cumulative_sum(x, axis=0, include_initial=True),
        "cumulative_prod": lambda x: np.cumulative_prod(x, axis=1, include_initial=True),
        "astype": lambda x: np.astype(x, np.float64) * x,
    }
if NUMPY >= (2, 2):
    CALLS |= {
        "matvec": lambda x: np.matvec(x, x.reshape(3, 1, 3)),
        "vecmat": lambda x: np.vecmat(x, np.exp(x)),
    }


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_values_and_gradients_are_those_of_numpy(call):
    x = tg.Tensor(A, requires_grad=True)
    y = call(x)
    expected = call(A)
    assert isinstance(y, tg.Tensor)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected, rtol=1e-12)
    tg.sum(y * np.cos(np.arange(y.size)).reshape(y.shape)).backward()
    tg.gradcheck(call, (A,))


def test_a_sum_in_another_dtype():
    x = tg.Tensor(A.astype(np.float32), requires_grad=True)
    y = np.sum(x, dtype=np.float64)
    y.backward()
    assert (y.dtype, x.grad.dtype) == (np.float64, np.float32)
    close(y.data, A.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (np.linalg.cond, r"^np\.linalg\.cond has no derivative rule"),
        (lambda x: np.bitwise_or.reduceat(x, [0]), r"^np\.bitwise_or\.reduceat has no derivative rule"),
        (lambda x: np.std(x, where=A > 0), r"^np\.std on a Tensor does not take where=; it takes x, axis, ddof, keepd"),
        (lambda x: np.sort(x, kind="heapsort", order="f"), r"^np\.sort on a Tensor does not take (kind|order)="),
    ],
    ids=["linalg", "ufunc method", "where", "order"],
)
def test_what_is_not_taken_is_named(call, said):
    with pytest.raises(tg.TinygradError, match=said):
        call(tg.Tensor(A, requires_grad=True))


REFUSED = {
    "average: returned": (
        lambda x: np.average(x, returned=True),
        r"^np\.average .*does not take returned=; it takes x, axi",
    ),
    "average: weights": (
        lambda x: np.average(x, weights=[1, 2, 3]),
        r"^average: weights of shape \(3,\) fit neither x of",
    ),
    "cov: weights": (
        lambda x: np.cov(x, fweights=[1, 2, 3]),
        r"^np\.cov on a Tensor does not take fweights=; it takes x",
    ),
    "cov: nothing left": (lambda x: np.cov(x[:, :1]), r"^cov: 1 observations leave nothing to divide by"),
    "cov: three axes": (lambda x: np.cov(x[None]), r"^cov: an array of shape \(1, 3, 3\) has more than two axes"),
    "diff: n": (lambda x: np.diff(x, -1), r"^diff: n=-1 is negative"),
    "trapezoid: places": (lambda x: np.trapezoid(x, [0.0, 1.0]), r"^trapezoid: x has shape \(2,\) but y has 3 samples"),
    "fliplr": (lambda x: np.fliplr(x[0]), r"^fliplr: x has shape \(3,\); it needs at least 2 axes"),
    "flipud": (lambda x: np.flipud(x[0, 0]), r"^flipud: x has shape \(\); it needs at least 1 axis"),
    "rot90": (lambda x: np.rot90(x, axes=(0,)), r"^rot90: axes=\(0,\) names 1 axes; a plane has two"),
    "vsplit": (lambda x: np.vsplit(x[0], 3), r"^vsplit: x has shape \(3,\); it needs at least two axes, split takes"),
    "dsplit": (lambda x: np.dsplit(x, 3), r"^dsplit: x has shape \(3, 3\); it needs at least three axes"),
    "hsplit": (lambda x: np.hsplit(x, 2), r"^split: axis 1 of size 3 does not divide into 2 equal parts"),
    "broadcast_arrays": (
        lambda x: np.broadcast_arrays(x, np.ones(2)),
        r"^broadcast_arrays: the shapes \(3, 3\), \(2,\) do not broadcast",
    ),
    "broadcast_arrays: subok": (lambda x: np.broadcast_arrays(x, subok=True), r"^np\.broadcast_arrays .* take subok="),
    "max: where alone": (lambda x: np.max(x, where=A > 0), r"^max: where= needs initial="),
    "sum: where too large": (
        lambda x: np.sum(x[0], where=A > 0),
        r"^broadcast_to: x of shape \(3, 3\) does not stretch",
    ),
    "sum: out": (lambda x: np.sum(x, out=np.zeros(())), r"^np\.sum on a Tensor does not take out="),
    "take: mode": (
        lambda x: np.take(x, [0], mode="bounce"),
        r"^take: mode='bounce' is not known; use \"raise\", \"wrap",
    ),
    "take: axis": (
        lambda x: np.take(x, [0], axis=2, mode="wrap"),
        r"^take: axis 2 is out of bounds for an array with 2",
    ),
    "convolve: mode": (lambda x: np.convolve(x[0], x[1], "half"), r"^convolve: mode='half' is not known"),
    "convolve: matrices": (
        lambda x: np.convolve(x, x[0]),
        r"^convolve: a is \(3, 3\) and v is \(3,\); both must be vec",
    ),
    "add.reduce: dtype": (lambda x: np.add.reduce(x, dtype=np.float32), r"^np\.add on a Tensor does not take dtype"),
    "full_like: too large": (
        lambda x: np.full_like(x[0], x),
        r"^broadcast_to: x of shape \(3, 3\) does not stretch to",
    ),
    "linalg.trace": (lambda x: np.linalg.trace(x[0]), r"^trace: x has shape \(3,\); a matrix needs two axes"),
    "histogram: weights": (
        lambda x: np.histogram(A[0], weights=x[0]),
        r"^np\.histogram has no derivative rule here; comp",
    ),
    "interp": (
        lambda x: np.interp(0.5, A[0], x[0]),
        r"^np\.interp has no derivative rule here; compose it from functions",
    ),
}


@pytest.mark.parametrize(("call", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why(call, said):
    with pytest.raises(tg.TinygradError, match=said):
        call(tg.Tensor(A, requires_grad=True))


def test_questions_of_some_elements():
    x, mask = tg.Tensor(A), A > 0
    assert not np.any(x < 0, where=mask)
    assert np.all(x > 0, where=mask)
    assert np.all(x > 0, axis=1, where=mask).tolist() == [True, True, True]


def test_a_constant_for_full_like_gives_plain_values():
    filled = np.full_like(tg.Tensor(A, requires_grad=True), 2.5)
    assert isinstance(filled, np.ndarray)
    assert filled.tolist() == [[2.5] * 3] * 3


def test_float32_stays_float32():
    x = tg.Tensor(A.astype(np.float32), requires_grad=True)
    for call in (np.nan_to_num, np.nansum, np.nanmean, np.nanmax, np.ptp, np.trapezoid, np.average, np.diff, np.cov):
        assert call(x).dtype == np.float32, call.__name__
    assert np.sum(x, where=A > 0, initial=1.0).dtype == np.float32
    assert np.mean(x, where=A > 0).dtype == np.float32


def test_only_nan_has_no_largest_and_no_mean():
    x = tg.Tensor([[np.nan, np.nan], [1.0, np.nan]])
    np.testing.assert_array_equal(np.nanmax(x, axis=1).data, [np.nan, 1.0])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        np.testing.assert_array_equal(np.nanmean(x, axis=1).data, [np.nan, 1.0])


@pytest.mark.parametrize(
    ("method", "ours"),
    [
        (lambda x: x.softmax(0), lambda x: tg.softmax(x, 0)),
        (lambda x: x.log_softmax(), tg.log_softmax),
        (lambda x: x.square().log1p(), lambda x: tg.log1p(x * x)),
        (lambda x: x.norm(axis=1), lambda x: tg.linalg.norm(x, axis=1)),
    ],
    ids=["softmax", "log_softmax", "log1p", "norm"],
)
def test_methods_are_the_functions(method, ours):
    x = tg.Tensor(A, requires_grad=True)
    np.testing.assert_array_equal(method(x).data, ours(x).data)
    assert method(x).requires_grad


def test_the_page_on_numpy_is_true() -> None:
    page = Path(__file__).parents[1] / "docs" / "numpy.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0
