"""Activations, softmax and its relatives, at ordinary arguments, at their kinks and at the far ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

F = torch.nn.functional
rng = np.random.default_rng(43)
X = np.concatenate([rng.uniform(-4, 4, 8), [0.0, -0.0]])
FAR = np.array([1000.0, -1000.0, 40.0, -40.0, 15.0, -15.0])
STACK = rng.normal(size=(2, 3, 4))
LARGE = np.array([[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1001.0]])


def softplus(x: Any) -> Any:
    """PyTorch's default returns x itself beyond 20, which is off by up to 2e-9; from 40 on that is exact."""
    return F.softplus(x, threshold=40)


def along(axis: int, f: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda x: f(x, axis)


CASES = [
    *(
        Case(f"{ours.__name__}", ours, theirs, (x,), params, order=3, exact=True)
        for x in (X, FAR)
        for ours, theirs, params in [
            (tg.relu, F.relu, {}), (tg.sigmoid, torch.sigmoid, {}), (tg.tanh, torch.tanh, {}),
            (tg.softplus, softplus, {}), (tg.log_sigmoid, F.logsigmoid, {}), (tg.silu, F.silu, {}),
            (tg.leaky_relu, F.leaky_relu, {}), (tg.leaky_relu, F.leaky_relu, {"negative_slope": 0.3}),
            (tg.leaky_relu, F.leaky_relu, {"negative_slope": 0.0}), (tg.gelu, F.gelu, {}),
        ]
    ),
    *(Case("elu", tg.elu, F.elu, (x,), p, order=k, exact=True, note=note)
      for x, k, note in ((X[:8], 3, ""), (X, 1, "at 0"), (FAR, 3, "far"))
      for p in ({}, {"alpha": 0.4}, {"alpha": 2})),
    *(Case("gelu", tg.gelu, F.gelu, (x,), {"approximate": "tanh"}, order=k, exact=True, note=note)
      for x, k, note in ((X, 3, ""), (FAR, 2, "far"))),
    *(
        Case(name, along(axis, getattr(tg, name)), along(axis, getattr(torch, name)), (STACK,), order=3, note=str(axis))
        for name in ("softmax", "log_softmax", "logsumexp") for axis in (0, 1, 2, -1)
    ),
    *(
        Case(name, along(1, getattr(tg, name)), along(1, getattr(torch, name)), (LARGE,), exact=True, note="large")
        for name in ("softmax", "log_softmax", "logsumexp")
    ),
    Case("logsumexp", tg.logsumexp, torch.logsumexp, (STACK,), {"axis": (0, 2), "keepdims": True}),
    Case("logsumexp", tg.logsumexp, lambda x: torch.logsumexp(x, (0, 1, 2)), (STACK,)),
]  # fmt: skip
