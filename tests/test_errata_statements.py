"""Statements of the notes that are loose or wrong, as far as they can be computed. (Numbers: lines of the notes.)"""

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.course import initialization, shallow, vectorization
from tinygrad_course.course.activations import sigmoid, tanh, tanh_derivative


def test_79_squared_error_after_a_sigmoid_is_not_convex():
    def squared(w):
        return (tg.sigmoid(w) - 1) ** 2 / 2

    points = np.arange(-4.0, 2.0)
    curvature = [float(tg.hessian(squared)(w)) for w in points]
    np.testing.assert_allclose(curvature, [-0.0164, -0.0369, -0.0594, -0.0278, 0.0625, 0.0631], atol=5e-5)
    assert all(tg.hessian(lambda w: -tg.log_sigmoid(w))(w) > 0 for w in points)


def test_82_84_what_the_loss_wants():
    """-log y' for y = 1, -log(1 - y') for y = 0: both fall to 0 as y' goes to y."""
    for y, predictions in ((1.0, [0.5, 0.9, 0.999]), (0.0, [0.5, 0.1, 0.001])):
        losses = [float(tg.binary_cross_entropy(p, y)) for p in predictions]
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] == pytest.approx(0.0010005, abs=1e-7)


def test_7_322_linear_hidden_layers_collapse():
    """However many linear layers: one matrix; with a sigmoid at the end, logistic regression (not linear)."""
    rng = np.random.default_rng(4)
    W1, W2, W3, X = (rng.normal(size=size) for size in ((5, 2), (4, 5), (1, 4), (2, 3)))
    np.testing.assert_allclose(sigmoid(W3 @ (W2 @ (W1 @ X))), sigmoid((W3 @ W2 @ W1) @ X), rtol=1e-12)


def test_196_sums_and_axes():
    a = tg.Tensor([[1, 2, 3], [4, 5, 6]])
    assert a.sum(axis=0).tolist() == [5, 7, 9]  # one for each column
    assert a.sum(axis=1).tolist() == [6, 15]  # one for each row


def test_197_reshape_does_not_broadcast():
    with pytest.raises(tg.ShapeError, match="reshape"):
        tg.Tensor([1.0, 2.0, 3.0]).reshape(1, 4)
    a = np.arange(4.0)
    assert np.shares_memory(a.reshape(1, 4), a)


def test_201_rank_one():
    """A rank-1 transpose works and does nothing; with a column it makes a matrix."""
    v, column = tg.Tensor(np.ones(5)), tg.Tensor(np.ones((5, 1)))
    assert v.T.shape == (5,)
    assert tg.dot(v, v).shape == ()
    assert (column - v).shape == (5, 5)
    assert column.T.shape == (1, 5)
    with pytest.raises(tg.ShapeError, match="same shape"):  # where it usually bites: a prediction minus a label
        tg.mse_loss(column, v)


def test_203_assert_with_a_tuple_is_always_true():
    with pytest.warns(SyntaxWarning, match="assertion is always true"):
        compile('assert (a.shape == (5, 1), "wrong shape")', "notes", "exec")


def test_211_a_batch_of_images():
    pictures = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3)
    scrambled = pictures.reshape(-1, 2)
    assert scrambled.shape == tg.data.flatten_images(pictures).shape
    assert set(scrambled[:, 0]) != set(pictures[0].ravel())
    assert set(tg.data.flatten_images(pictures)[:, 0]) == set(pictures[0].ravel())


def test_297_299_ranges_are_open_but_for_rounding():
    z = np.array([-30.0, 30.0])
    assert np.all((sigmoid(z) > 0) & (sigmoid(z) < 1))
    assert sigmoid(np.array(40.0)) == 1.0
    assert tanh(np.array(20.0)) == 1.0


def test_299_tanh_is_a_sigmoid_shifted_and_scaled():
    z = np.linspace(-5, 5, 21)
    np.testing.assert_allclose(tg.tanh(z), 2 * tg.sigmoid(2 * z) - 1, rtol=1e-12, atol=1e-15)
    for shift in (0.0, 0.5, 1.0):
        assert np.abs(tanh(z) - (sigmoid(z) - shift)).max() > 0.4


def test_308_310_slopes():
    """The slope vanishes for *very negative* z, too; that of relu for z > 0 "remains" 1."""
    slope = tg.grad(tg.sigmoid)
    assert slope(0.0) == 0.25
    assert slope(-10.0) == pytest.approx(slope(10.0))
    assert slope(10.0) < 1e-4
    assert tg.grad(tg.relu)(1000.0) == 1.0


def test_380_388_zeros():
    """Zero W: units stay identical and only the last bias learns. Zero b with random W: no symmetry."""
    X, Y = tg.data.flower(examples="columns")

    def trained(parameters):
        for _ in range(20):
            _, grads = shallow.gradients_by_autograd(parameters, X, Y)
            parameters = shallow.update_parameters(parameters, grads)
        return parameters

    zeros = trained(initialization.initialize_parameters_zeros([2, 4, 1]))
    assert shallow.gradients_by_hand(zeros, X, Y)[0] == pytest.approx(np.log(2))
    same = initialization.initialize_parameters_zeros([2, 4, 1])
    same["W1"] += 0.3
    same["W2"] += 0.3
    W1 = trained(same)["W1"]
    assert np.array_equal(W1, np.broadcast_to(W1[0], W1.shape))
    assert not np.array_equal(W1, same["W1"])
    W1 = trained(initialization.initialize_parameters_random([2, 4, 1]))["W1"]
    assert len({tuple(row) for row in W1}) == 4


def test_389_large_weights_saturate():
    X, _ = tg.data.flower(examples="columns")
    slopes = [
        np.mean(tanh_derivative(initialization.initialize_parameters_random([2, 4, 1], scale)["W1"] @ X))
        for scale in (0.01, 1.0, 10.0)
    ]
    assert slopes[0] > 0.99
    assert slopes[0] > slopes[1] > slopes[2]
    assert slopes[2] < 0.15


def test_408_counting_parameters():
    assert initialization.count_parameters([12288, 20, 7, 5, 1]) == 245_973


def test_172_loops_give_the_same():
    a, c = np.random.default_rng(4).normal(size=(2, 50))
    assert vectorization.dot_looped(a, c) == pytest.approx(np.dot(a, c))
