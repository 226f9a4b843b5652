"""Example calls of what moves, joins, cuts and repeats elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_course.ops import arrange, diagonal, join, shape

from ._sample import Sample
from .reduce import normal

# --- shape ------------------------------------------------------------------------------------------------------------

SAMPLES: list[Sample] = [
    Sample("reshape", shape.reshape, (normal(2, 3),), {"shape": (3, 2)}),
    Sample("reshape", shape.reshape, (normal(2, 3),), {"shape": -1}),
    Sample("reshape", shape.reshape, (normal(1, 1),), {"shape": ()}),
    Sample("reshape", shape.reshape, (normal(),), {"shape": (1, 1)}),
    Sample("reshape", shape.reshape, (normal(0, 3),), {"shape": (3, 0, 2)}),
    Sample("reshape", shape.ravel, (normal(2, 3),), note="ravel"),
    Sample("reshape", shape.atleast_2d, (normal(3),), note="atleast_2d"),
    Sample("reshape", shape.atleast_1d, (normal(), normal()), note="atleast_1d"),
    Sample("permute_dims", shape.permute_dims, (normal(2, 3),)),
    Sample("permute_dims", shape.permute_dims, (normal(2, 3, 4),), {"axes": (2, 0, 1)}),
    Sample("permute_dims", shape.permute_dims, (normal(2, 3, 4),), {"axes": [-2, -1, 0]}),
    Sample("permute_dims", shape.permute_dims, (normal(),)),
    Sample("permute_dims", shape.permute_dims, (normal(0, 2),)),
    Sample("permute_dims", shape.matrix_transpose, (normal(2, 3, 4),), note="matrix_transpose"),
    Sample("permute_dims", shape.swapaxes, (normal(2, 3, 4),), {"axis1": 0, "axis2": -1}, note="swapaxes"),
    Sample(
        "permute_dims", shape.moveaxis, (normal(2, 3, 4),), {"source": (0, 1), "destination": (-1, 0)}, note="moveaxis"
    ),
    Sample("squeeze", shape.squeeze, (normal(1, 3, 1),)),
    Sample("squeeze", shape.squeeze, (normal(1, 3, 1),), {"axis": -1}),
    Sample("squeeze", shape.squeeze, (normal(1, 3, 1),), {"axis": (0, 2)}),
    Sample("squeeze", shape.squeeze, (normal(1, 1),)),
    Sample("squeeze", shape.squeeze, (normal(),)),
    Sample("expand_dims", shape.expand_dims, (normal(3),), {"axis": 0}),
    Sample("expand_dims", shape.expand_dims, (normal(2, 3),), {"axis": (0, -1)}),
    Sample("expand_dims", shape.expand_dims, (normal(),), {"axis": -1}),
    Sample("expand_dims", shape.expand_dims, (normal(0, 2),), {"axis": 1}),
    Sample("broadcast_to", shape.broadcast_to, (normal(3),), {"shape": (2, 3)}),
    Sample("broadcast_to", shape.broadcast_to, (normal(2, 1, 3),), {"shape": [4, 2, 5, 3]}),
    Sample("broadcast_to", shape.broadcast_to, (normal(),), {"shape": 3}),
    Sample("broadcast_to", shape.broadcast_to, (normal(1, 2),), {"shape": (0, 2)}),
]

# --- joining, cutting, repeating --------------------------------------------------------------------------------------


def concat(*arrays: Any, axis: int | None = 0) -> Any:
    return join.concat(arrays, axis)


def stack(*arrays: Any, axis: int = 0) -> Any:
    return join.stack(arrays, axis)


def vstack(*arrays: Any) -> Any:
    return join.vstack(arrays)


def hstack(*arrays: Any) -> Any:
    return join.hstack(arrays)


SAMPLES += [
    Sample("concat", concat, (normal(2), normal(3))),
    Sample("concat", concat, (normal(2, 3), normal(2, 1), normal(2, 2)), {"axis": -1}),
    Sample("concat", concat, (normal(2, 3), normal(0, 3)), {"axis": 0}),
    Sample("concat", concat, (normal(2, 3), normal()), {"axis": None}),
    Sample("concat", concat, (normal(2, 3), np.ones((1, 3), np.int8)), note="with ints"),
    Sample("concat", concat, (normal(4),), note="one"),
    Sample("concat", vstack, (normal(3), normal(2, 3)), note="vstack"),
    Sample("concat", hstack, (normal(3), normal()), note="hstack"),
    Sample("concat", hstack, (normal(2, 3), normal(2, 1)), note="hstack"),
    Sample("stack", stack, (normal(3), normal(3))),
    Sample("stack", stack, (normal(2, 3), normal(2, 3), normal(2, 3)), {"axis": -1}),
    Sample("stack", stack, (normal(2, 3), normal(2, 3)), {"axis": 1}),
    Sample("stack", stack, (normal(), normal())),
    Sample("split", join.split, (normal(6),), {"indices_or_sections": 3}),
    Sample("split", join.split, (normal(2, 6),), {"indices_or_sections": [1, 4], "axis": -1}),
    Sample("split", join.split, (normal(2, 3),), {"indices_or_sections": [2, 2]}, note="empty pieces"),
    Sample("split", join.array_split, (normal(5, 2),), {"indices_or_sections": 3}, note="array_split"),
    Sample("getitem", join.split, (normal(6),), {"indices_or_sections": [4, 2]}, note="split that overlaps"),
    Sample("getitem", join.split, (normal(6),), {"indices_or_sections": [1, -2]}, note="split from the end"),
    Sample("unstack", join.unstack, (normal(2, 3),), {"axis": 1}),
    Sample("unstack", join.unstack, (normal(3),)),
    Sample("unstack", join.unstack, (normal(1, 2),)),
    Sample("broadcast_to", join.tile, (normal(2, 3),), {"reps": 2}, note="tile"),
    Sample("broadcast_to", join.tile, (normal(3),), {"reps": (2, 2)}, note="tile"),
    Sample("broadcast_to", join.tile, (normal(),), {"reps": (2, 0)}, note="tile"),
    Sample("broadcast_to", join.repeat, (normal(2, 3),), {"repeats": 2}, note="repeat"),
    Sample("broadcast_to", join.repeat, (normal(2, 3),), {"repeats": 3, "axis": -2}, note="repeat"),
    Sample("repeat", join.repeat, (normal(2, 3), np.array([1, 0, 2])), {"axis": 1}),
    Sample("repeat", join.repeat, (normal(3), np.array([2, 0, 1]))),
]

# --- flip, roll, shift, pad -------------------------------------------------------------------------------------------

SAMPLES += [
    Sample("flip", arrange.flip, (normal(2, 3),)),
    Sample("flip", arrange.flip, (normal(2, 3),), {"axis": -1}),
    Sample("flip", arrange.flip, (normal(2, 3, 2),), {"axis": (0, 2)}),
    Sample("flip", arrange.flip, (normal(),)),
    Sample("flip", arrange.flip, (normal(0),)),
    Sample("roll", arrange.roll, (normal(2, 3),), {"shift": 2}),
    Sample("roll", arrange.roll, (normal(2, 3),), {"shift": -1, "axis": 1}),
    Sample("roll", arrange.roll, (normal(2, 3),), {"shift": (1, 2), "axis": (0, -1)}),
    Sample("roll", arrange.roll, (normal(),), {"shift": 1}),
    Sample("shift", arrange.shift, (normal(4),), {"by": 1, "axis": 0, "fill": 1}),
    Sample("shift", arrange.shift, (normal(2, 4),), {"by": -3, "axis": 1}),
    Sample("shift", arrange.shift, (normal(2, 0),), {"by": -1, "axis": 1}),
    Sample("pad", arrange.pad, (normal(3),), {"pad_width": 2}),
    Sample("pad", arrange.pad, (normal(2, 3),), {"pad_width": ((1, 0), (0, 2)), "constant_values": 7.5}),
    Sample("pad", arrange.pad, (normal(2, 3),), {"pad_width": (1, 2), "constant_values": ((1, 2), (3, 4))}),
    Sample("pad", arrange.pad, (normal(0, 2),), {"pad_width": 1}),
    Sample("pad", arrange.pad, (normal(),), {"pad_width": 1}),
    *(
        Sample("take", arrange.pad, (normal(3, 4),), {"pad_width": ((2, 1), (0, 3)), "mode": mode}, note="pad")
        for mode in ("edge", "reflect", "symmetric", "wrap")
    ),
]

# --- triangles and diagonals ------------------------------------------------------------------------------------------

PLACED = {"offset": 0, "axis1": 0, "axis2": 1}
SAMPLES += [
    *(Sample("tril", diagonal.tril, (normal(*s),), {"k": k}) for s, k in [((3, 3), 0), ((2, 3, 4), 1), ((0, 2), 0)]),
    *(Sample("triu", diagonal.triu, (normal(*s),), {"k": k}) for s, k in [((3, 3), 0), ((2, 4, 3), -1), ((2, 0), 0)]),
    Sample("diagonal", diagonal.diagonal, (normal(3, 3),)),
    Sample("diagonal", diagonal.diagonal, (normal(2, 4),), {"offset": 2}),
    Sample("diagonal", diagonal.diagonal, (normal(4, 2),), {"offset": -3}),
    Sample("diagonal", diagonal.diagonal, (normal(2, 3, 4),), {"offset": -1, "axis1": -1, "axis2": 0}),
    Sample("diagonal", diagonal.diagonal, (normal(0, 3),)),
    Sample("diagonal", diagonal.diag, (normal(3, 2),), {"k": -1}, note="diag"),
    Sample("diagonal", diagonal.trace, (normal(3, 3),), note="trace"),
    Sample("diagonal", diagonal.trace, (normal(2, 3, 3),), {"offset": 1, "axis1": 1, "axis2": 2}, note="trace"),
    Sample("from_diagonal", diagonal.diag, (normal(3),), note="diag"),
    Sample("from_diagonal", diagonal.diag, (normal(2),), {"k": -2}, note="diag"),
    Sample(
        "from_diagonal",
        diagonal.from_diagonal,
        (normal(2, 3),),
        {"shape": (4, 2, 3), **PLACED, "axis1": -1, "axis2": 0},
    ),
]
