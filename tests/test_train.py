"""`fit`: it learns, tells its callbacks in order, stops when it should, and keeps what was learnt."""

from __future__ import annotations

import doctest
import os
import signal
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.optim import lr_scheduler as schedules
from tinygrad_course.train import Callback, EarlyStopping, History, LambdaCallback, fit
from tinygrad_course.train.callbacks import HOOKS


def net(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(2, 8, rng=rng), nn.Tanh(), nn.Dropout(0.1, rng=rng), nn.Linear(8, 2, rng=rng))


def sgd(model):
    return tg.optim.SGD(model.parameters(), lr=0.1)


def moons(m=60):
    return tuple(tg.data.moons(m))


def quick(model=None, epochs=3, train=None, optimizer=None, **options):
    """A short training without output."""
    model = model or net()
    optimizer = optimizer or sgd(model)
    options = {"generator": 0, "batch_size": 20, "progress": False, **options}
    return fit(model, tg.cross_entropy, optimizer, moons() if train is None else train, epochs=epochs, **options)


# --- learning ---------------------------------------------------------------------------------------------------------


def test_fit_learns():
    model = net()
    optimizer = tg.optim.Adam(model.parameters(), lr=0.02)
    history = quick(model, 60, moons(200), optimizer, valid=moons(80), metrics=["accuracy"])
    assert history.best["valid_loss"] < 0.1
    assert history.best["valid_accuracy"] > 0.94
    assert [r["epoch"] for r in history] == list(range(1, 61))
    assert not any(m.training for m in model.modules())


@pytest.mark.parametrize("cut", [True, False])
def test_fit_is_the_loop_one_would_write(cut):
    X, Y = moons()
    model, twin = net(), net()
    train = tg.data.DataLoader((X, Y), 20, True, generator=0) if cut else (X, Y)
    history = quick(model, 2, train, clip_norm=0.05, valid=(X, Y))
    optimizer, loader = tg.optim.SGD(twin.parameters(), lr=0.1), tg.data.DataLoader((X, Y), 20, True, generator=0)
    losses = []
    for _ in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            loss = tg.cross_entropy(twin(x), y)
            loss.backward()
            tg.optim.clip_grad_norm_(twin.parameters(), 0.05)
            optimizer.step()
            losses.append(loss.item())
    assert same(model.state_dict(), twin.state_dict())
    np.testing.assert_allclose(history["train_loss"], np.mean(np.reshape(losses, (2, 3)), axis=1), rtol=1e-12)
    expected = tg.cross_entropy(twin.eval()(X), Y).item()
    assert history[-1]["valid_loss"] == pytest.approx(expected, rel=1e-12)


def test_functions_in_the_notes_layout():
    """No Module: parameters, a function of them, columns; one step over all examples is gradient descent."""
    X, Y = tg.data.circles(50, examples="columns")
    w, b = tg.Tensor(np.zeros((1, 2)), requires_grad=True), tg.Tensor(np.zeros((1, 1)), requires_grad=True)
    optimizer = tg.optim.SGD([w, b], lr=0.5)
    history = fit(
        lambda x: tg.sigmoid(w @ x + b), tg.binary_cross_entropy, optimizer, (X, Y.astype(float)), epochs=1,
        batch_size=None, examples="columns", metrics=["binary_accuracy"], progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(w.data, -0.5 * (0.5 - Y) @ X.T / 50, atol=1e-15)
    assert history[0]["train_loss"] == pytest.approx(np.log(2))


def test_uneven_batches_are_weighted_by_their_examples():
    X, Y = moons(50)
    model = net().eval()
    whole = tg.train.evaluate(model, tg.cross_entropy, (X, Y), ["accuracy"], batch_size=50)
    parts = tg.train.evaluate(model, tg.cross_entropy, (X, Y), ["accuracy"], batch_size=20)
    assert parts == pytest.approx(whole, rel=1e-12)


def test_several_inputs():
    w = tg.Tensor(0.0, requires_grad=True)
    batches = [(np.ones(3), np.full(3, 2.0), np.full(3, 6.0))]
    fit(lambda a, b: a * b * w, tg.mse_loss, tg.optim.SGD([w], lr=0.1), batches, epochs=50, progress=False)
    assert w.item() == pytest.approx(3.0)


# --- metrics ----------------------------------------------------------------------------------------------------------

SCORES = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 2.0, 0.0], [5.0, 0.0, 1.0]])
METRICS = [
    ("accuracy", {}, SCORES, np.array([0, 1, 0, 0]), 0.75),
    ("accuracy", {}, SCORES, np.eye(3)[[0, 1, 0, 0]], 0.75),
    ("accuracy", {"axis": 0}, SCORES.T, np.array([[0, 1, 0, 0]]), 0.75),
    ("accuracy", {}, SCORES[np.newaxis].swapaxes(1, 2), np.array([[0, 1, 0, 1]]), 0.5),
    ("binary_accuracy", {}, np.array([0.9, 0.4, 0.6]), np.array([1, 0, 0]), 2 / 3),
    ("binary_accuracy", {"logits": True}, np.array([3.0, -0.1, 0.4]), np.array([1, 0, 0]), 2 / 3),
    ("binary_accuracy", {"logits": True}, np.array([3.0, -0.1]), np.array([1, -1]), 1.0),
    ("mse", {}, np.array([1.0, 2.0]), np.array([1.0, 4.0]), 2.0),
    ("mae", {}, np.array([1.0, 2.0]), np.array([1.0, 4.0]), 1.0),
]


@pytest.mark.parametrize(("name", "options", "output", "target", "expected"), METRICS)
def test_metrics(name, options, output, target, expected):
    assert getattr(tg.train, name)(output, target, **options) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "output", "target", "message"),
    [
        (tg.train.mse, np.ones((3, 1)), np.ones(3), r"mse: the answers are \(3, 1\) and the targets \(3,\)"),
        (tg.train.accuracy, np.ones((3, 1)), np.ones(3), "binary_accuracy"),
        (tg.train.binary_accuracy, np.array([2.0]), np.array([1]), "logits=True"),
    ],
)
def test_metrics_refuse(metric, output, target, message):
    with pytest.raises(tg.ShapeError, match=message):
        metric(output, target)


def test_metrics_by_name_function_and_dict():
    def constant(output, target):
        assert isinstance(output, np.ndarray)
        return 7

    names = quick(metrics={"seven": constant, "acc": "accuracy"}).names
    assert names == ["epoch", "train_loss", "train_seven", "train_acc", "lr", "seconds"]
    assert quick(metrics=["accuracy", constant, partial(constant)])["train_constant"] == [7.0] * 3
    with pytest.raises(ValueError, match="'acuracy' is none of accuracy, binary_accuracy"):
        quick(metrics=["acuracy"])


def test_binary_accuracy_knows_logits():
    X, Y = np.array([[-5.0], [0.2], [0.4]]), np.array([[0.0], [1.0], [1.0]])
    found = tg.train.evaluate(lambda x: x, nn.BCEWithLogitsLoss(), (X, Y), ["binary_accuracy"])
    assert found["binary_accuracy"] == 1.0


# --- callbacks --------------------------------------------------------------------------------------------------------


def recorder(name, log):
    def note(hook):
        return lambda run: log.append((name, hook, run.epoch, run.batch))

    return LambdaCallback(**{hook: note(hook) for hook in HOOKS})


def test_order_of_callbacks():
    log = []
    quick(epochs=2, batch_size=30, callbacks=[recorder("a", log), recorder("b", log)])
    firsts, seconds = log[0::2], log[1::2]
    assert {x[0] for x in firsts} == {"a"}
    assert [x[1:] for x in firsts] == [x[1:] for x in seconds]
    batch = [("batch_begin", 1), ("batch_end", 1), ("batch_begin", 2), ("batch_end", 2)]
    epoch = [("epoch_begin", 0), *batch, ("epoch_end", 2), ("epoch_saved", 2)]
    expected = [("fit_begin", 0, 0)]
    expected += [(hook, e, b) for e in (1, 2) for hook, b in epoch]
    assert [x[1:] for x in firsts] == [*expected, ("fit_end", 2, 2)]


def test_a_callback_stops_an_epoch_or_a_batch():
    at_epoch = LambdaCallback(epoch_end=lambda run: run.stop("enough") if run.epoch == 2 else None)
    history = quick(epochs=9, callbacks=[at_epoch])
    assert (len(history), history.stopped) == (2, "enough")
    at_batch = LambdaCallback(batch_end=lambda run: run.stop("enough") if (run.epoch, run.batch) == (2, 1) else None)
    assert len(quick(epochs=9, callbacks=[at_batch])) == 1


class Planned(Callback):
    """Writes planned validation losses into the records, and remembers the weights of each epoch."""

    def __init__(self, losses):
        self.losses, self.weights = losses, []

    def epoch_end(self, run):
        run.history[-1]["valid_loss"] = self.losses[run.epoch - 1]
        self.weights.append(run.model.state_dict())


@pytest.mark.parametrize(
    ("losses", "options", "epochs", "best"),
    [
        ([5, 4, 3, 2, 1, 0], {"patience": 2}, 6, 6),
        ([5, 4, 4, 4, 1, 0], {"patience": 2}, 4, 2),
        ([5, 4, 4, 3, 3, 3], {"patience": 2}, 6, 4),
        ([5, 4.9, 4.8, 4.7, 4.6, 0], {"patience": 3, "min_delta": 1}, 4, 1),
        ([1, np.nan, np.nan, np.nan, 0, 0], {"patience": 3}, 4, 1),
        ([1, 2, 3, 3, 3, 3], {"patience": 2, "mode": "max"}, 5, 3),
    ],
)
def test_early_stopping(losses, options, epochs, best):
    model, planned = net(), Planned(losses)
    stop = EarlyStopping(restore_best=True, **options)
    history = quick(model, 6, valid=moons(), callbacks=[planned, stop])
    assert len(history) == epochs
    assert (history.stopped is not None) == (stop.waited >= stop.patience)
    assert stop.best.epoch == best
    assert same(model.state_dict(), planned.weights[best - 1])


def test_early_stopping_can_be_used_again():
    stop = EarlyStopping("train_loss", patience=1, mode="max")
    assert len(quick(epochs=9, callbacks=[stop])) < 9
    assert len(quick(epochs=9, callbacks=[stop])) > 1


@pytest.mark.parametrize("callback", [EarlyStopping("valid_loss"), tg.train.Checkpoint("x", best=True, monitor="val")])
def test_what_cannot_be_monitored(callback):
    with pytest.raises(ValueError, match="to monitor; there is train_loss, lr, seconds"):
        quick(callbacks=[callback])


# --- schedules --------------------------------------------------------------------------------------------------------


def test_schedule_by_epoch_and_by_batch():
    rates = []
    watch = LambdaCallback(batch_begin=lambda run: rates.append(run.optimizer.param_groups[0]["lr"]))
    for every, expected in (("epoch", [1, 1, 1, 0.5, 0.5, 0.5]), ("batch", [0.5**i for i in range(6)])):
        model = net()
        optimizer = tg.optim.SGD(model.parameters(), lr=1.0)
        rates.clear()
        schedule = schedules.ExponentialLR(optimizer, gamma=0.5)
        history = quick(model, 2, optimizer=optimizer, scheduler=schedule, schedule=every, callbacks=[watch])
        assert rates == expected
        assert len(set(history["lr"])) == 2


def test_plateau_watches_the_validation_loss():
    model = net()
    optimizer = tg.optim.SGD(model.parameters(), lr=1e-9)  # learns nothing
    schedule = schedules.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    history = quick(model, 4, optimizer=optimizer, scheduler=schedule, valid=moons())
    assert history["lr"] == pytest.approx([1e-9] * 4)  # eps: too small to be reduced
    assert schedule.best == history[0]["valid_loss"]
    with pytest.raises(ValueError, match="not for ReduceLROnPlateau"):
        quick(model, optimizer=optimizer, scheduler=schedule, schedule="batch")


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_ends_training_before_its_step():
    X, Y = moons()
    X = X.copy()
    X[-1] = np.nan
    model, kept = net(), []
    watch = LambdaCallback(batch_begin=lambda run: kept.append(run.model.state_dict()))
    with pytest.warns(RuntimeWarning, match="the loss is nan in epoch 1, batch 3; no step was made"):
        history = fit(
            model, tg.cross_entropy, tg.optim.SGD(model.parameters(), lr=0.1), tg.data.DataLoader((X, Y), 20),
            epochs=5, callbacks=[watch], progress=False,
        )  # fmt: skip
    assert len(history) == 0
    assert same(model.state_dict(), kept[2])
    assert all(p.grad is None for p in model.parameters())


BAD = {
    "optimiser of another model": (lambda: quick(optimizer=sgd(net())), "none of the"),
    "no optimiser": (lambda: quick(optimizer="adam"), "must be a tg.optim optimiser, not a str"),
    "once only": (lambda: quick(train=iter([])), "gone through only once"),
    "an array": (lambda: quick(train=np.ones(3)), "give arrays"),
    "no batch": (lambda: quick(train=[]), "an epoch had no batch"),
    "no target": (lambda: quick(train=[np.ones(3)]), "must be .inputs, target."),
    "loss of each example": (
        lambda: fit(m := net(), partial(tg.cross_entropy, reduction="none"), sgd(m), moons()), "one number",
    ),
    "no callback": (lambda: quick(callbacks=[print]), "there is LambdaCallback"),
    "a hook that is none": (lambda: LambdaCallback(epoch_stop=print), "epoch_begin, batch_begin"),
    "schedule": (lambda: quick(schedule="step"), 'schedule must be "epoch"'),
    "patience": (lambda: EarlyStopping(patience=0), "at least 1"),
    "mode": (lambda: EarlyStopping(mode="lowest"), 'mode must be "min", "max"'),
    "folder": (lambda: quick(callbacks=[tg.train.Checkpoint("no/such/x")]), "folder no/such does not exist"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors(name):
    action, message = BAD[name]
    with pytest.raises((tg.TinygradError, ValueError), match=message):
        action()


def test_schedule_of_another_optimiser():
    schedule = schedules.StepLR(tg.optim.SGD(net().parameters(), lr=1), 1)
    with pytest.raises(tg.GraphError, match="belongs to another optimiser"):
        quick(scheduler=schedule)


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def stop_at(epoch, batch, how):
    return lambda run: how() if (run.epoch, run.batch) == (epoch, batch) else None


def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def give_up():
    raise KeyboardInterrupt


def weights_after(steps):
    """The weights after so many steps of an undisturbed run."""
    model, kept = net(), []
    quick(model, 3, callbacks=[LambdaCallback(batch_end=lambda run: kept.append(run.model.state_dict()))])
    return kept[steps - 1]


@pytest.mark.parametrize(
    ("hook", "how", "steps", "epochs"),
    [
        ("batch_begin", give_up, 4, 1),  # the step of batch 2 was not made
        ("batch_end", give_up, 5, 1),
        ("batch_begin", ctrl_c, 5, 1),  # held back until the batch is done
        ("batch_end", ctrl_c, 5, 1),
    ],
)
def test_interrupted_in_a_batch(hook, how, steps, epochs):
    model = net()
    history = quick(model, 3, callbacks=[LambdaCallback(**{hook: stop_at(2, 2, how)})])
    assert same(model.state_dict(), weights_after(steps))
    assert (len(history), history.stopped) == (
        epochs,
        "interrupted in epoch 2, batch 2: the model keeps what it learnt",
    )
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not model.training


def test_interrupted_in_a_step():
    """Even two signals inside the step leave no half of it."""

    class Disturbed(tg.optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    ctrl_c()
                    p.data = p.data - group["lr"] * p.grad

    model = net()
    history = quick(model, 3, optimizer=Disturbed(model.parameters(), lr=0.1))
    expected = weights_after(1)
    assert len(history) == 0
    assert all(np.allclose(x, expected[key], rtol=1e-12) for key, x in model.state_dict().items())


def test_a_second_signal_does_not_wait():
    class Slow(nn.Module):
        def forward(self, x):
            ctrl_c()
            ctrl_c()
            raise AssertionError("the second Ctrl-C should have broken in")

    w = tg.Tensor(np.ones(2), requires_grad=True)
    history = fit(Slow(), tg.mse_loss, tg.optim.SGD([w], lr=1), moons(), progress=False)
    assert "interrupted" in history.stopped


def test_interrupted_in_the_data():
    class Data(tg.data.Dataset):
        def __init__(self):
            self.asked = 0

        def __len__(self):
            return 30

        def __getitem__(self, i):
            self.asked += 1
            if self.asked == 45:
                raise KeyboardInterrupt
            return np.ones(2), 1

    model = net()
    history = quick(model, 3, Data(), batch_size=10)
    assert (len(history), history.stopped) == (1, "interrupted in epoch 2, batch 1: the model keeps what it learnt")


def test_interrupted_and_best_restored():
    model, planned = net(), Planned([1, 2, 3])
    callbacks = [planned, EarlyStopping(restore_best=True), LambdaCallback(batch_end=stop_at(3, 1, give_up))]
    assert len(quick(model, 3, valid=moons(), callbacks=callbacks)) == 2
    assert same(model.state_dict(), planned.weights[0])


# --- history ----------------------------------------------------------------------------------------------------------


def test_history_as_data():
    history = quick(valid=moons(), metrics=["accuracy"])
    again = History.from_dict(history.to_dict())
    assert again.to_dict() == history.to_dict()
    assert repr(again) == repr(history)
    assert history["valid_loss"] == [r["valid_loss"] for r in history]
    assert history.best["valid_loss"] == min(history["valid_loss"])
    assert history.best_by("valid_accuracy")["valid_accuracy"] == max(history["valid_accuracy"])
    with pytest.raises(KeyError, match="history has no 'val_loss'; it has epoch, train_loss"):
        history["val_loss"]


def test_history_without_epochs_or_numbers():
    assert History().best is None
    assert repr(History()) == "History of no epochs"
    assert History([{"epoch": 1, "train_loss": np.nan}]).best is None


def test_history_prints_as_a_table():
    rows = [{"epoch": i, "train_loss": 1 / i, "valid_accuracy": i / 100, "seconds": 1.0} for i in range(1, 101)]
    lines = repr(History(rows, "stopped early")).splitlines()
    assert lines[0] == "epoch  train loss  valid accuracy      time"
    assert lines[2] == "    1       1.000          1.00 %    1.00 s"
    assert "..." in lines[14]
    assert lines[-4].endswith("100.00 %  1:40 min")
    assert lines[-2:] == ["stopped early", "best train loss 0.01000 in epoch 100"]
    assert all(len(a) == len(b) for a, b in pairwise(lines[:14]))


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def test_the_page_on_training(tmp_path, monkeypatch):
    pytest.importorskip("safetensors", reason="needs the extra `save`")
    pytest.importorskip("matplotlib", reason="needs the extra `demo`").use("Agg")
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).parents[1] / "docs" / "train.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tried > 20
    assert failed == 0
