"""The reverse pass for many cotangents of one output at once: the rows of a Jacobian in a single walk.

A slope does not depend on the cotangent. So an elementwise operation works its partials out once and multiplies all
rows by them together; only a rule of another kind is called for each row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .engine_ops import broadcast_to, guarded_product, sum_to
from .node import Node
from .primitive import Primitive
from .reverse import ancestors, any_nan, broadcasts, fit, on_paths, refuse_changed
from .state import recording, state

TOGETHER = 1 << 16  # so many numbers in all rows of one node's cotangent: what stays in a core's cache
FEWEST = 4  # rows that are worth it


def reverse_rows(output: Node, seeds: Any, targets: Sequence[Node]) -> dict[Node, Any] | None:
    """Cotangents of `targets` for each of `seeds` (stacked along the first axis), stacked alike.

    A target that no path reaches is missing from the answer. None where rows have to be walked one by one: while
    somebody traces or watches each step, through operations of several results, and for arrays so large that their
    rows would fill the memory.
    """
    here = state.here
    if here.tracer is not None or here.anomaly is not None:
        return None
    recorded, _ = ancestors([output], min((x.order for x in targets), default=0))
    refuse_changed(recorded)
    keep = set(targets)
    wanted = on_paths(recorded, keep)
    count = _together([output, *wanted])
    if count < FEWEST:
        return None
    found: dict[Node, list[Any]] = {}
    with recording(False):
        for start in range(0, len(seeds), count):
            rows = seeds[start : start + count]
            part = _sweep(recorded, output, rows, wanted, keep, guarded=False)
            if any_nan(part.values()):
                part = _sweep(recorded, output, rows, wanted, keep, guarded=True)
            for x, c in part.items():
                found.setdefault(x, []).append(c)
    return {x: parts[0] if len(parts) == 1 else np.concatenate(parts) for x, parts in found.items()}


def _together(nodes: Sequence[Node]) -> int:
    """How many rows may be walked together; 0 if one of `nodes` has several values."""
    if any(type(node.value) is tuple for node in nodes):
        return 0
    return TOGETHER // int(max(1, *(node.value.size for node in nodes)))


@np.errstate(all="ignore")
def _sweep(
    recorded: Sequence[Node], output: Node, seeds: Any, wanted: set[Node], keep: set[Node], guarded: bool
) -> dict[Node, Any]:
    """The chain rule along `recorded`, youngest first, for all rows of `seeds`."""
    cotangents = {output: seeds} if output in wanted else {}
    kept: dict[Node, Any] = {}
    for node in recorded:
        rows = cotangents.pop(node, None)
        if rows is None:
            continue
        if node in keep:
            kept[node] = rows
        shares = _of_partials(node, rows, wanted, guarded) if node.op.elementwise else _of_rule(node, rows, wanted)  # type: ignore[union-attr]
        for x, c in shares:
            cotangents[x] = cotangents[x] + c if x in cotangents else c
    return kept | {x: rows for x, rows in cotangents.items() if x in keep}


def _of_partials(node: Node, rows: Any, wanted: set[Node], guarded: bool) -> Iterator[tuple[Node, Any]]:
    """Every wanted operand of an elementwise operation, with its share of the cotangents."""
    op: Primitive = node.op  # type: ignore[assignment]
    arguments = [node.value, *(x.value if isinstance(x, Node) else x for x in node.inputs)]
    parts = op.rules if type(op.rules) is tuple else op.joint(arguments, node.params, len(node.inputs))
    for x, part in zip(node.inputs, parts, strict=False):
        if part is None or not isinstance(x, Node) or x not in wanted:
            continue
        if callable(part):
            part = part(*arguments, **node.params)
            if part is None:
                continue
        if not broadcasts(np.shape(part), node.value.shape):
            fit(rows[0] * part, x, node)  # says what is wrong
        c = rows if type(part) is int and part == 1 else guarded_product(rows, part) if guarded else rows * part
        yield x, _summed(c, x.value)


def _summed(rows: Any, value: Any) -> Any:
    """Rows of a cotangent with the broadcasting and the promotion of `value` undone in each."""
    if rows.shape[1:] != value.shape:
        ones = (1,) * (rows.ndim - 1 - value.ndim)
        rows = sum_to(rows, shape=(len(rows), *ones, *value.shape)).reshape(len(rows), *value.shape)
    return rows if rows.dtype == value.dtype else rows.astype(value.dtype)


def _of_rule(node: Node, rows: Any, wanted: set[Node]) -> Iterator[tuple[Node, Any]]:
    """Every wanted operand of any other operation, with its share of the cotangents: its rule, called for each row."""
    op: Primitive = node.op  # type: ignore[assignment]
    rules: Any = op.rules
    values = [node.value, *(x.value if isinstance(x, Node) else x for x in node.inputs)]
    if type(rules) is not tuple:
        entries = [op.joint([g, *values], node.params, len(node.inputs)) for g in rows]
    for i, x in enumerate(node.inputs):
        if not isinstance(x, Node) or x not in wanted:
            continue
        if type(rules) is tuple:
            column = [rules[i](g, *values, **node.params) for g in rows]
        else:
            column = [entry[i] for entry in entries]
        if column[0] is not None:
            yield x, np.stack([_full(c, x, node) for c in column])


def _full(c: Any, x: Node, consumer: Node) -> Any:
    """One row's share of the cotangent of `x`, in its shape and dtype."""
    v = x.value
    if type(c) is not np.ndarray or c.shape != v.shape or c.dtype != v.dtype:
        c = fit(c, x, consumer)
    return c if c.shape == v.shape else broadcast_to(c, shape=v.shape)
