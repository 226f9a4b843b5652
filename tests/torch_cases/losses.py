"""Every loss with every reduction and option, integer and float targets, logits and probabilities at their ends."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

F = torch.nn.functional
rng = np.random.default_rng(47)
REDUCTIONS = ("mean", "sum", "none")
X, Y = rng.normal(size=(2, 4, 3))
P, Q = rng.uniform(0.02, 0.98, (2, 4, 3))
W = rng.uniform(0.2, 2, (4, 3))

PLAIN = [
    *(Case(f"{name}", getattr(tg, name), getattr(F, name), (X, Y), {"reduction": r})
      for name in ("mse_loss", "l1_loss", "huber_loss") for r in REDUCTIONS),
    *(Case("huber_loss", tg.huber_loss, F.huber_loss, (X, Y), {"reduction": r, "delta": d})
      for r in REDUCTIONS for d in (0.3, 1, 2.5)),
    Case("huber_loss", tg.huber_loss, F.huber_loss, (np.array([0.0, 1.5, -1.5]), np.zeros(3)), {"delta": 1.5},
         order=1, note="at 0 and delta"),
    Case("huber_loss", tg.huber_loss, F.huber_loss, (np.array([0.0, 0.5]), np.zeros(2)), note="at 0"),
    Case("l1_loss", tg.l1_loss, F.l1_loss, (X, X), note="at 0"),
]  # fmt: skip

# --- two classes ------------------------------------------------------------------------------------------------------

HARD = np.array([1000.0, -1000.0, 1000.0, -1000.0, 40.0, -40.0, 0.0])
TRUTH = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.3, 0.5])
BINARY = [
    *(Case("binary_cross_entropy", tg.binary_cross_entropy, F.binary_cross_entropy, (P, Q),
           {"reduction": r, **w}, order=1)
      for r in REDUCTIONS for w in ({}, {"weight": W}, {"weight": W[0]})),
    Case("binary_cross_entropy", tg.binary_cross_entropy, F.binary_cross_entropy, (P, Q), loose=200,
         note="second order, where PyTorch adds 1e-12 to p (1 - p)"),
    *(Case("binary_cross_entropy", tg.binary_cross_entropy, F.binary_cross_entropy, (np.array([0.0, 1.0] * 2), y),
           {"reduction": r}, order=0, note=f"p = 0 or 1, {note}")
      for r in REDUCTIONS for y, note in ((np.array([0.0, 0.0, 1.0, 1.0]), "hard"), (np.full(4, 0.3), "soft"))),
    *(Case("binary_cross_entropy_with_logits", tg.binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits,
           (X, Q), {"reduction": r, **w, **p})
      for r in REDUCTIONS for w in ({}, {"weight": W}) for p in ({}, {"pos_weight": W[1]})),
    *(Case("binary_cross_entropy_with_logits", tg.binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits,
           (HARD, TRUTH), {"reduction": "none", **p}, exact=True, note="far")
      for p in ({}, {"pos_weight": np.array(2.5)})),
]  # fmt: skip

# --- many classes -----------------------------------------------------------------------------------------------------

LOGITS = {"C": rng.normal(size=5), "NC": rng.normal(size=(6, 5)), "NCd": rng.normal(size=(3, 5, 4)),
          "NCdd": rng.normal(size=(2, 5, 3, 2))}  # fmt: skip
TARGETS: dict[str, Any] = {
    "C": np.array(3), "NC": np.array([0, 4, 2, 2, 1, 3]), "NCd": rng.integers(0, 5, (3, 4)),
    "NCdd": rng.integers(0, 5, (2, 3, 2)),
}  # fmt: skip
CLASS_WEIGHT = rng.uniform(0.2, 3, 5)
WEIGHTS: list[dict[str, Any]] = [{}, {"weight": CLASS_WEIGHT}]
IGNORED: list[dict[str, Any]] = [{}, {"ignore_index": 2}, {"ignore_index": -100}]
FAR = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0], [500.0, 500.0, 499.0]])


def targets(layout: str, options: dict[str, Any]) -> Any:
    """Classes, some of them the index to ignore when that is none of the classes."""
    y = TARGETS[layout].copy()
    if options.get("ignore_index") == -100 and y.size > 1:
        y.flat[1::3] = -100
    return y


def soft(layout: str) -> Any:
    """A probability for every class."""
    p = rng.uniform(0.1, 1, LOGITS[layout].shape)
    return p / p.sum(min(1, p.ndim - 1), keepdims=True)


MANY = [
    *(Case("nll_loss", tg.nll_loss, F.nll_loss, (LOGITS[k], targets(k, i)), {"reduction": r, **w, **i}, note=k)
      for k, r, w, i in product(LOGITS, REDUCTIONS, WEIGHTS, IGNORED)),
    *(Case("cross_entropy", tg.cross_entropy, F.cross_entropy, (LOGITS[k], targets(k, i)),
           {"reduction": r, "label_smoothing": e, **w, **i}, note=k)
      for k, r, w, i, e in product(LOGITS, REDUCTIONS, WEIGHTS, IGNORED, (0.0, 0.1, 1.0))),
    *(Case("cross_entropy", tg.cross_entropy, F.cross_entropy, (LOGITS[k], soft(k)),
           {"reduction": r, "label_smoothing": e, **w}, note=f"{k} probabilities")
      for k, r, w, e in product(LOGITS, REDUCTIONS, WEIGHTS, (0.0, 0.2))),
    *(Case("cross_entropy", tg.cross_entropy, F.cross_entropy, (FAR, y), {"reduction": "none", "label_smoothing": e},
           note="far")
      for y in (np.array([0, 0, 2]), np.array([[0.2, 0.3, 0.5]] * 3)) for e in (0.0, 0.1)),
]  # fmt: skip

CASES = PLAIN + BINARY + MANY
