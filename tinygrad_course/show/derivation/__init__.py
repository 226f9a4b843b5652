"""Derivations: the chain rule step by step, from right to left. A fold over a picture."""

from .derivation import Derivation
from .explain import explain
from .steps import Step, steps

__all__ = ["Derivation", "Step", "explain", "steps"]
