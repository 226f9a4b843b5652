"""Toy problems: the properties they are known by."""
# ruff: noqa: NPY002, SIM300  (the course uses NumPy's global generator; `Y == k` is no condition)

import inspect
from itertools import combinations

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.data import DataError

TOYS = {name: getattr(tg.data, name) for name in ("flower", "moons", "circles", "spirals", "blobs", "ring", "xor")}


def test_flower_is_the_courses():
    """The program of the course, with its global generator, whose state is put back."""
    before = np.random.get_state()
    np.random.seed(1)
    m, a = 400, 4
    N = int(m / 2)
    X, Y = np.zeros((m, 2)), np.zeros((m, 1), dtype="uint8")
    for j in range(2):
        ix = range(N * j, N * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, N) + np.random.randn(N) * 0.2
        r = a * np.sin(4 * t) + np.random.randn(N) * 0.2
        X[ix] = np.c_[r * np.sin(t), r * np.cos(t)]
        Y[ix] = j
    np.random.set_state(before)
    flower = tg.data.flower(examples="columns")
    assert flower.X.tobytes() == X.T.tobytes()
    assert flower.Y.tobytes() == Y.T.tobytes()
    assert flower.Y.dtype == np.uint8
    np.testing.assert_allclose(flower.X[:, 0], [1.20444229, 3.57611413], rtol=1e-8)
    np.testing.assert_array_equal(np.bincount(flower.Y[0]), [200, 200])


def test_flower_must_be_even():
    with pytest.raises(DataError, match="even"):
        tg.data.flower(401)


@pytest.mark.parametrize("name", TOYS)
class TestEveryToy:
    def test_shapes_and_layouts(self, name):
        rows, columns = TOYS[name](60), TOYS[name](60, examples="columns")
        assert (rows.X.shape, rows.Y.shape) == ((60, 2), (60,))
        assert (columns.X.shape, columns.Y.shape) == ((2, 60), (1, 60))
        assert rows.X.dtype == np.float64
        assert rows.Y.dtype.kind in "iu"
        np.testing.assert_array_equal(rows.X, columns.X.T)
        np.testing.assert_array_equal(rows.Y, columns.Y[0])

    def test_seeds(self, name):
        toy = TOYS[name]
        np.testing.assert_array_equal(toy(60, seed=3).X, toy(60, seed=3).X)
        assert np.any(toy(60, seed=3).X != toy(60, seed=4).X)

    def test_global_state_stays(self, name):
        before = np.random.get_state()[1].copy()
        TOYS[name](60)
        np.testing.assert_array_equal(np.random.get_state()[1], before)

    def test_classes_are_equal_in_size(self, name):
        m = 62
        counts = np.bincount(TOYS[name](m).Y)
        assert counts.sum() == m
        assert counts.max() - counts.min() <= 1

    def test_order_is_random(self, name):
        labels, others = TOYS[name](60, seed=1).Y.astype(int), TOYS[name](60, seed=2).Y
        assert (np.all(np.diff(labels) >= 0)) == (name == "flower")
        assert np.array_equal(labels, others) == (name == "flower")

    def test_none_and_nonsense(self, name):
        assert TOYS[name](0).X.shape == (0, 2)
        with pytest.raises(DataError, match=r'"rows" or "columns"'):
            TOYS[name](60, examples="row")
        with pytest.raises(DataError):
            TOYS[name](-2)


def test_moons_without_noise_lie_on_half_circles():
    X, Y = tg.data.moons(noise=0)
    upper, lower = X[Y == 0], X[Y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5


def test_circles_without_noise():
    X, Y = tg.data.circles(noise=0, factor=0.3)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(Y == 1, 0.3, 1))


def test_spirals_without_noise_turn_with_the_radius():
    X, Y = tg.data.spirals(noise=0, classes=4, turns=0.7)
    radius = np.hypot(*X.T)
    assert radius.max() <= 1
    turned = np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi) - 0.7 * radius - Y / 4
    np.testing.assert_allclose(turned - turned.round(), 0, atol=1e-9)


def test_ring_has_its_modes():
    X, Y = tg.data.ring(modes=8, radius=2, spread=0.01)
    middles = np.array([X[Y == k].mean(axis=0) for k in range(8)])
    np.testing.assert_allclose(np.hypot(*middles.T), 2, atol=0.02)
    nearest = min(np.hypot(*(a - b)) for a, b in combinations(middles, 2))
    assert nearest == pytest.approx(2 * 2 * np.sin(np.pi / 8), abs=0.05)
    assert np.hypot(*(X - middles[Y]).T).max() < 0.06


def test_blobs_have_their_spread():
    X, Y = tg.data.blobs(30_000, classes=3, features=4, spread=0.5, seed=1)
    assert X.shape == (30_000, 4)
    for k in range(3):
        np.testing.assert_allclose(X[Y == k].std(axis=0), 0.5, rtol=0.05)


def test_xor():
    X, Y = tg.data.xor(400)
    np.testing.assert_array_equal(X[:, 0] * X[:, 1] < 0, Y == 1)
    quadrants = np.unique(np.sign(X), axis=0)
    assert len(quadrants) == 4
    assert np.abs(X).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 5])
def test_parity(bits):
    X, Y = tg.data.parity(bits)
    assert X.shape == (2**bits, bits)
    assert len(np.unique(X, axis=0)) == 2**bits
    for row, label in zip(X, Y, strict=True):
        assert str(row.astype(int)).count("1") % 2 == label


def test_a_generator_is_used_as_it_is():
    rng = np.random.default_rng(0)
    first, second = tg.data.moons(seed=rng), tg.data.moons(seed=rng)
    assert np.any(first.X != second.X)


def test_every_toy_is_here():
    functions = [n for n in tg.data.__all__ if inspect.isfunction(getattr(tg.data, n))]
    taking_m = {n for n in functions if "m" in inspect.signature(getattr(tg.data, n)).parameters}
    assert taking_m == set(TOYS)
