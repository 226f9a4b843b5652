"""Which steps are done in parts, by several threads: the largest loops of programs that do not use the BLAS.

The BLAS has threads of its own, which go on waiting for work for some time after a product; two sets of them on the
same processors would take turns. How many parts there are depends on sizes alone, not on the number of threads: so do
the results.
"""

from __future__ import annotations

from .loops import Line, Loop
from .planner import Call, Step
from .render import Nest
from .values import Buffer

PARTS = 8  # of a loop: more than threads, so that one that comes late does less
HEAVY = 200_000  # statements of one loop, from which on it is shared
WORTH = 1_000_000  # statements of a program that are shared, from which on threads are worth the trouble
VECTOR = 8  # multiplications of a product that take as long as one statement of a loop


def share(steps: list[Step]) -> bool:
    """Cut large loops into parts; whether the program is to have threads."""
    if any(isinstance(step, Call) and any("gemm" in line for line in step.lines) for step in steps):
        return False
    loops = [step for step in steps if isinstance(step, Loop) and _statements(step) >= HEAVY]
    products = sum(step.work for step in steps if isinstance(step, Call) and step.parts > 1)
    if sum(map(_statements, loops)) + products // VECTOR < WORTH:
        return False
    for loop in loops:
        _cut(loop)
    return any(step.parts > 1 for step in steps)


def _statements(loop: Loop) -> int:
    return loop.count * len(loop.body)


def _cut(loop: Loop) -> None:
    """Cut a loop along its outermost counter, if no two parts write to the same place."""
    nest = Nest(loop)
    outer = nest.axes[0]
    if nest.sizes[outer] < PARTS:
        return
    sums: list[Line] = []
    for line in loop.body:
        access = line.access if line.kind == "store" else line.total.access if line.total is not None else None
        if access is None or (access.moves.get(outer) and not (line.total and line.total.scattered)):
            continue
        if line.total is None or line.total.scattered or not line.total.axes.issuperset(nest.axes):
            return
        sums.append(line)
    loop.parts = PARTS
    for line in sums:
        assert line.total is not None
        line.total.shares = Buffer(line.total.dtype, PARTS)
        loop.touched[line.total.shares] = None
