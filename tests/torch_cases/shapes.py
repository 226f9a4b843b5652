"""Shape functions, joins and every kind of indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

F = torch.nn.functional
rng = np.random.default_rng(61)
X = rng.normal(size=(2, 3, 4))
M = X[0]
U, V = rng.normal(size=(2, 2, 3))
DISTINCT = rng.permutation(12).reshape(3, 4) * 0.1
ints, block, mask = np.array([0, 2, 2, -1]), np.array([[0, 1], [1, -2]]), np.array([True, False, True])

KEYS: dict[str, Any] = {
    "2": 1, "-1": -1, "1:": slice(1, None), "..., 1": (..., 1), ":, None": (slice(None), None),
    ":, ::2": (slice(None), slice(None, None, 2)),
    "0, ..., -2": (0, ..., -2), "all ints": (1, 2, 3), "None, 1, ..., None": (None, 1, ..., None),
    "empty": slice(1, 1), "repeated ints": (slice(None), ints), "block": (slice(None), block),
    "two arrays": (np.array([0, 1, 1, 1]), ints), "arrays apart": (np.array([0, 1]), slice(None), np.array([3, 3])),
    "arrays broadcast": (np.array([[0], [1]]), np.array([2, 2, 0])), "int beside array": (slice(None), 1, ints),
    "mask": (slice(None), mask), "full mask": X > 0.2, "mask and array": (np.array([True, False]), slice(None), ints),
    "nothing chosen": np.zeros((2, 3), bool), "list": [1, 0, 1],
}  # fmt: skip


def as_torch(key: Any) -> Any:
    """The same key with tensors for arrays."""
    if isinstance(key, tuple):
        return tuple(map(as_torch, key))
    return torch.from_numpy(key) if isinstance(key, np.ndarray) else key


CASES = [
    *(Case("x[...]", lambda x, k=k: x[k], lambda x, k=k: x[as_torch(k)], (X,), note=note) for note, k in KEYS.items()),
    Case("reshape", lambda x: tg.reshape(x, (4, -1)), lambda x: torch.reshape(x, (4, -1)), (X,)),
    Case("ravel", tg.ravel, torch.ravel, (X,)),
    Case("squeeze", tg.squeeze, torch.squeeze, (X[:1, :, None],)),
    Case("expand_dims", lambda x: tg.expand_dims(x, 1), lambda x: x.unsqueeze(1), (X,)),
    Case("broadcast_to", lambda x: tg.broadcast_to(x, (5, 2, 3)), lambda x: torch.broadcast_to(x, (5, 2, 3)), (U,)),
    Case("permute_dims", lambda x: tg.permute_dims(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1), (X,)),
    Case("swapaxes", lambda x: tg.swapaxes(x, 0, -1), lambda x: torch.swapaxes(x, 0, -1), (X,)),
    Case("moveaxis", lambda x: tg.moveaxis(x, (0, 1), (2, 0)), lambda x: torch.moveaxis(x, (0, 1), (2, 0)), (X,)),
    Case("matrix_transpose", tg.matrix_transpose, torch.adjoint, (X,)),
    Case("atleast_1d", tg.atleast_1d, torch.atleast_1d, (X[0, 0, 0],)),
    Case("atleast_2d", tg.atleast_2d, torch.atleast_2d, (V[0],)),
    Case("mT", lambda x: x.mT, lambda x: x.mT, (X,)),
    Case("concat", lambda *a: tg.concat(a, axis=1), lambda *a: torch.concat(a, 1), (U, V, U[:, :1])),
    Case("stack", lambda *a: tg.stack(a, axis=-1), lambda *a: torch.stack(a, -1), (U, V)),
    Case("vstack", lambda *a: tg.vstack(a), lambda *a: torch.vstack(a), (U, V[0])),
    Case("hstack", lambda *a: tg.hstack(a), lambda *a: torch.hstack(a), (U, V)),
    Case("split", lambda x: tuple(tg.split(x, [1, 3], axis=2)), lambda x: torch.tensor_split(x, (1, 3), 2), (X,)),
    Case("array_split", lambda x: tuple(tg.array_split(x, 3, axis=2)), lambda x: torch.tensor_split(x, 3, 2), (X,)),
    Case("unstack", lambda x: tg.unstack(x, axis=1), lambda x: torch.unbind(x, 1), (X,)),
    Case("column_stack", lambda *a: tg.column_stack(a), lambda *a: torch.column_stack(a), (U, V[:, 0])),
    Case("dstack", lambda *a: tg.dstack(a), lambda *a: torch.dstack(a), (U, V)),
    Case("dstack", lambda *a: tg.dstack(a), lambda *a: torch.dstack(a), (U[0], V[1]), note="vectors"),
    Case("append", tg.append, lambda a, b: torch.cat([a.ravel(), b.ravel()]), (U, V[:, 0])),
    Case("append", lambda a, b: tg.append(a, b, axis=1), lambda a, b: torch.cat([a, b], 1), (U, V)),
    Case("tile", lambda x: tg.tile(x, (2, 1, 3)), lambda x: torch.tile(x, (2, 1, 3)), (U,)),
    Case("repeat", lambda x: tg.repeat(x, 3, axis=1), lambda x: torch.repeat_interleave(x, 3, 1), (U,)),
    Case("repeat", lambda x, n: tg.repeat(x, n, axis=1), lambda x, n: torch.repeat_interleave(x, n, 1),
         (U, np.array([2, 0, 1]))),
    Case("flip", lambda x: tg.flip(x, (0, 2)), lambda x: torch.flip(x, (0, 2)), (X,)),
    *(Case(name, getattr(tg, name), getattr(torch, name), (X,)) for name in ("fliplr", "flipud")),
    *(Case("rot90", lambda x, k=k: tg.rot90(x, k, (2, 0)), lambda x, k=k: torch.rot90(x, k, (2, 0)), (X,), note=str(k))
      for k in range(-1, 5)),
    Case("roll", lambda x: tg.roll(x, (1, -2), (0, 2)), lambda x: torch.roll(x, (1, -2), (0, 2)), (X,)),
    *(Case("pad", lambda x, m=ours: tg.pad(x, ((0, 0), (0, 0), (2, 1)), mode=m),
           lambda x, m=theirs: F.pad(x, (2, 1), mode=m), (X,), note=ours)
      for ours, theirs in (("constant", "constant"), ("edge", "replicate"), ("reflect", "reflect"),
                           ("wrap", "circular"))),
    Case("pad", lambda x: tg.pad(x, ((1, 2),), constant_values=3.0), lambda x: F.pad(x, (1, 2), value=3.0), (U[0],)),
    *(Case(name, lambda x, f=name, k=k: getattr(tg, f)(x, k), lambda x, f=name, k=k: getattr(torch, f)(x, k), (X,),
           note=str(k))
      for name in ("tril", "triu") for k in (0, 1, -1)),
    *(Case("diag", lambda x, k=k: tg.diag(x, k), lambda x, k=k: torch.diag(x, k), (x,), note=str(k))
      for x in (M, M[0]) for k in (0, 1, -1)),
    Case("diagonal", lambda x: tg.diagonal(x, 1, 0, 2), lambda x: torch.diagonal(x, 1, 0, 2), (X,)),
    Case("trace", tg.trace, torch.trace, (M,)),
    Case("linalg.trace", tg.linalg.trace, lambda x: torch.linalg.diagonal(x).sum(-1), (X,)),
    Case("linalg.diagonal", lambda x: tg.linalg.diagonal(x, offset=1), lambda x: torch.linalg.diagonal(x, offset=1),
         (X,)),
    Case("take", tg.take, torch.take, (X, np.array([[0, 23], [5, 5]]))),
    Case("take", lambda x, i: tg.take(x, i, axis=1), lambda x, i: torch.index_select(x, 1, i),
         (X, np.array([0, 2, 2]))),
    *(Case("take_along_axis", lambda x, i, a=a: tg.take_along_axis(x, i, axis=a),
           lambda x, i, a=a: torch.take_along_dim(x, i, a), (M, i))
      for i, a in ((np.array([[0, 1, 1], [3, 3, 3], [2, 0, 2]]), 1), (np.array([[2, 0, 0, 1]]), 0))),
    *(Case("sort", lambda x, a=a: tg.sort(x, axis=a), lambda x, a=a: torch.sort(x, a).values, (DISTINCT,), note=str(a))
      for a in (0, 1, -1)),
    Case("argsort", tg.argsort, torch.argsort, (DISTINCT,), order=0),
    Case("one_hot", lambda i: tg.one_hot(i, 4, np.int64), lambda i: F.one_hot(i, 4),
         (np.array([[0, 3], [1, 1]]),), order=0),
    Case("astype", lambda x: (x.astype(np.float32) ** 2).astype(np.float64), lambda x: (x.float() ** 2).double(), (X,)),
]  # fmt: skip
