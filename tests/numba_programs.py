"""Programs for the tests of the Numba backend: a function and a training step, recorded by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.core.node import Node
from tinygrad_course.core.reverse import reverse
from tinygrad_course.core.state import recording_everything
from tinygrad_course.emit.backend import Compiled, Plan
from tinygrad_course.emit.numba_backend import compile
from tinygrad_course.emit.program import Program, run
from tinygrad_course.emit.simplify import simplified
from tinygrad_course.tensor import Tensor


def given(x: Any) -> Tensor:
    """An input of a program: everything that is computed from it is recorded."""
    node = Tensor(np.asarray(x))
    node.requires_grad = True
    return node


def recorded(f: Any, *arrays: Any) -> Program:
    """The program of a function of arrays."""
    with recording_everything():
        inputs = [given(a) for a in arrays]
        y = f(*inputs)
    outputs = list(y) if isinstance(y, tuple | list) else [y]
    return simplified(Program.of(inputs, [o for o in outputs if isinstance(o, Node)]))


def with_gradients(f: Any, *arrays: Any) -> Program:
    """The program of a function's results and of the derivatives of its floats, for cotangents that are inputs too."""
    with recording_everything():
        inputs = [given(a) for a in arrays]
        y = f(*inputs)
        outputs = [o for o in (y if isinstance(y, tuple | list) else [y]) if isinstance(o, Node)]
        floats = [o for o in outputs if o.dtype.kind == "f" and o.requires_grad]
        targets = [x for x in inputs if x.dtype.kind == "f"]
        if floats and targets:
            rng = np.random.default_rng(1)
            seeds = [given(rng.standard_normal(o.shape).astype(o.dtype)[()]) for o in floats]
            found = reverse(floats, seeds, targets, record=True)
            inputs, outputs = inputs + seeds, outputs + [found[x] for x in targets if x in found]
    return simplified(Program.of(inputs, outputs))


def step(loss: Any, params: list[Any], data: list[Any], rate: float) -> tuple[Program, Plan]:
    """One step of gradient descent: parameters are written in place, the loss is returned."""
    with recording_everything():
        p, d = [given(x) for x in params], [given(x) for x in data]
        lr = given(np.asarray(rate, params[0].dtype))
        y = loss(p, d)
        found = reverse([y], [given(np.ones((), y.dtype))], p, record=True)
        new = [x - lr * found[x] for x in p]
    program = Program.of([*p, *d, lr], [y, *new])
    return simplified(program), Plan(results=(0,), writes=tuple((i + 1, i) for i in range(len(p))))


def joined(programs: list[Program]) -> Program:
    """Several programs as one: compiling has a price of its own."""
    return Program(*(tuple(x for p in programs for x in part(p)) for part in (_inputs, _outputs, _steps)))


def _inputs(p: Program) -> tuple[Node, ...]:
    return p.inputs


def _outputs(p: Program) -> tuple[Node, ...]:
    return p.outputs


def _steps(p: Program) -> tuple[Node, ...]:
    return p.steps


def all_results(program: Program) -> Compiled:
    """The program compiled, every output a result."""
    return compile(program, Plan(results=tuple(range(len(program.outputs)))))


def examples(program: Program) -> list[Any]:
    """The values that the inputs had when the program was recorded."""
    return [x.value for x in program.inputs]


def agree(actual: Any, expected: Any, rtol: float | None = None) -> None:
    """Equal in shape and dtype, and in value to a few roundings of what the numbers are made of."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    tolerance = rtol if rtol is not None else 2e-5 if expected.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def follow(loss: Any, params: list[Any], data: list[Any], rate: float, rtol: float, steps: int = 3) -> Compiled:
    """Compile a step, and hold some runs of it against the reference."""
    program, plan = step(loss, params, data, rate)
    compiled = compile(program, plan)
    mine, theirs = [p.copy() for p in params], [p.copy() for p in params]
    lr = np.asarray(rate, params[0].dtype)[()]
    for _ in range(steps):
        results = compiled.run([*mine, *data, lr])
        wanted, *theirs = run(program, [*theirs, *data, lr])
        assert results is not None
        agree(results[0], wanted, rtol)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1.0, float(np.abs(b).max())))
    return compiled
