"""The two programs whose pictures the design shows, written as a user writes them, and one on arrays."""

import numpy as np

import tinygrad_course as tg


def ng():
    a = tg.Tensor(5.0, requires_grad=True)
    b = tg.Tensor(3.0, requires_grad=True)
    c = tg.Tensor(2.0, requires_grad=True)
    u = b * c
    v = a + u
    J = 3 * v
    return tg.draw(J)


def logreg():
    x1, x2 = tg.Tensor(1.0), tg.Tensor(2.0)
    w1 = tg.Tensor(0.5, requires_grad=True)
    w2 = tg.Tensor(-0.25, requires_grad=True)
    b = tg.Tensor(0.1, requires_grad=True)
    y = tg.Tensor(1.0)
    z = w1*x1 + w2*x2 + b  # fmt: skip
    a = tg.sigmoid(z)
    L = -(y*tg.log(a) + (1-y)*tg.log(1-a))  # fmt: skip
    return tg.draw(L)


def net2():
    X = np.linspace(-1, 1, 12).reshape(2, 6)
    Y = np.array([[0.0, 1, 0, 1, 1, 0]])
    W1 = tg.Tensor(np.linspace(-0.5, 0.5, 8).reshape(4, 2), requires_grad=True)
    b1 = tg.Tensor(np.zeros((4, 1)), requires_grad=True)
    W2 = tg.Tensor(np.linspace(0.5, -0.3, 4).reshape(1, 4), requires_grad=True)
    b2 = tg.Tensor(np.zeros((1, 1)), requires_grad=True)
    Z1 = W1 @ X + b1
    A1 = tg.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = tg.sigmoid(Z2)
    J = -tg.mean(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))
    return tg.draw(J)


def golden():
    return {"ng": ng, "logreg": logreg, "net2": net2}


if __name__ == "__main__":  # python tests/draw_programs.py FOLDER: write the golden files anew
    import sys
    from pathlib import Path

    for name, program in golden().items():
        Path(sys.argv[1], f"{name}.dot").write_text(program().source, encoding="utf-8")
