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
    return Compiled(_runner(main, memory, arena, done), source, fresh=True)


def _runner(main: Any, memory: Any, arena: Any, done: Finished) -> Any:
    """What takes values and gives results: `main` with memory for its results, and numbers read from the arena.

    It is written out, like the way into it (`dispatch`): in a small step loops over lists would take most of the time.
    """
    numbers = {i for i, _ in done.numbers}
    given = [f"x{i}" for i in range(len(done.forms))]
    passed = [*given]
    for i in range(len(given)):
        if i in numbers:
            passed[i] += "[()]"  # an array without axes is not the number that the signature says
        elif i in done.ordered:
            passed[i] += f".transpose({done.ordered[i]})"
    made = [f"y{i}" for i in range(len(done.arrays))]
    space: dict[str, Any] = {
        "main": main, "arena": arena, "empty": np.empty, "must_hold": done.must_hold, "memory": memory,
        "with_care": lambda values, made: _with_care(main, arena, values, made, done), "careful": False,
    }  # fmt: skip
    results = []
    for k, (place, number, at, dtype) in enumerate(done.slots()):
        if number is None:
            results.append(f"y{place}")
        else:
            space[f"s{k}"] = arena[at : at + dtype.itemsize].view(dtype)
            results.append(f"s{k}[0]")
    lines = ["def run(values):", "    global careful"]
    lines += [f"    {', '.join(given)}, = values"] if given else []
    for i, (shape, dtype) in enumerate(done.arrays):
        space[f"d{i}"] = dtype
        lines.append(f"    y{i} = empty({shape}, d{i})")
    lines += [
        "    if not careful:",
        "        try:",
        f"            status = main({', '.join(['arena', *passed, *made])})",
        "        except TypeError:",
        "            careful = True",
        "    if careful:",
        f"        status = with_care(values, [{', '.join(made)}])",
        "    if status:",
        "        return must_hold(status)",
        f"    return ({''.join(f'{x}, ' for x in results)})",
    ]
    exec("\n".join(lines), space)
    return space["run"]


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
