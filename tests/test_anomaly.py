"""`detect_anomaly`: the first operation and line that made a NaN or an infinity, and arrays written to in secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg

HERE = r"\(test_anomaly\.py:\d+"


def leaf(data: Any, **options: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True, **options)


FORWARD: dict[str, tuple[Callable[[Any], Any], list[float], str]] = {
    "log of zero": (lambda x: tg.exp(tg.log(x)), [1.0, 0.0], r"^log made -inf at \[1\]"),
    "root of a negative number": (lambda x: tg.sqrt(x) * 2, [-1.0, 1.0], r"^sqrt made nan at \[0\]"),
    "division by zero": (lambda x: 1 / x + 1, [0.0], "^divide made inf"),
    "overflow": (tg.exp, [1000.0], "^exp made inf"),
    "a reduction": (lambda x: (x * 1e300).sum() * 10, [1e8, 1e8], "^(multiply|sum) made inf"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_first_bad_result_of_the_forward_pass_is_named(name: str) -> None:
    f, data, message = FORWARD[name]
    x = leaf(data)
    with np.errstate(all="ignore"), tg.detect_anomaly(), pytest.raises(tg.AnomalyError, match=f"{message}.*{HERE}"):
        f(x)


def test_first_bad_derivative_of_the_backward_pass_is_named() -> None:
    x = leaf([0.0, 1.0])
    with tg.detect_anomaly():
        y = tg.sqrt(x).sum()
        with pytest.raises(tg.AnomalyError, match=rf"^backward: .*sqrt.*inf at \[0\] {HERE}: y = tg\.sqrt"):
            y.backward()


def test_bad_data_is_not_blamed_on_the_operation() -> None:
    x = leaf([1.0, np.nan])
    with tg.detect_anomaly(), pytest.raises(tg.AnomalyError, match=r"operand 0 of multiply already held nan at \[1\]"):
        x * 2


def test_a_branch_that_is_not_taken_is_no_anomaly_in_the_backward_pass() -> None:
    x = leaf([0.0, 4.0])
    with tg.detect_anomaly():
        tg.where(x > 0, tg.sqrt(x), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.25])


@pytest.mark.parametrize("write", [lambda a: a.__setitem__(0, 9.0), lambda a: np.add(a, 1.0, out=a)])
def test_secret_writes_are_found(write: Callable[[Any], Any]) -> None:
    w = leaf([1.0, 2.0], name="w")
    with tg.detect_anomaly():
        loss = (w * w).sum()
        write(w.data)
        with pytest.raises(tg.MutationError, match=rf"multiply.*{HERE}: loss = "):
            loss.backward()


def test_secret_writes_into_constant_arrays_are_found() -> None:
    w, data = leaf([1.0, 2.0]), np.ones(2)
    with tg.detect_anomaly():
        loss = (w * data).sum()
        data[0] = 5.0
        with pytest.raises(tg.MutationError, match="multiply"):
            loss.backward()


def test_detection_ends_with_its_block_and_changes_no_result() -> None:
    x = leaf([0.5, 2.0])
    plain = tg.gradients((tg.exp(x) / x).sum(), x)[0]
    with tg.detect_anomaly():
        watched = tg.gradients((tg.exp(x) / x).sum(), x)[0]
    np.testing.assert_array_equal(watched.data, plain.data)
    with np.errstate(all="ignore"):
        assert np.isneginf(tg.log(x * 0).data).all()
