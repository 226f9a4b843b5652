"""What a workload takes at least on this machine: `python -m benchmarks.limits`.

Three things are measured: the rate of products of large matrices (the BLAS), the rate of reading and writing arrays
of a few megabytes with all cores, and a call of compiled code from Python (NumPy's addition of two numbers). A workload
takes at least as long as its products, its memory traffic or one call would take alone, whichever is longest. Nothing
reaches that: it says how far there is to go.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from time import perf_counter

import numpy as np

MB, GB = 1e6, 1e9


def main():
    """Print the rates, and what follows from them for each workload."""
    products = {np.float32: product_rate(np.float32), np.float64: product_rate(np.float64)}
    traffic, call = traffic_rate(), call_time()
    print(f"products: {products[np.float32] / GB:.0f} GFLOP/s in float32, {products[np.float64] / GB:.0f} in float64")
    print(f"memory: {traffic / GB:.1f} GB/s; a call: {call * 1e6:.2f} µs\n")
    print("| workload | products | memory | at least | because of |\n| --- | ---: | ---: | ---: | --- |")
    for name, (multiplications, dtype, megabytes) in WORK.items():
        seconds = {
            "products": 2 * multiplications / products[dtype],
            "memory": megabytes * MB / traffic,
            "the call": call,
        }
        reason = max(seconds, key=seconds.get)
        times = " | ".join(duration(s) for s in (seconds["products"], seconds["memory"], seconds[reason]))
        print(f"| {name} | {times} | {reason} |")


# --- the work of each workload ----------------------------------------------------------------------------------------


def dense(batch, *sizes):
    """Multiplications of a step of a network: a layer's output and the gradients of its weights and, but for the first
    layer, of its input."""
    layers = [batch * a * b for a, b in pairwise(sizes)]
    return 3 * sum(layers) - layers[0]


def convolution(batch, filters, channels, size, out, first):
    """Those of a step of a layer of size x size filters with out x out results."""
    return (2 if first else 3) * batch * filters * channels * size**2 * out**2


def lenet():
    """Two layers of convolution, three dense ones behind them."""
    below = convolution(64, 6, 1, 5, 28, True) + convolution(64, 16, 6, 5, 10, False)
    return below + dense(64, 400, 120, 84, 10) + 64 * 400 * 120


def lstm(length=32, batch=32, inputs=128, units=128):
    """Inputs (no derivative with respect to them) and the state before, for four gates."""
    return length * batch * 4 * units * (2 * inputs + 3 * units)


def transformer(rows=32, length=16, width=64, hidden=256):
    """Projections, scores and mixtures, two dense layers; the first has no derivative for its input."""
    tokens = rows * length
    dense_ones = 3 * tokens * (3 * width**2 + width**2 + 2 * width * hidden) - tokens * 3 * width**2
    return dense_ones + 3 * 2 * rows * length**2 * width


# Multiplications in products, their dtype, megabytes of arrays too large for a core's own cache.
# Memory of the wide net: weights read twice; gradients written, then read; weights read and written once more.
WORK = {
    "scalar": (0, np.float64, 0),
    "tiny_net_1": (dense(1, 2, 4, 1), np.float64, 0),
    "tiny_net_400": (dense(400, 2, 4, 1), np.float64, 0),
    "cat_net": (dense(209, 12288, 20, 7, 5, 1), np.float64, 2 * 209 * 12288 * 8 / MB),
    "digits_net": (dense(128, 784, 512, 256, 10), np.float32, 0),
    "wide_net": (dense(256, 1024, 2048, 2048, 10), np.float32, 6 * 4 * 6.3),
    "lenet": (lenet(), np.float32, 0),
    "lstm": (lstm(), np.float32, 0),
    "transformer": (transformer(), np.float32, 0),
    "elementwise": (0, np.float32, 7 * 4),  # w, x, y read, the gradient written; both read, w written
    "hessian": (0, np.float64, 50 * 50 * 8 / MB),
}


# --- rates ------------------------------------------------------------------------------------------------------------


def best(function, times=20):
    """Seconds of the fastest of several calls."""
    found = math.inf
    for _ in range(times):
        start = perf_counter()
        function()
        found = min(found, perf_counter() - start)
    return found


def product_rate(dtype, n=1536):
    """Floating-point operations a second in a product of two matrices."""
    a, b = np.ones((2, n, n), dtype)
    out = np.empty((n, n), dtype)
    return 2 * n**3 / best(lambda: np.dot(a, b, out=out))


def traffic_rate(n=1_500_000):
    """Bytes a second that all cores together move in ``c = a + b``."""
    cores = os.cpu_count() or 1
    parts = [np.ones((3, n // cores), np.float32) for _ in range(cores)]
    with ThreadPoolExecutor(cores) as pool:

        def add(part):
            for _ in range(20):
                np.add(part[0], part[1], out=part[2])

        seconds = best(lambda: list(pool.map(add, parts))) / 20
    return sum(p.nbytes for p in parts) / seconds


def call_time(n=10_000):
    """Seconds of a call of compiled code that does next to nothing."""
    a = np.float64(1.0)
    add = np.add

    def many():
        for _ in range(n):
            add(a, a)

    return best(many) / n


def duration(seconds):
    """A time in the unit that suits it."""
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs" if seconds else "0"


if __name__ == "__main__":
    main()
