"""Gradient descent converges faster on normalised inputs (notes, line 214): count the iterations to one cost.

Tumours described by 30 measures, some around 0.01, some around 1000. For each scaling the best of several rates.

Prints:

    inputs                       condition number   iterations to a cost of 0.1
    as measured                             2e+12                     over 1000
    divided by the largest                  2e+12                     over 1000
    each feature / its largest              2e+06                           113
    standardised                            1e+05                             8
"""

import numpy as np

import tinygrad_course as tg
from tinygrad_course.course import logistic_regression as lr

X, Y = tg.data.breast_cancer(examples="columns")[:2]
scaled = {
    "as measured": X,
    "divided by the largest": X / X.max(),
    "each feature / its largest": X / X.max(axis=1, keepdims=True),
    "standardised": tg.data.standardise(X, examples="columns")[0],
}


def iterations(X, rate, goal=0.1, most=1000):
    w, b = lr.initialize_with_zeros(len(X))
    for i in range(most):
        with np.errstate(all="ignore"):
            grads, cost = lr.propagate(w, b, X, Y)
        if cost < goal or not np.isfinite(cost):
            return i if cost < goal else most
        w, b = w - rate * grads["dw"], b - rate * grads["db"]
    return most


print("inputs                       condition number   iterations to a cost of 0.1")
for name, inputs in scaled.items():
    best = min(iterations(inputs, rate) for rate in 10.0 ** np.arange(-6, 2))
    condition = np.linalg.cond(inputs @ inputs.T / inputs.shape[1])
    print(f"{name:28} {condition:16.0e} {best if best < 1000 else 'over 1000':>29}")
