"""The reverse pass: edges, accumulation, what is computed and what is not, deep graphs, changed data, users' primitives."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.primitive import Primitive

from .numeric import variable


def leaf(data: Any, **options: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True, **options)


def spy(calls: list[str]) -> Primitive:
    """A product whose rules note which of them ran."""

    def left(y: Any, a: Any, b: Any) -> Any:
        calls.append("left")
        return b

    def right(y: Any, a: Any, b: Any) -> Any:
        calls.append("right")
        return a

    return Primitive(np.multiply, name="spied", partials=(left, right))


# --- edges and sums ----------------------------------------------------------------------------------------------------


def test_a_value_used_twice_by_one_operation_has_two_edges() -> None:
    x = leaf(3.0)
    y = x * x
    assert list(y.parents) == [x, x]
    y.backward()
    assert x.grad == 6.0


def test_every_path_of_a_diamond_counts_once() -> None:
    a, b, c = leaf(5.0), leaf(3.0), leaf(2.0)
    u = b * c
    v = a + u
    loss = 3 * v * u
    loss.backward()
    assert (a.grad, b.grad, c.grad) == (18.0, 3 * 2 * (6 + 11), 3 * 3 * (6 + 11))


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)], ids=str)
def test_wide_fan_out_accumulates(shape: tuple[int, ...]) -> None:
    x = leaf(np.full(shape, 2.0))
    total = sum((k * x for k in range(1, 1001)), tg.Tensor(0.0))
    total.backward(np.ones(shape))
    np.testing.assert_array_equal(x.grad, np.full(shape, 500500.0))


def test_accumulation_leaves_shared_cotangents_alone() -> None:
    """x + y hands one array to both; adding to x's in place must not change y's."""
    x, y = leaf(np.ones(3)), leaf(np.ones(3))
    s = x + y
    (s + x * 10 + x * 100 + (y + x)).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, np.full(3, 112.0))
    np.testing.assert_array_equal(y.grad, np.full(3, 2.0))


def test_doubling_graph_takes_one_step_per_node() -> None:
    """200 doublings have 2**200 paths; the reverse pass visits each node once."""
    x = leaf(1.0)
    y = x
    for _ in range(200):
        y = y + y
    y.backward()
    assert x.grad == 2.0**200


def test_backward_twice_accumulates() -> None:
    x = leaf([1.0, 2.0])
    y = (x**2).sum()
    y.backward()
    y.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [7.0, 11.0])
    x.zero_grad()
    assert x.grad is None


def test_gradient_argument_weighs_the_outputs() -> None:
    x = leaf([1.0, 2.0, 3.0])
    (x**2).backward(gradient=[1.0, 0.0, -1.0])
    np.testing.assert_array_equal(x.grad, [2.0, 0.0, -6.0])


def test_backward_of_a_leaf_is_one() -> None:
    x = leaf(4.0)
    x.backward()
    assert x.grad == 1.0


def test_only_leaves_and_retained_results_get_grad() -> None:
    x = leaf(2.0)
    u = x * 3
    v = u * u
    u.retain_grad()
    (v + 1).backward()
    assert u.grad == 12.0
    assert v.grad is None
    assert x.grad == 36.0


# --- only what somebody needs ------------------------------------------------------------------------------------------


def test_constants_are_not_differentiated() -> None:
    calls: list[str] = []
    product = spy(calls)
    data, weights = tg.Tensor(np.ones(3)), leaf(np.full(3, 2.0))
    product(data, weights).backward(np.ones(3))
    assert calls == ["right"]
    product(np.ones(3), weights).backward(np.ones(3))
    assert calls == ["right", "right"]
    assert data.grad is None


def test_gradients_walks_only_the_paths_to_its_inputs() -> None:
    calls: list[str] = []
    product = spy(calls)
    x, w = leaf(2.0), leaf(3.0)
    hidden = product(x, w)
    out = product(hidden, w)
    assert tg.gradients(out, hidden) == [3.0]
    assert calls == ["left"]
    calls.clear()
    assert tg.gradients(out, x) == [9.0]
    assert calls == ["left", "left"]


def test_gradients_touches_no_grad() -> None:
    x = leaf(2.0)
    tg.gradients(x * x, x)
    assert x.grad is None


def test_an_input_that_is_not_reached_gets_none() -> None:
    x, y = leaf(2.0), leaf(3.0)
    found = tg.gradients(x * x, [x, y, tg.Tensor(1.0)])
    assert found[0] == 4.0
    assert found[1:] == [None, None]
    np.testing.assert_array_equal(tg.grad(lambda a, b: a * a, argnums=1)(2.0, np.ones(3)), np.zeros(3))


def test_detached_and_discrete_values_stop_the_derivative() -> None:
    x = leaf(3.0)
    assert tg.gradients(x.detach() * x, x) == [3.0]
    assert tg.gradients((x > 0) * x, x) == [1.0]
    assert not (x > 0).requires_grad


# --- gradients of gradients --------------------------------------------------------------------------------------------


def test_create_graph_gives_derivatives_of_every_order() -> None:
    x = leaf(2.0)
    y = x**5
    for expected in (80.0, 160.0, 240.0, 240.0, 120.0):
        (y,) = tg.gradients(y, x, create_graph=True)
        assert y.item() == pytest.approx(expected)
    assert not y.requires_grad  # the fifth derivative of x**5 is a constant


def test_without_create_graph_nothing_is_recorded() -> None:
    x = leaf(2.0)
    (slope,) = tg.gradients(x**3, x)
    assert not slope.requires_grad
    assert slope.is_leaf


def test_gradient_penalty() -> None:
    """The usual mixture: backward through a loss that contains a gradient."""
    x, w = leaf([1.0, 2.0]), leaf([3.0, -1.0])
    (g,) = tg.gradients((w * x**2).sum(), x, create_graph=True)
    ((g**2).sum() + w.sum()).backward()
    np.testing.assert_allclose(w.grad, 8 * w.data * x.data**2 + 1)
    np.testing.assert_allclose(x.grad, 8 * w.data**2 * x.data)


# --- who owns the memory -----------------------------------------------------------------------------------------------

ALIASING: dict[str, Callable[[tg.Tensor, tg.Tensor], tg.Tensor]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "add_twice": lambda x, y: (x + y) + y,
    "positive": lambda x, y: +x + y,
    "transpose": lambda x, y: (x.T + y.T).T,
    "reshape": lambda x, y: x.reshape(-1).reshape(2, 2) + y,
    "broadcast": lambda x, y: x.sum() + y.sum() + x * 0 + y * 0,
    "where": lambda x, y: tg.where(x.data > 0, x, y),
    "product": lambda x, y: x * y,
    "retained": lambda x, y: retained(x + y) + 0,
}


def retained(t: tg.Tensor) -> tg.Tensor:
    t.retain_grad()
    return t


@pytest.mark.parametrize("name", ALIASING)
def test_writing_into_one_gradient_changes_nothing_else(name: str) -> None:
    x, y = leaf([[1.0, -2.0], [3.0, -4.0]]), leaf([[5.0, 6.0], [7.0, 8.0]])
    seed = np.ones((2, 2))
    out = ALIASING[name](x, y)
    out.backward(seed)
    arrays = [x.grad, y.grad, x.data, y.data, out.data, seed, *(n.grad for n in out.parents if n.retains_grad)]
    for a, b in combinations(arrays, 2):
        assert not np.shares_memory(a, b)
    kept = [np.copy(a) for a in arrays]
    for i in (0, 1):
        arrays[i][...] = 99.0
        for j in range(len(arrays)):
            if j != i:
                np.testing.assert_array_equal(arrays[j], kept[j])
        arrays[i][...] = kept[i]


def test_gradient_in_use_is_not_changed_by_a_second_backward() -> None:
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    np.testing.assert_array_equal(first, [2.0, 2.0])
    np.testing.assert_array_equal(x.grad, [4.0, 4.0])


# --- deep graphs -------------------------------------------------------------------------------------------------------


def chain(length: int) -> tuple[tg.Tensor, tg.Tensor]:
    """`length` operations in a row, half of them x + 0, half -x (an even number of them)."""
    x = leaf(1.0)
    y = x
    for _ in range(length // 4):
        y = -(-(y + 0.0) + 0.0)
    return x, y


def check_chain(length: int) -> None:
    x, y = chain(length)
    y.backward()
    assert x.grad == 1.0
    assert tg.gradients(y, x) == [1.0]
    del y  # deleting a million nested nodes must not overflow the stack either


def test_deep_chain_needs_no_recursion() -> None:
    check_chain(200_000)


@pytest.mark.slow
def test_chain_of_a_million_operations() -> None:
    check_chain(1_000_000)


def test_deep_chain_of_arrays_with_create_graph() -> None:
    x = leaf(np.ones(2))
    y = x
    for _ in range(20_000):
        y = y * 1.0
    (g,) = tg.gradients(y.sum() * x.sum(), x, create_graph=True)
    (h,) = tg.gradients(g.sum(), x)
    np.testing.assert_array_equal(h.data, [4.0, 4.0])


# --- changed data ------------------------------------------------------------------------------------------------------


def test_data_changed_between_forward_and_backward_is_refused() -> None:
    w = leaf([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data -= 0.1
    with pytest.raises(tg.MutationError, match=r"data of w \(shape \(2,\)\).*multiply.*test_engine\.py:\d+: loss = "):
        loss.backward()
    assert w.grad is None
    with pytest.raises(tg.MutationError):
        tg.gradients(loss, w)


def test_data_replaced_between_forward_and_backward_is_refused() -> None:
    w = leaf(1.0)
    loss = tg.exp(w)
    w.data = np.float64(2.0)
    with pytest.raises(tg.MutationError, match=r"shape \(\).*exp"):
        loss.backward()


def test_changed_constant_is_refused_too() -> None:
    """The derivative by w is the data: with other data it would be another derivative."""
    w, data = leaf(1.0), tg.Tensor(3.0, name="data")
    loss = w * data
    data.data = 4.0
    with pytest.raises(tg.MutationError, match="data of data"):
        loss.backward()


def test_update_after_backward_is_how_people_train() -> None:
    w = leaf([1.0, 2.0])
    for _ in range(3):
        loss = (w * w).sum()
        w.zero_grad()
        loss.backward()
        w.data -= 0.25 * w.grad
    np.testing.assert_allclose(w.data, [0.125, 0.25])


def test_second_backward_after_an_update_is_refused() -> None:
    w = leaf(2.0)
    loss = w * w
    loss.backward()
    w.data -= 0.1
    with pytest.raises(tg.MutationError):
        loss.backward()
    (w * w).backward()  # a fresh forward pass is fine


def test_update_of_an_unrelated_tensor_is_no_mutation() -> None:
    w, other = leaf(2.0), leaf(1.0)
    loss = w * w
    other.data -= 1.0
    loss.backward()
    assert w.grad == 4.0


# --- recording switched off --------------------------------------------------------------------------------------------


def test_no_grad_as_a_context_nested_and_as_a_decorator() -> None:
    x = leaf(2.0)
    with tg.no_grad():
        assert not (x * x).requires_grad
        with tg.no_grad():
            assert not (x * x).requires_grad
        assert not (x * x).requires_grad
    assert (x * x).requires_grad

    @tg.no_grad()
    def evaluate(t: tg.Tensor) -> tg.Tensor:
        return t * t

    assert not evaluate(x).requires_grad
    assert evaluate.__name__ == "evaluate"
    assert (x * x).requires_grad


def test_no_grad_ends_with_an_exception() -> None:
    x = leaf(2.0)
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad


def test_recording_is_restored_after_a_failing_rule() -> None:
    x = leaf(2.0)

    def broken(y: Any, a: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Primitive(np.negative, name="broken", partials=(broken,))(x).backward()
    assert (x * x).requires_grad


def test_leaf_made_without_recording_can_still_require_a_gradient() -> None:
    with tg.no_grad():
        x = leaf(2.0)
    assert x.requires_grad
    (x * x).backward()
    assert x.grad == 4.0


# --- users' primitives -------------------------------------------------------------------------------------------------


def test_primitive_with_joint_partials() -> None:
    @tg.primitive
    def cube(x: Any) -> Any:
        return x**3

    @cube.def_partials
    def cube_partials(y: Any, x: Any) -> Any:
        return (3 * x**2,)

    x = leaf([1.0, 2.0])
    (slope,) = tg.gradients(cube(x).sum(), x, create_graph=True)
    np.testing.assert_array_equal(slope.data, [3.0, 12.0])
    np.testing.assert_array_equal(tg.gradients(slope.sum(), x)[0].data, [6.0, 12.0])
    np.testing.assert_array_equal(cube(np.array([2.0])), [8.0])  # arrays in, arrays out
    assert callable(cube_partials)


def test_primitive_with_joint_vjp_parameters_and_broadcasting() -> None:
    @tg.primitive
    def weighted_sum(a: Any, b: Any, *, axis: int) -> Any:
        return np.sum(a * b, axis=axis)

    @weighted_sum.def_vjp
    def weighted_sum_vjp(g: Any, y: Any, a: Any, b: Any, *, axis: int) -> Any:
        spread = tg.expand_dims(g, axis)
        return spread * b, spread * a

    a, b = leaf(np.arange(6.0).reshape(2, 3)), leaf([1.0, 2.0, 3.0])
    weighted_sum(a, b, axis=1).backward([1.0, 10.0])
    np.testing.assert_array_equal(a.grad, [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    np.testing.assert_array_equal(b.grad, [30.0, 41.0, 52.0])
    with tg.no_grad():
        assert not weighted_sum(a, b, axis=1).requires_grad


def test_primitive_with_several_results() -> None:
    polar = Primitive(
        lambda a, b: (np.hypot(a, b), np.arctan2(b, a)),
        name="polar",
        outputs=2,
        vjp=lambda g, y, a, b: (
            g[0] * a / y[0] - g[1] * b / y[0] ** 2,
            g[0] * b / y[0] + g[1] * a / y[0] ** 2,
        ),
    )
    a, b = leaf(3.0), leaf(4.0)
    radius, angle = polar(a, b)
    assert (radius.item(), angle.item()) == (5.0, np.arctan2(4.0, 3.0))
    assert tg.gradients(radius, [a, b]) == [0.6, 0.8]  # nobody asked for the angle: its cotangent is 0
    np.testing.assert_allclose([g.item() for g in tg.gradients(radius * angle, [a, b])], np.array(
        [0.6 * angle.item() - 0.8, 0.8 * angle.item() + 0.6]
    ))  # fmt: skip
    (slope,) = tg.gradients(radius, a, create_graph=True)
    assert tg.gradients(slope, a)[0].item() == pytest.approx(16 / 125)
    plain = polar(3.0, 4.0)
    assert isinstance(plain, tuple)
    assert plain[0] == 5.0


def test_entry_none_means_no_derivative() -> None:
    op = Primitive(np.multiply, name="half", vjp=lambda g, y, a, b: (g * b, None))
    a, b = leaf(2.0), leaf(3.0)
    op(a, b).backward()
    assert a.grad == 3.0
    assert b.grad is None


BROKEN: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no rule": ({}, tg.GraphError, r"odd has no derivative rule.*@odd\.def_partials.*@odd\.def_vjp"),
    "too few partials": ({"partials": lambda y, a, b: (b,)}, tg.GraphError, r"rule of odd returned 1 entries for 2 inputs"),
    "too many gradients": ({"vjp": lambda g, y, a, b: (g, g, g)}, tg.GraphError, r"rule of odd returned 3 entries for 2"),
    "no tuple": ({"vjp": lambda g, y, a, b: g}, tg.GraphError, r"rule of odd returned ndarray; it must return a tuple"),
    "wrong shape": (
        {"vjp": lambda g, y, a, b: (np.ones(7), g)},
        tg.ShapeError,
        r"rule of odd gave a gradient of shape \(7,\) for an input of shape \(2,\) \(test_engine\.py:\d+",
    ),
    "too few axes": (
        {"vjp": lambda g, y, a, b: (np.float64(1), g)},
        tg.ShapeError,
        r"rule of odd gave a gradient of shape \(\) for an input of shape \(2,\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BROKEN)
def test_broken_rule_is_named(mistake: str) -> None:
    rules, kind, message = BROKEN[mistake]
    op = Primitive(np.multiply, name="odd", **rules)
    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    out = op(x, y)
    with pytest.raises(kind, match=message):
        out.backward(np.ones(2))
    assert x.grad is None


# --- scalars and dtypes ------------------------------------------------------------------------------------------------


def test_numbers_stay_numbers() -> None:
    """0-d values are NumPy scalars inside (cheap), arrays outside."""
    x = leaf(2.0)
    y = x * 3
    assert isinstance(y.value, np.float64)
    y.backward()
    assert isinstance(x.grad, np.ndarray)
    assert isinstance(y.data, np.ndarray)
    assert x.grad.shape == ()


def test_mixed_dtypes_each_input_gets_its_own() -> None:
    a, b = leaf(np.ones(2, np.float32)), leaf(np.ones(2))
    y = a * b
    assert y.dtype == np.float64
    y.backward(np.ones(2))
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)


def test_inputs_may_be_protected_arrays() -> None:
    x = variable(np.arange(3.0))
    (x * x + x).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, [1.0, 3.0, 5.0])
