"""What may be optimised, and with which settings: the checks on groups of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from ..core.errors import DTypeError, GraphError
from ..tensor import Tensor

RANGES = {  # what the numbers may be: from, to, and whether the upper end is included
    "lr": (0, inf, True), "momentum": (0, inf, True), "weight_decay": (0, inf, True), "eps": (0, inf, True),
    "alpha": (0, 1, True), "betas": (0, 1, False), "lr_decay": (0, inf, True),
    "initial_accumulator_value": (0, inf, True),
}  # fmt: skip


def check_settings(group: Mapping[str, Any], optimizer: str) -> None:
    """Raise `ValueError` for a number outside its range."""
    for name, (low, high, closed) in RANGES.items():
        if name not in group:
            continue
        for x in group[name] if name == "betas" else (group[name],):
            if not (low <= x < high or (closed and x == high)):
                limits = f"in [{low}, {high}{']' if closed else ')'}" if high != inf else f"at least {low}"
                raise ValueError(f"{optimizer}: {name} must be {limits}, not {group[name]}")


def groups_of(params: Any, name: str) -> list[Any]:
    """The groups that an optimiser is given: dicts as they are, plain Tensors as one group."""
    if isinstance(params, Tensor | Mapping) or not isinstance(params, Iterable):
        what = "a single Tensor" if isinstance(params, Tensor) else f"a {type(params).__name__}"
        raise DTypeError(f"{name}: params is {what}; give a list of Tensors (as model.parameters() is) or of dicts")
    groups = list(params)
    if not groups:
        raise ValueError(f"{name}: there are no parameters to optimise; a generator can be used up only once")
    if any(isinstance(x, Mapping) for x in groups):
        for i, x in enumerate(groups):
            if not isinstance(x, Mapping) or "params" not in x:
                raise DTypeError(f'{name}: group {i} must be a dict with the key "params"')
        return groups
    return [{"params": groups}]


def check_parameter(p: Any, what: str) -> None:
    """Raise for what is no leaf Tensor that requires a gradient; `what` begins the message."""
    if not isinstance(p, Tensor):
        hint = "; pass model.parameters(), without names" if isinstance(p, tuple) else ""
        raise DTypeError(f"{what} is a {type(p).__name__}, not a Tensor{hint}")
    if p.op is not None:
        raise GraphError(
            f"{what}, {called(p)}, is a result and not a leaf ({p.where}): optimise the Tensors it was computed from, "
            "or detach() it and set requires_grad_()"
        )
    if not p.requires_grad:
        raise GraphError(
            f"{what}, {called(p)}, does not require a gradient: create it with requires_grad=True, or leave it out, "
            "as in [p for p in model.parameters() if p.requires_grad]"
        )


def called(p: Tensor) -> str:
    """Name and shape, for messages."""
    return f"{p.name or 'a Tensor'} of shape {p.shape}"
