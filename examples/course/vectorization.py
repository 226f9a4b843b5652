"""A loop in Python does one product at a time; NumPy's dot does many (notes, lines 172-182).

Same results; how much faster depends on the machine.

Prints:

    a . b  same: True   loop ... ms, np.dot ... ms: ... times as fast
    W x    same: True   loop ... ms, np.dot ... ms: ... times as fast
"""

from time import perf_counter

import numpy as np

from tinygrad_course.course.vectorization import dot_looped, matvec_looped

rng = np.random.default_rng(0)
a, b = rng.random(200_000), rng.random(200_000)
W, x = rng.random((300, 400)), rng.random((400, 1))


def timed(times, f, *args):
    best, result = float("inf"), None
    for _ in range(times):
        start = perf_counter()
        result = f(*args)
        best = min(best, perf_counter() - start)
    return result, best


for name, looped, vectorised, args in [("a . b", dot_looped, np.dot, (a, b)), ("W x", matvec_looped, np.dot, (W, x))]:
    (slow, long), (fast, short) = timed(2, looped, *args), timed(20, vectorised, *args)
    print(f"{name:6} same: {np.allclose(slow, fast, rtol=1e-10)}   ", end="")
    print(f"loop {1000 * long:.1f} ms, np.dot {1000 * short:.3f} ms: {long / short:.0f} times as fast")
