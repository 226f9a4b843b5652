"""What may enter a graph: the one place that turns a user's data into real or boolean arrays, or says why it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .core.errors import DTypeError
from .core.node import Node
from .core.primitive import Primitive, refuse_tensors_in
from .core.tracing import peek

_REASONS = {
    "c": "complex numbers are not supported; keep real and imaginary parts as two arrays",
    "O": "its elements are Python objects (ragged lists, None, ...); give every row the same length, and numbers only",
    "U": "it holds text; convert it to numbers first",
    "S": "it holds bytes; read them with np.frombuffer first",
}


def as_value(data: Any, dtype: DTypeLike | None = None, what: str = "data") -> Any:
    """`data` as a real, integer or boolean array, a 0-d one as a NumPy scalar; not copied where it need not be."""
    if isinstance(data, Node):
        data = peek(data, what)
    elif isinstance(data, list | tuple):
        refuse_tensors_in(data)
        data = _plain(data)
    try:
        array = np.asarray(data, dtype)
    except (ValueError, TypeError) as error:
        raise DTypeError(f"{what} cannot be read as an array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        why = _REASONS.get(array.dtype.kind, "convert it to floats, integers or booleans first")
        raise DTypeError(f"{what} has dtype {array.dtype}: {why}")
    return array if array.ndim else array[()]


def _plain(data: list[Any] | tuple[Any, ...]) -> list[Any]:
    """Nested lists with the Tensors in them replaced by their values."""
    return [
        _plain(x) if isinstance(x, list | tuple) else peek(x, "a list of numbers") if isinstance(x, Node) else x
        for x in data
    ]


def as_operand(other: Any) -> Any:
    """The other side of an operator: numbers and arrays as they are, lists as arrays, NotImplemented for the rest."""
    kind = type(other)
    if kind is float or kind is int or kind is bool:
        return other
    if kind is np.ndarray:
        return other if other.dtype.kind in "biuf" else as_value(other, what="an operand")
    if kind is list or kind is tuple:
        refuse_tensors_in(other)
    if isinstance(other, np.generic | np.ndarray | list | tuple | complex):
        return as_value(other, what="an operand")
    return other if isinstance(other, int | float) else NotImplemented


discrete = Primitive(
    lambda x, *, dtype: x.astype(dtype), name="discrete", differentiable=False, doc="x in an integer or boolean dtype."
)
