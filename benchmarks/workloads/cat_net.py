"""12288-20-7-5-1 network, m = 209, float64"""

from itertools import pairwise

import numpy as np

from ..peers import training
from . import also_keeping_memory

STEPS = 40
RTOL = 1e-8
RATE = 0.0075
SIZES = (12288, 20, 7, 5, 1)
EXAMPLES = 209


def data():
    rng = np.random.default_rng(5)
    X = rng.random((SIZES[0], EXAMPLES))
    Y = (rng.random((1, EXAMPLES)) < 0.35).astype(float)
    params = []
    for n_in, n_out in pairwise(SIZES):
        params += [rng.standard_normal((n_out, n_in)) / np.sqrt(n_in), np.zeros((n_out, 1))]
    return params, [X, Y]


def by_hand():
    params, (X, Y) = data()
    layers = len(SIZES) - 1

    def step(lap):
        A, kept = X, []
        for k in range(layers):
            W, b = params[2 * k : 2 * k + 2]
            Z = W @ A + b
            kept.append((A, W, Z))
            A = np.maximum(Z, 0) if k < layers - 1 else 1 / (1 + np.exp(-Z))
        J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        dZ = (A - Y) / EXAMPLES
        for k in reversed(range(layers)):
            A, W, _ = kept[k]
            dW, db = dZ @ A.T, dZ.sum(axis=1, keepdims=True)
            if k:
                dZ = (W.T @ dZ) * (kept[k - 1][2] > 0)
            params[2 * k] -= RATE * dW
            params[2 * k + 1] -= RATE * db
        lap("step")
        return float(J)

    return step


def scores(params, X, relu):
    A = X
    for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
        A = relu(W @ A + b)
    return params[-2] @ A + params[-1]


def ours(tg, params, X, Y):
    return tg.binary_cross_entropy_with_logits(scores(params, X, tg.relu), Y)


def pytorch(torch, params, X, Y):
    return torch.nn.functional.binary_cross_entropy_with_logits(scores(params, X, torch.relu), Y)


def generic(np, params, X, Y):
    A = 1 / (1 + np.exp(-scores(params, X, lambda Z: np.maximum(Z, 0.0))))
    return -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))


COMPETITORS = also_keeping_memory(training(data, RATE, ours=ours, torch=pytorch, generic=generic, by_hand=by_hand))
