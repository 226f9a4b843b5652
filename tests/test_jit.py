"""`jit` on whole training steps and on pure functions: to the bit what plain Python gives, with the NumPy backend."""

import threading

import numpy as np
import pytest

import tinygrad_course as tg
from tests.jit_cases import MODELS, OPTIMIZERS, Training, assert_same, backend, batch, jit  # noqa: F401
from tinygrad_course import nn, optim


def follow(model, optimizer, clip, schedule, steps=7, plain_at=(5,)):
    a, b = (Training(model, optimizer, clip, schedule) for _ in range(2))
    compiled = jit(b.step)
    rng = np.random.default_rng(5)
    for i in range(steps):
        x, y = batch(model, rng, 12 if i != 4 else 7)  # another shape in between
        want = a.step(x, y)
        got = b.step(x, y) if i in plain_at else compiled(x, y)
        assert_same(want[0], got[0], f"loss {i}")
        assert_same(np.asarray(want[1], want[0].dtype), np.asarray(got[1], want[0].dtype), f"norm {i}")
        assert_same(a.everything(), b.everything(), f"step {i}")
    return compiled


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("extras", [(None, False), (0.5, True)], ids=["bare", "clipped and scheduled"])
def test_every_optimizer_step_is_the_plain_one(optimizer, extras):
    compiled = follow("dropping", optimizer, *extras)
    assert compiled.runs["compiled"] >= 5


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_as_in_plain_python(model, request):
    # The bias in front of a norm has a gradient of 0: Adam would make whole steps of the roundings.
    rounds = "numba" in request.node.name and model in ("normed", "plain_average", "narrow", "lenet")
    compiled = follow(model, "sgd" if rounds else "adam", 1.0, True)
    assert compiled.runs["compiled"] >= 5


@pytest.mark.parametrize("order", [1.0, 2.0, 3.0])
def test_norms_are_added_up_as_in_plain_python(order):
    """One by one: `sum` of floats makes up for their rounding from Python 3.12 on."""
    small = (0.99 * 2.0**-53) ** (1 / order)  # too small to change 1, but together they could
    parts = [tg.Tensor([size], requires_grad=True) for size in (1.0, *[small] * 8)]

    def step(x):
        for p in parts:
            p.grad = None
        tg.stack([(p * x).sum() * p.data.sum() for p in parts]).sum().backward()
        return optim.clip_grad_norm_(parts, 10.0, order)

    compiled = jit(step)
    for _ in range(3):
        assert step(np.ones(1)) == compiled(np.ones(1)) == 1.0
    assert compiled.runs["compiled"] == 3


def test_train_and_eval_are_two_programs():
    a, b = (Training("normed", "sgd") for _ in range(2))
    compiled = jit(b.step)
    rng = np.random.default_rng(0)
    for i in range(8):
        for t in (a, b):
            t.model.train(i % 4 < 2)
        x, y = batch("normed", rng, 6)
        assert_same(a.step(x, y), compiled(x, y))
        assert_same(a.everything(), b.everything(), f"step {i}")
    assert compiled.runs == {"compiled": 8, "traced": 4, "plain": 0}


def pair(make):
    """The same made twice: the plain step, and the compiled one."""
    (a, plain), (b, step) = make(), make()
    return a, plain, b, jit(step)


def test_updates_by_hand():
    def make():
        w = tg.Tensor([[1.0, 2.0]], requires_grad=True)
        b = tg.Tensor(0.5, requires_grad=True)

        def step(x, y):
            loss = ((w @ x + b - y) ** 2).sum()
            loss.backward()
            w.data -= 0.01 * w.grad
            b.data = b.data - 0.01 * b.grad
            w.zero_grad()
            b.grad = None
            return loss

        return (w, b), step

    a, plain, b, step = pair(make)
    before = b[1].data
    for i in range(4):
        x = np.full((2, 3), float(i))
        assert_same(plain(x, np.ones(3)), step(x, np.ones(3)))
        assert_same([p.data for p in a], [p.data for p in b])
        assert b[0].grad is None
        assert b[1].grad is None
    assert before == 0.5  # rebound, not written to
    assert step.runs["compiled"] == 4


def test_gradients_accumulate_over_calls():
    def make():
        w = tg.Tensor([1.0, 2.0], requires_grad=True)

        def step(x):
            (w * w * x).sum().backward()

        return w, step

    a, plain, b, step = pair(make)
    for i in range(5):
        plain(np.full(2, i + 1.0))
        step(np.full(2, i + 1.0))
        assert_same(a.grad, b.grad)
    kept = b.grad
    step(np.ones(2))
    assert kept is not b.grad  # a gradient that somebody holds stays as it was
    assert step.runs["compiled"] == 6


def test_gradients_changed_in_place_before_the_step():
    def make():
        w = tg.Tensor([3.0, -4.0], requires_grad=True)
        opt = optim.SGD([w], lr=0.1, momentum=0.5)

        def step(x):
            opt.zero_grad()
            (w**2 * x).sum().backward()
            g = w.grad
            g *= 0.5
            np.clip(g, -1.0, 1.0, out=g)
            opt.step()

        return w, step

    a, plain, b, step = pair(make)
    for i in range(4):
        plain(np.full(2, i + 1.0))
        step(np.full(2, i + 1.0))
        assert_same(a.data, b.data)
        assert_same(a.grad, b.grad)


def test_two_players_with_frozen_turns():
    def make():
        rng = np.random.default_rng(0)
        g, d = nn.Linear(2, 2, rng=rng), nn.Linear(2, 1, rng=rng)
        og, od = optim.Adam(g.parameters(), 0.01), optim.SGD(d.parameters(), 0.1)

        def step(z, x):
            od.zero_grad()
            fake = g(z).detach()
            loss_d = (tg.softplus(-d(x)) + tg.softplus(d(fake))).mean()
            loss_d.backward()
            od.step()
            d.requires_grad_(False)
            og.zero_grad()
            loss_g = tg.softplus(-d(g(z))).mean()
            loss_g.backward()
            og.step()
            d.requires_grad_(True)
            return loss_d, loss_g

        return (g, d), step

    a, plain, b, step = pair(make)
    rng = np.random.default_rng(1)
    for _ in range(5):
        z, x = rng.normal(size=(2, 6, 2))
        assert_same(plain(z, x), step(z, x))
        assert_same([m.state_dict() for m in a], [m.state_dict() for m in b])
    assert step.runs["compiled"] == 4


def test_the_closure_of_an_optimizer():
    def make():
        w = tg.Tensor([1.0, 2.0], requires_grad=True)
        opt = optim.SGD([w], lr=0.1)

        def step(x):
            def closure():
                opt.zero_grad()
                loss = (w * w * x).sum()
                loss.backward()
                return loss

            return opt.step(closure)

        return w, step

    a, plain, b, step = pair(make)
    for i in range(3):
        assert_same(plain(np.full(2, i + 1.0)), step(np.full(2, i + 1.0)))
        assert_same(a.data, b.data)


def test_a_schedule_that_watches_the_loss():
    def make():
        w = tg.Tensor([5.0], requires_grad=True)
        opt = optim.SGD([w], lr=0.3)
        schedule = optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)

        def step(x):
            opt.zero_grad()
            loss = (w * x).sum() ** 2
            loss.backward()
            opt.step()
            schedule.step(loss)
            return loss

        return (w, opt, schedule), step

    a, plain, b, step = pair(make)
    for x in (1.0, 3.0, 2.0, 5.0, 1.0):
        assert_same(plain(np.array([x])), step(np.array([x])))
        assert_same(a[0].data, b[0].data)
        assert a[1].param_groups[0]["lr"] == b[1].param_groups[0]["lr"]
        assert_same(a[2].state_dict(), b[2].state_dict())


def test_tensors_as_arguments_get_their_gradients():
    def step(w, x):
        loss = (w * x).sum()
        loss.backward()
        return loss

    compiled = jit(step)
    for i in range(3):
        w = tg.Tensor([1.0, 2.0 + i], requires_grad=True)
        assert_same(compiled(w, np.full(2, 3.0)).data, np.asarray((w.data * 3).sum()))
        assert_same(w.grad, np.full(2, 3.0))
    assert compiled.runs["compiled"] == 3


PURE = {
    "expression": lambda x: (tg.exp(x) * 2 - x / 3).sum(),
    "numpy": lambda x: np.concatenate([np.tanh(x), x**2]).reshape(2, -1).T,
    "gradient": tg.grad(lambda a: (a**3).sum()),
    "hessian": tg.hessian(lambda a: (a**3 * a[::-1]).sum()),
    "jvp": lambda x: tg.jvp(tg.exp, (x,), (x,)),
    "vjp": lambda x: tg.vjp(tg.sin, x)[1](x),
    "nested": lambda x: {"a": [x * 2, (x + 1,)], "b": None, "c": "text", "d": 3},
    "in place": lambda x: (*add_in_place(x), x),
    "where": lambda x: tg.where(x > 1, x, -x) + 0,
    "sorted": lambda x: (tg.sort(x), tg.argsort(x), x[x.argmax()]),
    "checkpoint": tg.grad(lambda a: tg.checkpoint(tg.exp)(a).sum()),
    "views": lambda x: (x.T, x[1:], x.reshape(3, 1), np.broadcast_to(x, (2, 3))),
    "several": lambda x: np.linalg.svd(np.outer(x, x) + np.eye(3)),
    "powers": lambda x: (x**2, x**3, x**0.5, x**-1, 2**x, x**x),
    "constants": lambda x: x * np.arange(3) + np.float32(0.1),
}


def add_in_place(x):
    y = x * 1.0
    z = y
    y += 2
    y[...] = y * 3
    return y, z


@pytest.mark.parametrize("name", PURE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pure_functions(name, dtype):
    compiled = jit(PURE[name])
    for k in range(4):
        x = np.array([1.0, 2.5, 0.5 + k], dtype)
        assert_same(PURE[name](x), compiled(x))
    assert compiled.runs == {"compiled": 4, "traced": 2, "plain": 0}


def test_results_are_the_callers_own():
    compiled = jit(lambda x: (x * 2, x + 1))
    first = compiled(np.zeros(3))
    for _ in range(4):
        compiled(np.ones(3))
    assert_same(first, (np.zeros(3), np.ones(3)))


def test_an_empty_batch_and_another_layout():
    compiled = jit(lambda x: (x * 2).sum(axis=0))
    for x in (np.ones((0, 3)), np.ones((4, 3)), np.ones((3, 4)).T, np.ones((8, 3))[::2]):
        for _ in range(3):
            assert_same((x * 2).sum(axis=0), compiled(x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_arrays_are_computed_in_blocks(dtype, request):
    def make():
        rng = np.random.default_rng(0)
        w = tg.Tensor(rng.normal(size=(300, 700)).astype(dtype), requires_grad=True)
        opt = optim.Adam([w], 0.01, weight_decay=0.1)

        def step(x, keep):
            opt.zero_grad()
            y = tg.sigmoid(w * x) * tg.tanh(x - w) + tg.where(keep, w, x) ** 2
            wide = y.astype("float64") * 0.5 + 1.0
            loss = wide.mean() + ((w > 0) & (x > 0)).sum() * 0.0
            loss.backward()
            opt.step()
            return loss, y.T, wide * 2

        return (w, opt), step

    a, plain, b, step = pair(make)
    rng = np.random.default_rng(1)
    for _ in range(4):
        x = rng.normal(size=(300, 700)).astype(dtype)
        want, got = plain(x, x > 0.5), step(x, x > 0.5)
        assert [t.dtype for t in want] == [t.dtype for t in got]
        assert_same([t.data.astype(dtype) for t in want], [t.data.astype(dtype) for t in got])
        assert_same(a[0].data, b[0].data)
        assert_same(a[1].state_dict(), b[1].state_dict())
    assert "numba" in request.node.name or "for i in range(0, 210000" in step.source
    assert step.runs["compiled"] == 3


def test_it_decorates_methods_and_takes_keywords():
    class Box:
        scale = 2.0

        @tg.jit(backend="numpy")
        def times(self, x, *, extra=1.0):
            return x * self.scale + extra

    box, other = Box(), Box()
    other.scale = 5.0
    for _ in range(3):
        assert_same(box.times(np.ones(2)), np.full(2, 3.0))
        assert_same(other.times(np.ones(2), extra=2.0), np.full(2, 7.0))


def test_inside_another_jit_and_inside_grad():
    inner = jit(lambda x: x**2)
    outer = jit(lambda x: inner(x) + 1)
    assert_same(outer(np.full(2, 3.0)), np.full(2, 10.0))
    assert_same(outer(np.full(2, 4.0)), np.full(2, 17.0))
    with pytest.warns(UserWarning, match="history"):
        assert_same(tg.grad(lambda x: inner(x).sum())(np.full(2, 3.0)), np.full(2, 6.0))


def test_source_and_tracebacks_show_the_emitted_lines():
    compiled = tg.jit(backend="numpy")(lambda x, i: np.take(x, i) * 2)
    with pytest.raises(tg.TraceError, match="not been compiled"):
        _ = compiled.source
    compiled(np.arange(3.0), np.array([1, 2]))
    assert "multiply(" in compiled.source
    import traceback

    for _ in range(2):
        compiled(np.arange(3.0), np.array([1, 2]))
    with pytest.raises(IndexError) as caught:
        compiled(np.arange(3.0), np.array([1, 9]))
    shown = "".join(traceback.format_exception(caught.value))
    assert "<jit" in shown
    assert "v1 = " in shown


def test_an_error_leaves_the_state_as_it_was():
    a = Training("transformer", "adam")
    compiled = jit(a.step)
    rng = np.random.default_rng(0)
    for _ in range(4):
        compiled(*batch("transformer", rng, 6))
    x, y = batch("transformer", rng, 6)
    before = a.everything()
    x[0, 0] = 99  # no such token
    with pytest.raises(IndexError, match=r"Embedding|index is out of bounds"):
        compiled(x, y)
    after = a.everything()
    assert_same(before["model"], after["model"])
    assert_same(before["optimizer"], after["optimizer"])


def test_threads_take_turns():
    compiled = jit(lambda x: tg.tanh(x * 2).sum() + tg.exp(-x).sum())
    wrong = []

    def work(k):
        x = np.full(50, float(k))
        want = np.tanh(x * 2).sum() + np.exp(-x).sum()
        wrong.extend(k for _ in range(60) if not np.isclose(compiled(x), want, rtol=1e-13))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_its_repr_says_how_it_ran():
    double = tg.jit(lambda x: 2 * x)
    double(np.ones(3))
    assert repr(double) == "<jit of <lambda>: 1 compiled, 1 traced, 0 plain>"


@pytest.mark.parametrize(
    "view",
    [lambda a: a[0], lambda a: a[1:], lambda a: a.T, lambda a: a.reshape(-1), lambda a: a],
    ids=["row", "rows", "transposed", "flat", "itself"],
)
def test_a_large_operand_may_change_without_another_trace(view):
    data = np.ones((3, 20_000))  # more than what is compared with what it was before each run
    x = view(data)
    f = jit(lambda w: (w * x).sum())
    for i in range(6):
        data[...] = i
        assert f(tg.Tensor(2.0)).item() == 2.0 * i * x.size
    assert f.runs["traced"] == 2  # the second trace tells what the first could not
