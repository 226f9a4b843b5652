"""What `jit` leaves in memory once a function is compiled: the program and its scratch arrays, nothing of the traces.

Measured with tracemalloc, which knows every NumPy array, and with the cyclic collector off: what dies only with it
would stay for a long time where little else happens.
"""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import tinygrad_course as tg
from tests.jit_cases import backend, jit  # noqa: F401
from tinygrad_course import nn, optim

SIZE = 192
SLACK = {"numpy": 1.5e6, "auto": 6e6}  # code and positions of lines; what Numba keeps, and leaves to the collector
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def data():
    return np.random.default_rng(1).normal(size=(SIZE, SIZE))


def layers(count):
    return [tg.Tensor(RNG.normal(size=(SIZE, SIZE)) / 14, requires_grad=True) for _ in range(count)]


def trained(loss, optimizer):
    def step(x):
        optimizer.zero_grad()
        found = loss(x)
        found.backward()
        optimizer.step()
        return found

    return step


def network(kind=optim.SGD, **settings):
    weights = layers(4)

    def loss(x):
        for w in weights:
            x = tg.tanh(x @ w)
        return (x * x).mean()

    return trained(loss, kind(weights, lr=0.01, **settings))


def modules():
    model = nn.Sequential(nn.Linear(SIZE, SIZE), nn.ReLU(), nn.Dropout(0.5), nn.Linear(SIZE, SIZE))
    return trained(lambda x: (model(x) ** 2).mean(), optim.SGD(model.parameters(), lr=0.01))


def recurrent():
    (w,) = layers(1)

    def loss(x):
        h = x
        for _ in range(8):
            h = tg.tanh(h @ w + x)
        return h.mean()

    return trained(loss, optim.SGD([w], lr=0.01))


def elementwise():
    def f(x):
        with tg.no_grad():
            x = tg.asarray(x)
            for _ in range(20):
                x = tg.sin(x) + tg.exp(-x * x)
            return x.sum()

    return f


def nested():
    def f(x):
        with tg.no_grad():
            long = [tg.exp(tg.asarray(x) * k) for k in range(20)]
            return {"sum": sum(long).sum(), "pair": (long[0].sum(), [long[1].mean()])}

    return f


def rebinding():
    (w,) = layers(1)

    def step(x):
        w.grad = None
        loss = ((tg.asarray(x) @ w) ** 2).mean()
        loss.backward()
        w.data = w.data - 0.01 * w.grad
        return loss

    return step


CASES = {
    "sgd": network,
    "momentum": lambda: network(momentum=0.9),
    "adam": lambda: network(optim.Adam),
    "modules": modules,
    "recurrent": recurrent,
    "elementwise": elementwise,
    "nested": nested,
    "rebinding": rebinding,
}


def memory(step, warm=4):
    """What stays after some calls of `step`, and the most that one more call takes."""
    x = data()
    tracemalloc.start()
    try:
        for _ in range(warm):
            step(x)
        stays = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step(x)
        return stays, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", CASES)
def test_a_compiled_step_needs_no_more_than_a_plain_one(name, backend):  # noqa: F811
    memory(jit(CASES[name]()))  # libraries are loaded, caches filled
    _, plain = memory(CASES[name]())
    stays, peak = memory(jit(CASES[name]()))
    assert peak <= 1.1 * plain + SLACK[backend], (stays, peak, plain)


@pytest.mark.parametrize("calls", [1, 2, 3, 5])
@pytest.mark.parametrize("wrap", [np.array, tg.Tensor], ids=["array", "Tensor"])
def test_arguments_are_let_go(calls, wrap):
    (w,) = layers(1)
    compiled = jit(trained(lambda x: ((x @ w) ** 2).mean(), optim.SGD([w], lr=0.01)))
    for _ in range(calls):
        x = wrap(data())
        known = weakref.ref(x if isinstance(x, np.ndarray) else x.value)
        compiled(x)
        del x
        assert known() is None


def test_an_old_gradient_is_let_go_before_a_new_one_is_made():
    """Three arrays of the parameter's size: the product, its gradient, and the scratch for the update."""
    w = tg.Tensor(RNG.normal(size=(1024, 1024)), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.01)
    step = jit(trained(lambda x: (tg.asarray(x) @ w).mean(), optimizer))
    x = RNG.normal(size=(4, 1024))
    for _ in range(3):
        step(x)
    tracemalloc.start()
    try:
        before = w.grad
        del before
        for _ in range(2):
            step(x)
        now = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        step(x)
        assert tracemalloc.get_traced_memory()[1] < now + w.data.nbytes / 2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("given", [True, False], ids=["argument", "around"])
@pytest.mark.parametrize("adds", [True, False], ids=["adds up", "anew"])
def test_gradients_after_a_run_that_fails(given, adds):
    """Where a NaN turns up, the function runs as it is: what it adds to must still be there."""

    def make():
        around = tg.Tensor(np.ones((SIZE, SIZE)), requires_grad=True)

        def step(x, w=None):
            w = around if w is None else w
            if not adds:
                w.grad = None
            (tg.sqrt(w * x) * x).sum().backward()

        def call(f, x):
            f(x, around) if given else f(x)

        return around, step, call

    (a, plain, call_a), (b, step, call_b) = make(), make()
    compiled = jit(step)
    for i in range(7):
        x = data() ** 2
        if i in (3, 5):
            x[0] = 0
        call_a(plain, x)
        call_b(compiled, x)
        np.testing.assert_allclose(b.grad, a.grad, rtol=1e-12)
    assert compiled.runs["plain"] >= 2
