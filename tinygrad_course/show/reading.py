"""A recorded graph read as a formula: each operation printed the way NumPy code is written."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..core import engine_ops
from ..core.node import Node
from ..core.primitive import pick
from ..ops import arithmetic, exponential, likelihood, linalg, powers, questions
from ..ops.index import Key
from . import expr
from .expr import Expr, Given, Number
from .text import ELLIPSIS, code_text

_LARGEST = 64  # the size of a matrix that is looked at for a pattern
Symbols = dict[Any, Expr]  # id of a node or an array -> what the formula calls it; (id, i) for the i-th of its results


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
    engine_ops.guarded_product: expr.multiply,
    likelihood.held_log: lambda p: expr.call("log", [p], {}, np.log),
    likelihood.held_reciprocal: lambda p: expr.power(p, Number(-1)),
}
_COMPARISONS = {
    questions.equal: "==",
    questions.not_equal: "!=",
    questions.less: "<",
    questions.less_equal: "<=",
    questions.greater: ">",
    questions.greater_equal: ">=",
    questions.bitwise_and: "&",
    questions.bitwise_or: "|",
}


def formula(target: Node, symbols: Symbols) -> Expr:
    """What `target` was computed by, in terms of `symbols`."""
    known: dict[Node, Expr] = {}
    stack = [target]
    while stack:
        node = stack[-1]
        missing = [x for x in node.inputs if isinstance(x, Node) and x not in known and _symbol(x, symbols) is None]
        if node not in known and _symbol(node, symbols) is None and missing:
            stack += missing
            continue
        stack.pop()
        if node not in known:
            known[node] = _symbol(node, symbols) or _shaped(_read(node, known, symbols), node)
    return known[target]


def _shaped(e: Expr, node: Node) -> Expr:
    """`e`, which knows the shape that came out, where its text does not tell."""
    if isinstance(e, expr.Call | expr.Suffix) and e.shape is None and type(node.value) is not tuple:
        e.shape = np.shape(node.value)
    return e


def _named(node: Node, symbols: Symbols) -> Expr:
    found = _symbol(node, symbols)
    return found if found is not None else Expr(expr.UNNAMED)


def _symbol(node: Node, symbols: Symbols) -> Expr | None:
    if node.op is pick and (id(node.inputs[0]), node.params["index"]) in symbols:
        return symbols[id(node.inputs[0]), node.params["index"]]
    return symbols.get(id(node))


def _read(node: Node, known: dict[Node, Expr], symbols: Symbols) -> Expr:
    if node.op is None:
        return constant(node.value)
    parts = [known.get(x) or _named(x, symbols) if isinstance(x, Node) else _operand(x, symbols) for x in node.inputs]
    plain = _PLAIN.get(node.op)
    if plain is not None:
        return plain(*parts)
    if node.op in _COMPARISONS:
        return expr.compare(parts[0], _COMPARISONS[node.op], parts[1], node.op.forward)
    special = _SPECIAL.get(node.op) or _BY_NAME.get(node.op.name)
    found = special(node, *parts) if special is not None else None
    params = {k: str(v).removeprefix("Key") for k, v in node.params.items() if v is not None and v is not False}
    if found is not None:
        return found
    whole = [_whole(x, part) for x, part in zip(node.inputs, parts, strict=True)]
    return expr.call(node.op.name, whole, params, _forward(node))


def _whole(x: Any, part: Expr) -> Expr:
    """An array of equal elements reads as their number; an operation that arranges it still needs all of it."""
    value = x.value if isinstance(x, Node) else x
    return Given(part.text, value) if isinstance(part, Number) and np.ndim(value) else part


def _forward(node: Node) -> Callable[..., Any]:
    """What an operation does to arrays."""
    return partial(node.op.forward, **node.params)  # type: ignore[union-attr]


def _operand(x: Any, symbols: Symbols) -> Expr:
    return symbols.get(id(x)) or constant(x)


def constant(value: Any) -> Expr:
    """A value that has no name: the number where there is only one."""
    if value is None or isinstance(value, str):
        return Given(repr(value), value)
    if isinstance(value, slice | tuple | list) or value is Ellipsis:
        return Given(index_text(value), value)
    a = np.asarray(value)
    if a.dtype.kind in "biuf" and a.size and (a.ndim == 0 or (a == a.flat[0]).all()):
        return Number(float(a.flat[0]))
    return Given(_pattern(a), value)


def _pattern(a: Any) -> str:
    """What an array without a name is, where that takes one word."""
    square = a.ndim == 2 and 1 < a.shape[0] == a.shape[1] <= _LARGEST and a.dtype.kind in "biuf"
    if square and np.array_equal(a, np.eye(len(a))):
        return f"eye({len(a)})"
    if square and np.array_equal(a, np.tri(len(a))):
        return f"tri({len(a)})"
    return expr.UNNAMED


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
        return _turned(x)
    if n > 2 and axes == (*range(n - 2), n - 1, n - 2):
        return expr.Suffix(x, ".mT", np.matrix_transpose)
    return None


def _turned(x: Expr) -> Expr:
    """The transpose: of a product of matrices, the product of the transposes the other way round."""
    if isinstance(x, expr.Infix) and x.symbol == "@":
        return expr.matmul(_turned(x.right), _turned(x.left))
    if isinstance(x, Number):
        return x
    if isinstance(x, expr.Product) and list(x.factors.values()) == [1]:  # a number times an array
        return expr.scaled(x.coefficient, _turned(*x.factors))
    return x.base if isinstance(x, expr.Suffix) and x.suffix == ".T" else expr.Suffix(x, ".T", np.transpose)


def _expand(node: Node, x: Expr) -> Expr | None:
    """``x[:, None]`` for an axis of size 1 beside those of a vector."""
    if isinstance(x, Number):
        return x
    axis, shape = node.params.get("axis"), np.shape(node.value)
    if len(shape) != 2 or axis not in (-1, -2, 0, 1):
        return None
    return expr.Suffix(x, "[:, None]" if axis in (-1, 1) else "[None, :]", _forward(node))


def _where(node: Node, condition: Expr, a: Expr, b: Expr) -> Expr | None:
    """A guard that holds nowhere at the recorded values is left out, and a choice between equals."""
    test = node.inputs[0]
    guard = isinstance(test, Node) and _guards(test)
    if guard and not np.any(test.value):
        return b
    return a if isinstance(a, Number) and a == b else None


def _guards(test: Node) -> bool:
    while test.op is not None and test.op.name in ("expand_dims", "broadcast_to") and isinstance(test.inputs[0], Node):
        test = test.inputs[0]
    return test.op is not None and test.op.name in ("coincident", "negligible")


def _sum_to(node: Node, x: Expr) -> Expr:
    before, after = np.shape(node.inputs[0].value), node.params["shape"]
    extra = len(before) - len(after)
    axes = [*range(extra), *(i + extra for i, n in enumerate(after) if n == 1 and before[i + extra] != 1)]
    return _summed(x, None if len(axes) == len(before) else axes, _forward(node))


def _sum(node: Node, x: Expr) -> Expr:
    axis = node.params.get("axis")
    source = node.inputs[0]
    if isinstance(source, Node) and source.op is likelihood.put_chosen and source.params["axis"] == axis:
        return constant(source.inputs[0].value if isinstance(source.inputs[0], Node) else source.inputs[0])
    return _summed(x, None if axis is None else [axis] if isinstance(axis, int) else list(axis), _forward(node))


def _summed(x: Expr, axes: list[int] | None, forward: Callable[..., Any]) -> Expr:
    c, rest = _signed(x)
    over = {} if axes is None else {"axis": axes[0] if len(axes) == 1 else tuple(axes)}
    return expr.scaled(c, expr.call("sum", [rest], over, forward))


def _signed(x: Expr) -> tuple[float, Expr]:
    """A sign in front of `x`, and the rest: a sum or a reshape passes it on."""
    rest = expr.negate(x)
    negative = isinstance(x, expr.Product) and x.coefficient < 0
    return (-1.0, rest) if negative else (1.0, x)


def _matmul(node: Node, *parts: Expr) -> Expr:
    """A product of matrices; one whose elements are all the same number is that number times ones."""
    full = []
    for part, x in zip(parts, node.inputs, strict=True):
        shape = np.shape(x.value if isinstance(x, Node) else x)
        full.append(
            expr.multiply(part, expr.call("ones", [Given(str(shape), shape)], {}, np.ones))
            if isinstance(part, Number)
            else part
        )
    return expr.matmul(*full)


def _broadcast(node: Node, x: Expr) -> Expr:
    same = np.shape(getattr(node.inputs[0], "value", node.inputs[0])) == np.shape(node.value)
    return x if same or isinstance(x, Number) else expr.call("broadcast_to", [x, _shape(node)], {}, np.broadcast_to)


def _reshape(node: Node, x: Expr) -> Expr:
    if isinstance(x, Number) or np.shape(node.value) == ():
        return x
    return expr.call("reshape", [x, _shape(node)], {}, np.reshape)


def _shape(node: Node) -> Expr:
    shape = np.shape(node.value)
    return Given(str(shape), shape)


def _indexed(node: Node, x: Expr, *indices: Expr) -> Expr | None:
    key = node.params.get("key")
    if not isinstance(key, Key):
        return None
    return expr.Suffix(x, f"[{key.text(*map(str, indices))}]", _rest(node, 1))


def _put(node: Node, x: Expr, *indices: Expr) -> Expr | None:
    """Zeros with something added at an index, as JAX writes it: ``zeros((3, 2)).at[0].add(x)``."""
    zeros = f"zeros({node.params['shape']})"
    key = node.params.get("key")
    at = key.text(*map(str, indices)) if isinstance(key, Key) else str(*indices)
    if not isinstance(key, Key) and node.params["axis"] != 0:
        return None
    return expr.Call(f"{zeros}.at[{at}].add", [x], {}, _rest(node, 1))


def _share(node: Node, a: Expr, b: Expr) -> Expr | None:
    """How an extreme divides its derivative: a comparison, where no two values tie."""
    values = [getattr(x, "value", x) for x in node.inputs]
    return None if np.any(np.equal(*values)) else expr.compare(a, ">", b, np.greater)


def _winners(node: Node, x: Expr, y: Expr) -> Expr | None:
    """Where an array has its largest value, if only one place has it."""
    ties = node.params["axis"] is not None or np.count_nonzero(node.value) != 1
    return None if ties else expr.compare(x, "==", y, np.equal)


def _squeeze(node: Node, x: Expr) -> Expr | None:
    """``solve(A, b[:, None])[:, 0]`` is ``solve(A, b)``."""
    if not isinstance(x, expr.Call) or x.name != "solve" or x.params:
        return None
    a, b = x.arguments
    column = isinstance(b, expr.Suffix) and b.suffix == "[:, None]"
    return expr.call("solve", [a, b.base], {}, np.linalg.solve) if column else None  # type: ignore[attr-defined]


def _einsum(node: Node, *operands: Expr) -> Expr:
    subscripts = Given(f'"{node.params["subscripts"]}"', node.params["subscripts"])
    forward = _forward(node)
    return expr.call("einsum", [subscripts, *operands], {}, lambda _, *arrays: forward(*arrays))


def _rest(node: Node, first: int) -> Callable[[Any], Any] | None:
    """What an operation does to its first operand, where the others are no nodes that a formula names."""
    others = [getattr(x, "value", x) for x in node.inputs[first:]]
    return lambda x: node.op.forward(x, *others, **node.params)  # type: ignore[union-attr]


def _put_chosen(node: Node, values: Expr, indices: Expr) -> Expr | None:
    """The same number at every chosen place is that number times a one-hot matrix."""
    if not isinstance(values, Number):
        return None
    axis, size = node.params["axis"], node.params["size"]

    def forward(i: Any, size: Any) -> Any:
        return likelihood.put_chosen.forward(np.ones(np.shape(i)), i, axis=axis, size=int(size))

    return expr.multiply(values, expr.call("one_hot", [indices, Number(size)], {}, forward))


def _exp(node: Node, x: Expr) -> Expr | None:
    """``exp(log_softmax(z))`` is ``softmax(z)``."""
    if not isinstance(x, expr.Call) or x.name != "log_softmax" or x.forward is None:
        return None
    log = x.forward
    return expr.call("softmax", x.arguments, x.params, lambda *z: np.exp(log(*z)))


_SPECIAL: dict[Any, Callable[..., Expr | None]] = {
    exponential.exp: _exp,
    likelihood.put_chosen: _put_chosen,
    linalg.matmul: _matmul,
    engine_ops.sum_to: _sum_to,
    engine_ops.broadcast_to: _broadcast,
    engine_ops.cast: lambda node, x: x,
    pick: lambda node, x: expr.Suffix(x, f"[{node.params['index']}]", lambda v: v[node.params["index"]]),
}
_BY_NAME: dict[str, Callable[..., Expr | None]] = {
    "permute_dims": _transpose,
    "sum": _sum,
    "reshape": _reshape,
    "getitem": _indexed,
    "expand_dims": _expand,
    "where": _where,
    "index_add": _put,
    "scatter_add": _put,
    "share": _share,
    "winners": _winners,
    "squeeze": _squeeze,
    "einsum": _einsum,
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
