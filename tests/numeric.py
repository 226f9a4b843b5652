"""Numbers to hold derivatives against: directional differences, and gradients as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_course import Tensor
from tinygrad_course.core.reverse import reverse

STEP = 1e-3


def slope(f: Callable[[float], Any]) -> Any:
    """f'(0) by the fourth-order central difference: exact to about 1e-12 for well-scaled smooth functions."""
    h = STEP
    return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)


def moved(args: Sequence[Any], directions: dict[int, Any], t: float) -> list[Any]:
    """`args`, those named in `directions` moved by `t` along them."""
    return [a + t * directions[i] if i in directions else a for i, a in enumerate(args)]


def directions_like(rng: np.random.Generator, args: Sequence[Any], which: Sequence[int]) -> dict[int, Any]:
    """A random direction in [-1, 1] for each of the arguments numbered `which`."""
    return {i: rng.uniform(-1, 1, np.shape(args[i]))[()] for i in which}


def results(out: Any) -> tuple[Any, ...]:
    """The results of a call as a tuple, also when there is only one."""
    return tuple(out) if isinstance(out, tuple | list) else (out,)


def value(x: Any) -> Any:
    """The array in `x`."""
    return x.value if isinstance(x, Tensor) else x


def variable(a: Any) -> Tensor:
    """A fresh Tensor of `a` that wants a gradient, its memory laid out as in `a` and protected against writing."""
    tensor = Tensor(a, requires_grad=True)
    if isinstance(a, np.ndarray) and a.ndim:
        tensor.value = protected(a)
    return tensor


def protected(a: Any) -> Any:
    """A view of `a` that refuses to be written to."""
    if not isinstance(a, np.ndarray):
        return a
    view = a.view()
    view.flags.writeable = False
    return view


def gradients(
    outputs: Sequence[Any], seeds: Sequence[Any], inputs: Sequence[Tensor], *, record: bool = False
) -> list[Any]:
    """The gradient of ``sum <seed, output>`` with respect to each of `inputs`; zeros where there is no path."""
    active = [(y, s) for y, s in zip(outputs, seeds, strict=True) if isinstance(y, Tensor) and y.requires_grad]
    found = reverse([y for y, _ in active], [s for _, s in active], inputs, record=record) if active else {}
    return [found[x] if x in found else np.zeros_like(x.value) for x in inputs]


def close(actual: Any, expected: Any, rtol: float = 1e-6, atol: float = 1e-8) -> None:
    """Assert equality up to a tolerance relative to the largest element."""
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol * scale)
