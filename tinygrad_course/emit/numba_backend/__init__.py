"""The Numba backend: a whole program, a training step say, as one compiled function.

`compile` is what `jit` calls. Only this folder imports Numba, and it does so when something is compiled for the first
time: nothing of it is needed unless it is asked for (extra `fast`).
"""

from __future__ import annotations

from ..backend import Compiled, Plan, Unsupported
from ..program import Program


def compile(program: Program, plan: Plan) -> Compiled:
    """One function for the whole program; `Unsupported` names what it cannot have, or that Numba is missing."""
    try:
        import numba  # noqa: F401
    except ImportError as error:
        raise Unsupported("Numba is not installed; pip install 'tinygrad_course[fast]'") from error
    from .compiler import compile

    return compile(program, plan)
