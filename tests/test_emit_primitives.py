"""Every primitive of ours, printed as NumPy and run on new data, gives what the eager code gives."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.node import Node
from tinygrad_course.emit.printing.derive import derive
from tinygrad_course.emit.program import run
from tinygrad_course.emit.simplify import simplified

from .numeric import directions_like, moved, results, value
from .samples import SAMPLES, Sample, is_float_array

every = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def counts(sample: Sample, i: int) -> bool:
    """Whether an argument says how many elements the result has: such an array cannot change from call to call."""
    a = sample.args[i]
    return (a.dtype == bool and sample.op in ("getitem", "index_add")) or (sample.op == "repeat" and i == 1)


def function_of(sample: Sample) -> tuple[Any, list[Any]]:
    """The sample's call as a function of its arrays, the other arguments being built in; and the arrays."""
    which = [i for i, a in enumerate(sample.args) if isinstance(a, np.ndarray | np.generic) and not counts(sample, i)]

    def f(*arrays: Any) -> Any:
        args = list(sample.args)
        for i, a in zip(which, arrays, strict=True):
            args[i] = a
        return sample.call(*args, **sample.params)

    return f, [sample.args[i] for i in which]


def number_of(f: Any) -> Any:
    """`f` with its results weighted and added up, so that there is a gradient."""

    def total(*arrays: Any) -> Any:
        parts = []
        for y in results(f(*arrays)):
            v = value(y)
            weights = np.cos(np.arange(v.size)).reshape(v.shape) if v.size <= 100 else np.ones(())
            parts.append((y * weights.astype(v.dtype)).sum() if v.dtype.kind == "f" else 0.0)
        return sum(parts)

    return total


def printed(text: Any) -> Any:
    """The function that a text defines, run with nothing but NumPy around it."""
    space: dict[str, Any] = {"np": np}
    exec(compile(text, "<printed>", "exec"), space)
    return partial(space[re.findall(r"^def (\w+)\(", text, re.MULTILINE)[-1]], **text.captured)


def new_data(sample: Sample) -> list[Any]:
    """The sample's arrays, those of floats moved a little, so that they stay in the function's domain."""
    directions = directions_like(np.random.default_rng(7), sample.args, sample.active)
    args = moved(sample.args, directions, 1e-3)
    return [a for i, a in enumerate(args) if isinstance(a, np.ndarray | np.generic) and not counts(sample, i)]


def same(actual: Any, expected: Any) -> None:
    """Equal to the last bit (a zero may have another sign), in shape and in dtype."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(actual, expected)


def eager(f: Any, arrays: list[Any], which: list[int]) -> tuple[Any, list[Any]]:
    given = [tg.Tensor(a, requires_grad=i in which) for i, a in enumerate(arrays)]
    y = f(*given)
    if isinstance(y, Node) and y.requires_grad:
        y.backward()
    return y, [given[i].grad if given[i].grad is not None else np.zeros_like(arrays[i]) for i in which]


@every
def test_printed_forward_gives_the_eager_value_on_new_data(sample: Sample) -> None:
    f, arrays = function_of(sample)
    run_again = printed(tg.source(f, *arrays, derivatives=False))
    new = new_data(sample)
    for a, b in zip(results(run_again(*new)), results(f(*map(tg.Tensor, new))), strict=True):
        same(a, value(b))


def differentiable(sample: Sample) -> tuple[Any, list[Any], list[int]]:
    """A function with one number as its result, its arrays, and which of them have an influence on it."""
    f, arrays = function_of(sample)
    total = number_of(f)
    which = [i for i, a in enumerate(arrays) if is_float_array(a)]
    y = total(*[tg.Tensor(a, requires_grad=i in which) for i, a in enumerate(arrays)])
    return total, arrays, which if isinstance(y, Node) and y.requires_grad else []


SMOOTH = [s for s in SAMPLES if s.active and differentiable(s)[2]]
smooth = pytest.mark.parametrize("sample", SMOOTH, ids=str)


@smooth
def test_printed_gradient_gives_the_eager_gradient_on_new_data(sample: Sample) -> None:
    total, arrays, which = differentiable(sample)
    text = tg.source(total, *arrays, argnums=which)
    new = new_data(sample)
    y, expected = eager(total, new, which)
    got, gradients = printed(text)(*new)
    same(got, value(y))
    for a, b in zip(gradients, expected, strict=True):
        same(a, b)


@smooth
def test_a_simplified_program_gives_the_same_bits_on_new_data(sample: Sample) -> None:
    total, arrays, which = differentiable(sample)
    made = derive(total, arrays, {}, which, True)
    program = made.program()
    new = [*new_data(sample), *(x.value for x in made.data)]
    expected = run(program, new)
    for reading in (False, True):
        shorter = simplified(program, reading=reading)
        assert len(simplified(shorter, reading=reading).steps) == len(shorter.steps)
        for a, b in zip(run(shorter, new), expected, strict=True):
            same(a, b)
