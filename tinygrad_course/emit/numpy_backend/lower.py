"""Steps of a program as instructions: the same NumPy calls that the operations make, with room for ``out``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.engine_ops import cast, sum_to
from ...core.node import Node
from ...core.primitive import pick
from ...ops import activation, likelihood, reduce, statistics
from ...ops import shape as shapes
from ...ops.axes import count_along
from ...ops.index import _indexed as getitem
from ...ops.likelihood import LOWEST
from ...ops.linalg import matmul
from ...ops.powers import pow
from ...values import discrete
from ..program import Program, function_of, primitive_of
from .instructions import Instruction, Listing, Value

Operand = Any  # a Value, or a Python number
INFIX: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.less: "<", np.greater: ">",
    np.less_equal: "<=", np.greater_equal: ">=", np.equal: "==", np.not_equal: "!=",
}  # fmt: skip


class Lowering:
    """Turns the steps of a program into instructions, one after the other."""

    def __init__(self, program: Program) -> None:
        self.listing = Listing()
        self.values: dict[Node, Value] = {}
        self.constants: dict[Any, Value] = {}
        self.keep: list[Any] = []  # so that ids stay theirs
        self.computed: dict[Any, Value] = {}
        self.count = 0
        self.where = ""
        for i, x in enumerate(program.inputs):
            self.values[x] = Value(f"a{i}", np.asarray(x.value), "input")
        for step in program.steps:
            self.where = step.where
            rule = TABLE.get(primitive_of(step), generic)
            self.values[step] = rule(self, step, [self.operand(x) for x in step.inputs])
        self.outputs = [self.value(self.operand(y)) for y in program.outputs]

    # --- operands ---------------------------------------------------------------------------------------------------

    def operand(self, x: Any) -> Operand:
        """What stands for an input of a step: a Value; Python numbers and None stay."""
        if isinstance(x, Node):
            known = self.values.get(x)
            return known if known is not None else self.constant(x.value)
        return self.constant(x) if isinstance(x, np.ndarray | np.generic) else x

    def constant(self, x: Any) -> Value:
        """An array or a number of NumPy's that the program holds."""
        key = (x.dtype.str, x.shape, x.tobytes()) if x.nbytes <= 64 else id(x)
        if key not in self.constants:
            self.keep.append(x)
            array = np.array(x)
            array.flags.writeable = False
            self.constants[key] = Value(self.listing.named("c", array), array, "constant")
        return self.constants[key]

    def value(self, x: Operand, beside: Sequence[Operand] = ()) -> Value:
        """`x` as a Value; a Python number becomes a 0-d array of the dtype that it takes among the others."""
        if isinstance(x, Value):
            return x
        kinds = [y.like.dtype for y in beside if isinstance(y, Value)]
        return self.constant(np.array(x, np.result_type(*kinds, x)) if kinds else np.asarray(x))

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    # --- instructions -----------------------------------------------------------------------------------------------

    def add(
        self, out: Value, operands: Sequence[Value], text: str, into: str | None = None, elementwise: bool = False
    ) -> Value:
        made = Instruction(out, tuple(operands), text, into, elementwise, where=self.where)
        self.listing.instructions.append(made)
        return out

    def function(self, f: Any) -> str:
        """The name of a function in the source."""
        name = getattr(f, "__name__", "")
        if getattr(np, name, None) is f:
            self.listing.space[name] = f
            return name
        known = next((n for n, x in self.listing.space.items() if x is f), None)
        return known or self.listing.named("f", f)

    def ufunc(self, f: np.ufunc, operands: Sequence[Operand], like: Any) -> Value:
        """``f(*operands)``, elementwise; `like` is an example of the result."""
        values = [self.value(x, operands) for x in operands]
        known = self.computed.get((f, *values))
        if known is None:
            known = self.computed[f, *values] = self._ufunc(f, values, like)
        return known

    def _ufunc(self, f: np.ufunc, values: list[Value], like: Any) -> Value:
        fields = ", ".join(f"{{{i}}}" for i in range(len(values)))
        if np.ndim(like) == 0:
            infix = INFIX.get(f)
            text = f"{{0}} {infix} {{1}}" if infix else f"{self.function(f)}({fields})"
            return self.add(Value(self.name(), like, "scalar"), values, text)
        name = self.function(f)
        out = Value(self.name(), like, "buffer")
        keyword = "out=" if f in (np.maximum, np.minimum) else ""  # where NumPy means to read a third operand one day
        return self.add(out, values, f"{name}({fields})", f"{name}({fields}, {keyword}{{out}})", elementwise=True)

    def fresh(self, text: str, operands: Sequence[Value], like: Any, shares: bool) -> Value:
        """A new array, or one that may share the memory of its operands."""
        if isinstance(like, tuple) or np.ndim(like):
            roots = frozenset(r for x in operands for r in x.roots) if shares else frozenset()
            return self.add(Value(self.name(), like, "fresh", roots), operands, text)
        return self.add(Value(self.name(), like, "scalar"), operands, text)

    def literal(self, x: Any) -> str:
        """A static parameter in the source."""
        plain = (
            x is None
            or isinstance(x, bool | int | str)
            or (type(x) is tuple and all(isinstance(i, bool | int) for i in x))
        )
        return repr(x).replace("{", "{{").replace("}", "}}") if plain else self.listing.named("k", x)


def generic(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    """Any operation: a ufunc, or a call of its forward function, whose result may share memory with the operands."""
    f = function_of(primitive_of(step))
    if isinstance(f, np.ufunc) and not step.params:
        return to.ufunc(f, operands, step.value)
    fields: list[str] = []
    values: list[Value] = []
    for x in operands:
        if isinstance(x, Value):
            fields.append(f"{{{len(values)}}}")
            values.append(x)
        else:
            fields.append(to.literal(x) if x is None or isinstance(x, bool | int) else to.listing.named("k", x))
    fields += [f"{k}={to.literal(v)}" for k, v in step.params.items()]
    text = f"{to.function(f)}({', '.join(fields)})"
    return to.fresh(text, values, step.value, primitive_of(step).name not in OWN_MEMORY)


# Operations whose results never share memory with their operands.
OWN_MEMORY = {
    "where", "softmax", "log_softmax", "logsumexp", "centered", "choose", "put_chosen", "index_add", "scatter_add",
    "take", "concat", "stack", "leaky_relu", "elu", "gelu", "var", "std", "cumsum", "one_hot", "winners",
    "argmax", "argmin", "matmul", "guarded_product", "overlap_add", "window_max", "to_winners", "from_winners",
}  # fmt: skip


SHORT: dict[float, np.ufunc] = {2: np.square, 1: np.positive, -1: np.reciprocal, 0.5: np.sqrt}


# --- operations with a line of their own ------------------------------------------------------------------------------


def _pow(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    """Python's ``**`` on arrays, which has short ways for some exponents."""
    x, n = operands
    short = SHORT.get(n) if isinstance(n, int | float) else None
    array = isinstance(x, Value) and bool(x.shape) and x.like.dtype.kind == "f"
    if array and short is not None and not isinstance(n, bool):
        return to.ufunc(short, [x], step.value)
    if np.ndim(step.value) == 0 or not array or isinstance(n, Value):
        return to.ufunc(np.power, operands, step.value)
    return to.fresh(f"{{0}} ** {n!r}", [to.value(x)], step.value, False)


def _matmul(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    a, b = map(to.value, operands)
    plain = len(a.shape) == len(b.shape) == 2 and a.like.dtype == b.like.dtype == step.value.dtype
    if np.ndim(step.value) == 0 or step.value.dtype.kind != "f" or 0 in (*a.shape, *b.shape):
        return to.fresh(f"{to.function(np.matmul)}({{0}}, {{1}})", [a, b], step.value, False)
    name = to.function(np.dot if plain else np.matmul)
    out = Value(to.name(), np.empty(step.value.shape, step.value.dtype), "buffer")
    return to.add(out, [a, b], f"{name}({{0}}, {{1}})", f"{name}({{0}}, {{1}}, {{out}})")


def _reduction(f: np.ufunc) -> Callable[..., Value]:
    def lower(to: Lowering, step: Node, operands: list[Operand]) -> Value:
        return reduced(to, f, to.value(operands[0]), step.value, step.params["axis"], step.params["keepdims"])

    return lower


def reduced(to: Lowering, f: np.ufunc, x: Value, like: Any, axis: Any, keepdims: Any) -> Value:
    """``f.reduce(x, ...)``."""
    call, axis = f"{to.function(f)}.reduce({{0}}, {to.literal(axis)}, None", bool(keepdims)
    if np.ndim(like) == 0:
        return to.fresh(f"{call}, None, {axis})", [x], like, False)
    if like.dtype != x.like.dtype:
        return to.fresh(f"{call}, None, {axis})", [x], like, False)
    return to.add(Value(to.name(), like, "buffer"), [x], f"{call}, None, {axis})", f"{call}, {{out}}, {axis})")


def _mean(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    x = to.value(operands[0])
    if not x.like.size or x.like.dtype.kind != "f" or x.like.dtype.char == "e":
        return generic(to, step, operands)
    axis, keepdims = step.params["axis"], step.params["keepdims"]
    total = reduced(to, np.add, x, step.value, axis, keepdims)
    return to.ufunc(np.divide, [total, count_along(x.shape, axis)], step.value)


def _sum_to(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    x = to.value(operands[0])
    shape = step.params["shape"]
    extra = len(x.shape) - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and x.shape[i + extra] != 1))
    if not axes or x.like.dtype.kind != "f":
        return generic(to, step, operands)
    if not shape:
        total = reduced(to, np.add, x, np.add.reduce(x.like, axis=axes, keepdims=True), axes, True)
        return to.fresh("{0}.reshape(())[()]", [total], step.value, False)
    total = reduced(to, np.add, x, np.add.reduce(x.like, axis=axes, keepdims=True), axes, True)
    return total if not extra else to.fresh(f"{{0}}.reshape({shape})", [total], step.value, True)


def _reshaped(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    x, shape = to.value(operands[0]), np.shape(step.value)
    return to.fresh(f"{{0}}.reshape({shape})" + ("" if shape else "[()]"), [x], step.value, True)


def _permuted(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    x, axes = to.value(operands[0]), step.params["axes"]
    reverse = tuple(axes) == tuple(range(len(axes)))[::-1]
    return to.fresh("{0}.T" if reverse else f"{{0}}.transpose({to.literal(tuple(axes))})", [x], step.value, True)


def _getitem(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    if len(operands) > 1:
        return generic(to, step, operands)
    key = to.listing.named("k", step.params["key"].filled(()))
    return to.fresh(f"{{0}}[{key}]", [to.value(operands[0])], step.value, True)


def _pick(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    return to.fresh(f"{{0}}[{step.params['index']}]", [to.value(operands[0])], step.value, True)


def _cast(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    x, dtype = to.value(operands[0]), to.listing.named("k", step.params["dtype"])
    if np.ndim(step.value) == 0:
        return to.fresh(f"{{0}}.astype({dtype})", [x], step.value, False)
    return to.add(Value(to.name(), step.value, "buffer"), [x], f"{{0}}.astype({dtype})", "{out}[...] = {0}")


def _relu(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    return to.ufunc(np.maximum, [*operands, 0], step.value)


def _sigmoid(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    e = to.ufunc(np.exp, [to.ufunc(np.negative, operands, step.value)], step.value)
    if np.ndim(step.value) == 0:
        return to.ufunc(np.divide, [1, to.ufunc(np.add, [1, e], step.value)], step.value)
    return to.ufunc(np.divide, [1, to.ufunc(np.add, [e, 1], step.value)], step.value)


def _softplus(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    like = np.asarray(step.value)[()] if operands[0].shape == np.shape(step.value) else operands[0].like
    t = to.ufunc(np.negative, [to.ufunc(np.abs, operands[:1], like)], like)
    t = to.ufunc(np.log1p, [to.ufunc(np.exp, [t], like)], like)
    return to.ufunc(np.add, [to.ufunc(np.maximum, [operands[0], 0], like), t], like)


def _held_log(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    return to.ufunc(np.maximum, [to.ufunc(np.log, operands, step.value), LOWEST], step.value)


def _held_reciprocal(to: Lowering, step: Node, operands: list[Operand]) -> Value:
    if np.ndim(step.value) == 0:
        return generic(to, step, operands)
    log = to.ufunc(np.log, operands, step.value)
    held = to.ufunc(np.less, [log, LOWEST], np.less(step.value, 0))
    inverse = to.ufunc(np.divide, [1, *operands], step.value)
    return to.fresh(f"{to.function(np.where)}({{0}}, 0, {{1}})", [held, inverse], step.value, False)


def _float_only(rule: Callable[..., Value]) -> Callable[..., Value]:
    """`rule` for floats; other dtypes go the general way."""

    def lower(to: Lowering, step: Node, operands: list[Operand]) -> Value:
        plain = all(isinstance(x, Value) and x.like.dtype == step.value.dtype for x in operands)
        known = plain and step.value.dtype.kind == "f" and np.size(step.value)
        return rule(to, step, operands) if known else generic(to, step, operands)

    return lower


TABLE: dict[Any, Callable[..., Value]] = {
    pow: _pow,
    matmul: _matmul,
    sum_to: _sum_to,
    cast: _cast,
    discrete: _cast,
    pick: _pick,
    getitem: _getitem,
    reduce._sum: _reduction(np.add),
    reduce._prod: _reduction(np.multiply),
    statistics._mean_op: _mean,
    shapes._reshape: _reshaped,
    shapes._squeeze: _reshaped,
    shapes._expand_dims: _reshaped,
    shapes._permute_dims: _permuted,
    activation.relu: _float_only(_relu),
    activation.sigmoid: _float_only(_sigmoid),
    activation.softplus: _float_only(_softplus),
    likelihood.held_log: _float_only(_held_log),
    likelihood.held_reciprocal: _float_only(_held_reciprocal),
}
