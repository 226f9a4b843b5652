"""One call in both libraries, and its derivatives of every order in each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg

from ..numeric import results

torch: Any = pytest.importorskip(
    "torch",
    reason="PyTorch, the oracle of these tests, is not installed (pip install torch to run them)",
    exc_type=ImportError,
)
torch.set_num_threads(1)  # the arrays are small: more threads would only wait for each other


@dataclass(frozen=True)
class Case:
    """``ours(*args, **params)`` and ``theirs(*args, **params)``, arrays as Tensors of either library.

    `order`: up to which order PyTorch has the derivative (0: values only).
    `wrt`: the indices of the args to differentiate (None: every array of floats).
    `exact`: hold every element to the tolerance, however small it is beside the largest; for elementwise functions.
    `loose`: how many times the usual tolerance is needed; `note` says why.
    """

    name: str
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    args: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)
    order: int = 2
    wrt: tuple[int, ...] | None = None
    exact: bool = False
    loose: float = 1
    note: str = ""

    @property
    def active(self) -> tuple[int, ...]:
        """The indices of the args to differentiate."""
        return tuple(i for i, a in enumerate(self.args) if is_float(a)) if self.wrt is None else self.wrt

    def __str__(self) -> str:
        shapes = ",".join("x".join(map(str, np.shape(a))) or "scalar" for a in self.args)
        params = ",".join(f"{k}={np.shape(v) if isinstance(v, np.ndarray) else v}" for k, v in self.params.items())
        return "-".join(part for part in (self.name, shapes, params, self.note) if part).replace(" ", "")


def is_float(a: Any) -> bool:
    """Whether `a` is an array or NumPy scalar of floats."""
    return isinstance(a, np.ndarray | np.generic) and a.dtype.kind == "f"


def as_dtype(a: Any, dtype: Any) -> Any:
    """`a` in `dtype` if it is an array of floats, else as it is."""
    return a.astype(dtype) if is_float(a) else a


def array(x: Any) -> Any:
    """The values of an array, or of a Tensor of either library."""
    return x.numpy(force=True) if isinstance(x, torch.Tensor) else np.asarray(getattr(x, "value", x))


def direction(x: Any, order: int, index: int, ones: bool) -> Any:
    """The cotangent for result number `index` of derivative number `order`: the same for both libraries."""
    if ones:
        return np.ones_like(x)
    return np.random.default_rng([order, index]).uniform(0.5, 1.5, x.shape).astype(x.dtype)


def our_derivatives(case: Case, dtype: Any, order: int, *, recorded: bool, ones: bool = False) -> list[list[Any]]:
    """Values, gradients along fixed cotangents, gradients of those, and so on; the last by the rules on arrays
    unless `recorded`."""
    args = [as_dtype(a, dtype) for a in case.args]
    args = [tg.Tensor(a, requires_grad=i in case.active) if is_float(a) else a for i, a in enumerate(args)]
    params = {name: as_dtype(p, dtype) for name, p in case.params.items()}
    inputs = [args[i] for i in case.active]
    with np.errstate(all="ignore"):
        outputs = results(case.ours(*args, **params))
        levels = [[array(y) for y in outputs]]
        for k in range(1, order + 1):
            again = recorded or k < order
            ends = [(y, direction(array(y), k, i, ones)) for i, y in enumerate(outputs) if tracked(y)]
            found = (
                tg.gradients([y for y, _ in ends], inputs, [g for _, g in ends], again)
                if ends
                else [None] * len(inputs)
            )
            outputs = tuple(zero_for(g, x) for g, x in zip(found, inputs, strict=True))
            levels.append([array(g) for g in outputs])
    return levels


def their_derivatives(case: Case, dtype: Any, order: int, *, ones: bool = False) -> list[list[Any]]:
    """The same by PyTorch."""
    args = [as_dtype(a, dtype) for a in case.args]
    args = [torch_tensor(a).requires_grad_(i in case.active) if is_array(a) else a for i, a in enumerate(args)]
    params = {k: torch_tensor(as_dtype(p, dtype)) if is_array(p) else p for k, p in case.params.items()}
    inputs = [args[i] for i in case.active]
    outputs = results(case.theirs(*args, **params))
    levels = [[array(y) for y in outputs]]
    for k in range(1, order + 1):
        ends = [
            (y, torch.from_numpy(np.asarray(direction(array(y), k, i, ones))))
            for i, y in enumerate(outputs)
            if tracked(y)
        ]
        found = [None] * len(inputs)
        if ends:
            found = torch.autograd.grad(
                [y for y, _ in ends], inputs, [g for _, g in ends], create_graph=k < order, allow_unused=True
            )
        outputs = tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True))
        levels.append([array(g) for g in outputs])
    return levels


def is_array(a: Any) -> bool:
    return isinstance(a, np.ndarray | np.generic)


def torch_tensor(a: Any) -> Any:
    """A copy of `a`: PyTorch cannot share memory of negative strides."""
    return torch.from_numpy(np.array(a))


def tracked(y: Any) -> bool:
    return bool(getattr(y, "requires_grad", False))


def zero_for(g: Any, x: Any) -> Any:
    return tg.Tensor(np.zeros_like(x.data)) if g is None else g


def agree(ours: Sequence[Any], theirs: Sequence[Any], rtol: float, scale: float, *, exact: bool, what: str) -> None:
    """Same dtypes, shapes and numbers: to `rtol` of each if `exact` (and rounding of `scale`), else of `scale`."""
    assert len(ours) == len(theirs), what
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype, what
        assert a.shape == b.shape, what
        atol = scale * (8 * np.finfo(a.dtype).eps if exact and a.dtype.kind == "f" else rtol)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=what)


def scales(levels: Sequence[Sequence[Any]]) -> list[float]:
    """For every order, the largest number that is met up to it: what rounding errors are measured by."""
    largest = [[np.abs(a[np.isfinite(a)]).max(initial=0) for a in level if a.dtype.kind == "f"] for level in levels]
    return [float(s) or 1.0 for s in np.maximum.accumulate([max(found, default=0.0) for found in largest])]
