"""The programs whose derivations are golden files, written as a user writes them."""

import numpy as np

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.course import shallow

X = np.linspace(-1, 1, 12).reshape(2, 6)
Y = np.array([[0.0, 1, 0, 1, 1, 0]])


def ng():
    a = tg.Tensor(5.0, requires_grad=True)
    b = tg.Tensor(3.0, requires_grad=True)
    c = tg.Tensor(2.0, requires_grad=True)
    u = b * c
    v = a + u
    J = 3 * v
    return tg.explain(J)


def logreg():
    x1, x2 = tg.Tensor(1.0), tg.Tensor(2.0)
    w1 = tg.Tensor(0.5, requires_grad=True)
    w2 = tg.Tensor(-0.25, requires_grad=True)
    b = tg.Tensor(0.1, requires_grad=True)
    y = tg.Tensor(1.0)
    z = w1*x1 + w2*x2 + b  # fmt: skip
    a = 1 / (1 + np.exp(-z))
    L = -(y*tg.log(a) + (1-y)*tg.log(1-a))  # fmt: skip
    return tg.explain(L)


def fork():
    x = tg.Tensor(3.0, requires_grad=True)
    y = x * x
    v = 3 * x
    J = y + v * x
    return tg.explain(J, notation="full")


def net2():
    """The notes' own code (course/shallow.py), on Tensors."""
    values = {
        "W1": np.linspace(-0.5, 0.5, 8).reshape(4, 2),
        "b1": np.zeros((4, 1)),
        "W2": np.linspace(0.5, -0.3, 4).reshape(1, 4),
        "b2": np.zeros((1, 1)),
    }
    parameters = {name: tg.Tensor(value, requires_grad=True, name=name) for name, value in values.items()}
    A2, _ = shallow.forward_propagation(X, parameters)
    J = shallow.compute_cost(A2, Y)
    return tg.explain(J)


def layers():
    """The same net from layers in the notes' layout."""
    layer1 = nn.Linear(2, 4, examples="columns", rng=1)
    layer2 = nn.Linear(4, 1, examples="columns", rng=2)
    Z1 = layer1(X)
    A1 = tg.tanh(Z1)
    Z2 = layer2(A1)
    A2 = tg.sigmoid(Z2)
    J = tg.binary_cross_entropy(A2, Y)
    return tg.explain(J)


def classes():
    """Softmax into cross-entropy, one column an example."""
    T = np.eye(3)[:, [0, 1, 2, 0, 1, 2]]
    W = tg.Tensor(np.linspace(-0.5, 0.5, 6).reshape(3, 2), requires_grad=True)
    b = tg.Tensor(np.zeros((3, 1)), requires_grad=True)
    m = T.shape[1]
    Z = W @ X + b
    A = tg.softmax(Z, axis=0)
    J = -tg.sum(T * tg.log(A)) / m
    return tg.explain(J)


PROGRAMS = {"ng": ng, "logreg": logreg, "fork": fork, "net2": net2, "layers": layers, "classes": classes}
SUFFIXES = (".txt", ".md", ".tex")


def write(folder):
    """Every derivation in every kind of file, as `explain_ng.txt` and so on."""
    for name, program in PROGRAMS.items():
        derivation = program()
        for suffix in SUFFIXES:
            derivation.save(folder / f"explain_{name}{suffix}")


if __name__ == "__main__":  # python -m tests.explain_programs FOLDER: write the golden files anew
    import sys
    from pathlib import Path

    write(Path(sys.argv[1]))
