"""micrograd's README: an expression of two numbers, float64"""

import numpy as np

from ..peers import training

STEPS = 2000
RTOL = 1e-10
RATE = 1e-6


def data():
    return [np.array(-4.0), np.array(2.0)], []


def expression(params, relu):
    a, b = params
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def loss(lib, params):
    return expression(params, lib.relu)


def generic(np, params):
    return expression(params, lambda x: np.maximum(x, 0.0))


def micrograd():
    from micrograd.engine import Value

    params = [Value(float(p)) for p in data()[0]]

    def step(lap):
        for p in params:
            p.grad = 0
        J = expression(params, Value.relu)
        J.backward()
        for p in params:
            p.data -= RATE * p.grad
        lap("step")
        return J.data

    return step


COMPETITORS = {**training(data, RATE, ours=loss, torch=loss, generic=generic), "micrograd": micrograd}
