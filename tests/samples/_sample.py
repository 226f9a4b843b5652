"""One example call of a primitive, from which the generic tests derive everything they check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Sample:
    """`call(*args, **params)` exercises the primitive called `op`.

    Float arrays in `args` are float64 and lie at least 0.01 away from any kink or singularity of the function.
    `differentiable`: the indices of the args to differentiate (None: every array of floats).
    `note`: what makes this sample different from its neighbours; part of the test's id.
    """

    op: str
    call: Callable[..., Any]
    args: tuple[Any, ...]
    params: dict[str, Any] = field(default_factory=dict)
    differentiable: tuple[int, ...] | None = None
    note: str = ""

    @property
    def active(self) -> tuple[int, ...]:
        """The indices of the args to differentiate."""
        if self.differentiable is not None:
            return self.differentiable
        return tuple(i for i, a in enumerate(self.args) if is_float_array(a))

    def __str__(self) -> str:
        shapes = ",".join("x".join(map(str, np.shape(a))) or "scalar" for a in self.args if a is not None)
        params = ",".join(f"{k}={v}" for k, v in self.params.items())
        return "-".join(part for part in (self.op, shapes, params, self.note) if part).replace(" ", "")


def is_float_array(a: Any) -> bool:
    """Whether `a` is data that can carry a derivative: a NumPy array or scalar of floats."""
    return isinstance(a, np.ndarray | np.generic) and a.dtype.kind == "f"
