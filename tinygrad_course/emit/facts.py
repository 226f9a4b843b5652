"""What can be said of a step's value for any data: is it finite, is it positive, does it hold zeros that were chosen.

Finite means: for finite inputs, and as long as sums and products do not overflow. These facts tell `simplify` where the
reverse pass's product that keeps 0 (`guarded_product`) is an ordinary product.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from ..core import engine_ops
from ..core.node import Node
from ..core.primitive import Primitive, pick
from ..ops import (
    activation,
    arithmetic,
    decompositions,
    exponential,
    index,
    likelihood,
    pieces,
    pooling,
    powers,
    questions,
    reduce,
    statistics,
    trigonometry,
)
from ..ops import inverses as linalg_inverses
from ..ops.shape import _expand_dims, _permute_dims, _reshape, _squeeze
from ..values import discrete


class Fact(NamedTuple):
    """`finite`; `sign`: 2 above 0, 1 at least 0, 0 unknown; `picked`: may hold zeros that a choice has put there."""

    finite: bool
    sign: int
    picked: bool


_OPS = exponential.__name__.rpartition(".")[0] + "."
ENGINE = {engine_ops.sum_to, engine_ops.broadcast_to, engine_ops.cast, engine_ops.guarded_product, pick, discrete}
COMPARISONS = {op for op in vars(questions).values() if isinstance(op, Primitive)}
MOVES = {
    _reshape, _permute_dims, _squeeze, _expand_dims, engine_ops.broadcast_to, engine_ops.cast, pick, arithmetic.copy,
    arithmetic.positive, index._indexed, index._take, likelihood.choose,
}  # fmt: skip
CHOICES = {
    pieces.where, pieces.clip_op, pieces.share, pieces.maximum, pieces.minimum, pieces.fmax, pieces.fmin,
    activation.relu, reduce.winners, reduce._max, reduce._min, pooling.window_max, pooling.to_winners,
    pooling.from_winners, index.index_add, index.scatter_add, index.add_along_axis, likelihood.put_chosen,
    pieces.sign, pieces.heaviside, *COMPARISONS,
}  # fmt: skip
NOT_NEGATIVE = {
    pieces.abs, powers.square, powers.hypot, activation.relu, activation.softplus, activation.sigmoid, reduce.softmax,
    statistics._var_op, statistics._std_op, exponential.exp, exponential.exp2, likelihood.held_reciprocal, *COMPARISONS,
}  # fmt: skip
OURS = {op for name, module in sys.modules.items() if name.startswith(_OPS) for op in vars(module).values()
        if isinstance(op, Primitive)}  # fmt: skip
# Infinite or NaN for some finite operands. Sums and products overflow too, but far beyond what data are like.
SINGULAR = {
    arithmetic.divide, arithmetic.reciprocal, arithmetic.floor_divide, arithmetic.mod, arithmetic.fmod,
    exponential.exp, exponential.exp2, exponential.expm1, exponential.log, exponential.log2, exponential.log10,
    exponential.log1p, powers.pow, powers.float_power, powers.sqrt, powers.ldexp, trigonometry.sinh, trigonometry.cosh,
    trigonometry.tan, trigonometry.asin, trigonometry.acos, trigonometry.acosh, trigonometry.atanh, linalg_inverses.inv,
    linalg_inverses.solve, linalg_inverses._slogdet, linalg_inverses._pinv, decompositions._cholesky,
}  # fmt: skip
FINITE = {*OURS, *ENGINE} - SINGULAR
MOVES_ZERO_AWAY = {
    exponential.exp, exponential.exp2, exponential.log, exponential.log2, exponential.log10, trigonometry.cos,
    trigonometry.cosh, trigonometry.acos, trigonometry.acosh, activation.sigmoid, activation.softplus,
    activation.log_sigmoid, activation.logistic_loss, activation._log_softmax_op, reduce.softmax,
    reduce._logsumexp_op, arithmetic.reciprocal, likelihood.held_log, likelihood.held_reciprocal,
}  # fmt: skip
SUMS = {reduce._sum, statistics._mean_op, engine_ops.sum_to}


def fact(node: Node, known: dict[Node, Fact]) -> Fact:
    """What is known of a step, given what is known of its inputs."""
    facts = [of(x, known) for x in node.inputs if x is not None]
    op = node.op
    sign = _sign(op, facts)
    chosen = op in CHOICES  # a choice is taken to choose what is finite: if it does not, the result shows it
    finite = chosen or (all(f.finite for f in facts) and (op in FINITE or _stays_finite(op, node.inputs, facts)))
    return Fact(finite, sign, chosen or _picked(op, [f.picked for f in facts]))


def of(x: Any, known: dict[Node, Fact]) -> Fact:
    """What is known of an operand; of an input of the program only that it is finite."""
    if isinstance(x, Node):
        found = known.get(x)
        if found is not None:
            return found
        x = x.value
    a = np.asarray(x)
    if a.dtype.kind not in "biuf" or not a.size:
        return Fact(True, 0, False)
    low = a.min()
    return Fact(bool(np.isfinite(a).all()), 2 if low > 0 else 1 if low >= 0 else 0, bool((a == 0).any()))


def given(x: Node) -> Fact:
    """What is known of an input of a program: nothing, except that it is expected to be finite."""
    return Fact(True, 0, False)


def _sign(op: Any, facts: list[Fact]) -> int:
    signs = [f.sign for f in facts]
    if op in MOVES or op in SUMS:
        return signs[0]
    if op is arithmetic.add:
        return max(signs) if min(signs) else 0
    if op is pieces.maximum:
        return max(signs)
    if op in (arithmetic.multiply, arithmetic.divide, pieces.minimum):
        return min(1, *signs) if op is not pieces.minimum else min(signs)  # a product may round to 0
    if op is powers.sqrt:
        return signs[0]
    return 1 if op in NOT_NEGATIVE else 0


def _picked(op: Any, picked: list[bool]) -> bool:
    """Whether zeros among the operands' elements become zeros of the result."""
    if op in (arithmetic.add, arithmetic.subtract):
        return all(picked)
    if op is arithmetic.divide:
        return picked[0]
    return any(picked) and op not in MOVES_ZERO_AWAY


def _stays_finite(op: Any, inputs: tuple[Any, ...], facts: list[Fact]) -> bool:
    """Operations that are finite for some operands: roots of positive numbers, quotients by them, whole powers."""
    if op is powers.sqrt:
        return facts[0].sign > 0
    if op is arithmetic.divide:
        return facts[1].sign == 2 or _not_zero(inputs[1])
    if op is arithmetic.reciprocal or op is exponential.log:
        return facts[0].sign == 2
    if op is powers.pow:
        n = inputs[1]
        return type(n) in (int, float) and (n >= 0 if n == int(n) else n > 0 and facts[0].sign > 0)
    return False


def _not_zero(x: Any) -> bool:
    """Whether an operand is a constant without zeros."""
    if isinstance(x, Node):
        if x.op is not None or x.requires_grad:
            return False
        x = x.value
    return bool(np.all(np.asarray(x) != 0))


ROOTS = {powers.sqrt, powers.cbrt, powers.pow, powers.hypot}


def steep(p: Any, seen: int = 32) -> bool:
    """Whether `p` may be infinite where the function it is the slope of is finite, as the slope of a root is at 0."""
    stack = [p]
    while stack and seen:
        seen -= 1
        node = stack.pop()
        if not isinstance(node, Node) or node.op is None:
            continue
        if node.op in ROOTS:
            return True
        if node.op in MOVES or node.op in (arithmetic.divide, arithmetic.multiply, arithmetic.reciprocal):
            stack.extend(x for x in node.inputs if isinstance(x, Node))
    return False
