"""A model as it is in use: no dropout, fixed statistics, nothing recorded; afterwards as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..core.state import recording
from .module import Module


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """For a block: all modules of `model` in eval mode, and nothing is recorded. A plain function has no modes.

    >>> from tinygrad_course import nn
    >>> from tinygrad_course.nn.modes import evaluating
    >>> model = nn.Dropout(0.5)
    >>> with evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    modes = [(module, module.training) for module in model.modules()] if isinstance(model, Module) else []
    try:
        for module, _ in modes:
            module.training = False
        with recording(False):
            yield
    finally:
        for module, mode in modes:
            module.training = mode
