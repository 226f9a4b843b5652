"""`jit` on arrays that lie in memory in other ways, share it, or are no plain arrays: with both backends."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import tinygrad_course as tg
from tests.jit_cases import assert_same, backend, jit  # noqa: F401
from tinygrad_course import optim


def read_only(x):
    x.flags.writeable = False
    return x


def unaligned(x):
    found = np.zeros(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    found[...] = x
    return found


FORMS = {
    "plain": np.copy,
    "columns first": np.asfortranarray,
    "rows backwards": lambda x: x[::-1].copy()[::-1],
    "columns backwards": lambda x: x[:, ::-1].copy()[:, ::-1],
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "inside": lambda x: np.pad(x, 1)[1:-1, 1:-1],
    "between": lambda x: np.repeat(x[:, None], 3, axis=1)[:, 1],
    "read-only": lambda x: read_only(x.copy()),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "unaligned": unaligned,
}
WRITEABLE = [name for name in FORMS if name not in ("read-only", "broadcast")]
START = np.random.default_rng(0).normal(size=(3, 3))


def many(x):
    return [tg.exp(x) * 2 - x.T, x.sum(axis=0), (x @ x).sum(), tg.softmax(x, 1)[1:], x[::-1, 1:], tg.concat([x, x.T])]


@pytest.mark.parametrize("form", FORMS)
def test_arguments_and_captured_arrays(form):
    around = FORMS[form](START)

    def both(x):
        return [y * 1.0 for y in many(tg.asarray(x))] + [tg.asarray(around) * x]

    compiled = jit(both)
    for name in [form, form, form, "plain", "columns first", form]:
        x = FORMS[name](START * 1.5)
        assert_same(both(x), compiled(x))


@pytest.mark.parametrize("form", WRITEABLE)
@pytest.mark.parametrize("rebinds", [False, True])
def test_parameters(form, rebinds):
    def make():
        w = tg.Tensor(START, requires_grad=True)
        w.data = FORMS[form](START)
        opt = optim.SGD([w], lr=0.01, momentum=0.9)

        def step(s):
            opt.zero_grad()
            loss = sum((y * s).sum() for y in many(w))
            loss.backward()
            if rebinds:
                w.data = w.data - 0.01 * w.grad
            else:
                opt.step()
            return loss

        return w, step

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for i in range(9):
        if i in (5, 7):
            for w in (a, b):
                w.data = FORMS["columns first" if i == 5 else "plain"](w.data)
        assert_same(plain(np.float64(i)), compiled(np.float64(i)))
        assert_same([a.data, a.grad], [b.data, b.grad], f"step {i}")


SHARED = {
    "itself": lambda x: x,
    "a view": lambda x: x[:],
    "a view of a view": lambda x: x.reshape(2, 2)[:].reshape(4),
    "a memoryview": lambda x: np.asarray(memoryview(x)),
    "strides": as_strided,
    "a buffer": np.frombuffer,
}


@pytest.mark.parametrize("name", SHARED)
def test_an_argument_in_the_memory_of_a_parameter(name):
    def make():
        w = tg.Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)

        def step(x):
            kept = tg.asarray(x * 1.0)
            w.grad = None
            (w * w).sum().backward()
            w.data -= 0.1 * w.grad
            return kept + 0

        return w, step

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for i in range(8):
        x, y = (SHARED[name](a.data), SHARED[name](b.data)) if i in (4, 5, 7) else (np.ones(4), np.ones(4))
        assert_same(plain(x), compiled(y))
        assert_same(a.data, b.data)


def test_a_parameter_whose_elements_overlap():
    def make():
        w = tg.Tensor(np.ones(4), requires_grad=True)
        w.data = as_strided(np.arange(4.0), (4,), (0,))

        def step(x):
            w.grad = None
            (w * x).sum().backward()
            w.data -= 0.1 * w.grad

        return w, step

    (a, plain), (b, step) = make(), make()
    compiled = jit(step)
    for _ in range(4):
        plain(np.arange(4.0))
        compiled(np.arange(4.0))
        assert_same(a.data.copy(), b.data.copy())
    assert compiled.runs["compiled"] == 0


@pytest.mark.parametrize("calls", [1, 2, 4])
@pytest.mark.parametrize("change", [("shape", (3, 2)), ("dtype", np.dtype(np.int64))])
@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
def test_the_form_of_a_captured_array_is_changed(calls, change):
    around = np.arange(6.0).reshape(2, 3)

    def f(x):
        return (tg.asarray(around) * x).sum(axis=0)

    compiled = jit(f)
    for _ in range(calls):
        compiled(np.float64(2))
    setattr(around, *change)
    for _ in range(3):
        assert_same(f(np.float64(2)), compiled(np.float64(2)))


@pytest.mark.parametrize("x", [np.ma.masked_array([1.0, 2.0], [0, 1]), np.ones(2).view(np.matrix)])
def test_arrays_that_compute_otherwise_are_refused(x):
    with pytest.raises(tg.DTypeError, match="computes otherwise"):
        jit(lambda x: (x * x).sum())(x)


def test_a_file_in_memory(tmp_path):
    x = np.memmap(tmp_path / "numbers", np.float64, "w+", shape=(3,))
    x[:] = 1, 2, 3
    compiled = jit(lambda a: (a * 2).sum() + tg.asarray(x))
    for k in range(4):
        x[0] = k
        assert_same((np.asarray(x) * 2).sum() + np.asarray(x), compiled(x).data)
