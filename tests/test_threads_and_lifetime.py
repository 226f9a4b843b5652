"""Graphs die by reference counting, at once and completely; threads do not disturb each other."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.node import Node
from tinygrad_course.core.primitive import Primitive
from tinygrad_course.core.reverse import ancestors


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Without the cyclic garbage collector: what dies, dies by reference counting."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(data: Any) -> tg.Tensor:
    return tg.Tensor(data, requires_grad=True)


def network() -> tuple[list[tg.Tensor], tg.Tensor]:
    """A small network of many kinds of operations: its parameters and its loss."""
    rng = np.random.default_rng(1)
    w1, b1, w2 = leaf(rng.normal(size=(4, 3))), leaf(np.zeros(4)), leaf(rng.normal(size=(2, 4)))
    x = rng.normal(size=(3, 5))
    hidden = tg.tanh(w1 @ x + b1[:, None])
    loss = tg.log(tg.exp(w2 @ hidden).sum(axis=0)).sum() + (hidden[1:] ** 2).mean()
    return [w1, b1, w2], loss


def witnesses(output: tg.Tensor) -> list[weakref.ref[Node]]:
    """Weak references to every recorded node below `output`."""
    found = [weakref.ref(node) for node in ancestors([output])[0]]
    assert len(found) > 5
    return found


def alive(refs: list[weakref.ref[Any]]) -> list[Any]:
    return [r() for r in refs if r() is not None]


@pytest.mark.usefixtures("no_collector")
def test_graph_dies_with_its_last_output() -> None:
    parameters, loss = network()
    refs = witnesses(loss)
    assert len(alive(refs)) == len(refs)
    del loss
    assert alive(refs) == []
    assert len(parameters) == 3


@pytest.mark.usefixtures("no_collector")
def test_graph_dies_after_backward() -> None:
    parameters, loss = network()
    refs = witnesses(loss)
    loss.backward()
    del loss
    assert alive(refs) == []
    assert all(p.grad is not None for p in parameters)


@pytest.mark.usefixtures("no_collector")
def test_graph_dies_after_create_graph_and_the_second_graph_too() -> None:
    parameters, loss = network()
    slopes = tg.gradients(loss, parameters, create_graph=True)
    penalty = sum(((g**2).sum() for g in slopes), tg.Tensor(0.0))
    refs = witnesses(penalty)
    penalty.backward()
    del loss, slopes, penalty
    assert alive(refs) == []


@pytest.mark.usefixtures("no_collector")
def test_graph_dies_after_a_failing_backward() -> None:
    def broken(g: Any, y: Any, x: Any) -> Any:
        raise ZeroDivisionError

    _, loss = network()
    out = Primitive(np.negative, name="broken", vjp=(broken,))(loss)
    refs = witnesses(out)
    with pytest.raises(ZeroDivisionError) as caught:
        out.backward()
    del loss, out, caught
    assert alive(refs) == []


@pytest.mark.usefixtures("no_collector")
def test_graph_dies_after_a_failing_forward() -> None:
    _, loss = network()
    refs = witnesses(loss)
    with pytest.raises(tg.ShapeError) as caught:
        (loss * np.ones(3)) @ np.ones(4)
    del loss, caught
    assert alive(refs) == []


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "transform",
    [
        lambda f, x: tg.grad(f)(x),
        lambda f, x: tg.hessian(f)(x),
        lambda f, x: tg.hvp(f, (x,), (x,)),
        lambda f, x: tg.jvp(f, (x,), (x,)),
        lambda f, x: tg.vjp(f, x)[1](np.float64(1)),
        lambda f, x: tg.checkpoint(f)(leaf(x)).backward(),
    ],
    ids=["grad", "hessian", "hvp", "jvp", "vjp", "checkpoint"],
)
def test_transforms_leave_nothing_behind(transform: Callable[..., Any]) -> None:
    refs: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        y = tg.exp(x) * x
        refs.append(weakref.ref(y))
        return y.sum()

    transform(f, np.array([0.5, 1.0]))
    assert refs
    assert alive(refs) == []


@pytest.mark.usefixtures("no_collector")
def test_intermediate_arrays_die_with_the_graph() -> None:
    y = tg.exp(leaf(np.ones(3)))
    ref = weakref.ref(y.value)
    z = (y * 2).sum()
    z.backward()
    del y
    assert ref() is not None  # z still needs it
    del z
    assert ref() is None


@pytest.mark.usefixtures("no_collector")
def test_nodes_without_gradient_hold_no_history() -> None:
    x = tg.Tensor(np.ones(3))
    y = x * 2
    ref = weakref.ref(y)
    z = y + 1
    del y
    assert ref() is None
    assert z.inputs == ()


@pytest.mark.usefixtures("no_collector")
def test_training_creates_no_cyclic_garbage() -> None:
    network()[1].backward()
    gc.collect()
    for _ in range(5):
        parameters, loss = network()
        loss.backward()
        tg.gradients(loss, parameters, create_graph=True)
        del parameters, loss
    assert gc.collect() == 0


# --- threads ----------------------------------------------------------------------------------------------------------


def together(work: Callable[[int], Any], count: int = 4) -> list[Any]:
    """`work(0), ..., work(count - 1)`, each in a thread of its own, all started at the same moment."""
    barrier = threading.Barrier(count)

    def run(i: int) -> Any:
        barrier.wait(timeout=30)
        return work(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_threads_differentiate_shared_parameters_independently() -> None:
    rng = np.random.default_rng(3)
    w = leaf(rng.normal(size=(3, 3)))
    data = rng.normal(size=(4, 3, 6))

    def slope(i: int) -> Any:
        for _ in range(30):
            loss = (tg.tanh(w @ data[i]) ** 2).sum()
            (g,) = tg.gradients(loss, w)
        return g.data

    expected = [slope(i) for i in range(4)]
    for found, wanted in zip(together(slope), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert w.grad is None


def test_threads_with_second_derivatives_and_their_own_backward() -> None:
    def work(i: int) -> Any:
        x = leaf(np.full(3, 1.0 + i))
        for _ in range(20):
            x.zero_grad()
            (g,) = tg.gradients((x**3).sum(), x, create_graph=True)
            (g * x).sum().backward()
        return x.grad

    for i, found in enumerate(together(work)):
        np.testing.assert_allclose(found, np.full(3, 9.0 * (1 + i) ** 2))


def test_no_grad_holds_for_its_own_thread_only() -> None:
    x = leaf(2.0)
    inside, done = threading.Event(), threading.Event()

    def quiet() -> bool:
        with tg.no_grad():
            inside.set()
            assert done.wait(timeout=30)
            return (x * x).requires_grad

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(quiet)
        assert inside.wait(timeout=30)
        recorded = (x * x).requires_grad
        done.set()
        assert not result.result(timeout=30)
    assert recorded


def test_a_decorated_function_may_run_in_several_threads() -> None:
    x = leaf(2.0)

    @tg.no_grad()
    def quiet(i: int) -> bool:
        return any((x * k).requires_grad for k in range(200))

    def work(i: int) -> tuple[bool, bool]:
        return quiet(i), (x * 1.0).requires_grad

    assert together(work) == [(False, True)] * 4


def test_one_no_grad_object_may_be_shared_by_threads() -> None:
    """Each thread must get its own state back, whatever the order in which they leave."""
    x, shared = leaf(2.0), tg.no_grad()
    first_in, second_in, first_out = (threading.Event() for _ in range(3))

    def first() -> bool:
        with shared:
            first_in.set()
            assert second_in.wait(timeout=30)
        first_out.set()
        return (x * x).requires_grad

    def second() -> bool:
        with tg.no_grad():
            assert first_in.wait(timeout=30)
            with shared:
                second_in.set()
                assert first_out.wait(timeout=30)
            return (x * x).requires_grad

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(first), pool.submit(second)
        assert one.result(timeout=30)
        assert not two.result(timeout=30)


def test_new_threads_record() -> None:
    x = leaf(2.0)
    with tg.no_grad(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: (x * x).requires_grad).result(timeout=30)
