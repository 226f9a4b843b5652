"""Measuring: what the function does along a line through the point, and what its recorded graph says it should do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ..core.node import Node
from ..core.reverse import ancestors, reverse
from .problem import Problem, tracked, value_of

SMALL = 64  # outputs that are checked one by one; more are checked through random weighted sums


class Rows:
    """The scalar functions that are checked: the outputs one by one where they are few, and a random weighted sum."""

    def __init__(self, count: int, work: int, rng: np.random.Generator) -> None:
        self.each = 1 < count <= SMALL and count * work <= 50_000
        sums = 0 if count == 1 else 1 if self.each else 2
        self.weights = rng.uniform(0.5, 1.5, (sums, count)) * rng.choice([-1.0, 1.0], (sums, count))
        ones = np.eye(count) if self.each or count == 1 else np.zeros((0, count))
        self.matrix = np.concatenate([ones, self.weights])
        self.count = count

    @classmethod
    def total(cls, count: int) -> Rows:
        """The plain sum of all outputs, and nothing else."""
        rows = cls(1, 1, np.random.default_rng(0))
        rows.each, rows.count = False, count
        rows.weights = rows.matrix = np.ones((1, count))
        return rows

    def values(self, outputs: Any) -> Any:
        """One value per row."""
        own = outputs if len(self.matrix) > len(self.weights) else outputs[:0]
        return np.concatenate([own, self.weights @ outputs])

    def is_sum(self, row: int) -> bool:
        return row >= len(self.matrix) - len(self.weights)


def seeds(outputs: Sequence[Any], row: Any) -> list[Any]:
    """`row` cut into one cotangent per output, of its shape and dtype."""
    found, start = [], 0
    for y in outputs:
        value = value_of(y)
        size = np.size(value)
        found.append(np.reshape(row[start : start + size], np.shape(value)).astype(np.asarray(value).dtype)[()])
        start += size
    return found


@dataclass
class Gradients:
    """Per input, an array (rows, size); the rounding error to expect in f, per row; which inputs the graph reaches."""

    values: list[Any]
    noise: Any
    reached: list[bool]
    dtypes: list[Any] = field(default_factory=list)


def differentiate(problem: Problem, values: Sequence[Any], rows: Any) -> Gradients:
    """The recorded derivatives of every row, by the reverse pass."""
    found = [np.zeros((len(rows), x.value.size)) for x in problem.inputs]
    noise = np.zeros(len(rows))
    with problem.at(values) as (leaves, outputs):
        recorded, reached = ancestors([y for y in outputs if tracked(y)])
        watched = [*leaves, *(x for x in recorded if not isinstance(x.value, tuple))]
        results: dict[Node, Any] = {}
        for k, row in enumerate(rows):
            pairs = [(y, g) for y, g in zip(outputs, seeds(outputs, row), strict=True) if tracked(y)]
            results = reverse([y for y, _ in pairs], [g for _, g in pairs], watched)
            for i, x in enumerate(leaves):
                if x in results:
                    found[i][k] = np.ravel(results[x])
            noise[k] = _rounding(results) + sum(_size(value_of(y), g) for y, g in pairs)
        dtypes = [np.asarray(results[x]).dtype if x in results else None for x in leaves]
        return Gradients(found, noise, [x in set(reached) for x in leaves], dtypes)


def _rounding(cotangents: dict[Node, Any]) -> float:
    """First-order bound on the rounding error of f: each value errs by about an ulp, times the derivative of f for it.

    This is what Seppo Linnainmaa published the reverse mode for, in 1970. (Inputs are exact, but count as well: inside
    an operation such as a determinant rounding acts as if its inputs had been rounded.)
    """
    return sum(_size(x.value, g) for x, g in cotangents.items())


def _size(value: Any, g: Any) -> float:
    size = np.abs(np.asarray(value, np.float64) * g)
    return float(np.finfo(value.dtype).eps * np.sum(size[np.isfinite(size)]))


class Line(NamedTuple):
    """A straight line through the point: one element of one input, or a direction in some of the inputs."""

    element: int | None
    parts: dict[int, Any]  # input -> what one unit of the line adds to it
    unit: float  # a typical step
    least: float  # a step below which nothing would change


class Probe:
    """Evaluates the rows of a problem along lines, in float64."""

    def __init__(self, problem: Problem, rows: Rows) -> None:
        self.problem = problem
        self.rows = rows
        self.buffers = problem.buffers()
        self.evaluations = 0

    def __call__(self, line: Line, t: float) -> Any:
        """Every row at the point plus `t` units of `line`; NaN where f is not defined there."""
        self.evaluations += 1
        for i, part in line.parts.items():
            home = self.problem.inputs[i].value
            if line.element is None:
                np.add(home, t * part, out=self.buffers[i])
            else:
                self.buffers[i].reshape(-1)[line.element] = home.reshape(-1)[line.element] + t
        try:
            with np.errstate(all="ignore"):
                return self.rows.values(self.problem.evaluate(self.buffers))
        except (ArithmeticError, ValueError):  # outside the domain of f, or its output changed shape
            return np.full(len(self.rows.matrix), np.nan)
        finally:
            for i in line.parts:
                self.buffers[i][...] = self.problem.inputs[i].value


def element_lines(problem: Problem, i: int, indices: Any) -> Iterator[Line]:
    """One line per element of input `i`."""
    x = problem.inputs[i]
    values, scales = x.value.reshape(-1), np.reshape(x.scale, -1)
    one = np.ones(())
    for j in indices:
        size = abs(values[j])
        least = max(8 * np.spacing(size), min(scales[j], size or np.inf) * 2.0**-50)
        yield Line(int(j), {i: one}, float(scales[j]), float(least))


def random_line(problem: Problem, chosen: Sequence[int], rng: np.random.Generator) -> Line:
    """A random direction in the `chosen` inputs: plus or minus each element's scale."""
    parts = {i: problem.inputs[i].scale * rng.choice([-1.0, 1.0], problem.inputs[i].value.shape) for i in chosen}
    return Line(None, parts, 1.0, 2.0**-40)


def along(gradients: Gradients, line: Line) -> Any:
    """What the recorded derivatives say about the slope along `line`, one number per row."""
    if line.element is not None:
        (i,) = line.parts
        return gradients.values[i][:, line.element]
    return np.sum([gradients.values[i] @ np.ravel(part) for i, part in line.parts.items()], axis=0)
