"""One comparison from end to end: every input of a problem measured, and the findings put into words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import TinygradError
from .blame import blame
from .compare import FIRST_STEP, Compared, chosen_lines, compare
from .diagnosis import Sizes, diagnose, element
from .probe import Gradients, Probe, Rows, differentiate
from .problem import Input, Problem, output_names
from .report import Entry, GradCheckReport
from .slopes import EDGE, FAILURES, JUMP, KINK, TINY, UNCLEAR
from .taylor import nearby_noise, taylor_slope

RTOL = {2: 5e-2, 4: 1e-3, 8: 1e-5, 16: 1e-5}  # by the size of the input's dtype


@np.errstate(all="ignore")
def measure(
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
    gradients.noise = np.maximum(gradients.noise, nearby_noise(probe, rng))
    chosen = chosen_lines(probe, rng)
    found = []
    for i, (x, (lines, whole)) in enumerate(zip(problem.inputs, chosen, strict=True)):
        tolerances = (rtol if rtol is not None else RTOL[x.dtype.itemsize], atol or 0.0)
        found.append(compare(probe, gradients, i, lines, zero, tolerances, eps))
        found[-1].every_element = whole
    names = output_names(problem)
    sizes = sizes_of(problem)
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
        report.notes.append("d/d... : the derivative of the gradient (order 2)")
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
    index = c.lines[line].element
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
        index = c.lines[line].element
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
    line, row = worst
    verdict = c.verdict[worst]
    if verdict == JUMP:
        index = c.lines[line].element
        place = "" if index is None else element(np.unravel_index(index, c.shape))
        return [f"{c.name}: f jumps at {place or 'this point'}: it has no derivative there"]
    if verdict == UNCLEAR:
        return [f"{c.name}: the differences do not settle at any step: f is rough or noisy here"]
    if not c.every_element:
        return []
    analytic, numeric, allowed = (np.reshape(v[:, row], c.shape) for v in (c.analytic, c.numeric, c.allowed))
    sentence = diagnose(analytic, numeric, allowed, x.value, sizes)
    return [f"{c.name}: {sentence}"] if sentence else []


def distance(found: list[Compared]) -> float:
    """|g - d| / (|g| + |d|) over everything compared."""
    smooth = [c.verdict != KINK for c in found]
    a = np.concatenate([np.zeros(0), *(c.analytic[s] for c, s in zip(found, smooth, strict=True))])
    n = np.concatenate([np.zeros(0), *(c.numeric[s] for c, s in zip(found, smooth, strict=True))])
    with np.errstate(all="ignore"):
        total = float(np.linalg.norm(a) + np.linalg.norm(n))
        return float(np.linalg.norm(a - n)) / total if total else 0.0


def sizes_of(problem: Problem) -> Sizes:
    """The sizes that a forgotten or doubled division could be by, and what they are."""
    shapes = [(x.name, x.value.shape) for x in problem.inputs] + list(problem.nearby)
    sides = [(n, f"the length of axis {axis} of {name}") for name, shape in shapes for axis, n in enumerate(shape)]
    return sides + [(int(np.prod(shape)), f"the size of {name}") for name, shape in shapes if len(shape) > 1]


def _checked(found: list[Compared], rows: Rows, probe: Probe, eps: float | None) -> str:
    visited = sum(line.element is not None for c in found for line in c.lines)
    total = sum(int(np.prod(c.shape)) for c in found)
    directions = sum(line.element is None for c in found for line in c.lines)
    text = (
        f"all {total} elements"
        if visited == total
        else f"{visited} of {total} elements, chosen at random, and {directions} random directions"
    )
    if rows.count > 1:
        text += (
            f", for each of {rows.count} outputs and a random sum of them"
            if rows.each
            else f", for 2 random sums of {rows.count} outputs"
        )
    step = f"{eps:.3g}" if eps else f"{FIRST_STEP:.2g} * |x|"
    return f"{text}; central differences in float64, first step {step}, {probe.evaluations} evaluations"


def _allowed(problem: Problem, gradients: Gradients, rtol: float | None, atol: float | None) -> str:
    dtypes = sorted({x.dtype for x in problem.inputs}, key=lambda d: -d.itemsize)
    relative = f"{rtol:.0e}" if rtol is not None else ", ".join(f"{RTOL[d.itemsize]:.0e} ({d})" for d in dtypes)
    noise = float(np.max(gradients.noise, initial=0.0))
    absolute = f", absolute {atol:.0e}" if atol else ""
    return f"relative {relative}{absolute}, and the rounding error of f, {noise:.1e} / step"


def _notes(found: list[Compared]) -> list[str]:
    tiny = sum(int((c.verdict == TINY).sum()) for c in found)
    if not tiny:
        return []
    return [f"{tiny} slopes are so small that the rounding of f hides their last digits: only their size was checked"]
