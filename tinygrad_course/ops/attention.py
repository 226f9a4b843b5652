"""Attention: every query gets the mean of the values, weighted by how well their keys match it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.state import composite
from .activation import softmax
from .axes import refuse
from .dropout import dropout
from .einsum import operand
from .linalg import matmul
from .pieces import where
from .questions import invert
from .shape import matrix_transpose

Rng = np.random.Generator | int | None


@composite
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    *,
    rng: Rng = None,
) -> Any:
    """``softmax(query @ key.T / sqrt(E) + mask) @ value`` (Vaswani et al., 2017), with PyTorch's arguments.

    Parameters
    ----------
    query, key, value
        (..., L, E), (..., S, E) and (..., S, V); the result is (..., L, V).
    attn_mask
        Broadcasts to (..., L, S): booleans, True where a query may attend to a key; or floats that are added to the
        scores. A query that may attend to nothing gets zeros.
    dropout_p
        The probability with which a weight is dropped; in use, pass 0.
    is_causal
        Whether query i attends to the keys 0 to i only.
    scale
        What multiplies the scores instead of ``1 / sqrt(E)``.
    rng
        A NumPy Generator or a seed for dropout.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> tg.scaled_dot_product_attention(x, x, x, is_causal=True)[0].tolist()
    [1.0, 0.0]
    """
    query, key, value = operand(query), operand(key), operand(value)
    q, k, v = query.shape, key.shape, value.shape
    if min(map(len, (q, k, v))) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        text = f"query, key and value are {q}, {k} and {v}; they must be (..., L, E), (..., S, E) and (..., S, V)"
        raise refuse("scaled_dot_product_attention", text)
    masks = [causal(q[-2], k[-2])] if is_causal else []
    if attn_mask is not None:
        attn_mask = operand(attn_mask)
        masks.append(invert(attn_mask) if attn_mask.dtype == bool else attn_mask)
    weights = attention_weights(query, key, masks, scale)
    return matmul(dropout(weights, dropout_p, rng=rng), value)


def attention_weights(query: Any, key: Any, masks: list[Any], scale: float | None = None) -> Any:
    """``softmax(query @ key.T * scale)`` with masks: booleans, True where there shall be no weight, or terms to add."""
    scale = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    scores = matmul(query * scale, matrix_transpose(key))
    for mask in masks:
        scores = where(mask, -np.inf, scores) if mask.dtype == bool else scores + mask
    return softmax(scores, axis=-1)


def causal(queries: int, keys: int) -> Any:
    """True above the diagonal: what comes later than the query."""
    return np.triu(np.ones((queries, keys), bool), 1)
