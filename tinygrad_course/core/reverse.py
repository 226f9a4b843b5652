"""The reverse pass: the chain rule from right to left, over arrays (fast) or over nodes (recording another graph)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from .engine_ops import broadcast_to, cast, guarded_product, sum_to
from .errors import MutationError, ShapeError
from .node import Node
from .primitive import Primitive, pick
from .state import state

_by_order = attrgetter("order")
float64, ndarray, vdot = np.float64, np.ndarray, np.vdot
float64_dtype = np.dtype(float64)
_last_change = 0  # the tick of the latest overwrite of any node's value


def note_change(node: Node, now: int) -> None:
    """Remember that the value of `node` was overwritten at tick `now`."""
    global _last_change
    node.changed = now
    _last_change = now


def ancestors(outputs: Iterable[Node], since: int = 0) -> tuple[list[Node], list[Node]]:
    """All nodes that `outputs` depend on differentiably: the recorded ones, youngest first, and the leaves.

    Nodes made before the tick `since` are left out, and with them all that only they depend on.
    """
    seen = {x for x in outputs if x.requires_grad and x.order >= since}
    stack = list(seen)
    recorded: list[Node] = []
    leaves: list[Node] = []
    while stack:
        node = stack.pop()
        if node.op is None:
            leaves.append(node)
            continue
        recorded.append(node)
        for x in node.inputs:
            if isinstance(x, Node) and x not in seen and x.requires_grad and x.order >= since:
                seen.add(x)
                stack.append(x)
    recorded.sort(key=_by_order, reverse=True)
    leaves.sort(key=_by_order)
    return recorded, leaves


def reverse(
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    targets: Sequence[Node] | None = None,
    *,
    record: bool = False,
    since: int | None = None,
    guarded: bool = False,
) -> dict[Node, Any]:
    """Cotangents of `targets` (all leaves and retained nodes, if None) for cotangents `seeds` of `outputs`.

    Only the paths from `outputs` to `targets` are walked. With `record`, seeds and results are nodes, and everything
    computed is recorded. A target that no path reaches is missing from the answer. Nodes made before the tick `since`
    are not walked through: by default all that are older than every target. `guarded`: use the product that keeps 0
    from the start, for a recording that will be run on other numbers.
    """
    here = state.here
    if here.tracer is not None and not record:
        return here.tracer.reverse(outputs, seeds, targets, since)  # type: ignore[no-any-return]
    if since is None:
        since = min((x.order for x in targets), default=0) if targets is not None else 0
    recorded, _ = ancestors(outputs, since)
    refuse_changed(recorded)
    if here.anomaly is not None:
        here.anomaly.check_unchanged(recorded)
    if targets is None:
        keep = {x for x in recorded if x.retains_grad}
        wanted = None
    else:
        keep = set(targets)
        wanted = on_paths(recorded, keep)
    outer = here.recording
    here.recording = record
    try:
        # Zero times a singular partial is NaN in IEEE arithmetic but 0 by our convention. That is rare: run without a
        # guard, and again with one only when a NaN came out.
        found = _sweep(recorded, outputs, seeds, wanted, keep, record, guarded or here.anomaly is not None)
        if not guarded and any_nan(found.values()):
            found = _sweep(recorded, outputs, seeds, wanted, keep, record, True)
    finally:
        here.recording = outer
    return found


@np.errstate(all="ignore")
def _sweep(
    recorded: Sequence[Node],
    outputs: Sequence[Node],
    seeds: Sequence[Any],
    wanted: set[Node] | None,
    keep: set[Node],
    record: bool,
    guarded: bool,
) -> dict[Node, Any]:
    """The chain rule along `recorded`, youngest first; the hottest loop of the package.

    `wanted`: the nodes that need a cotangent (all that can have one, if None: then every leaf is kept too). A cotangent
    may be smaller than its node: it then stands for itself broadcast, and is laid out in full only for a rule that is
    not elementwise, and in the answer.
    """
    cotangents: dict[Node, Any] = {}
    owned: set[Node] = set()  # nodes whose cotangent is a buffer made here, which may be added to in place
    kept: dict[Node, Any] = {}
    anomaly = state.here.anomaly
    for node, seed in zip(outputs, seeds, strict=True):
        if node.requires_grad if wanted is None else node in wanted:
            _accumulate(cotangents, owned, node, seed)
    for node in recorded:
        g = cotangents.pop(node, None)
        if g is None:
            continue
        if keep and node in keep:
            kept[node] = g
        op: Primitive = node.op  # type: ignore[assignment]
        inputs = node.inputs
        params = node.params
        elementwise = op.elementwise
        rules: Any = op.rules
        if not op.constant:
            y: Any = node if record else node.value
            if elementwise:
                arguments = [y]
            elif op is pick:
                if wanted is None or inputs[0] in wanted:
                    _enter(cotangents, node, g)
                continue
            else:
                if op.outputs != 1:
                    y, g = _several(node, g, record)
                elif g.shape != y.shape:
                    g = broadcast_to(g, shape=y.shape)
                arguments = [g, y]
            if record:
                arguments += inputs
            else:
                for x in inputs:  # a comprehension would be a call of its own
                    arguments.append(x.value if isinstance(x, Node) else x)
        # One rule for each input, called only where it is needed; or one rule for all, which has been called.
        separate = type(rules) is tuple
        if not separate:
            rules = op.joint(arguments, params, len(inputs))
        for x, part in zip(inputs, rules):  # noqa: B905 (a variadic operation has rules for the most operands)
            if not isinstance(x, Node) or not (x.requires_grad if wanted is None else x in wanted):
                continue
            if type(part) is int and elementwise:
                c = g if part == 1 else -g if part == -1 else g * part
            else:
                if separate and part is not None:
                    part = part(*arguments, **params) if params else part(*arguments)
                if part is None:
                    continue
                c = part if not elementwise else g * part if not guarded else guarded_product(g, part)
            v = x.value
            kind = type(c)
            if kind is ndarray:
                if c.shape != v.shape or c.dtype is not v.dtype:
                    c = fit(c, x, node)
            elif kind is not float64 or not (
                type(v) is float64 or (elementwise and v.dtype is float64_dtype and v.shape == node.value.shape)
            ):
                c = fit(c, x, node)
            if anomaly is not None:
                anomaly.check_cotangent(node, x, g, c)
            if x in cotangents:
                _accumulate(cotangents, owned, x, c)
            else:
                cotangents[x] = c
    if wanted is None:
        kept.update(cotangents)  # what is left belongs to leaves
    else:
        kept.update((node, g) for node, g in cotangents.items() if node in keep)
    for node, g in kept.items():
        if type(node.value) is not tuple and g.shape != node.value.shape:
            kept[node] = broadcast_to(g, shape=node.value.shape)
    return kept


def fit(c: Any, x: Node, consumer: Node) -> Any:
    """The contribution `c` to the cotangent of input `x`, with broadcasting and promotion undone."""
    value = x.value
    a = c.value if isinstance(c, Node) else c
    if not hasattr(a, "dtype"):
        a = c = np.asarray(c)
    shape = value.shape
    if a.shape != shape:
        op: Primitive = consumer.op  # type: ignore[assignment]
        full = consumer.value.shape if op.elementwise else shape if op.spreads else a.shape
        small = a.shape != full
        if (small and not broadcasts(a.shape, full)) or not broadcasts(shape, full):
            raise ShapeError(
                f"the rule of {op.name} gave a gradient of shape {a.shape} for an input of shape {shape} "
                f"({consumer.where}); a gradient has the shape of its input, or one that broadcasting made of it"
            )
        if full != shape:
            c = sum_to(broadcast_to(c, shape=full) if small else c, shape=shape)
    if a.dtype != value.dtype:
        c = cast(c, dtype=value.dtype)
    return c


def broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    if not small or small == large:
        return True
    return len(small) <= len(large) and all(s in (1, n) for s, n in zip(small[::-1], large[::-1], strict=False))


def _accumulate(cotangents: dict[Node, Any], owned: set[Node], x: Node, c: Any) -> None:
    """Add `c` to the cotangent of `x`: contributions add up where a value is used more than once."""
    old = cotangents.get(x)
    if old is None:
        cotangents[x] = c
    elif x in owned and c.shape == old.shape:
        np.add(old, c, out=old)
    else:
        total = cotangents[x] = old + c
        if type(total) is np.ndarray:
            owned.add(x)


def _enter(cotangents: dict[Node, Any], node: Node, g: Any) -> None:
    """Enter the cotangent `g` of one result among those of the operation that made it, where the results meet."""
    results, index = node.inputs[0], node.params["index"]
    entries = cotangents.setdefault(results, [None] * len(results.value))
    entries[index] = g if entries[index] is None else entries[index] + g


def _several(node: Node, g: Sequence[Any], record: bool) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Results and cotangents of an operation with several results; zeros for a result that nobody used."""
    values = node.value
    y = tuple(pick(node, index=i, count=len(values)) for i in range(len(values))) if record else values
    cotangents = []
    for v, c in zip(values, g, strict=True):
        c = np.zeros_like(v) if c is None else c
        cotangents.append(c if c.shape == v.shape else broadcast_to(c, shape=v.shape))
    return y, tuple(cotangents)


def on_paths(recorded: Sequence[Node], targets: set[Node]) -> set[Node]:
    """`targets`, and every recorded node through which a derivative reaches one of them."""
    wanted = set(targets)
    for node in reversed(recorded):
        if not node.op.differentiable:  # type: ignore[union-attr]
            continue
        for x in node.inputs:
            if isinstance(x, Node) and x in wanted:
                wanted.add(node)
                break
    return wanted


def refuse_changed(recorded: Sequence[Node]) -> None:
    """Raise if the value of a node, or of an input of one, was overwritten after it was recorded."""
    if not recorded or _last_change < recorded[-1].order:  # nearly always: nothing was since the oldest of them
        return
    for node in recorded:
        for x in (node, *node.inputs):
            if isinstance(x, Node) and x.changed > node.order:
                what = f"the data of {x.called} (shape {np.shape(x.value)})"
                raise MutationError(
                    f"{what} was changed after {node.op.name} recorded it ({node.where}): its gradient would "  # type: ignore[union-attr]
                    "be that of another function. Call backward() before the update, or run the forward pass again."
                )


def any_nan(gradients: Iterable[Any]) -> bool:
    """Whether there is a NaN in any of them: one number is computed from each array that a NaN makes NaN."""
    for g in gradients:
        a = g.value if isinstance(g, Node) else g
        if type(a) is ndarray:
            # The dot product has the least overhead; a large one would wake the threads of the BLAS.
            n = a.size
            a = a.item() if n == 1 else vdot(a, a) if n <= 4096 else np.minimum.reduce(a, axis=None)
        if a != a:
            return True
    return False
