"""The gradient check of a picture: its derivatives against differences, parameter by parameter and rule by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...check.blame import first_wrong, local_problem
from ...check.compare import Compared, compare
from ...check.gradcheck import sanity
from ...check.measure import RTOL, entry_of
from ...check.probe import Line, Probe, Rows, differentiate, element_lines, random_line
from ...check.problem import Input, Problem, Steps, as_node, running, scale_of
from ...check.slopes import KINK
from ...check.taylor import nearby_noise
from ...core.node import Node
from ...core.state import recording
from ..model import Box, Picture
from ..text import clean
from .describe import has_derivative
from .nudge import figures
from .replay import Replay, double, seed

WORK = 300_000_000  # elements read and written for the whole check
LADDER = 50  # how often f may have to run before one slope has settled
FEW, DIRECTIONS = 16, 3  # arrays up to this size are checked element by element; larger ones in random directions too


def checks(picture: Picture, replay: Replay) -> dict[str, Any]:
    """A row for each leaf that has a derivative, and the boxes whose own rule is wrong.

    The check is of the recorded graph. So where every rule agrees with differences, the derivatives are right by the
    chain rule, and differences that say otherwise are too rough to tell: `unclear`.
    """
    if replay.trouble:
        return {"trouble": f"Nothing can be checked: {replay.trouble}."}
    leaves = [(b, box) for box in picture.boxes for b in (box, *box.parameters) if not b.nodes and _checkable(b)]
    if not leaves:
        return {"trouble": "There is no parameter to check here."}
    if LADDER * sum(replay.cost.values()) > WORK:
        return {"trouble": "The graph is too large to be checked in a page; tg.gradcheck can, if you have the time."}
    problem = _problem(replay, [leaf for leaf, _ in leaves])
    if trouble := sanity(problem):
        return {"trouble": f"Nothing can be checked: {trouble}."}
    found = _compare(problem, picture, replay)
    wrong = _wrong(picture) if any(c.failed for c in found.values()) else []
    rows = [_row(*leaves[i], found[i], bool(wrong)) for i in sorted(found)]
    note = f"{len(rows)} of {len(leaves)} were checked; the graph is too large for more."
    return {"rows": rows, "wrong": wrong, "note": note if len(rows) < len(leaves) else ""}


def _checkable(box: Box) -> bool:
    return has_derivative(box) and isinstance(box.result, Node) and bool(np.size(box.value))


def _problem(replay: Replay, leaves: Sequence[Box]) -> Problem:
    """The graph as a function of its leaves, in double precision."""
    values = [np.asarray(double(box.value)) for box in leaves]
    inputs = [Input(box.name, v, v.dtype, scale_of(v)) for box, v in zip(leaves, values, strict=True)]

    @running
    def at(now: Sequence[Any]) -> Steps:
        nodes: list[Node] = [as_node(v, True) for v in now]
        pairs = [(box.result, v[()]) for box, v, home in zip(leaves, now, values, strict=True) if (v != home).any()]
        if pairs:  # differences need the values only, and those only that change
            yield nodes, [replay.run(dict(pairs)).get(replay.output, replay.held(replay.output))]
        else:
            with recording(True):
                yield nodes, [replay.record({box.result: node for box, node in zip(leaves, nodes, strict=True)})]

    return Problem(inputs, at)


@np.errstate(all="ignore")
def _compare(problem: Problem, picture: Picture, replay: Replay) -> dict[int, Compared]:
    """The comparison for each input, the last one first, as far as the budget goes."""
    rng = np.random.default_rng(0)
    outputs = problem.evaluate(problem.buffers())
    rows = Rows.total(outputs.size)
    rows.weights = rows.matrix = seed(picture).reshape(1, -1)
    gradients = differentiate(problem, problem.buffers(), rows.matrix)
    probe, zero = Probe(problem, rows), rows.values(outputs)
    gradients.noise = np.maximum(gradients.noise, nearby_noise(probe, rng))
    found: dict[int, Compared] = {}
    start = replay.spent
    for i in reversed(range(len(problem.inputs))):
        lines = _lines(problem, i, gradients.values[i][0], rng)
        found[i] = compare(probe, gradients, i, lines, zero, (RTOL[8], 0.0))
        if replay.spent - start > WORK:
            break
    return found


def _lines(problem: Problem, i: int, slopes: Any, rng: np.random.Generator) -> list[Line]:
    """Every element of a small array; of a large one those with the largest derivatives, and random directions."""
    size = problem.inputs[i].value.size
    if size <= FEW:
        return list(element_lines(problem, i, range(size)))
    steepest = np.sort(np.argsort(-np.abs(slopes), kind="stable")[: FEW // 4])
    return [*element_lines(problem, i, steepest), *(random_line(problem, [i], rng) for _ in range(DIRECTIONS))]


def _row(leaf: Box, box: Box, c: Compared, culprit: bool) -> dict[str, Any]:
    rows = Rows(1, 1, np.random.default_rng(0))
    entry = entry_of(c, rows, [""])
    every = len(c.lines) == np.size(leaf.value)
    bends = int(np.count_nonzero(c.verdict == KINK))
    return {
        "box": box.key,
        "name": clean(leaf.name if leaf is box else f"{box.name}.{leaf.name}", 80),
        "verdict": "right" if not c.failed else "wrong" if culprit else "unclear",
        "element": " along a random direction" if entry.element == "direction" else entry.element,
        "ours": figures(entry.analytic, 6),
        "differences": figures(entry.numeric, 6),
        "error": "0" if entry.relative_error == 0 else figures(entry.relative_error, 1),
        "kinks": bends,
        "checked": "all" if every else f"the {FEW // 4} steepest elements and {DIRECTIONS} random directions",
    }


def _wrong(picture: Picture) -> list[dict[str, Any]]:
    """The boxes with an operation whose own rule disagrees with differences, and what is wrong about it."""
    found = []
    for box in picture.boxes:
        for node in box.nodes:
            problem = local_problem(node)
            wrong = first_wrong(problem) if problem is not None else None
            if wrong is not None:
                found.append({"box": box.key, "text": _blame(node, wrong)})
                break
    return found


def _blame(node: Node, wrong: Compared) -> str:
    line, row = wrong.worst() or (0, 0)
    ours, differences = (figures(v[line, row], 6) for v in (wrong.analytic, wrong.numeric))
    name = node.op.name  # type: ignore[union-attr]
    text = f"the rule of {name} for its {wrong.name} gives {ours}, where differences give {differences}"
    return clean(f"Checked alone, {text} ({node.where})" if node.where else f"Checked alone, {text}", 600)
