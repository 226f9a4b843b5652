"""The comparison itself: every element of every input where that is affordable, random directions where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.errors import TinygradError
from .probe import Gradients, Line, Probe, along, element_lines, random_line
from .slopes import EDGE, FAILURES, KINK, NOT_FINITE, OK, WRONG, Allowance, Finding, climb, judge

FIRST_STEP = 2.0**-15  # about 5 * eps ** (1/3): the best step for a central difference of a function with some rounding
EPS = float(np.finfo(np.float64).eps)
BUDGET = 20_000  # evaluations of f that a check may take in its first round
DIRECTIONS = 6  # random directions per input where not every element is visited
CLOSE_LOOKS = 48  # ladders climbed per input before the first difference is believed everywhere


@dataclass
class Compared:
    """All that was measured for one input: one row per line, one column per checked function."""

    name: str
    shape: tuple[int, ...]
    lines: list[Line]
    analytic: Any
    numeric: Any
    allowed: Any
    verdict: Any
    sides: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)  # (line, row) of kinks -> slopes
    every_element: bool = True

    @property
    def failed(self) -> bool:
        return bool(np.isin(self.verdict, list(FAILURES)).any())

    @property
    def relative(self) -> Any:
        """Differences relative to the larger of the two values, and at least to a thousandth of the largest slope."""
        a, n = np.abs(self.analytic), np.abs(self.numeric)
        floor = 1e-3 * np.max(a, axis=0, keepdims=True, initial=0.0, where=np.isfinite(a))
        with np.errstate(all="ignore"):
            found = np.abs(self.analytic - self.numeric) / np.maximum(np.maximum(a, n), floor)
        return np.where(self.analytic == self.numeric, 0.0, found)

    def worst(self) -> tuple[int, int] | None:
        """The (line, row) to show: the clearest failure, else the largest difference for what is allowed."""
        if not self.verdict.size:
            return None
        with np.errstate(all="ignore"):
            badness = np.abs(self.analytic - self.numeric) / self.allowed
        badness = np.where(np.isnan(badness), np.inf, badness)
        if self.failed:
            badness = np.where(np.isin(self.verdict, list(FAILURES)), self.relative + 1.0, -1.0)
            badness = np.where(np.isnan(badness), np.inf, badness)
        else:
            badness = np.where(self.verdict == OK, badness, -1.0)
        line, row = np.unravel_index(int(np.argmax(badness)), badness.shape)
        return int(line), int(row)


def chosen_lines(probe: Probe, rng: np.random.Generator) -> list[tuple[list[Line], bool]]:
    """The lines to check for each input, and whether they are all of its elements."""
    inputs = probe.problem.inputs
    share = BUDGET // 2 // max(len(inputs), 1)
    everything = sum(x.value.size for x in inputs) <= BUDGET // 2
    found = []
    for i, x in enumerate(inputs):
        size = x.value.size
        if everything or size <= share // 8:
            found.append((list(element_lines(probe.problem, i, range(size))), True))
            continue
        sample = np.sort(rng.choice(size, max(8, share // 8), replace=False))
        lines = list(element_lines(probe.problem, i, sample))
        found.append((lines + [random_line(probe.problem, [i], rng) for _ in range(DIRECTIONS)], False))
    return found


def compare(
    probe: Probe,
    gradients: Gradients,
    i: int,
    lines: list[Line],
    zero: Any,
    tolerances: tuple[float, float],
    eps: float | None = None,
) -> Compared:
    """The derivatives for input `i` against differences along `lines`, with a closer look where they disagree."""
    x = probe.problem.inputs[i]
    count = len(zero)
    analytic = np.array([along(gradients, line) for line in lines]).reshape(-1, count)
    if eps is not None and not eps > 0:
        raise TinygradError(f"eps is {eps}; the step of the differences must be positive")
    steps = np.array([eps or line.unit * FIRST_STEP for line in lines]).reshape(-1, 1)
    plus = np.array([probe(line, t) for line, (t,) in zip(lines, steps, strict=True)]).reshape(-1, count)
    minus = np.array([probe(line, -t) for line, (t,) in zip(lines, steps, strict=True)]).reshape(-1, count)
    rtol, atol = tolerances
    largest = _largest(analytic, np.array([line.element is None for line in lines], bool))
    own = np.finfo(x.dtype).eps * (1e3 * largest + 10 * gradients.noise / EPS / _units(lines))
    floor = np.maximum(atol, own)
    with np.errstate(all="ignore"):
        numeric = (plus - minus) / (2 * steps)
        difference = np.abs(analytic - numeric)
        zeros = (plus == 0) & (minus == 0) & (zero == 0)  # no scale to measure by: an ulp of 1 is as good as 0
        allowed = rtol * np.maximum(np.abs(analytic), np.abs(numeric)) + floor + zeros * EPS / _units(lines)
        noise = 2 * gradients.noise / steps
        agree = (difference <= allowed) | ((difference <= allowed + noise) & (noise <= rtol * largest))
        bend = np.abs(plus - 2 * zero + minus) / steps
        slopes = np.maximum(np.abs(plus - zero), np.abs(zero - minus)) / steps
        bent = agree & (bend > 1e-3 * slopes + 4 * noise.max(axis=1, keepdims=True, initial=0.0))
    verdict = np.where(agree, OK, WRONG).astype(object)
    verdict[~np.isfinite(analytic)] = NOT_FINITE
    found = Compared(x.name, x.value.shape, lines, analytic, numeric, allowed + noise, verdict)
    for line in np.flatnonzero(bent.any(axis=1)):
        _look_for_kinks(probe, found, int(line), bent[line], plus[line], minus[line], zero, float(steps[line, 0]))
    doubtful = np.flatnonzero((~agree & np.isfinite(analytic)).any(axis=1))
    with np.errstate(all="ignore"):
        badness = np.nan_to_num(difference / allowed, nan=np.inf)
    order = np.argsort(-badness[doubtful].max(axis=1, initial=0.0), kind="stable")
    wrong = 0
    for looks, line in enumerate(doubtful[order]):
        if looks >= CLOSE_LOOKS and wrong:
            break
        wrong += _look_closely(probe, found, int(line), ~agree[line], zero, (rtol, floor[line]), gradients, eps or 0.0)
    return found


def _largest(analytic: Any, random: Any) -> Any:
    """Per line and row, the largest slope among its like: elements among elements, directions among directions."""
    size = np.where(np.isfinite(analytic), np.abs(analytic), 0.0)
    found = np.zeros_like(size)
    for kind in (random, ~random):
        found[kind] = np.max(size[kind], axis=0, initial=0.0)
    return found


def _units(lines: list[Line]) -> Any:
    return np.array([line.unit for line in lines]).reshape(-1, 1)


def _look_for_kinks(
    probe: Probe, found: Compared, line: int, rows: Any, plus: Any, minus: Any, zero: Any, step: float
) -> None:
    """f bends at the point: a kink if it bends as much in a step of a sixteenth, curvature if sixteen times less."""
    near, bend = step / 16, np.abs(plus - 2 * zero + minus) / step
    ahead, behind = probe(found.lines[line], near), probe(found.lines[line], -near)
    for k in np.flatnonzero(rows & (np.abs(ahead - 2 * zero + behind) / near > bend / 2)):
        found.verdict[line, k] = KINK
        found.sides[line, int(k)] = (float((zero - behind)[k] / near), float((ahead - zero)[k] / near))


def _look_closely(
    probe: Probe,
    found: Compared,
    line: int,
    rows: Any,
    zero: Any,
    tolerances: tuple[float, Any],
    gradients: Gradients,
    first: float,
) -> bool:
    """Climb the ladder for one line and judge the rows in question; whether one of them fails."""
    ladder = climb(probe, found.lines[line], zero, first)
    rtol, floor = tolerances
    largest = float(np.max(np.abs(found.analytic), initial=0.0, where=np.isfinite(found.analytic)))
    for k in np.flatnonzero(rows):
        allow = Allowance(rtol, float(floor[k]), float(gradients.noise[k]), float(gradients.noise.max()), largest)
        finding: Finding = judge(ladder, int(k), float(found.analytic[line, k]), allow, found.lines[line].unit)
        found.numeric[line, k], found.verdict[line, k] = finding.numeric, finding.verdict
        found.allowed[line, k] = allow.of(finding.numeric) + 3 * np.nan_to_num(finding.error)
        if finding.verdict in (KINK, EDGE):
            found.sides[line, int(k)] = (finding.left, finding.right)
    return bool(np.isin(found.verdict[line, rows], list(FAILURES)).any())
