"""Whose fault it is: each recorded operation checked by itself, at the values it had when the program ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.primitive import Primitive
from ..core.reverse import ancestors
from ..core.state import recording
from .compare import Compared, chosen_lines, compare
from .diagnosis import number
from .probe import Probe, Rows, differentiate, random_line, seeds
from .problem import Input, Problem, Steps, as_node, running, scale_of, tracked, value_of

TOLERANCES = (1e-5, 0.0)


def blame(problem: Problem, order: int) -> str:
    """The first operation whose rule disagrees with differences, its input and line; or what else it can be."""
    with problem.at(problem.buffers()) as (_, outputs):
        recorded, _ = ancestors([y for y in outputs if tracked(y)])
        if not recorded:
            return (
                "f's result remembers no computation: .data, .numpy(), float(), detach() or no_grad() has cut it off "
                "from its inputs"
            )
        for node in reversed(recorded):
            local = local_problem(node)
            if local is None:
                continue
            for again in range(1, order + 1):
                wrong = first_wrong(local if again == 1 else derivative(local))
                if wrong is not None:
                    return _accusation(node, wrong, again)
    return _cut(problem) or (
        "every recorded operation's own rule agrees with differences, so f depends on its inputs in a way that the "
        "graph does not show: through .data, .numpy(), float() or detach(), or something it changes between calls"
    )


def local_problem(node: Node) -> Problem | None:
    """The one operation that made `node`, as a problem of its differentiable operands."""
    op: Primitive = node.op  # type: ignore[assignment]
    free = [i for i, x in enumerate(node.inputs) if tracked(x)]
    values = [value_of(x) for x in node.inputs]
    if any(isinstance(v, tuple) for v in values):
        return None
    return problem_of_op(op, values, node.params, free)


def problem_of_op(op: Primitive, values: Sequence[Any], params: dict[str, Any], free: Sequence[int]) -> Problem:
    """``op(*values, **params)`` as a problem of the operands numbered `free`."""
    wide = [np.asarray(values[i], np.float64) for i in free]
    kinds = [np.asarray(values[i]).dtype for i in free]
    inputs = [Input(f"input {i}", v, k, scale_of(v)) for i, v, k in zip(free, wide, kinds, strict=True)]

    @running
    def at(now: Sequence[Any]) -> Steps:
        nodes: list[Node] = [as_node(v, True) for v in now]
        filled = [
            np.asarray(v, np.float64)[()] if np.asarray(v).dtype.kind == "f" and type(v) is not float else v
            for v in values
        ]
        for i, node in zip(free, nodes, strict=True):
            filled[i] = node
        with recording(True):
            result = op(*filled, **params)
        yield nodes, list(result) if isinstance(result, tuple) else [result]

    return Problem(inputs, at)


def derivative(problem: Problem) -> Problem:
    """The first derivative of `problem` for one fixed random cotangent, as a problem of its own."""
    count = len(problem.evaluate(problem.buffers()))
    row = np.random.default_rng(3).uniform(0.5, 1.5, count)
    return problem.gradient(lambda outputs: seeds(outputs, row))


def first_wrong(problem: Problem) -> Compared | None:
    """The first input of a small problem whose derivative disagrees with differences."""
    rng = np.random.default_rng(4)
    values = problem.buffers()
    with np.errstate(all="ignore"):
        outputs = problem.evaluate(values)
        rows = Rows(len(outputs), 10**6, rng) if len(outputs) > 8 else Rows(len(outputs), 1, rng)
        probe, gradients, zero = Probe(problem, rows), differentiate(problem, values, rows.matrix), rows.values(outputs)
    if not np.isfinite(zero).all():
        return None
    for i, x in enumerate(problem.inputs):
        lines = (
            chosen_lines(probe, rng)[i][0] if x.value.size <= 16 else [random_line(problem, [i], rng) for _ in range(3)]
        )
        found = compare(probe, gradients, i, lines, zero, TOLERANCES)
        if found.failed:
            return found
    return None


def _accusation(node: Node, wrong: Compared, order: int) -> str:
    op: Primitive = node.op  # type: ignore[assignment]
    line, row = wrong.worst() or (0, 0)
    i = int(wrong.name.split()[-1])
    named = getattr(node.inputs[i], "name", None)
    which = f"{wrong.name}{f' ({named})' if named else ''}"
    what = "the rule" if order == 1 else "the derivative of the rule"
    a, n = wrong.analytic[line, row], wrong.numeric[line, row]
    place = f", recorded at {node.where}" if node.where else ""
    if not np.isfinite(a) and not np.isfinite(n):
        return (
            f"{op.name}{place}. Checked alone, {what} of {op.name} for {which} of shape {wrong.shape} gives {a:.6g}, "
            "and differences find no finite slope there either: check f at another point"
        )
    return (
        f"{op.name}{place}. Checked alone, {what} of {op.name} for {which} of shape {wrong.shape} gives {a:.6g} where "
        f"differences give {n:.6g}{_ratio(a, n)}. It is the first operation of f whose rule is wrong."
    )


def _ratio(a: float, n: float) -> str:
    return f" ({'-' if a * n < 0 else ''}{number(abs(a / n))} times as much)" if np.isfinite(a * n) and a * n else ""


def _cut(problem: Problem) -> str:
    """A constant in the graph that moves with the inputs: where a value was taken out of the graph and put back in."""
    line = random_line(problem, range(len(problem.inputs)), np.random.default_rng(5))
    moved = problem.buffers()
    for i, part in line.parts.items():
        moved[i] += 2.0**-12 * part
    here, there = _constants(problem, problem.buffers()), _constants(problem, moved)
    if len(here) != len(there):
        return ""
    for (node_name, where, i, value), (other_name, _, _, other) in zip(here, there, strict=True):
        if node_name != other_name:
            return ""
        if not np.array_equal(value, other, equal_nan=True):
            return (
                f"{node_name}, recorded at {where}: its input {i} is a constant for the graph, but it changes with the "
                "inputs of f. It was computed from them outside the graph: by .data, .numpy(), float(), detach() or "
                "under no_grad()"
            )
    return ""


def _constants(problem: Problem, values: Sequence[Any]) -> list[tuple[str, str, int, Any]]:
    """Every floating operand in the graph through which no derivative flows, in the order it was used."""
    with problem.at(values) as (_, outputs):
        recorded, _ = ancestors([y for y in outputs if tracked(y)])
        return [
            (node.op.name, node.where, i, np.array(value_of(x)))  # type: ignore[union-attr]
            for node in reversed(recorded)
            for i, x in enumerate(node.inputs)
            if not tracked(x) and np.asarray(value_of(x)).dtype.kind == "f"
        ]
