"""`gradcheck`: derivatives by the graph against derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from .diagnosis import element
from .measure import measure
from .probe import seeds
from .problem import Problem, output_names, problem_of
from .report import GradCheckReport, concluded


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
        One input, or a tuple or list with one per argument; each an array, a float, a Tensor, or a nested tuple, list
        or dict of them. Integers, and Tensors without `requires_grad`, are held fixed.
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
    Differences run in float64 whatever the dtype of the inputs. Every element is visited while that takes at most
    20,000 evaluations; beyond, random elements and random directions (the report says how many). Where the first
    difference disagrees, a ladder of steps is climbed for an extrapolated slope with an error estimate, and for the
    slopes to the left and right: at a kink any value between these two is right.

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
    problem: Problem,
    title: str,
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    order: int = 1,
) -> GradCheckReport:
    """The report on `problem`, and for ``order=2`` on its derivative."""
    report = GradCheckReport(title)
    report.problem = sanity(problem)
    if report.problem:
        return report
    measure(report, problem, eps, rtol, atol, 1)
    if order == 2 and report.passed:
        rng = np.random.default_rng(2)
        count = len(problem.evaluate(problem.buffers()))
        row = rng.uniform(0.5, 1.5, count) if count > 1 else np.ones(1)
        second = problem.gradient(lambda outputs: seeds(outputs, row))
        report.problem = sanity(second)
        if not report.problem:
            measure(report, second, eps, rtol, atol, 2, problem)
    return report


@np.errstate(all="ignore")
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
            f"f is random: two calls with the same inputs differ by {gap:.3g}. Fix its random draws, as by making a "
            "new generator with the same seed inside f, or switch dropout off with eval()"
        )
    if not np.isfinite(first).all():
        where = int(np.flatnonzero(~np.isfinite(first))[0])
        names = output_names(problem)
        place = f" ({names[where]})" if names[where] else ""
        return f"f is {first[where]} at the inputs given{place}; differences need a finite value"
    return ""
