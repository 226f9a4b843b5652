"""Circuit theory: what a deep network computes with few units, a shallow one needs many for (notes, lines 435-446).

Is the number of ones odd? A tree of XORs, three ReLU units each, needs 3 (n - 1) units in log2 n steps. With one hidden
layer that looks for every odd pattern, there are 2^(n - 1) of them. Both are right on all 2^n inputs.

Prints:

     n   deep: layers, units, right   shallow: units, right
     2             1      3    100%               2    100%
     4             2      9    100%               8    100%
     8             3     21    100%             128    100%
"""

import numpy as np

import tinygrad_course as tg


def deep(X):
    """Pairs of bits, layer by layer: a XOR b = relu(a) + relu(b) - 2 relu(a + b - 1)."""
    units = 0
    while len(X) > 1:
        a, b = X[0::2], X[1::2]
        X = tg.relu(a) + tg.relu(b) - 2 * tg.relu(a + b - 1)
        units += 3 * len(X)
    return X, units


def shallow(X):
    """One hidden unit for each pattern with an odd number of ones: it is 1 there and 0 on all others."""
    patterns, odd = tg.data.parity(len(X))
    W = 2 * patterns[odd == 1] - 1
    hidden = tg.relu(W @ X - patterns[odd == 1].sum(axis=1, keepdims=True) + 1)
    return hidden.sum(axis=0, keepdims=True), len(W)


print(" n   deep: layers, units, right   shallow: units, right")
for n in (2, 4, 8):
    X, Y = tg.data.parity(n, examples="columns")
    (by_tree, few), (by_table, many) = deep(X), shallow(X)
    print(f"{n:2} {int(np.log2(n)):13} {few:6} {np.mean(by_tree == Y):7.0%} {many:15} {np.mean(by_table == Y):7.0%}")
