"""The Taylor test: a second opinion that needs no step size."""

from __future__ import annotations

from typing import Any

import numpy as np

from .probe import Gradients, Probe, along, random_line


def taylor_slope(probe: Probe, gradients: Gradients, zero: Any, eps: float, rng: np.random.Generator) -> float | None:
    """How fast ``|f(x + h v) - f(x) - h <gradient, v>|`` vanishes with h: like h**2 if the gradient is right, or h.

    The slope of its logarithm against that of h, by least squares, over the smallest steps whose remainder stands clear
    of rounding. None where no remainder does: f is linear along v, and the gradient exact.
    """
    line = random_line(probe.problem, range(len(probe.problem.inputs)), rng)
    slope = along(gradients, line)[-1]
    sizes = [np.abs(g[-1]) @ np.ravel(np.abs(line.parts[i])) for i, g in enumerate(gradients.values)]
    steps = 2.0**-3 / 4.0 ** np.arange(14)
    with np.errstate(all="ignore"):
        remainder = np.array([abs(probe(line, h)[-1] - zero[-1] - h * slope) for h in steps])
        floor = 20 * gradients.noise[-1] + 100 * eps * sum(sizes) * steps
        clear = np.isfinite(remainder) & (remainder > floor)
    last = len(clear) - int(np.argmax(clear[::-1])) if clear.any() else 0
    clear = clear & (np.arange(len(clear)) >= last - 5)
    steps, remainder = steps[clear], remainder[clear]
    if len(steps) < 2:
        return None if np.isfinite(slope) else float("nan")
    return float(np.polyfit(np.log(steps), np.log(remainder), 1)[0])


def nearby_noise(probe: Probe, rng: np.random.Generator) -> Any:
    """An ulp of each row's size a little way off: at the point itself f may vanish, by cancellation inside it."""
    line = random_line(probe.problem, range(len(probe.problem.inputs)), rng)
    sizes = np.abs([probe(line, t) for t in (2.0**-6, -(2.0**-6))])
    return np.finfo(np.float64).eps * np.min(np.where(np.isfinite(sizes), sizes, 0.0), axis=0)
