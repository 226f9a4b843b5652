"""Floor 5: a recorded graph as a program: simplified, printed as NumPy source, compiled. No derivative rule is here."""

from .jitted import jit
from .printing.page import source

__all__ = ["jit", "source"]
