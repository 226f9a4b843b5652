"""The Numba backend: parts of what is joined computed in place, sums of matrix products done as one product."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.emit.program import run

numba = pytest.importorskip("numba", reason="Numba is not installed (extra `fast`)")

from .numba_programs import agree, all_results, examples, follow, joined, recorded, with_gradients  # noqa: E402

rng = np.random.default_rng(8)


@pytest.fixture(autouse=True, scope="module")
def cache_folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINYGRAD_COURSE_CACHE", str(tmp_path_factory.mktemp("compiled")))
        yield


def normal(*shape, dtype=np.float64):
    return rng.standard_normal(shape).astype(dtype)


def held_to_the_reference(programs, rtol=None):
    program = joined(programs)
    compiled = all_results(program)
    for values in (examples(program), [x * 0.5 for x in examples(program)]):
        for actual, expected in zip(compiled.run(values), run(program, values), strict=True):
            agree(actual, expected, rtol)
    return compiled


def test_joined_parts():
    def chained(x):
        a = tg.tanh(x)
        b = tg.exp(a[::-1]) * x
        c = b.sum(axis=0) + a
        whole = tg.stack([a, b, c, a])
        return whole, c, whole.sum(axis=1) * 2

    def nested(x, y):
        rows = [tg.concat([tg.sigmoid(x) * i, tg.tanh(y), x.T.T], axis=1) for i in range(3)]
        return tg.stack(rows, axis=1), rows[1] @ rows[2].T, tg.concat([rows[0]]), rows[0]

    def twice(x, y):
        a, b = tg.exp(x), tg.tanh(x @ y)
        return tg.concat([a, b, x], axis=0), tg.stack([b, a], axis=2), tg.stack([a.reshape(-1), b.reshape(-1)])

    def truths(x):
        return tg.stack([x > 0, x < 1, x == x]), tg.concat([tg.floor(x), x > 0])

    x = normal(6, 6)
    programs = [
        recorded(chained, x),
        with_gradients(chained, x),
        with_gradients(nested, normal(6, 4), normal(6, 3)),
        with_gradients(twice, x, normal(6, 6)),
        recorded(truths, x),
    ]
    held_to_the_reference(programs)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=lambda t: t.__name__)
def test_sums_of_products(dtype):
    def added(*xs):
        pairs = list(zip(xs[::2], xs[1::2], strict=True))
        y = sum((a @ b for a, b in pairs[1:]), pairs[0][0] @ pairs[0][1])
        shared = pairs[0][0] @ pairs[1][1]
        z = (shared + pairs[1][0] @ pairs[0][1]) + (pairs[3][0] @ pairs[2][1] + pairs[0][0] @ pairs[2][1])
        return y.T, tg.tanh(z) * 2, shared

    def used_often(w, x):
        h = tg.tanh(x)
        for _ in range(4):
            h = tg.tanh(h @ w)
        return h

    pairs = [normal(40, 12, dtype=dtype) / 9 if i % 2 == 0 else normal(12, 50, dtype=dtype) for i in range(8)]
    pairs[2] = np.ascontiguousarray(pairs[2].T).T
    compiled = held_to_the_reference([recorded(added, *pairs)], 1e-11 if dtype is np.float64 else 1e-4)
    assert compiled.source.count("\ndef product") <= 4
    w, x = normal(48, 48, dtype=dtype) / 7, normal(24, 48, dtype=dtype)
    compiled = held_to_the_reference([with_gradients(used_often, w, x)], 1e-10 if dtype is np.float64 else 2e-4)


def test_medium_products_without_the_blas():
    def loss(p, d):
        a = tg.relu(d[0] @ p[0].T)
        return ((a @ p[1]) ** 2).mean()

    params = [normal(150, 130, dtype=np.float32) / 12, normal(150, 600, dtype=np.float32) / 12]
    compiled = follow(loss, params, [normal(610, 130, dtype=np.float32)], 0.05, 1e-4)
    assert ("gemm32" in compiled.source) == (tg.emit.numba_backend.tiles.WIDTH != 64)
