"""Calls of sequence layers, written as both libraries read them: a layer, and what it is called with.

In a call, `x(...)` is a Tensor of that shape that wants a gradient, `mask(...)` one of booleans (True: may not be
looked at; the first entry of each row may), `added(...)` a mask of floats, some of them minus infinity.
"""

from __future__ import annotations

from itertools import product

FAMILIES = ("RNN", "LSTM", "GRU")
OPTIONS = [
    "", "bias=False", "batch_first=True", "bidirectional=True", "num_layers=2", "num_layers=2, dropout=0.4",
    "num_layers=3, bidirectional=True, batch_first=True", "num_layers=2, bidirectional=True, bias=False",
]  # fmt: skip


def states(family: str, options: str, sizes: str) -> str:
    """The text of initial states, for layers of 4 units; `sizes` are those of the axes between."""
    layers = next((int(n) for n in "321" if f"num_layers={n}" in options), 1)
    one = f"x({layers * (2 if 'bidirectional' in options else 1)}, {sizes}4)"
    return f"({one}, {one})" if family == "LSTM" else one


RECURRENT: list[tuple[str, str]] = []
for family, options in product(FAMILIES, OPTIONS):
    layer = f"nn.{family}(3, 4, {options})"
    RECURRENT += [
        (layer, "x(5, 2, 3)"),
        (layer, f"x(5, 2, 3), {states(family, options, '5, ' if 'batch_first' in options else '2, ')}"),
        (layer, "x(5, 3)"),
        (layer, f"x(5, 3), {states(family, options, '')}"),
    ]
RECURRENT += [
    ("nn.RNN(3, 4, 2, 'relu')", "x(5, 2, 3)"),
    ("nn.LSTM(3, 4)", "x(1, 1, 3)"),
    ("nn.GRU(1, 1)", "x(7, 1, 1)"),
    ("nn.LSTM(3, 4, 2, True, True)", "x(2, 5, 3)"),
]
for family, options in product(FAMILIES, ("", "bias=False")):
    layer = f"nn.{family}Cell(3, 4, {options})"
    pair = family == "LSTM"
    RECURRENT += [
        (layer, "x(2, 3)"),
        (layer, "x(3)"),
        (layer, "x(2, 3), (x(2, 4), x(2, 4))" if pair else "x(2, 3), x(2, 4)"),
        (layer, "x(3), (x(4), x(4))" if pair else "x(3), x(4)"),
    ]
RECURRENT += [("nn.RNNCell(3, 4, nonlinearity='relu')", "x(2, 3)")]

SELF, CROSS, ALONE = "*[x(5, 2, 6)] * 3", "x(4, 2, 6), x(5, 2, 6), x(5, 2, 6)", "x(4, 6), x(5, 6), x(5, 6)"
ATTENTION = [
    *(("nn.MultiheadAttention(6, 3)", call) for call in (
        SELF, CROSS, "*[x(5, 6)] * 3", ALONE,
        f"{SELF}, need_weights=False", f"{SELF}, average_attn_weights=False",
        f"{CROSS}, key_padding_mask=mask(2, 5)", f"{CROSS}, attn_mask=mask(4, 5)", f"{CROSS}, attn_mask=mask(6, 4, 5)",
        f"{CROSS}, key_padding_mask=mask(2, 5), attn_mask=mask(4, 5)",
        f"{CROSS}, key_padding_mask=added(2, 5), attn_mask=added(6, 4, 5)",
        f"{CROSS}, attn_mask=x(4, 5)", f"{CROSS}, attn_mask=x(6, 4, 5), average_attn_weights=False",
        f"{ALONE}, mask(5), attn_mask=mask(4, 5)", f"{ALONE}, attn_mask=mask(3, 4, 5)",
        f"{ALONE}, average_attn_weights=False",
        f"{SELF}, attn_mask=causal(5), is_causal=True",
        f"{SELF}, attn_mask=causal(5), is_causal=True, need_weights=False",
    )),
    ("nn.MultiheadAttention(6, 2, bias=False)", SELF),
    ("nn.MultiheadAttention(6, 2, bias=False)", CROSS),
    ("nn.MultiheadAttention(6, 1, batch_first=True)", "*[x(2, 5, 6)] * 3"),
    ("nn.MultiheadAttention(6, 6, batch_first=True)", "x(2, 4, 6), x(2, 5, 6), x(2, 5, 6), mask(2, 5)"),
    ("nn.MultiheadAttention(6, 6, batch_first=True)", "*[x(5, 6)] * 3"),
    ("nn.MultiheadAttention(6, 2, kdim=3, vdim=4)", "x(4, 2, 6), x(5, 2, 3), x(5, 2, 4)"),
    ("nn.MultiheadAttention(6, 2, kdim=3, bias=False)", "x(4, 2, 6), x(5, 2, 3), x(5, 2, 6)"),
    ("nn.MultiheadAttention(6, 2, vdim=4, batch_first=True)", "x(2, 4, 6), x(2, 5, 6), x(2, 5, 4), mask(2, 5)"),
    ("nn.MultiheadAttention(6, 2, dropout=0.3)", SELF),
]  # fmt: skip

LAYER = "nn.TransformerEncoderLayer(6, 2, 7, {})"
MASKED = "x(5, 2, 6), added(5, 5), added(2, 5)"
TRANSFORMER = [
    *((LAYER.format(options), call) for call in ("x(5, 2, 6)", "x(5, 6)", MASKED) for options in (
        "", "norm_first=True", "activation='gelu'", "activation=gelu, norm_first=True", "layer_norm_eps=0.1",
        "bias=False", "dropout=0.0",
    )),
    (LAYER.format("batch_first=True"), "x(2, 5, 6), mask(5, 5), mask(2, 5)"),
    (LAYER.format("batch_first=True, norm_first=True"), "x(2, 5, 6), causal(5), is_causal=True"),
    (f"nn.TransformerEncoder({LAYER.format('')}, 3, **plain)", "x(5, 2, 6)"),
    (f"nn.TransformerEncoder({LAYER.format('norm_first=True')}, 2, nn.LayerNorm(6), **plain)", MASKED),
    (f"nn.TransformerEncoder({LAYER.format('batch_first=True')}, 2, **plain)", "x(2, 5, 6), causal(5), is_causal=True"),
    (
        f"nn.TransformerEncoder({LAYER.format('')}, 2, **plain)",
        "x(5, 6), mask=mask(5, 5), src_key_padding_mask=mask(5)",
    ),
]  # fmt: skip

CASES = RECURRENT + ATTENTION + TRANSFORMER
NAMES = [f"{layer.removeprefix('nn.')}({call})".replace(" ", "") for layer, call in CASES]
