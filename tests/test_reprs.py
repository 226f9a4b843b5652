"""repr of Tensors, Parameters and modules: what is in it, and that it fits."""

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn


def leaf(data, name=None):
    return tg.Tensor(data, requires_grad=True, name=name)


def with_gradient(t):
    (t * t).sum().backward()
    return t


PLAIN = {
    "Tensor(3.)": lambda: tg.Tensor(3.0),
    "Tensor([1, 2])": lambda: tg.Tensor([1, 2]),
    "Tensor([ True])": lambda: tg.Tensor([True]),
    "Tensor([1., 2.], dtype=float32)": lambda: tg.Tensor([1.0, 2.0], dtype="float32"),
    "Tensor([1., 2.], name='w', requires_grad=True)": lambda: leaf([1.0, 2.0], "w"),
    "Tensor([1., 2.], requires_grad=True, grad=[2., 4.])": lambda: with_gradient(leaf([1.0, 2.0])),
    "Tensor(3., requires_grad=True, grad=6.)": lambda: with_gradient(leaf(3.0)),
    "Tensor([1., 4.], op=multiply)": lambda: (lambda w: w * w)(leaf([1.0, 2.0])),
    "Tensor([], shape=(0,))": lambda: tg.zeros(0),
    "Tensor([[[0.]]], shape=(1, 1, 1))": lambda: tg.zeros((1, 1, 1)),
    "Parameter([1.], requires_grad=True)": lambda: nn.Parameter([1.0]),
}


@pytest.mark.parametrize("text", PLAIN)
def test_small(text):
    assert repr(PLAIN[text]()) == text


def test_gradient_of_many_is_told_by_its_norm():
    t = with_gradient(leaf(np.full((2, 4), 0.5)))
    assert repr(t).endswith("requires_grad=True, grad of norm 2.828)")


@pytest.mark.parametrize("shape", [(), (7,), (50,), (51,), (3, 4), (1000, 1000), (4, 5, 6, 7)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_fits(shape, dtype):
    t = with_gradient(tg.Tensor(np.full(shape, 1 / 3, dtype), requires_grad=True, name="a_name_that_is_not_short"))
    lines = repr(t).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 60
    text = repr(t)
    assert "grad" in text
    assert "name='a_name_that_is_not_short'" in text
    assert ("dtype=float32" in text) == (dtype == "float32")
    assert ("shape=" in text) == (np.prod(shape) > 50 or len(shape) > 2)


def test_results_keep_what_they_retain():
    x = leaf([1.0, 2.0])
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    assert repr(y) == "Tensor([2., 4.], op=multiply, grad=[1., 1.])"


def test_modules_are_trees_with_shapes_and_counts():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    lines = repr(net).splitlines()
    assert lines[0] == "Sequential(  # 13 parameters"
    assert "9: weight (3, 2), bias (3,)" in lines[1]
    assert lines[2].lstrip() == "(1): Sequential(  # 4 parameters"
    assert "4: weight (1, 3), bias (1,)" in lines[4]
