"""Samples for the primitives of `tinygrad_course.ops.likelihood`."""

import numpy as np

from tinygrad_course.ops.likelihood import choose, held_log, held_reciprocal, put_chosen

from ._sample import Sample

_rng = np.random.default_rng(5)

SAMPLES = [
    *(
        Sample("choose", choose, (_rng.normal(size=shape), indices), {"axis": axis})
        for shape, indices, axis in [
            ((3,), np.array(2), 0),
            ((4, 3), np.array([2, 0, 1, 2]), 1),
            ((4, 3), np.array([3, 3, 0]), 0),
            ((2, 3, 4), np.array([[2, 1, 0, 1], [0, 0, 2, 2]]), 1),
            ((0, 3), np.zeros(0, int), 1),
        ]
    ),
    *(
        Sample("put_chosen", put_chosen, (_rng.normal(size=indices.shape), indices), {"axis": axis, "size": 3})
        for indices, axis in [(np.array([2, 0, 1, 2]), 1), (np.array([[2, 1], [0, 0]]), 1), (np.array([1, 1]), 0)]
    ),
    *(
        Sample(op.name, op, (p,))
        for op in (held_log, held_reciprocal)
        for p in (np.array(0.3), _rng.uniform(0.1, 0.9, (2, 3)))
    ),
]
