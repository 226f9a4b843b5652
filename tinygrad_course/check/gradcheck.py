"""`gradcheck`: derivatives by the graph against derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from .blame import blame
from .compare import FIRST_STEP, Compared, chosen_lines, compare
from .diagnosis import Sizes, diagnose, element
from .probe import Gradients, Probe, Rows, differentiate, seeds
from .problem import Input, Problem, problem_of, value_of
from .report import Entry, GradCheckReport, concluded
from .slopes import EDGE, FAILURES, JUMP, KINK, TINY, UNCLEAR
from .taylor import taylor_slope

RTOL = {2: 5e-2, 4: 1e-3, 8: 1e-5, 16: 1e-5}  # by the size of the input's dtype


def gradcheck(
    f: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    order: int = 1,
    raise_on_failure: bool = True,
) -> GradCheckReport:
    """Check the derivatives that the graph of `f` gives against central differences.

    Parameters
    ----------
    f
        Returns a Tensor of any shape, or a tuple, list or dict of them. It is called with `inputs` as its arguments; or
        with none, if it takes none and closes over the Tensors in `inputs` (their values, gradients and graph are put
        back afterwards). It must give the same result each time.
    inputs
        One input, or a tuple or list with one per argument; each an array, a float, a Tensor, or a nested tuple, list or
        dict of them. Integers, and Tensors without `requires_grad`, are held fixed.
    eps
        First step of the differences; by default 2**-15 times the size of the element.
    rtol, atol
        Tolerances; by default 1e-5 relative (1e-3 for float32). The rounding error of `f` comes on top.
    order
        2 checks the derivative of the gradient, too.
    raise_on_failure
        False returns a failed report instead of raising.

    Returns
    -------
    GradCheckReport
        True if it passed; printed, a table with the worst element of each input.

    Raises
    ------
    GradCheckError
        An AssertionError whose `report` says which input, which element, what kind of mistake it looks like, and
        which operation's rule is wrong.

    Notes
    -----
    Differences run in float64 whatever the dtype of the inputs. Every element is visited while that takes at most 20,000
    evaluations; beyond, random elements and random directions (the report says how many). Where the first difference
    disagrees, a ladder of steps is climbed for an extrapolated slope with an error estimate, and for the slopes to the
    left and right: at a kink any value between these two is right.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> report = tg.gradcheck(lambda w, x: tg.sigmoid(w * x), (0.5, 2.0))
    >>> bool(report)
    True
    """
    if order not in (1, 2):
        raise TinygradError(f"gradcheck: order is {order!r}; it must be 1 or 2")
    report = check(problem_of(f, inputs), "gradcheck", eps, rtol, atol, order)
    return concluded(report, raise_on_failure)


def check(
    problem: Problem, title: str, eps: float | None = None, rtol: float | None = None, atol: float | None = None, order: int = 1
) -> GradCheckReport:
    """The report on `problem`, and for ``order=2`` on its derivative."""
    report = GradCheckReport(title)
    report.problem = sanity(problem)
    if report.problem:
        return report
    _measure(report, problem, eps, rtol, atol, 1)
    if order == 2 and report.passed:
        rng = np.random.default_rng(2)
        count = len(problem.evaluate(problem.buffers()))
        row = rng.uniform(0.5, 1.5, count) if count > 1 else np.ones(1)
        second = problem.gradient(lambda outputs: seeds(outputs, row))
        report.problem = sanity(second)
        if not report.problem:
            _measure(report, second, eps, rtol, atol, 2, problem)
    return report


def sanity(problem: Problem) -> str:
    """Why differences cannot be taken at all: f is random, changes its inputs, or is not finite here."""
    values = problem.buffers()
    with np.errstate(all="ignore"):
        first = problem.evaluate(values)
        for x, v in zip(problem.inputs, values, strict=True):
            if not np.array_equal(x.value, v, equal_nan=True):
                return f"f changes its input {x.name} in place; let it compute a new array instead"
            if not np.isfinite(x.value).all():
                bad = np.argwhere(~np.isfinite(x.value))[0]
                return f"{x.name}{element(bad)} is {x.value[tuple(bad)]}: derivatives need finite inputs"
        again = problem.evaluate(values)
    if first.shape != again.shape or not np.array_equal(first, again, equal_nan=True):
        gap = np.max(np.abs(first - again)) if first.shape == again.shape else np.nan
        return (
            f"f is random: two calls with the same inputs differ by {gap:.3g}. Fix its random draws, as by making a new "
            "generator with the same seed inside f, or switch dropout off with eval()"
        )
    if not np.isfinite(first).all():
        where = int(np.flatnonzero(~np.isfinite(first))[0])
        names = output_names(problem)
        return f"f is {first[where]} at the inputs given{f' ({names[where]})' if names[where] else ''}; differences need a finite value"
    return ""


def output_names(problem: Problem) -> list[str]:
    """A name for each element of the outputs: out[1, 2]; "" if there is only one."""
    with problem.at(problem.buffers()) as (_, outputs):
        shapes = [np.shape(value_of(y)) for y in outputs]
    if sum(int(np.prod(s)) for s in shapes) == 1 and not problem.outputs:
        return [""]
    roots = problem.outputs or (["out"] if len(shapes) == 1 else [f"out{i}" for i in range(len(shapes))])
    return [root + element(index) for root, shape in zip(roots, shapes, strict=True) for index in np.ndindex(*shape)]


def _measure(
    report: GradCheckReport,
    problem: Problem,
    eps: float | None,
    rtol: float | None,
    atol: float | None,
    order: int,
    first: Problem | None = None,
) -> None:
    """Compare everything, and write it into `report`."""
    rng = np.random.default_rng(0)
    zero, rows = evaluate_rows(problem, rng)
    try:
        gradients = analytic(problem, rows)
    except TinygradError as error:
        report.problem = f"the backward pass failed: {error}"
        return
    probe = Probe(problem, rows)
    chosen = chosen_lines(probe, rng)
    found = []
    for i, (x, (lines, whole)) in enumerate(zip(problem.inputs, chosen, strict=True)):
        tolerances = (rtol if rtol is not None else RTOL[x.dtype.itemsize], atol or 0.0)
        found.append(compare(probe, gradients, i, lines, zero, tolerances, eps))
        found[-1].every_element = whole
    names = output_names(problem)
    sizes = sizes_of(problem.inputs)
    for x, c in zip(problem.inputs, found, strict=True):
        report.entries.append(entry_of(c, rows, names))
        report.kinks += kinks_of(c)
        if c.failed:
            report.diagnosis += diagnosis_of(c, x, sizes)
    wide = max((np.finfo(x.dtype).eps for x in problem.inputs), default=0.0)
    if order == 1:
        report.taylor = taylor_slope(probe, gradients, zero, float(wide), rng) if len(zero) else None
        report.difference = distance(found)
        report.checked = _checked(found, rows, probe, eps)
        report.allowed = _allowed(problem, gradients, rtol, atol)
    else:
        report.notes.append("d/d... : the derivative of the gradient (order 2), of a random sum of it where that is long")
    report.notes += _notes(found)
    kinds = {str(v) for c in found for v in np.unique(c.verdict.astype(str))} & FAILURES
    if JUMP in kinds:
        report.taylor = np.nan
    if kinds - {JUMP, UNCLEAR}:
        report.blame = blame(first or problem, order)


def evaluate_rows(problem: Problem, rng: np.random.Generator) -> tuple[Any, Rows]:
    """The values of all rows at the point, and the rows."""
    with np.errstate(all="ignore"):
        outputs = problem.evaluate(problem.buffers())
    rows = Rows(len(outputs), sum(x.value.size for x in problem.inputs), rng)
    return rows.values(outputs), rows


def analytic(problem: Problem, rows: Rows) -> Gradients:
    """The recorded derivatives in the user's dtypes, with the rounding error of f in float64."""
    gradients = differentiate(problem, problem.buffers(), rows.matrix)
    if all(x.dtype == np.float64 for x in problem.inputs):
        return gradients
    own = differentiate(problem, problem.buffers("own"), rows.matrix)
    return Gradients(own.values, gradients.noise, own.reached, own.dtypes)


def entry_of(c: Compared, rows: Rows, names: list[str]) -> Entry:
    """The line of the table for one input."""
    worst = c.worst()
    if worst is None:
        return Entry(c.name, c.shape, "(empty)", "", np.nan, np.nan, 0.0, "ok")
    line, row = worst
    index = c.lines[line].index
    where = "direction" if index is None else element(np.unravel_index(index, c.shape))
    output = "a sum" if rows.is_sum(row) else names[row]
    a, n = float(c.analytic[line, row]), float(c.numeric[line, row])
    return Entry(c.name, c.shape, where, output, a, n, float(c.relative[line, row]), verdict_of(c, worst))


def verdict_of(c: Compared, worst: tuple[int, int]) -> str:
    """The failure that is shown; else ok, and how many kinks there are."""
    if c.failed:
        return str(c.verdict[worst])
    bends = len(np.unique(np.argwhere(c.verdict == KINK)[:, 0]))
    return "ok" if not bends else f"ok, {bends} kink{'s' * (bends > 1)}"


def kinks_of(c: Compared) -> list[str]:
    """One sentence per element at which f bends, or ends."""
    found: dict[int, str] = {}
    for (line, row), (left, right) in c.sides.items():
        index = c.lines[line].index
        if line in found or index is None:
            continue
        place, value = c.name + element(np.unravel_index(index, c.shape)), c.analytic[line, row]
        if c.verdict[line, row] == EDGE:
            found[line] = f"{place}: f ends here, its one slope is {c.numeric[line, row]:.4g}"
        elif c.verdict[line, row] == KINK:
            found[line] = f"{place}: slope {left:.4g} to the left, {right:.4g} to the right, ours {value:.4g}"
    return list(found.values())


def diagnosis_of(c: Compared, x: Input, sizes: Sizes) -> list[str]:
    """What kind of mistake it is, if every element was visited: from the row that fails most."""
    worst = c.worst()
    if worst is None:
        return []
    verdict = c.verdict[worst]
    if verdict == JUMP:
        return [f"{c.name}: f jumps at {element(np.unravel_index(c.lines[worst[0]].index or 0, c.shape)) or 'this point'}: it has no derivative there"]
    if verdict == UNCLEAR:
        return [f"{c.name}: the differences do not settle at any step: f is rough or noisy here"]
    if not c.every_element:
        return []
    row = worst[1]
    columns = (c.analytic[:, row], c.numeric[:, row], c.allowed[:, row])
    sentence = diagnose(*(np.reshape(v, c.shape) for v in columns), x.value, sizes)
    return [f"{c.name}: {sentence}"] if sentence else []


def distance(found: list[Compared]) -> float:
    """|g - d| / (|g| + |d|) over everything compared."""
    smooth = [c.verdict != KINK for c in found]
    a = np.concatenate([np.zeros(0), *(c.analytic[s] for c, s in zip(found, smooth, strict=True))])
    n = np.concatenate([np.zeros(0), *(c.numeric[s] for c, s in zip(found, smooth, strict=True))])
    with np.errstate(all="ignore"):
        total = float(np.linalg.norm(a) + np.linalg.norm(n))
        return float(np.linalg.norm(a - n)) / total if total else 0.0


def sizes_of(inputs: list[Input]) -> Sizes:
    """The sizes that a forgotten or doubled division could be by, and what they are."""
    return [(n, f"the length of axis {axis} of {x.name}") for x in inputs for axis, n in enumerate(x.value.shape)] + [
        (x.value.size, f"the size of {x.name}") for x in inputs if x.value.ndim > 1
    ]


def _checked(found: list[Compared], rows: Rows, probe: Probe, eps: float | None) -> str:
    visited = sum(line.index is not None for c in found for line in c.lines)
    total = sum(int(np.prod(c.shape)) for c in found)
    directions = sum(line.index is None for c in found for line in c.lines)
    text = f"all {total} elements" if visited == total else f"{visited} of {total} elements, chosen at random, and {directions} random directions"
    if rows.count > 1:
        text += f", for each of {rows.count} outputs and a random sum of them" if rows.each else f", for 2 random sums of {rows.count} outputs"
    step = f"{eps:.3g}" if eps else f"{FIRST_STEP:.2g} * |x|"
    return f"{text}; central differences in float64, first step {step}, {probe.evaluations} evaluations"


def _allowed(problem: Problem, gradients: Gradients, rtol: float | None, atol: float | None) -> str:
    dtypes = sorted({x.dtype for x in problem.inputs}, key=lambda d: -d.itemsize)
    relative = f"{rtol:.0e}" if rtol is not None else ", ".join(f"{RTOL[d.itemsize]:.0e} ({d})" for d in dtypes)
    noise = float(np.max(gradients.noise, initial=0.0))
    return f"relative {relative}{f', absolute {atol:.0e}' if atol else ''}, and the rounding error of f, {noise:.1e} / step"


def _notes(found: list[Compared]) -> list[str]:
    tiny = sum(int((c.verdict == TINY).sum()) for c in found)
    if not tiny:
        return []
    return [f"{tiny} slopes are so small that the rounding of f hides their last digits: only their size was checked"]
