"""Recurrent layers, attention and transformers: what holds without an oracle."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.core.reverse import ancestors


def normal(*shape: int) -> Any:
    return np.random.default_rng(shape).normal(size=shape)


def arrays(found: Any) -> list[Any]:
    """The arrays in nested tuples, in order."""
    return [np.asarray(y) for y in results(found)]


# --- gradients --------------------------------------------------------------------------------------------------------

SMALL: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "RNN": (nn.RNN(2, 3, 2, bidirectional=True, rng=0), (normal(3, 2, 2), normal(4, 2, 3))),
    "LSTM": (nn.LSTM(2, 2, 2, rng=0), (normal(3, 2), (normal(2, 2), normal(2, 2)))),
    "GRU": (nn.GRU(2, 3, batch_first=True, rng=0), (normal(2, 3, 2), normal(1, 2, 3))),
    "RNNCell": (nn.RNNCell(2, 3, rng=0), (normal(2, 2), normal(2, 3))),
    "LSTMCell": (nn.LSTMCell(2, 3, rng=0), (normal(2, 2), (normal(2, 3), normal(2, 3)))),
    "GRUCell": (nn.GRUCell(2, 3, rng=0), (normal(2), normal(3))),
    "attention": (nn.MultiheadAttention(4, 2, rng=0), (normal(3, 2, 4), normal(2, 2, 4), normal(2, 2, 4))),
    "kdim": (nn.MultiheadAttention(4, 2, kdim=3, vdim=2, rng=0), (normal(3, 4), normal(2, 3), normal(2, 2))),
    "encoder layer": (nn.TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", rng=0), (normal(3, 2, 4),)),
}  # fmt: skip


def results(found: Any) -> list[Any]:
    """All Tensors in nested tuples, in order."""
    return [y for part in found for y in results(part)] if isinstance(found, tuple) else [found]


def wanted(arguments: Any, dtype: Any = float) -> Any:
    """The arguments as Tensors that want a gradient."""
    if isinstance(arguments, tuple):
        return tuple(wanted(a, dtype) for a in arguments)
    return tg.Tensor(arguments, requires_grad=True, dtype=dtype)


@pytest.mark.parametrize(("name", "order"), [*((n, 1) for n in SMALL), ("LSTM", 2), ("GRU", 2), ("attention", 2)])
def test_gradcheck(name: str, order: int) -> None:
    layer, arguments = SMALL[name]
    arguments = wanted(arguments)

    def loss() -> Any:  # every result enters with weights of its own
        return sum(((y * normal(*y.shape)).sum() for y in results(layer(*arguments))), 0.0)

    assert tg.gradcheck(loss, [*layer.parameters(), *results(arguments)], order=order)


@pytest.mark.parametrize("name", SMALL)
def test_float32_stays_float32(name: str) -> None:
    layer, arguments = SMALL[name]
    single = deepcopy(layer).to(np.float32)
    found = results(single(*wanted(arguments, np.float32)))
    assert {y.dtype for y in found} == {np.dtype(np.float32)}
    sum(((y * y).sum() for y in found), 0.0).backward()
    assert {p.grad.dtype for p in single.parameters()} == {np.dtype(np.float32)}


# --- what the equations say -------------------------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_lstm_by_its_equations() -> None:
    lstm = nn.LSTM(3, 4, rng=1)
    w, u, b, d = (lstm.state_dict()[f"{k}_l0"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    x, h, c = normal(5, 2, 3), np.zeros((2, 4)), np.zeros((2, 4))
    output, (h_n, c_n) = lstm(x)
    for t in range(5):
        i, f, g, o = np.split(x[t] @ w.T + b + h @ u.T + d, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        np.testing.assert_allclose(output[t].data, h, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(h_n.data, [h], rtol=1e-12)
    np.testing.assert_allclose(c_n.data, [c], rtol=1e-12)


def test_gru_by_its_equations() -> None:
    cell, x, h = nn.GRUCell(3, 4, rng=1), normal(2, 3), normal(2, 4)
    w, u, b, d = cell.state_dict().values()
    x_r, x_z, x_n = np.split(x @ w.T + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h @ u.T + d, 3, axis=1)
    z, n = sigmoid(x_z + h_z), np.tanh(x_n + sigmoid(x_r + h_r) * h_n)
    np.testing.assert_allclose(cell(x, h).data, (1 - z) * n + z * h, rtol=1e-12)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_by_its_equation(nonlinearity: str) -> None:
    cell, x, h = nn.RNNCell(3, 4, nonlinearity=nonlinearity, rng=1), normal(2, 3), normal(2, 4)
    w, u, b, d = cell.state_dict().values()
    expected = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[nonlinearity](x @ w.T + b + h @ u.T + d)
    np.testing.assert_allclose(cell(x, h).data, expected, rtol=1e-12)


@pytest.mark.parametrize("family", ["RNN", "LSTM", "GRU"])
def test_a_layer_is_its_cell_step_by_step(family: str) -> None:
    layer, cell = getattr(nn, family)(3, 4, rng=2), getattr(nn, family + "Cell")(3, 4)
    cell.load_state_dict({key.removesuffix("_l0"): value for key, value in layer.state_dict().items()})
    x, states = normal(6, 2, 3), None
    output, last = layer(x)
    for t in range(6):
        states = cell(x[t], states)
        h = states[0] if family == "LSTM" else states
        np.testing.assert_allclose(output[t].data, h.data, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(np.stack(arrays(last)).squeeze(), np.stack(arrays(states)).squeeze(), rtol=1e-13)


@pytest.mark.parametrize("family", ["RNN", "LSTM", "GRU"])
@settings(deadline=None, max_examples=15)
@given(cut=st.integers(1, 5), layers=st.integers(1, 2), batch_first=st.booleans())
def test_a_sequence_may_be_read_in_two_parts(family: str, cut: int, layers: int, batch_first: bool) -> None:
    layer = getattr(nn, family)(3, 4, layers, batch_first=batch_first, rng=3)
    x = normal(6, 2, 3)
    turn = (lambda a: a.swapaxes(0, 1)) if batch_first else (lambda a: a)
    whole, last = layer(turn(x))
    first, middle = layer(turn(x[:cut]))
    second, end = layer(turn(x[cut:]), middle)
    np.testing.assert_allclose(np.concatenate([turn(first.data), turn(second.data)]), turn(whole.data), rtol=1e-12)
    for a, b in zip(arrays(end), arrays(last), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("family", ["RNN", "LSTM", "GRU"])
def test_the_second_direction_reads_from_the_end(family: str) -> None:
    both, x = getattr(nn, family)(3, 4, bidirectional=True, rng=4), normal(5, 2, 3)
    one = getattr(nn, family)(3, 4)
    one.load_state_dict({k.removesuffix("_reverse"): v for k, v in both.state_dict().items() if "_reverse" in k})
    np.testing.assert_allclose(both(x)[0].data[..., 4:], one(x[::-1])[0].data[::-1], rtol=1e-13)


def test_heads_are_attentions_of_their_own() -> None:
    layer, x = nn.MultiheadAttention(6, 3, batch_first=True, rng=1), normal(2, 4, 6)
    w, b = layer.in_proj_weight.data, layer.in_proj_bias.data
    q, k, v = np.split(x @ w.T + b, 3, axis=-1)
    heads = [
        tg.scaled_dot_product_attention(q[..., s], k[..., s], v[..., s])
        for s in (slice(0, 2), slice(2, 4), slice(4, 6))
    ]
    np.testing.assert_allclose(layer(x, x, x)[0].data, layer.out_proj(np.concatenate(heads, -1)).data, rtol=1e-12)


def test_three_equal_arguments_may_be_one() -> None:
    layer, x = nn.MultiheadAttention(6, 3, rng=1), normal(4, 2, 6)
    np.testing.assert_allclose(layer(x, x, x)[0].data, layer(x, x.copy(), x.copy())[0].data, rtol=1e-12)


# --- masks ------------------------------------------------------------------------------------------------------------

HEADS = nn.MultiheadAttention(4, 2, rng=0)
ENCODER = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, norm_first=True, rng=0), 2, nn.LayerNorm(4))
RECURRENT = {"RNN": nn.RNN(4, 4, rng=0), "LSTM": nn.LSTM(4, 4, 2, rng=0), "GRU": nn.GRU(4, 4, rng=0)}


def later(n: int) -> Any:
    return np.triu(np.ones((n, n), bool), 1)


CAUSAL: dict[str, Any] = {
    "function": lambda x: tg.scaled_dot_product_attention(x, x, x, is_causal=True),
    "function with a mask": lambda x: tg.scaled_dot_product_attention(x, x, x, ~later(len(x))),
    "attention": lambda x: HEADS(x, x, x, is_causal=True)[0],
    "attention with a mask": lambda x: HEADS(x, x, x, attn_mask=later(len(x)))[0],
    "attention with terms": lambda x: HEADS(x, x, x, attn_mask=np.where(later(len(x)), -np.inf, 0.0))[0],
    "encoder": lambda x: ENCODER(x, is_causal=True),
    **{name: lambda x, layer=layer: layer(x)[0] for name, layer in RECURRENT.items()},
}


@pytest.mark.parametrize("name", CAUSAL)
@settings(deadline=None, max_examples=20)
@given(length=st.integers(1, 6), data=st.data(), scale=st.sampled_from([1.0, 1e3]))
def test_the_future_does_not_reach_the_past(name: str, length: int, data: Any, scale: float) -> None:
    now = data.draw(st.integers(0, length - 1))
    x = tg.Tensor(scale * normal(length, 4), requires_grad=True)
    y = CAUSAL[name](x)
    other = x.data.copy()
    other[now + 1 :] = normal(length - now - 1, 4)[::-1] * 7
    np.testing.assert_array_equal(
        CAUSAL[name](other).data[: now + 1] if now + 1 < length else y.data, y.data[: now + 1]
    )
    (y[now] * normal(4)).sum().backward()
    assert not x.grad[now + 1 :].any()  # exactly 0
    assert x.grad[: now + 1].any() or scale > 1


def test_without_a_mask_the_future_does_reach_the_past() -> None:
    x = tg.Tensor(normal(5, 4), requires_grad=True)
    (nn.MultiheadAttention(4, 2, rng=0)(x, x, x)[0][0] * normal(4)).sum().backward()
    assert x.grad[1:].all()


def test_padding_changes_nothing() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, rng=0), 2)
    x = normal(1, 5, 4)
    padded = np.concatenate([x, normal(1, 2, 4) * 9], axis=1)
    padding = np.arange(7)[None] >= 5
    np.testing.assert_allclose(encoder(padded, None, padding).data[:, :5], encoder(x).data, rtol=1e-12, atol=1e-14)


def test_a_query_that_may_attend_to_nothing_gets_zeros() -> None:
    layer = nn.MultiheadAttention(4, 2, rng=0)
    x = tg.Tensor(normal(3, 4), requires_grad=True)
    output, weights = layer(x, x, x, attn_mask=np.eye(3, dtype=bool)[[0, 1, 1]] | np.array([[True], [False], [False]]))
    np.testing.assert_array_equal(weights.data[0], 0)
    np.testing.assert_array_equal(output.data[0], layer.out_proj.bias.data)
    output.sum().backward()
    assert np.isfinite(x.grad).all()
    added = np.full((3, 3), -np.inf)
    np.testing.assert_array_equal(tg.scaled_dot_product_attention(x, x, x, added).data, 0)


def test_weights_add_up_to_one() -> None:
    x = normal(5, 2, 4)
    _, weights = nn.MultiheadAttention(4, 2, rng=0)(x, x, x, is_causal=True, average_attn_weights=False)
    assert weights.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(weights.data.sum(-1), 1, rtol=1e-14)


# --- dropout ----------------------------------------------------------------------------------------------------------

DROPPING: dict[str, Any] = {
    "LSTM": lambda: (nn.LSTM(3, 4, 2, dropout=0.5, rng=0), (normal(5, 2, 3),)),
    "attention": lambda: (nn.MultiheadAttention(4, 2, dropout=0.5, rng=0), (normal(5, 2, 4),) * 3),
    "encoder": lambda: (nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.5, rng=0), 2), (normal(5, 2, 4),)),
}


@pytest.mark.parametrize("name", DROPPING)
def test_dropout_draws_in_training_only_and_can_be_repeated(name: str) -> None:
    layer, arguments = DROPPING[name]()
    before = layer.rng_state()
    first, second = arrays(layer(*arguments))[0], arrays(layer(*arguments))[0]
    assert not np.array_equal(first, second)
    layer.load_rng_state(before)
    np.testing.assert_array_equal(arrays(layer(*arguments))[0], first)
    np.testing.assert_array_equal(arrays(DROPPING[name]()[0](*arguments))[0], first)  # the seed decides
    layer.eval()
    np.testing.assert_array_equal(arrays(layer(*arguments))[0], arrays(layer(*arguments))[0])


def test_dropout_is_between_layers_only() -> None:
    x = normal(5, 2, 3)
    one = nn.GRU(3, 4, dropout=0.9, rng=0)
    np.testing.assert_array_equal(one(x)[0].data, one.eval()(x)[0].data)
    two = nn.GRU(3, 4, 2, dropout=0.9, rng=0)
    in_training, in_use = two(x)[1].data, two.eval()(x)[1].data
    np.testing.assert_array_equal(in_training[0], in_use[0])
    assert not np.array_equal(in_training[1], in_use[1])


def test_copies_of_a_layer_draw_apart_but_start_equal() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.5, rng=0), 3)
    draws = [layer.dropout.rng.random() for layer in encoder.layers]
    assert len(set(draws)) == 3
    first, *rest = [layer.state_dict() for layer in encoder.layers]
    for other in rest:
        for key, value in first.items():
            np.testing.assert_array_equal(other[key], value)


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda: nn.LSTM(3, 4)(normal(5, 2, 4)), tg.ShapeError,
     r"LSTM: the sequence is \(5, 2, 4\), it must be \(T, N, 3\), or \(T, 3\) for a single one \(test_sequence_layers"),
    (lambda: nn.LSTM(3, 4, batch_first=True)(normal(3)), tg.ShapeError, r"must be \(N, T, 3\), or \(T, 3\)"),
    (lambda: nn.GRU(3, 4)(np.zeros((0, 2, 3))), tg.ShapeError, r"GRU: the sequence is \(0, 2, 3\): it has no steps"),
    (lambda: nn.GRU(3, 4, batch_first=True)(np.zeros((2, 0, 3))), tg.ShapeError, "has no steps"),
    (lambda: nn.GRU(3, 4, 2)(normal(5, 2, 3), normal(1, 2, 4)), tg.ShapeError,
     r"GRU: the state h is \(1, 2, 4\), it must be \(2, 2, 4\)"),
    (lambda: nn.LSTM(3, 4)(normal(5, 2, 3), (normal(1, 2, 4), normal(1, 3, 4))), tg.ShapeError,
     r"LSTM: the state c is \(1, 3, 4\), it must be \(1, 2, 4\)"),
    (lambda: nn.LSTM(3, 4)(normal(5, 2, 3), normal(1, 2, 4)), tg.DTypeError, r"LSTM: hx must be a tuple of h and c"),
    (lambda: nn.LSTM(3, 4)(normal(5, 2, 3), (normal(1, 2, 4),)), tg.DTypeError, "a tuple of h and c"),
    (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, r"RNN: nonlinearity must be .* not 'sin'"),
    (lambda: nn.RNN(3, 4, 0), ValueError, r"num_layers=0"),
    (lambda: nn.RNN(3, 4, dropout=2.0), ValueError, "not a probability"),
    (lambda: nn.LSTMCell(3, 4)(normal(2, 4)), tg.ShapeError, r"LSTMCell: the input is \(2, 4\), .* \(N, 3\) or \(3,\)"),
    (lambda: nn.GRUCell(3, 4)(normal(2, 3), normal(4)), tg.ShapeError, r"GRUCell: the state h is \(4,\), .* \(2, 4\)"),
    (lambda: nn.MultiheadAttention(6, 4), ValueError, "embed_dim=6 does not divide among 4 heads"),
    (lambda: nn.MultiheadAttention(6, 2)(normal(4, 2, 6), normal(5, 3, 6), normal(5, 3, 6)), tg.ShapeError,
     r"query, key and value are .* must be \(L, N, 6\), \(S, N, 6\) and \(S, N, 6\)"),
    (lambda: nn.MultiheadAttention(6, 2, kdim=3)(*[normal(4, 2, 6)] * 3), tg.ShapeError, r"\(S, N, 3\)"),
    (lambda: nn.MultiheadAttention(6, 2)(*[normal(4, 2, 6)] * 3, normal(2, 3)), tg.ShapeError,
     r"key_padding_mask is \(2, 3\), it must be \(2, 4\)"),
    (lambda: nn.MultiheadAttention(6, 2)(*[normal(4, 2, 6)] * 3, attn_mask=normal(2, 4, 4)), tg.ShapeError,
     r"attn_mask is \(2, 4, 4\), it must be \(4, 4\) or \(4, 4, 4\)"),
    (lambda: nn.MultiheadAttention(6, 2)(*[normal(4, 2, 6)] * 3, attn_mask=np.ones((4, 4), int)), tg.DTypeError,
     "attn_mask has dtype int64; it must hold booleans or floats"),
    (lambda: nn.TransformerEncoderLayer(6, 2, activation="sin"), ValueError, "activation must be .* 'sin'"),
    (lambda: tg.scaled_dot_product_attention(normal(4, 3), normal(5, 2), normal(5, 2)), tg.ShapeError,
     r"scaled_dot_product_attention: query, key and value are \(4, 3\), \(5, 2\) and \(5, 2\)"),
    (lambda: tg.scaled_dot_product_attention(normal(3), normal(3), normal(3)), tg.ShapeError, r"\(\.\.\., L, E\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[m for _, _, m in ERRORS])
def test_errors(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


# --- speed, by what is recorded ---------------------------------------------------------------------------------------


def recorded(y: Any) -> dict[str, int]:
    """How many operations of each kind `y` was computed by."""
    names = [node.op.name for node in ancestors([y])[0] if node.op is not None]
    return {name: names.count(name) for name in sorted(set(names))}


def test_an_lstm_records_one_product_for_all_inputs_and_one_a_step() -> None:
    steps = 32
    count = recorded(nn.LSTM(3, 4)(normal(steps, 2, 3))[0])
    assert count["matmul"] == 1 + steps
    assert "getitem" not in count
    assert sum(n for name, n in count.items() if name != "pick") <= 12 * steps + 10


def test_self_attention_projects_with_one_product() -> None:
    x = normal(5, 2, 4)
    count = recorded(nn.MultiheadAttention(4, 2)(x, x, x, need_weights=False)[0])
    assert count["matmul"] == 4  # in, scores, values, out


def test_a_long_sequence_takes_no_recursion() -> None:
    lstm = nn.LSTM(1, 1, rng=0)
    output, _ = lstm(normal(3000, 1))
    output.sum().backward()
    assert np.isfinite(lstm.weight_hh_l0.grad).all()
