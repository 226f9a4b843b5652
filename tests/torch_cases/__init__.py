"""Calls that PyTorch has too, by family: ours, theirs, and the arguments both are given.

Importing this package skips the module that does so where PyTorch is missing. A family module holds ``CASES``, a list
of `Case`; `differences` holds the points where the two libraries disagree on purpose.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ._case import Case, torch

__all__ = ["CASES", "Case", "torch"]

FAMILIES = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_") and m.name != "differences")
CASES: list[Case] = [case for name in FAMILIES for case in import_module(f"{__name__}.{name}").CASES]
