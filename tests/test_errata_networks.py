"""Slips in the printed notes, on networks: what exposes each, and that the mended form passes.

The numbers in the names are lines of the notes. The judges: see test_errata.py.
"""

import numpy as np
import pytest

import tinygrad_course as tg
from tests.verdicts import verdicts, worst, wrong
from tinygrad_course.course import deep, initialization, shallow

# --- the network with one hidden layer: lines 232-391 -----------------------------------------------------------------


def network(n_x=3, n_h=4, n_y=1, m=5):
    """X, Y, parameters, and the cost as a function of W1, b1, W2, b2."""
    rng = np.random.default_rng(4)
    parameters = initialization.initialize_parameters_random([n_x, n_h, n_y], 1.0)
    parameters["b1"] += 0.1
    X, Y = rng.normal(size=(n_x, m)), (rng.random((n_y, m)) > 0.5).astype(float)

    def cost(W1, b1, W2, b2):
        return shallow.compute_cost(shallow.forward_propagation(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})[0], Y)

    return X, Y, parameters, cost


def six(X, Y, **change):
    """The six equations; `change` replaces single ones by what was printed."""
    sum_of = change.get("sum", lambda dZ: np.sum(dZ, axis=1, keepdims=True))
    product = change.get("dW", lambda dZ, A: dZ @ A.T)
    back = change.get("dA1", lambda W2, dZ2: W2.T @ dZ2)

    def equations(W1, b1, W2, b2):
        m = X.shape[1]
        A2, cache = shallow.forward_propagation(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
        dZ2 = A2 - Y
        dZ1 = back(W2, dZ2) * (1 - cache["A1"] ** 2)
        return product(dZ1, X) / m, sum_of(dZ1) / m, product(dZ2, cache["A1"]) / m, sum_of(dZ2) / m

    return equations


@pytest.mark.parametrize("n_y", [1, 3])
def test_six_equations_mended(n_y):
    X, Y, parameters, cost = network(n_y=n_y)
    assert tg.check_derivative(cost, six(X, Y), tuple(parameters.values()))


def test_372_second_pair_named_dW2():
    """Lines 372-373 name dW1, db1 again dW2, db2: the update adds a (4, 3) to W2, and W1 never moves."""
    X, Y, parameters, _ = network()
    grads = shallow.gradients_by_hand(parameters, X, Y)[1]
    printed = {"dW2": grads["dW1"], "db2": grads["db1"]}
    with pytest.raises(ValueError, match="could not be broadcast"):
        parameters["W2"] - 1.2 * printed["dW2"]
    with pytest.raises(tg.ShapeError, match=r"\(1, 4\).*\(4, 3\)"):
        tg.Tensor(parameters["W2"]) - 1.2 * printed["dW2"]
    with pytest.raises(KeyError, match="dW1"):
        shallow.update_parameters(parameters, printed)
    assert shallow.update_parameters(parameters, grads)["W2"].shape == (1, 4)


def test_372_where_the_shapes_happen_to_broadcast():
    """With 2 inputs and 2 hidden units W2 silently becomes (2, 2): a parameter refuses to change its shape."""
    X, Y, parameters, cost = network(n_x=2, n_h=2)
    W1, b1, W2, b2 = parameters.values()
    dW1, db1, *_ = six(X, Y)(W1, b1, W2, b2)
    assert (W2 - 1.2 * dW1).shape == (2, 2)
    parameter = tg.Tensor(W2, requires_grad=True)
    with pytest.raises(tg.ShapeError, match=r"\(2, 2\) cannot replace data of shape \(1, 2\)"):
        parameter.data = W2 - 1.2 * dW1
    report = wrong(cost, lambda W1, b1, W2, b2: (0 * W1, 0 * b1, dW1, db1), (W1, b1, W2, b2))
    assert verdicts(report) == {"W1": "WRONG", "b1": "WRONG", "W2": "SHAPE", "b2": "SHAPE"}


def test_369_product_of_matrices_written_as_elementwise():
    """``dW2 = (dZ2 * A1.T) / m``: (1, 5) times (5, 4) element by element."""
    X, Y, parameters, cost = network()
    values = tuple(parameters.values())
    with pytest.raises(ValueError, match="could not be broadcast"):
        six(X, Y, dW=lambda dZ, A: dZ * A.T)(*values)
    with pytest.raises(tg.ShapeError, match="multiply"):
        tg.Tensor(np.ones((1, 5))) * np.ones((5, 4))
    assert tg.check_derivative(cost, six(X, Y, dW=lambda dZ, A: np.dot(dZ, A.T)), values)


def test_371_elementwise_in_place_of_a_product():
    """``(W2.T * dZ2) * g1'(Z1)`` broadcasts to the right answer for one output: only a net with more exposes it."""

    def printed(W2, dZ2):
        return W2.T * dZ2

    X, Y, parameters, cost = network(n_y=1)
    assert tg.check_derivative(cost, six(X, Y, dA1=printed), tuple(parameters.values()))
    X, Y, parameters, cost = network(n_y=3)
    with pytest.raises(ValueError, match=r"\(4,3\) \(3,5\)"):
        six(X, Y, dA1=printed)(*parameters.values())
    assert tg.check_derivative(cost, six(X, Y), tuple(parameters.values()))


def test_370_sum_over_everything():
    """``db = Sum(dZ) / m`` without axis=1, keepdims=True: right only for a layer of one unit."""
    X, Y, parameters, cost = network()
    values = tuple(parameters.values())
    report = wrong(cost, six(X, Y, sum=np.sum), values)
    assert verdicts(report) == {"W1": "ok", "b1": "SHAPE", "W2": "ok", "b2": "SHAPE"}

    def kept(dZ):  # the same number in the right shape
        return np.full((len(dZ), 1), np.sum(dZ))

    report = wrong(cost, six(X, Y, sum=kept), values)
    assert verdicts(report) == {"W1": "ok", "b1": "WRONG", "W2": "ok", "b2": "ok"}
    assert worst(report, "b1") > 0.3

    def axis_without_keepdims(dZ):
        return np.sum(dZ, axis=1)

    report = wrong(cost, six(X, Y, sum=axis_without_keepdims), values)
    assert any("keepdims=True" in line for line in report.diagnosis)


def test_387_shape_as_a_tuple():
    state = np.random.RandomState(0)
    with pytest.raises(TypeError, match="tuple"):
        state.randn((2, 2))
    assert state.randn(2, 2).shape == (2, 2)


def test_264_columns_of_W2():
    """W2 is (1, noOfHiddenNeurons), not (1, noOfHiddenLayers): there is one hidden layer, of 4 neurons."""
    A1 = tg.Tensor(np.ones((4, 5)))
    with pytest.raises(tg.ShapeError, match="inner sizes 1 and 4 must agree"):
        tg.Tensor(np.ones((1, 1))) @ A1
    assert (tg.Tensor(np.ones((1, 4))) @ A1).shape == (1, 5)


def test_264_W2_belongs_to_the_output_layer():
    """Not to a "second hidden layer": W1 and W2 are all there is in a network with one hidden layer."""
    assert [*shallow.initialize_parameters(3, 4, 1)] == ["W1", "b1", "W2", "b2"]


def test_262_elementwise_forward():
    """``W1*X + b``: (4, 3) times (3, 5)."""
    W1, X = tg.Tensor(np.ones((4, 3))), np.ones((3, 5))
    with pytest.raises(tg.ShapeError, match=r"\(4, 3\).*\(3, 5\)"):
        W1 * X
    assert (W1 @ X).shape == (4, 5)


def test_262_266_one_b_for_both_layers():
    """``W1*X + b`` and ``W2*a1 + b``: with one b its gradient is a sum over both layers, neither db1 nor db2."""
    X, Y, parameters, cost = network(n_h=1)
    W1, _, W2, _ = parameters.values()
    b = np.full((1, 1), 0.1)
    db1, db2 = (six(X, Y)(W1, b, W2, b)[i] for i in (1, 3))

    def shared(b):
        return cost(W1, b, W2, b)

    wrong(shared, lambda b: db1, b)
    wrong(shared, lambda b: db2, b)
    assert tg.check_derivative(shared, lambda b: db1 + db2, b)


def test_357_arguments_swapped():
    """``L(Y, A2)``: lines 79-85 have the prediction first; swapped, it takes the logarithm of labels."""
    A2, Y = np.array([[0.8, 0.3]]), np.array([[1.0, 0.0]])
    with np.errstate(divide="ignore"):
        losses = -(A2 * np.log(Y) + (1 - A2) * np.log(1 - Y))
    assert np.all(np.isinf(losses))
    with pytest.raises(RuntimeWarning, match="divide by zero"):
        shallow.compute_cost(Y, A2)
    assert shallow.compute_cost(A2, Y) == pytest.approx(-np.log(0.8 * 0.7) / 2)


def test_357_sum_over_output_units():
    """With several outputs the cost sums over them, too; a mean over all is that divided by n[2]."""
    X, Y, parameters, cost = network(n_y=3)

    def mean_of_all(W1, b1, W2, b2):
        return cost(W1, b1, W2, b2) / 3

    report = wrong(mean_of_all, six(X, Y), tuple(parameters.values()))
    assert set(verdicts(report).values()) == {"WRONG"}
    assert tg.check_derivative(cost, six(X, Y), tuple(parameters.values()))


def test_235_rows_and_columns():
    """``z = XW + B``: with examples in columns it is W.T X + b."""
    X, W = tg.Tensor(np.ones((3, 5))), np.ones((3, 1))
    with pytest.raises(tg.ShapeError, match="inner sizes 5 and 3 must agree"):
        X @ W
    assert (W.T @ X).shape == (1, 5)


# --- L layers: lines 395-469 ------------------------------------------------------------------------------------------

DIMS = [4, 5, 3, 1]


def deep_network(dims=DIMS, m=6):
    """X, Y, parameters, and the cost as a function of W1, b1, W2, ..."""
    rng = np.random.default_rng(4)
    parameters = initialization.initialize_parameters_he(dims)
    parameters = {name: p + 0.1 * name.startswith("b") for name, p in parameters.items()}
    X, Y = rng.normal(size=(dims[0], m)), (rng.random((dims[-1], m)) > 0.5).astype(float)

    def cost(*values):
        A, L = X, len(dims) - 1
        for l in range(1, L + 1):
            Z = values[2 * l - 2] @ A + values[2 * l - 1]
            A = tg.relu(Z) if l < L else tg.sigmoid(Z)
        return shallow.compute_cost(A, Y)

    return X, Y, parameters, cost


def backward(X, Y, names, **change):
    """L_model_backward written out, with single lines replaced."""
    back = change.get("dA_prev", lambda caches, l, dZ: caches[l].linear.W.T @ dZ)
    sum_of = change.get("sum", lambda dZ: np.sum(dZ, axis=1, keepdims=True))
    start = change.get("start", lambda AL: -(Y / AL) + (1 - Y) / (1 - AL))

    def gradients(*values):
        AL, caches = deep.L_model_forward(X, dict(zip(names, values, strict=True)))
        m, last, grads, dA = X.shape[1], len(caches) - 1, {}, start(AL)
        for l in range(last, -1, -1):
            dZ = dA * (AL * (1 - AL) if l == last else caches[l].Z > 0)
            grads[f"W{l + 1}"], grads[f"b{l + 1}"] = dZ @ caches[l].linear.A_prev.T / m, sum_of(dZ) / m
            dA = back(caches, l, dZ)
        return tuple(grads[name] for name in names)

    return gradients


def test_deep_backward_mended():
    X, Y, parameters, cost = deep_network()
    assert tg.check_derivative(cost, backward(X, Y, parameters), tuple(parameters.values()))


@pytest.mark.parametrize("slip", ["a[l] = g(a[l])", "A[l] = g(A[l])"])
def test_418_422_activation_of_itself(slip):
    """``a[l] = g[l](a[l])``: at its first use there is no a[l] yet; lines 403 and 460 have it right."""
    a = {0: 1.0}
    names = {"a": a, "A": a, "z": {1: 0.5}, "g": np.tanh, "l": 1}
    with pytest.raises(KeyError):
        exec(slip, names)
    exec("a[l] = g(z[l])", names)
    assert a[1] == np.tanh(0.5)


def test_468_wrong_layer():
    """``dA[l-1] = w[l].T * dZ[1]``: right for l = 1 only, so it takes two layers to expose it."""
    X, Y, parameters, cost = deep_network([4, 3, 3])
    dZ = {}
    with pytest.raises(KeyError):  # the loop comes from the right: layer 1 has not been there
        backward(X, Y, parameters, dA_prev=lambda caches, l, _: caches[l].linear.W.T @ dZ[1])(*parameters.values())
    dZ[1] = np.ones((3, 6))  # in the second iteration it is what the first has left: no error
    printed = backward(X, Y, parameters, dA_prev=lambda caches, l, _: caches[l].linear.W.T @ dZ[1])
    report = wrong(cost, printed, tuple(parameters.values()))
    assert [entry.verdict for entry in report.entries] == ["WRONG", "WRONG", "ok", "ok"]
    assert tg.check_derivative(cost, backward(X, Y, parameters), tuple(parameters.values()))
    X, Y, parameters, cost = deep_network([4, 3])
    printed = backward(X, Y, parameters, dA_prev=lambda caches, l, _: dZ[1])
    assert tg.check_derivative(cost, printed, tuple(parameters.values()))


def test_468_elementwise():
    X, Y, parameters, _ = deep_network()
    with pytest.raises(ValueError, match="could not be broadcast"):
        backward(X, Y, parameters, dA_prev=lambda caches, l, dZ: caches[l].linear.W.T * dZ)(*parameters.values())


def test_370_in_a_deep_network():
    """The sum over everything: all biases wrong but that of the last layer, which has one unit."""
    X, Y, parameters, cost = deep_network()
    printed = backward(X, Y, parameters, sum=lambda dZ: np.full((len(dZ), 1), np.sum(dZ)))
    report = wrong(cost, printed, tuple(parameters.values()))
    assert [entry.verdict for entry in report.entries] == ["ok", "WRONG", "ok", "WRONG", "ok", "ok"]


def test_461_cache_of_Z_only():
    """Line 466 needs A[l-1] and line 468 W[l]: a cache of Z[l] has neither. Autograd's graph keeps what is needed."""
    Z = np.ones((3, 2))
    printed = {"Z": Z}
    with pytest.raises(KeyError, match="A_prev"):
        np.dot(Z, printed["A_prev"].T)
    assert deep.LinearCache._fields == ("A_prev", "W", "b")


def test_464_start_of_the_backward_pass():
    """ "Input da[l]": from where? From the loss; through the sigmoid it makes dZ[L] = A[L] - Y."""
    X, Y, parameters, cost = deep_network()
    wrong(cost, backward(X, Y, parameters, start=np.ones_like), tuple(parameters.values()))
    AL, _ = deep.L_model_forward(X, parameters)
    np.testing.assert_allclose((-(Y / AL) + (1 - Y) / (1 - AL)) * AL * (1 - AL), AL - Y, rtol=1e-12)


def test_421_bias_for_each_example():
    """``B[l]`` of shape (n[l], m) is a bias learnt per example: it fits these m and no others."""
    W, X, new = np.ones((2, 3)), np.ones((3, 5)), np.ones((3, 4))
    for bias, fits in ((tg.zeros((2, 5)), False), (tg.zeros((2, 1)), True)):
        b = tg.Tensor(bias, requires_grad=True)
        (W @ X + b).sum().backward()
        assert b.grad.shape == b.shape
        if fits:
            assert (W @ new + b).shape == (2, 4)
        else:
            with pytest.raises(tg.ShapeError):
                W @ new + b


def test_405_464_468_names():
    """``a[l] = y'`` is a[L]; ``da[l]``, ``w[l]`` are dA[l], W[l]: layers are 1 to L, capitals mean m examples."""
    X, Y, parameters, _ = deep_network()
    AL, caches = deep.L_model_forward(X, parameters)
    assert len(caches) == len(DIMS) - 1
    assert AL.shape == Y.shape
    assert [f"W{l}" in parameters for l in (0, 1, 2, 3, 4)] == [False, True, True, True, False]
