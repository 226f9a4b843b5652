"""What all optimisers share: groups of parameters, their state, and the step that applies the update rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from ..core.node import tick
from ..core.reverse import note_change
from ..core.state import recording, state
from ..tensor import Tensor
from . import saving, traced
from .groups import called, check_parameter, check_settings, groups_of
from .inplace import Rule, in_place, setting_names, state_names
from .ready import Plan, Ready, Slot, plain

Params = Iterable[Any]  # Tensors, or dicts with "params" and settings


class Optimizer:
    """The base of all optimisers. A subclass gives its update rule, its defaults and a parameter's first state.

    `rule(p, g, *state, **settings)` is a pure function on arrays, written with operators: it returns the new parameter
    and the new state arrays. Its positional arguments after `g` name the entries of the state, its keyword arguments
    the settings of a group, and `step` the number of the step, counted from 1. It may ask whether a number is 0 and
    whether a state array is None, but not how large they are.

    Attributes
    ----------
    param_groups
        A list of dicts: ``params`` and the settings. They may be changed between steps: ``group["lr"] *= 0.1``.
    state
        For each parameter that was updated, a dict of arrays (and ``step``).
    defaults
        The settings of groups that do not give their own.
    """

    rule: ClassVar[Rule]

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        self._forget()
        for group in groups_of(params, type(self).__name__):
            self.add_param_group(group)

    def _forget(self) -> None:
        """Begin with empty caches."""
        self._names = tuple(name for name in setting_names(self.rule) if name != "step")
        self._plans: dict[int, Plan] = {}
        self._spare: dict[np.dtype[Any], list[Any]] = {}

    def check(self, group: Mapping[str, Any]) -> None:
        """Raise `ValueError` for settings outside their range."""
        check_settings(group, type(self).__name__)

    def initial(self, p: Tensor, group: Mapping[str, Any]) -> dict[str, Any]:
        """The state before the first step of `p`."""
        return {}

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Optimise more parameters, with settings of their own or the defaults.

        Raises
        ------
        DTypeError, GraphError, ValueError
            For what is no Tensor, not a leaf, needs no gradient or is in a group already, and for bad settings.
        """
        group = {**self.defaults, **param_group}
        params = group["params"]
        group["params"] = [params] if isinstance(params, Tensor) else list(params)
        self.check(group)
        known = {p for other in self.param_groups for p in other["params"]}
        for i, p in enumerate(group["params"]):
            check_parameter(p, f"{type(self).__name__}: parameter {i} of group {len(self.param_groups)}")
            if p in known:
                raise ValueError(
                    f"{type(self).__name__}: parameter {i} of group {len(self.param_groups)}, {called(p)}, "
                    "is in a group already; it would be updated twice in each step"
                )
            known.add(p)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: ``grad`` is None, or an array of zeros with ``set_to_none=False``."""
        if state.here.tracer is not None:
            for p in (p for group in self.param_groups for p in group["params"]):
                p.grad = None if set_to_none or p.grad is None else np.zeros_like(p.value)
            return
        for group in self.param_groups:
            for p in group["params"]:
                p._grad = None if set_to_none or p._grad is None else np.zeros_like(p.grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient, in place.

        Parameters
        ----------
        closure
            Called first, if given: it clears the gradients, works out the loss, calls ``backward()`` and returns the
            loss, which `step` returns.
        """
        loss = None
        if closure is not None:
            with recording(True):
                loss = closure()
        if state.here.tracer is not None:
            traced.step(self)
            return loss
        now = tick()
        for index, group in enumerate(self.param_groups):
            slots = self._plan(index, group).slots
            for p in group["params"]:
                g = p._grad
                if g is None:
                    continue
                slot = slots.get(p)
                if slot is None or slot.value is not p.value or slot.state is not self.state.get(p):
                    slot = self._slot(p, group, self._plan(index, group))
                kept, ready = slot.state, slot.ready
                if slot.counts:
                    step = kept["step"] = kept["step"] + 1
                    if ready.step != step:
                        ready.renew(step)
                ready.update(slot.value, g, kept, ready.numbers, slot.spare)
                note_change(p, now)
        return loss

    def _plan(self, index: int, group: dict[str, Any]) -> Plan:
        """What is ready for the present settings of a group."""
        settings = tuple(map(group.__getitem__, self._names))
        plan = self._plans.get(index)
        if plan is None or plan.settings != settings:
            plan = self._plans[index] = Plan(settings)
        return plan

    def _slot(self, p: Tensor, group: dict[str, Any], plan: Plan) -> Slot:
        """Everything ready for updating `p`: its state, its program, the numbers and the spare memory for that."""
        if not p.data.flags.writeable:
            p.data = p.data.copy()
        kept = self.state.setdefault(p, {})
        for name, x in self.initial(p, group).items():
            kept.setdefault(name, x)
        ready = self._ready(p, kept, group, plan)
        for name in ready.program.makes:
            kept[name] = np.empty_like(p.data)
        slot = Slot(p.data, kept, ready, self._scratch(p, ready.program.spares))
        if not ready.program.makes:  # else the next step is another program's
            plan.slots[p] = slot
        return slot

    def _ready(self, p: Tensor, kept: Mapping[str, Any], group: dict[str, Any], plan: Plan) -> Ready:
        """The program and the numbers for updating `p` with the state that it has."""
        present = tuple(name for name in state_names(self.rule) if kept.get(name) is not None)
        ready = plan.ready.get((present, p.dtype))
        if ready is None:
            names = setting_names(self.rule)
            settings = {name: plain(name, group[name]) if name != "step" else 1 for name in names}
            ready = plan.ready[present, p.dtype] = Ready(in_place(self.rule, present, settings), settings, p.dtype)
        return ready

    def _scratch(self, p: Tensor, count: int) -> tuple[Any, ...]:
        """`count` arrays shaped like `p`, in memory that all parameters of its dtype share."""
        flat = self._spare.setdefault(p.dtype, [])
        if len(flat) < count or (count and flat[0].size < p.size):
            alike = [q.size for group in self.param_groups for q in group["params"] if q.dtype == p.dtype]
            flat[:] = [np.empty(max(alike), p.dtype) for _ in range(max(count, len(flat)))]
        return tuple(a[: p.size].reshape(p.shape) for a in flat[:count])

    def state_dict(self) -> dict[str, Any]:
        """A copy of all state and settings, as PyTorch arranges them: parameters are numbered in the order of groups.

        ``{"state": {0: {"step": 3, "exp_avg": array, ...}, ...}, "param_groups": [{"lr": ..., "params": [0, 1]}]}``
        """
        return saving.state_dict(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over (a copy of) what `state_dict` gave: training goes on bit by bit as if never interrupted.

        A state dict of the same optimiser in PyTorch loads too.

        Raises
        ------
        ValueError
            If the groups, their sizes, the shapes or the kinds of state are not this optimiser's. Nothing is changed.
        """
        saving.load(self, state_dict)
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "param_groups": self.param_groups, "state": self.state}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self._forget()

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            settings = ", ".join(f"{k}={v}" for k, v in group.items() if k != "params")
            lines.append(f"  group {i}: {len(group['params'])} parameters, {settings}\n")
        return f"{type(self).__name__}(\n{''.join(lines)})"
