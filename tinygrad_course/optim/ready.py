"""What is worked out once and used in every step, for as long as settings and arrays stay the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import DTypeError
from ..tensor import Tensor
from .inplace import Program


class Ready:
    """A program, and its numbers as 0-d arrays of the parameter's dtype: NumPy takes those faster than floats."""

    __slots__ = ("_dtype", "_settings", "numbers", "program", "step", "update")

    def __init__(self, program: Program, settings: dict[str, Any], dtype: np.dtype[Any]) -> None:
        self.program = program
        self.update = program.update
        self._settings = settings
        self._dtype = dtype
        self.renew(1)

    def renew(self, step: int) -> None:
        """Work the numbers out for step number `step`."""
        self.step = step
        if "step" in self._settings:
            self._settings["step"] = step
        self.numbers = tuple([np.array(x, self._dtype) for x in self.program.numbers(**self._settings)])


class Slot:
    """A parameter's arrays and what is ready for updating them; good for as long as these are its arrays."""

    __slots__ = ("counts", "ready", "spare", "state", "value")

    def __init__(self, value: Any, state: dict[str, Any], ready: Ready, spare: tuple[Any, ...]) -> None:
        self.value = value
        self.state = state
        self.ready = ready
        self.spare = spare
        self.counts = "step" in state


class Plan:
    """What is ready for a group while its settings stay as they are."""

    __slots__ = ("ready", "settings", "slots")

    def __init__(self, settings: tuple[Any, ...]) -> None:
        self.settings = settings
        self.ready: dict[Any, Ready] = {}
        self.slots: dict[Tensor, Slot] = {}


def plain(name: str, x: Any) -> Any:
    """A setting as a Python number (NumPy's would turn float32 parameters' arithmetic into float64)."""
    if isinstance(x, list | tuple):
        return tuple(plain(name, part) for part in x)
    if x is None or isinstance(x, bool | int | float | str):
        return x if type(x) is not np.float64 else float(x)
    if getattr(x, "size", None) == 1:
        return x.item()
    raise DTypeError(f"{name} must be a number, not {type(x).__name__}")
