"""chain of 1,000,000 scalar operations (multiply, add), float64"""

import gc

import numpy as np

STEPS = 0  # the three steps that every competitor begins with are enough: a million operations each
RTOL = 1e-9
PAIRS = 500_000
FACTOR, TERM, START, RATE = 0.999999, 1e-6, 2.0, 0.5


def by_hand():
    x = np.float64(START)

    def step(lap):
        nonlocal x
        y = x
        for _ in range(PAIRS):
            u = y * FACTOR
            y = u + TERM
        lap("forward")
        g = np.float64(1)
        for _ in range(PAIRS):
            g = g * FACTOR
        lap("backward")
        x = x - RATE * g
        return float(y)

    return step


def ours():
    import tinygrad_course as tg

    x = tg.Tensor(START, requires_grad=True)

    def step(lap):
        x.zero_grad()
        y = x
        for _ in range(PAIRS):
            y = y * FACTOR
            y = y + TERM
        lap("forward")
        y.backward()
        lap("backward")
        x.data -= RATE * x.grad
        return float(y)

    return step


def uncollected():
    """Ours with Python's cycle collector off: it finds nothing in our graphs, yet it walks over them."""
    gc.disable()
    return ours()


def pytorch():
    import torch

    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)

    def step(lap):
        x.grad = None
        y = x
        for _ in range(PAIRS):
            y = y * FACTOR
            y = y + TERM
        lap("forward")
        y.backward()
        lap("backward")
        with torch.no_grad():
            x.sub_(RATE * x.grad)
        return float(y.detach())

    return step


COMPETITORS = {"ours": ours, "ours, gc.disable()": uncollected, "NumPy by hand": by_hand, "PyTorch": pytorch}
