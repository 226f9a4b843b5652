"""Convolution and pooling against loops that follow the definition, and what they refuse, share and do not copy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.ops import convolution
from tinygrad_course.ops.windows import overlap_add, windows

from .numeric import close

# --- the definition, as loops -----------------------------------------------------------------------------------------


def by_loops(
    x: Any, padding: tuple[int, ...], size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...],
    answer: Callable[[Any], Any], fill: float = 0,
) -> Any:  # fmt: skip
    """`answer` of every window (N, C, *size) of x (N, C, *space): (N, ?, *places)."""
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)], constant_values=fill)
    span = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    counts = [(n - r) // s + 1 for n, r, s in zip(x.shape[2:], span, stride, strict=True)]
    found = []
    for place in product(*map(range, counts)):
        begins = [p * s for p, s in zip(place, stride, strict=True)]
        cut = (slice(b, b + r, d) for b, r, d in zip(begins, span, dilation, strict=True))
        found.append(answer(x[(slice(None), slice(None), *cut)]))
    return np.stack(found, -1).reshape(*found[0].shape, *counts)


def convolved(x: Any, w: Any, b: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    inner = list(range(1, x.ndim))

    def answer(window: Any) -> Any:
        parts = zip(np.split(window, groups, 1), np.split(w, groups), strict=True)
        return np.concatenate([np.tensordot(part, filters, (inner, inner)) for part, filters in parts], 1)

    return by_loops(x, padding, w.shape[2:], stride, dilation, answer) + b.reshape(-1, *[1] * (x.ndim - 2))


@st.composite
def slides(draw: Any, axes: int) -> dict[str, Any]:
    """A shape, and a kernel with stride, padding and dilation that fits into it."""

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    size, stride, dilation = each(1, 3), each(1, 3), each(1, 2)
    padding = tuple(draw(st.integers(0, (d * (k - 1) + 1) // 2)) for k, d in zip(size, dilation, strict=True))
    room = zip(size, dilation, padding, strict=True)
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in room]
    space = tuple(n + draw(st.integers(0, 5)) for n in least)
    return {"size": size, "stride": stride, "dilation": dilation, "padding": padding, "space": space}


@pytest.mark.parametrize("axes", [1, 2])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_convolution_is_its_definition(axes: int, data: Any) -> None:
    s = data.draw(slides(axes))
    n, groups, inputs, outputs = (data.draw(st.integers(1, 3)) for _ in range(4))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    x = rng.normal(size=(n, groups * inputs, *s["space"]))
    w, b = rng.normal(size=(groups * outputs, inputs, *s["size"])), rng.normal(size=groups * outputs)
    conv = {1: tg.conv1d, 2: tg.conv2d}[axes]
    y = conv(x, w, b, s["stride"], s["padding"], s["dilation"], groups)
    close(y, convolved(x, w, b, s["stride"], s["padding"], s["dilation"], groups))
    close(conv(x[0], w, b, s["stride"], s["padding"], s["dilation"], groups), y[0])


@pytest.mark.parametrize("axes", [1, 2])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_pooling_is_its_definition(axes: int, data: Any) -> None:
    s = data.draw(slides(axes))
    x = np.random.default_rng(data.draw(st.integers(0, 9))).normal(size=(2, 3, *s["space"]))
    inner = tuple(range(2, 2 + axes))
    largest = {1: tg.max_pool1d, 2: tg.max_pool2d}[axes](x, s["size"], s["stride"], s["padding"], s["dilation"])
    expected = by_loops(x, s["padding"], s["size"], s["stride"], s["dilation"], lambda v: v.max(inner), -np.inf)
    np.testing.assert_array_equal(largest, expected)
    padding = tuple(min(p, k // 2) for p, k in zip(s["padding"], s["size"], strict=True))
    space = [max(n, k) for n, k in zip(s["space"], s["size"], strict=True)]
    x = np.resize(x, (2, 3, *space))
    mean = {1: tg.avg_pool1d, 2: tg.avg_pool2d}[axes](x, s["size"], s["stride"], padding)
    close(mean, by_loops(x, padding, s["size"], s["stride"], (1,) * axes, lambda v: v.mean(inner)))


@given(slides(2))
def test_windows_and_overlap_add_are_adjoint(s: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    slide = {"size": s["size"], "stride": s["stride"], "dilation": s["dilation"], "axis": 1}
    x = rng.normal(size=(2, *(n + 2 * p for n, p in zip(s["space"], s["padding"], strict=True)), 3))
    seen = windows(x, **slide)
    g = rng.normal(size=seen.shape)
    close(np.sum(g * seen), np.sum(overlap_add(g, shape=x.shape, **slide) * x))
    assert np.shares_memory(seen, x)
    assert not seen.flags.writeable


@pytest.mark.parametrize("groups", [1, 2])
def test_one_product_a_row_and_one_over_all_agree(groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, w = (tg.Tensor(rng.normal(size=s), requires_grad=True) for s in ((3, 4, 5, 6), (6, 4 // groups, 2, 3)))
    found = []
    for long in (1, 10**9):
        monkeypatch.setattr(convolution, "LONG_ROW", long)
        y = tg.conv2d(x, w, stride=(1, 2), padding=1, groups=groups)
        found.append([y, *tg.gradients(tg.sum(y**3), [x, w])])
    for a, b in zip(*found, strict=True):
        close(a.data, b.data)


def test_stays_in_the_memory_order_it_works_in() -> None:
    """Between layers the batch is innermost: nothing is transposed on the way through a network."""
    x = np.random.default_rng(0).normal(size=(8, 3, 10, 10))
    y = tg.conv2d(x, np.ones((4, 3, 3, 3)))
    z = tg.max_pool2d(y, 2)
    assert y.strides[0] == z.strides[0] == x.itemsize
    moved = np.transpose(y, (1, 2, 3, 0))
    assert convolution.last_axis_innermost(moved) is moved
    assert convolution.last_axis_innermost(np.transpose(x, (1, 2, 3, 0))).flags.c_contiguous


# --- pooling: ties, padding, NaN --------------------------------------------------------------------------------------


def test_ties_share_equally() -> None:
    x = tg.Tensor([[[1.0, 1.0, 0.0], [1.0, 0.0, 2.0]]], requires_grad=True)
    tg.sum(tg.max_pool2d(x, 2, stride=1)).backward()
    np.testing.assert_allclose(x.grad, [[[1 / 3, 1 / 3, 0], [1 / 3, 0, 1]]])


@pytest.mark.parametrize("dtype", [float, int])
def test_padding_never_wins(dtype: Any) -> None:
    x = np.full((1, 3, 3), -5, dtype)
    assert (tg.max_pool2d(x, 3, stride=1, padding=1) == -5).all()


def test_a_nan_makes_its_windows_nan() -> None:
    x = np.arange(16.0).reshape(1, 4, 4)
    x[0, 0, 0] = np.nan
    np.testing.assert_array_equal(tg.max_pool2d(x, 2), [[[np.nan, 7], [13, 15]]])


def test_window_of_many_elements_counts_all_ties() -> None:
    x = tg.Tensor(np.ones((1, 20, 20)), requires_grad=True)
    tg.sum(tg.max_pool2d(x, 20)).backward()
    np.testing.assert_allclose(x.grad, 1 / 400)


@pytest.mark.parametrize("pool", [tg.max_pool2d, tg.avg_pool2d])
def test_pooling_of_integers(pool: Any) -> None:
    assert pool(np.arange(16).reshape(1, 4, 4), 2).dtype == (np.int64 if pool is tg.max_pool2d else np.float64)


# --- what is refused --------------------------------------------------------------------------------------------------


def ones(*shape: int) -> tg.Tensor:
    return tg.Tensor(np.ones(shape), requires_grad=True)


IMAGE = (2, 3, 8, 8)
MISTAKES: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "kernel too large": (
        lambda: tg.conv2d(ones(2, 3, 4, 4), ones(1, 3, 7, 7), padding=1),
        ("conv2d", r"\(7, 7\)", "larger than the input", r"\(2, 3, 4, 4\)", r"\(6, 6\) with its padding"),
    ),
    "dilated kernel too large": (
        lambda: tg.conv1d(ones(3, 4), ones(1, 3, 3), dilation=2), ("conv1d", r"dilation \(2,\)", r"spans \(5,\)"),
    ),
    "pool too large": (lambda: tg.max_pool2d(ones(1, 2, 2), 3), ("max_pool2d", r"\(3, 3\)", r"\(1, 1, 2, 2\)")),
    "channels": (
        lambda: tg.conv2d(ones(*IMAGE), ones(5, 4, 3, 3)), ("3 channels", r"\(5, 4, 3, 3\)", "with 4 channels"),
    ),
    "channels per group": (
        lambda: tg.conv2d(ones(2, 6, 8, 8), ones(4, 6, 3, 3), groups=2), ("in each of 2 groups", "12 channels"),
    ),
    "groups": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 1, 3, 3), groups=3), ("groups=3", "5 filters")),
    "no groups": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), groups=0), ("groups=0",)),
    "axes of the input": (
        lambda: tg.conv2d(ones(8, 8), ones(5, 1, 3, 3)), (r"\(8, 8\)", r"\(N, C, H, W\)", r"\(C, H, W\)"),
    ),
    "axes of the weight": (lambda: tg.conv2d(ones(*IMAGE), ones(3, 3, 3)), (r"\(3, 3, 3\)", "filters", "KH, KW")),
    "empty kernel": (lambda: tg.conv2d(ones(*IMAGE), ones(3, 3, 0, 3)), ("each at least 1",)),
    "bias": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), ones(4)), (r"\(4,\)", "5 filters", r"\(5,\)")),
    "stride 0": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), stride=0), ("stride=0", "at least 1")),
    "three strides": (lambda: tg.max_pool2d(ones(*IMAGE), 2, (1, 2, 3)), (r"stride=\(1, 2, 3\)", "2 of them")),
    "broken kernel": (lambda: tg.avg_pool2d(ones(*IMAGE), 2.5), ("avg_pool2d: kernel_size=2.5",)),
    "negative padding": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), padding=-1), ("padding=-1",)),
    "unknown padding": (lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), padding="full"), ("'full'", '"same"')),
    "same with stride": (
        lambda: tg.conv2d(ones(*IMAGE), ones(5, 3, 3, 3), padding="same", stride=2), ('"same" needs stride 1',),
    ),
    "padding of a pool": (lambda: tg.max_pool2d(ones(*IMAGE), 2, padding=2), ("padding=2", "half of kernel_size=2")),
    "divisor": (lambda: tg.avg_pool2d(ones(*IMAGE), 2, divisor_override=0), ("divisor_override",)),
    "no parts": (lambda: tg.adaptive_avg_pool2d(ones(*IMAGE), 0), ("output_size", "at least 1")),
    "nothing to mean": (lambda: tg.adaptive_avg_pool2d(ones(2, 3, 0, 8), 1), (r"\(0, 8\)", "nothing")),
    "layer's groups": (lambda: nn.Conv2d(3, 4, 3, groups=2), ("Conv2d: groups=2", "in_channels=3")),
    "layer's padding mode": (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), ("'mirror'", "'reflect'")),
    "window alone": (
        lambda: windows(ones(3), size=(5,), stride=(1,), dilation=(1,), axis=0), ("windows", r"\(5,\)", r"\(3,\)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_explained(mistake: str) -> None:
    run, says = MISTAKES[mistake]
    with pytest.raises(tg.ShapeError) as caught:
        run()
    for text in (*says, r"test_convolution\.py:\d+"):
        caught.match(text)


# --- layers -----------------------------------------------------------------------------------------------------------


def test_start_is_even_within_one_over_root_of_inputs() -> None:
    layer = nn.Conv2d(8, 64, 3, groups=2, rng=0)
    bound = 1 / np.sqrt(4 * 9)
    assert layer.weight.shape == (64, 4, 3, 3)
    assert bound * 0.99 < np.abs(layer.weight.data).max() <= bound
    assert np.abs(layer.bias.data).max() <= bound
    np.testing.assert_array_equal(nn.Conv2d(8, 64, 3, groups=2, rng=0).weight.data, layer.weight.data)


def test_no_gradient_is_computed_for_images() -> None:
    """Data ask for no gradient, and the costly half of the backward pass is left out."""
    x, w = np.ones((2, 1, 6, 6)), ones(3, 1, 3, 3)
    calls = []
    rule, overlap_add.forward = overlap_add.forward, lambda *a, **k: calls.append(1)
    try:
        tg.sum(tg.conv2d(x, w)).backward()
    finally:
        overlap_add.forward = rule
    assert calls == []
    np.testing.assert_array_equal(w.grad, np.full(w.shape, 32.0))


def test_a_network_of_layers_learns_where_a_corner_is() -> None:
    rng = np.random.default_rng(0)
    corner = [nn.Conv2d(1, 4, 3, rng=rng), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*corner, nn.Flatten(), nn.Linear(16, 2, rng=rng))
    labels = rng.integers(0, 2, 40)
    images = 0.1 * rng.normal(size=(40, 1, 6, 6))
    images[labels == 1, 0, :3, :3] += 1
    for _ in range(60):
        net.zero_grad()
        loss = tg.cross_entropy(net(images), labels)
        loss.backward()
        for p in net.parameters():
            p.data -= 0.3 * p.grad
    assert loss.item() < 0.05
