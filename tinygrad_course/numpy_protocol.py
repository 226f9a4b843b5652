"""Plain NumPy code on Tensors: `np.exp(t)`, `np.sum(t, axis=0)`, `array * t` find their way to our functions here.

NumPy hands a call that involves a Tensor to `Tensor.__array_ufunc__` or `Tensor.__array_function__`; two tables say
which of our functions stands for which of NumPy's. What has no derivative rule is refused rather than run silently
outside the graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from . import linalg as linalg_names
from .core.errors import DTypeError, GraphError
from .core.node import Node
from .core.primitive import Primitive
from .ops import (
    arithmetic,
    arrange,
    diagonal,
    einsum,
    exponential,
    index,
    join,
    linalg,
    pieces,
    powers,
    questions,
    reduce,
    running,
    shape,
    sinc,
    statistics,
    trigonometry,
)

ELEMENTWISE = (arithmetic, exponential, pieces, powers, questions, sinc, trigonometry)

UFUNCS: dict[Any, Callable[..., Any]] = {
    op.forward: op
    for family in ELEMENTWISE
    for op in vars(family).values()
    if isinstance(op, Primitive) and isinstance(op.forward, np.ufunc)
}
UFUNCS |= {np.reciprocal: arithmetic.reciprocal, np.matmul: linalg.matmul, np.vecdot: linalg.vecdot}
UFUNCS |= {np.deg2rad: trigonometry.radians, np.rad2deg: trigonometry.degrees, np.fabs: pieces.abs}
UFUNCS |= {np.conjugate: arithmetic.positive}  # numbers here are real

REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: reduce.sum, np.multiply: reduce.prod, np.maximum: reduce.max, np.minimum: reduce.min,
    np.logical_and: reduce.all, np.logical_or: reduce.any, np.logaddexp: reduce.logsumexp,
}  # fmt: skip
ACCUMULATIONS: dict[Any, Callable[..., Any]] = {np.add: running.cumsum, np.multiply: running.cumprod}


def _same_names(module: Any, *rooms: Any) -> dict[Any, Callable[..., Any]]:
    """NumPy's functions in `module` for which one of our `rooms` has a function of the same name."""
    found = {}
    for room in rooms:
        for name, ours in vars(room).items():
            theirs = getattr(module, name, None)
            if (
                callable(ours)
                and not name.startswith("_")
                and callable(theirs)
                and not isinstance(theirs, type | np.ufunc)
            ):
                found[theirs] = ours
    return found


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **_same_names(np, *ELEMENTWISE, arrange, diagonal, einsum, index, join, linalg, reduce, running, shape, statistics),
    **_same_names(np.linalg, linalg_names),
}
for _writes in (np.put,):  # the same name, but NumPy's writes into its argument
    FUNCTIONS.pop(_writes, None)

# Questions about values and layouts, and printing: answered by NumPy itself on the plain values.
ON_VALUES = {
    getattr(np, name)
    for name in [
        "allclose",
        "argwhere",
        "array2string",
        "array_equal",
        "array_equiv",
        "array_repr",
        "array_str",
        "can_cast",
        "empty_like",
        "flatnonzero",
        "full_like",
        "histogram",
        "isclose",
        "isin",
        "iscomplexobj",
        "isrealobj",
        "may_share_memory",
        "min_scalar_type",
        "ndim",
        "nonzero",
        "ones_like",
        "result_type",
        "save",
        "savetxt",
        "savez",
        "searchsorted",
        "shape",
        "shares_memory",
        "size",
        "unique",
        "zeros_like",
    ]
}


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`ufunc(*inputs)`, or one of its methods, on Tensors."""
    if method == "__call__" and not kwargs and ufunc in UFUNCS:  # the common case, without ado
        return UFUNCS[ufunc](*inputs)
    if kwargs.get("out") is not None:
        raise GraphError(
            f"np.{ufunc.__name__}(..., out=...) and in-place operators cannot write into an array what a graph should "
            "record; assign the result instead, as in a = a + t"
        )
    table = {"__call__": UFUNCS, "reduce": REDUCTIONS, "accumulate": ACCUMULATIONS}.get(method, {})
    ours = table.get(ufunc)
    if ours is None:
        return _without_rule(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)
    kwargs = {k: v for k, v in kwargs.items() if v is not None and v is not np._NoValue}
    if method == "reduce" and "axis" not in kwargs and len(inputs) == 1:
        kwargs["axis"] = 0
    unknown = set(kwargs) - {"axis", "keepdims"} if method != "__call__" else set(kwargs)
    if unknown:
        raise DTypeError(
            f"np.{ufunc.__name__} on a Tensor does not take {', '.join(sorted(unknown))}; "
            "convert with astype() and choose elements with where() or indexing"
        )
    return ours(*inputs, **kwargs)


def apply_function(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """NumPy's function `func` on arguments that hold a Tensor."""
    if func in ON_VALUES:
        return func(*_values(args), **{k: _values(v) for k, v in kwargs.items()})
    ours = FUNCTIONS.get(func)
    if ours is None:
        return _without_rule(func, args, kwargs)
    return ours(*args, **_translated(func, ours, args, kwargs))


def _translated(func: Any, ours: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """NumPy's keywords as ours: renamed where only the name differs, dropped where they hold the default."""
    known = _parameters(ours)
    theirs = _parameters(func)
    result = {}
    for i, name in enumerate(known):
        # The leading array is `a` in NumPy, `x` here: the same place under another name.
        twin = theirs[i] if i < len(theirs) else None
        if twin is not None and twin in kwargs and twin not in known and i >= len(args):
            result[name] = kwargs[twin]
            kwargs = {k: v for k, v in kwargs.items() if k != twin}
    for name, value in kwargs.items():
        if name in known or not known:
            result[name] = value
        elif value is not None and value is not np._NoValue:
            raise DTypeError(f"np.{func.__name__} on a Tensor does not take {name}=; it takes {', '.join(known)}")
    return result


@cache
def _parameters(function: Any) -> tuple[str, ...]:
    target = function.forward if isinstance(function, Primitive) else function
    try:
        return tuple(inspect.signature(target).parameters)
    except ValueError:
        return ()


def _values(x: Any) -> Any:
    """`x` with every Tensor in it (also inside lists and tuples) replaced by its values."""
    if isinstance(x, Node):
        return np.asarray(x.value)
    if isinstance(x, list | tuple):
        return type(x)(_values(item) for item in x)
    return x


def _needs_gradient(x: Any) -> bool:
    if isinstance(x, Node):
        return x.requires_grad
    return any(map(_needs_gradient, x)) if isinstance(x, list | tuple) else False


def _without_rule(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    name = getattr(func, "__name__", str(func))
    if _needs_gradient(args) or _needs_gradient(tuple(kwargs.values())):
        raise GraphError(
            f"np.{name} has no derivative rule here; compose it from functions that have one, declare your own with "
            "@tg.primitive, or use t.detach() if no derivative should flow through it"
        )
    return func(*_values(args), **{k: _values(v) for k, v in kwargs.items()})
