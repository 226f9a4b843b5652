"""Random expressions: printed, simplified and eager computation agree on new data, for shapes that broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tinygrad_course as tg

from .test_emit_primitives import printed, same
from .test_properties import BINARY, UNARY, expressions, points

CHOICES = {
    "relu": tg.relu,
    "root": lambda a: tg.where(a > 0, tg.sqrt(tg.abs(a)), 0.25 * a),
    "log_of_chosen": lambda a: tg.where(a > 0, tg.log(tg.abs(a)), a),
    "top": lambda a: tg.max(a, axis=-1, keepdims=True) if np.ndim(a) else tg.maximum(a, 0.1),
    "clip": lambda a: tg.clip(a, -0.5, 0.5),
    "float32": lambda a: a.astype(np.float32) if isinstance(a, tg.Tensor) else a,
    "scaled": lambda a: a * np.float32(0.1),
}
EVERYTHING = UNARY | BINARY | CHOICES

trees = st.recursive(
    expressions,
    lambda inner: (
        st.tuples(st.sampled_from(sorted(UNARY | CHOICES)), inner)
        | st.tuples(st.sampled_from(sorted(BINARY)), inner, inner)
    ),
    max_leaves=6,
)


def evaluate(expression: Any, values: Any) -> Any:
    name, *operands = expression
    if name == "variable":
        return values[operands[0]]
    if name == "constant":
        return operands[0]
    return EVERYTHING[name](*(evaluate(x, values) for x in operands))


@settings(max_examples=100, deadline=None)
@given(trees, points(), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_random_expressions_on_new_data(expression: Any, point: Any, dtype: Any, zero: bool) -> None:
    examples, others = ([a.astype(dtype) for a in arrays] for arrays in point)
    if zero:
        others = [np.where(np.abs(a) < 0.5, 0, a).astype(dtype) for a in others]

    def f(*values: Any) -> Any:
        return tg.sum(evaluate(expression, values) * 1.5)

    given = [tg.Tensor(a, requires_grad=True) for a in others]
    with np.errstate(all="ignore"):
        y = f(*given)
        assume(isinstance(y, tg.Tensor) and y.requires_grad)
        value, gradients = printed(tg.source(f, *examples))(*others)
        same(value, y.value)
        assume(np.isfinite(y.value))  # otherwise eager code may guard where the printed text does not
        y.backward()
        for g, x in zip(gradients, given, strict=True):
            same(g, x.grad if x.grad is not None else np.zeros_like(x.value))
