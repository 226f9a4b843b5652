"""Layers and losses held against PyTorch's: outputs, gradients, running averages, and state dicts that travel."""

from __future__ import annotations

import io

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn

from .nn_table import CASES, INTEGERS, LOSSES, NAMES
from .torch_cases._case import torch

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def make(text, of, **names):
    return eval(text, {"nn": of, **names})


def pair(text):
    """Their layer with parameters away from ones and zeros, and ours with the same state."""
    torch.manual_seed(0)
    ours, theirs = make(text, nn), make(text, torch.nn).double()
    with torch.no_grad():
        for x in theirs.state_dict().values():
            if x.is_floating_point():
                x.copy_(torch.rand(x.shape, dtype=x.dtype) + 0.5)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def same_state(ours, theirs):
    state, wanted = ours.state_dict(), theirs.state_dict()
    assert [*state] == [*wanted]
    for key, value in state.items():
        np.testing.assert_allclose(value, wanted[key].numpy(), **EXACT, err_msg=key)


def same_gradients(ours, theirs):
    for (name, a), (other, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_allclose(a.grad, b.grad.numpy(), **EXACT, err_msg=name)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("text", "shape"), CASES, ids=NAMES)
def test_layers(text, shape, training):
    ours, theirs = pair(text)
    ours.train(training), theirs.train(training)
    rng = np.random.default_rng(0)
    for _ in range(3):  # running averages move with every batch
        ours.zero_grad(), theirs.zero_grad()
        data = np.asarray(rng.integers(0, 6, shape) if text in INTEGERS else rng.normal(1, 2, shape))
        a, b = tg.Tensor(data, requires_grad=text not in INTEGERS), torch.tensor(data)
        b.requires_grad_(text not in INTEGERS)
        y, z = ours(a), theirs(b)
        np.testing.assert_allclose(y.numpy(), z.detach().numpy(), **EXACT)
        seed = rng.normal(size=y.shape)
        y.backward(seed), z.backward(torch.tensor(seed))
        if text not in INTEGERS:
            np.testing.assert_allclose(a.grad, b.grad.numpy(), **EXACT)
        same_gradients(ours, theirs)
        same_state(ours, theirs)


@pytest.mark.parametrize(("text", "kind", "shape", "target_kind", "target_shape"), LOSSES)
def test_losses(text, kind, shape, target_kind, target_shape):
    rng = np.random.default_rng(0)
    draw = {"number": rng.normal, "probability": lambda size: rng.uniform(0.1, 0.9, size),
            "class": lambda size: rng.integers(0, 3, size)}  # fmt: skip
    data, target = draw[kind](size=shape), draw[target_kind](size=target_shape)
    weight = [0.5, 1.0, 2.0]
    ours, theirs = make(text, nn, W3=weight), make(text, torch.nn, W3=torch.tensor(weight, dtype=torch.float64))
    a, b = tg.Tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
    y, z = ours(a, target), theirs(b, torch.tensor(target))
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), **EXACT)
    y.sum().backward(), z.sum().backward()
    np.testing.assert_allclose(a.grad, b.grad.numpy(), **EXACT)
    same_state(ours, theirs)


MODEL = """nn.Sequential(
    nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(),
    nn.ModuleDict({"a": nn.LayerNorm(8), "b": nn.ModuleList([nn.Linear(8, 2)])}),
)"""


def test_a_state_dict_travels_through_a_file_of_theirs_and_back():
    theirs, ours, third = make(MODEL, torch.nn), make(MODEL, nn), make(MODEL, torch.nn)
    file = io.BytesIO()
    torch.save(theirs.state_dict(), file)
    file.seek(0)
    assert ours.load_state_dict(torch.load(file)) == ([], [])
    third.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    same_state(ours, theirs)
    same_state(ours, third)


def test_learnt_parameters_of_theirs_load_though_they_require_gradients():
    theirs, ours = torch.nn.Linear(2, 3).double(), nn.Linear(2, 3)
    ours.load_state_dict(dict(theirs.named_parameters()))
    same_state(ours, theirs)


def test_twenty_steps_of_training_agree():
    text = "nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 4))"
    ours, theirs = pair(text)
    rng = np.random.default_rng(0)
    for _ in range(20):
        x, y = rng.normal(size=(16, 3)), rng.integers(0, 4, 16)
        ours.zero_grad(), theirs.zero_grad()
        nn.CrossEntropyLoss()(ours(x), y).backward()
        torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(y)).backward()
        for p in ours.parameters():
            p.data -= 0.1 * p.grad
        with torch.no_grad():
            for q in theirs.parameters():
                q -= 0.1 * q.grad
    same_state(ours, theirs)


@pytest.mark.parametrize("shape", [(7, 5), (4, 3, 2, 2), (3, 4, 5)])
def test_fans_and_gains(shape):
    p, q = tg.zeros(shape), torch.zeros(shape)
    assert nn.init.fans(p) == torch.nn.init._calculate_fan_in_and_fan_out(q)
    for name in ("linear", "sigmoid", "tanh", "relu", "selu", "leaky_relu", "conv2d"):
        assert nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert nn.init.calculate_gain("leaky_relu", 0.3) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", 0.3))


def test_modules_have_the_structure_of_theirs():
    ours, theirs = make(MODEL, nn), make(MODEL, torch.nn)
    for listing in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(ours, listing)()] == [n for n, _ in getattr(theirs, listing)()], listing
    assert [*ours[1:3].state_dict()] == [*theirs[1:3].state_dict()]
