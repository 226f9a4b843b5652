"""What was recorded must stay as it was: changed data is refused. And recording can be switched off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.primitive import Primitive


def leaf(data: Any, **options: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True, **options)


# --- changed data -----------------------------------------------------------------------------------------------------


def test_data_changed_between_forward_and_backward_is_refused() -> None:
    w = leaf([1.0, 2.0], name="w")
    loss = (w * w).sum()
    w.data -= 0.1
    with pytest.raises(
        tg.MutationError, match=r"data of w \(shape \(2,\)\).*multiply.*test_recording\.py:\d+: loss = "
    ):
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


# --- recording switched off -------------------------------------------------------------------------------------------


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


def test_no_grad_decorates_with_and_without_brackets() -> None:
    w = tg.Tensor(2.0, requires_grad=True)
    for decorated in (tg.no_grad(lambda x: x * w), tg.no_grad()(lambda x: x * w)):
        out = decorated(3.0)
        assert out.item() == 6.0
        assert not out.requires_grad
    assert (w * 2).requires_grad


def test_divmod() -> None:
    t = tg.Tensor(7.5, requires_grad=True)
    quotient, remainder = divmod(t, 2.0)
    assert (quotient.item(), remainder.item()) == divmod(7.5, 2.0)
    remainder.backward()
    assert t.grad == 1.0
    assert [x.item() for x in divmod(20.0, t)] == list(divmod(20.0, 7.5))


def test_a_function_that_leaves_the_graph_is_told_of() -> None:
    with pytest.warns(UserWarning, match="nothing links with its arguments"):
        assert tg.grad(lambda x: np.asarray(x).sum())(np.ones(2)).tolist() == [0.0, 0.0]
    assert tg.grad(lambda x: 3.0)(1.0) == 0.0  # a Python number is a constant that was meant
