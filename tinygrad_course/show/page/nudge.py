"""Nudges: a value moved a little, the graph run again, and how far everything else moves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core.node import Node
from ..model import Box, Picture
from ..text import MINUS, clean, value_text
from .describe import has_derivative
from .replay import Replay, double, objective

SIZES = (-0.001, 0.001, 0.01, 0.1, 1.0)
WORK = 100_000_000  # elements read and written for all nudges of a page together
SPACE = 20_000  # moved values in a page
EACH = 3  # elements of an array


def nudges(picture: Picture, replay: Replay) -> dict[str, Any]:
    """For every number in the picture, and a few elements of each array, what a nudge of each size does."""
    if replay.trouble:
        return {"trouble": f"Nothing can be nudged: {replay.trouble}."}
    drawn = [box for box in picture.boxes if box is not picture.output]
    values = [(value, box) for box in drawn for value in (box, *box.parameters)]
    places = [(value, box, index) for value, box in values for index in _elements(value)]
    places.sort(key=lambda place: (bool(place[0].nodes), bool(place[0].shape)))  # inputs first, numbers before arrays
    found: list[dict[str, Any]] = []
    start, space = replay.spent, 0
    for place in places:
        if replay.spent - start > WORK or space > SPACE:
            break
        found.append(_place(picture, replay, *place))
        space += sum(len(step["boxes"]) for step in found[-1]["steps"])
    note = f"{len(found)} of {len(places)} values can be nudged here; the graph is too large for more."
    return {"places": found, "note": note if len(found) < len(places) else ""}


def _elements(box: Box) -> list[tuple[int, ...]]:
    """Which elements of a value are nudged: where the derivative is largest, the first and the last."""
    if not has_derivative(box) or not isinstance(box.result, Node) or not np.size(box.value):
        return []
    slopes = np.abs(np.asarray(box.derivative, np.float64)).reshape(-1)
    largest = int(np.argmax(np.nan_to_num(slopes, nan=-1.0)))
    chosen = list(dict.fromkeys([largest, 0, slopes.size - 1]))[:EACH]
    return [tuple(map(int, np.unravel_index(i, box.shape))) for i in chosen]


@np.errstate(all="ignore")  # infinity minus infinity is NaN, and shown as that
def _place(picture: Picture, replay: Replay, value: Box, box: Box, index: tuple[int, ...]) -> dict[str, Any]:
    """One number: of a value that is drawn as `box`, or is a parameter inside that."""
    slope = float(np.asarray(value.derivative)[index])
    element = f"[{', '.join(map(str, index))}]" if index else ""
    return {
        "box": box.key,
        "name": clean(value.name if value is box else f"{box.name}.{value.name}", 80) + element,
        "ratio": clean(value.ratio) + element,
        "element": element,
        "slope": figures(slope, 6),
        "steps": [_moved(picture, replay, value, index, by) | {"predicted": figures(slope * by, 6)} for by in SIZES],
    }


def _moved(picture: Picture, replay: Replay, moved: Box, index: tuple[int, ...], by: float) -> dict[str, Any]:
    """One nudge: the output before and after, how far it moved for each unit, and what became of every box."""
    before = np.asarray(replay.held(moved.result))
    value = before.copy()
    value[index] += by
    after = replay.run({moved.result: value[()]})
    start = objective(replay.held(picture.output.result), picture)
    end = objective(after.get(picture.output.result, replay.held(picture.output.result)), picture)
    step = float(value[index] - before[index])
    reached = [b for b in picture.boxes if isinstance(b.result, Node) and b.result in after]
    return {
        "by": figures(by, 6),
        "start": figures(before[index]),
        "end": figures(value[index]),
        "from": figures(start),
        "to": figures(end),
        "moves": figures(_trimmed(end - start, end), 6),
        "times": figures(_trimmed((end - start) / step, end / step), 6),
        "boxes": {b.key: _change(replay.held(b.result), after[b.result]) for b in reached},
    }


def _change(before: Any, after: Any) -> list[str]:
    """A value before and after, and the difference; for an array, how many elements move and how far."""
    if type(before) is tuple:
        return [value_text(before), value_text(after), ""]
    before, after = np.asarray(before), np.asarray(after)
    with np.errstate(all="ignore"):
        moved = np.abs(after - before)
    if not before.ndim:
        return [figures(before), figures(after), figures(_trimmed(float(after - before), float(after)), 6)]
    count = int(np.count_nonzero(moved))
    far = f"{count} of {before.size} elements, by at most {figures(_trimmed(float(np.max(moved)), 1.0), 6)}"
    return [value_text(before), value_text(after), far]


def _trimmed(difference: float, size: float) -> float:
    """A difference without the digits that rounding made up: those below an ulp or so of the values themselves."""
    if not (np.isfinite(difference) and np.isfinite(size)) or not size:
        return difference
    digits = 14 - int(np.floor(np.log10(abs(size))))
    return round(difference, digits) if digits < 300 else difference


def figures(x: Any, digits: int = 10) -> str:
    """A number in up to `digits` significant digits, with a real minus sign."""
    mantissa, _, exponent = f"{double(x):.{digits}g}".partition("e")
    return (mantissa + (f"e{int(exponent)}" if exponent else "")).replace("-", MINUS)
