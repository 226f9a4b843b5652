"""The layers one by one: gradients, dtypes, what each promises, and what each refuses."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course import nn

from .nn_table import CASES, INTEGERS, LOSSES, NAMES


def make(text, **names):
    return eval(text, {"nn": nn, **names})


def settle(module, rng):
    """Parameters and averages away from zeros and ones, where mistakes hide."""
    for _, x in module.named_state():
        if x.dtype.kind == "f":
            x.data = rng.uniform(0.5, 1.5, x.shape)
    return module


def sample(text, shape, rng):
    return rng.integers(0, 6, shape) if text in INTEGERS else rng.normal(size=shape)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("text", "shape"), CASES, ids=NAMES)
def test_gradients(text, shape, training):
    rng = np.random.default_rng(0)
    layer = settle(make(text), rng).train(training)
    x = sample(text, shape, rng)
    parts = [*layer.parameters()] + ([] if text in INTEGERS else [x := tg.Tensor(x, requires_grad=True)])
    weights = rng.normal(size=layer(x).shape)
    y = layer(x)
    assert y.requires_grad
    (y * weights).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in parts)
    layer.zero_grad()
    if "padding_idx" not in text:  # that row's gradient is withheld on purpose
        assert tg.gradcheck(lambda: tg.sum(layer(x) * weights), parts)


@pytest.mark.parametrize(("text", "shape"), CASES, ids=NAMES)
def test_float32_stays_float32(text, shape):
    rng = np.random.default_rng(0)
    layer = make(text).to("float32")
    x = sample(text, shape, rng)
    x = x if text in INTEGERS else tg.Tensor(x, dtype="float32", requires_grad=True)
    for training in (True, False):
        y = layer.train(training)(x)
        assert y.dtype == np.float32
        y.sum().backward()
    assert {z.dtype for _, z in layer.named_state()} <= {np.dtype("float32"), np.dtype("int64")}
    assert {p.grad.dtype for p in layer.parameters()} <= {np.dtype("float32")}


@pytest.mark.parametrize(("text", "shape"), CASES, ids=NAMES)
def test_arrays_are_read_only_to_layers(text, shape):
    x = sample(text, shape, np.random.default_rng(0))
    x.setflags(write=False) if isinstance(x, np.ndarray) else None
    layer = make(text)
    assert repr(layer).startswith(text[3:].split("(")[0] + "(")
    with tg.no_grad():
        y = layer(x)
    assert np.isfinite(np.asarray(y)).all()
    assert copy.deepcopy(layer).state_dict().keys() == layer.state_dict().keys()


# --- Linear -----------------------------------------------------------------------------------------------------------


def test_columns_are_the_transpose_of_rows():
    rng = np.random.default_rng(0)
    rows, columns = nn.Linear(3, 2, rng=1), nn.Linear(3, 2, examples="columns", rng=1)
    assert columns.bias.shape == (2, 1)
    assert np.array_equal(rows.weight.numpy(), columns.weight.numpy())
    assert np.array_equal(rows.bias.numpy(), columns.bias.numpy()[:, 0])
    X = rng.normal(size=(3, 5))
    np.testing.assert_allclose(columns(X).numpy(), rows(X.T).numpy().T, rtol=1e-15)
    np.testing.assert_allclose(columns(X).numpy(), columns.weight.numpy() @ X + columns.bias.numpy())
    assert tg.gradcheck(lambda: tg.square(columns(X)).sum(), [columns.weight, columns.bias])


@pytest.mark.parametrize(
    ("examples", "shape", "message"),
    [
        ("rows", (5, 4), r'Linear\(3, 2, examples="rows"\): x is \(5, 4\), it must be \(\.\.\., 3\) \(test_nn'),
        ("rows", (3, 5), r'transpose it, or make the layer with examples="columns"'),
        ("rows", (5, 1, 3, 1), r"put nn\.Flatten\(\) before the layer"),
        ("rows", (), r"x is \(\)"),
        ("columns", (5, 3), r'it must be \(3, m\); transpose it, or make the layer with examples="rows"'),
        ("columns", (3,), r"it must be \(3, m\)"),
        ("columns", (5, 3, 1), "flatten it first"),
    ],
)
def test_linear_says_what_it_wants(examples, shape, message):
    layer = nn.Linear(3, 2, examples=examples)
    with pytest.raises(tg.ShapeError, match=message):
        layer(np.ones(shape))


def test_linear_refuses_another_layout():
    with pytest.raises(ValueError, match='examples must be "rows" or "columns"'):
        nn.Linear(3, 2, examples="cols")


# --- random draws -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nn.Linear(3, 2, rng=R)", "nn.Embedding(3, 2, rng=R)"])
def test_a_seed_or_generator_decides_the_starting_values(text):
    def draw(rng):
        return make(text, R=rng).weight.numpy()

    assert np.array_equal(draw(5), draw(5))
    assert np.array_equal(draw(5), draw(np.random.default_rng(5)))
    assert not np.array_equal(draw(5), draw(6))
    assert not np.array_equal(draw(None), draw(None))
    shared = np.random.default_rng(5)
    assert not np.array_equal(draw(shared), draw(shared))


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    nn.Dropout(0.5)(nn.Linear(3, 2)(np.ones((4, 3))))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_drops_the_share(p):
    n = 40_000
    y = nn.Dropout(p, rng=0)(np.ones(n))
    assert set(np.unique(y)) == {0.0, 1 / (1 - p)}
    assert abs(np.mean(y == 0) - p) < 5 * math.sqrt(p * (1 - p) / n)


def test_dropout_draws_anew_and_repeats_from_a_saved_state():
    model = nn.Sequential(nn.Dropout(0.5, rng=1), nn.Dropout(0.5, rng=2))
    x = np.ones((8, 8))
    saved = model.rng_state()
    first = [model(x), model(x)]
    assert not np.array_equal(*first)
    model.load_rng_state(saved)
    assert np.array_equal(first, [model(x), model(x)])
    assert model.state_dict() == {}
    with pytest.raises(ValueError, match=r"generators are \['0.rng', '1.rng'\], the state's \['0.rng'\]"):
        model.load_rng_state({"0.rng": saved["0.rng"]})


def test_dropout_records_its_mask_as_an_operand():
    x = tg.Tensor(np.ones(5), requires_grad=True)
    y = tg.dropout(x, 0.5, rng=0)
    assert y.op.name == "multiply"
    assert np.array_equal(y.inputs[1], y.numpy())
    assert tg.dropout(x, 0.5, training=False) is x
    assert tg.dropout(x, 0.0) is x
    assert y.scope.name == "dropout"


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_dropout_wants_a_probability(p):
    for use in (lambda: nn.Dropout(p), lambda: tg.dropout(np.ones(2), p)):
        with pytest.raises(ValueError, match="is not a probability"):
            use()


def test_dropout_wants_floats():
    with pytest.raises(tg.DTypeError, match=r"x has dtype int64, it must hold floats \(test_nn"):
        tg.dropout(np.arange(3), 0.5)


# --- initialisers -----------------------------------------------------------------------------------------------------

N = (300, 200)
# name, arguments, mean and deviation of what it draws, the bound of a uniform one
DRAWS = [
    ("normal_", {"mean": 1.0, "std": 0.01}, 1.0, 0.01, None),
    ("uniform_", {"a": 1.0, "b": 4.0}, 2.5, 3 / math.sqrt(12), None),
    ("xavier_uniform_", {"gain": 2.0}, 0, 2 * math.sqrt(2 / 500), 2 * math.sqrt(6 / 500)),
    ("xavier_normal_", {}, 0, math.sqrt(2 / 500), None),
    ("kaiming_uniform_", {}, 0, math.sqrt(2 / 200), math.sqrt(6 / 200)),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, 0, 1 / math.sqrt(3 * 200), 1 / math.sqrt(200)),
    ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}, 0, math.sqrt(2 / 300), None),
    ("kaiming_normal_", {"nonlinearity": "tanh"}, 0, 5 / 3 / math.sqrt(200), None),
    ("orthogonal_", {"gain": 3.0}, 0, 3 / math.sqrt(300), None),
]


@pytest.mark.parametrize(("name", "params", "mean", "std", "bound"), DRAWS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_initialisers_draw_from_their_distributions(name, params, mean, std, bound, dtype):
    p = nn.Parameter(np.ones(N, dtype))
    assert getattr(nn.init, name)(p, **params, rng=np.random.default_rng(0)) is p
    values = p.numpy()
    assert values.dtype == dtype
    assert p.op is None
    assert p.requires_grad
    assert abs(values.mean() - mean) < 5 * std / math.sqrt(values.size)
    assert abs(values.std() / std - 1) < 0.02
    if bound is not None:
        assert 0.99 * bound < abs(values).max() <= bound * (1 + 1e-6)


def test_layers_start_as_in_pytorch():
    layer = nn.Linear(400, 300, rng=0)
    for p in layer.parameters():
        assert 0.98 / 20 < abs(p.numpy()).max() <= 1 / 20
        assert abs(p.numpy().std() * math.sqrt(3) * 20 - 1) < 0.1
    table = nn.Embedding(300, 200, padding_idx=7, rng=0).weight.numpy()
    assert abs(table.std() - 1) < 0.02
    assert not table[7].any()
    assert nn.BatchNorm1d(2).state_dict()["weight"].tolist() == [1, 1]


def test_fans_count_the_kernel():
    p = tg.zeros((8, 4, 3, 3))
    assert nn.init.fans(p) == (36, 72)
    assert nn.init.orthogonal_(p, rng=0).shape == (8, 4, 3, 3)
    rows = p.numpy().reshape(8, -1)
    np.testing.assert_allclose(rows @ rows.T, np.eye(8), atol=1e-14)
    assert {nn.init.orthogonal_(tg.zeros((1, 1)), rng=seed).item() for seed in range(9)} == {-1.0, 1.0}
    columns = nn.init.orthogonal_(tg.zeros((5, 2)), rng=0).numpy()
    np.testing.assert_allclose(columns.T @ columns, np.eye(2), atol=1e-14)


def test_constants():
    p = nn.Parameter(np.zeros((2, 2)))
    assert nn.init.constant_(p, 3.0).tolist() == [[3, 3], [3, 3]]
    assert nn.init.ones_(p).tolist() == [[1, 1], [1, 1]]
    assert nn.init.zeros_(p).tolist() == [[0, 0], [0, 0]]
    assert nn.init.xavier_normal_(tg.zeros((0, 0))).shape == (0, 0)


@pytest.mark.parametrize(
    ("use", "kind", "message"),
    [
        (lambda i: i.xavier_normal_(tg.zeros(3)), tg.ShapeError, "it needs two axes or more"),
        (lambda i: i.kaiming_normal_(tg.zeros((2, 2)), mode="fan"), ValueError, 'mode must be "fan_in" or "fan_out"'),
        (lambda i: i.calculate_gain("gelu"), ValueError, "no gain is known for 'gelu'"),
        (lambda i: i.zeros_(np.ones(3)), tg.DTypeError, "init fills Tensors"),
    ],
)
def test_initialisers_refuse(use, kind, message):
    with pytest.raises(kind, match=message):
        use(nn.init)


# --- Embedding, Flatten -----------------------------------------------------------------------------------------------


def test_embedding_adds_up_and_withholds_the_gradient_of_padding():
    table = nn.Embedding(4, 2, padding_idx=0, rng=0)
    table.weight.data = np.ones((4, 2))  # padding is a row like others as far as values go
    y = table([[0, 1, 1], [3, 0, 0]])
    assert y.tolist() == np.ones((2, 3, 2)).tolist()
    y.sum().backward()
    assert table.weight.grad.tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("indices", "kind", "message"),
    [
        ([0, 4], tg.IndexingError, "indices range from 0 to 4, but the table has rows 0 to 3"),
        ([-1], tg.IndexingError, "indices range from -1 to -1"),
        ([0.5], tg.DTypeError, "indices have dtype float64, they must be integers"),
    ],
)
def test_embedding_refuses(indices, kind, message):
    with pytest.raises(kind, match=message):
        nn.Embedding(4, 2)(indices)
    with pytest.raises(tg.IndexingError, match="padding_idx=4"):
        nn.Embedding(4, 2, padding_idx=4)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Flatten(), (3,), r"Flatten: x of shape \(3,\) has no axes 1 to -1"),
        (nn.Flatten(2, 1), (3, 4, 5), "in this order"),
        (nn.Unflatten(1, (2, 2)), (3, 5), r"axis 1 of x, which is \(3, 5\), cannot be cut into \(2, 2\)"),
        (nn.Unflatten(1, (2, -1)), (3, 5), "cannot be cut"),
        (nn.Unflatten(2, (2, 2)), (3, 4), "has no axis 2"),
        (nn.BatchNorm1d(3), (4, 2), r"BatchNorm1d: x is \(4, 2\), it must be \(N, 3\) or \(N, 3, L\)"),
        (nn.BatchNorm1d(3), (1, 3), "training needs more than one value per channel"),
        (nn.BatchNorm2d(3), (4, 3), r"BatchNorm2d: x is \(4, 3\), it must be \(N, 3, H, W\)"),
        (nn.LayerNorm((2, 3)), (4, 3), r"LayerNorm: x is \(4, 3\), it must be \(\.\.\., 2, 3\)"),
        (nn.GroupNorm(2, 4), (4, 3), r"GroupNorm: x is \(4, 3\), it must be \(N, 4, \.\.\.\)"),
    ],
)
def test_shapes_refused(layer, shape, message):
    with pytest.raises(tg.ShapeError, match=message):
        layer(np.ones(shape))


def test_groups_must_be_equal():
    with pytest.raises(ValueError, match="4 channels cannot be cut into 3 equal groups"):
        nn.GroupNorm(3, 4)


# --- normalisation ----------------------------------------------------------------------------------------------------

sizes = st.integers(2, 5)


@given(sizes, sizes, sizes, st.floats(-1e6, 1e6), st.floats(1e-2, 1e3), st.integers(0, 9))
def test_normalising_gives_mean_0_and_variance_1(n, c, h, shift, scale, seed):
    x = np.random.default_rng(seed).normal(shift, scale, (n, 2 * c, h, 3))
    for layer, axes, y_shape in [
        (nn.BatchNorm2d(2 * c, eps=0), (0, 2, 3), x.shape),
        (nn.LayerNorm((h, 3), eps=0), (2, 3), x.shape),
        (nn.GroupNorm(2, 2 * c, eps=0), 2, (n, 2, c * h * 3)),
    ]:
        y = layer(x).numpy()
        y = y.reshape(y_shape)
        assert np.abs(y.mean(axes)).max() < 1e-7
        assert np.abs(y.var(axes) - 1).max() < 1e-7


def test_running_averages_become_the_mean_and_unbiased_variance():
    rng = np.random.default_rng(0)
    batches = rng.normal(3.0, 2.0, (10, 50, 4))
    norm = nn.BatchNorm1d(4, momentum=None)
    for x in batches:
        norm(x)
    np.testing.assert_allclose(norm.running_mean.numpy(), batches.mean((0, 1)))
    np.testing.assert_allclose(norm.running_var.numpy(), batches.var(1, ddof=1).mean(0))
    assert int(norm.num_batches_tracked) == 10
    before = norm.state_dict()
    y = norm.eval()(batches[0])
    want = (batches[0] - batches.mean((0, 1))) / np.sqrt(batches.var(1, ddof=1).mean(0) + 1e-5)
    np.testing.assert_allclose(y.numpy(), want)
    assert all(np.array_equal(before[k], v) for k, v in norm.state_dict().items())
    norm.reset_parameters()
    assert {k: v.tolist() for k, v in norm.state_dict().items()} == {
        "weight": [1] * 4, "bias": [0] * 4, "running_mean": [0] * 4, "running_var": [1] * 4, "num_batches_tracked": 0,
    }  # fmt: skip


def test_running_averages_are_no_part_of_the_graph():
    norm = nn.BatchNorm1d(2)
    x = tg.Tensor(np.eye(2), requires_grad=True)
    loss = norm(x).sum() + norm(2 * x).sum()
    loss.backward()  # the averages moved since, which is nothing to the batches
    assert not norm.running_mean.requires_grad
    assert norm.running_mean.op is None


# --- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "kind", "shape", "target_kind", "target_shape"), LOSSES)
def test_losses_as_modules(text, kind, shape, target_kind, target_shape):
    rng = np.random.default_rng(0)
    loss = make(text, W3=[0.5, 1.0, 2.0])
    draw = {"number": rng.normal, "probability": lambda size: rng.uniform(0.1, 0.9, size),
            "class": lambda size: rng.integers(0, 3, size)}  # fmt: skip
    x, target = tg.Tensor(draw[kind](size=shape), requires_grad=True), draw[target_kind](size=target_shape)
    assert tg.gradcheck(lambda: loss(x, target).sum(), [x])
    assert len([*loss.parameters()]) == 0


def test_hinge_loss_module():
    assert float(nn.HingeLoss(margin=2.0, reduction="sum")(np.array([1.0, -1.0]), np.array([1.0, 1.0]))) == 4.0


def test_losses_refuse_an_unknown_reduction_at_once():
    with pytest.raises(ValueError, match="reduction must be"):
        nn.MSELoss("avg")


def test_training_a_small_net_end_to_end():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    model = nn.Sequential(nn.Linear(2, 16, rng=rng), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2, rng=rng))
    loss = nn.CrossEntropyLoss()
    for _ in range(200):
        model.zero_grad()
        loss(model(x), y).backward()
        for p in model.parameters():
            p.data -= 0.5 * p.grad
    assert np.mean(np.argmax(model.eval()(x).numpy(), axis=1) == y) > 0.95
