"""Every operation as NumPy text: the table of those that read better than their forward functions say by themselves.

Each entry gives the same bits as the forward function; `tests/test_emit_primitives.py` holds them all to that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import engine_ops
from ...core.node import Node
from ...core.primitive import Primitive, pick
from ...ops import (
    activation,
    arithmetic,
    index,
    join,
    likelihood,
    pieces,
    powers,
    questions,
    reduce,
    running,
    statistics,
)
from ...ops import shape as shapes
from ...ops.axes import axes_of, kept_shape
from ...ops.einsum import _as_matmul, _einsum, _plan
from ...ops.linalg import matmul
from ...values import discrete
from ..program import primitive_of, value_of
from . import texts
from .forward import from_forward, template_of
from .helpers import Helpers, literal, quoted
from .texts import Text, attribute, call, infix, method, prefix

Emission = Callable[..., Text]  # (helpers, step, *operands) -> text

_INFIX = {
    arithmetic.add: ("+", texts.SUM), arithmetic.subtract: ("-", texts.SUM), arithmetic.multiply: ("*", texts.PRODUCT),
    arithmetic.divide: ("/", texts.PRODUCT), arithmetic.floor_divide: ("//", texts.PRODUCT),
    arithmetic.mod: ("%", texts.PRODUCT), matmul: ("@", texts.PRODUCT), questions.bitwise_and: ("&", texts.AND),
    questions.bitwise_or: ("|", texts.OR), questions.bitwise_xor: ("^", texts.XOR),
    questions.equal: ("==", texts.COMPARE), questions.not_equal: ("!=", texts.COMPARE),
    questions.less: ("<", texts.COMPARE), questions.less_equal: ("<=", texts.COMPARE),
    questions.greater: (">", texts.COMPARE), questions.greater_equal: (">=", texts.COMPARE),
}  # fmt: skip


def numpy_text(helpers: Helpers, node: Node, parts: list[Text]) -> Text:
    """What computes a step, in NumPy, from the texts of its operands."""
    op = primitive_of(node)
    if op is arithmetic.multiply and np.ndim(node.value) and node.inputs[0] is node.inputs[1]:
        return texts.power(parts[0], Text("2"))  # NumPy multiplies to square an array
    symbol = _INFIX.get(op)
    if symbol is not None:
        return infix(parts[0], symbol[0], parts[1], symbol[1])
    special = TABLE.get(op)
    return special(helpers, node, *parts) if special is not None else from_forward(helpers, node, parts)


def repeats(op: Primitive) -> tuple[bool, ...]:
    """For each operand, whether the text of `op` says it more than once (it must then be a name)."""
    if op in _INFIX or op in TABLE:
        return ()
    found = template_of(op)
    if found is None:
        return ()
    tree, known = found
    return tuple(known.uses(a.arg) > 1 for a in tree.args.args)


# --- the table --------------------------------------------------------------------------------------------------------


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(np.shape(value_of(node)))


def _axis_params(axis: Any, keepdims: Any) -> dict[str, str | None]:
    return {"axis": None if axis is None else repr(axis), "keepdims": "True" if keepdims else None}


def _reduced(name: str) -> Emission:
    return lambda _, node, x: call(name, [x], _axis_params(node.params["axis"], node.params["keepdims"]))


def _sum_to(_: Helpers, node: Node, x: Text) -> Text:
    before, after = _shape(node.inputs[0]), node.params["shape"]
    extra = len(before) - len(after)
    axes = [*range(extra), *(i + extra for i, n in enumerate(after) if n == 1 and before[i + extra] != 1)]
    if not after:
        return call("np.sum", [x])
    kept = len(axes) > extra
    total = call("np.sum", [x], _axis_params(axes[0] if len(axes) == 1 else tuple(axes), kept))
    return method(total, "reshape", _sizes(after)) if kept and extra else total


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape)) if shape else "()"


def _broadcast_to(_: Helpers, node: Node, x: Text) -> Text:
    return call("np.broadcast_to", [x, repr(node.params["shape"])])


def _cast(_: Helpers, node: Node, x: Text) -> Text:
    return method(x, "astype", literal(np.dtype(node.params["dtype"])) or "")


def _reshape(_: Helpers, node: Node, x: Text) -> Text:
    return (
        method(x, "reshape", _sizes(_shape(node))) if _shape(node) else Text(f"{x.within(texts.ATOM)}.reshape(())[()]")
    )


def _permute(_: Helpers, node: Node, x: Text) -> Text:
    n = len(_shape(node))
    axes = tuple(a % n for a in node.params["axes"]) if n else ()
    if axes == tuple(range(n))[::-1]:
        return attribute(x, "T")
    if axes == (*range(n - 2), n - 1, n - 2):
        return attribute(x, "mT")
    return call("np.transpose", [x, repr(axes)])


def _getitem(_: Helpers, node: Node, x: Text, *indices: Text) -> Text:
    key = node.params["key"].text(*(i.text for i in indices))
    text = Text(f"{x.within(texts.ATOM)}[{key}]")
    return text if _shape(node) or "..." not in key else Text(f"{text.text}[()]")


def _key(text: str) -> str:
    return f"np.s_[{text}]" if any(c in text for c in ":,.") or "None" in text else text


def _index_add(helpers: Helpers, node: Node, g: Text, *indices: Text) -> Text:
    once = index._reads_once(tuple(value_of(i) for i in node.inputs[1:]))
    key = _key(node.params["key"].text(*(i.text for i in indices)))
    return call(helpers.own("put" if once else "add_at"), [g, key], {"shape": repr(node.params["shape"])})


def _scatter_add(helpers: Helpers, node: Node, g: Text, indices: Text) -> Text:
    axis, shape = node.params["axis"], node.params["shape"]
    if axis is None:
        size = int(np.prod(shape))
        flat = call(helpers.own("add_at"), [g, indices], {"shape": f"({size},)"})
        return method(flat, "reshape", _sizes(shape)) if len(shape) != 1 else flat
    key = _key(", ".join([":"] * (axis % len(shape)) + [indices.text]))
    return call(helpers.own("add_at"), [g, key], {"shape": repr(shape)})


def _chosen_key(node: Node, indices: Text) -> str:
    axis, shape = node.params["axis"], _shape(node.inputs[1])
    if len(shape) == 1:
        rest = [f"np.arange({shape[0]})"]
    else:
        rest = [
            f"np.arange({n}){f'[{_axis_key(i, len(shape))}]' if len(shape) > 1 else ''}" for i, n in enumerate(shape)
        ]
    return ", ".join([*rest[:axis], indices.text, *rest[axis:]])


def _axis_key(i: int, n: int) -> str:
    return ", ".join(":" if k == i else "None" for k in range(n))


def _choose(_: Helpers, node: Node, x: Text, indices: Text) -> Text:
    return Text(f"{x.within(texts.ATOM)}[{_chosen_key(node, indices)}]")


def _put_chosen(helpers: Helpers, node: Node, values: Text, indices: Text) -> Text:
    key = _chosen_key(node, indices)
    return call(helpers.own("put_chosen"), [values, _key(key)], {"shape": repr(_shape(node))})


def _winners(helpers: Helpers, node: Node, x: Text, y: Text) -> Text:
    axis, keepdims = node.params["axis"], node.params["keepdims"]
    before, after = _shape(node.inputs[0]), _shape(node.inputs[1])
    if not keepdims and after and len(after) != len(before):
        y = method(y, "reshape", _sizes(kept_shape(before, axis)))
    return call(helpers.own("winners"), [x, y], {"axis": repr(axis)})


def _middle(helpers: Helpers, node: Node, x: Text) -> Text:
    axes = axes_of("median", node.params["axis"], len(_shape(node)))
    return call(helpers.own("middle"), [x], {"axes": repr(axes)})


def _centered(helpers: Helpers, node: Node, x: Text) -> Text:
    value = value_of(node.inputs[0])
    if value.dtype.kind != "f" or not value.size:
        return from_forward(helpers, node, [x])
    axes = axes_of("var", node.params["axis"], len(_shape(value)))
    return call(helpers.own("centered"), [x], {"axis": repr(axes)})


def _var(helpers: Helpers, node: Node, x: Text) -> Text:
    """The mean square of what `centered` leaves."""
    axis, freedom = (
        node.params["axis"],
        statistics._freedom(value_of(node.inputs[0]), node.params["axis"], node.params["ddof"]),
    )
    squares = texts.call("np.square", [_centered(helpers, node, x)])
    total = call("np.sum", [squares], _axis_params(axis, node.params["keepdims"]))
    return infix(total, "/", Text(repr(freedom)), texts.PRODUCT)


def _std(helpers: Helpers, node: Node, x: Text) -> Text:
    return call("np.sqrt", [_var(helpers, node, x)])


def _readable_only(emission: Emission) -> Emission:
    """The entry for arrays of floats with elements; others are computed by the forward function itself."""

    def either(helpers: Helpers, node: Node, x: Text) -> Text:
        value = value_of(node.inputs[0])
        plain = (
            value.dtype.kind == "f"
            and value.size
            and statistics._freedom(value, node.params["axis"], node.params["ddof"])
        )
        return emission(helpers, node, x) if plain else from_forward(helpers, node, [x])

    return either


def _own(name: str, *params: str) -> Emission:
    """A call of a function written out in `readable`."""

    def emission(helpers: Helpers, node: Node, *parts: Text) -> Text:
        return call(helpers.own(name), parts, {k: literal(node.params[k]) for k in params})

    return emission


def _pow(_: Helpers, node: Node, a: Text, b: Text) -> Text:
    return texts.power(a, b)


def _contraction(_: Helpers, node: Node, *operands: Text) -> Text:
    """An Einstein sum, as the products of matrices that the operation computes it by."""
    left = [(text, _shape(x)) for text, x in zip(operands, node.inputs, strict=True)]
    for step in _plan(node.params["subscripts"], tuple(s for _, s in left), node.params.get("optimize", True)):
        chosen = [left.pop(p) for p in step.positions][::-1]
        left.append(_contracted(step.subscripts, chosen))
    return left[0][0]


def _contracted(subscripts: str, operands: list[tuple[Text, tuple[int, ...]]]) -> tuple[Text, tuple[int, ...]]:
    plain = call("np.einsum", [quoted(repr(subscripts)), *(text for text, _ in operands)])
    shape = _einsum_shape(subscripts, [s for _, s in operands])
    how = _as_matmul(subscripts, *(s for _, s in operands)) if len(operands) == 2 else None
    if how is None:
        return plain, shape
    laid = [_laid_out(text, layout, s) for (text, s), layout in zip(operands, (how.a, how.b), strict=True)]
    y = infix(laid[0], "@", laid[1], texts.PRODUCT)
    product = (*how.a.shape[:-1], how.b.shape[-1])
    if how.y.shape != product:
        y = method(y, "reshape", _sizes(how.y.shape))
    return (call("np.einsum", [quoted(repr(how.y.subscripts)), y]) if how.y.subscripts else y), shape


def _laid_out(x: Text, layout: Any, shape: tuple[int, ...]) -> Text:
    if layout.subscripts:
        x, shape = call("np.einsum", [quoted(repr(layout.subscripts)), x]), _einsum_shape(layout.subscripts, [shape])
    return x if shape == layout.shape else method(x, "reshape", _sizes(layout.shape))


def _einsum_shape(subscripts: str, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    inputs, _, output = subscripts.partition("->")
    sizes: dict[str, int] = {}
    for term, shape in zip(inputs.split(","), shapes, strict=True):
        for c, n in zip(term, shape, strict=True):
            sizes[c] = max(sizes.get(c, 1), n) if n else 0
    return tuple(sizes[c] for c in output)


def _joined(name: str) -> Emission:
    def emission(_: Helpers, node: Node, *parts: Text) -> Text:
        return call(name, [f"[{', '.join(p.text for p in parts)}]"], {"axis": repr(node.params["axis"])})

    return emission


def _clip(_: Helpers, node: Node, x: Text, low: Text, high: Text) -> Text:
    return call("np.clip", [x, low, high])


def _softmax(helpers: Helpers, node: Node, x: Text) -> Text:
    if value_of(node.inputs[0]).dtype.kind != "f":
        return from_forward(helpers, node, [x])
    return call(helpers.own("softmax"), [x], {"axis": literal(node.params["axis"])})


def _split(helpers: Helpers, node: Node, x: Text) -> Text:
    cuts, axis = node.params["cuts"], node.params["axis"]
    if cuts[0] != 0 or cuts[-1] != _shape(node.inputs[0])[axis]:
        return from_forward(helpers, node, [x])
    return call("np.split", [x, repr(list(cuts[1:-1]))], {"axis": repr(axis)})


TABLE: dict[Primitive, Emission] = {
    arithmetic.negative: lambda _, node, x: prefix("-", x),
    arithmetic.positive: lambda _, node, x: prefix("+", x),
    arithmetic.copy: lambda _, node, x: call("np.copy", [x]) if _shape(node) else call("np.asarray", [x]),
    questions.invert: lambda _, node, x: prefix("~", x),
    powers.pow: _pow,
    pieces.clip_op: _clip,
    pieces.share: _own("share"),
    activation.sigmoid: _own("sigmoid"),
    activation.softplus: _own("softplus"),
    activation._log_softmax_op: _own("log_softmax", "axis"),
    likelihood.held_log: _own("held_log"),
    likelihood.held_reciprocal: _own("held_reciprocal"),
    likelihood.choose: _choose,
    likelihood.put_chosen: _put_chosen,
    engine_ops.guarded_product: _own("keep_zero"),
    engine_ops.sum_to: _sum_to,
    engine_ops.broadcast_to: _broadcast_to,
    engine_ops.cast: _cast,
    discrete: _cast,
    pick: lambda _, node, x: Text(f"{x.within(texts.ATOM)}[{node.params['index']}]"),
    reduce._sum: _reduced("np.sum"),
    reduce._prod: _reduced("np.prod"),
    reduce._max: _reduced("np.max"),
    reduce._min: _reduced("np.min"),
    reduce._any: _reduced("np.any"),
    reduce._all: _reduced("np.all"),
    statistics._mean_op: _reduced("np.mean"),
    reduce.winners: _winners,
    running.others: _own("others", "axis"),
    statistics.middle: _middle,
    statistics.centered: _centered,
    statistics._var_op: _readable_only(_var),
    statistics._std_op: _readable_only(_std),
    shapes._reshape: _reshape,
    shapes._permute_dims: _permute,
    index._indexed: _getitem,
    index.index_add: _index_add,
    index.scatter_add: _scatter_add,
    _einsum: _contraction,
    join._split: _split,
    reduce.softmax: _softmax,
    join._concat: _joined("np.concatenate"),
    join._stack: _joined("np.stack"),
}
