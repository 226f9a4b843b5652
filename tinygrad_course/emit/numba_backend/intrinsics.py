"""The few machine operations that Numba has no name for: typed pointers, selection without a branch, bits of floats.

Compiled steps work on raw memory: every array is an address, and every index was worked out when the code was written.
A loop says which memory it writes (`store`, `load_own`: one of eight channels); LLVM may then take it that everything
else it reads (`load`) lies elsewhere, and vectorises without checks at run time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

CHANNELS = 8  # how many arrays one loop may write and still have each known to be apart
FAST = {"contract", "nsz", "arcp", "reassoc"}  # of what adds up; never nnan or ninf: NaN and infinities survive
_BYTE = ir.IntType(8)


# --- memory -----------------------------------------------------------------------------------------------------------


@intrinsic(prefer_literal=False)
def pointer(typing: Any, array: Any, offset: Any, dtype: Any) -> Any:
    """The address of an array's first element plus `offset` bytes, as a pointer to `dtype`."""
    result = types.CPointer(dtype.dtype)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        data = builder.gep(builder.bitcast(data, _BYTE.as_pointer()), [args[1]])
        return builder.bitcast(data, context.get_value_type(result))

    return result(array, types.int64, dtype), code


@intrinsic(prefer_literal=False)
def shifted(typing: Any, p: Any, count: Any) -> Any:
    """The pointer `count` elements further on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return p(p, types.int64), code


class _Own(ir.values.MDValue):  # type: ignore[misc]
    """A node of metadata that is the same as no other, however alike: it names itself first.

    LLVM merges nodes that read the same. Then the copies that it makes of a function's channels where it inlines the
    function would all be the same ones, and what one loop promises would be taken to hold for the next loop too.
    """

    __hash__ = object.__hash__

    def __init__(self, module: Any, *parts: Any) -> None:
        super().__init__(module, (), name=str(len(module.metadata)))
        self.operands = (self, *parts)

    def __eq__(self, other: object) -> bool:
        return self is other


def _channels(module: Any) -> list[Any]:
    """Metadata that names memory which a function writes; LLVM makes it anew for each place a function is inlined."""
    found: list[Any] | None = getattr(module, "channels_of_a_loop", None)
    if found is None:
        domain = _Own(module, ir.MetaDataString(module, "written by a loop"))
        found = [_Own(module, domain, ir.MetaDataString(module, f"channel {i}")) for i in range(CHANNELS)]
        module.channels_of_a_loop = found
    return found


def _mark(module: Any, instruction: Any, own: int | None) -> None:
    """Say that an access touches its own channel only, or none of them."""
    channels = _channels(module)
    others = [c for i, c in enumerate(channels) if i != own]
    instruction.set_metadata("noalias", module.add_metadata(others))
    if own is not None:
        instruction.set_metadata("alias.scope", module.add_metadata([channels[own]]))


@intrinsic(prefer_literal=False)
def load(typing: Any, p: Any, index: Any) -> Any:
    """An element of memory that the loop does not write."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
        _mark(builder.module, value, None)
        return value

    return p.dtype(p, types.int64), code


@intrinsic(prefer_literal=True)
def load_own(typing: Any, p: Any, index: Any, channel: Any) -> Any:
    """An element of memory that the loop writes through `channel`."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(builder.gep(args[0], [args[1]], inbounds=True))
        _mark(builder.module, value, channel.literal_value)
        return value

    return p.dtype(p, types.int64, channel), code


@intrinsic(prefer_literal=True)
def store(typing: Any, p: Any, index: Any, value: Any, channel: Any) -> Any:
    """Write an element; `channel` tells this array from the others that the loop writes."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        done = builder.store(args[2], builder.gep(args[0], [args[1]], inbounds=True))
        _mark(builder.module, done, channel.literal_value)
        return context.get_dummy_value()

    return types.void(p, types.int64, p.dtype, channel), code


@intrinsic(prefer_literal=False)
def peek(typing: Any, p: Any, index: Any) -> Any:
    """An element, with no promise about what else touches it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(args[0], [args[1]]))

    return p.dtype(p, types.int64), code


@intrinsic(prefer_literal=False)
def poke(typing: Any, p: Any, index: Any, value: Any) -> Any:
    """Write an element, with no promise about what else touches it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], builder.gep(args[0], [args[1]]))
        return context.get_dummy_value()

    return types.void(p, types.int64, p.dtype), code


@intrinsic(prefer_literal=False)
def hidden(typing: Any, n: Any) -> Any:
    """The integer itself; LLVM does not see which."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = ir.IntType(64)
        return builder.asm(ir.FunctionType(whole, [whole]), "", "=r,0", args, side_effect=False)

    return types.int64(types.int64), code


# --- numbers ----------------------------------------------------------------------------------------------------------


@intrinsic(prefer_literal=False)
def pick(typing: Any, condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`: both are there already, nothing branches."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(args[0], args[1], args[2])

    kind = typing.unify_types(a, b)
    return kind(types.boolean, kind, kind), code


def _call(name: str, count: int) -> Any:
    """An LLVM intrinsic on `count` floats of one type."""

    def build(typing: Any, *operands: Any) -> Any:
        kind = operands[0]

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value_type = context.get_value_type(kind)
            shape = ir.FunctionType(value_type, [value_type] * count)
            function = builder.module.declare_intrinsic(name, [value_type], shape)
            return builder.call(function, args)

        return kind(*[kind] * count), code

    if count == 1:

        def one(typing: Any, a: Any) -> Any:
            return build(typing, a)

        return intrinsic(prefer_literal=False)(one)

    def two(typing: Any, a: Any, b: Any) -> Any:
        return build(typing, a, b)

    return intrinsic(prefer_literal=False)(two)


floor, ceil, trunc, rint = (_call(f"llvm.{name}", 1) for name in ("floor", "ceil", "trunc", "rint"))
magnitude, root = _call("llvm.fabs", 1), _call("llvm.sqrt", 1)
signed_like = _call("llvm.copysign", 2)
larger, smaller = _call("llvm.maximum", 2), _call("llvm.minimum", 2)  # NaN where either is NaN


def _in_any_order(name: str) -> Any:
    """An operation of a total and what comes to it, which LLVM may do in any order: so the loop vectorises.

    Only this operation is told so. If the loop were, LLVM would take ``(y + x) - x`` for y, also where x is infinite.
    """

    def build(typing: Any, total: Any, x: Any) -> Any:
        kind = typing.unify_types(total, x)
        floats = isinstance(kind, types.Float)

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            operation = getattr(builder, "f" * floats + name)
            return operation(*args, flags=tuple(sorted(FAST))) if floats else operation(*args)

        return kind(kind, kind), code

    return intrinsic(prefer_literal=False)(build)


plus, times = _in_any_order("add"), _in_any_order("mul")


@intrinsic(prefer_literal=False)
def bits_of(typing: Any, x: Any) -> Any:
    """The bits of a float as an integer of its size."""
    result = types.int64 if x == types.float64 else types.int32

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(result))

    return result(x), code


@intrinsic(prefer_literal=False)
def float_of(typing: Any, bits: Any) -> Any:
    """The float that has these bits."""
    result = types.float64 if bits == types.int64 else types.float32

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(result))

    return result(bits), code
