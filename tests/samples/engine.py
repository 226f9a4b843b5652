"""Samples of the primitives that the reverse pass and the Tensor itself use."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.core import engine_ops as ops
from tinygrad_course.core.primitive import Primitive
from tinygrad_course.emit.program import stop
from tinygrad_course.values import discrete

from ._sample import Sample

rng = np.random.default_rng(11)
X = rng.uniform(-1, 1, (2, 3))

sine_and_cosine = Primitive(
    lambda x: (np.sin(x), np.cos(x)),
    name="sine_and_cosine",
    outputs=2,
    vjp=(lambda g, y, x: g[0] * y[1] - g[1] * y[0],),
)


def _second(x: Any) -> Any:
    return sine_and_cosine(x)[1]


def _product(x: Any) -> Any:
    a, b = sine_and_cosine(x)
    return a * b


SAMPLES = [
    Sample("pick", sine_and_cosine, (X,), note="both"),
    Sample("pick", _second, (X,), note="one"),
    Sample("pick", _product, (X,), note="product"),
    Sample("sum_to", ops.sum_to, (X,), {"shape": (3,)}),
    Sample("sum_to", ops.sum_to, (X,), {"shape": (2, 1)}),
    Sample("sum_to", ops.sum_to, (X,), {"shape": ()}),
    Sample("sum_to", ops.sum_to, (X,), {"shape": (2, 3)}),
    Sample("broadcast_to", ops.broadcast_to, (X,), {"shape": (4, 2, 3)}),
    Sample("broadcast_to", ops.broadcast_to, (X[:, :1],), {"shape": (2, 5)}),
    Sample("broadcast_to", ops.broadcast_to, (np.float64(0.7),), {"shape": (2,)}),
    Sample("cast", ops.cast, (X,), {"dtype": np.dtype(np.float64)}),
    Sample("discrete", discrete, (X,), {"dtype": np.dtype(int)}),
    Sample("stop", stop, (X,)),
    Sample("guarded_product", ops.guarded_product, (X, X[0] + 2)),
]
