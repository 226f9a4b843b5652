"""`Tensor`: an array that remembers how it was computed. Operators, attributes, and NumPy's protocols."""

from __future__ import annotations

import operator
from collections.abc import Callable
from sys import _getframe
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .core.errors import DTypeError, GraphError, ShapeError
from .core.node import Node, leaf, record, tick
from .core.position import user_frame
from .core.primitive import Primitive, explained
from .core.reverse import note_change, reverse
from .ops import elementwise, linalg, reduce, shape as shape_ops

_NUMBERS = (float, int, bool)
_NO_PARAMS: dict[str, Any] = {}


def as_value(data: Any, dtype: DTypeLike | None = None, what: str = "data") -> Any:
    """`data` as a real or boolean array (0-d ones as NumPy scalars), or an error that says why it cannot be one."""
    if isinstance(data, Node):
        data = data.value
    try:
        array = np.asarray(data, dtype)
    except (ValueError, TypeError) as error:
        raise DTypeError(f"{what} cannot be read as an array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        why = {
            "c": "complex numbers are not supported; use separate real and imaginary parts",
            "O": "its elements are Python objects (ragged lists, None, ...); give every row the same length, and numbers only",
            "U": "it holds text; convert it to numbers first",
            "S": "it holds bytes; convert it with np.frombuffer first",
        }.get(array.dtype.kind, "convert it to floats, ints or bools first")
        raise DTypeError(f"{what} has dtype {array.dtype}: {why}")
    return array if array.ndim else array[()]


def _operand(other: Any) -> Any:
    """The other side of an operator: a number or an array as it is, lists as arrays; None for what is not numeric."""
    if type(other) in _NUMBERS:
        return other
    if isinstance(other, np.ndarray | np.generic | list | tuple | complex):
        return as_value(other, what="an operand")
    return other if isinstance(other, int | float) else None


def _binary(op: Primitive, run: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The method for ``self op other`` and its reflection. `run` is the operator: faster than the ufunc on scalars."""

    def method(self: Tensor, other: Any) -> Any:
        try:
            if isinstance(other, Node):
                value = run(self.value, other.value)
            else:
                if type(other) is not float:
                    other = _operand(other)
                    if other is None:
                        return NotImplemented
                value = run(self.value, other)
        except (ValueError, TypeError) as error:
            raise explained(op, error, (self.value, getattr(other, "value", other)), {}, _getframe(1)) from error
        return record(op, (self, other), _NO_PARAMS, value, _getframe(1))

    def reflected(self: Tensor, other: Any) -> Any:
        other = _operand(other)
        if other is None:
            return NotImplemented
        try:
            value = run(other, self.value)
        except (ValueError, TypeError) as error:
            raise explained(op, error, (other, self.value), {}, _getframe(1)) from error
        return record(op, (other, self), _NO_PARAMS, value, _getframe(1))

    return method, reflected


class Tensor(Node):
    """An array in a computation graph."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __init__(
        self, data: ArrayLike | Tensor, *, requires_grad: bool = False, dtype: DTypeLike | None = None, name: str | None = None
    ) -> None:
        value = as_value(data, dtype)
        if type(value) is np.ndarray:
            value = value.copy()
        if requires_grad and value.dtype.kind != "f":
            raise DTypeError(
                f"a Tensor of dtype {value.dtype} cannot require a gradient: derivatives need real numbers; "
                "pass floats (5.0, not 5) or dtype=float"
            )
        leaf(self, value, requires_grad, name, user_frame(_getframe(1)))

    @property
    def data(self) -> NDArray[Any]:
        if type(self.value) is not np.ndarray:
            self.value = np.asarray(self.value)
        return self.value

    @data.setter
    def data(self, new: ArrayLike) -> None:
        value = as_value(new)
        if np.shape(value) != self.shape: 
            raise ShapeError(f"data of shape {np.shape(value)} cannot replace data of shape {self.shape}")
        self.value = value
        note_change(self, tick())

    @property
    def grad(self) -> NDArray[Any] | None:
        if self._grad is not None and type(self._grad) is not np.ndarray:
            self._grad = np.asarray(self._grad)
        return self._grad

    @grad.setter
    def grad(self, new: ArrayLike | None) -> None:
        self._grad = None if new is None else np.asarray(new)

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        return int(np.size(self.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.value.dtype

    @property
    def is_leaf(self) -> bool:
        return self.op is None

    def backward(self, gradient: ArrayLike | None = None) -> None:
        if not self.requires_grad:
            raise GraphError("backward() on a Tensor that records nothing")
        if gradient is None:
            if self.size != 1:
                raise GraphError("backward() on a non-scalar needs gradient=")
            seed = np.ones_like(self.value)[()] if self.ndim else self.value.dtype.type(1)
        else:
            seed = as_value(gradient, self.dtype)
        for node, g in reverse([self], [seed]).items():
            node._grad = g if node._grad is None else node._grad + g

    def zero_grad(self) -> None:
        self._grad = None

    def detach(self) -> Tensor:
        node = object.__new__(type(self).result_class)
        leaf(node, self.value, False, self.name, None)
        return node

    def numpy(self) -> NDArray[Any]:
        return np.asarray(self.value)

    def item(self) -> Any:
        return self.value.item()

    def __repr__(self) -> str:
        return f"Tensor({np.array2string(np.asarray(self.value), precision=6)})"

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def T(self) -> Any:
        return shape_ops.permute_dims(self)

    @property
    def mT(self) -> Any:
        return linalg.matrix_transpose(self)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        return reduce.sum(self, axis, keepdims)

    def reshape(self, *shape: Any) -> Any:
        return shape_ops.reshape(self, shape if len(shape) != 1 else shape[0])

    __add__, __radd__ = _binary(elementwise.add, operator.add)
    __sub__, __rsub__ = _binary(elementwise.subtract, operator.sub)
    __mul__, __rmul__ = _binary(elementwise.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(elementwise.divide, operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(elementwise.floor_divide, operator.floordiv)
    __mod__, __rmod__ = _binary(elementwise.mod, operator.mod)
    __pow__, __rpow__ = _binary(elementwise.pow, operator.pow)
    __matmul__, __rmatmul__ = _binary(linalg.matmul, operator.matmul)
    __eq__, _ = _binary(elementwise.equal, operator.eq)  # type: ignore[assignment]
    __ne__, _ = _binary(elementwise.not_equal, operator.ne)  # type: ignore[assignment]
    __lt__, _ = _binary(elementwise.less, operator.lt)
    __le__, _ = _binary(elementwise.less_equal, operator.le)
    __gt__, _ = _binary(elementwise.greater, operator.gt)
    __ge__, _ = _binary(elementwise.greater_equal, operator.ge)
    __and__, __rand__ = _binary(elementwise.bitwise_and, operator.and_)
    __or__, __ror__ = _binary(elementwise.bitwise_or, operator.or_)
    __xor__, __rxor__ = _binary(elementwise.bitwise_xor, operator.xor)

    def __neg__(self) -> Any:
        return elementwise.negative(self)

    def __abs__(self) -> Any:
        return elementwise.abs(self)

    def __invert__(self) -> Any:
        return elementwise.invert(self)


Tensor.result_class = Tensor
