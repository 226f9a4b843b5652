"""From a program to a Python function of NumPy calls, with everything that it needs at hand."""

from __future__ import annotations

import builtins
import contextvars
import linecache
import re
from collections.abc import Sequence
from itertools import count

import numpy as np

from ..backend import Check, Compiled, Plan
from ..program import Program
from .blocks import loop, run_from
from .instructions import Instruction, Value
from .lower import Lowering
from .memory import Memory

LARGE = 1 << 15  # bytes: an array of this size is let go as soon as it is not needed
_serial = count(1).__next__


def compile(program: Program, plan: Plan) -> Compiled:
    """`program` as one Python function, see `backend`."""
    writer = _Writer(program, plan)
    source = writer.source()
    filename = f"<jit {plan.name}, {_serial()}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    space = {**writer.space, **writer.memory.arrays(set(re.findall(r"\w+", source)))}
    exec(builtins.compile(source, filename, "exec"), space)
    quiet = contextvars.copy_context()  # entering it is cheaper than `np.errstate`
    quiet.run(np.seterr, all="ignore")
    function, run = space[writer.name], quiet.run
    return Compiled(lambda values: run(function, values), source)


class _Writer:
    """Orders the instructions, plans their memory, and writes them down."""

    def __init__(self, program: Program, plan: Plan) -> None:
        self.plan = plan
        lowered = Lowering(program)
        self.space = lowered.listing.space
        self.outputs = lowered.outputs
        self.inputs = [lowered.values[x] for x in program.inputs]
        self.name = plan.name if plan.name.isidentifier() and plan.name not in self.space else "step"
        first = [self.outputs[i] for i in plan.results] + [self.outputs[c.output] for c in plan.checks]
        early, late = _parted(lowered.listing.instructions, first)
        self.early, self.late = early, late
        kept = {root for i in plan.results for root in self.outputs[i].roots}
        targets = {self.outputs[i]: self.inputs[j] for i, j in reversed(plan.writes)}
        self.writes = [(self.outputs[i], self.inputs[j]) for i, j in plan.writes]
        held = [self.outputs[i] for i in plan.results] + [new for new, target in self.writes if new is not target]
        self.memory = Memory([*early, *late], kept, targets, len(early), held)

    def source(self) -> str:
        names = ", ".join(x.name for x in self.inputs)
        lines = [f"{names}{',' * (len(self.inputs) == 1)} = values"] if names else []
        lines += [line for x in self.inputs for line in self._checks(x)]
        lines += self._lines(self.early, 0)
        lines += self._lines(self.late, len(self.early))
        saved, results = self._results()
        lines += [*saved, *self._writes()]
        body = "\n    ".join([*lines, f"return ({', '.join(results)}{',' * (len(results) == 1)})"])
        imports = sorted(n for n, f in self.space.items() if getattr(np, n, None) is f)
        head = f"from numpy import {', '.join(imports)}\n\n\n" if imports else ""
        return f"{head}def {self.name}(values):\n    {body}\n"

    def _lines(self, instructions: Sequence[Instruction], start: int) -> list[str]:
        lines: list[str] = []
        where = ""
        checked = {self.outputs[check.output] for check in self.plan.checks}
        n = 0
        while n < len(instructions):
            end = run_from(instructions, n, checked)
            run = instructions[n : max(end, n + 1)]
            for instruction in run:
                if instruction.where != where:
                    where = instruction.where
                    lines.append(f"# {where}".replace("\n", " "))
            if end > n:
                lines += loop(run, start + n, self.memory, self.space)
            else:
                lines.append(self._line(run[0]))
                lines += self._checks(run[0].out)
            lines += self._released(start + n, start + n + len(run))
            n += len(run)
        return lines

    def _released(self, start: int, end: int) -> list[str]:
        """Lines that let go of large arrays after the instructions `start` to `end`."""
        gone = [x for i in range(start, end) for x in self.memory.dying.get(i, ())]
        return [f"del {', '.join(self._names(x))}" for x in gone if x.kind == "fresh" and x.nbytes >= LARGE]

    def _line(self, instruction: Instruction) -> str:
        place = self.memory.places[instruction]
        line = instruction.line(place)
        if place is not None:
            instruction.out.name = place
        return line

    def _names(self, root: Value) -> list[str]:
        """The variables that keep the memory of `root` alive."""
        every = [*self.early, *self.late]
        return [x.out.name for x in every if x.out.kind == "fresh" and root in x.out.roots]

    def _checks(self, x: Value) -> list[str]:
        """The checks of `x`, which is at hand: its memory may be another's soon."""
        return [line for check in self.plan.checks if self.outputs[check.output] is x for line in self._check(check)]

    def _check(self, check: Check) -> list[str]:
        x = self.outputs[check.output]
        size = int(np.size(x.like))
        if not size or (check.low is None and x.kind == "constant"):
            return []
        if check.low is None:
            text = x.name
            if x.shape:
                small = size <= 4096
                self.space["vdot" if small else "minimum"] = np.vdot if small else np.minimum
                text = f"vdot({x.name}, {x.name})" if small else f"minimum.reduce({x.name}, None)"
            return [f"if (nan := {text}) != nan:", "    return None"]
        if not x.shape:
            return [f"if {x.name} < {check.low!r} or {x.name} > {check.high!r}:", "    return None"]
        self.space |= {"minimum": np.minimum, "maximum": np.maximum}
        low, high = f"minimum.reduce({x.name}, None)", f"maximum.reduce({x.name}, None)"
        return [f"if {low} < {check.low!r} or {high} > {check.high!r}:", "    return None"]

    def _results(self) -> tuple[list[str], list[str]]:
        """Lines that copy results that are constants, or old values of what is written to; the names of the results."""
        written = {target for new, target in self.writes if new is not target}
        results = [self.outputs[i] for i in self.plan.results]
        lent = {x for x in results if written & x.roots or (x.shape and any(r.kind == "constant" for r in x.roots))}
        old = {x: f"r{n}" for n, x in enumerate(results) if x in lent}
        return [f"{name} = {x.name}.copy()" for x, name in old.items()], [old.get(x, x.name) for x in results]

    def _writes(self) -> list[str]:
        """Copies of the new values that were not computed in place; old values among them are saved first."""
        lines, copies = [], []
        written = {target for _, target in self.writes}
        for n, (new, target) in enumerate(self.writes):
            if new is target or new.name == target.name:
                continue
            name = new.name
            if new not in self.memory.in_place and written & new.roots:
                name = f"w{n}"
                lines.append(f"{name} = {new.name}.copy()")
            copies.append(f"{target.name}[...] = {name}")
        return [*lines, *copies]


def _parted(instructions: Sequence[Instruction], first: Sequence[Value]) -> tuple[list[Instruction], list[Instruction]]:
    """The instructions that `first` depend on, and the others, each in their order."""
    needed = set(first)
    early: set[Instruction] = set()
    for instruction in reversed(instructions):
        if instruction.out in needed or needed & (instruction.out.roots - {instruction.out}):
            early.add(instruction)
            needed.update(instruction.operands)
    return [x for x in instructions if x in early], [x for x in instructions if x not in early]
