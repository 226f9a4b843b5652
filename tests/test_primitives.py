"""Primitives that users declare: joint rules, several results, and what a broken rule is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.primitive import Primitive


def leaf(data: Any, **options: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True, **options)


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
    "too few partials": ({"partials": lambda y, a, b: (b,)}, tg.GraphError, r"rule of odd returned 1 entries for 2"),
    "too many gradients": ({"vjp": lambda g, y, a, b: (g, g, g)}, tg.GraphError, r"rule of odd returned 3 entries"),
    "no tuple": ({"vjp": lambda g, y, a, b: g}, tg.GraphError, r"rule of odd returned ndarray; it must return a"),
    "wrong shape": (
        {"vjp": lambda g, y, a, b: (np.ones(7), g)},
        tg.ShapeError,
        r"rule of odd gave a gradient of shape \(7,\) for an input of shape \(2,\) \(test_primitives\.py:\d+",
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
