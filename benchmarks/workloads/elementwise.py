"""a loss over one million elements, float32"""

import numpy as np

from ..peers import training
from . import also_keeping_memory

STEPS = 40
RTOL = 1e-3  # a float32 sum of a million terms
RATE = 10.0
SIZE = 1_000_000


def data():
    rng = np.random.default_rng(6)
    w, x, y = rng.standard_normal((3, SIZE), np.float32)
    return [w], [x, y]


def by_hand():
    (w,), (x, y) = data()

    def step(lap):
        t = np.tanh(w * x)
        r = t - y
        q = np.exp(-(r * r))
        J = np.mean(r * r * q)
        dr = 2 * r * q * (1 - r * r) / np.float32(SIZE)
        dw = dr * (1 - t * t) * x
        np.subtract(w, np.float32(RATE) * dw, out=w)
        lap("step")
        return float(J)

    return step


def loss(lib, params, x, y):
    (w,) = params
    r = lib.tanh(w * x) - y
    s = r * r
    return lib.mean(s * lib.exp(-s))


COMPETITORS = also_keeping_memory(training(data, RATE, ours=loss, torch=loss, generic=loss, by_hand=by_hand))
