"""Ways to a silently wrong result of `jit`, found by hunting: each gives what plain Python gives, or is refused."""

from __future__ import annotations

import itertools
import weakref
from array import array
from types import MappingProxyType

import numpy as np
import pytest

import tinygrad_course as tg
from tests.jit_cases import Training, assert_same, backend, batch, jit  # noqa: F401
from tinygrad_course import nn, optim

X = np.array([1.0, 2.0, 3.0])
GAIN = 2.0

# --- what Python code reads, and what changes between two calls -------------------------------------------------------


class Table(dict):
    scale = 2.0


class Slotted:
    __slots__ = ("gain",)


class Settings:
    gain = 2.0


class Both(Slotted):
    """With slots, and a dict too."""


class Doubling(nn.Module):
    def forward(self, x):
        return x * 2


class Calling:
    def __call__(self, x):
        return x * 2


class Sized(tg.Tensor):
    """A Tensor with attributes."""


def with_default(x, gain=2.0):
    return x * gain


def doubled(x):
    return x * 2


def tripled(x):
    return x * 3


def attribute(holder, name, new):
    """A function that reads an attribute, and the change of it."""
    return lambda x: x * getattr(holder, name), lambda: setattr(holder, name, new)


def tensor(**attributes):
    found = Sized(np.ones(3))
    vars(found).update(attributes)
    return found


def places():
    """Functions, each with a change that it must notice."""
    table, both, module, called = Table(), Both(), Doubling(), Calling()
    table.gain = both.gain = 2.0
    plain = tg.Tensor(np.ones(3))
    shaped, typed, large = np.ones(6), np.zeros(6), np.ones(60_000)
    hidden, deep, objects = {"gain": 2.0}, Settings(), np.array([{"gain": 2.0}], object)
    proxy, seen = MappingProxyType(hidden), weakref.ref(deep)
    numbers, octets = array("d", [2.0]), bytearray([2])
    schedule = optim.lr_scheduler.StepLR(optim.SGD([nn.Parameter(np.ones(3))], 0.1), 2, 0.5)

    def noted(x):
        return x * noted.gain

    noted.gain = 2.0
    return {
        "attribute of a dict": (lambda x: x * table.gain, lambda: setattr(table, "gain", 5.0)),
        "class of a dict": (lambda x: x * table.scale, lambda: setattr(Table, "scale", 5.0)),
        "slot beside a dict": (lambda x: x * both.gain, lambda: setattr(both, "gain", 5.0)),
        "attribute by its name": attribute(deep, "gain", 5.0),
        "class attribute by its name": (lambda x: x * vars(Table)["scale"], lambda: setattr(Table, "scale", 7.0)),
        "forward of a class": (
            lambda x: module(tg.Tensor(x)),
            lambda: setattr(Doubling, "forward", lambda _, x: x * 5),
        ),
        "call of a class": (called, lambda: setattr(Calling, "__call__", lambda _, x: x * 5)),
        "globals()": (lambda x: x * globals()["GAIN"], lambda: globals().update(GAIN=GAIN + 1)),
        "a default": (with_default, lambda: setattr(with_default, "__defaults__", (5.0,))),
        "the code": (doubled, lambda: setattr(doubled, "__code__", tripled.__code__)),
        "attribute of a function": (noted, lambda: setattr(noted, "gain", 5.0)),
        "requires_grad": (lambda x: x * 2 if plain.requires_grad else x * 3, lambda: plain.requires_grad_(True)),
        "dtype of a Tensor": (lambda x: x.astype(plain.dtype), lambda: setattr(plain, "data", np.ones(3, "float32"))),
        "attribute of a Tensor": attribute(tensor(gain=2.0), "gain", 5.0),
        "shape of an array": (lambda x: x * shaped.shape[0], lambda: setattr(shaped, "shape", (2, 3))),
        "dtype of an array": (lambda x: x * typed.dtype.itemsize, lambda: setattr(typed, "dtype", np.float32)),
        "shape of a large array": (lambda x: x * large.shape[0], lambda: setattr(large, "shape", (2, 30_000))),
        "an array of objects": (lambda x: x * objects[0]["gain"], lambda: objects[0].update(gain=5.0)),
        "a read-only dict": (lambda x: x * proxy["gain"], lambda: hidden.update(gain=5.0)),
        "a weak reference": (lambda x: x * seen().gain, lambda: setattr(deep, "gain", 6.0)),
        "array.array": (lambda x: x * numbers[0], lambda: numbers.__setitem__(0, 5.0)),
        "bytearray": (lambda x: x * octets[0], lambda: octets.__setitem__(0, 5)),
        "a schedule's setting": (lambda x: x * schedule.gamma, lambda: setattr(schedule, "gamma", 5.0)),
    }


@pytest.fixture(autouse=True)
def undone(monkeypatch):
    """The changes of classes and functions of this file are taken back."""
    for holder, name in (
        (Table, "scale"),
        (Doubling, "forward"),
        (Calling, "__call__"),
        (with_default, "__defaults__"),
        (doubled, "__code__"),
    ):
        monkeypatch.setattr(holder, name, getattr(holder, name))


@pytest.mark.filterwarnings("ignore:Setting the (shape|dtype):DeprecationWarning")  # since NumPy 2.5; it still works
@pytest.mark.parametrize("name", places())
def test_what_python_reads_is_watched(name):
    function, change = places()[name]
    compiled = jit(function)
    for i in range(6):
        if i == 4:
            before = np.asarray(function(X))
            change()
            after = np.asarray(function(X))
            assert before.dtype != after.dtype or not np.array_equal(before, after)
        assert_same(function(X * i), compiled(X * i))
    assert compiled.runs["compiled"] == 6


# --- what a program would not do again --------------------------------------------------------------------------------


def refusals():
    """Functions that do something besides computing values."""
    w = tg.Tensor(X.copy(), requires_grad=True)
    optimizer = optim.Adam([w], 0.1)
    counts, big = np.zeros(3), np.zeros(20_000)
    generator, cycle, items = (k for k in (2, 2, 2, 5)), itertools.cycle([2, 2, 2, 5]), iter([2, 2, 2, 5])

    def update(x):
        optimizer.zero_grad()
        (w * x).sum().backward()
        optimizer.step()

    update(X)

    def view(read, change):
        def step(x):
            v = read(w, x)
            change(v, w)
            return v * 2 + x * w.data

        return step

    def below(v, w):
        w.data -= 1.0

    def itself(v, w):
        v -= 1.0

    return {
        "a view is read later": view(lambda w, x: w.data[1:2], below),
        "a detached Tensor is read later": view(lambda w, x: w.detach(), below),
        "a reversed view is read later": view(lambda w, x: w.data[::-1], below),
        "writing to a slice": view(lambda w, x: w.data[1:2], itself),
        "writing to a transpose": view(lambda w, x: w.data.T, itself),
        "writing to a reshaped array": view(lambda w, x: w.data.reshape(3, 1), itself),
        "writing to a slice of an argument": view(lambda w, x: x[1:2], itself),
        "writing to a detached Tensor": view(lambda w, x: w.detach().data, itself),
        "writing to a part of a gradient": lambda x: (update(x), w.grad[1:].__imul__(0.5))[1],
        "an array around": lambda x: (np.add(counts, 1, out=counts), x * 2)[1],
        "an element of an array around": lambda x: (counts.__setitem__(0, counts[0] + 1), x * counts)[1],
        "an element of a large array": lambda x: (big.__setitem__(0, big[0] + 1), x * 2)[1],
        "the steps of an optimizer": lambda x: (update(x), x * optimizer.state[w]["step"])[1],
        "the averages of an optimizer": lambda x: (update(x), x * optimizer.state[w]["exp_avg"])[1],
        "the state_dict of an optimizer": lambda x: (update(x), x * optimizer.state_dict()["state"][0]["step"])[1],
        "a generator": lambda x: x * next(generator),
        "a cycle": lambda x: x * next(cycle),
        "an iterator": lambda x: x * next(items),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_a_program_would_not_do_is_refused(name):
    compiled = jit(refusals()[name])
    for _ in range(2):
        with pytest.raises(tg.TraceError):
            compiled(X)


@pytest.mark.parametrize(
    "change", [lambda d: d.update(y=d["x"]), lambda d: d.update(x=d["x"] * 2), lambda d: d.clear()]
)
def test_changing_an_argument_is_refused(change):
    def step(d):
        x = d["x"]
        change(d)
        return x * 2

    given = {"x": X}
    with pytest.raises(tg.TraceError, match="among its arguments"):
        jit(step)(given)
    assert given.keys() == {"x"}


# --- values before and after a write ----------------------------------------------------------------------------------


def old_and_new():
    """Steps on two Tensors that move values about while one is updated."""

    def returned(x, w, v, step):
        old = np.copy(w.data)
        step()
        return old, tg.Tensor(w.data), x * w.data

    def copied_before(x, w, v, step):
        v.data[...] = w.data
        step()

    def copied_after(x, w, v, step):
        step()
        v.data[...] = w.data

    def bound_before(x, w, v, step):
        v.data = np.copy(w.data)
        step()

    def swapped(x, w, v, step):
        w.data, v.data = v.data, w.data
        return x * w.data

    def exchanged(x, w, v, step):
        kept = np.copy(w.data)
        w.data[...] = v.data
        v.data[...] = kept

    def argument(x, w, v, step):
        old = np.copy(x)
        x *= 2
        return old, x + 0.0

    def chained(x, w, v, step):
        w.data -= v.data
        v.data += w.data
        w.data *= 2.0
        return w.data + v.data

    def gradient(x, w, v, step):
        step()
        old = np.copy(w.grad)
        w.grad *= 0.5
        return old, w.grad * x

    return {f.__name__: f for f in (v for v in list(locals().values()) if callable(v))}


@pytest.mark.parametrize("name", old_and_new())
def test_old_and_new_values(name):
    def make():
        w, v = tg.Tensor(X.copy(), requires_grad=True), tg.Tensor(X * 7)
        optimizer = optim.SGD([w], 0.1)

        def update():
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()

        return (w, v), lambda x: old_and_new()[name](x, w, v, update)

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for i in range(5):
        assert_same(plain(X + i), compiled(X + i))
        assert_same([(t.data, t.grad) for t in a], [(t.data, t.grad) for t in b])
    assert compiled.runs["compiled"] == 5


def test_two_gradients_that_are_one_array():
    def make():
        w, v = (tg.Tensor(X * k, requires_grad=True) for k in (1, 2))

        def step(x):
            w.grad = v.grad = None
            (tg.tanh(w + v) * x).sum().backward()
            w.grad *= 0.5
            w.data -= w.grad
            v.data -= v.grad

        return (w, v), step

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for _ in range(4):
        plain(X)
        compiled(X)
        assert_same([(t.data, t.grad) for t in a], [(t.data, t.grad) for t in b])


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overlap", [lambda a: (a[1:], a[1:]), lambda a: (a[1:], a[:-1]), lambda a: (a[:-1], a[1:])])
def test_arguments_that_share_memory_and_are_written_to(overlap):
    def step(x, y):
        x -= 1.0
        return x * y

    compiled = jit(step)
    for i in range(8):
        want, got = (overlap(np.arange(5.0) + i) for _ in range(2))
        if i % 2 == 0:
            want, got = [x.copy() for x in want], [x.copy() for x in got]
        assert_same(step(*want), compiled(*got))
        assert_same(list(want), list(got))


def test_slices_are_told_by_what_they_say():
    compiled = jit(lambda x, part: x[part] * 2)
    for n in (1, 1, 1, 2, 3, 1, 2):
        assert_same(X[:n] * 2, compiled(X, slice(0, n)))  # often in the place of the slice before


def test_gradients_of_tensors_that_are_arguments():
    def step(w, x):
        (w * w * x).sum().backward()

    compiled = jit(step)
    first, second = ([tg.Tensor(X * k, requires_grad=True) for k in (1, 2, 3)] for _ in range(2))
    for k in (0, 0, 0, 0, 1, 1, 2, 0, 1):
        step(first[k], X)
        compiled(second[k], X)
        assert_same([w.grad for w in first], [w.grad for w in second])


def test_a_function_that_calls_itself_in_plain_python():
    w = tg.Tensor([3.0], requires_grad=True)
    functions = {}

    def power(x, n):
        return x * w if n == 0 else functions["power"](x, n - 1) * 2

    functions["power"] = jit(power)
    with pytest.warns(UserWarning, match="history"):
        assert functions["power"](np.ones(1), 2).item() == 12.0


def test_a_gradient_that_is_constant():
    w = tg.Tensor(X.copy(), requires_grad=True)
    compiled = jit(lambda: (w * 2).sum().backward())
    for i in range(4):
        compiled()
        assert_same(w.grad, np.full(3, 2.0 * (i + 1)))
        w.grad[0] = w.grad[0]  # may be written to


def test_constant_results_are_the_callers_own():
    compiled = jit(lambda x: (x * 2, np.arange(3.0), tg.Tensor([1.0, 2.0]) * 2))
    for _ in range(4):
        _, a, b = compiled(X)
        assert_same((a, b.data), (np.arange(3.0), np.array([2.0, 4.0])))
        a += 1
        b.data += 1


@pytest.mark.parametrize("f", [lambda x: x * 0.0, tg.grad(lambda a: (a * 0.0 * a).sum())])
def test_zero_times_nan_is_nan(f):
    compiled = jit(f)
    for bad in (1.0, 2.0, np.nan, np.inf, -1.0):
        x = np.array([1.0, bad, -1.0])
        with np.errstate(invalid="ignore"):
            assert_same(f(x), compiled(x))


# --- optimisers and schedules -----------------------------------------------------------------------------------------


def twice(t):
    """Two steps in one."""
    return lambda x, y: (t.step(x, y), t.step(x, y))[1]


def schedule_first(t):
    def step(x, y):
        t.schedule.step()
        return t.step(x, y)

    return step


@pytest.mark.parametrize(("make", "scheduled"), [(twice, False), (twice, True), (schedule_first, True)])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.filterwarnings("ignore:jit. step runs as plain Python")
@pytest.mark.filterwarnings("ignore:jit. <lambda> runs as plain Python")
def test_steps_and_schedules_in_any_order(make, scheduled, optimizer):
    a, b = (Training("two_layers", optimizer, None, scheduled) for _ in range(2))
    plain, compiled = make(a), jit(make(b))
    rng = np.random.default_rng(0)
    for i in range(5):
        x, y = batch("two_layers", rng, 6)
        assert_same(plain(x, y), compiled(x, y))
        assert_same(a.everything(), b.everything(), f"step {i}")


SETTINGS = {
    "adam": [("amsgrad", (False, False, False, True, True, False)), ("maximize", (True, False) * 3),
             ("eps", (1e-8, 1e-3) * 3), ("betas", ((0.9, 0.99), (0.8, 0.9), (0.9, 0.99)) * 2)],
    "sgd": [("momentum", (0, 0, 0.9, 0.9, 0.0, 0.5)), ("weight_decay", (0, 0.1) * 3),
            ("lr", (0.1, np.float32(0.1), 1, 0, True, np.array(0.1)))],
    "momentum": [("nesterov", (True, False) * 3), ("dampening", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0))],
}  # fmt: skip


@pytest.mark.parametrize(("optimizer", "name", "values"), [(o, *s) for o, found in SETTINGS.items() for s in found])
def test_settings_that_change_between_steps(optimizer, name, values):
    a, b = (Training("two_layers", optimizer) for _ in range(2))
    compiled = jit(b.step)
    rng = np.random.default_rng(0)
    for value in values:
        x, y = batch("two_layers", rng, 6)
        for t in (a, b):
            t.optimizer.param_groups[0][name] = value
        assert_same(a.step(x, y), compiled(x, y))
        assert_same(a.everything()["model"], b.everything()["model"])
