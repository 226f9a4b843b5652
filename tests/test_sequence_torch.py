"""Recurrent layers, attention and transformers held against PyTorch's: outputs, states, gradients, state dicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn

from .sequence_table import CASES, NAMES
from .torch_cases._case import torch

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def pair(text: str, spread: float = 0.7) -> tuple[Any, Any]:
    """Their layer with parameters that are no zeros, and ours with the same state."""
    torch.manual_seed(0)
    theirs = eval(
        text, {"nn": torch.nn, "gelu": torch.nn.functional.gelu, "plain": {"enable_nested_tensor": False}}
    ).double()
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.randn(p.shape, dtype=p.dtype) * spread)
    ours = eval(text, {"nn": nn, "gelu": tg.gelu, "plain": {}})
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


class Makers:
    """What a call's text names, for one library; what it makes is the same for both."""

    def __init__(self, of: Any, seed: int = 0) -> None:
        self.of, self.rng, self.made = of, np.random.default_rng(seed), []

    def wrap(self, data: Any) -> Any:
        return torch.tensor(data) if self.of is torch else data

    def x(self, *shape: int) -> Any:
        data = self.rng.normal(size=shape)
        self.made.append(
            torch.tensor(data, requires_grad=True) if self.of is torch else tg.Tensor(data, requires_grad=True)
        )
        return self.made[-1]

    def bans(self, shape: Any) -> Any:
        bans = self.rng.random(shape) < 0.4
        bans[..., 0] = False  # PyTorch gives NaN to a query that may look at nothing
        return bans

    def mask(self, *shape: int) -> Any:
        return self.wrap(self.bans(shape))

    def added(self, *shape: int) -> Any:
        return self.wrap(np.where(self.bans(shape), -np.inf, self.rng.normal(size=shape)))

    def causal(self, n: int) -> Any:
        return self.wrap(np.triu(np.ones((n, n), bool), 1))

    def call(self, layer: Any, text: str) -> list[Any]:
        """All arrays that the call returns, in order."""
        names = {name: getattr(self, name) for name in ("x", "mask", "added", "causal")}
        return flat(eval(f"layer({text})", {"layer": layer, **names}))


def flat(found: Any) -> list[Any]:
    if isinstance(found, tuple):
        return [y for part in found for y in flat(part)]
    return [] if found is None else [found]


def backward(library: Any, outputs: list[Any]) -> None:
    """Gradients for a random cotangent of each output."""
    rng = np.random.default_rng(7)
    loss = 0.0
    for y in outputs:
        g = rng.normal(size=tuple(y.shape))
        loss = loss + (y * (torch.tensor(g) if library is torch else g)).sum()
    loss.backward()


def same(name: str, ours: Any, theirs: Any) -> None:
    assert ours.shape == tuple(theirs.shape), name
    np.testing.assert_allclose(np.asarray(ours), theirs.detach().numpy(), **EXACT, err_msg=name)


@pytest.mark.parametrize(("text", "call"), CASES, ids=NAMES)
def test_outputs_and_gradients(text: str, call: str) -> None:
    ours, theirs = pair(text)
    if "dropout=0.0" not in text:  # layers that draw nothing are compared as they are trained
        ours.eval(), theirs.eval()
    a, b = Makers(tg), Makers(torch)
    found, wanted = a.call(ours, call), b.call(theirs, call)
    assert len(found) == len(wanted)
    for k, (y, z) in enumerate(zip(found, wanted, strict=True)):
        same(f"output {k}", y, z)
    backward(tg, found), backward(torch, wanted)
    for k, (x, t) in enumerate(zip(a.made, b.made, strict=True)):
        same(f"gradient of argument {k}", x.grad, t.grad)
    for (name, p), (other, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        same(f"gradient of {name}", p.grad, q.grad)


@pytest.mark.parametrize("text", sorted({text for text, _ in CASES}))
def test_state_dicts_travel_both_ways(text: str) -> None:
    ours, theirs = pair(text)
    state = ours.state_dict()
    assert [*state] == [*theirs.state_dict()]
    for p in ours.parameters():
        p.data += 1.0
    theirs.load_state_dict({key: torch.from_numpy(value) for key, value in ours.state_dict().items()})
    for key, value in theirs.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[key] + 1.0)


TRAINED = {
    "nn.RNN(3, 4, 2)": "x(5, 2, 3)",
    "nn.LSTM(3, 4, bidirectional=True)": "x(5, 2, 3)",
    "nn.GRU(3, 4, batch_first=True)": "x(2, 5, 3)",
    "nn.MultiheadAttention(6, 3)": "*[x(5, 2, 6)] * 3",
    "nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 7, 0.0, norm_first=True), 2, **plain)": "x(5, 2, 6)",
}


@pytest.mark.parametrize("text", TRAINED)
def test_twenty_steps_end_at_the_same_weights(text: str) -> None:
    ours, theirs = pair(text, 0.3)
    for step in range(20):
        for library, layer in ((tg, ours), (torch, theirs)):
            layer.zero_grad()
            y = Makers(library, step).call(layer, TRAINED[text])[0]
            ((y - 0.5) * (y - 0.5)).mean().backward()
        for p in ours.parameters():
            p.data -= 0.1 * p.grad
        with torch.no_grad():
            for q in theirs.parameters():
                q -= 0.1 * q.grad
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        same(name, p, q)


def starting_values(layer: Any) -> dict[str, tuple[float, float]]:
    """Of every parameter the largest value, and the standard deviation."""
    return {
        name: (float(np.abs(v).max()), float(v.std()))
        for name, v in ((name, np.asarray(p.detach())) for name, p in layer.named_parameters())
    }


@pytest.mark.parametrize(
    "text",
    ["nn.RNN(30, 400)", "nn.LSTM(30, 200)", "nn.GRUCell(30, 200)", "nn.MultiheadAttention(200, 4)",
     "nn.MultiheadAttention(200, 4, kdim=20, vdim=60)", "nn.TransformerEncoderLayer(200, 4, 300)"],
)  # fmt: skip
def test_starting_values_have_their_spread(text: str) -> None:
    torch.manual_seed(0)
    ours, theirs = (starting_values(eval(text, {"nn": library})) for library in (nn, torch.nn))
    for name, (top, spread) in theirs.items():
        assert ours[name][0] == pytest.approx(top, rel=0.25), name
        assert ours[name][1] == pytest.approx(spread, rel=0.35), name
