"""Handwritten digits, from raw arrays to a trained network: build it, check it, see it, run it.

Run it as `tinygrad-course demo` or `python examples/digits.py`. It is written as you would write it: only NumPy, and
`tg` where a derivative is wanted. No layer, no optimiser, no trainer.
"""

from __future__ import annotations

import io
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import tinygrad_course as tg

from .core.files import write_file

Array = NDArray[Any]

LEARNING_RATE = 0.3
BATCH = 32
BLUE, RUST, INK, MUTED = "#005A8C", "#B04A00", "#222222", "#555555"


class Digits(NamedTuple):
    """Images of 8 x 8 pixels in 0..1, one a row, and the digit that each one shows."""

    images: Array  # (m, 64)
    labels: Array  # (m,)


class Epoch(NamedTuple):
    """What one pass over the training set came to."""

    number: int
    loss: float
    accuracy: float
    seconds: float


# --- the network ------------------------------------------------------------------------------------------------------


def parameters(rng: np.random.Generator) -> list[Any]:
    """Weights and biases of a 64-32-10 network; He et al. (2015): variance 2 / fan-in keeps relu signals alive."""
    W1 = tg.Tensor(rng.standard_normal((64, 32)) * math.sqrt(2 / 64), requires_grad=True, name="W1")
    b1 = tg.Tensor(np.zeros(32), requires_grad=True, name="b1")
    W2 = tg.Tensor(rng.standard_normal((32, 10)) * math.sqrt(2 / 32), requires_grad=True, name="W2")
    b2 = tg.Tensor(np.zeros(10), requires_grad=True, name="b2")
    return [W1, b1, W2, b2]


def scores(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """Ten scores for each image, (m, 64) -> (m, 10); the largest is the network's answer."""
    Z1 = X @ W1 + b1
    A1 = tg.relu(Z1)
    Z2 = A1 @ W2 + b2
    return Z2


def loss_of(digits: Digits, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """Mean cross-entropy between the scores of `digits` and their labels."""
    X, labels = digits
    Z2 = scores(X, W1, b1, W2, b2)
    loss = tg.cross_entropy(Z2, labels)
    return loss


def step(params: list[Any], batch: Digits) -> float:
    """One step of gradient descent; returns the loss before it."""
    for p in params:
        p.zero_grad()
    loss = loss_of(batch, *params)
    loss.backward()
    for p in params:
        p.data -= LEARNING_RATE * p.grad
    return float(loss)


def train(params: list[Any], learn: Digits, test: Digits, epochs: int, rng: np.random.Generator) -> list[Epoch]:
    """Minibatch gradient descent; prints a row every so often, under a progress bar where there is a terminal."""
    history: list[Epoch] = []
    start = time.perf_counter()
    print("epoch   train loss   test accuracy      time")
    with tqdm(range(1, epochs + 1), desc="training", unit="epoch", disable=None, leave=False) as bar:
        for number in bar:
            order = rng.permutation(len(learn.labels))
            losses = [step(params, part(learn, order[i : i + BATCH])) for i in range(0, len(order), BATCH)]
            accuracy = float(np.mean(answers(params, test) == test.labels))
            history.append(Epoch(number, float(np.mean(losses)), accuracy, time.perf_counter() - start))
            if number == 1 or number % max(1, epochs // 6) == 0 or number == epochs:
                tqdm.write("{:5d}   {:10.4f}   {:13.1%}   {:5.2f} s".format(*history[-1]))
    return history


@tg.no_grad()
def answers(params: list[Any], digits: Digits) -> Array:
    """The digit that the network reads in each image."""
    read: Array = np.argmax(scores(tg.Tensor(digits.images), *params).data, axis=1)
    return read


# --- the data ---------------------------------------------------------------------------------------------------------


def load(seed: int) -> tuple[Digits, Digits]:
    """1437 digits to learn from and 360 to test on (E. Alpaydin and C. Kaynak, 1998; UCI), in the same proportions."""
    images, labels = load_digits(return_X_y=True)
    a, b, c, d = train_test_split(images / 16, labels, test_size=360, stratify=labels, random_state=seed)
    return Digits(a, c), Digits(b, d)


def part(digits: Digits, rows: Any) -> Digits:
    return Digits(digits.images[rows], digits.labels[rows])


# --- the pictures -----------------------------------------------------------------------------------------------------


def draw_curve(history: list[Epoch], path: Path) -> None:
    """Training loss and test accuracy over the epochs, side by side."""
    figure = Figure(figsize=(9, 3.6), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [e.number for e in history]
    left.semilogy(epochs, [e.loss for e in history], color=RUST, marker="o", markersize=3)
    left.yaxis.set_major_formatter("{x:g}")
    left.set_title("Training loss (cross-entropy, log scale)", loc="left", fontsize=10, color=INK)
    accuracy = [100 * e.accuracy for e in history]
    right.plot(epochs, accuracy, color=BLUE, marker="o", markersize=3)
    right.set_title("Test accuracy, %", loc="left", fontsize=10, color=INK)
    right.annotate(
        f"{accuracy[-1]:.1f} %",
        (epochs[-1], accuracy[-1]),
        (0, -16),
        textcoords="offset points",
        ha="right",
        color=BLUE,
    )
    for axes in (left, right):
        axes.set_xlabel("epoch", color=MUTED)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(axis="y", alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=MUTED, which="both")
    save(figure, path)


def draw_errors(test: Digits, read: Array, path: Path, most: int = 24) -> None:
    """The test digits that were misread, each with what was read and what it is."""
    wrong = np.flatnonzero(read != test.labels)
    shown = wrong[:most]
    rows = max(1, math.ceil(len(shown) / 8))
    columns = max(4, math.ceil(len(shown) / rows))
    figure = Figure(figsize=(1.2 * columns, 1.45 * rows + 0.4), dpi=150, layout="constrained")
    first = f" (the first {most})" if len(wrong) > most else ""
    figure.suptitle(
        f"{len(wrong)} of {len(read)} test digits misread{first}", x=0.02, ha="left", fontsize=11, color=INK
    )
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.set_axis_off()
    for axes, i in zip(figure.axes, shown, strict=False):
        axes.imshow(test.images[i].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(f"{test.labels[i]} read as {read[i]}", fontsize=9, color=RUST)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    write_file(path, picture.getvalue())


# --- all of it --------------------------------------------------------------------------------------------------------


def main(out: Path, *, epochs: int = 50, seed: int = 0) -> None:
    """Build, check, see and run; the pictures go into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    learn, test = load(seed)
    params = parameters(rng)
    print(f"{len(learn.labels)} digits to learn from, {len(test.labels)} to test on")
    print(f"a 64-32-10 network with {sum(p.size for p in params)} parameters\n")

    few = part(learn, slice(16))
    print("Is the gradient right? Every parameter against finite differences:")
    print(tg.gradcheck(lambda *ps: loss_of(few, *ps), params), "\n")

    tg.draw(loss_of(few, *params), out / "graph.png", title="A 64-32-10 network and its loss on 16 digits")

    history = train(params, learn, test, epochs, rng)
    read = answers(params, test)
    draw_curve(history, out / "learning_curve.png")
    draw_errors(test, read, out / "errors.png")
    right = int(np.sum(read == test.labels))
    print(f"\n{right} of {len(read)} test digits read correctly: {right / len(read):.1%}")
    for name in ("graph.png", "learning_curve.png", "errors.png"):
        print(f"wrote {out / name}")
