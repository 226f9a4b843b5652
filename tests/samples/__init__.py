"""Example calls of every primitive, by family, and the table of the primitives themselves.

A family module holds ``SAMPLES``, a list of `Sample`. Each primitive needs at least one; a test checks it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import tinygrad_course
from tinygrad_course.core.primitive import Primitive

from ._sample import Sample, is_float_array

__all__ = ["PRIMITIVES", "SAMPLES", "Sample", "is_float_array"]


def _primitives() -> dict[str, Primitive]:
    """Every primitive of the package under its name, whichever module holds it; two of one name are a mistake."""
    found: dict[str, Primitive] = {}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] == tinygrad_course.__name__:
            for op in vars(module).values():
                if isinstance(op, Primitive) and found.setdefault(op.name, op) is not op:
                    raise AssertionError(f"two primitives are called {op.name}; one is in {name}")
    return found


def _samples() -> list[Sample]:
    families = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    return [s for name in families for s in import_module(f"{__name__}.{name}").SAMPLES]


PRIMITIVES: dict[str, Primitive] = _primitives()
SAMPLES: list[Sample] = _samples()
