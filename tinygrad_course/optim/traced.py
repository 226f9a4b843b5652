"""`Optimizer.step` and clipping while `jit` traces: the same programs and formulas, run on stand-ins for the arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from sys import float_info
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.state import state as here
from ..ops.linalg import vdot
from ..ops.pieces import maximum, where
from ..ops.powers import sqrt
from ..tensor import Tensor
from .inplace import state_names
from .ready import Plan, Ready

if TYPE_CHECKING:
    from .optimizer import Optimizer


class Numbers:
    """The numbers that an update needs, for parameters of one group and dtype which have made equally many steps.

    They are worked out before every run, from the settings of the group at that time.
    """

    def __init__(self, optimizer: Optimizer, index: int, plan: Plan, ready: Ready, step: int | None) -> None:
        self.optimizer, self.index = optimizer, index
        self.settings, self.ready, self.program = plan.settings, ready, ready.program
        self.step = step
        self.members: list[tuple[Tensor, dict[str, Any]]] = []

    def numbers(self) -> tuple[Any, ...] | None:
        """0-d arrays for the coming step; None if another program would be needed for it."""
        optimizer = self.optimizer
        group = optimizer.param_groups[self.index]
        settings = tuple([group[name] for name in optimizer._names])
        if settings != self.settings and not self._take(settings, group):
            return None
        states = optimizer.state
        for p, state in self.members:
            if states.get(p) is not state:
                return None
        if self.step is not None:
            self.step = self.members[0][1]["step"] + 1
            for _, state in self.members:
                if state["step"] + 1 != self.step:
                    return None
            if self.ready.step != self.step:
                self.ready.renew(self.step)
        return self.ready.numbers

    def _take(self, settings: tuple[Any, ...], group: dict[str, Any]) -> bool:
        if any(isinstance(a, bool) and a is not b for a, b in zip(settings, self.settings, strict=True)):
            return False  # a flag: the state may need another array
        p, state = self.members[0]
        ready = self.optimizer._ready(p, state, group, self.optimizer._plan(self.index, group))
        if ready.program is not self.program:
            return False
        self.settings, self.ready = settings, ready
        return True

    def advance(self) -> None:
        """Count the step that was made."""
        if self.step is not None:
            for _, state in self.members:
                state["step"] = self.step


def step(optimizer: Optimizer) -> None:
    """Trace the update of every parameter that has a gradient."""
    tracer: Any = here.here.tracer
    if any(known.optimizer is optimizer and known.step is not None for known in tracer.numbers):
        tracer.not_ready("makes two steps of an optimizer that counts them")
    if any(getattr(args[0], "optimizer", None) is optimizer for _, args in tracer.deferred):
        tracer.not_ready("steps a schedule before its optimizer; step it last")
    for index, group in enumerate(optimizer.param_groups):
        plan = optimizer._plan(index, group)
        together: dict[Any, tuple[Numbers, Any]] = {}
        for p in group["params"]:
            g = tracer.grad(p)
            if g is None:
                continue
            state = optimizer.state.get(p, {})
            if p not in optimizer.state and optimizer.initial(p, group):
                tracer.not_ready()  # the first step makes the state
            optimizer.state.setdefault(p, state)
            if not {*optimizer.initial(p, group)} <= {*state}:
                tracer.not_ready()
            ready = optimizer._ready(p, state, group, plan)
            if ready.program.makes:
                tracer.not_ready()
            count = state.get("step")
            numbers, arrays = together.get((ready, count), (None, None))
            if numbers is None:
                numbers = Numbers(optimizer, index, plan, ready, None if count is None else count + 1)
                numbers.members.append((p, state))
                arrays = tracer.number_inputs(numbers)
                together[ready, count] = numbers, arrays
            else:
                numbers.members.append((p, state))
            _update(optimizer, tracer, p, g, state, ready, arrays)


def _update(optimizer: Any, tracer: Any, p: Tensor, g: Any, state: dict[str, Any], ready: Ready, numbers: Any) -> None:
    held = {name: tracer.entry(state, name) for name in state_names(optimizer.rule) if state.get(name) is not None}
    spare = tuple(tracer.stand_in(np.empty_like(p.value)) for _ in range(ready.program.spares))
    ready.update(tracer.array(p), g, held, numbers, spare)


def norm_of(gradients: Sequence[Any], order: float) -> Any:
    """The norm of stand-ins for gradients as one long vector, a stand-in too."""
    total: Any = 0.0
    for g in gradients:
        if order == inf:
            total = maximum(total, np.abs(g).max().astype(np.float64)) if g.size else total
        elif order == 2:
            total = total + vdot(g, g).astype(np.float64)
        else:
            total = total + (np.abs(g) ** order).sum().astype(np.float64)
    return total if order == inf else sqrt(total) if order == 2 else total ** (1 / order)


def require_finite(norm: Any) -> None:
    """Have every run checked for a finite norm; a run where it is not goes to eager code, which says so."""
    tracer: Any = here.here.tracer
    if not np.isfinite(norm.value):
        tracer.not_ready()
    tracer.within(norm, 0.0, float_info.max)
    tracer.sound(norm)


def scale(owners: Sequence[Tensor], factor: Any) -> None:
    """All gradients times `factor`, where that is below 1 (or NaN)."""
    bounded = where(factor >= 1, 1.0, factor)
    for p in owners:
        g: Any = p.grad
        g *= bounded.astype(g.dtype)
