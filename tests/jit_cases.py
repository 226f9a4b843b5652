"""Training steps for the tests of `jit`: each made twice from one seed, so that plain and compiled can be compared."""

from importlib.util import find_spec

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn, optim

with_numba = pytest.param(
    "auto",  # numba, but for what it refuses
    id="numba",
    marks=[pytest.mark.slow, pytest.mark.skipif(find_spec("numba") is None, reason="Numba is not installed")],
)
TOLERANCE = {"float64": 1e-9, "float32": 5e-4}  # of numba, after some steps, relative to the largest element
chosen = "numpy"


@pytest.fixture(autouse=True, params=["numpy", with_numba])
def backend(request, tmp_path_factory, monkeypatch):
    """Import it into a module to run each of its tests with both backends: `jit` and `assert_same` go by it."""
    global chosen
    chosen = request.param
    monkeypatch.setenv("TINYGRAD_COURSE_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))
    yield chosen
    chosen = "numpy"


def jit(f):
    return tg.jit(f, backend=chosen)


def two_layers(rng):
    return nn.Sequential(nn.Linear(8, 16, rng=rng), nn.Tanh(), nn.Linear(16, 10, rng=rng))


def dropping(rng):
    return nn.Sequential(nn.Linear(8, 16, rng=rng), nn.ReLU(), nn.Dropout(0.3, rng=rng), nn.Linear(16, 10, rng=rng))


def normed(rng, momentum=0.1):
    norm = nn.BatchNorm1d(16, momentum=momentum)
    return nn.Sequential(nn.Linear(8, 16, rng=rng), norm, nn.ReLU(), nn.Linear(16, 10, rng=rng))


def plain_average(rng):
    return normed(rng, momentum=None)


def narrow(rng):
    return normed(rng, momentum=None).to("float32")


def lenet(rng):
    return nn.Sequential(
        nn.Conv2d(1, 4, 5, padding=2, rng=rng), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 5, rng=rng), nn.BatchNorm2d(8), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(8 * 2 * 2, 10, rng=rng),
    )  # fmt: skip


class Reader(nn.Module):
    """An LSTM, and a layer on its last output."""

    def __init__(self, rng):
        super().__init__()
        self.lstm = nn.LSTM(8, 12, batch_first=True, rng=rng)
        self.out = nn.Linear(12, 10, rng=rng)

    def forward(self, x):
        y, _ = self.lstm(x)
        return self.out(y[:, -1])


class Attender(nn.Module):
    """Tokens, a transformer block, and a layer on the mean."""

    def __init__(self, rng):
        super().__init__()
        self.embed = nn.Embedding(20, 16, rng=rng)
        self.block = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.1, batch_first=True, rng=rng)
        self.out = nn.Linear(16, 10, rng=rng)

    def forward(self, x):
        return self.out(self.block(self.embed(x)).mean(axis=1))


MODELS = {
    "two_layers": two_layers, "dropping": dropping, "normed": normed, "plain_average": plain_average, "narrow": narrow,
    "lenet": lenet, "lstm": Reader, "transformer": Attender,
}  # fmt: skip
OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, 0.01),
    "adamw": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
    "amsgrad": lambda p: optim.Adam(p, 0.01, amsgrad=True, maximize=True),
    "rmsprop": lambda p: optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: optim.Adagrad(p, 0.01, lr_decay=0.1),
    "adamax": lambda p: optim.Adamax(p, 0.01),
}


def batch(name, rng, n):
    """Inputs and classes."""
    y = rng.integers(0, 10, n)
    if name == "lenet":
        return rng.normal(size=(n, 1, 18, 18)), y
    if name == "lstm":
        return rng.normal(size=(n, 6, 8)), y
    if name == "transformer":
        return rng.integers(0, 20, (n, 5)), y
    return rng.normal(size=(n, 8)).astype("float32" if name == "narrow" else "float64"), y


class Training:
    """A model, its optimiser and schedule, and the step that trains it."""

    def __init__(self, model="two_layers", optimizer="sgd", clip=None, schedule=False, seed=0):
        self.model = net = MODELS[model](np.random.default_rng(seed))
        self.optimizer = opt = OPTIMIZERS[optimizer](net.parameters())
        self.schedule = sched = optim.lr_scheduler.CosineAnnealingLR(opt, 10) if schedule else None

        def step(x, y):
            opt.zero_grad()
            loss = tg.cross_entropy(net(x), y)
            loss.backward()
            norm = optim.clip_grad_norm_(net.parameters(), clip) if clip is not None else 0.0
            opt.step()
            if sched is not None:
                sched.step()
            return loss, norm

        self.step = step

    def everything(self):
        """All state: parameters, buffers, gradients, the optimiser's, the schedule's, the generators'."""
        return {
            "model": self.model.state_dict(),
            "grads": [p.grad for p in self.model.parameters()],
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule else None,
            "rng": self.model.rng_state(),
        }


def assert_same(a, b, path=""):
    """Equal in value, type, dtype and shape: to the bit with the NumPy backend, within TOLERANCE with numba."""
    if isinstance(a, dict):
        assert a.keys() == b.keys(), path
        for k in a:
            assert_same(a[k], b[k], f"{path}/{k}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), path
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{path}/{i}")
    elif isinstance(a, tg.Tensor):
        assert isinstance(b, tg.Tensor), path
        assert_same(a.data, b.data, path)
    elif isinstance(a, np.ndarray | np.generic):
        assert (type(a), a.dtype, a.shape) == (type(b), b.dtype, b.shape), path
        assert_close(a, b, path)
    else:
        assert type(a) is type(b), path
        assert a == b or (a != a and b != b), f"{path}: {a} is not {b}"


def assert_close(a, b, path):
    if chosen == "numpy" or a.dtype.kind != "f":
        np.testing.assert_array_equal(a, b, err_msg=path)
    else:
        finite = np.abs(a[np.isfinite(a)])
        limit = TOLERANCE[str(a.dtype)]
        size = finite.max(initial=1e-3)  # a gradient of 0 is one of roundings
        np.testing.assert_allclose(b, a, rtol=limit, atol=limit * size, err_msg=path)
