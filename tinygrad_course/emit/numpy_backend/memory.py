"""The memory plan: which scratch array each buffer value uses, and which values need none.

Scratch is kept from run to run. A value's memory is free again after the last instruction that reads it, directly or
through a view, and the next value of about that size takes it; an elementwise result may take the memory of an operand
that dies with it. Results that the caller keeps are new arrays; the last values of parameters and state are computed
in the arrays that hold them, where nothing needs the old ones any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .instructions import Instruction, Value, last_uses, order_of


class Memory:
    """Gives each value a place: the name of a scratch array, or of an array to be overwritten; None for a new one."""

    def __init__(
        self,
        instructions: Sequence[Instruction],
        kept: set[Value],
        targets: dict[Value, Value],
        commit: int,
        held: Sequence[Value] = (),
    ) -> None:
        self.last = last_uses(instructions)
        for x in held:  # read after the last instruction
            for root in x.roots:
                self.last[root] = len(instructions)
        self.sizes: list[int] = []
        self.views: dict[tuple[Any, ...], str] = {}
        self.slabs: dict[Value, int] = {}
        self.free: list[int] = []
        self.places: dict[Instruction, str | None] = {}
        self.in_place: set[Value] = set()
        self.dying: dict[int, list[Value]] = {}
        for root, i in self.last.items():
            self.dying.setdefault(i, []).append(root)
        for i, instruction in enumerate(instructions):
            self._place(i, instruction, kept, targets if i >= commit else {})

    def _place(self, i: int, instruction: Instruction, kept: set[Value], targets: dict[Value, Value]) -> None:
        out = instruction.out
        place = None
        done: Value | None = None
        if out.kind == "buffer" and instruction.into is not None and out not in kept:
            target = targets.get(out)
            if target is not None and self._may_overwrite(target, i, instruction):
                self.in_place.add(out)
                place = target.name
            else:
                done = self._dying_twin(i, instruction)
                slab = self.slabs[done] if done is not None else self._slab(out.nbytes)
                self.slabs[out] = slab
                place = self._view(slab, out)
        self.places[instruction] = place
        for root in self.dying.get(i, ()):
            if root is not done and root in self.slabs:
                self.free.append(self.slabs[root])

    def _may_overwrite(self, target: Value, i: int, instruction: Instruction) -> bool:
        """Whether the old value in `target` is read by nothing later, nor in another place of its own by this line."""
        if self.last.get(target, -1) > i or not target.fits(instruction.out):
            return False
        users = [x for x in instruction.operands if target in x.roots]
        return not users or (instruction.elementwise and all(x is target for x in users))

    def _dying_twin(self, i: int, instruction: Instruction) -> Value | None:
        """An operand of an elementwise line whose memory is free with it, and fits the result."""
        if not instruction.elementwise:
            return None
        for x in instruction.operands:
            dies = x in self.slabs and self.last[x] == i and x.fits(instruction.out)
            if dies and all(x not in y.roots or y is x for y in instruction.operands):
                return x
        return None

    def _slab(self, nbytes: int) -> int:
        """The smallest free scratch memory that is large enough, and not much larger; else a new one."""
        fitting = [s for s in self.free if nbytes <= self.sizes[s] <= 2 * nbytes + 1024]
        if fitting:
            slab = min(fitting, key=lambda s: self.sizes[s])
            self.free.remove(slab)
            return slab
        self.sizes.append(nbytes)
        return len(self.sizes) - 1

    def _view(self, slab: int, x: Value) -> str:
        key = (slab, x.shape, x.like.dtype, order_of(x.like))
        return self.views.setdefault(key, f"b{len(self.views)}")

    def arrays(self, used: set[str]) -> dict[str, Any]:
        """The scratch arrays by name, as far as the source uses them."""
        views = {key: name for key, name in self.views.items() if name in used}
        slabs = {slab: np.empty(self.sizes[slab], np.uint8) for slab in {key[0] for key in views}}
        made = {}
        for (slab, shape, dtype, order), name in views.items():
            count = int(np.prod(shape))
            flat = slabs[slab][: count * dtype.itemsize].view(dtype)
            made[name] = flat.reshape([shape[k] for k in order]).transpose(np.argsort(order))
        return made
