"""What a `Tensor` can compute: Python's operators, and the public functions as methods."""

from __future__ import annotations

import operator
from collections.abc import Callable
from sys import _getframe
from typing import Any

from .core.node import Node, record
from .core.primitive import Primitive, explained
from .ops import (
    activation,
    arithmetic,
    arrange,
    exponential,
    index,
    join,
    linalg,
    norms,
    pieces,
    powers,
    questions,
    reduce,
    running,
    statistics,
    trigonometry,
)
from .ops import diagonal as diagonals
from .ops import shape as shapes
from .values import as_operand

_NO_PARAMS: dict[str, Any] = {}


def _binary(
    op: Primitive, run: Callable[[Any, Any], Any]
) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """The methods for ``self . other`` and ``other . self``. `run` is Python's operator: fastest on scalars."""

    def method(self: Node, other: Any) -> Any:
        if isinstance(other, Node):
            b = other.value
        else:
            b = other = as_operand(other)
            if other is NotImplemented:
                return other
        try:
            value = run(self.value, b)
        except (ValueError, TypeError) as error:
            raise explained(op, error, (self.value, b), _NO_PARAMS, _getframe(1)) from error
        return record(op, (self, other), _NO_PARAMS, value, _getframe(1))

    def reflected(self: Node, other: Any) -> Any:
        other = as_operand(other)
        if other is NotImplemented:
            return other
        try:
            value = run(other, self.value)
        except (ValueError, TypeError) as error:
            raise explained(op, error, (other, self.value), _NO_PARAMS, _getframe(1)) from error
        return record(op, (other, self), _NO_PARAMS, value, _getframe(1))

    return method, reflected


def _unary(op: Primitive, run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method for an operator in front of ``self``."""

    def method(self: Node) -> Any:
        try:
            value = run(self.value)
        except (ValueError, TypeError) as error:
            raise explained(op, error, (self.value,), _NO_PARAMS, _getframe(1)) from error
        return record(op, (self,), _NO_PARAMS, value, _getframe(1))

    return method


class Operations(Node):
    """A node with Python's operators, on Tensors, arrays and numbers, and with the public functions as methods."""

    __slots__ = ()
    __hash__ = object.__hash__  # nodes compare elementwise, and are found by identity

    __add__, __radd__ = _binary(arithmetic.add, operator.add)
    __sub__, __rsub__ = _binary(arithmetic.subtract, operator.sub)
    __mul__, __rmul__ = _binary(arithmetic.multiply, operator.mul)
    __truediv__, __rtruediv__ = _binary(arithmetic.divide, operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(arithmetic.floor_divide, operator.floordiv)
    __mod__, __rmod__ = _binary(arithmetic.mod, operator.mod)
    __pow__, __rpow__ = _binary(powers.pow, operator.pow)
    __matmul__, __rmatmul__ = _binary(linalg.matmul, operator.matmul)
    __and__, __rand__ = _binary(questions.bitwise_and, operator.and_)
    __or__, __ror__ = _binary(questions.bitwise_or, operator.or_)
    __xor__, __rxor__ = _binary(questions.bitwise_xor, operator.xor)
    __eq__ = _binary(questions.equal, operator.eq)[0]
    __ne__ = _binary(questions.not_equal, operator.ne)[0]
    __lt__ = _binary(questions.less, operator.lt)[0]
    __le__ = _binary(questions.less_equal, operator.le)[0]
    __gt__ = _binary(questions.greater, operator.gt)[0]
    __ge__ = _binary(questions.greater_equal, operator.ge)[0]

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    __neg__ = _unary(arithmetic.negative, operator.neg)
    __pos__ = _unary(arithmetic.positive, operator.pos)
    __abs__ = _unary(pieces.abs, operator.abs)
    __invert__ = _unary(questions.invert, operator.invert)

    # --- methods: the public functions that make sense with the Tensor in front -------------------------------------

    abs = pieces.abs
    exp = exponential.exp
    log = exponential.log
    log1p = exponential.log1p
    sqrt = powers.sqrt
    square = powers.square
    sin = trigonometry.sin
    cos = trigonometry.cos
    tan = trigonometry.tan
    tanh = trigonometry.tanh
    sign = pieces.sign
    pow = powers.pow
    clip = pieces.clip
    maximum = pieces.maximum
    minimum = pieces.minimum
    relu = activation.relu
    sigmoid = activation.sigmoid
    softmax = activation.softmax
    log_softmax = activation.log_softmax

    sum = reduce.sum
    prod = reduce.prod
    max = reduce.max
    min = reduce.min
    amax = reduce.amax
    amin = reduce.amin
    logsumexp = reduce.logsumexp
    cumsum = running.cumsum
    cumprod = running.cumprod
    any = reduce.any
    all = reduce.all
    argmax = reduce.argmax
    argmin = reduce.argmin
    mean = statistics.mean
    var = statistics.var
    std = statistics.std
    median = statistics.median

    copy = arithmetic.copy
    round = pieces.round
    ravel = shapes.ravel
    flatten = shapes.ravel
    squeeze = shapes.squeeze
    expand_dims = shapes.expand_dims
    broadcast_to = shapes.broadcast_to
    permute_dims = shapes.permute_dims
    swapaxes = shapes.swapaxes
    moveaxis = shapes.moveaxis
    split = join.split
    tile = join.tile
    repeat = join.repeat
    flip = arrange.flip
    roll = arrange.roll
    diagonal = diagonals.diagonal
    trace = diagonals.trace
    take = index.take
    sort = index.sort
    argsort = index.argsort
    dot = linalg.dot
    matmul = linalg.matmul
    norm = norms.norm

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape: ``t.reshape(2, -1)`` or ``t.reshape((2, -1))``."""
        return shapes.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """Axes in another order: ``t.transpose(1, 0)`` or ``t.transpose((1, 0))``; reversed if none is given."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return shapes.permute_dims(self, order)
