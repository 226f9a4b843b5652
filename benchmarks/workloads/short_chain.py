"""chain of 100,000 scalar operations (multiply, add), one training step, float64"""

import numpy as np

from ..peers import training

STEPS = 5
RTOL = 1e-9
RATE = 0.5
PAIRS = 50_000
FACTOR, TERM = 0.999999, 1e-6


def data():
    return [np.array(2.0)], []


def loss(lib, params):
    (y,) = params
    for _ in range(PAIRS):
        y = y * FACTOR
        y = y + TERM
    return y


def by_hand():
    x = np.float64(2.0)

    def step(lap):
        nonlocal x
        y = x
        for _ in range(PAIRS):
            y = y * FACTOR
            y = y + TERM
        g = np.float64(1)
        for _ in range(PAIRS):
            g = g * FACTOR
        x = x - RATE * g
        lap("step")
        return float(y)

    return step


# The others unroll the loop into one program, which takes them minutes to compile, or recurse too deeply.
COMPETITORS = training(data, RATE, ours=loss, torch=loss, by_hand=by_hand, without=("torch.compile",))
