"""The plots: what is drawn, on which axes, and what is refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.train import History, plot_confusion, plot_decision_boundary, plot_filters

matplotlib = pytest.importorskip("matplotlib", reason="needs the extra `demo`")
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

RECORDS = [
    {
        "epoch": i + 1,
        "train_loss": 0.5**i,
        "valid_loss": 0.5**i + 0.1 * i,
        "valid_accuracy": i / 10,
        "lr": 0.1,
        "seconds": 1.0,
    }
    for i in range(8)
]


@pytest.fixture(autouse=True)
def _close():
    yield
    pyplot.close("all")


def curve(ax, label):
    line = next(x for x in ax.lines if x.get_label() == label)
    return line.get_xdata().tolist(), line.get_ydata().tolist()


def test_history_draws_losses_and_metrics():
    display = History(RECORDS).plot()
    loss, accuracy = display.ax_
    assert curve(loss, "training") == (list(range(1, 9)), [0.5**i for i in range(8)])
    assert curve(accuracy, "validation")[1] == pytest.approx([10 * i for i in range(8)])
    assert loss.get_yscale() == "log"
    assert [t.get_text() for t in loss.texts] == ["best 0.425 in epoch 4"]  # 0.5**3 + 0.3
    assert display.figure_ is loss.figure


def test_history_on_axes_given():
    figure, (a, b) = pyplot.subplots(1, 2)
    history = History(RECORDS)
    assert history.plot(ax=a).ax_ is a
    assert history.plot("lr", ax=b).figure_ is figure
    assert b.lines[0].get_ydata().tolist() == [0.1] * 8
    with pytest.raises(ValueError, match="there is no 'mse'; there is loss, accuracy, lr"):
        history.plot("mse", ax=a)
    with pytest.raises(ValueError, match="2 quantities need as many axes, not 1: loss, lr"):
        history.plot("loss", "lr", ax=a)


@pytest.mark.parametrize("records", [[], RECORDS[:1], [{"epoch": 1, "train_loss": np.nan, "valid_loss": np.inf}]])
def test_history_of_little(records):
    History(records).plot().figure_.canvas.draw()


X, Y = tg.data.moons(40)
MODELS = {
    "one logit": lambda x: (x[:, 1] - x[:, 0])[:, None],
    "two scores": lambda x: np.stack([x[:, 0], x[:, 1]], axis=1),
    "a Tensor": lambda x: tg.Tensor(x)[:, 1] - x[:, 0],
    "a probability": lambda x: 1 / (1 + np.exp(x[:, 0] - x[:, 1])),
    "booleans": lambda x: x[:, 1] > x[:, 0],
    "classes 0 and 1": lambda x: (x[:, 1] > x[:, 0]).astype(int),
}


@pytest.mark.parametrize("name", MODELS)
def test_decision_boundary_of_two_classes(name):
    display = plot_decision_boundary(MODELS[name], X, Y, resolution=50)
    assert ((display.response > display.threshold) == (display.yy > display.xx))[display.yy != display.xx].all()
    assert len(display.ax_.collections[-1].get_offsets()) == 40


def test_decision_boundary_in_columns():
    display = plot_decision_boundary(lambda x: x[1:] - x[:1], X.T, Y[None], examples="columns", resolution=20)
    rows = plot_decision_boundary(lambda x: x[:, 1:] - x[:, :1], X, Y, resolution=20)
    assert np.array_equal(display.response, rows.response)
    assert np.array_equal(display.xx, rows.xx)


@pytest.mark.parametrize("labels", [True, False])
def test_decision_regions(labels):
    def model(x):
        scores = np.stack([x[:, 0], x[:, 1], -x[:, 0] - x[:, 1]], axis=1)
        return scores.argmax(axis=1) if labels else scores

    display = plot_decision_boundary(model, X, Y, resolution=20)
    assert display.response.shape == (3, 20, 20)
    assert np.argmax(display.response, axis=0)[-1, 0] == 1


def test_decision_boundary_uses_eval_mode_and_restores_it():
    model = nn.Sequential(nn.Linear(2, 4, rng=0), nn.Dropout(0.5), nn.Linear(4, 2, rng=1))
    model[0].eval()
    first = plot_decision_boundary(model, X, Y, resolution=10).response
    assert np.array_equal(first, plot_decision_boundary(model, X, Y, resolution=10).response)
    assert [m.training for m in model.modules()] == [True, False, True, True]


def test_confusion_counts():
    display = plot_confusion([[0, 0, 1, 2, 2]], tg.Tensor([0, 1, 1, 2, 0]))
    assert display.matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
    assert display.ax_.get_title(loc="left") == "3 of 5 right: 60.0 %"
    scores = np.eye(3)[[0, 1, 1, 2, 0]]
    assert np.array_equal(plot_confusion([0, 0, 1, 2, 2], scores).matrix, display.matrix)
    names = plot_confusion(["cat", "dog"], ["dog", "dog"])
    assert names.classes == ["cat", "dog"]
    assert names.matrix.tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    ("weights", "options", "shape"),
    [
        (np.ones((6, 1, 5, 5)), {}, (6, 5, 5)),
        (np.ones((6, 5, 4)), {}, (6, 5, 4)),
        (np.ones((20, 3, 5, 5)), {}, (48, 5, 5)),
        (np.ones((6, 64)), {"most": 4}, (4, 8, 8)),
        (np.zeros((2, 12)), {"shape": (3, 4)}, (2, 3, 4)),
        (nn.Linear(9, 3), {}, (3, 3, 3)),
    ],
)
def test_filters(weights, options, shape):
    display = plot_filters(weights, **options)
    assert display.tiles.shape == shape
    display.figure_.canvas.draw()


def test_channels_stand_under_each_other():
    weights = np.arange(6.0)[:, None, None] * np.ones((6, 2, 2))
    display = plot_filters(weights.reshape(3, 2, 2, 2))
    assert display.columns == 3
    assert display.tiles[:, 0, 0].tolist() == [0, 2, 4, 1, 3, 5]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: plot_filters(np.ones((2, 12))), r"has 12 numbers; give shape=\(h, w\)"),
        (lambda: plot_filters(np.ones(3)), r"are \(3,\); they must be \(n, h, w\)"),
        (lambda: plot_confusion([0, 1], [0]), r"y_true is \(2,\) and y_pred \(1,\)"),
        (lambda: plot_confusion([0, 1], [0.2, 0.9]), "not probabilities"),
        (lambda: plot_confusion([0, 2], [0, 1], classes=["a", "b"]), "2 names of classes, but a class 2"),
        (lambda: plot_decision_boundary(np.sum, X.T, Y), r"X is \(2, 40\), it must be \(m, 2\)"),
        (lambda: plot_decision_boundary(np.sum, X, Y), "one row of scores each"),
    ],
)
def test_refusals(action, message):
    with pytest.raises(tg.ShapeError, match=message):
        action()


def test_everything_draws_on_axes_given():
    figure, axes = pyplot.subplots(1, 3)
    plot_decision_boundary(lambda x: x[:, 0], X, Y, ax=axes[0])
    plot_confusion([0, 1], [0, 1], ax=axes[1])
    display = plot_filters(np.ones((2, 3, 3)), ax=axes[2])
    assert (display.figure_, display.ax_) == (figure, axes[2])
    assert len(pyplot.get_fignums()) == 1


def test_without_matplotlib(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'History.plot needs matplotlib.*pip install "tinygrad_course\[demo\]"'):
        History(RECORDS).plot()
