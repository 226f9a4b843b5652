"""784-512-256-10 network, batch 128, float32"""

from itertools import pairwise

import numpy as np

from . import also_keeping_memory

STEPS = 60
RTOL = 1e-4
RATE = 0.1
SIZES = (784, 512, 256, 10)


def data():
    rng = np.random.default_rng(2)
    X = rng.random((128, SIZES[0]), np.float32)
    labels = rng.integers(0, SIZES[-1], 128)
    params = []
    for n_in, n_out in pairwise(SIZES):
        W = rng.standard_normal((n_in, n_out), np.float32) * np.float32(np.sqrt(2 / n_in))
        params += [W, np.zeros(n_out, np.float32)]
    return X, labels, params


def by_hand():
    X, labels, params = data()
    W1, b1, W2, b2, W3, b3 = params
    rows = np.arange(len(X))

    def step(lap):
        Z1 = X @ W1 + b1
        A1 = np.maximum(Z1, 0)
        Z2 = A1 @ W2 + b2
        A2 = np.maximum(Z2, 0)
        Z3 = A2 @ W3 + b3
        shifted = Z3 - Z3.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        J = -log_p[rows, labels].mean()
        dZ3 = np.exp(log_p)
        dZ3[rows, labels] -= 1
        dZ3 /= np.float32(len(X))
        dZ2 = dZ3 @ W3.T * (Z2 > 0)
        dZ1 = dZ2 @ W2.T * (Z1 > 0)
        grads = X.T @ dZ1, dZ1.sum(axis=0), A1.T @ dZ2, dZ2.sum(axis=0), A2.T @ dZ3, dZ3.sum(axis=0)
        for p, dp in zip(params, grads, strict=True):
            p -= RATE * dp
        lap("step")
        return float(J)

    return step


def ours():
    import tinygrad_course as tg

    X, labels, start = data()
    params = W1, b1, W2, b2, W3, b3 = [tg.Tensor(p, requires_grad=True) for p in start]

    def step(lap):
        for p in params:
            p.zero_grad()
        A1 = tg.relu(X @ W1 + b1)
        A2 = tg.relu(A1 @ W2 + b2)
        J = tg.cross_entropy(A2 @ W3 + b3, labels)
        J.backward()
        for p in params:
            p.data -= RATE * p.grad
        lap("step")
        return float(J)

    return step


def pytorch():
    import torch

    X, labels, start = data()
    X, labels = torch.from_numpy(X), torch.from_numpy(labels)
    params = W1, b1, W2, b2, W3, b3 = [torch.from_numpy(p).requires_grad_() for p in start]

    def step(lap):
        for p in params:
            p.grad = None
        A1 = torch.relu(X @ W1 + b1)
        A2 = torch.relu(A1 @ W2 + b2)
        J = torch.nn.functional.cross_entropy(A2 @ W3 + b3, labels)
        J.backward()
        with torch.no_grad():
            for p in params:
                p -= RATE * p.grad
        lap("step")
        return float(J.detach())

    return step


COMPETITORS = also_keeping_memory({"ours": ours, "NumPy by hand": by_hand, "PyTorch": pytorch})
