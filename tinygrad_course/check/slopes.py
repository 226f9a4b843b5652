"""Numeric slopes with an error estimate, and the verdict on a derivative: right, wrong, or a kink.

Differences are taken over a ladder of steps, each a quarter of the one before. Where the Richardson-extrapolated values
of three neighbouring rungs agree, the slope has settled; how well they agree is its error.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .probe import Line, Probe

EPS = float(np.finfo(np.float64).eps)
RATIO = 4.0
RUNGS = 48

OK, KINK, EDGE, TINY = "ok", "kink", "edge", "tiny"
WRONG, JUMP, UNCLEAR, NOT_FINITE = "WRONG", "JUMP", "UNCLEAR", "NOT FINITE"
FAILURES = frozenset({WRONG, JUMP, UNCLEAR, NOT_FINITE})


class Ladder(NamedTuple):
    """f at x + step, x - step and x."""

    steps: Any  # (rungs,)
    plus: Any  # (rungs, rows)
    minus: Any
    zero: Any  # (rows,)


class Finding(NamedTuple):
    """A slope by differences: its error, the verdict on the analytic value, and the slopes to the left and right."""

    numeric: float
    error: float
    verdict: str
    left: float = np.nan
    right: float = np.nan


class Allowance(NamedTuple):
    """How far an analytic value may be off; the rounding error of its row and of the worst row; the largest slope."""

    rtol: float
    atol: float
    noise: float
    worst_noise: float
    largest: float

    def of(self, *values: Any) -> Any:
        return self.rtol * np.max(np.abs(values), axis=0) + self.atol

    def rounding(self, step: float, unit: float) -> float:
        """How rough a slope measured with `step` may be for no other reason than rounding.

        Where large terms cancel, as in ``mean(layer_norm(x) ** 2)``, the best step can be small and the slope far
        smaller than its terms. The noise is what an ulp of each term makes of f, so ``noise / EPS / unit`` is the size
        of the terms in the slope: differences have to tell the slope to `rtol` of that, or they tell nothing.
        """
        terms = self.worst_noise / EPS / unit
        return max(1e4 * EPS * terms, min(32 * self.worst_noise / step, self.rtol * terms))


def climb(probe: Probe, line: Line, zero: Any, first: float) -> Ladder:
    """Run f on the whole ladder of steps for one line."""
    top = max(line.unit, 1.0, first) / 8
    count = int(min(RUNGS, max(8, np.ceil(np.log(top / line.least) / np.log(RATIO)))))
    steps = 2.0 ** np.round(np.log2(top)) / RATIO ** np.arange(count)
    plus = np.array([probe(line, t) for t in steps])
    minus = np.array([probe(line, -t) for t in steps])
    return Ladder(steps, plus, minus, zero)


def judge(ladder: Ladder, row: int, analytic: float, allow: Allowance, unit: float) -> Finding:
    """The verdict on `analytic` as the slope of one row."""
    if not np.isfinite(analytic):
        return Finding(np.nan, np.nan, NOT_FINITE)
    t = ladder.steps
    plus, minus, zero = ladder.plus[:, row], ladder.minus[:, row], ladder.zero[row]
    with np.errstate(all="ignore"):
        central = (plus - minus) / (2 * t)
        right, right_error = _settled((plus - zero) / t, t, allow.noise, 1)
        left, left_error = _settled((zero - minus) / t, t, allow.noise, 1)
        values, errors = _plateaus(central, t, allow.noise, 2)
    if not np.isfinite(errors).any():
        return _at_an_edge(analytic, allow, (left, left_error), (right, right_error))
    best = int(np.argmin(errors))
    numeric, error = float(values[best]), float(errors[best])
    sides = (left, right)
    if _jumps(plus - zero, allow.noise) or _jumps(zero - minus, allow.noise):
        return Finding(np.nan, np.nan, JUMP, *sides)
    if _agrees(analytic, values, errors, best, allow):
        resolved = error <= max(1e-3 * abs(numeric), allow.of(analytic, numeric)) or analytic == numeric
        hidden = error <= max(allow.rtol * allow.largest, allow.rounding(float(t[best + 1]), unit))
        return Finding(numeric, error, OK if resolved else TINY if hidden else UNCLEAR, *sides)
    slack = 3 * (left_error + right_error)
    if abs(right - left) > 3 * slack + 10 * allow.of(left, right):
        slack += allow.of(left, right)
        if min(sides) - slack <= analytic <= max(sides) + slack:
            return Finding(numeric, error, KINK, *sides)
    return Finding(numeric, error, WRONG, *sides)


def _agrees(analytic: float, values: Any, errors: Any, best: int, allow: Allowance) -> bool:
    """Whether the best value agrees, or a finer one that has settled too: f may bend between the two scales."""
    close = np.abs(values - analytic) <= allow.of(np.full_like(values, analytic), values) + 3 * errors
    settled = errors <= allow.of(np.full_like(values, analytic), values)
    settled[:best] = False
    settled[best] = True
    return bool(np.any(close & settled))


def _plateaus(slopes: Any, t: Any, noise: float, order: int) -> tuple[Any, Any]:
    """Extrapolated slopes and their errors: spread among neighbours, and noise as predicted or as seen, if more."""
    gain = RATIO**order
    values = (gain * slopes[1:] - slopes[:-1]) / (gain - 1)
    gaps = np.abs(np.diff(values))
    spread = np.full(len(values), np.inf)
    spread[1:-1] = np.maximum(gaps[:-1], gaps[1:])
    spread[np.isnan(spread)] = np.inf
    errors = spread + 2 * noise / t[1:]
    if np.isfinite(errors).any():
        best = values[np.argmin(errors)]
        seen = np.abs(slopes[-6:] - best) * t[-6:]
        noise = max(noise, float(np.max(seen[np.isfinite(seen)], initial=0.0)))
        errors = spread + 2 * noise / t[1:]
    return values, errors


def _settled(slopes: Any, t: Any, noise: float, order: int) -> tuple[float, float]:
    values, errors = _plateaus(slopes, t, noise, order)
    best = int(np.argmin(errors))
    return float(values[best]), float(errors[best])


def _at_an_edge(analytic: float, allow: Allowance, left: tuple[float, float], right: tuple[float, float]) -> Finding:
    """The verdict where f is defined on one side only."""
    numeric, error = min(left, right, key=lambda side: side[1] if np.isfinite(side[1]) else np.inf)
    if not np.isfinite(error):
        return Finding(np.nan, np.nan, UNCLEAR)
    right_enough = abs(analytic - numeric) <= allow.of(analytic, numeric) + 3 * error
    return Finding(numeric, error, EDGE if right_enough else WRONG)


def _jumps(differences: Any, noise: float) -> bool:
    """Whether f(x + t) - f(x) stays as large as it is, however small t gets."""
    last = np.abs(differences[np.isfinite(differences)][-6:])
    return len(last) == 6 and bool(last.min() > 0.5 * last.max() and last.min() > 100 * noise)
