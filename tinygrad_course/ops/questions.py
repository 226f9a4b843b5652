"""Questions about values: comparisons, logic, bits, and kinds of number. Their answers have no derivative."""

from __future__ import annotations

import numpy as np

from ..core.primitive import Primitive
from .elementwise import question

# --- comparisons: booleans --------------------------------------------------------------------------------------------

equal: Primitive = question(
    np.equal,
    doc="Where ``a == b``.",
    example={"tg.equal(tg.Tensor([1.0, 2.0]), 2.0)": "Tensor([False,  True])"},
)
not_equal: Primitive = question(
    np.not_equal,
    doc="Where ``a != b``.",
    example={"tg.not_equal(tg.Tensor([1.0, 2.0]), 2.0)": "Tensor([ True, False])"},
)
less: Primitive = question(
    np.less,
    doc="Where ``a < b``.",
    example={"tg.less(tg.Tensor([1.0, 2.0]), 2.0)": "Tensor([ True, False])"},
)
less_equal: Primitive = question(
    np.less_equal,
    doc="Where ``a <= b``.",
    example={"tg.less_equal(tg.Tensor([1.0, 2.0]), 2.0)": "Tensor([ True,  True])"},
)
greater: Primitive = question(
    np.greater,
    doc="Where ``a > b``.",
    example={"tg.greater(tg.Tensor([1.0, 2.0]), 1.0)": "Tensor([False,  True])"},
)
greater_equal: Primitive = question(
    np.greater_equal,
    doc="Where ``a >= b``.",
    example={"tg.greater_equal(tg.Tensor([1.0, 2.0]), 2.0)": "Tensor([False,  True])"},
)

# --- logic: every number but 0 counts as true -------------------------------------------------------------------------

logical_and: Primitive = question(
    np.logical_and,
    doc="Where both are true.",
    example={"tg.logical_and([True, True, False], [True, False, False])": "array([ True, False, False])"},
)
logical_or: Primitive = question(
    np.logical_or,
    doc="Where at least one is true.",
    example={"tg.logical_or([True, True, False], [True, False, False])": "array([ True,  True, False])"},
)
logical_xor: Primitive = question(
    np.logical_xor,
    doc="Where exactly one is true.",
    example={"tg.logical_xor([True, True, False], [True, False, False])": "array([False,  True, False])"},
)
logical_not: Primitive = question(
    np.logical_not,
    doc="Where `x` is false, that is 0.",
    example={"tg.logical_not(tg.Tensor([0.0, 2.0]))": "Tensor([ True, False])"},
)

# --- bits of integers; logic for booleans. `DTypeError` for floats ----------------------------------------------------

bitwise_and: Primitive = question(
    np.bitwise_and,
    doc="Bits set in both, ``a & b``; for booleans, and. `DTypeError` for floats.",
    example={"tg.bitwise_and(6, 3)": "np.int64(2)"},
)
bitwise_or: Primitive = question(
    np.bitwise_or,
    doc="Bits set in either, ``a | b``; for booleans, or. `DTypeError` for floats.",
    example={"tg.bitwise_or(6, 3)": "np.int64(7)"},
)
bitwise_xor: Primitive = question(
    np.bitwise_xor,
    doc="Bits set in exactly one, ``a ^ b``; for booleans, !=. `DTypeError` for floats.",
    example={"tg.bitwise_xor(6, 3)": "np.int64(5)"},
)
invert: Primitive = question(
    np.invert,
    doc="All bits flipped, ``~x``; for booleans, not. `DTypeError` for floats.",
    example={"tg.invert(tg.Tensor([True, False]))": "Tensor([False,  True])"},
)

# --- kinds of number: booleans ----------------------------------------------------------------------------------------

isnan: Primitive = question(
    np.isnan,
    doc="Where `x` is NaN, not a number.",
    example={"tg.isnan(tg.Tensor([1.0, np.nan, np.inf]))": "Tensor([False,  True, False])"},
)
isinf: Primitive = question(
    np.isinf,
    doc="Where `x` is infinite, of either sign.",
    example={"tg.isinf(tg.Tensor([1.0, np.nan, np.inf]))": "Tensor([False, False,  True])"},
)
isfinite: Primitive = question(
    np.isfinite,
    doc="Where `x` is neither NaN nor infinite.",
    example={"tg.isfinite(tg.Tensor([1.0, np.nan, np.inf]))": "Tensor([ True, False, False])"},
)
signbit: Primitive = question(
    np.signbit,
    doc="Where `x` is below 0, or is -0.0.",
    example={"tg.signbit(tg.Tensor([-1.0, -0.0, 0.0]))": "Tensor([ True,  True, False])"},
)
