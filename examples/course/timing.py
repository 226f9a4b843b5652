"""Computation is one of the three reasons: the same layer and one gradient step, by loops and by NumPy (40-44, 178).

The library has no GPU; what makes NumPy fast are one call for many numbers, the processor's SIMD instructions, and a
matrix product that uses its caches well. A single-precision number takes half the room. Times depend on the machine.

Prints:

    W X, 20 x 64 by 64 x 100                  time   speed-up
    three loops in Python           ... ms          1
    loop over examples, np.dot      ... ms ...
    one product of matrices         ... ms ...
    the same in float32             ... ms ...
    the same on the graph           ... ms ...
    with forward and backward       ... ms ...
    largest difference below 1e-4: True
"""

from time import perf_counter

import numpy as np

import tinygrad_course as tg

rng = np.random.default_rng(0)
W, X = rng.standard_normal((20, 64)), rng.standard_normal((64, 100))
W32, X32 = W.astype(np.float32), X.astype(np.float32)


def loops():
    Z = np.zeros((len(W), X.shape[1]))
    for i in range(len(W)):
        for j in range(X.shape[1]):
            for k in range(len(X)):
                Z[i, j] += W[i, k] * X[k, j]
    return Z


def each_example():
    return np.column_stack([np.dot(W, x) for x in X.T])


def graph():
    return tg.matmul(tg.Tensor(W, requires_grad=True), X)


def backward():
    weight = tg.Tensor(W, requires_grad=True)
    Z = weight @ X
    Z.sum().backward()
    return Z


WAYS = {
    "three loops in Python": (loops, 1),
    "loop over examples, np.dot": (each_example, 20),
    "one product of matrices": (lambda: W @ X, 200),
    "the same in float32": (lambda: W32 @ X32, 200),
    "the same on the graph": (graph, 200),
    "with forward and backward": (backward, 200),
}


def fastest(f, times):
    best = float("inf")
    for _ in range(times):
        start = perf_counter()
        f()
        best = min(best, perf_counter() - start)
    return best


print("W X, 20 x 64 by 64 x 100                  time   speed-up")
times = {name: fastest(*way) for name, way in WAYS.items()}
for name, seconds in times.items():
    print(f"{name:28} {1000 * seconds:14.4f} ms {times['three loops in Python'] / seconds:10.0f}")
close = (np.abs(np.asarray(f()) - W @ X).max() < 1e-4 for f, _ in WAYS.values())
print("largest difference below 1e-4:", all(close))
