"""Memory traded for time: a function whose intermediate results are computed again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from .core.node import Node, tick
from .core.primitive import Primitive
from .core.reverse import reverse
from .core.state import recording, state
from .core.tree import flatten
from .derivatives import as_tensor
from .tensor import Tensor
from .transforms import Function


def checkpoint(f: Function) -> Function:
    """`f`, but its intermediate results are not kept: the backward pass computes them again.

    Trades one more forward pass for the memory of the graph inside `f` (Chen et al., "Training deep nets with
    sublinear memory cost", 2016). Tensors that `f` closes over get their gradients too. `f` must be deterministic.

    >>> import tinygrad_course as tg
    >>> w = tg.Tensor(2.0, requires_grad=True)
    >>> tg.checkpoint(lambda x: tg.exp(x) * w)(tg.Tensor(0.0)).backward()
    >>> w.grad
    array(1.)
    """

    @wraps(f, updated=())
    def light(*args: Any, **kwargs: Any) -> Any:
        if state.here.tracer is not None or state.here.everything:  # recorded to be printed or compiled
            return f(*args, **kwargs)
        given, rebuild = flatten([args, kwargs])
        start = tick()

        def run(operands: Sequence[Any]) -> tuple[list[Any], Function]:
            inner_args, inner_kwargs = rebuild(operands)
            outs, rebuild_out = flatten(f(*inner_args, **inner_kwargs))
            return [as_tensor(y) for y in outs], rebuild_out

        outs, rebuild_out = run(given)
        which = [i for i, y in enumerate(outs) if y.requires_grad]
        if which:
            operands = _boundary([outs[i] for i in which], start)
            again = _recomputation(lambda: [run(given)[0][i] for i in which], [outs[i].value for i in which], operands)
            results = again(*operands)
            for i, y in zip(which, results if isinstance(results, tuple) else (results,), strict=True):
                outs[i] = y
        return rebuild_out(outs)

    return light


def _recomputation(run: Callable[[], list[Tensor]], values: list[Any], operands: list[Node]) -> Primitive:
    """An operation that has its results `values` already; its rule runs the computation again to differentiate it."""

    def rule(g: Any, y: Any, *inputs: Any) -> tuple[Any, ...]:
        seeds = g if isinstance(g, tuple) else (g,)
        start = tick()
        with recording(True):
            outs = run()
        # An operand may have been computed from another one: only the paths within the call are to be walked here.
        found = reverse(outs, seeds, operands, record=any(isinstance(x, Node) for x in seeds), since=start)
        return tuple(found.get(x) for x in operands)

    several = len(values) > 1
    return Primitive(
        lambda *inputs: tuple(values) if several else values[0], name="checkpoint", vjp=rule, outputs=len(values)
    )


def _boundary(outputs: Sequence[Node], start: int) -> list[Node]:
    """What `outputs` were computed from and is older than the tick `start`: arguments, and closed-over Tensors."""
    found = []
    stack, seen = list(outputs), set(outputs)
    while stack:
        node = stack.pop()
        if node.order <= start or node.op is None:
            found.append(node)
            continue
        for x in node.parents:
            if x not in seen:
                seen.add(x)
                stack.append(x)
    return sorted(found, key=lambda node: node.order)
