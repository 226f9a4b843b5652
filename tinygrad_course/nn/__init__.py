"""Layers, losses and initialisers under PyTorch's names, each composed from primitives: `tg.nn`."""

from __future__ import annotations

from .module import Module, Parameter
from .state import StateDictError

__all__ = ["Module", "Parameter", "StateDictError"]
