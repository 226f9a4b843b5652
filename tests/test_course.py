"""course/: the notes' functions give the course's own numbers, and the same as autograd, to 1e-12."""

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.course import (
    activations,
    deep,
    images,
    initialization,
    linear_regression,
    logistic_regression,
    shallow,
    vectorization,
)
from tinygrad_course.course.activations import ACTIVATIONS

LEGACY = np.random.RandomState


def agree(found, wanted, tolerance=1e-12):
    """Two numbers, arrays or dicts of arrays are equal, relative to the largest element."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for name in wanted:
            agree(found[name], wanted[name], tolerance)
        return
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


def problem(n_x=3, m=7, n_y=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_x, m)), (rng.random((n_y, m)) > 0.5).astype(float)


# --- the numbers that the course publishes for its small tests --------------------------------------------------------


def test_propagate():
    w, b, X, Y = np.array([[1.0], [2.0]]), 2.0, np.array([[1, 2, -1], [3, 4, -3.2]]), np.array([[1, 0, 1]])
    grads, cost = logistic_regression.propagate(w, b, X, Y)
    agree(grads, {"dw": [[0.99845601], [2.39507239]], "db": 0.00145557813678}, 1e-8)
    assert cost == pytest.approx(5.801545319394553, rel=1e-13)


def test_optimize():
    w, b, X, Y = np.array([[1.0], [2.0]]), 2.0, np.array([[1, 2, -1], [3, 4, -3.2]]), np.array([[1, 0, 1]])
    found, grads, costs = logistic_regression.optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009)
    agree(found, {"w": [[0.19033591], [0.12259159]], "b": 1.92535983008}, 1e-7)
    agree(grads, {"dw": [[0.67752042], [1.41625495]], "db": 0.219194504541}, 1e-7)
    assert costs == [pytest.approx(5.801545319394553)]


def test_predict():
    X = np.array([[1.0, -1.1, -3.2], [1.2, 2.0, 0.1]])
    assert logistic_regression.predict(np.array([[0.1124579], [0.23106775]]), -0.3, X).tolist() == [[1.0, 1.0, 0.0]]


def test_shallow_forward_cost_and_backward():
    rng = LEGACY(1)
    X = rng.randn(2, 3)
    b1, b2 = rng.randn(4, 1), np.array([[-1.3]])
    W1 = [[-0.00416758, -0.00056267], [-0.02136196, 0.01640271], [-0.01793436, -0.00841747], [0.00502881, -0.01245288]]
    W2 = np.array([[-0.01057952, -0.00909008, 0.00551454, 0.02292208]])
    A2, cache = shallow.forward_propagation(X, {"W1": np.array(W1), "b1": b1, "W2": W2, "b2": b2})
    means = [cache["Z1"].mean(), cache["A1"].mean(), cache["Z2"].mean(), A2.mean()]
    agree(means, [0.262818640198, 0.091999045227, -1.30766601287, 0.212877681719], 1e-10)


def test_initialize_parameters():
    parameters = shallow.initialize_parameters(2, 4, 1)
    agree(parameters["W1"][:2], [[-0.00416758, -0.00056267], [-0.02136196, 0.01640271]], 1e-6)
    assert {name: p.shape for name, p in parameters.items()} == {
        "W1": (4, 2), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)
    }  # fmt: skip


def test_initialize_parameters_deep():
    small = initialization.initialize_parameters_random([5, 4, 3])
    agree(small["W1"][0], [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388], 1e-6)
    he = initialization.initialize_parameters_he([2, 4, 1])
    agree(he["W1"][0], [1.78862847, 0.43650985], 1e-8)
    ratio = deep.initialize_parameters_deep([9, 2], seed=3)["W1"] / he["W1"].ravel()[0]
    agree(ratio[0, 0], 1 / 3)


def test_linear_forward_and_activations():
    rng = LEGACY(1)
    A, W, b = rng.randn(3, 2), rng.randn(1, 3), rng.randn(1, 1)
    agree(deep.linear_forward(A, W, b)[0], [[3.26295337, -1.23429987]], 1e-8)
    rng = LEGACY(2)
    A, W, b = rng.randn(3, 2), rng.randn(1, 3), rng.randn(1, 1)
    agree(deep.linear_activation_forward(A, W, b, "sigmoid")[0], [[0.96890023, 0.11013289]], 1e-8)
    agree(deep.linear_activation_forward(A, W, b, "relu")[0], [[3.43896131, 0.0]], 1e-8)


def test_L_model_forward():
    rng = LEGACY(6)
    X = rng.randn(5, 4)
    shapes = {"W1": (4, 5), "b1": (4, 1), "W2": (3, 4), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    AL, caches = deep.L_model_forward(X, {name: rng.randn(*shape) for name, shape in shapes.items()})
    agree(AL, [[0.03921668, 0.70498921, 0.19734387, 0.04728177]], 1e-7)
    assert len(caches) == 3


def test_linear_backward():
    rng = LEGACY(1)
    dZ, A, W, b = rng.randn(1, 2), rng.randn(3, 2), rng.randn(1, 3), rng.randn(1, 1)
    dA_prev, dW, db = deep.linear_backward(dZ, deep.LinearCache(A, W, b))
    agree(dA_prev, [[0.51822968, -0.19517421], [-0.40506361, 0.15255393], [2.37496825, -0.89445391]], 1e-7)
    agree(dW, [[-0.10076895, 1.40685096, 1.64992505]], 1e-7)
    agree(db, [[0.50629448]], 1e-7)


@pytest.mark.parametrize(
    ("activation", "dA_prev", "dW", "db"),
    [
        ("sigmoid", [[0.11017994, 0.01105339], [0.09466817, 0.00949723], [-0.05743092, -0.00576154]],
         [[0.10266786, 0.09778551, -0.01968084]], [[-0.05729622]]),
        ("relu", [[0.44090989, 0.0], [0.37883606, 0.0], [-0.2298228, 0.0]],
         [[0.44513824, 0.37371418, -0.10478989]], [[-0.20837892]]),
    ],
)  # fmt: skip
def test_linear_activation_backward(activation, dA_prev, dW, db):
    rng = LEGACY(2)
    dA, A, W, b, Z = rng.randn(1, 2), rng.randn(3, 2), rng.randn(1, 3), rng.randn(1, 1), rng.randn(1, 2)
    cache = deep.Cache(deep.LinearCache(A, W, b), Z)
    for found, wanted in zip(deep.linear_activation_backward(dA, cache, activation), (dA_prev, dW, db), strict=True):
        agree(found, wanted, 1e-6)


def test_image2vector():
    image = np.arange(24.0).reshape(4, 3, 2)
    v = images.image2vector(image)
    assert v.shape == (24, 1)
    assert np.array_equal(v, tg.data.image2vector(image))
    pictures = np.arange(120).reshape(5, 4, 3, 2)
    X = images.images2matrix(pictures)
    assert X.shape == (24, 5)
    assert np.array_equal(X, tg.data.flatten_images(pictures))
    assert np.array_equal(images.matrix2images(X, (4, 3, 2)), pictures)
    assert not np.array_equal(pictures.reshape(-1, 5), X)  # the right shape, the wrong pixels


# --- by hand, by loops, by autograd -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_x", "m"), [(1, 1), (2, 5), (4, 30)])
def test_logistic_regression_three_ways(n_x, m):
    X, Y = problem(n_x, m)
    w, b = np.random.default_rng(1).normal(size=(n_x, 1)), 0.3
    vectorised = logistic_regression.propagate(w, b, X, Y)
    for other in (logistic_regression.propagate_looped, logistic_regression.propagate_by_autograd):
        grads, cost = other(w, b, X, Y)
        agree(grads, vectorised[0])
        agree(cost, vectorised[1])


@pytest.mark.parametrize("module", [logistic_regression, linear_regression])
def test_trajectories_of_one_neuron(module):
    X, Y = problem(3, 20)
    start = logistic_regression.initialize_with_zeros(3)
    by_hand = logistic_regression.optimize(*start, X, Y, 200, 0.1, propagate=module.propagate)
    by_graph = logistic_regression.optimize(*start, X, Y, 200, 0.1, propagate=module.propagate_by_autograd)
    agree(by_graph[0], by_hand[0])
    agree(by_graph[2], by_hand[2])
    assert by_hand[2][1] < by_hand[2][0]


def test_linear_regression_runs_to_least_squares():
    X, Y = problem(3, 20)
    found, grads, _ = logistic_regression.optimize(
        *logistic_regression.initialize_with_zeros(3), X, Y, 500, 0.5, propagate=linear_regression.propagate
    )
    w, b = linear_regression.solve(X, Y)
    agree(found, {"w": w, "b": b}, 1e-10)
    assert np.abs(grads["dw"]).max() < 1e-10


def test_bias_as_weight_of_x0():
    """y = w.T x + b is y = w.T x with x0 = 1 and b as w0 (lines 70-71)."""
    X, Y = problem(3, 20)
    w, b = np.array([[0.5], [-1.0], [2.0]]), 0.3
    augmented, no_bias = np.vstack([np.ones((1, 20)), X]), 0.0
    grads, cost = logistic_regression.propagate(w, b, X, Y)
    both, same_cost = logistic_regression.propagate(np.vstack([[[b]], w]), no_bias, augmented, Y)
    agree(same_cost, cost)
    agree(both["dw"], np.vstack([[[grads["db"]]], grads["dw"]]))


@pytest.mark.parametrize(("n_x", "n_h", "n_y", "m"), [(2, 4, 1, 9), (3, 1, 1, 4), (3, 5, 3, 8), (1, 2, 2, 1)])
def test_shallow_by_autograd(n_x, n_h, n_y, m):
    X, Y = problem(n_x, m, n_y)
    parameters = initialization.initialize_parameters_random([n_x, n_h, n_y], 1.0)
    parameters["b1"] += 0.1
    cost, grads = shallow.gradients_by_hand(parameters, X, Y)
    same_cost, same_grads = shallow.gradients_by_autograd(parameters, X, Y)
    agree(same_cost, cost)
    agree(same_grads, {name: grads[name] for name in same_grads})
    assert {name: g.shape for name, g in grads.items()} == {f"d{name}": p.shape for name, p in parameters.items()}


def test_notes_forward_runs_on_tensors():
    """The plain NumPy of the notes, unchanged, records a graph."""
    X, Y = problem(3, 9, 2)
    parameters = initialization.initialize_parameters_random([3, 4, 2], 1.0)
    tensors = {name: tg.Tensor(p, requires_grad=True) for name, p in parameters.items()}
    A2, _ = shallow.forward_propagation(X, tensors)
    shallow.compute_cost(A2, Y).backward()
    agree({f"d{name}": t.grad for name, t in tensors.items()}, shallow.gradients_by_hand(parameters, X, Y)[1])


@pytest.mark.parametrize("layer_dims", [[2, 1], [3, 4, 1], [5, 4, 3, 1], [6, 5, 4, 3, 2], [4, 3, 3, 3, 3, 3, 1]])
@pytest.mark.parametrize("bias", [0.0, 0.2])
def test_deep_by_autograd(layer_dims, bias):
    X, Y = problem(layer_dims[0], 11, layer_dims[-1])
    X[:, 0] = 0  # with zero biases relu meets exact zeros
    parameters = {
        name: p + bias * name.startswith("b") for name, p in initialization.initialize_parameters_he(layer_dims).items()
    }
    cost, grads = deep.gradients_by_hand(parameters, X, Y)
    same_cost, same_grads = deep.gradients_by_autograd(parameters, X, Y)
    agree(same_cost, cost)
    agree(same_grads, {name: grads[name] for name in same_grads})


def test_dA_by_autograd():
    """dA[l] is the derivative of the sum of the losses, Z and A have shape (n[l], m) (line 432)."""
    layer_dims, m = [3, 5, 4, 2], 6
    X, Y = problem(3, m, 2)
    parameters = initialization.initialize_parameters_he(layer_dims)
    _, grads = deep.gradients_by_hand(parameters, X, Y)
    A = tg.Tensor(X, requires_grad=True)
    layers = [A]
    for l in (1, 2):
        layers.append(tg.relu(parameters[f"W{l}"] @ layers[-1] + parameters[f"b{l}"]))
    AL = tg.sigmoid(parameters["W3"] @ layers[-1] + parameters["b3"])
    loss = tg.binary_cross_entropy(AL, Y, reduction="sum")
    for l, dA in enumerate(tg.gradients(loss, layers)):
        assert dA.shape == (layer_dims[l], m)
        agree(grads[f"dA{l}"], dA.numpy())


def test_deep_is_shallow_is_logistic_regression():
    """One layer of the L-layer network is logistic regression (line 252: a network is a stack of them)."""
    X, Y = problem(3, 9)
    W = initialization.initialize_parameters_random([3, 1], 1.0)["W1"]
    cost, grads = deep.gradients_by_hand({"W1": W, "b1": np.full((1, 1), 0.3)}, X, Y)
    same, same_cost = logistic_regression.propagate(W.T, 0.3, X, Y)
    agree(cost, same_cost)
    agree(grads["dW1"], same["dw"].T)
    agree(grads["db1"][0, 0], same["db"])


def test_hand_derived_gradients_pass_the_check():
    X, Y = problem(3, 6, 2)
    parameters = initialization.initialize_parameters_random([3, 4, 2], 1.0)

    def cost(W1, b1, W2, b2):
        A2, _ = shallow.forward_propagation(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
        return shallow.compute_cost(A2, Y)

    def dcost(W1, b1, W2, b2):
        grads = shallow.gradients_by_hand({"W1": W1, "b1": b1, "W2": W2, "b2": b2}, X, Y)[1]
        return grads["dW1"], grads["db1"], grads["dW2"], grads["db2"]

    assert tg.check_derivative(cost, dcost, tuple(parameters.values()))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    """g' by formula, by autograd on the notes' own g, by autograd on ours, by differences."""
    g, derivative = ACTIVATIONS[name]
    ours = getattr(tg, name)
    z = np.array([-30.0, -2.0, -0.3, 0.0, 0.3, 2.0, 30.0])
    agree(ours(z), g(z))
    agree(tg.grad(lambda z: ours(z).sum())(z), derivative(z))  # at 0 too
    smooth = z[z != 0] if "relu" in name else z
    agree(tg.grad(lambda z: g(z).sum())(smooth), derivative(smooth))
    assert tg.check_derivative(g, derivative, z[1:-1])  # at 0 both slopes of a kink are right


def test_activations_far_out():
    """No warning, no nan (warnings are errors here)."""
    z = np.array([-1000.0, -800.0, 800.0, 1000.0])
    for g, derivative in ACTIVATIONS.values():
        assert np.all(np.isfinite(g(z)))
        assert np.all(np.isfinite(derivative(z)))
    agree(activations.tanh(z), [-1.0, -1.0, 1.0, 1.0])
    assert activations.sigmoid(np.array(-700.0)) == pytest.approx(np.exp(-700.0), rel=1e-12)


def test_loops_and_their_replacements():
    rng = np.random.default_rng(0)
    a, b, W, X = rng.normal(size=20), rng.normal(size=20), rng.normal(size=(3, 4)), rng.normal(size=(4, 6))
    agree(vectorization.dot_looped(a, b), np.dot(a, b))
    agree(vectorization.matvec_looped(W, X[:, :1]), np.dot(W, X[:, :1]))
    parameters = initialization.initialize_parameters_random([4, 3, 2], 1.0)
    agree(vectorization.forward_looped(X, parameters), vectorization.forward_vectorised(X, parameters))


def test_normalise():
    X, _ = problem(3, 50)
    scaled, mean, deviation = vectorization.normalise(5 * X + 2)
    agree(scaled, tg.data.standardise(5 * X + 2, examples="columns")[0])
    agree(scaled * deviation + mean, 5 * X + 2)


def test_predictions():
    X, Y = tg.data.flower(examples="columns")
    parameters, costs = shallow.nn_model(X, Y, 4, 1500)
    assert len(costs) == 2
    assert np.mean(shallow.predict(parameters, X) == Y) > 0.85
    parameters, costs = deep.L_layer_model(
        X, Y, [2, 8, 4, 1], 0.1, 201, initialize=initialization.initialize_parameters_he
    )
    assert len(costs) == 3
    assert costs[-1] < costs[0]
    assert deep.predict(parameters, X).dtype == float


def test_costs_are_printed(capsys):
    X, Y = problem(2, 6)
    logistic_regression.model(X, Y, X, Y, 101, 0.1, print_cost=True)
    shallow.nn_model(X, Y, 2, 1, print_cost=True)
    deep.L_layer_model(X, Y, [2, 1], num_iterations=1, print_cost=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Cost after iteration 0: 0.693147"
    assert [line.split(":")[0] for line in lines[1:]] == [
        "Cost after iteration 100", "Cost after iteration 0", "Cost after iteration 0"
    ]  # fmt: skip


def test_arguments_stay_as_they_were():
    """No function of the course writes to what it is given."""
    X, Y = problem(3, 5)
    parameters = initialization.initialize_parameters_he([3, 4, 1])
    for array in (X, Y, *parameters.values()):
        array.flags.writeable = False
    deep.L_layer_model(X, Y, [3, 4, 1], num_iterations=3, initialize=lambda _: parameters)
    shallow.update_parameters(parameters, shallow.gradients_by_hand(parameters, X, Y)[1])
    logistic_regression.model(X, Y, X, Y, 3)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()  # noqa: NPY002
    shallow.initialize_parameters(2, 4, 1)
    initialization.initialize_parameters_he([3, 2, 1])
    tg.data.flower(10)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
