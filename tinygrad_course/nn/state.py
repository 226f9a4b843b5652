"""Loading a state dict: every entry is read and checked before the first one is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import ShapeError, TinygradError
from ..tensor import Tensor
from ..values import as_value


class StateDictError(ShapeError, RuntimeError):
    """A state dict that does not fit the module."""


class LoadReport(NamedTuple):
    """What was not loaded: keys of the module that the state lacks, and keys of the state that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load(owner: str, targets: Mapping[str, Tensor], state: Mapping[str, Any], strict: bool) -> LoadReport:
    """Copy the arrays of `state` into `targets`, or raise a StateDictError that names all that does not fit."""
    if not isinstance(state, Mapping):
        raise StateDictError(f"load_state_dict: give a dict of arrays, not a {type(state).__name__}")
    report = LoadReport([k for k in targets if k not in state], [k for k in state if k not in targets])
    wrong = {"missing": report.missing_keys, "unexpected": report.unexpected_keys} if strict else {}
    lines = [
        f"{what}: {', '.join(_with_shape(k, targets, state) for k in keys)}" for what, keys in wrong.items() if keys
    ]
    new = {}
    for key in (k for k in targets if k in state):
        try:
            new[key] = _fitting(key, targets[key], state[key])
        except TinygradError as error:
            lines.append(str(error))
    if lines:
        raise StateDictError(
            "\n  ".join([f"load_state_dict: this state does not fit {owner}, which stays as it was", *lines])
        )
    for key, value in new.items():
        targets[key].data = value
    return report


def _fitting(key: str, target: Tensor, given: Any) -> Any:
    """A copy of `given` with the dtype of `target`, whose shape it must have."""
    value = as_value(given.detach() if hasattr(given, "detach") else given, what=key)
    if np.shape(value) != target.shape:
        raise ShapeError(f"wrong shape: {key} is {np.shape(value)} in the state, {target.shape} in the module")
    if value.dtype.kind == "f" and target.dtype.kind != "f":
        raise ShapeError(f"wrong dtype: {key} is {value.dtype} in the state, {target.dtype} in the module")
    return value.astype(target.dtype)


def _with_shape(key: str, targets: Mapping[str, Tensor], state: Mapping[str, Any]) -> str:
    x = targets[key] if key in targets else state[key]
    return f"{key} {tuple(getattr(x, 'shape', np.shape(x)))}"
