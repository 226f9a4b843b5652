"""`summary`: a model as a table of layers, output shapes and numbers of parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.markup import paragraph, table
from ..core.state import no_grad
from ..ops.axes import shape_of
from .module import Module


class Row(NamedTuple):
    """One call of a module: its path in the model, its class, the shape it returned, its own parameters' size."""

    path: str
    layer: str
    output: str
    parameters: int


class Summary:
    """The rows of the table, in the order in which the modules were called, and the totals; prints as the table."""

    def __init__(self, name: str, rows: list[Row], parameters: int, trainable: int) -> None:
        self.name, self.rows, self.parameters, self.trainable = name, rows, parameters, trainable

    def __str__(self) -> str:
        cells = [self._header(), *self._cells()]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join([*(c.ljust(w) for c, w in zip(row[:3], widths, strict=False)), row[3].rjust(widths[3])])
            for row in cells
        ]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:], rule, self._total()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table(self._header(), self._cells(), numbers=[3]) + paragraph(self._total())

    def _header(self) -> tuple[str, str, str, str]:
        return ("layer", self.name, "output shape", "parameters")

    def _cells(self) -> list[tuple[str, str, str, str]]:
        return [(r.path, r.layer, r.output, f"{r.parameters:,}" if r.parameters else "-") for r in self.rows]

    def _total(self) -> str:
        frozen = self.parameters - self.trainable
        return f"{self.parameters:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")


def summary(model: Module, *inputs: Any) -> Summary:
    """Run `model` once on `inputs` and tell what every layer in it returned and how many parameters it has.

    An input may be an array, a Tensor, or a shape, which stands for zeros. The model runs in eval mode and comes out
    as it was; a layer that is called twice has two rows, and its parameters are counted in the first.

    >>> from tinygrad_course import nn
    >>> model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    >>> nn.summary(model, (1, 64))
    layer  Sequential  output shape  parameters
    -------------------------------------------
    0      Linear      (1, 32)            2,080
    1      Tanh        (1, 32)                -
    2      Linear      (1, 10)              330
    -------------------------------------------
    2,410 parameters
    """
    rows: list[Row] = []
    counted: set[int] = set()
    paths = {id(module): path for path, module in model.named_modules()}
    modes = [(module, module.training) for module in model.modules()]

    def note(module: Module, args: Any, output: Any) -> None:
        own = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, own))
        rows.append(Row(paths[id(module)], type(module).__name__, _shapes(output), sum(p.size for p in own)))

    layers = [
        m for m in model.modules() if not any(True for _ in m.children()) or any(True for _ in m.parameters(False))
    ]
    removers = [module.register_forward_hook(note) for module in layers]
    try:
        with no_grad():
            model.eval()(*map(_filled(model), inputs))
    finally:
        for remove in removers:
            remove()
        for module, mode in modes:
            module.training = mode
    parameters = list(model.parameters())
    trainable = sum(p.size for p in parameters if p.requires_grad)
    return Summary(type(model).__name__, rows, sum(p.size for p in parameters), trainable)


def _filled(model: Module) -> Any:
    """A function that turns a shape into zeros of the model's dtype, and leaves everything else."""
    dtype = next((p.dtype for p in model.parameters()), np.dtype(float))

    def fill(x: Any) -> Any:
        is_shape = isinstance(x, tuple) and all(isinstance(n, int) for n in x)
        return np.zeros(x, dtype) if is_shape else x

    return fill


def _shapes(output: Any) -> str:
    """The shape of what a layer returned, or the shapes, nested as it is."""
    if isinstance(output, tuple | list):
        return f"({', '.join(map(_shapes, output))})"
    return str(shape_of(output)) if output is not None else "None"
