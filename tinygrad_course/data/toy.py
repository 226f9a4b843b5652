"""Small problems in the plane, made on the spot: the same seed gives the same points, NumPy's global state stays alone.

All have X (m, 2) float64 and Y (m,), or X (2, m) and Y (1, m) with examples="columns". But for the flower, which keeps
the course's order, points come in random order, and the classes are as equal in size as m allows.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from .errors import DataError
from .layout import Array, Examples, Layout, arrange

Seed: TypeAlias = int | np.random.Generator | None


def flower(m: int = 400, seed: int = 1, *, examples: Layout = "rows") -> Examples:
    """Two classes as the petals of a flower: the planar data set of the course, bit for bit, with m=400 and seed=1.

    Petals are ``r = 4 sin(4 t)`` with noise of 0.2 on angle and radius; the first half of the points is class 0. As in
    the course the labels are uint8 (so write ``2.0 * Y - 1``, not ``2 * Y - 1``), and the numbers come from NumPy's
    legacy generator.

    >>> X, Y = tg.data.flower(examples="columns")
    >>> X.shape, Y.shape, X[:, 0].round(6).tolist()
    ((2, 400), (1, 400), [1.204442, 3.576114])
    """
    if m < 0 or m % 2:
        raise DataError(f"flower: m must be even, half for each class; it is {m}")
    rng = np.random.RandomState(seed)  # the legacy generator: its numbers are the course's
    half = m // 2
    X, Y = np.zeros((m, 2)), np.zeros(m, np.uint8)
    for j in range(2):
        petals = slice(half * j, half * (j + 1))
        angle = np.linspace(j * 3.12, (j + 1) * 3.12, half) + rng.randn(half) * 0.2
        radius = 4 * np.sin(4 * angle) + rng.randn(half) * 0.2
        X[petals] = np.c_[radius * np.sin(angle), radius * np.cos(angle)]
        Y[petals] = j
    return arrange(X, Y, examples)


def moons(m: int = 200, *, noise: float = 0.1, seed: Seed = 0, examples: Layout = "rows") -> Examples:
    """Two half circles of radius 1 that reach into each other: round (0, 0) above, round (1, 0.5) below.

    >>> tg.data.moons(100).X.shape
    (100, 2)
    """
    rng, Y = _begin(m, 2, seed)
    angle = np.pi * rng.random(m)
    side = 1 - 2 * Y
    X = np.c_[side * np.cos(angle) + Y, side * np.sin(angle) + Y / 2]
    return arrange(X + noise * rng.standard_normal(X.shape), Y, examples)


def circles(
    m: int = 200, *, noise: float = 0.05, factor: float = 0.5, seed: Seed = 0, examples: Layout = "rows"
) -> Examples:
    """A circle of radius 1 (class 0) round one of radius `factor` (class 1).

    >>> X, Y = tg.data.circles(noise=0)
    >>> np.unique(np.hypot(*X.T).round(9)).tolist()
    [0.5, 1.0]
    """
    rng, Y = _begin(m, 2, seed)
    X = np.where(Y == 1, factor, 1.0)[:, np.newaxis] * _directions(2 * np.pi * rng.random(m))
    return arrange(X + noise * rng.standard_normal(X.shape), Y, examples)


def spirals(
    m: int = 300,
    *,
    classes: int = 3,
    turns: float = 0.65,
    noise: float = 0.2,
    seed: Seed = 0,
    examples: Layout = "rows",
) -> Examples:
    """Arms that wind outwards from the origin to radius 1 in `turns` turns; `noise` is on the angle, in radians.

    >>> sorted(np.bincount(tg.data.spirals(100).Y).tolist())
    [33, 33, 34]
    """
    rng, Y = _begin(m, classes, seed)
    radius = rng.random(m)
    angle = 2 * np.pi * (Y / classes + turns * radius) + noise * rng.standard_normal(m)
    return arrange(radius[:, np.newaxis] * _directions(angle), Y, examples)


def blobs(
    m: int = 200,
    *,
    classes: int = 3,
    features: int = 2,
    spread: float = 1.0,
    seed: Seed = 0,
    examples: Layout = "rows",
) -> Examples:
    """One round Gaussian cloud for each class, with standard deviation `spread`, its middle anywhere in [-8, 8].

    >>> tg.data.blobs(classes=4, features=5).X.shape
    (200, 5)
    """
    rng, Y = _begin(m, classes, seed)
    middles = rng.uniform(-8, 8, (classes, features))
    return arrange(middles[Y] + spread * rng.standard_normal((m, features)), Y, examples)


def ring(
    m: int = 512,
    *,
    modes: int = 8,
    radius: float = 2.0,
    spread: float = 0.02,
    seed: Seed = 0,
    examples: Layout = "rows",
) -> Examples:
    """Small Gaussian clouds evenly round a circle: the test of whether a GAN covers all modes. Y is the mode.

    >>> X, Y = tg.data.ring(spread=0)
    >>> X[Y == 2][0].round(9).tolist()
    [0.0, 2.0]
    """
    rng, Y = _begin(m, modes, seed)
    X = radius * _directions(2 * np.pi * Y / modes)
    return arrange(X + spread * rng.standard_normal(X.shape), Y, examples)


def xor(m: int = 200, *, noise: float = 0.0, seed: Seed = 0, examples: Layout = "rows") -> Examples:
    """Points of the square [-1, 1]^2, class 1 where the signs of the coordinates differ; `noise` moves them after.

    >>> X, Y = tg.data.xor()
    >>> bool(np.all((X[:, 0] * X[:, 1] < 0) == Y))
    True
    """
    rng, Y = _begin(m, 2, seed)
    X = 1 - rng.random((m, 2))  # in (0, 1]: never on an axis
    first = rng.choice([-1.0, 1.0], m)
    X *= np.c_[first, np.where(Y == 1, -first, first)]
    return arrange(X + noise * rng.standard_normal(X.shape), Y, examples)


def parity(bits: int = 2, *, examples: Layout = "rows") -> Examples:
    """Every row of `bits` zeros and ones, 2**bits in all; class 1 where the number of ones is odd. Two bits are XOR.

    >>> X, Y = tg.data.parity(2)
    >>> X.tolist(), Y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    ones = np.arange(2**bits)[:, np.newaxis] >> np.arange(bits)[::-1] & 1
    return arrange(ones.astype(np.float64), ones.sum(axis=1) % 2, examples)


def _begin(m: int, classes: int, seed: Seed) -> tuple[np.random.Generator, Array]:
    """A generator, and m labels in random order, of which each class has as many as any other, or one more."""
    if m < 0 or classes < 1:
        raise DataError(f"there must be at least 0 points and 1 class, not {m} and {classes}")
    rng = np.random.default_rng(seed)
    return rng, rng.permutation(np.arange(m) % classes)


def _directions(angle: Array) -> Array:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
