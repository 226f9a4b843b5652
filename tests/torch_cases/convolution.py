"""Convolution and pooling over kernels, strides, paddings, dilations, groups and sizes."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_course as tg

from ._case import Case, torch

F = torch.nn.functional
rng = np.random.default_rng(71)


def normal(*shape: int) -> Any:
    return rng.normal(size=shape)


CONVOLUTIONS: list[tuple[str, tuple[tuple[int, ...], ...], dict[str, Any]]] = [
    *(
        ("conv2d", ((2, 4, 7, 6), (6, 4 // groups, *kernel), (6,)),
         {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups})
        for kernel in ((1, 1), (3, 3), (2, 3))
        for stride, padding, dilation, groups in (
            (1, 0, 1, 1), (2, 1, 1, 2), ((1, 3), (2, 0), 1, 1), (1, 2, 2, 2), ((3, 2), (0, 3), (1, 2), 1),
        )
    ),
    ("conv2d", ((2, 3, 6, 5), (4, 3, 3, 2)), {"padding": "same", "dilation": (1, 2)}),
    ("conv2d", ((2, 3, 6, 5), (4, 3, 3, 2)), {"padding": "valid"}),
    ("conv2d", ((2, 4, 6, 5), (8, 1, 3, 3), (8,)), {"groups": 4}),
    ("conv2d", ((3, 5, 6), (2, 3, 5, 6), (2,)), {}),
    ("conv2d", ((1, 1, 1, 1), (1, 1, 1, 1)), {}),
    ("conv2d", ((0, 3, 5, 6), (2, 3, 2, 2), (2,)), {}),
    ("conv2d", ((40, 2, 4, 29), (3, 2, 2, 3), (3,)), {"padding": 1}),
    ("conv2d", ((40, 2, 4, 29), (4, 1, 2, 3), (4,)), {"padding": 1, "groups": 2}),
    *(
        ("conv1d", ((2, 4, 9), (6, 4 // groups, kernel), (6,)),
         {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups})
        for kernel in (1, 3)
        for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 2, 2), ((3,), (2,), 1, 1), (1, "same", 2, 1))
    ),
    ("conv1d", ((4, 9), (2, 4, 4)), {}),
]  # fmt: skip
POOLS: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    *(
        (name, shape, {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil})
        for name in ("max_pool2d", "avg_pool2d")
        for shape in ((2, 3, 7, 6), (3, 7, 6))
        for kernel, stride, padding in ((2, None, 0), (3, 2, 1), ((3, 2), (1, 3), (1, 0)), (2, 3, 1))
        for ceil in (False, True)
    ),
    *(
        ("max_pool2d", (2, 3, 9, 8), {"kernel_size": 2, "dilation": d, "stride": s})
        for d in (2, (1, 3))
        for s in (1, 2)
    ),
    *(
        ("avg_pool2d", (2, 3, 7, 6),
         {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": ceil, "count_include_pad": False})
        for ceil in (False, True)
    ),
    ("avg_pool2d", (2, 3, 7, 6), {"kernel_size": 3, "divisor_override": 5}),
    *(
        (name, (2, 3, 8), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": ceil})
        for name in ("max_pool1d", "avg_pool1d")
        for ceil in (False, True)
    ),
    ("max_pool1d", (3, 9), {"kernel_size": 2, "dilation": 3}),
    ("max_pool2d", (0, 3, 4, 4), {"kernel_size": 2}),
    *(("adaptive_avg_pool2d", (2, 3, 7, 6), {"output_size": o}) for o in (1, (3, 4), (None, 6), (9, 2))),
    *(("adaptive_avg_pool1d", (2, 3, 7), {"output_size": o}) for o in (1, 3, 10)),
]  # fmt: skip

CASES = [
    *(
        Case(name, getattr(tg, name), getattr(F, name), tuple(normal(*s) for s in shapes), params, note=str(i))
        for i, (name, shapes, params) in enumerate(CONVOLUTIONS)
    ),
    *(
        Case(name, getattr(tg, name), getattr(F, name), (normal(*shape),), params, note=str(i))
        for i, (name, shape, params) in enumerate(POOLS)
    ),
]
