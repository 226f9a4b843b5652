import numpy as np


def softsign_partial(y, x):
    return 1 / (1 + np.abs(x)) ** 2


def sum_vjp(g, y, x):
    return np.broadcast_to(g[:, None], x.shape)


def matmul_vjp(g, y, a, b):
    return g @ b.T, a.T @ g


def take_vjp(g, y, x, index):
    out = np.zeros_like(x)
    np.add.at(out, index, g)
    return out
