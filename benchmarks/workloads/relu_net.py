"""A classifier of three layers, relu and softmax cross-entropy; rows are examples, float32."""

from itertools import pairwise

import numpy as np

from ..peers import training
from . import also_keeping_memory, cross_entropy

RTOL = 1e-4


def competitors(sizes, batch, rate):
    """All of them, for layers of these sizes."""

    def data():
        rng = np.random.default_rng(2)
        X = rng.random((batch, sizes[0]), np.float32)
        labels = rng.integers(0, sizes[-1], batch)
        params = []
        for n_in, n_out in pairwise(sizes):
            W = rng.standard_normal((n_in, n_out), np.float32) * np.float32(np.sqrt(2 / n_in))
            params += [W, np.zeros(n_out, np.float32)]
        return params, [X, labels]

    def by_hand():
        params, (X, labels) = data()
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
                p -= rate * dp
            lap("step")
            return float(J)

        return step

    return also_keeping_memory(training(data, rate, ours=ours, torch=pytorch, generic=generic, by_hand=by_hand))


def scores(params, X, relu):
    W1, b1, W2, b2, W3, b3 = params
    A1 = relu(X @ W1 + b1)
    A2 = relu(A1 @ W2 + b2)
    return A2 @ W3 + b3


def ours(tg, params, X, labels):
    return tg.cross_entropy(scores(params, X, tg.relu), labels)


def pytorch(torch, params, X, labels):
    return torch.nn.functional.cross_entropy(scores(params, X, torch.relu), labels)


def generic(np, params, X, labels):
    return cross_entropy(np, scores(params, X, lambda Z: np.maximum(Z, 0)), labels)
