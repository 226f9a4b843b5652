"""`check_primitive`: everything that an operation with a derivative rule has to keep to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from ..core.node import Node
from ..core.primitive import Primitive
from ..core.reverse import reverse
from .blame import problem_of_op
from .gradcheck import sanity
from .measure import measure
from .problem import Input, Problem, Steps, as_node, running, scale_of, tracked, value_of
from .report import GradCheckReport, concluded


def check_primitive(op: Any, *sample_args: Any, raise_on_failure: bool = True, **params: Any) -> GradCheckReport:
    """Check an operation and its derivative rule at sample arguments: a user's own `@primitive`, or one of ours.

    The rule is held against differences; then differentiated again, for the inputs and for the cotangent, and held
    against differences of itself. Besides: one entry per input, of a fitting shape; the same numbers from arrays and
    from Tensors; float32 stays float32; no argument is written to.

    Parameters
    ----------
    op
        A primitive.
    *sample_args, **params
        What to call it with. Every float argument is differentiated, unless the rule has None for it. Choose a point
        where `op` is smooth.

    Returns
    -------
    GradCheckReport

    Raises
    ------
    GradCheckError
        A failed check (with ``raise_on_failure=False``, the failed report is returned).

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> bool(tg.check_primitive(tg.multiply, [1.0, 2.0], [3.0, 4.0]))
    True
    """
    if not isinstance(op, Primitive):
        raise TinygradError(
            f"check_primitive: {op!r} is not a primitive; use gradcheck for functions composed of primitives"
        )
    values = [np.array(a) if isinstance(a, list) else value_of(a) for a in sample_args]
    report = GradCheckReport(f"check_primitive {op.name}")
    _run(report, op, [_protected(v) for v in values], params)
    return concluded(report, raise_on_failure)


def _run(report: GradCheckReport, op: Primitive, values: list[Any], params: dict[str, Any]) -> None:
    report.problem = _forward_complaint(op, values, params)
    if report.problem:
        return
    if not op.differentiable:
        report.notes.append("by its declaration it gives no gradient: only its forward function was checked")
        return
    entries, report.problem = _entries(op, values, params)
    free = [i for i, (v, e) in enumerate(zip(values, entries, strict=False)) if _is_float(v) and e is not None]
    if report.problem:
        return
    if not free:
        report.problem = (
            "no argument to differentiate: pass floats (5.0, not 5), and give the rule an entry that is not None"
        )
        return
    report.problem = _dtype_complaint(op, values, params, free)
    first = problem_of_op(op, values, params, free)
    report.problem = report.problem or sanity(first)
    if report.problem:
        return
    measure(report, first, None, None, None, 1)
    if not report.passed:
        return
    second = _pullback(first)
    report.problem = _readings_complaint(first) or sanity(second)
    if not report.problem:
        measure(report, second, None, None, None, 2, first)
        report.notes[-1:] = ["d/d(...): the rule differentiated again, for the inputs and for the cotangent"]


def _is_float(v: Any) -> bool:
    return not isinstance(v, str) and v is not None and np.asarray(v).dtype.kind == "f"


def _protected(v: Any) -> Any:
    """A read-only copy of an array."""
    if not isinstance(v, np.ndarray):
        return v
    copy = v.copy()
    copy.flags.writeable = False
    return copy


def _results(y: Any) -> list[Any]:
    return list(y) if isinstance(y, tuple) else [y]


def _forward_complaint(op: Primitive, values: Sequence[Any], params: dict[str, Any]) -> str:
    """What is wrong with calling `op`, on arrays and on Tensors."""
    try:
        plain = _results(op(*values, **params))
    except Exception as error:
        if "read-only" in str(error):
            return f"the forward function writes into an argument; let it compute a new array ({error})"
        raise
    recorded = _results(op(*[as_node(v, True) if _is_float(v) else v for v in values], **params))
    if len(plain) != op.outputs:
        return f"the forward function returns {len(plain)} results, but outputs={op.outputs}"
    if not all(np.array_equal(a, value_of(b), equal_nan=True) for a, b in zip(plain, recorded, strict=True)):
        return "arrays and Tensors give different results: is the operation random, or has it a state?"
    return ""


def _entries(op: Primitive, values: Sequence[Any], params: dict[str, Any]) -> tuple[Sequence[Any], str]:
    """What the rule returns for arrays, one entry per input; and what is wrong with that."""
    y = op(*values, **params)
    rng = np.random.default_rng(7)
    seeds = tuple(_protected(rng.uniform(0.5, 1.5, np.shape(r)).astype(np.asarray(r).dtype)[()]) for r in _results(y))
    g = seeds if op.outputs != 1 else seeds[0]
    arguments = (y, *values) if op.elementwise else (g, y, *values)
    try:
        if type(op.rules) is tuple:
            entries = [rule(*arguments, **params) if callable(rule) else rule for rule in op.rules]
        else:
            entries = list(op.joint(arguments, params, len(values)))
    except TinygradError as error:
        return [], str(error)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return [], f"the rule writes into an argument; let it compute new arrays ({error})"
    if len(entries) < len(values):
        count = f"{len(entries)} entries for {len(values)} inputs"
        return entries, f"the rule has {count}; one per input is needed, None for no gradient"
    for i, (entry, v) in enumerate(zip(entries, values, strict=False)):
        if entry is not None and (
            complaint := _shape_complaint(op, i, np.shape(entry), np.shape(v), np.shape(_results(y)[0]))
        ):
            return entries, complaint
    return entries, ""


def _shape_complaint(op: Primitive, i: int, got: tuple[int, ...], x: tuple[int, ...], y: tuple[int, ...]) -> str:
    if op.elementwise:
        if not _broadcasts(got, y):
            return f"the partial for input {i} has shape {got}, which does not broadcast to the output's {y}"
    elif not _broadcasts(x, got):
        return f"the rule gives a gradient of shape {got} for input {i} of shape {x}"
    return ""


def _broadcasts(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    return len(small) <= len(large) and all(s in (1, n) for s, n in zip(small[::-1], large[::-1], strict=False))


def _dtype_complaint(op: Primitive, values: Sequence[Any], params: dict[str, Any], free: Sequence[int]) -> str:
    """Whether float32 arguments give float32 results and gradients."""
    narrow = [_protected(np.asarray(v, np.float32))[()] if _is_float(v) and type(v) is not float else v for v in values]
    if not any(type(values[i]) is not float for i in free):
        return ""
    for y in _results(op(*narrow, **params)):
        if np.asarray(y).dtype == np.float64:
            return (
                "float32 arguments give a float64 result; a constant array of float64 in the forward function does that"
            )
    entries, _ = _entries(op, narrow, params)
    for i in free:
        if getattr(entries[i], "dtype", None) == np.float64:
            cause = "a constant array of float64 in the rule does that"
            return f"float32 arguments give a float64 gradient for input {i}; {cause}"
    return ""


def _readings_complaint(problem: Problem) -> str:
    """Whether the rule gives the same numbers from arrays as from Tensors."""
    with problem.at(problem.buffers()) as (leaves, outputs):
        tracked_outputs = [y for y in outputs if tracked(y)]
        seeds = [np.ones_like(y.value)[()] for y in tracked_outputs]
        fast = reverse(tracked_outputs, seeds, leaves)
        recorded = reverse(tracked_outputs, [as_node(s) for s in seeds], leaves, record=True)
    for x, leaf in zip(problem.inputs, leaves, strict=True):
        if leaf in fast and not np.allclose(fast[leaf], value_of(recorded[leaf]), rtol=1e-10, atol=0, equal_nan=True):
            return f"the rule gives other numbers for {x.name} when it is read with Tensors than with arrays"
    return ""


def _pullback(problem: Problem) -> Problem:
    """The gradients of `problem` as a function of its inputs and of the cotangents."""
    count, rng = len(problem.inputs), np.random.default_rng(8)
    with problem.at(problem.buffers()) as (_, outputs):
        shapes = [np.shape(y.value) for y in outputs]
    seeds = [rng.uniform(0.5, 1.5, shape) for shape in shapes]
    names = ["cotangent"] if len(seeds) == 1 else [f"cotangent {i}" for i in range(len(seeds))]
    extra = [Input(n, s, np.dtype(np.float64), scale_of(s)) for n, s in zip(names, seeds, strict=True)]

    @running
    def at(values: Sequence[Any]) -> Steps:
        with problem.at(values[:count]) as (leaves, outputs):
            weights: list[Node] = [as_node(v, True) for v in values[count:]]
            found = reverse(outputs, weights, leaves, record=True)
            yield [*leaves, *weights], [found.get(x, np.zeros(np.shape(x.value))) for x in leaves]

    return Problem([*problem.inputs, *extra], at, tuple(f"d/d({x.name})" for x in problem.inputs))
