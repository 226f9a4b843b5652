"""What each operation becomes: the table from primitives to values, calls and reductions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.node import Node
from ...core.primitive import Primitive, pick
from ..program import Program, primitive_of
from . import tape
from .elementwise import FLOATS, INTEGERS, POWERS, QUESTIONS, TRUTHS
from .loops import literal as literal
from .places import places, suit_tiles, sums_of_products
from .planner import LONG, Planner, Unsupported
from .values import Buffer, Index, Value, View, fitted, identity, order_of, packed

KINDS = "float64 float32 int64 int32 uint8 bool"
Rule = Callable[["Lowering", Node], Value]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a function into the table under the names of primitives."""

    def enter(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return enter


class Lowering(Planner):
    """The lowering of one program: a value for every node."""

    def __init__(self, program: Program, known: dict[str, Primitive]) -> None:
        super().__init__()
        self.program = program
        self.known = known
        self.values: dict[Node, Value] = {}
        self.failures: list[tuple[str, int]] = []  # what to say when a check of indices does not hold
        self.scalars: dict[int, Value] = {}  # the inputs that are numbers
        self.places = places(program, known)
        self.users = program.users()
        self.sums, self.inside_sums = sums_of_products(program, known, self.users)
        self.all_by_tiles = suit_tiles(program, known)
        for number, x in enumerate(program.inputs):
            self.values[x] = self._given(x.value, number)
        self.interpreters: list[str] = []
        self.taped: dict[Node, tuple[Buffer, int, int]] = {}
        done = 0
        for start, stop, texts in tape.runs(program.steps, known):
            self._take(program.steps[done:start])
            tape.lower(self, program.steps[start:stop], texts)
            done = stop
        self._take(program.steps[done:])

    def _take(self, steps: tuple[Node, ...]) -> None:
        for node in steps:
            self.values[node] = self._lowered(node)

    def put(self, x: Value, target: View) -> None:
        """Write `x`, broadcast, into memory that is there, in a loop of its own."""
        shape, dtype = target.shape, target.buffer.dtype
        whole = lazy(lambda loop, index: loop.let(element(loop, x, index, dtype)), shape, dtype, 0, [x])
        loop = self.loop_for(whole, alone=True)
        loop.write(loop.read(whole, identity(shape)), target, identity(shape))
        loop.sealed = True

    def _given(self, example: Any, number: int) -> Value:
        """An input: an array is read where it is, a number is put into the arena by the step."""
        dtype, shape = supported(example), np.shape(example)
        buffer = Buffer(dtype, math.prod(shape), source=number if shape else None, lasting=True)
        order = order_of(example) if _packed_in_some_order(example) else None
        value = Value(shape, dtype, view=packed(buffer, shape, order))
        if not shape:
            self.scalars[number] = value
        return value

    def _lowered(self, node: Node) -> Value:
        op = primitive_of(node)
        if isinstance(node.value, np.ndarray) and not node.value.size:
            raise Unsupported(f"{op.name} of an empty array ({node.where})")
        if self.known.get(op.name) is not op and op is not pick:
            raise Unsupported(f"{op.name} ({node.where})")
        function = RULES.get(self._rule(node, op), elementwise_rule)
        try:
            value = function(self, node)
        except Unsupported as error:
            what = str(error) if op.name in str(error) else f"{op.name}: {error}"
            raise Unsupported(f"{what} ({node.where})" if node.where not in what else what) from None
        except (TypeError, ValueError, KeyError, IndexError) as error:  # parameters that nobody has thought of
            raise Unsupported(f"{op.name}: {error} ({node.where})") from error
        place = self.places.get(node)
        if place is not None and value.view is None and (value.shape, value.dtype) == (place.shape, place.buffer.dtype):
            value.place = value.place or place
        if value.view is None and value.size_of_text > LONG:
            self.memory(value)
        return value

    def _rule(self, node: Node, op: Primitive) -> str:
        """The name under which the rule for a node is entered: its operation's, but for sums of matrix products."""
        if node in self.sums:
            return "sum of products"
        return "term of a sum" if node in self.inside_sums else op.name

    # --- operands -----------------------------------------------------------------------------------------------------

    def operand(self, x: Any) -> Value:
        """The value of an operand: of a node, or of a constant."""
        if isinstance(x, Node):
            found = self.values.get(x)
            if found is None:
                taped = x in self.taped
                found = self.values[x] = tape.value_of(self, x) if taped else self._constant(x.value)
            return found
        return self._constant(x)

    def operands(self, node: Node) -> list[Value]:
        return [self.operand(x) for x in node.inputs]

    def _constant(self, x: Any) -> Value:
        if isinstance(x, bool | int | float):
            return Value((), None, number=x)
        dtype = supported(x)
        if np.shape(x) == ():
            return Value((), dtype, number=np.asarray(x)[()])
        x = np.ascontiguousarray(x)
        buffer = Buffer(dtype, x.size, content=x, lasting=True)
        return Value(x.shape, dtype, view=packed(buffer, x.shape))

    def new(self, node: Node, shape: tuple[int, ...] | None = None) -> Value:
        """A value in new memory for the result of a node."""
        dtype = supported(node.value)
        shape = np.shape(node.value) if shape is None else shape
        return Value(shape, dtype, view=packed(Buffer(dtype, max(math.prod(shape), 1)), shape))


def supported(x: Any) -> np.dtype[Any]:
    """The dtype of an array or number, if loops can compute with it."""
    if isinstance(x, tuple):
        raise Unsupported("several results")
    dtype = np.asarray(x).dtype if not hasattr(x, "dtype") else x.dtype
    if str(dtype) not in KINDS.split():
        raise Unsupported(f"dtype {dtype}")
    return np.dtype(dtype)


def _packed_in_some_order(x: Any) -> bool:
    if not isinstance(x, np.ndarray):
        return True
    order = order_of(x)
    return order is None or x.transpose(order).flags.c_contiguous


# --- element by element -----------------------------------------------------------------------------------------------


def lazy(define: Any, shape: Any, dtype: Any, cost: int, operands: list[Value], example: Any = None) -> Value:
    """A value that is written down where it is needed."""
    waiting = [v for v in operands if v.view is None]
    total = cost + sum(v.cost for v in waiting)
    text = 1 + sum(v.size_of_text for v in waiting)
    return Value(tuple(shape), dtype, define, min(total, 1 << 20), text, order=order_of(example))


def element(loop: Any, value: Value, index: Index, dtype: np.dtype[Any]) -> str:
    """The name of an element of an operand, as a number of the given type."""
    if value.number is not None:
        return literal(value.number, dtype)
    return cast(loop.read(value, fitted(index, value.shape)), value.dtype, dtype)


def cast(name: str, old: Any, new: np.dtype[Any]) -> str:
    """A number of another type."""
    if old == new:
        return name
    if new.kind == "b":
        return f"({name} != 0)"
    if old.kind == "b":
        return f"pick({name}, {new}(1), {new}(0))"
    return f"{new}({name})"


def elementwise_rule(low: Lowering, node: Node) -> Value:
    """Any operation of the tables in `elementwise`."""
    text, cost, compute = _formula(low, node)
    operands = low.operands(node)
    dtype = supported(node.value)
    if text.startswith("math.") and compute == np.float32:
        text = f"T({text.replace('{0}', 'float64({0})').replace('{1}', 'float64({1})')})"
    text = text.replace("#", str(compute.itemsize * 8)).replace("T(", f"{compute}(")

    def define(loop: Any, index: Index) -> str:
        names = [element(loop, v, index, compute) for v in operands]
        return str(loop.let(text.format(*names)) if cost or len(names) > 1 else names[0])

    return lazy(define, np.shape(node.value), dtype, cost, operands, node.value)


def _formula(low: Lowering, node: Node) -> tuple[str, int, np.dtype[Any]]:
    """The text of an elementwise operation, its cost, and the type it computes in."""
    assert node.op is not None
    name, dtype = node.op.name, supported(node.value)
    if name in QUESTIONS:
        numbers = [x.value if isinstance(x, Node) else x for x in node.inputs]
        compute = np.result_type(*numbers)
        if compute.kind != "f" and name in ("isnan", "isinf", "isfinite", "signbit"):
            raise Unsupported(f"{name} of {compute}")
        return (*QUESTIONS[name], supported(compute.type(0)))
    if name in ("pow", "float_power") and dtype.kind == "f":
        exponent = low.operand(node.inputs[1]).number
        if exponent is not None and float(exponent) in POWERS:
            return (*POWERS[float(exponent)], dtype)
    table = {"f": FLOATS, "i": INTEGERS, "b": TRUTHS}.get(dtype.kind, {})
    if name not in table or (node.params and name != "cast"):
        raise Unsupported(f"{name} of {dtype}" if name in FLOATS else name)
    return (*table[name], dtype)


@rule("where")
def _where(low: Lowering, node: Node) -> Value:
    condition, a, b = low.operands(node)
    dtype = supported(node.value)

    def define(loop: Any, index: Index) -> str:
        c = element(loop, condition, index, np.dtype(bool))
        return str(loop.let(f"pick({c}, {element(loop, a, index, dtype)}, {element(loop, b, index, dtype)})"))

    return lazy(define, np.shape(node.value), dtype, 1, [condition, a, b], node.value)


@rule("clip")
def _clip(low: Lowering, node: Node) -> Value:
    dtype = supported(node.value)
    if dtype.kind != "f":
        raise Unsupported(f"clip of {dtype}")
    given = [low.operand(x) if x is not None else None for x in node.inputs]

    def define(loop: Any, index: Index) -> str:
        text, low_, high = (None if v is None else element(loop, v, index, dtype) for v in given)
        text = text if low_ is None else f"larger({text}, {low_})"
        return str(loop.let(text if high is None else f"smaller({text}, {high})"))

    return lazy(define, np.shape(node.value), dtype, 2, [v for v in given if v is not None], node.value)


def _with_number(text: str, parameter: str, cost: int) -> Rule:
    """An elementwise operation of one operand with a number as parameter."""

    def lowered(low: Lowering, node: Node) -> Value:
        (x,), dtype = low.operands(node), supported(node.value)
        number = literal(node.params[parameter], dtype)
        if dtype.kind != "f":
            raise Unsupported(f"{node.op.name if node.op else ''} of {dtype}")
        filled = text.replace("#", str(dtype.itemsize * 8)).replace("T(", f"{dtype}(")

        def define(loop: Any, index: Index) -> str:
            return str(loop.let(filled.format(element(loop, x, index, dtype), number)))

        return lazy(define, x.shape, dtype, cost, [x], node.value)

    return lowered


RULES["leaky_relu"] = _with_number("pick({0} > T(0.0), {0}, {1} * {0})", "negative_slope", 2)
RULES["elu"] = _with_number("pick({0} > T(0.0), {0}, {1} * expm1_#(smaller({0}, T(0.0))))", "alpha", 17)


def as_view(value: Value, view: View, node: Node) -> Value:
    """Another view of memory that is there."""
    return Value(view.shape, supported(node.value), view=view, ready=value.ready)
