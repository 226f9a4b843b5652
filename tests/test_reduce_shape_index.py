"""Reductions, shapes and indexing against NumPy's own answers; their special values; their errors, word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_course import Tensor
from tinygrad_course.core.errors import DTypeError, IndexingError, ShapeError, TinygradError
from tinygrad_course.ops import arrange, diagonal, index, join, reduce, running, shape, statistics
from tinygrad_course.ops.index import HOLE, Key

from .numeric import value

rng = np.random.default_rng(3)
x = rng.normal(size=(2, 3, 4))
REDUCTIONS = {
    name: getattr(room, name)
    for room, names in [(reduce, "sum prod max min any all count_nonzero"), (statistics, "mean var std median")]
    for name in names.split()
}


# --- NumPy's answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint8", "bool"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 1), ()], ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_are_numpys(name: str, axis: Any, keepdims: bool, dtype: str) -> None:
    a = np.abs(np.round(x * 3)).astype(dtype)
    ours = REDUCTIONS[name](Tensor(a), axis=axis, keepdims=keepdims)
    theirs = getattr(np, name)(a, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(value(ours), theirs, rtol=2e-3 if dtype == "float16" else 1e-6, atol=1e-6)
    assert ours.dtype == np.asarray(theirs).dtype


KEYS = [
    0, -1, slice(None, None, -1), (0, 1, 2), (..., 1), (None, 0, ..., None), [1, 0, 0], (slice(None), [0, 2]),
    ([0, 1], slice(1, None), [3, 3]), (0, slice(None), [1, 1]), x > 0.5, (1, np.array([True, False, True])),
    (..., np.array([[0, 1], [2, 3]])), np.int64(1), (slice(np.int64(1), None), np.array(2)), True, [],
    (np.array([True, False]), [0, 1]), np.zeros((2, 3), bool),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_indexing_is_numpys_and_its_gradient_counts_the_readings(key: Any) -> None:
    t = Tensor(x, requires_grad=True)
    y = index.getitem(t, key)
    np.testing.assert_array_equal(value(y), x[key])
    reduce.sum(y).backward()
    readings = np.zeros(x.shape)
    np.add.at(readings, key, 1.0)
    np.testing.assert_array_equal(t.grad, readings)


def test_tensors_are_indices() -> None:
    t, i = Tensor(x, requires_grad=True), Tensor(np.array([1, 0, 1]))
    np.testing.assert_array_equal(value(t[i]), x[[1, 0, 1]])
    np.testing.assert_array_equal(value(t[:, i[1]]), x[:, 0])
    np.testing.assert_array_equal(value(t[t > 0]), x[x > 0])
    np.testing.assert_array_equal(value(t[0, Tensor(1) :]), x[0, 1:])


def test_rearrangements_are_numpys() -> None:
    a = rng.normal(size=(3, 4))
    pairs = [
        (shape.swapaxes(x, 0, -1), np.swapaxes(x, 0, -1)),
        (shape.moveaxis(x, (0, 1), (-1, 0)), np.moveaxis(x, (0, 1), (-1, 0))),
        (shape.atleast_2d(np.float64(1)), np.atleast_2d(1.0)),
        (join.tile(a, (2, 1, 3)), np.tile(a, (2, 1, 3))),
        (join.repeat(a, 2), np.repeat(a, 2)),
        (join.repeat(a, [1, 0, 2], 0), np.repeat(a, [1, 0, 2], 0)),
        (join.vstack([a, a[0]]), np.vstack([a, a[0]])),
        (join.hstack([a, a]), np.hstack([a, a])),
        (join.stack(list(a), -1), np.stack(list(a), -1)),
        (join.concat(a, 0), np.concatenate(list(a), 0)),
        (arrange.roll(a, (1, 2), (0, -1)), np.roll(a, (1, 2), (0, -1))),
        *((arrange.pad(a, 3, m), np.pad(a, 3, m)) for m in ("edge", "reflect", "symmetric", "wrap")),
        (arrange.pad(a, (1, 2), constant_values=((1, 2), (3, 4))), np.pad(a, (1, 2), constant_values=((1, 2), (3, 4)))),
        (arrange.pad(a, 2, constant_values=5), np.pad(a, 2, constant_values=5)),
        (diagonal.diag(a[0], -2), np.diag(a[0], -2)),
        (diagonal.trace(x, 1, 1, 2), np.trace(x, 1, 1, 2)),
        (running.cumsum(a), np.cumsum(a)),
        (running.cumprod(a, 1), np.cumprod(a, 1)),
        *zip(join.array_split(a, 3, 1), np.array_split(a, 3, 1), strict=True),
        *zip(join.split(a, [1, 3], 1), np.split(a, [1, 3], 1), strict=True),
    ]  # fmt: skip
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours, theirs)


# --- special values --------------------------------------------------------------------------------------------------

INF = np.inf
SPECIAL: list[tuple[Callable[..., Any], list[float], float, list[float]]] = [
    (reduce.logsumexp, [-INF, -INF], -INF, [0, 0]),
    (reduce.logsumexp, [], -INF, []),
    (reduce.logsumexp, [INF, 1], INF, [1, 0]),
    (reduce.logsumexp, [INF, INF, -INF], INF, [0.5, 0.5, 0]),
    (reduce.logsumexp, [-INF, 1], 1, [0, 1]),
    (reduce.logsumexp, [1000, 1000], 1000 + np.log(2), [0.5, 0.5]),
    (reduce.logsumexp, [-1000, -1000], -1000 + np.log(2), [0.5, 0.5]),
    (reduce.max, [1, 3, 3], 3, [0, 0.5, 0.5]),
    (reduce.min, [1, 1, 3], 1, [0.5, 0.5, 0]),
    (reduce.prod, [0, 2, 3], 0, [6, 0, 0]),
    (reduce.prod, [0, 2, 0], 0, [0, 0, 0]),
    (reduce.prod, [], 1, []),
    (statistics.std, [0.1, 0.1, 0.1], 0, [0, 0, 0]),
    (statistics.var, [0.1, 0.1, 0.1], 0, [0, 0, 0]),
    (statistics.median, [1, 2, 2, 9], 2, [0, 0.5, 0.5, 0]),
    (statistics.median, [4, 1, 2, 9], 3, [0.5, 0, 0.5, 0]),
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("f", "a", "expected", "gradient"), SPECIAL)
def test_special_values(
    f: Callable[..., Any], a: list[float], expected: float, gradient: list[float], dtype: str
) -> None:
    t = Tensor(np.array(a, dtype), requires_grad=True)
    y = f(t)
    y.backward()
    np.testing.assert_allclose(value(y), expected, rtol=1e-6)
    np.testing.assert_allclose(t.grad, gradient, rtol=1e-5)
    assert y.dtype == t.grad.dtype == dtype  # type: ignore[union-attr]


def test_keys_hash_and_print_as_typed() -> None:
    key = Key((slice(1, None), ..., None, HOLE, -1, slice(None, None, -2)))
    assert repr(key) == "Key[1:, ..., None, #, -1, ::-2]"
    assert key.text("rows") == "1:, ..., None, rows, -1, ::-2"
    assert len({key, Key(tuple(key))}) == 1


# --- errors ----------------------------------------------------------------------------------------------------------

v = Tensor([1.0, 2.0, 3.0], requires_grad=True)
ERRORS: list[tuple[Callable[[], Any], type[TinygradError], str]] = [
    (lambda: reduce.sum(v, axis=2), ShapeError, r"sum: axis 2 is out of bounds .*dimension 1; operands: \(3,\)"),
    (lambda: reduce.sum(v, axis="rows"), DTypeError, "sum: .*axis='rows'"),  # type: ignore[arg-type]
    (lambda: reduce.sum(x, axis=(0, 0)), ShapeError, "sum: duplicate value in 'axis'"),
    (lambda: statistics.var(v, axis=2), ShapeError, "var: axis 2 is out of bounds"),
    (lambda: running.cumsum(v, axis=1), ShapeError, "cumsum: axis 1 is out of bounds for .* 1 axes; use -1 to 0"),
    (lambda: reduce.max(np.zeros((0, 3)), axis=0), ShapeError, r"max: x of shape \(0, 3\) has no elements along"),
    (lambda: reduce.argmin(Tensor(np.zeros(0))), ShapeError, r"argmin: x of shape \(0,\) has no elements, so"),
    (lambda: v[5], IndexingError, r"getitem: index 5 is out of bounds for axis 0 with size 3; .*Key\[5\] \(test_.*py:"),
    (lambda: v[0, 1], IndexingError, "getitem: too many indices"),
    (lambda: v[1.5], IndexingError, "getitem: only integers, slices"),
    (lambda: v[np.array([True, False])], IndexingError, "getitem: boolean index did not match"),
    (lambda: index.take(v, [9]), IndexingError, "take: index 9 is out of bounds for axis 0 with size 3"),
    (lambda: index.take(v, [0.5]), DTypeError, "take: Cannot cast"),
    (lambda: index.one_hot([3], 3), ShapeError, "one_hot: the indices must be integers from 0 to 2"),
    (lambda: shape.reshape(v, (2, 2)), ShapeError, r"reshape: cannot reshape array of size 3 into shape \(2,2\)"),
    (lambda: shape.broadcast_to(v, 2), ShapeError, r"broadcast_to: x of shape \(3,\) does not stretch to \(2,\)"),
    (lambda: shape.squeeze(v, 0), ShapeError, "squeeze: cannot select an axis"),
    (lambda: shape.matrix_transpose(v), ShapeError, r"matrix_transpose: x has shape \(3,\); a matrix needs two axes"),
    (lambda: shape.moveaxis(x, (0, 1), 0), ShapeError, "moveaxis: .*must name equally many axes"),
    (lambda: join.concat([]), ShapeError, "concat: got no arrays"),
    (lambda: join.concat([v, x]), ShapeError, r"concat: .*operands: \(3,\), \(2, 3, 4\)"),
    (lambda: join.split(v, 2), ShapeError, "split: axis 0 of size 3 does not divide into 2 equal parts; array_split"),
    (lambda: join.repeat(v, -1), ShapeError, "repeat: repeats=-1 is negative"),
    (lambda: arrange.pad(v, -1), ShapeError, "pad: pad_width=-1 has a negative width; cut with a slice"),
    (lambda: arrange.pad(v, 1, "round"), ShapeError, "pad: mode='round' is not known; use"),
    (lambda: arrange.pad(np.zeros(0), 1, "edge"), ShapeError, "pad: axis 0 is empty"),
    (lambda: diagonal.diag(x), ShapeError, r"diag: x has shape \(2, 3, 4\); it must be a vector or a matrix"),
    (lambda: diagonal.tril(v), ShapeError, "tril: .*a matrix needs two axes"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), ERRORS, ids=[words[:30] for _, _, words in ERRORS])
def test_errors_say_what_where_and_how_to_mend_it(
    call: Callable[[], Any], kind: type[TinygradError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        call()
