"""A program and its plan, lowered, assembled and compiled: what `jit` calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core.primitive import Primitive
from ..backend import Compiled, Plan
from ..program import Program
from . import gathers, pools, products, reductions, shapes, sharing  # noqa: F401 (they fill the table of rules)
from .assembly import Assembly, lay_out, scratch
from .finish import Finished, finish
from .load import compiled_main
from .lowering import Lowering


def known_primitives() -> dict[str, Primitive]:
    """The package's own primitives by name: one of a user's may bear the same name and mean something else."""
    import sys

    found: dict[str, Primitive] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(("tinygrad_course.ops", "tinygrad_course.core")):
            found.update((op.name, op) for op in vars(module).values() if isinstance(op, Primitive))
    return found


def compile(program: Program, plan: Plan) -> Compiled:
    """One function for the whole program; `Unsupported` names the first operation that it cannot have."""
    lowering = Lowering(program, known_primitives())
    done = finish(lowering, plan)
    team = sharing.share(lowering.steps)
    if team:
        from .team import start

        start()
    layout = lay_out(lowering.steps, done.pinned)
    assembly = Assembly(plan.name, done.parameters, team)
    for step in lowering.steps:
        assembly.add(step)
    assembly.interpreters = lowering.interpreters
    source = assembly.text([f"poke({assembly.pointer(place)}, 0, x{number})" for number, place in done.numbers])
    main = compiled_main(source, done.signature, plan.name)
    memory, arena = scratch(layout)
    for buffer in layout.constants:
        part = arena[buffer.offset : buffer.offset + buffer.size * buffer.dtype.itemsize]
        part.view(buffer.dtype)[...] = buffer.content.reshape(-1)
    return Compiled(_runner(main, memory, arena, done), source)


def _runner(main: Any, memory: Any, arena: Any, done: Finished) -> Any:
    """What takes values and gives results: `main` with memory for its results, and numbers read from the arena."""
    makers = [(shape, dtype) for shape, dtype in done.arrays]
    slots = [
        (place, number if number is None else arena[at : at + dtype.itemsize].view(dtype))
        for place, number, at, dtype in done.slots()
    ]
    empty, numbers = np.empty, [i for i, _ in done.numbers]
    ordered = list(done.ordered.items())
    careful = False

    def run(values: Sequence[Any]) -> tuple[Any, ...] | None:
        nonlocal careful
        arrays = [empty(shape, dtype) for shape, dtype in makers]
        if not careful:
            try:
                given = list(values)
                for i in numbers:
                    given[i] = given[i][()]  # an array without axes is not the number that the signature says
                for i, order in ordered:
                    given[i] = given[i].transpose(order)
                status = main(arena, *given, *arrays)
            except TypeError:
                careful = True
        if careful:
            status = _with_care(main, arena, values, arrays, done)
        if status:
            done.must_hold(status)
            return None
        return tuple([arrays[place] if number is None else number[0] for place, number in slots])

    run.memory = memory  # type: ignore[attr-defined]
    return run


def _with_care(main: Any, arena: Any, values: Sequence[Any], arrays: list[Any], done: Finished) -> int:
    """Run on copies of arrays that do not lie in memory as the compiled code expects."""
    given = list(values)
    for i, order in done.ordered.items():
        given[i] = given[i].transpose(order)
    fitting = [form(x) for form, x in zip(done.forms, given, strict=True)]
    status: int = main(arena, *fitting, *arrays)
    if not status:
        for number in done.written:
            if fitting[number] is not given[number]:
                given[number][...] = fitting[number]
    return status
