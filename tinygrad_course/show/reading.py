"""A recorded graph read as a formula: each operation printed the way NumPy code is written."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import engine_ops
from ..core.node import Node
from ..core.primitive import pick
from ..ops import arithmetic, exponential, likelihood, linalg, powers, questions
from ..ops.index import Key
from . import expr
from .expr import Expr, Number
from .text import ELLIPSIS, code_text

Symbols = dict[int, Expr]  # id of a node or an array -> what the formula calls it


def _infix(symbol: str) -> Callable[[Expr, Expr], Expr]:
    return lambda a, b: expr.infix(a, symbol, b, expr.COMPARE)


_PLAIN: dict[Any, Callable[..., Expr]] = {
    arithmetic.add: expr.add,
    arithmetic.subtract: expr.subtract,
    arithmetic.multiply: expr.multiply,
    arithmetic.divide: expr.divide,
    arithmetic.negative: expr.negate,
    arithmetic.positive: lambda x: x,
    powers.pow: expr.power,
    powers.square: lambda x: expr.power(x, Number(2)),
    arithmetic.reciprocal: lambda x: expr.power(x, Number(-1)),
    questions.equal: _infix("=="),
    questions.not_equal: _infix("!="),
    questions.less: _infix("<"),
    questions.less_equal: _infix("<="),
    questions.greater: _infix(">"),
    questions.greater_equal: _infix(">="),
    questions.bitwise_and: _infix("&"),
    questions.bitwise_or: _infix("|"),
    engine_ops.guarded_product: expr.multiply,
    likelihood.held_log: lambda p: expr.call("log", [p], {}),
    likelihood.held_reciprocal: lambda p: expr.power(p, Number(-1)),
}


def formula(target: Node, symbols: Symbols) -> Expr:
    """What `target` was computed by, in terms of `symbols`."""
    known: dict[Node, Expr] = {}
    stack = [target]
    while stack:
        node = stack[-1]
        missing = [x for x in node.inputs if isinstance(x, Node) and x not in known and id(x) not in symbols]
        if node not in known and id(node) not in symbols and missing:
            stack += missing
            continue
        stack.pop()
        if node not in known:
            known[node] = symbols.get(id(node)) or _read(node, known, symbols)
    return known[target]


def _read(node: Node, known: dict[Node, Expr], symbols: Symbols) -> Expr:
    if node.op is None:
        return constant(node.value)
    parts = [known.get(x) or symbols[id(x)] if isinstance(x, Node) else _operand(x, symbols) for x in node.inputs]
    plain = _PLAIN.get(node.op)
    if plain is not None:
        return plain(*parts)
    special = _SPECIAL.get(node.op) or _BY_NAME.get(node.op.name)
    found = special(node, *parts) if special is not None else None
    params = {k: str(v).removeprefix("Key") for k, v in node.params.items() if v is not None and v is not False}
    return found or expr.call(node.op.name, parts, params)


def _operand(x: Any, symbols: Symbols) -> Expr:
    return symbols.get(id(x)) or constant(x)


def constant(value: Any) -> Expr:
    """A value that has no name: the number where there is only one."""
    if value is None or isinstance(value, str):
        return Expr(repr(value))
    if isinstance(value, slice | tuple | list) or value is Ellipsis:
        return Expr(index_text(value))
    a = np.asarray(value)
    if a.dtype.kind in "biuf" and a.size and (a.ndim == 0 or (a == a.flat[0]).all()):
        return Number(float(a.flat[0]))
    return Expr(expr.UNNAMED)


def index_text(index: Any) -> str:
    """An index as it stands between brackets."""
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
        return ":".join(ends) + (f":{index.step}" if index.step is not None else "")
    if isinstance(index, tuple | list):
        return ", ".join(index_text(i) for i in index)
    if isinstance(index, np.ndarray):
        return expr.UNNAMED if index.ndim else str(index)
    return "..." if index is Ellipsis else str(index.name or expr.UNNAMED) if isinstance(index, Node) else str(index)


# --- operations whose parameters belong in the notation --------------------------------------------------------------


def _transpose(node: Node, x: Expr) -> Expr | None:
    axes = tuple(node.params.get("axes") or ())
    n = len(axes)
    if n == 2 and axes == (1, 0):
        return expr.attribute(x, "T")
    if n > 2 and axes == (*range(n - 2), n - 1, n - 2):
        return expr.attribute(x, "mT")
    return None


def _sum_to(node: Node, x: Expr) -> Expr:
    before, after = np.shape(node.inputs[0].value), node.params["shape"]
    extra = len(before) - len(after)
    axes = [*range(extra), *(i + extra for i, n in enumerate(after) if n == 1 and before[i + extra] != 1)]
    return _summed(x, None if len(axes) == len(before) else axes)


def _sum(node: Node, x: Expr) -> Expr:
    axis = node.params.get("axis")
    source = node.inputs[0]
    if isinstance(source, Node) and source.op is likelihood.put_chosen and source.params["axis"] == axis:
        return constant(source.inputs[0].value if isinstance(source.inputs[0], Node) else source.inputs[0])
    return _summed(x, None if axis is None else [axis] if isinstance(axis, int) else list(axis))


def _summed(x: Expr, axes: list[int] | None) -> Expr:
    c, rest = _split(x)
    over = {} if axes is None else {"axis": axes[0] if len(axes) == 1 else tuple(axes)}
    return expr.scaled(c, expr.call("sum", [rest], over))


def _split(x: Expr) -> tuple[float, Expr]:
    """A sign in front of `x`, and the rest: a sum or a reshape passes it on."""
    rest = expr.negate(x)
    negative = isinstance(x, expr.Product) and x.coefficient < 0
    return (-1.0, rest) if negative else (1.0, x)


def _matmul(node: Node, *parts: Expr) -> Expr:
    """A product of matrices; one whose elements are all the same number is that number times ones."""
    full = []
    for part, x in zip(parts, node.inputs, strict=True):
        shape = np.shape(x.value if isinstance(x, Node) else x)
        full.append(expr.multiply(part, expr.call("ones", [shape])) if isinstance(part, Number) else part)
    return expr.matmul(*full)


def _broadcast(node: Node, x: Expr) -> Expr:
    same = np.shape(getattr(node.inputs[0], "value", node.inputs[0])) == np.shape(node.value)
    return x if same or isinstance(x, Number) else expr.call("broadcast_to", [x, node.params["shape"]])


def _reshape(node: Node, x: Expr) -> Expr:
    shape = np.shape(node.value)
    return x if isinstance(x, Number) or shape == () else expr.call("reshape", [x, shape])


def _indexed(node: Node, x: Expr, *indices: Expr) -> Expr | None:
    key = node.params.get("key")
    return Expr(f"{x.within(expr.ATOM)}[{key.text(*map(str, indices))}]") if isinstance(key, Key) else None


def _put_chosen(node: Node, values: Expr, indices: Expr) -> Expr | None:
    """The same number at every chosen place is that number times a one-hot matrix."""
    if not isinstance(values, Number):
        return None
    return expr.multiply(values, expr.call("one_hot", [indices, Number(node.params["size"])], {}))


def _exp(node: Node, x: Expr) -> Expr | None:
    inner = x.text.removeprefix("log_")
    return Expr(inner) if inner.startswith("softmax(") and x.level == expr.ATOM and inner != x.text else None


_SPECIAL: dict[Any, Callable[..., Expr | None]] = {
    exponential.exp: _exp,
    likelihood.put_chosen: _put_chosen,
    linalg.matmul: _matmul,
    engine_ops.sum_to: _sum_to,
    engine_ops.broadcast_to: _broadcast,
    engine_ops.cast: lambda node, x: x,
    pick: lambda node, x: Expr(f"{x.within(expr.ATOM)}[{node.params['index']}]"),
}
_BY_NAME: dict[str, Callable[..., Expr | None]] = {
    "permute_dims": _transpose,
    "sum": _sum,
    "reshape": _reshape,
    "getitem": _indexed,
}


# --- source text as a formula ----------------------------------------------------------------------------------------

_OPERATORS: dict[type, Callable[[Expr, Expr], Expr]] = {
    ast.Add: expr.add,
    ast.Sub: expr.subtract,
    ast.Mult: expr.multiply,
    ast.Div: expr.divide,
    ast.MatMult: expr.matmul,
    ast.Pow: expr.power,
}


def from_source(tree: ast.expr, depth: int = 12) -> Expr:
    """A piece of the user's source as a formula; what is not arithmetic stays as written."""
    if isinstance(tree, ast.Constant) and type(tree.value) in (int, float):
        return Number(float(tree.value))  # type: ignore[arg-type]
    if depth and isinstance(tree, ast.BinOp) and type(tree.op) in _OPERATORS:
        return _OPERATORS[type(tree.op)](from_source(tree.left, depth - 1), from_source(tree.right, depth - 1))
    if depth and isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        return expr.negate(from_source(tree.operand, depth - 1))
    if depth == 0:
        return Expr(ELLIPSIS)
    atom = isinstance(tree, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Constant)
    return Expr(code_text(ast.unparse(tree), 40), expr.ATOM if atom else expr.COMPARE)
