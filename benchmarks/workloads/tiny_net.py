"""One training step of the course's 2-4-1 network (tanh, sigmoid, cross-entropy; columns are examples), in float64."""

import numpy as np

RTOL = 1e-10
RATE = 0.5


def data(m):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((2, m))
    Y = (X[:1] * X[1:] > 0).astype(float)
    W1, W2 = rng.standard_normal((4, 2)), rng.standard_normal((1, 4))
    return X, Y, W1, np.zeros((4, 1)), W2, np.zeros((1, 1))


def by_hand(m):
    X, Y, W1, b1, W2, b2 = data(m)
    params = [W1, b1, W2, b2]

    def step(lap):
        Z1 = W1 @ X + b1
        A1 = np.tanh(Z1)
        Z2 = W2 @ A1 + b2
        A2 = 1 / (1 + np.exp(-Z2))
        J = np.sum(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / m
        dA2 = (-Y / A2 + (1 - Y) / (1 - A2)) / m
        dZ2 = dA2 * A2 * (1 - A2)
        dW2 = dZ2 @ A1.T
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (W2.T @ dZ2) * (1 - A1**2)
        dW1 = dZ1 @ X.T
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        for p, dp in zip(params, (dW1, db1, dW2, db2), strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def simplified(m):
    """By hand with the algebra done first: dZ2 = A2 - Y. No graph of the same statements can know that."""
    X, Y, W1, b1, W2, b2 = data(m)
    params = [W1, b1, W2, b2]

    def step(lap):
        A1 = np.tanh(W1 @ X + b1)
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        J = np.sum(-(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / m
        dZ2 = (A2 - Y) / m
        dW2 = dZ2 @ A1.T
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dZ1 = (W2.T @ dZ2) * (1 - A1**2)
        dW1 = dZ1 @ X.T
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        for p, dp in zip(params, (dW1, db1, dW2, db2), strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def ours(m):
    import tinygrad_course as tg

    X, Y, *start = data(m)
    params = W1, b1, W2, b2 = [tg.Tensor(p, requires_grad=True) for p in start]

    def step(lap):
        for p in params:
            p.zero_grad()
        Z1 = W1 @ X + b1
        A1 = tg.tanh(Z1)
        Z2 = W2 @ A1 + b2
        A2 = tg.sigmoid(Z2)
        J = (-(Y * tg.log(A2) + (1 - Y) * tg.log(1 - A2))).sum() / m
        J.backward()
        for p in params:
            p.data -= RATE * p.grad
        lap("step")
        return float(J)

    return step


def pytorch(m):
    import torch

    X, Y, *start = (torch.from_numpy(a) for a in data(m))
    params = W1, b1, W2, b2 = [p.requires_grad_() for p in start]

    def step(lap):
        for p in params:
            p.grad = None
        Z1 = W1 @ X + b1
        A1 = torch.tanh(Z1)
        Z2 = W2 @ A1 + b2
        A2 = torch.sigmoid(Z2)
        J = (-(Y * torch.log(A2) + (1 - Y) * torch.log(1 - A2))).sum() / m
        J.backward()
        with torch.no_grad():
            for p in params:
                p -= RATE * p.grad
        lap("step")
        return float(J.detach())

    return step


def competitors(m):
    """The four of them, for `m` examples."""
    makers = {"ours": ours, "NumPy by hand": by_hand, "NumPy, simplified": simplified, "PyTorch": pytorch}
    return {name: lambda make=make: make(m) for name, make in makers.items()}
