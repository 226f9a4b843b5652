"""`TracedArray`: what stands for a NumPy array while a function is traced."""

from __future__ import annotations

from collections.abc import Callable
from sys import _getframe
from typing import Any, NoReturn

import numpy as np

from ...core.engine_ops import broadcast_to
from ...core.errors import TraceError
from ...core.node import Node
from ...core.position import place
from ...core.state import state
from ...numpy_protocol import apply_ufunc
from ...operations import Operations
from ...tensor import Tensor

_BORROWED = (
    "shape", "ndim", "size", "dtype", "T", "mT", "item", "tolist", "astype", "__array__", "__float__", "__int__",
    "__bool__", "__index__", "__format__", "__str__", "__repr__", "__len__", "__iter__", "__contains__", "__getitem__",
    "__deepcopy__", "__reduce__",
)  # fmt: skip


class TracedArray(Operations):
    """A node in the place of an array: it computes as an array does, and can be written to as a whole.

    It never requires a gradient. Operations on such nodes alone give such nodes, as operations on arrays give arrays.
    What it stands for after a write is another node: the tracer keeps account of that.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __array_priority__ = 900.0

    def __setitem__(self, key: Any, value: Any) -> None:
        if key is not Ellipsis and not (isinstance(key, slice) and key == slice(None)):
            raise TraceError(
                "a traced array can be written to as a whole only (a[...] = v, a -= v): choose elements with "
                f"tg.where(condition, new, old), or build the array with concat or stack{place(_getframe(1))}"
            )
        overwrite(self, value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        result = apply_ufunc(ufunc, method, inputs, kwargs)
        return result if out is None else overwrite(out[0], result)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if func is np.copyto:
            return overwrite(*args)
        out = kwargs.pop("out", None)
        result = Tensor.__array_function__(self, func, types, args, kwargs)  # type: ignore[arg-type]
        return result if out is None else overwrite(out, result)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'ndarray' object has no attribute {name!r}")
        raise TraceError(
            f"the method or attribute {name} of an array cannot be traced; use a function of tg or np instead, or pass "
            f"what it gives as an argument{place(_getframe(1))}"
        )


for _name in _BORROWED:
    setattr(TracedArray, _name, vars(Tensor)[_name])
TracedArray.result_class = TracedArray


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    operator = getattr(Operations, f"__{name}__")

    def method(self: TracedArray, other: Any) -> Any:
        result = operator(self, other)
        if result is NotImplemented or not isinstance(self.value, np.ndarray):  # a NumPy scalar stays as it was
            return result
        return overwrite(self, result)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    setattr(TracedArray, f"__i{_name}__", _in_place(_name))


def overwrite(array: Any, new: Any) -> Any:
    """``array[...] = new``, with NumPy's rules of shapes and dtypes; returns `array`."""
    if not isinstance(array, TracedArray):
        raise TraceError(
            "jit: what a traced function computes cannot be written into an array that it made itself: assign the "
            f"result instead{place(_getframe(1))}"
        )
    new = new if isinstance(new, Node) else np.asarray(new)[()]
    if not np.can_cast(new.dtype, array.dtype, "same_kind"):
        raise TypeError(f"cannot write {new.dtype} into an array of {array.dtype}")
    if new.dtype != array.dtype:
        new = Tensor.astype(new, array.dtype) if isinstance(new, Node) else new.astype(array.dtype)  # type: ignore[arg-type]
    if new.shape != array.shape:
        new = broadcast_to(new, shape=array.shape)
    tracer: Any = state.here.tracer
    tracer.write(array, new)
    return array
