"""Reductions, statistics, running sums and products; zeros in products and ties among extremes."""

from __future__ import annotations

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

rng = np.random.default_rng(53)
X = rng.normal(size=(2, 3, 4))
ZEROS = np.array([[2.0, 0.0, -3.0, 0.5], [1.0, 4.0, 0.5, 2.0], [0.0, 0.0, 3.0, 1.0], [0.0, 0.0, 0.0, 2.0]])
TIES = np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0], [0.0, -1.0, 0.0]])
HOLED = np.where([[[True]], [[False]]] & (X > 0.5), np.nan, X)
WILD = np.where(X > 0.8, np.inf, np.where(X < -1.2, -np.inf, np.where(X < -0.8, np.nan, X)))
AXES = [{}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}, {"axis": (2, 1), "keepdims": True}]
ONE_AXIS = [{"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": -1}]


def free(name: str) -> object:
    """PyTorch's variance or deviation, asked for NumPy's `ddof`."""
    return lambda x, ddof=0, **p: getattr(torch, name)(x, correction=ddof, **p)


CASES = [
    *(Case(name, getattr(tg, name), getattr(torch, name), (X,), p, order=3)
      for name in ("sum", "mean", "amax", "amin") for p in AXES),
    *(Case(name, getattr(tg, name), getattr(torch, name), (x,), p, note=note)
      for name in ("amax", "amin") for p in ({}, {"axis": 1}, {"axis": 0, "keepdims": True})
      for x, note in ((TIES, "ties"), (np.zeros((3, 3)), "all equal"))),
    *(Case(name, getattr(tg, name), getattr(torch, name), (TIES,), order=1, note="ties") for name in ("max", "min")),
    *(Case(name, getattr(tg, name), free(name), (X,), {**p, "ddof": d}, order=3)
      for name in ("var", "std") for p in AXES for d in (0, 1, 2) if not (d == 2 and p == {"axis": 0})),
    Case("std", tg.std, free("std"), (np.full(3, 2.0),), order=1, note="of equal numbers"),
    *(Case("prod", tg.prod, torch.prod, (x,), p, order=3, note=note)
      for p in ({}, *ONE_AXIS[:2]) for x, note in ((X, ""), (ZEROS, "zeros"), (ZEROS.T.copy(), "zeros"))),
    *(Case(name, getattr(tg, name), getattr(torch, name), (HOLED,), p) for name in ("nansum", "nanmean") for p in AXES),
    Case("nan_to_num", lambda x: tg.nan_to_num(x, 0.5, 2.0, -3.0), lambda x: torch.nan_to_num(x, 0.5, 2.0, -3.0),
         (WILD,), order=1),
    Case("nan_to_num", tg.nan_to_num, torch.nan_to_num, (HOLED,), order=1),
    *(Case("ptp", tg.ptp, lambda x, **p: torch.amax(x, **p) - torch.amin(x, **p), (X,), p) for p in AXES),
    *(Case("average", lambda x, w, p=p: tg.average(x, weights=w, **p),
           lambda x, w, p=p: torch.sum(x * w, **p) / torch.sum(w, **p), (X, np.exp(X)), note=str(p)) for p in AXES),
    *(Case("diff", lambda x, n=n, a=a: tg.diff(x, n, a), lambda x, n=n, a=a: torch.diff(x, n, a), (X,),
           note=f"{n} along {a}")
      for n in (0, 1, 2) for a in (0, 1, -1) if not (n == 2 and a == 0)),
    Case("diff", lambda x, a, b: tg.diff(x, 1, 1, a, b), lambda x, a, b: torch.diff(x, 1, 1, a, b),
         (X, X[:, :1] ** 2, X[:, 1:])),
    *(Case("trapezoid", lambda y, a=a: tg.trapezoid(y, dx=0.5, axis=a),
           lambda y, a=a: torch.trapezoid(y, dx=0.5, dim=a), (X,), note=str(a)) for a in (0, 1, -1)),
    Case("trapezoid", tg.trapezoid, torch.trapezoid, (X, X[0, 0])),
    Case("trapezoid", tg.trapezoid, torch.trapezoid, (X, X**2)),
    *(Case(name, getattr(tg, name), getattr(torch, name), (X,), {"axis": a}, order=3)
      for name in ("cumsum", "cumprod") for a in (0, 1, -1)),
    *(Case("cumprod", tg.cumprod, torch.cumprod, (ZEROS,), {"axis": a}, note="zeros") for a in (0, 1)),
    *(Case(name, getattr(tg, name), getattr(torch, name), (X,), p, order=0)
      for name in ("argmax", "argmin") for p in ONE_AXIS),
    Case("argmax", tg.argmax, torch.argmax, (X,), order=0),
    *(Case(name, lambda x, f=name, **p: getattr(tg, f)(x > 0.3, **p),
           lambda x, f=name, **p: getattr(torch, f)(x > 0.3, **p), (X,), p, order=0)
      for name in ("any", "all") for p in ONE_AXIS),
    Case("count_nonzero", tg.count_nonzero, torch.count_nonzero, (ZEROS,), order=0),
    Case("median", tg.median, torch.median, (X[0, 0, :3],), note="odd count: where PyTorch's is NumPy's"),
]  # fmt: skip
