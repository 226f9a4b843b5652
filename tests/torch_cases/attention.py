"""Scaled dot-product attention: masks of both kinds, causal or not, batched and broadcast."""

from __future__ import annotations

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

rng = np.random.default_rng(71)
Q, K, V = (rng.normal(size=s) for s in [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 2)])
ALLOWED = rng.random((4, 6)) < 0.6
ALLOWED[:, 0] = True  # a query without a key: PyTorch gives NaN, we give 0
ADDED = rng.normal(size=(2, 1, 4, 6))


# Their fused kernels have no second derivative: the plain one does.
def theirs(*args: object, **params: object) -> object:
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return torch.nn.functional.scaled_dot_product_attention(*args, **params)


CASES = [
    Case("scaled_dot_product_attention", tg.scaled_dot_product_attention, theirs, args, params, loose=10, note=note)
    for note, args, params in [
        ("", (Q, K, V), {}),
        ("scale", (Q, K, V), {"scale": 0.3}),
        ("matrices", (Q[0, 0], K[0, 0], V[0, 0]), {}),
        ("broadcast", (Q, K[:1, :1], V[:, :1]), {}),
        ("causal", (Q, K, V), {"is_causal": True}),
        ("causal", (K, Q, Q), {"is_causal": True}),
        ("allowed", (Q, K, V, ALLOWED), {}),
        ("added, with a gradient", (Q, K, V, ADDED), {}),
        ("minus infinity", (Q, K, V), {"attn_mask": np.where(ALLOWED, 0.0, -np.inf)}),
    ]
]
