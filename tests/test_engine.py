"""The reverse pass: edges, sums, what is computed and what is not, who owns memory, deep graphs."""

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


# --- edges and sums ---------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)], ids=str)
def test_an_output_of_one_element_needs_no_gradient_argument(shape: tuple[int, ...], kind: Any) -> None:
    x = leaf(np.full(shape, 3.0), dtype=kind)
    y = x * x
    y.backward()
    (g,) = tg.gradients(y, x)
    for found in (x.grad, g.data):
        assert (found.shape, found.dtype) == (shape, kind)
        assert found == 6.0


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


# --- only what somebody needs -----------------------------------------------------------------------------------------


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


# --- gradients of gradients -------------------------------------------------------------------------------------------


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


# --- who owns the memory ----------------------------------------------------------------------------------------------

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


def gradients_of(f: Callable[..., Any], x: Any, y: Any) -> list[Any]:
    a, b = leaf(x), leaf(y)
    return [g.data for g in tg.gradients(f(a, b), [a, b], np.ones(3))]


TRANSFORMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "grad": lambda f, x, y: tg.grad(lambda a, b: f(a, b).sum(), argnums=(0, 1))(x, y),
    "vjp": lambda f, x, y: tg.vjp(f, x, y)[1](x),
    "jvp": lambda f, x, y: tg.jvp(f, (x, y), (x, y)),
    "jacobian": lambda f, x, y: tg.jacobian(f, argnums=(0, 1))(x, y),
    "gradients": gradients_of,
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("function", [lambda a, b: a + b, lambda a, b: (a + b) * 2.0, lambda a, b: (a + b).sum() + a])
def test_transforms_hand_out_arrays_of_their_own(name: str, function: Callable[..., Any]) -> None:
    x, y = np.ones(3), np.full(3, 2.0)
    found = TRANSFORMS[name](function, x, y)
    assert all(g.flags.writeable for g in found)
    assert not any(np.shares_memory(a, b) for a, b in combinations([*found, x, y], 2))


def test_gradient_in_use_is_not_changed_by_a_second_backward() -> None:
    x = leaf([1.0, 2.0])
    (x * 2).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    np.testing.assert_array_equal(first, [2.0, 2.0])
    np.testing.assert_array_equal(x.grad, [4.0, 4.0])


# --- deep graphs ------------------------------------------------------------------------------------------------------


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


# --- scalars and dtypes -----------------------------------------------------------------------------------------------


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
