"""The shared form of a recorded computation, and the passes that shorten it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.engine_ops import broadcast_to, cast, guarded_product, sum_to
from tinygrad_course.core.node import Node
from tinygrad_course.core.primitive import Primitive
from tinygrad_course.core.reverse import reverse
from tinygrad_course.core.state import recording_everything
from tinygrad_course.emit import facts
from tinygrad_course.emit.program import Program, primitive_of, run, stop, value_of
from tinygrad_course.emit.simplify import IMPURE, simplified, without_dead_code
from tinygrad_course.ops.elementwise import constant


def given(*shape: int, dtype: Any = float) -> tg.Tensor:
    x = tg.Tensor(np.random.default_rng(0).normal(size=shape).astype(dtype))
    x.requires_grad = True
    return x


def recorded(f: Any, *inputs: tg.Tensor) -> Program:
    with recording_everything():
        y = f(*inputs)
    return Program.of(inputs, y if isinstance(y, list | tuple) else [y])


def names(program: Program) -> list[str]:
    return [primitive_of(node).name for node in program.steps]


def shortened(f: Any, *inputs: tg.Tensor, reading: bool = False) -> list[str]:
    """The operations that are left of `f`, which gives the same results as before."""
    program = recorded(f, *inputs)
    shorter = simplified(program, reading=reading)
    values = [x.value * 0.5 for x in inputs]
    for a, b in zip(run(shorter, values), run(program, values), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.shape(a) == np.shape(b)
        assert a.dtype == b.dtype
    return names(shorter)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_steps_are_in_order_and_each_once() -> None:
    x, w = given(3), given(3)
    program = recorded(lambda x, w: [tg.exp(x) * w, tg.exp(x) * w + x, x], x, w)
    seen: set[Node] = {x, w}
    for node in program.steps:
        assert all(v in seen for v in node.inputs if isinstance(v, Node))
        seen.add(node)
    assert len(set(program.steps)) == len(program.steps) == 5


def test_an_output_may_be_an_input_a_constant_or_named_twice() -> None:
    x = given(2)
    y = x * 2.0
    c = tg.Tensor([5.0, 6.0])
    program = Program.of([x], [y, y, x, c])
    found = run(program, [np.array([1.0, 3.0])])
    np.testing.assert_array_equal(found, [[2.0, 6.0], [2.0, 6.0], [1.0, 3.0], [5.0, 6.0]])
    assert program.constants == [c] or program.constants[0] is c


def test_users_are_counted_once_for_each_use() -> None:
    x = given(2)
    y = x * x
    users = Program.of([x], [y]).users()
    assert [u is y for u in users[x]] == [True, True]
    assert users[y] == [None]


def test_what_has_no_derivative_is_recorded_too() -> None:
    x, i = given(4), tg.Tensor(np.array([1, 0]))
    i.requires_grad = True
    program = recorded(lambda x, i: tg.where(x > 0, x, 0.0)[i] * tg.argmax(x), x, i)
    new = np.array([3.0, -1.0, 5.0, 1.0])
    np.testing.assert_array_equal(run(program, [new, np.array([2, 1])])[0], [10.0, 0.0])


def test_a_reverse_pass_does_not_go_through_what_has_no_derivative() -> None:
    x = given(3)
    with recording_everything():
        y = tg.sum(x * (x > 0) * stop(x))
        found = reverse([y], [tg.Tensor(1.0)], [x], record=True)
    new = np.array([2.0, -1.0, 3.0])
    np.testing.assert_array_equal(run(Program.of([x], [found[x]]), [new])[0], [2.0, 0.0, 3.0])


def test_powers_are_pythons() -> None:
    x = given()
    program = Program.of([x], [x**3])
    for number in np.random.default_rng(0).normal(size=200):
        assert run(program, [number])[0] == number**3  # np.power may differ in the last bit


def test_a_long_chain_needs_no_recursion() -> None:
    x = given()
    y: Any = x
    for _ in range(20_000):
        y = (y * 1.0 + x) * 0.5
    program = simplified(Program.of([x], [y]))
    assert len(program.steps) == 40_000


# --- the passes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "left"),
    [
        (lambda x: x * 1.0, []),
        (lambda x: 1.0 * x / 1.0, []),
        (lambda x: x - 0.0, []),
        (lambda x: x + 0.0, ["add"]),  # -0.0 + 0.0 is 0.0
        (lambda x: x * np.ones(4), []),
        (lambda x: -tg.negative(x), []),
        (lambda x: +x, []),
        (lambda x: x * -1.0, ["negative"]),
        (lambda x: x**1, []),
        (lambda x: x.T.T, []),
        (
            lambda x: tg.permute_dims(tg.permute_dims(x.reshape(2, 3, 2), (1, 2, 0)), (-1, 1, 0)),
            ["reshape", "permute_dims"],
        ),
        (lambda x: x.reshape(4, 3).reshape(3, 4), []),
        (lambda x: x.reshape(4, 3).reshape(12), ["reshape"]),
        (lambda x: x.astype(float).copy(), []),
        (lambda x: broadcast_to(x, shape=(3, 4)), []),
        (lambda x: broadcast_to(x, shape=(2, 3, 4)) * np.full((2, 3, 4), 2.0), ["multiply"]),
        (lambda x: sum_to(x, shape=(3, 4)), []),
        (lambda x: broadcast_to(x[0], shape=(3, 4)) + broadcast_to(x[1], shape=(3, 4)), None),
        (lambda x: cast(x, dtype=np.dtype(float)), []),
        (lambda x: x - (-x), ["add"]),
        (lambda x: -x + x * 2.0, ["multiply", "subtract"]),
        (lambda x: x * 0.0 + tg.exp(x), ["multiply", "exp", "add"]),  # NaN stays NaN
        (lambda x: tg.exp(x) + tg.exp(x), ["exp", "add"]),
        (lambda x: tg.sum(x, axis=0) * tg.sum(x, axis=0) + tg.sum(x, axis=1, keepdims=True), None),
        (lambda x: [x * (tg.Tensor(2.0) + 3.0), 5.0 * tg.Tensor([1.0])], ["multiply"]),
        (lambda x: tg.Tensor(x.value).sum() + x, ["add"]),
        (lambda x: stop(x) + x, ["add"]),
        (lambda x: guarded_product(tg.tanh(x), tg.sigmoid(x)), ["tanh", "sigmoid", "multiply"]),
        (lambda x: guarded_product(tg.relu(x), 1 / x), ["relu", "divide", "guarded_product"]),
        (lambda x: guarded_product(x, 0.5 / tg.sqrt(x * x)), None),
        (lambda x: guarded_product(tg.relu(x), 1 / tg.sqrt(tg.var(x) + 1e-5)), None),
    ],
)
def test_what_is_left_of_an_expression(f: Any, left: list[str] | None) -> None:
    found = shortened(f, given(3, 4))
    if left is not None:
        assert found == left


def test_for_the_eye_zeros_go() -> None:
    x = given(3, 4)
    assert shortened(lambda x: x + 0.0 - 0.0, x, reading=True) == []
    assert shortened(lambda x: x + np.zeros((3, 4)), x, reading=True) == []
    assert shortened(lambda x: x * 0.0 + tg.exp(x), x, reading=True) == ["exp"]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.ones((2, 3, 4)),  # the shape changes
        lambda x: x * np.float64(1.0),  # the dtype changes
        lambda x: x + np.zeros((3, 4)),
        lambda x: 0.0 - x,  # -x has another zero
        lambda x: x - np.float32(-0.0),  # -0.0 becomes 0.0
        lambda x: 1.0 / x,
        lambda x: x / 0.5,
        lambda x: tg.exp(x) * 0.0,  # NaN where exp overflows
        lambda x: x**-1,
        lambda x: tg.sum(x, axis=0) + tg.sum(x, axis=0, keepdims=True),
        lambda x: tg.roll(x, 1) + tg.roll(x, 2),
    ],
)
def test_what_must_stay(f: Any) -> None:
    x = given(3, 4, dtype=np.float32)
    assert len(shortened(f, x)) == len(recorded(f, x).steps)


def test_the_guard_stays_where_the_slope_is_infinite_and_the_value_is_not() -> None:
    def product(x: Any) -> Any:
        return guarded_product(x, 0.5 / tg.sqrt(x))

    assert "guarded_product" in shortened(product, tg.abs(given(3)).detach().requires_grad_())


def test_the_guard_goes_where_a_number_keeps_the_root_from_zero() -> None:
    def normed(x: Any) -> Any:
        return guarded_product(tg.relu(x), 1 / tg.sqrt(tg.var(x) + 1e-5))

    assert "guarded_product" not in shortened(normed, given(3))


def test_operations_with_an_effect_are_neither_shared_nor_dropped() -> None:
    noise = constant(lambda x: x + 1.0, name="noise", doc="Something else every time.")
    IMPURE.add(noise)
    try:
        program = recorded(lambda x: [noise(x) + noise(x), noise(x)][0], given(2))
        assert names(simplified(program)).count("noise") == 2
    finally:
        IMPURE.remove(noise)


def test_dead_code_goes() -> None:
    x = given(2)
    whole = recorded(lambda x: [tg.exp(x), tg.sin(x) * 2.0], x)
    assert names(without_dead_code(Program(whole.inputs, whole.outputs[:1], whole.steps))) == ["exp"]


def test_what_steps_have_become_is_told() -> None:
    x = given(2)
    with recording_everything():
        y = tg.exp(x)
        z = tg.exp(x) * 1.0
    became: dict[Node, Node] = {}
    simplified(Program.of([x], [y, z]), became)
    assert became[z] is became[y] is y


# --- facts ------------------------------------------------------------------------------------------------------------

EXTREMES = np.array([-700.0, -3.0, -1e-300, -0.0, 0.0, 1e-300, 0.5, 2.0, 700.0])
ELEMENTWISE = sorted(
    (
        op
        for op in facts.FINITE | facts.CHOICES | facts.NOT_NEGATIVE
        if op.elementwise or isinstance(op.forward, np.ufunc)
    ),
    key=lambda op: op.name,
)


@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_facts_hold_for_extreme_numbers(op: Primitive) -> None:
    count = len(op.rules) if isinstance(op.rules, tuple) else getattr(op.forward, "nin", 1)
    if op in (facts.pieces.clip_op, facts.likelihood.held_log, facts.likelihood.held_reciprocal):
        operands: list[Any] = [np.abs(EXTREMES), *[0.0, 1.0][: count - 1]]
    else:
        operands = [g.ravel() for g in np.meshgrid(*[EXTREMES] * count)]
    if op.name in ("bitwise_and", "bitwise_or", "bitwise_xor", "invert"):
        operands = [x > 0 for x in operands]
    parameters = {"leaky_relu": {"negative_slope": 0.1}, "elu": {"alpha": 2.0}}.get(op.name, {})
    with np.errstate(all="ignore"):
        y = op.forward(*operands, **parameters)
    if op in facts.FINITE | facts.CHOICES:
        assert np.isfinite(y).all()
    if op in facts.NOT_NEGATIVE:
        assert (np.asarray(y, float) >= 0).all()


def test_signs() -> None:
    x = given(3)
    known: dict[Node, facts.Fact] = {x: facts.given(x)}

    def sign(f: Any) -> int:
        program = recorded(f, x)
        for node in program.steps:
            known[node] = facts.fact(node, known)
        return known[program.outputs[0]].sign

    assert sign(lambda x: x * 2.0) == 0
    assert sign(tg.exp) == 1  # it may round to 0
    assert sign(lambda x: tg.exp(x) + 1.0) == 2
    assert sign(lambda x: tg.sqrt(tg.sum(tg.abs(x)) + 1e-9)) == 2
    assert sign(lambda x: tg.exp(x) * 0.5) == 1
    assert sign(lambda x: tg.exp(x) - 0.5) == 0
    assert value_of(3.0) == 3.0
