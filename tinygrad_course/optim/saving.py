"""The state of an optimiser as plain data, arranged as PyTorch does it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor
from .inplace import setting_names, state_names

if TYPE_CHECKING:
    from .optimizer import Optimizer

EXECUTION = {"foreach", "fused", "capturable", "differentiable"}  # PyTorch's ways of running a step: no meaning here


def state_dict(optimizer: Optimizer) -> dict[str, Any]:
    """Copies of the state, by the number of the parameter, and of the groups."""
    numbers: dict[Tensor, int] = {}
    groups = []
    for group in optimizer.param_groups:
        for p in group["params"]:
            numbers[p] = len(numbers)
        groups.append({**group, "params": [numbers[p] for p in group["params"]]})
    state = {}
    for p, number in numbers.items():
        if kept := optimizer.state.get(p):
            state[number] = {k: _copy(x) for k, x in kept.items()}
    return {"state": state, "param_groups": groups}


def _copy(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def load(optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    """Put saved state and settings into `optimizer`, all of them or none."""
    name = type(optimizer).__name__
    if "state" not in saved or "param_groups" not in saved:
        raise ValueError(f'{name}: a state dict has the keys "state" and "param_groups", this one {sorted(saved)}')
    theirs, ours = saved["param_groups"], optimizer.param_groups
    if len(theirs) != len(ours):
        raise ValueError(f"{name}: the saved state has {len(theirs)} parameter groups, this optimiser {len(ours)}")
    groups = []
    parameters: dict[Any, tuple[Tensor, dict[str, Any]]] = {}
    for i, (old, new) in enumerate(zip(ours, theirs, strict=True)):
        group = _group(optimizer, i, old, new)
        groups.append(group)
        parameters.update((int(k), (p, group)) for k, p in zip(new["params"], old["params"], strict=True))
    state = {}
    for key, kept in saved["state"].items():
        if int(key) not in parameters:  # text after a journey through JSON
            raise ValueError(f"{name}: the saved state has an entry for parameter {key}, which is in no group")
        p, group = parameters[int(key)]
        state[p] = _entries(optimizer, f"parameter {key} ({p.name or 'unnamed'})", p, group, kept)
    optimizer.param_groups, optimizer.state = groups, state


def _group(optimizer: Optimizer, index: int, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The saved settings `new` with the parameters of `old`."""
    what = f"{type(optimizer).__name__}: group {index}"
    if len(new["params"]) != len(old["params"]):
        raise ValueError(f"{what} has {len(old['params'])} parameters, the saved one {len(new['params'])}")
    group = {k: tuple(x) if k == "betas" else x for k, x in new.items() if k not in EXECUTION}
    missing = [k for k in setting_names(optimizer.rule) if k not in new and k != "step"]
    if missing:
        raise ValueError(f"{what}: the saved one lacks {', '.join(missing)}; it is another optimiser's")
    group["params"] = old["params"]
    optimizer.check(group)
    return group


def _entries(optimizer: Optimizer, what: str, p: Tensor, group: dict[str, Any], kept: Mapping[str, Any]) -> Any:
    """One parameter's state: a number of steps, and arrays of the parameter's shape and dtype."""
    name = type(optimizer).__name__
    kept = {k: x for k, x in kept.items() if x is not None}
    needed = [*optimizer.initial(p, group)]
    allowed = {*needed, *state_names(optimizer.rule)}
    if not allowed.issuperset(kept) or not set(needed) <= set(kept):
        raise ValueError(f"{name}: the saved state of {what} is {sorted(kept)}; it should be {sorted(needed)}")
    entries: dict[str, Any] = {}
    for k, x in kept.items():
        if k == "step":
            entries[k] = int(x)
            continue
        entries[k] = np.asarray(x).astype(p.dtype)
        if entries[k].shape != p.shape:
            raise ValueError(
                f"{name}: the saved {k} of {what} has shape {entries[k].shape}, the parameter has {p.shape}"
            )
    return entries
