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
from .core.engine_ops import cast
from .core.errors import DTypeError, GraphError
from .core.node import Node
from .core.primitive import Primitive
from .core.state import state
from .core.tracing import peek
from .ops import (
    arithmetic,
    arrange,
    convolution,
    covariance,
    diagonal,
    differences,
    einsum,
    exponential,
    index,
    join,
    linalg,
    masked,
    missing,
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
UFUNCS |= {getattr(np, name): getattr(linalg, name) for name in ("matvec", "vecmat") if hasattr(np, name)}  # from 2.2

PRIMITIVES: dict[Any, Primitive] = {ufunc: op for ufunc, op in UFUNCS.items() if isinstance(op, Primitive)}

REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: masked.sum, np.multiply: masked.prod, np.maximum: masked.max, np.minimum: masked.min,
    np.logical_and: masked.all, np.logical_or: masked.any, np.logaddexp: reduce.logsumexp,
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


def full_like(x: Any, fill_value: Any) -> Any:
    """One value everywhere: recorded if it is a Tensor's that gets a gradient, else plain as `np.ones_like`."""
    traced = isinstance(fill_value, Node) and state.here.tracer is not None
    if not _needs_gradient(fill_value) and not traced:
        return np.full_like(x.value if isinstance(x, Node) else x, _values(fill_value))
    return shape.broadcast_to(cast(fill_value, dtype=np.result_type(x)), np.shape(x))


def astype(x: Any, dtype: Any) -> Any:
    """`x` in another dtype."""
    return cast(x, dtype=np.dtype(dtype))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **_same_names(np, *ELEMENTWISE, arrange, diagonal, einsum, index, join, linalg, reduce, running, shape, statistics),
    **_same_names(np, convolution, covariance, differences, missing, masked),  # masked last: it takes NumPy's where=
    **_same_names(np.linalg, linalg_names),
    np.around: pieces.round,
    np.real: arithmetic.positive,
    np.full_like: full_like,
    **({np.astype: astype} if hasattr(np, "astype") else {}),  # from 2.1
    **({np.fix: pieces.trunc} if hasattr(np, "fix") else {}),  # deprecated from 2.5
}
for _writes in (np.put,):  # the same name, but NumPy's writes into its argument
    FUNCTIONS.pop(_writes, None)

# Questions about values and layouts, and printing: answered by NumPy itself on the plain values.
ON_VALUES = {
    getattr(np, name)
    for name in [
        "allclose",
        "argpartition",
        "argwhere",
        "array2string",
        "array_equal",
        "array_equiv",
        "array_repr",
        "array_str",
        "can_cast",
        "diag_indices_from",
        "digitize",
        "empty_like",
        "flatnonzero",
        "histogram",
        "isclose",
        "isin",
        "iscomplex",
        "iscomplexobj",
        "isneginf",
        "isposinf",
        "isreal",
        "isrealobj",
        "lexsort",
        "may_share_memory",
        "min_scalar_type",
        "nanargmax",
        "nanargmin",
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
        "tril_indices_from",
        "triu_indices_from",
        "unique",
        "zeros_like",
    ]
}


# Those of them that look at shapes and dtypes alone.
ON_SHAPES = {
    getattr(np, name)
    for name in ["can_cast", "diag_indices_from", "empty_like", "iscomplexobj", "isrealobj", "may_share_memory", "ndim",
                 "ones_like", "result_type", "shape", "shares_memory", "size", "tril_indices_from", "triu_indices_from",
                 "zeros_like"]
}  # fmt: skip

_ALIASES = {"a_min": "min", "a_max": "max"}  # NumPy's older names beside the ones of the array API
_ALIKE = {"kind", "stable"}  # how NumPy is to sort: the result is the same
VARIOUS = inspect.Parameter.VAR_POSITIONAL


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`ufunc(*inputs)`, or one of its methods, on Tensors."""
    if kwargs.get("out") is not None:
        raise GraphError(
            f"np.{ufunc.__name__}(..., out=...) and in-place operators cannot write into an array what a graph should "
            "record; assign the result instead, as in a = a + t"
        )
    if method == "outer" and ufunc in UFUNCS and len(inputs) == 2:
        a, b = inputs
        return UFUNCS[ufunc](shape.reshape(a, (*np.shape(a), *(1,) * np.ndim(b))), b)
    table = {"__call__": UFUNCS, "reduce": REDUCTIONS, "accumulate": ACCUMULATIONS}.get(method, {})
    ours = table.get(ufunc)
    if ours is None:
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        return _without_rule(ufunc if method == "__call__" else getattr(ufunc, method), f"np.{name}", inputs, kwargs)
    axis = {"axis": kwargs.get("axis", 0)} if method != "__call__" else {}  # 0 unless given; None is all of them
    kwargs = {k: v for k, v in kwargs.items() if v is not None and v is not np._NoValue} | axis
    unknown = set(kwargs) - set(_parameters(ours)) if method != "__call__" else set(kwargs)
    if unknown:
        raise DTypeError(
            f"np.{ufunc.__name__} on a Tensor does not take {', '.join(sorted(unknown))}; "
            "convert with astype() and choose elements with where() or indexing"
        )
    return ours(*inputs, **kwargs)


def apply_function(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """NumPy's function `func` on arguments that hold a Tensor."""
    if func in ON_SHAPES:
        return func(*_unpacked(args), **{k: _unpacked(v) for k, v in kwargs.items()})
    if func in ON_VALUES and not _needs_gradient(kwargs.get("weights")):  # a histogram adds those up
        return func(*_values(args), **{k: _values(v) for k, v in kwargs.items()})
    ours = FUNCTIONS.get(func)
    if ours is None:
        return _without_rule(func, _called(func), args, kwargs)
    args, kwargs = _translated(func, ours, args, kwargs)
    return ours(*args, **kwargs)


def _called(func: Any) -> str:
    module = getattr(func, "__module__", None) or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{getattr(func, '__name__', func)}"


def _translated(
    func: Any, ours: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """NumPy's arguments as ours: by NumPy's names, which differ for operands, and without those at their default."""
    theirs, known = _parameters(func), _parameters(ours)
    if not theirs or not known or any(p.kind is VARIOUS for p in (*theirs.values(), *known.values())):
        return args, {k: v for k, v in kwargs.items() if k in known or _asks(func, ours, k, v)}
    if len(args) > len(theirs):
        raise DTypeError(f"{_called(func)} takes at most {len(theirs)} arguments, but {len(args)} were given")
    found: dict[str, Any] = {}
    dtype = None
    for name, value in {**dict(zip(theirs, args, strict=False)), **kwargs}.items():
        if value is np._NoValue:
            continue
        twin = _twin(name, tuple(theirs), tuple(known))
        if twin is not None and not (name in _ALIASES and twin in found):
            found[twin] = value
        elif name == "dtype" and "x" in known:
            dtype = value
        else:
            _asks(func, ours, name, value)
    if dtype is not None:
        found["x"] = cast(found["x"], dtype=np.dtype(dtype))
    leading = []
    for name, parameter in known.items():
        if name not in found or parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            break
        leading.append(found.pop(name))
    return tuple(leading), found


def _asks(func: Any, ours: Callable[..., Any], name: str, value: Any) -> bool:
    """Refuse an argument that ours does not have; False where it asks for nothing, being at its default."""
    if name in _ALIKE or value is None or value is np._NoValue or _is_default(_parameters(func).get(name), value):
        return False
    known = _parameters(ours)
    raise DTypeError(f"{_called(func)} on a Tensor does not take {name}=; it takes {', '.join(known)}")


def _twin(name: str, theirs: tuple[str, ...], known: tuple[str, ...]) -> str | None:
    """What we call NumPy's parameter `name`: the same, or what stands in its place under a name of our own."""
    if name in known:
        return name
    if _ALIASES.get(name) in known:
        return _ALIASES[name]
    place = theirs.index(name) if name in theirs else len(known)
    return known[place] if place < len(known) and known[place] not in theirs else None


def _is_default(parameter: inspect.Parameter | None, value: Any) -> bool:
    return parameter is not None and isinstance(value, str | int) and bool(value == parameter.default)


@cache
def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    """The parameters of a function by name; nothing for those of NumPy's that do not tell."""
    target = function.forward if isinstance(function, Primitive) else function
    try:
        return dict(inspect.signature(target).parameters)
    except ValueError:
        return {}


def _values(x: Any) -> Any:
    """`x` with every Tensor in it (also inside lists and tuples) replaced by its values, which must be open to see."""
    if isinstance(x, Node):
        return np.asarray(peek(x, "a NumPy function that Tensors do not have"))
    if isinstance(x, list | tuple):
        return type(x)(_values(item) for item in x)
    return x


def _unpacked(x: Any) -> Any:
    """The same, for functions to which the values do not matter."""
    if isinstance(x, Node):
        return np.asarray(x.value)
    if isinstance(x, list | tuple):
        return type(x)(_unpacked(item) for item in x)
    return x


def _needs_gradient(x: Any) -> bool:
    if isinstance(x, Node):
        return x.requires_grad
    return any(map(_needs_gradient, x)) if isinstance(x, list | tuple) else False


def _without_rule(func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if _needs_gradient(args) or _needs_gradient(tuple(kwargs.values())):
        raise GraphError(
            f"{name} has no derivative rule here; compose it from functions that have one, declare your own with "
            "@tg.primitive, or use t.detach() if no derivative should flow through it"
        )
    return func(*_values(args), **{k: _values(v) for k, v in kwargs.items()})
