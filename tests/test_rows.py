"""The walk of many cotangents together: for every rule, row by row the same as the ordinary reverse pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import Tensor
from tinygrad_course.core import rows as room
from tinygrad_course.core.reverse import ancestors, reverse
from tinygrad_course.core.rows import reverse_rows

from .numeric import close
from .samples import Sample
from .test_rules import evaluate, smooth, with_variables


def one_by_one(y: Tensor, seeds: Any, targets: list[Tensor]) -> dict[Tensor, Any]:
    """What `reverse_rows` should give, from one ordinary pass for each row."""
    found = [reverse([y], [seed], targets) for seed in seeds]
    return {x: np.stack([f[x] for f in found]) for x in targets if x in found[0]}


def agree(y: Tensor, seeds: Any, targets: list[Tensor]) -> bool:
    """Whether both ways agree; False where rows are not walked together."""
    found = reverse_rows(y, seeds, targets)
    if found is None:
        return False
    expected = one_by_one(y, seeds, targets)
    assert found.keys() == expected.keys()
    for x, rows in expected.items():
        assert found[x].dtype == x.dtype
        assert found[x].shape == (len(seeds), *x.shape)
        close(found[x], rows, rtol=1e-5 if x.dtype == np.float32 else 1e-6)
    return True


@smooth
def test_rows_are_those_of_single_passes(sample: Sample) -> None:
    mixed, variables = with_variables(sample)
    outputs = evaluate(sample, mixed)
    rng = np.random.default_rng(5)
    for y in outputs:
        if isinstance(y, Tensor) and y.requires_grad:
            together = agree(y, rng.uniform(0.5, 1.5, (3, *y.shape)).astype(y.dtype), variables)
            assert together or any(type(node.value) is tuple for node in ancestors([y])[0])


def network(x: Any, W: Any, b: Any) -> Any:
    h = tg.tanh(x @ W + b)
    return h.sum(axis=0) * h[0] + 2.0 / (1.0 + h[-1] ** 2)


def arguments(dtype: Any = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((4, 3), (3, 5), (5,))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_with_shared_and_broadcast_values(dtype: Any) -> None:
    x, W, b = (Tensor(a, requires_grad=True) for a in arguments(dtype))
    y = network(x, W, b)
    assert agree(y, np.eye(5, dtype=dtype), [x, W, b])


def test_rows_are_walked_in_portions_that_fit_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tg.jacobian(network, argnums=(0, 1, 2))(*arguments())
    portions: list[int] = []
    sweep = room._sweep

    def spy(recorded: Any, y: Any, seeds: Any, *rest: Any, **flags: Any) -> Any:
        portions.append(len(seeds))
        return sweep(recorded, y, seeds, *rest, **flags)

    monkeypatch.setattr(room, "_sweep", spy)
    for together, expected in ((80, [4, 1]), (60, [])):  # rows of 20 numbers: four at a time; too few to be worth it
        monkeypatch.setattr(room, "TOGETHER", together)
        portions.clear()
        parts = tg.jacobian(network, argnums=(0, 1, 2))(*arguments())
        assert portions == expected
        for a, b in zip(whole, parts, strict=True):
            close(a, b)


def test_the_branch_that_was_not_chosen_gives_zero() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    with np.errstate(all="ignore"):
        table = tg.jacobian(lambda x: tg.where(x > 0, tg.sqrt(x) + tg.log(x), x))(x)
    assert np.array_equal(table, np.diag([1.0, 1.0, 0.5]))


def test_rows_are_walked_one_by_one_under_detect_anomaly() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with tg.detect_anomaly():
        assert reverse_rows(y, np.eye(2), [x]) is None
        assert np.array_equal(tg.jacobian(lambda x: x * x)(np.array([1.0, 2.0])), np.diag([2.0, 4.0]))


def test_a_target_that_no_path_reaches_is_missing() -> None:
    x, z = Tensor([1.0, 2.0], requires_grad=True), Tensor(1.0, requires_grad=True)
    found = reverse_rows(x * 3.0, np.eye(2), [x, z])
    assert found is not None
    assert list(found) == [x]


def test_an_output_that_is_its_own_target() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    found = reverse_rows(x, np.eye(2), [x])
    assert found is not None
    assert np.array_equal(found[x], np.eye(2))


def test_data_that_was_changed_is_refused() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.data = x.data + 1.0
    with pytest.raises(tg.MutationError, match="changed after multiply"):
        reverse_rows(y, np.eye(2), [x])


def own_op(kind: str, entry: Callable[..., Any]) -> Any:
    """A user's operation, with `entry` for its rule."""
    op = tg.primitive(lambda x: x * 1.0, name="mine")
    if kind == "partials":
        op.def_partials(lambda y, x: (entry(x),))
    else:
        op.def_vjp(lambda g, y, x: (entry(g),))
    return op


@pytest.mark.parametrize("kind", ["partials", "vjp"])
def test_a_rule_of_a_user_with_one_function_for_all(kind: str) -> None:
    mine = own_op(kind, lambda a: 3.0 * a)
    x = np.array([1.0, 2.0])
    expected = np.diag(3.0 * x) if kind == "partials" else 3.0 * np.eye(2)
    assert np.array_equal(tg.jacobian(mine)(x), expected)


@pytest.mark.parametrize("kind", ["partials", "vjp"])
def test_a_rule_of_the_wrong_shape_is_named(kind: str) -> None:
    mine = own_op(kind, lambda a: np.ones((2, 2) if kind == "partials" else 3))
    with pytest.raises(tg.ShapeError, match="the rule of mine gave a gradient of shape"):
        tg.jacobian(mine)(np.array([1.0, 2.0]))


def test_a_rule_that_gives_none_stops_the_derivative() -> None:
    mine = own_op("vjp", lambda g: None)
    assert np.array_equal(tg.jacobian(lambda x: mine(x) + x)(np.array([1.0, 2.0])), np.eye(2))
