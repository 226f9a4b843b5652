"""`check_derivative`: a gradient derived by hand, against differences and against autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from ..core.tree import aligned, flatten
from .compare import Compared, chosen_lines, compare
from .gradcheck import sanity
from .measure import RTOL, diagnosis_of, distance, entry_of, kinks_of, sizes_of
from .probe import Gradients, Probe, Rows, along, differentiate
from .problem import (
    Input,
    Problem,
    Steps,
    arguments_of,
    float_outputs,
    input_of,
    names_of,
    nearby,
    output_names,
    problem_of,
    running,
    value_of,
)
from .report import Entry, GradCheckReport, concluded
from .slopes import KINK
from .taylor import taylor_slope


def check_derivative(
    f: Callable[..., Any],
    df: Callable[..., Any],
    x: Any,
    *,
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    raise_on_failure: bool = True,
) -> GradCheckReport:
    """Check a derivative that you worked out by hand.

    Parameters
    ----------
    f
        A function of arrays, plain NumPy or ours.
    df
        Your derivative, called with the same arguments. It returns one array per float argument, of its shape, if `f`
        returns a number; the derivative of each element, if `f` works element by element; and otherwise the
        Jacobian, of shape ``f(x).shape + x.shape``.
    x
        An array, a number, or a tuple with one per argument of `f`; arguments may be lists or dicts of arrays. Integer
        arrays among them (labels) are held fixed.
    eps, rtol, atol, raise_on_failure
        As for `gradcheck`.

    Returns
    -------
    GradCheckReport
        Your value, autograd's and the differences' side by side. Where `f` cannot run on Tensors, autograd is left out.

    Raises
    ------
    GradCheckError
        The derivative is wrong, or has the wrong shape.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_course as tg
    >>> def sigmoid(z):
    ...     return 1 / (1 + np.exp(-z))
    >>> def slope(z):
    ...     return sigmoid(z) * (1 - sigmoid(z))
    >>> bool(tg.check_derivative(sigmoid, slope, np.array([-2.0, 0.0, 3.0])))
    True
    """
    check = _Check(f, df, _as_arrays(arguments_of(f, x)[0]))
    check.run(eps, RTOL[8] if rtol is None else rtol, atol or 0.0)
    return concluded(check.report, raise_on_failure)


class _Check:
    """One run of `check_derivative`: what its steps share."""

    def __init__(self, f: Callable[..., Any], df: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.f, self.df, self.arguments = f, df, arguments
        self.report = GradCheckReport("check_derivative")
        self.problem = _on_arrays(f, arguments)
        self.elementwise = False

    @np.errstate(all="ignore")
    def run(self, eps: float | None, rtol: float, atol: float) -> None:
        """Fill in the report."""
        report, problem = self.report, self.problem
        report.problem = sanity(problem) or self._call_df()
        if report.problem:
            return
        rng = np.random.default_rng(0)
        outputs = problem.evaluate(problem.buffers())
        rows = (
            Rows.total(self.count)
            if self.elementwise
            else Rows(self.count, sum(x.value.size for x in problem.inputs), rng)
        )
        zero = rows.values(outputs)
        auto = self._autograd(rows)
        noise = 32 * np.finfo(np.float64).eps * np.abs(rows.matrix) @ np.abs(outputs)
        by_hand = [self._rows_of(g, x, rows) for g, x in zip(self.hand, problem.inputs, strict=True)]
        hand = Gradients(by_hand, np.maximum(noise, auto.noise) if auto else noise, [])
        probe, found = Probe(problem, rows), []
        for i, (x, (lines, whole)) in enumerate(zip(problem.inputs, chosen_lines(probe, rng), strict=True)):
            if complaint := self._shape_complaint(x, self.hand[i]):
                report.diagnosis.append(complaint)
                report.entries.append(Entry(x.name, x.value.shape, "", "", np.nan, np.nan, np.nan, "SHAPE", np.nan))
                continue
            found.append(c := compare(probe, hand, i, lines, zero, (rtol, atol), eps))
            c.every_element = whole
            report.entries.append(self._entry(c, rows, auto))
            report.kinks += kinks_of(c)
            report.diagnosis += diagnosis_of(c, x, sizes_of(problem)) if c.failed else []
        if len(found) == len(problem.inputs):
            report.taylor = taylor_slope(probe, hand, zero, float(np.finfo(np.float64).eps), rng)
        report.difference = distance(found)
        report.checked = self._how(found, probe)
        report.notes += self._opinion(found, auto)

    def _call_df(self) -> str:
        """Call df, note what it returned; a complaint if that cannot be held against f."""
        leaves, rebuild = flatten(self.arguments)
        values = [np.array(v, np.float64)[()] if _is_float(v) else v for v in leaves]
        given = self.df(*rebuild(values))
        alone = len(self.arguments) == 1 and not (isinstance(given, tuple) and len(given) == 1)
        try:
            hand = flatten(aligned(given, self.arguments[0] if alone else self.arguments))[0]
        except KeyError as error:
            return f"df returned a dict with other keys than its argument ({error.args[0]})"
        if len(hand) == len(leaves):  # entries for what is held fixed are passed over
            hand = [g for g, v in zip(hand, leaves, strict=True) if _is_float(v)]
        self.hand = [np.asarray(value_of(g)) for g in hand]
        inputs = self.problem.inputs
        if len(hand) != len(inputs):
            return f"df returned {len(hand)} gradients for {len(inputs)} inputs ({', '.join(x.name for x in inputs)})"
        with self.problem.at(self.problem.buffers()) as (_, outputs):
            shapes = [np.shape(value_of(y)) for y in outputs]
        self.count = sum(int(np.prod(s)) for s in shapes)
        self.shape = shapes[0] if len(shapes) == 1 else (self.count,)
        self.elementwise = (
            len(inputs) == 1 and self.shape == inputs[0].value.shape == self.hand[0].shape and self.count != 1
        )
        return self._coupled() if self.elementwise else ""

    def _coupled(self) -> str:
        """A complaint if some output depends on another element than its own."""
        (x,) = self.problem.inputs
        before = self.problem.evaluate(self.problem.buffers())
        for j in sorted({0, x.value.size // 2, x.value.size - 1} if x.value.size else ()):
            (moved,) = self.problem.buffers()
            moved.reshape(-1)[j] += 2.0**-12 * x.scale.reshape(-1)[j]
            changed = np.flatnonzero(self.problem.evaluate([moved]) != before)
            for other in changed[changed != j]:
                return (
                    f"df gives one slope per element, but f does not work element by element: output {int(other)} "
                    f"changes with element {j} of {x.name}. Let df return the Jacobian, of shape "
                    f"{x.value.shape + x.value.shape}"
                )
        return ""

    def _rows_of(self, hand: Any, x: Input, rows: Rows) -> Any:
        """The derivative by hand of every row, as an array (rows, size of x)."""
        if self._shape_complaint(x, hand):
            return np.full((len(rows.matrix), x.value.size), np.nan)
        wide = hand.astype(np.float64)
        return wide.reshape(1, -1) if self.elementwise else rows.matrix @ wide.reshape(self.count, x.value.size)

    def _shape_complaint(self, x: Input, hand: Any) -> str:
        """Why the shape of a derivative by hand cannot be right, with what usually makes it so."""
        if hand.dtype.kind not in "biuf":
            return f"d{x.name} has dtype {hand.dtype}; it must hold real numbers"
        one = self.count == 1 or self.elementwise
        wanted = x.value.shape if one else self.shape + x.value.shape
        if hand.shape == wanted:
            return ""
        if one:
            return f"d{x.name} has shape {hand.shape} but {x.name} is {wanted}{_hint(hand, wanted)}"
        text = (
            f"d{x.name} has shape {hand.shape}, but f(x) is {self.shape} and {x.name} is {x.value.shape}: "
            f"the Jacobian is {wanted}"
        )
        return text + (f"; of an elementwise f, the slopes are {self.shape}" if self.shape == x.value.shape else "")

    def _autograd(self, rows: Rows) -> Gradients | None:
        """What autograd gives for the rows; None where it cannot run f."""
        try:
            problem = problem_of(self.f, self.arguments)
            found = differentiate(problem, problem.buffers(), rows.matrix)
            if any(found.reached):
                return found
            why = "f computes outside the graph"
        except Exception as error:  # whatever f does that only arrays can take
            why = f"f does not run on Tensors ({type(error).__name__}: {error})"
        self.report.notes.append(f"autograd is left out: {why}")
        return None

    def _entry(self, c: Compared, rows: Rows, auto: Gradients | None) -> Entry:
        names = [""] * self.count if self.elementwise else output_names(self.problem)
        entry, worst = entry_of(c, rows, names), c.worst()
        ours = float(along(auto, c.lines[worst[0]])[worst[1]]) if auto and worst else np.nan
        return replace(entry, by_hand=entry.analytic, analytic=ours, output="" if self.elementwise else entry.output)

    def _opinion(self, found: list[Compared], auto: Gradients | None) -> list[str]:
        """What autograd's values say about who is wrong."""
        if auto is None:
            return []
        for c in found:
            theirs = np.array([along(auto, line) for line in c.lines]).reshape(c.numeric.shape)
            if np.any((np.abs(theirs - c.numeric) > c.allowed) & (c.verdict != KINK)):
                return ["autograd disagrees with the differences, too: run tg.gradcheck on f"]
        if all(entry.passed for entry in self.report.entries):
            return []
        return ["autograd agrees with the differences: it is the derivative by hand that is wrong"]

    def _how(self, found: Sequence[Compared], probe: Probe) -> str:
        lines = [line for c in found for line in c.lines]
        visited = sum(line.element is not None for line in lines)
        text = f"{visited} elements" + (f", {len(lines) - visited} random directions" if visited < len(lines) else "")
        kind = (
            "f taken element by element, "
            if self.elementwise
            else f"Jacobian of {self.count} outputs, "
            if self.count > 1
            else ""
        )
        return f"{kind}{text}; central differences in float64, {probe.evaluations} evaluations"


def _is_float(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "f"


def _as_arrays(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with arrays for Tensors; if nothing is a float, integers count as floats."""
    leaves, rebuild = flatten(arguments)
    values = [value_of(x) for x in leaves]
    if not any(map(_is_float, values)):
        values = [np.asarray(v, np.float64)[()] if np.asarray(v).dtype.kind in "iu" else v for v in values]
    if not any(map(_is_float, values)):
        raise TinygradError("check_derivative: x holds no real numbers to differentiate for")
    found: tuple[Any, ...] = rebuild(values)
    return found


def _on_arrays(f: Callable[..., Any], arguments: tuple[Any, ...]) -> Problem:
    """`f` on plain arrays; on Tensors, if it cannot run on arrays."""
    leaves, rebuild = flatten(arguments)
    free = [i for i, v in enumerate(leaves) if _is_float(v)]
    names = names_of(f, arguments)

    @running
    def at(values: Sequence[Any]) -> Steps:
        filled = list(leaves)
        for i, v in zip(free, values, strict=True):
            filled[i] = v if v.ndim else v[()]
        yield [], float_outputs(f(*rebuild(filled)))

    problem = Problem([input_of(leaves[i], names[i]) for i in free], at, nearby=nearby(f))
    try:
        problem.evaluate(problem.buffers())
    except (AttributeError, TypeError, TinygradError) as error:
        try:
            on_tensors = problem_of(f, arguments)
            on_tensors.evaluate(on_tensors.buffers())
        except Exception:
            raise error from None
        return on_tensors
    return problem


def _hint(hand: Any, wanted: tuple[int, ...]) -> str:
    """What usually turns one shape into the other."""
    shape = hand.shape
    if hand.size == 1 < np.prod(wanted) and len(wanted) > 1:
        return ": a sum over all axes; sum over those that broadcasting added, as in np.sum(..., axis=1, keepdims=True)"
    if shape == wanted[::-1]:
        return ": is a transpose missing?"
    if tuple(n for n in shape if n != 1) == tuple(n for n in wanted if n != 1):
        return ": the same numbers in another shape; keepdims=True keeps the axes of a sum"
    padded = (1,) * (len(shape) - len(wanted)) + wanted
    if len(padded) == len(shape) and all(w in (1, n) for w, n in zip(padded, shape, strict=True)):
        axes = [i for i, (w, n) in enumerate(zip(padded, shape, strict=True)) if w != n]
        along = ", ".join(map(str, axes))
        return f": broadcasting repeated it along axis {along}, so its derivative is the sum over that axis"
    if len(shape) == len(wanted) and all(n in (1, w) for n, w in zip(shape, wanted, strict=True)):
        axes = [i for i, (n, w) in enumerate(zip(shape, wanted, strict=True)) if n != w]
        return f": it was summed over axis {', '.join(map(str, axes))}, which the input keeps"
    return ""
