"""The costs and accuracies that the course publishes, reproduced by autograd: with nn and optim, and with course/."""

import importlib.util
import os

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.course import deep, images, initialization, logistic_regression, shallow

needs_cats = pytest.mark.skipif(
    not os.environ.get("TINYGRAD_COURSE_DATA") or importlib.util.find_spec("h5py") is None,
    reason="needs h5py, and TINYGRAD_COURSE_DATA set to the folder with the course's cat images",
)


@pytest.fixture(scope="module")
def flower():
    return tg.data.flower(examples="columns")


@pytest.fixture(scope="module")
def cats():
    """X, Y of the training set and X, Y of the test set, pixels in 0..1."""
    train, test, classes = tg.data.cats()
    assert classes == ("non-cat", "cat")
    X = images.images2matrix(train.images)
    assert X[:5, 0].tolist() == [17, 31, 56, 22, 33]
    assert X.shape == (12288, 209)
    return X / 255, train.labels.reshape(1, -1), images.images2matrix(test.images) / 255, test.labels.reshape(1, -1)


def network(parameters, hidden):
    """The notes' parameters in a network of nn: linear, `hidden`, ..., linear, sigmoid, examples in columns."""
    L = len(parameters) // 2
    layers, state = [], {}
    for l in range(1, L + 1):
        n, n_prev = parameters[f"W{l}"].shape
        layers += [nn.Linear(n_prev, n, examples="columns"), hidden() if l < L else nn.Sigmoid()]
        state |= {f"{2 * l - 2}.weight": parameters[f"W{l}"], f"{2 * l - 2}.bias": parameters[f"b{l}"]}
    net = nn.Sequential(*layers)
    net.load_state_dict(state)
    return net


def train(net, X, Y, lr, iterations, every):
    """Gradient descent on the whole set: the cost of every so many iterations."""
    optimizer = tg.optim.SGD(net.parameters(), lr=lr)
    costs = []
    for i in range(iterations):
        optimizer.zero_grad()
        cost = tg.binary_cross_entropy(net(X), Y)
        cost.backward()
        optimizer.step()
        if i % every == 0:
            costs.append(cost.item())
    return costs


def accuracy(net, X, Y):
    with tg.no_grad():
        return float(np.mean((net(X).numpy() > 0.5) == Y))


# --- the first costs: quick ------------------------------------------------------------------------------------------


def test_first_cost_of_the_flower(flower):
    costs = train(
        network(shallow.initialize_parameters(2, 4, 1), nn.Tanh), *flower, lr=1.2, iterations=1001, every=1000
    )
    assert costs == [pytest.approx(0.693048, abs=1e-6), pytest.approx(0.288083, abs=1e-5)]


@needs_cats
def test_first_costs_of_cats(cats):
    X, Y, *_ = cats
    start = logistic_regression.initialize_with_zeros(12288)
    costs = logistic_regression.optimize(*start, X, Y, 101, 0.005, propagate=logistic_regression.propagate_by_autograd)[
        2
    ]
    assert costs == [pytest.approx(0.693147, abs=1e-6), pytest.approx(0.584508, abs=1e-6)]
    for dims, initialize, cost in [
        ([12288, 7, 1], deep.initialize_two_layers, 0.693050),
        ([12288, 20, 7, 5, 1], deep.initialize_parameters_deep, 0.771749),
    ]:
        parameters = initialize(dims)
        assert deep.gradients_by_autograd(parameters, X, Y)[0] == pytest.approx(cost, abs=1e-6)
        by_nn = tg.binary_cross_entropy(network(parameters, nn.ReLU)(X), Y)
        assert by_nn.item() == pytest.approx(cost, abs=1e-6)


# --- whole trainings --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_flower(flower):
    """Rounding shows after 7000 iterations: the last cost is right to 2e-4."""
    X, Y = flower
    net = network(shallow.initialize_parameters(2, 4, 1), nn.Tanh)
    costs = train(net, X, Y, lr=1.2, iterations=10000, every=1000)
    published = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504]
    assert costs[:8] == pytest.approx(published, abs=3e-4)
    assert costs[9] == pytest.approx(0.218607, abs=2e-4)
    assert accuracy(net, X, Y) == pytest.approx(0.905, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(("n_h", "published"), [(1, 67.5), (2, 67.25), (3, 90.75), (4, 90.5), (5, 91.25)])
def test_flower_hidden_sizes(flower, n_h, published):
    X, Y = flower
    parameters, _ = shallow.nn_model(X, Y, n_h, num_iterations=5000, gradients=shallow.gradients_by_autograd)
    assert 100 * np.mean(shallow.predict(parameters, X) == Y) == pytest.approx(published)


@needs_cats
@pytest.mark.slow
def test_cats_logistic_regression(cats):
    found = logistic_regression.model(*cats, 2000, 0.005, propagate=logistic_regression.propagate_by_autograd)
    assert found["costs"][0] == pytest.approx(0.693147, abs=1e-6)
    assert found["costs"][19] == pytest.approx(0.140872, abs=1e-6)
    assert found["train_accuracy"] == pytest.approx(99.04, abs=0.005)
    assert found["test_accuracy"] == pytest.approx(70.0)


@needs_cats
@pytest.mark.slow
@pytest.mark.parametrize(("rate", "train", "test"), [(0.01, 99.52, 68.0), (0.001, 88.995, 64.0), (0.0001, 68.42, 36.0)])
def test_cats_rates(cats, rate, train, test):
    found = logistic_regression.model(*cats, 1500, rate)
    assert found["train_accuracy"] == pytest.approx(train, abs=0.005)
    assert found["test_accuracy"] == pytest.approx(test)


@needs_cats
@pytest.mark.slow
@pytest.mark.parametrize(
    ("dims", "initialize", "first", "last", "train_accuracy", "test_accuracy"),
    [
        ([12288, 7, 1], deep.initialize_two_layers, 0.693050, 0.048555, 1.0, 0.72),
        ([12288, 20, 7, 5, 1], deep.initialize_parameters_deep, 0.771749, 0.092878, 0.9856, 0.80),
    ],
    ids=["two layers", "four layers"],
)
def test_cats_networks(cats, dims, initialize, first, last, train_accuracy, test_accuracy):
    X, Y, X_test, Y_test = cats
    net = network(initialize(dims), nn.ReLU)
    assert sum(p.size for p in net.parameters()) == initialization.count_parameters(dims)
    costs = train(net, X, Y, lr=0.0075, iterations=2500, every=100)
    assert costs[0] == pytest.approx(first, abs=1e-6)
    assert costs[24] == pytest.approx(last, abs=2e-5)
    assert accuracy(net, X, Y) == pytest.approx(train_accuracy, abs=5e-5)
    assert accuracy(net, X_test, Y_test) == pytest.approx(test_accuracy)
