"""Example calls of windows, convolution and pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.ops import convolution, pooling, windows

from ._sample import Sample
from .reduce import apart, normal

SLIDES: list[tuple[tuple[int, ...], dict[str, Any]]] = [
    ((6,), {"size": (3,), "stride": (1,), "dilation": (1,), "axis": 0}),
    ((2, 7), {"size": (2,), "stride": (3,), "dilation": (2,), "axis": 1}),
    ((2, 5, 4), {"size": (2, 3), "stride": (1, 1), "dilation": (1, 1), "axis": 1}),
    ((5, 6, 2), {"size": (2, 2), "stride": (2, 2), "dilation": (1, 1), "axis": 0}),
    ((2, 6, 5, 1), {"size": (3, 1), "stride": (1, 2), "dilation": (2, 1), "axis": 1}),
    ((0, 4), {"size": (2,), "stride": (1,), "dilation": (1,), "axis": 1}),
]


def seen(shape: tuple[int, ...], slide: dict[str, Any]) -> tuple[int, ...]:
    """The shape of the windows of an array of `shape`."""
    return np.shape(windows.windows(np.zeros(shape), **slide))


def largest(x: Any, slide: dict[str, Any]) -> Any:
    return pooling.window_max(x, **slide)


SAMPLES: list[Sample] = [
    *(Sample("windows", windows.windows, (normal(*s),), p) for s, p in SLIDES),
    *(Sample("overlap_add", windows.overlap_add, (normal(*seen(s, p)),), {"shape": s, **p}) for s, p in SLIDES),
    *(Sample("window_max", pooling.window_max, (apart(*s),), p) for s, p in SLIDES),
]

# The largest values are found again in x and y, which get no derivative: they say where, not how much.
for _shape, _slide in SLIDES:
    _x = apart(*_shape)
    _y = largest(_x, _slide)
    SAMPLES += [
        Sample("to_winners", pooling.to_winners, (normal(*_y.shape), _x, _y), _slide, (0,)),
        Sample("from_winners", pooling.from_winners, (normal(*_shape), _x, _y), _slide, (0,)),
    ]
_ties = np.array([2.0, 1.0, 2.0, 2.0, 0.0])
_slide = {"size": (3,), "stride": (1,), "dilation": (1,), "axis": 0}
SAMPLES += [
    Sample("to_winners", pooling.to_winners, (normal(3), _ties, largest(_ties, _slide)), _slide, (0,), "ties"),
    Sample("from_winners", pooling.from_winners, (normal(5), _ties, largest(_ties, _slide)), _slide, (0,), "ties"),
    Sample("last_axis_innermost", convolution.last_axis_innermost, (normal(2, 3),)),
    Sample("last_axis_innermost", convolution.last_axis_innermost, (normal(0, 2, 1),)),
]

# --- the public functions ---------------------------------------------------------------------------------------------

IMAGE, SIGNAL = (2, 4, 5, 6), (3, 2, 7)
CONVOLUTIONS: list[tuple[Any, tuple[tuple[int, ...], ...], dict[str, Any]]] = [
    (convolution.conv2d, (IMAGE, (3, 4, 2, 3), (3,)), {}),
    (convolution.conv2d, (IMAGE, (4, 2, 3, 3), (4,)), {"stride": (2, 1), "padding": 1, "groups": 2}),
    (convolution.conv2d, (IMAGE, (2, 4, 2, 2)), {"padding": "same", "dilation": (1, 2)}),
    (convolution.conv2d, (IMAGE[1:], (2, 4, 1, 1)), {}),
    (convolution.conv2d, ((64, 1, 3, 17), (2, 1, 2, 2)), {}),
    (convolution.conv1d, (SIGNAL, (4, 2, 3), (4,)), {"stride": 2, "padding": 2}),
    (convolution.conv1d, (SIGNAL[1:], (2, 1, 3)), {"dilation": 2, "groups": 2}),
]
POOLS: list[tuple[Any, tuple[int, ...], dict[str, Any]]] = [
    (pooling.avg_pool2d, IMAGE, {"kernel_size": 2}),
    (pooling.avg_pool2d, IMAGE, {"kernel_size": (3, 2), "stride": 2, "padding": 1, "ceil_mode": True}),
    (pooling.avg_pool2d, IMAGE[1:], {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
    (pooling.avg_pool1d, SIGNAL, {"kernel_size": 3, "stride": 2}),
]
SAMPLES += [
    *(Sample("matmul", f, tuple(normal(*s) for s in shapes), p, note=f.__name__) for f, shapes, p in CONVOLUTIONS),
    *(Sample("windows", f, (normal(*s),), p, note=f.__name__) for f, s, p in POOLS),
    Sample("window_max", pooling.max_pool2d, (apart(*IMAGE),), {"kernel_size": 2}, note="max_pool2d"),
    Sample("window_max", pooling.max_pool2d, (apart(*IMAGE),), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Sample("window_max", pooling.max_pool1d, (apart(*SIGNAL),), {"kernel_size": 2, "dilation": 3}, note="max_pool1d"),
    Sample("matmul", pooling.adaptive_avg_pool2d, (normal(*IMAGE),), {"output_size": (2, 4)}, note="adaptive"),
    Sample("matmul", pooling.adaptive_avg_pool1d, (normal(*SIGNAL),), {"output_size": 3}, note="adaptive"),
]
