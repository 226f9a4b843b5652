"""NumPy's functions on Tensors: the values NumPy gives, by position or keyword, and a gradient; or a clear refusal."""

import numpy as np
import pytest

import tinygrad_course as tg

from .numeric import close

A = np.array([[0.4, -1.2, 0.7], [1.5, 0.3, -0.6], [-0.2, 0.9, 1.1]])

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
}


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
        (lambda x: np.sum(x, where=A > 0), r"^np\.sum on a Tensor does not take where=; it takes x, axis, keepdims"),
        (lambda x: np.sort(x, kind="heapsort", order="f"), r"^np\.sort on a Tensor does not take (kind|order)="),
    ],
    ids=["linalg", "ufunc method", "where", "order"],
)
def test_what_is_not_taken_is_named(call, said):
    with pytest.raises(tg.TinygradError, match=said):
        call(tg.Tensor(A, requires_grad=True))
