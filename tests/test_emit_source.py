"""`tg.source`: the text reads as expected, runs by itself, and gives the eager value and gradients on new data."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.errors import DTypeError, GraphError

from .source_programs import by_hand, data, golden, named, roots, two_layer

GOLDEN = Path(__file__).with_name("golden")


def printed(text: Any) -> Any:
    """The function that a text defines, run with nothing around it; given what it takes from its surroundings."""
    space: dict[str, Any] = {}
    exec(compile(text, "<printed>", "exec"), space)
    return partial(space[re.findall(r"^def (\w+)\(", text, re.MULTILINE)[-1]], **text.captured)


def flat(tree: Any) -> list[Any]:
    if isinstance(tree, dict | tuple | list):
        return [a for x in (tree.values() if isinstance(tree, dict) else tree) for a in flat(x)]
    return [tree]


def again(tree: Any, kind: Any) -> Any:
    """`tree` with fresh Tensors, or with the plain arrays of its Tensors."""
    if isinstance(tree, dict):
        return {k: again(v, kind) for k, v in tree.items()}
    if isinstance(tree, tuple | list):
        return type(tree)(again(v, kind) for v in tree)
    if not isinstance(tree, tg.Tensor):
        return tree
    return tg.Tensor(tree.value, requires_grad=True) if kind is tg.Tensor else tree.value


def agrees(f: Callable[..., Any], args: list[Any], *others: list[Any], parameters: tuple[Any, ...] = ()) -> str:
    """The source for `args`, found to give the bits of the eager code for `args` and for all `others`."""
    text = tg.source(f, *args)
    run = printed(text)
    for new in (args, *others):
        given = again(list(new), tg.Tensor)
        for p in parameters:
            p.zero_grad()
        y = f(*given)
        y.backward()
        leaves = [x for x in flat(given) if isinstance(x, tg.Tensor)]
        value, gradients = run(*again(list(new), np.ndarray))
        assert np.array_equal(value, y.value, equal_nan=True)
        assert value.dtype == y.dtype
        for g, x in zip(flat(gradients), [*leaves, *parameters], strict=True):
            np.testing.assert_array_equal(g, x.grad)
            assert g.dtype == x.dtype
    return text


def variable(*values: Any, dtype: Any = float) -> tg.Tensor:
    return tg.Tensor(np.array(values, dtype), requires_grad=True)


# --- how it reads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["two_layer", "by_hand", "neuron", "roots"])
def test_golden_files(name: str) -> None:
    assert golden()[name] == GOLDEN.joinpath(f"source_{name}.txt").read_text(encoding="utf-8")


def test_the_notes_equations_line_by_line() -> None:
    text = tg.source(two_layer, *data())
    lines = [line.strip() for line in text.partition("def two_layer")[2].splitlines()]
    code = [line for line in lines[2:] if line and not line.startswith("#")]
    assert code == [
        "Z1 = W1 @ X + b1",
        "A1 = np.tanh(Z1)",
        "Z2 = W2 @ A1 + b2",
        "A2 = sigmoid(Z2)",
        "J = np.mean(softplus(Z2) - Y * Z2)",
        "dZ2 = 1 / 400 * (A2 - Y)",
        "dW2 = dZ2 @ A1.T",
        "db2 = np.sum(dZ2, axis=1, keepdims=True)",
        "dZ1 = (W2.T @ dZ2) * (1 - A1**2)",
        "dW1 = dZ1 @ X.T",
        "db1 = np.sum(dZ1, axis=1, keepdims=True)",
        "return J, (dW1, db1, dW2, db2)",
    ]


def test_one_comment_for_each_statement_in_each_direction() -> None:
    text = tg.source(two_layer, *data())
    forward, _, backward = text.partition("# backward")
    for statement in ("Z1 = W1 @ X + b1", "A1 = tg.tanh(Z1)", "Z2 = W2 @ A1 + b2"):
        for part in (forward, backward):
            assert len(re.findall(rf"# line \d+: {re.escape(statement)}$", part, re.MULTILINE)) == 1


def test_nothing_needless_is_printed() -> None:
    def f(x: Any, w: Any) -> Any:
        unused = tg.exp(x)  # noqa: F841
        y = (x * 1.0 + 0.0) * w
        y = -1.0 * (-y)
        again = x * w
        return tg.sum(y * again.reshape(3).T)

    text = agrees(f, [variable(1, 2, 3), variable(0.5, -1, 2)], [variable(0, 5, 1), variable(2, 2, 2)])
    text = re.sub(r"# .*", "", text)
    for needless in ("* 1.0", "+ 0", "exp", "--", "- -", "reshape", ".T", "astype", "broadcast"):
        assert needless not in text
    assert text.count("x * w") == 1


def test_text_alone_in_a_file_runs(tmp_path: Path) -> None:
    args = data(seed=1)
    text = tg.source(two_layer, *args)
    plain = again(args, np.ndarray)
    np.savez(tmp_path / "data.npz", *plain)
    ending = (
        "\nJ, gradients = two_layer(*np.load('data.npz').values())\nnp.savez('out.npz', J, *gradients)\n"
        "import sys; assert 'tinygrad_course' not in sys.modules\n"
    )
    (tmp_path / "program.py").write_text("import numpy as np\n" + text + ending, encoding="utf-8")
    subprocess.run([sys.executable, "-W", "error", "program.py"], cwd=tmp_path, check=True, timeout=120)
    J = two_layer(*args)
    J.backward()
    found = list(np.load(tmp_path / "out.npz").values())
    for a, b in zip(found, [J.value, *(x.grad for x in args[:4])], strict=True):
        np.testing.assert_array_equal(a, b)


# --- the same bits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_networks_on_new_data(dtype: Any) -> None:
    agrees(two_layer, data(dtype), data(dtype, 1), data(dtype, 2))


def test_nested_arguments_keep_their_structure() -> None:
    text = agrees(by_hand, named(), named(1))
    assert 'W1 = parameters["W1"]' in text
    assert 'return J, ({"W1": dW1, "b1": db1, "W2": dW2, "b2": db2},)' in text


def branching(x: Any, y: Any) -> Any:
    a = tg.where(x > 0, tg.sqrt(tg.abs(x)), x * 2)
    b = tg.clip(y, -0.5, 0.5)
    c = tg.maximum(a, b)
    d = tg.sort(c)[::2].sum() + tg.max(c) + tg.logsumexp(b) + tg.prod(x) + tg.std(y) + tg.linalg.norm(x)
    e = tg.cumsum(tg.concat([a, b]))[[0, 0, 3]]
    return d + tg.sum(e * e) + tg.mean(tg.abs(x - y)) + tg.softmax(x)[0] + tg.median(y) + tg.relu(x - 1).sum()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_data_that_takes_other_branches(dtype: Any) -> None:
    rng = np.random.default_rng(3)
    random = [[variable(*rng.normal(size=5), dtype=dtype) for _ in "xy"] for _ in range(4)]
    ties = [variable(1, 1, 1, 0, -1, dtype=dtype), variable(1, 1, 1, 0.5, -0.5, dtype=dtype)]
    zeros = [variable(*[0] * 5, dtype=dtype), variable(*[0] * 5, dtype=dtype)]
    agrees(branching, *random, ties, zeros)


def test_a_zero_stays_zero_at_a_singular_slope_that_the_example_did_not_meet() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agrees(roots, [variable(0.5, 2.0, 1.0)], [variable(0.0, 1.0, 0.0)])

    def logs(x: Any) -> Any:
        return tg.sum(tg.where(x > 0, tg.log(x) / x, x))

    with np.errstate(divide="ignore", invalid="ignore"):
        agrees(logs, [variable(0.5, 2.0, 1.0)], [variable(0.0, 1.0, -1.0)])


def test_python_numbers_stay_weak() -> None:
    def f(x: Any) -> Any:
        y = 0.1 * x + 1 / 3
        return tg.mean((2 * y) ** 3 - y / 7 + 2.0**y)

    text = agrees(f, [variable(1, 2, 3, dtype=np.float32)], [variable(0.1, 0.2, -3, dtype=np.float32)])
    assert "float32" not in text


def test_float32_and_float64_together() -> None:
    def f(x: Any, y: Any) -> Any:
        return tg.sum(x * np.float64(0.1) + y * np.float32(0.1))

    agrees(f, [variable(1, 2, dtype=np.float32), variable(3, 4)], [variable(5, 6, dtype=np.float32), variable(7, 8)])


MODELS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "perceptron": (lambda: tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.GELU(), tg.nn.Linear(4, 2)), (5, 3)),
    "normed": (lambda: tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.LayerNorm(4), tg.nn.SiLU()), (5, 3)),
    "batch": (lambda: tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.BatchNorm1d(4), tg.nn.ELU()), (5, 3)),
    "convolution": (
        lambda: tg.nn.Sequential(tg.nn.Conv2d(1, 2, 3, padding=1), tg.nn.ReLU(), tg.nn.MaxPool2d(2), tg.nn.Flatten()),
        (3, 1, 6, 6),
    ),
    "recurrent": (lambda: tg.nn.LSTM(3, 2), (4, 2, 3)),
    "attention": (lambda: tg.nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), (3, 2, 4)),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_whose_parameters_are_not_arguments(name: str) -> None:
    model, shape = MODELS[name][0](), MODELS[name][1]

    def loss(X: Any) -> Any:
        y = model(X)
        return tg.mean((y[0] if isinstance(y, tuple) else y) ** 2)

    rng = np.random.default_rng(0)
    first, second = ([rng.normal(size=shape).astype(np.float32)] for _ in range(2))
    agrees(loss, first, second, parameters=tuple(model.parameters()))


def test_integer_targets_are_arguments() -> None:
    def loss(Z: Any, y: Any) -> Any:
        return tg.cross_entropy(Z, y)

    rng = np.random.default_rng(0)
    Z = [tg.Tensor(rng.normal(size=(4, 3)), requires_grad=True) for _ in range(2)]
    text = agrees(loss, [Z[0], np.array([0, 1, 2, 1])], [Z[1], np.array([2, 2, 0, 0])])
    assert "def loss(Z, y):" in text


def test_a_detached_value_is_followed_but_not_differentiated() -> None:
    def f(x: Any) -> Any:
        h = tg.exp(x)
        return tg.sum(x * h.detach())

    agrees(f, [variable(1, 2)], [variable(-1, 0.5)])


def test_loops_and_functions_of_the_users_own() -> None:
    def step(h: Any, w: Any) -> Any:
        return tg.tanh(h * w)

    def f(h: Any, w: Any) -> Any:
        for _ in range(3):
            h = step(h, w) + h
        return tg.sum(h)

    text = agrees(f, [variable(1, 2), variable(0.5, 1)], [variable(0, 2), variable(-0.5, 1)])
    assert all(f"h{i} = " in text for i in (1, 2, 3))


def test_several_results_are_unpacked() -> None:
    def f(A: Any) -> Any:
        w, V = tg.linalg.eigh(A)
        return tg.sum(w * w) + tg.sum(V[0] ** 4)

    a, b = ([tg.Tensor(m, requires_grad=True)] for m in ([[2.0, 1.0], [1.0, 3.0]], [[1.0, -0.5], [-0.5, 4.0]]))
    assert 'w, V = np.linalg.eigh(A, "L")' in agrees(f, a, b)


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_which_arguments_are_differentiated() -> None:
    def f(x: Any, y: Any, n: int, scale: float) -> Any:
        return tg.sum(x * y**n) * scale

    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    everything = tg.source(f, x, y, 2, 0.5)
    assert "def f(x, y, n=2, scale=0.5):" in everything
    with pytest.raises(AssertionError, match="n is built in"):
        printed(everything)(x, y, 3, 0.5)
    assert everything.rstrip().endswith("(dx, dy)")
    assert tg.source(f, x, y, 2, 0.5, argnums=1).rstrip().endswith("return value, dy")
    assert tg.source(f, x, y, 2, 0.5, argnums=(1,)).rstrip().endswith("return value, (dy,)")
    marked = tg.source(f, tg.Tensor(x, requires_grad=True), y, 2, scale=0.5)
    assert marked.rstrip().endswith("return value, (dx,)")


def test_forward_alone_returns_any_structure() -> None:
    def f(x: Any) -> Any:
        return {"twice": 2 * x, "both": (x, [tg.exp(x)])}

    text = tg.source(f, np.array([1.0, 2.0]), derivatives=False)
    assert "backward" not in text
    found = printed(text)(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(found["twice"], [0.0, 2.0])
    np.testing.assert_array_equal(found["both"][1][0], np.exp([0.0, 1.0]))


# --- what a function finds around it ----------------------------------------------------------------------------------

X_AROUND = np.arange(12.0).reshape(2, 6) / 7
Y_AROUND = np.array([[1.0, 0.0, 1.0, 1.0, 0.0, 0.0]])
HELD = {"X": X_AROUND, "n": 6}
PAIR = (X_AROUND, Y_AROUND)
SCALE = tg.Tensor([[2.0], [0.5]])
WEIGHTS = tg.Tensor([[0.5, -1.5]], requires_grad=True)
MASK = Y_AROUND == 1


class Holder:
    def __init__(self) -> None:
        self.X = X_AROUND
        self.inner = [X_AROUND[:]]

    def loss(self, w: Any) -> Any:
        return tg.sum((w @ self.X) ** 2)

    def nested(self, w: Any) -> Any:
        return tg.sum((w @ self.inner[0]) ** 2)


def from_closure() -> Any:
    X, Y = X_AROUND, Y_AROUND
    return lambda w: tg.mean((w @ X - Y) ** 2)


def from_globals(w: Any) -> Any:
    return tg.mean((w @ X_AROUND - Y_AROUND) ** 2)


def from_dict(w: Any) -> Any:
    return tg.mean((w @ HELD["X"]) ** 2)


def from_tuple(w: Any) -> Any:
    X, Y = PAIR
    return tg.mean((w @ X - Y) ** 2)


def by_numpy(w: Any) -> Any:
    return tg.mean((1 - Y_AROUND) * (w @ (X_AROUND[:, ::-1] / 10)) + np.sqrt(X_AROUND).astype(np.float32).T[0, 0])


def a_tensor(w: Any) -> Any:
    return tg.sum(w @ (SCALE * X_AROUND))


def through_a_helper(w: Any) -> Any:
    return from_globals(w) + tg.sum(w)


def by_mask(w: Any) -> Any:
    return tg.mean((w @ X_AROUND)[MASK])


def a_parameter_too(b: Any) -> Any:
    return tg.mean((WEIGHTS @ X_AROUND + b - Y_AROUND) ** 2)


AROUND = {
    from_globals: "X_AROUND, Y_AROUND",
    from_closure(): "X, Y",
    from_dict: "X",
    from_tuple: "X, Y",
    Holder().loss: "X",
    Holder().nested: "inner0",
    by_numpy: "X_AROUND, Y_AROUND",
    a_tensor: "SCALE, X_AROUND",
    through_a_helper: "X_AROUND, Y_AROUND",
    by_mask: "X_AROUND, MASK",
}


@pytest.mark.parametrize(("f", "names"), AROUND.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_arrays_around_a_function_are_parameters_of_the_printed_one(f: Any, names: str) -> None:
    w = variable([0.5, -1.5])
    before = X_AROUND.copy(), Y_AROUND.copy()
    text = tg.source(f, w)
    assert list(text.captured) == sorted(names.split(", "), key=list(text.captured).index)
    assert "np.array(" not in text
    run = printed(text)
    try:  # the same arrays with other data: the eager code and the printed function both see it
        X_AROUND[...] = np.random.default_rng(1).random((2, 6))
        Y_AROUND[...] = Y_AROUND[:, ::-1].copy() * 0.5
        y = f(w)
        y.backward()
        value, gradients = run(w.value)
        assert value == y.value
        np.testing.assert_array_equal(gradients[0], w.grad)
    finally:
        X_AROUND[...], Y_AROUND[...] = before


def test_everything_around_is_put_back() -> None:
    before = dict(globals())
    held, model = dict(HELD), tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.BatchNorm1d(2)).eval()
    buffers = dict(model.named_buffers())
    tg.source(from_dict, variable([0.5, -1.5]))
    tg.source(lambda: tg.sum(model(X_AROUND.T)))
    with pytest.raises(GraphError):
        tg.source(lambda w: random(w) + from_tuple(w), variable([0.5, -1.5]))
    assert all(globals()[name] is x for name, x in before.items())
    assert all(HELD[k] is x for k, x in held.items())
    assert all(x is buffers[name] for name, x in model.named_buffers())


def test_parameters_around_are_differentiated_and_data_are_not() -> None:
    text = tg.source(a_parameter_too, variable([0.1]))
    assert "def a_parameter_too(b, *, WEIGHTS, X_AROUND, Y_AROUND):" in text
    assert text.rstrip().endswith("return value, (db, dWEIGHTS)")
    assert tg.source(a_parameter_too, variable([0.1]), argnums=0).rstrip().endswith("return value, db")
    a_parameter_too(b := variable([0.1])).backward()
    np.testing.assert_array_equal(printed(text)(b.value)[1][1], WEIGHTS.grad)


def test_nothing_made_from_captured_arrays_is_folded() -> None:
    def two(W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return two_layer(W1, b1, W2, b2, X, Y)

    *weights, X, Y = data()
    text = tg.source(two, *weights)
    assert "def two(W1, b1, W2, b2, *, X, Y):" in text
    assert "    dW1 = dZ1 @ X.T\n" in text
    assert "    From the surrounding program: X, Y.\n" in text


def test_a_function_that_looks_at_its_arrays_is_recorded_with_the_arrays() -> None:
    def looks(w: Any) -> Any:
        if X_AROUND.max() > 100 or not isinstance(Y_AROUND, np.ndarray):
            raise ValueError
        centred = X_AROUND - X_AROUND.mean(axis=1, keepdims=True)
        return tg.sum((w @ centred) * (2 * X_AROUND + 1))

    text = agrees(looks, [variable([1, 2])], [variable([-1, 3])])
    assert "def looks(w, *, centred, c1):" in text
    assert "centred = X_AROUND - X_AROUND.mean(axis=1, keepdims=True) (line " in text
    assert re.search(r"c1 = 2 \* X_AROUND \+ 1 \(line \d+\)$", text, re.MULTILINE)


def test_large_constants_become_parameters() -> None:
    text = agrees(large, [variable(1, 2)], [variable(-1, 3)])
    assert "def large(x, *, c1):" in text
    assert "c1 = np.random.default_rng(0).random(2000) (line " in text


def test_default_arguments_are_arguments() -> None:
    def f(w: Any, X: Any = X_AROUND) -> Any:
        return tg.sum((w @ X) ** 2)

    assert "def f(w, X):" in tg.source(f, variable([1, 2]))


def test_the_number_that_a_mask_lets_through_is_checked() -> None:
    run = printed(tg.source(by_mask, variable([1, 2])))
    with pytest.raises(AssertionError, match="the sum of MASK is built in"):
        run(np.ones((1, 2)), MASK=np.ones((1, 6), bool))


# --- names and short forms --------------------------------------------------------------------------------------------


def test_layers_in_the_notes_layout_get_the_notes_names() -> None:
    first, second = tg.nn.Linear(2, 4, examples="columns"), tg.nn.Linear(4, 1, examples="columns")

    def net(X: Any, Y: Any) -> Any:
        Z1 = first(X)
        Z2 = second(tg.tanh(Z1))
        return tg.binary_cross_entropy_with_logits(Z2, Y)

    text = agrees(net, data()[4:], data(seed=1)[4:], parameters=(*first.parameters(), *second.parameters()))
    assert "def net(X, Y, *, W1, b1, W2, b2):" in text
    assert "    Z1 = W1 @ X + b1\n" in text


def test_leaves_of_one_name_are_told_apart_by_their_path() -> None:
    def f(p: Any) -> Any:
        return tg.sum(p["one"]["W"] * p["two"]["W"])

    assert "for one_W, two_W." in tg.source(f, {"one": {"W": variable(1, 2)}, "two": {"W": variable(3, 4)}})


def test_what_the_caller_calls_a_value_comes_before_what_a_parameter_is_called() -> None:
    def layer(w: Any, x: Any) -> Any:
        return tg.tanh(w * x)

    def f(w: Any, x: Any) -> Any:
        a1 = layer(w, x)
        a2 = layer(w, a1)
        return tg.sum(a2)

    text = tg.source(f, variable(1, 2), variable(3, 4))
    assert "    a1 = np.tanh(w * x)\n" in text
    assert "    a2 = np.tanh(w * a1)\n" in text


def test_a_zero_first_state_leaves_no_trace() -> None:
    def rnn(W: Any, b: Any) -> Any:
        h = np.zeros((3, 1))
        for _ in range(2):
            h = tg.tanh(W @ h + b)
        return tg.sum(h)

    rng = np.random.default_rng(0)
    args = [[tg.Tensor(rng.normal(size=s), requires_grad=True) for s in ((3, 3), (3, 1))] for _ in range(2)]
    text = agrees(rnn, *args)
    assert "    h1 = np.tanh(b)\n" in text
    assert "zeros" not in text


def test_a_batch_norm_in_eval_mode_needs_no_guards() -> None:
    model = tg.nn.BatchNorm1d(3).eval()
    text = tg.source(lambda X: tg.mean(model(X) ** 2), np.ones((4, 3)))
    assert "def keep_zero" not in text


def test_a_forward_value_that_is_a_gradient_too_keeps_its_place() -> None:
    text = agrees(lambda a, b: tg.sum(0.5 * a * b), [variable(1, 2), variable(3, 4)], [variable(0, 2), variable(5, 1)])
    assert re.search(r"backward: .*\n.*\n?.*db = t1.copy\(\)", text)


def test_numbers_in_short() -> None:
    text = tg.source(lambda x: tg.sum(x * -1e9 + x / 1e12 + (1 / 6) * x), variable(1, 2), derivatives=False)
    assert "np.sum(x / 1e12 - x * 1e9 + 1 / 6 * x)" in text


# --- memory, names ----------------------------------------------------------------------------------------------------


def test_gradients_own_their_memory() -> None:
    def f(x: Any, y: Any, z: Any, u: Any) -> Any:
        return tg.sum(x * y.T + z) + tg.sum(u[0] * u[1])

    arrays = [np.arange(4.0).reshape(2, 2) + i for i in range(4)]
    before = np.copy(arrays)
    gradients = printed(tg.source(f, *arrays))(*arrays)[1]
    for g in gradients:
        g += 1
    np.testing.assert_array_equal(arrays, before)


def test_an_argument_without_influence_gets_zeros() -> None:
    text = tg.source(lambda x, y: tg.sum(x), np.ones(2), np.ones(3), argnums=(0, 1))
    np.testing.assert_array_equal(printed(text)(np.ones(2), np.ones(3))[1][1], np.zeros(3))


def test_names_that_python_or_the_text_needs_itself() -> None:
    def sigmoid(np_: Any, t1: Any) -> Any:
        softplus = tg.sigmoid(np_)
        list = softplus * t1
        return tg.sum(tg.softplus(list) * list)

    agrees(sigmoid, [variable(1, 2), variable(3, 4)], [variable(-1, 2), variable(3, -4)])


@tg.primitive
def cube(x: Any) -> Any:
    return _third(x) * x**2


def _third(x: Any) -> Any:
    """A helper that the printed text must bring along."""
    return x + OFFSET


OFFSET = 0.0


@cube.def_partials
def _cube_partials(y: Any, x: Any) -> Any:
    return (3 * x**2,)


def test_a_primitive_of_the_users_own_comes_with_its_source() -> None:
    text = agrees(lambda x: tg.sum(cube(x)), [variable(1, 2)], [variable(3, -4)])
    assert "def third(x):" in text
    assert "OFFSET = 0.0" in text


def chain(x: Any, length: int) -> Any:
    y = x
    for _ in range(length // 2):
        y = y * x
        y = y + 1.0
    return y


def test_a_chain_of_two_thousand_steps() -> None:
    run = printed(tg.source(chain, np.float64(0.5), 2000))
    assert run(0.25, 2000)[1] == (tg.grad(chain)(0.25, 2000),)


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_steps() -> None:
    assert tg.source(chain, np.float64(0.5), 100_000).count("\n") > 100_000


# --- what is refused --------------------------------------------------------------------------------------------------


def branches(x: Any) -> Any:
    return tg.sum(x) if x.sum() > 0 else tg.mean(x)


def takes_item(x: Any) -> Any:
    return tg.sum(x * x.max().item())


def leaves(x: Any) -> Any:
    return tg.sum(x * (np.asarray(x) > 0))


def without_recording(x: Any) -> Any:
    with tg.no_grad():
        h = x * 2
    return tg.sum(x * h)


def random(x: Any) -> Any:
    return tg.sum(tg.dropout(x, 0.5))


def random_in_numpy(x: Any) -> Any:
    return tg.sum(x * np.random.default_rng().random(3))


def random_and_large(x: Any) -> Any:
    return tg.sum(x[0] * np.random.default_rng().random(2000))


def large(x: Any) -> Any:
    return tg.sum(x[0] * np.random.default_rng(0).random(2000))


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (branches, r"branches on .*return tg.sum\(x\) if"),
        (takes_item, "takes a Python number from"),
        (leaves, "takes the plain array of"),
        (without_recording, "outside the graph"),
        (lambda x: tg.mean(x[x > 0]), "how many elements getitem gives"),
        (random, "draws random numbers"),
        (random_in_numpy, "at random"),
        (random_and_large, "at random"),
        (lambda x: 3.0, "records nothing"),
        (lambda x: "text", "returned str"),
        (lambda x: x * 2, r"returned an array of shape \(3,\)"),
        (lambda x: (tg.sum(x), x), "returned tuple"),
        (lambda x: tg.sum(eval("unwritten")(x)), "not at hand"),
    ],
)
def test_errors_say_what_and_where(f: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    space: dict[str, Any] = {"tg": tg}
    exec("@tg.primitive\ndef unwritten(x):\n    return x * 1\nunwritten.def_partials(lambda y, x: (1,))", space)
    monkeypatch.setitem(globals(), "unwritten", space["unwritten"])
    with pytest.raises(GraphError, match=said):
        tg.source(f, np.array([1.0, 2.0, 3.0]))


def test_arguments_that_are_no_real_arrays() -> None:
    with pytest.raises(DTypeError, match="complex"):
        tg.source(tg.sum, np.array([1j]))
    with pytest.raises(DTypeError, match="int64"):
        tg.source(lambda x: tg.sum(x * 1.0), np.array([1, 2]), argnums=0)
    with pytest.raises(GraphError, match="names argument 3"):
        tg.source(tg.sum, np.ones(2), argnums=3)
