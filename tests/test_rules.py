"""The matrix: every property that every derivative rule must have, checked on every sample of every primitive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import Tensor
from tinygrad_course.core.node import Node
from tinygrad_course.core.primitive import Primitive
from tinygrad_course.core.reverse import ancestors
from tinygrad_course.ops.einsum import MOST_OPERANDS

from .numeric import close, directions_like, gradients, moved, protected, results, slope, value, variable
from .samples import PRIMITIVES, SAMPLES, Sample, is_float_array

SMOOTH = [s for s in SAMPLES if s.active and s.op in PRIMITIVES and PRIMITIVES[s.op].differentiable]
CONSTANT = [s for s in SAMPLES if s.op in PRIMITIVES and not PRIMITIVES[s.op].differentiable]
WIDENING = {"float_power"}  # primitives that compute in float64 whatever they are given

smooth = pytest.mark.parametrize("sample", SMOOTH, ids=str)
constant = pytest.mark.parametrize("sample", CONSTANT, ids=str)
every = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def fresh() -> np.random.Generator:
    return np.random.default_rng(2024)


def evaluate(sample: Sample, args: Any = None) -> tuple[Any, ...]:
    """The results of the sample's call."""
    return results(sample.call(*(sample.args if args is None else args), **sample.params))


def with_variables(sample: Sample, args: Any = None) -> tuple[list[Any], list[Tensor]]:
    """The sample's arguments with Tensors for those to differentiate; and these Tensors."""
    mixed = [protected(a) for a in (sample.args if args is None else args)]
    for i in sample.active:
        mixed[i] = variable(mixed[i])
    return mixed, [mixed[i] for i in sample.active]


def seeds_for(outputs: tuple[Any, ...]) -> list[Any]:
    """A random cotangent for each output, of its dtype."""
    rng = fresh()
    return [rng.uniform(0.5, 1.5, np.shape(value(y))).astype(value(y).dtype)[()] for y in outputs]


def pulled(sample: Sample, args: Any = None, seeds: Any = None) -> list[Any]:
    """The gradients at `args` for the cotangents `seeds`, by the array reading of the rules."""
    mixed, variables = with_variables(sample, args)
    outputs = evaluate(sample, mixed)
    return gradients(outputs, seeds_for(outputs) if seeds is None else seeds, variables)


def inner(rows: Any, columns: Any) -> Any:
    """The sum of the inner products of two lists of arrays (or Tensors)."""
    return sum(((a * b).sum() for a, b in zip(rows, columns, strict=True)), 0.0)


def projected_gradient(sample: Sample) -> tuple[Any, list[Tensor], list[Tensor], list[Any]]:
    """S = <V, gradient of <seed, outputs>> recorded: S, the variables, the seeds (as Tensors) and V."""
    mixed, variables = with_variables(sample)
    outputs = evaluate(sample, mixed)
    seeds = [variable(s) for s in seeds_for(outputs)]
    first = gradients(outputs, seeds, variables, record=True)
    directions = directions_like(fresh(), sample.args, sample.active)
    weights = [directions[i] for i in sample.active]
    return inner(first, weights), variables, seeds, weights


def nodes_of(sample: Sample, outputs: tuple[Any, ...]) -> list[Node]:
    """The recorded nodes of the sample's own primitive."""
    return [n for n in ancestors([y for y in outputs if isinstance(y, Node)])[0] if n.op is PRIMITIVES[sample.op]]


# --- the table itself -------------------------------------------------------------------------------------------------


def test_every_primitive_has_samples_and_every_sample_a_primitive() -> None:
    assert {s.op for s in SAMPLES} == set(PRIMITIVES)


def test_ids_of_samples_differ() -> None:
    names = [str(s) for s in SAMPLES]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)


def test_every_differentiable_primitive_has_a_rule_and_a_sample_that_differentiates() -> None:
    differentiable = {name for name, op in PRIMITIVES.items() if op.differentiable}
    assert {s.op for s in SMOOTH} == differentiable
    assert all(PRIMITIVES[name].rules is not None for name in differentiable)


def test_every_public_primitive_is_documented() -> None:
    assert [name for name, op in vars(tg).items() if isinstance(op, Primitive) and not op.__doc__] == []


@every
def test_sample_exercises_its_primitive(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    original: Callable[..., Any] = Primitive.__call__

    def spy(self: Primitive, *inputs: Any, **params: Any) -> Any:
        seen.add(self.name)
        return original(self, *inputs, **params)

    monkeypatch.setattr(Primitive, "__call__", spy)
    outputs = evaluate(sample, with_variables(sample)[0])
    assert sample.op in seen or nodes_of(sample, outputs)


# --- what a rule returns ----------------------------------------------------------------------------------------------


@smooth
def test_rule_has_one_entry_per_input_and_each_fits_its_input(sample: Sample) -> None:
    for node in nodes_of(sample, evaluate(sample, with_variables(sample)[0])):
        op, inputs, y = PRIMITIVES[sample.op], [value(x) for x in node.inputs], node.value
        one = tuple(np.ones_like(v) for v in y) if op.outputs != 1 else np.ones_like(y)[()]
        arguments = (y, *inputs) if op.elementwise else (one, y, *inputs)
        needed = [getattr(x, "requires_grad", False) for x in node.inputs]
        if isinstance(op.rules, tuple):
            assert len(op.rules) in (len(inputs), MOST_OPERANDS)  # einsum takes any number
            parts = [
                (r(*arguments, **node.params) if callable(r) else r) if n else None
                for r, n in zip(op.rules, needed, strict=False)
            ]
        else:
            parts = list(op.joint(arguments, node.params, len(inputs)))
        for part, x in zip(parts, inputs, strict=True):
            if part is None or isinstance(part, tuple):
                continue
            if op.elementwise:
                assert np.broadcast_shapes(np.shape(part), np.shape(y)) == np.shape(y)
            elif is_float_array(x):
                # The gradient of an operation that spreads may stay small: it stands for itself broadcast.
                fits = {np.shape(part), np.shape(x)} if op.spreads else {np.shape(part)}
                assert np.broadcast_shapes(np.shape(part), np.shape(x)) in fits


@smooth
def test_gradients_have_the_shape_of_their_inputs(sample: Sample) -> None:
    for g, i in zip(pulled(sample), sample.active, strict=True):
        assert np.shape(g) == np.shape(sample.args[i])


@constant
def test_a_primitive_without_derivative_never_records(sample: Sample) -> None:
    for y in evaluate(sample, with_variables(sample)[0]):
        assert not isinstance(y, Tensor) or not y.requires_grad


# --- values of derivatives --------------------------------------------------------------------------------------------


@smooth
def test_values_with_tensors_equal_values_with_arrays(sample: Sample) -> None:
    for y, plain in zip(evaluate(sample, with_variables(sample)[0]), evaluate(sample), strict=True):
        np.testing.assert_array_equal(value(y), plain)
        assert value(y).dtype == plain.dtype


@smooth
def test_first_derivative_equals_directional_difference(sample: Sample) -> None:
    directions = directions_like(fresh(), sample.args, sample.active)
    seeds = seeds_for(evaluate(sample))
    numeric = slope(lambda t: inner(seeds, evaluate(sample, moved(sample.args, directions, t))))
    close(inner(pulled(sample, seeds=seeds), directions.values()), numeric)


@smooth
def test_forward_derivative_equals_directional_difference(sample: Sample) -> None:
    projection, _, seeds, weights = projected_gradient(sample)
    directions = dict(zip(sample.active, weights, strict=True))
    tangents = gradients([projection], [np.float64(1)], seeds)  # the vjp of the vjp is the jvp
    for k, tangent in enumerate(tangents):
        close(tangent, slope(lambda t, k=k: evaluate(sample, moved(sample.args, directions, t))[k].astype(float)))


@smooth
def test_second_derivative_equals_difference_of_first(sample: Sample) -> None:
    projection, variables, seeds, weights = projected_gradient(sample)
    second = gradients([projection], [np.float64(1)], variables)
    directions = directions_like(np.random.default_rng(5), sample.args, sample.active)
    plain = [s.value for s in seeds]
    numeric = slope(lambda t: inner(pulled(sample, moved(sample.args, directions, t), plain), weights))
    close(inner(second, directions.values()), numeric)


@smooth
def test_derivative_by_the_cotangent_is_linear(sample: Sample) -> None:
    projection, _, seeds, weights = projected_gradient(sample)
    by_seed = gradients([projection], [np.float64(1)], seeds)
    others = [np.cos(3 * s.value) for s in seeds]
    close(inner(by_seed, others), inner(pulled(sample, seeds=others), weights), rtol=1e-9, atol=1e-12)


@smooth
def test_both_readings_of_a_rule_agree(sample: Sample) -> None:
    mixed, variables = with_variables(sample)
    outputs = evaluate(sample, mixed)
    seeds = seeds_for(outputs)
    fast = gradients(outputs, seeds, variables)
    recorded = gradients(outputs, [variable(s) for s in seeds], variables, record=True)
    for a, b in zip(fast, recorded, strict=True):
        assert value(b).dtype == a.dtype
        np.testing.assert_array_max_ulp(value(b), a, maxulp=4)


# --- memory, dtypes, layouts, sizes -----------------------------------------------------------------------------------


@smooth
def test_nothing_is_written_into_inputs_or_cotangents(sample: Sample) -> None:
    mixed, variables = with_variables(sample)
    before = [np.copy(value(a)) for a in mixed if a is not None]
    outputs = evaluate(sample, mixed)
    seeds = [protected(s) for s in seeds_for(outputs)]  # writing into a protected array raises
    gradients(outputs, seeds, variables)
    gradients(outputs, [variable(s) for s in seeds], variables, record=True)
    for a, b in zip([a for a in mixed if a is not None], before, strict=True):
        np.testing.assert_array_equal(value(a), b)


@smooth
def test_gradients_own_their_memory(sample: Sample) -> None:
    mixed, variables = with_variables(sample)
    outputs = evaluate(sample, mixed)
    seeds = seeds_for(outputs)
    for y, s in zip(outputs, seeds, strict=True):
        if y.requires_grad:
            y.backward(s)
    arrays = [x.grad for x in variables if x.grad is not None]
    others = [*seeds, *(value(a) for a in mixed), *(value(y) for y in outputs)]
    for k, g in enumerate(arrays):
        assert g.flags.writeable
        assert not any(isinstance(o, np.ndarray) and np.shares_memory(g, o) for o in (*arrays[:k], *others))


@smooth
def test_float32_stays_float32(sample: Sample) -> None:
    single = [a.astype(np.float32)[()] if is_float_array(a) else a for a in sample.args]
    mixed, variables = with_variables(sample, single)
    outputs = evaluate(sample, mixed)
    if sample.op not in WIDENING and sample.op != "cast":
        for node in ancestors([y for y in outputs if isinstance(y, Node)])[0]:
            assert {v.dtype for v in results(node.value) if v.dtype.kind == "f"} <= {np.dtype(np.float32)}, node
    seeds = seeds_for(outputs)
    wide = pulled(sample, seeds=[s.astype(float) for s in seeds])
    recorded = gradients(outputs, [variable(s) for s in seeds], variables, record=True)
    for node in ancestors([g for g in recorded if isinstance(g, Node)])[0]:
        assert sample.op in WIDENING or not {np.dtype(float)} & {v.dtype for v in results(node.value)}, node
    for g, again, w in zip(gradients(outputs, seeds, variables), recorded, wide, strict=True):
        assert g.dtype == value(again).dtype == np.float32
        close(g, w, rtol=1e-3, atol=1e-4)


def backwards(a: Any) -> Any:
    """The same numbers in memory read from the end."""
    return np.flip(np.flip(a).copy())


def transposed(a: Any) -> Any:
    """The same numbers with the first axis fastest in memory."""
    return a.T.copy().T


def scattered(a: Any) -> Any:
    """The same numbers with gaps between them along the last axis."""
    return np.repeat(a, 2, axis=-1)[..., ::2]


@pytest.mark.parametrize("layout", [backwards, transposed, scattered])
@smooth
def test_memory_layout_makes_no_difference(sample: Sample, layout: Callable[[Any], Any]) -> None:
    args = [layout(a) if isinstance(a, np.ndarray) and a.ndim else a for a in sample.args]
    for a, b in zip(pulled(sample, args), pulled(sample), strict=True):
        close(a, b, rtol=1e-12, atol=1e-13)


ELEMENTWISE = [s for s in SMOOTH if PRIMITIVES[s.op].elementwise and s.call is PRIMITIVES[s.op]]


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)], ids=str)
@pytest.mark.parametrize("sample", [s for s in ELEMENTWISE if any(map(np.ndim, s.args))], ids=str)
def test_zero_size(sample: Sample, shape: tuple[int, ...]) -> None:
    args = [np.empty(shape, a.dtype) if isinstance(a, np.ndarray) else a for a in sample.args]
    mixed, variables = with_variables(sample, args)
    outputs = evaluate(sample, mixed)
    assert all(y.shape == shape for y in outputs)
    for g, x in zip(gradients(outputs, seeds_for(outputs), variables), variables, strict=True):
        assert np.shape(g) == x.shape


@pytest.mark.parametrize("sample", ELEMENTWISE, ids=str)
def test_zero_dimensions(sample: Sample) -> None:
    """On numbers, a primitive gives what it gives on arrays of one element, and NumPy scalars stay scalars."""
    numbers = [a.flat[0] if isinstance(a, np.ndarray) else a for a in sample.args]
    ones = [np.reshape(a, (1,)) if isinstance(a, np.generic) else a for a in numbers]
    mixed, _ = with_variables(sample, numbers)
    assert all(y.shape == () and isinstance(y.value, np.generic) for y in evaluate(sample, mixed))
    for number, array in zip(pulled(sample, numbers), pulled(sample, ones), strict=True):
        assert np.shape(number) == ()
        np.testing.assert_array_max_ulp(np.reshape(number, (1,)), array, maxulp=4)
