"""From a recorded graph to boxes: what belongs in one, what it is called, which frame it is in."""

from __future__ import annotations

import ast
from collections import defaultdict
from types import FrameType
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.primitive import pick
from ..core.reverse import ancestors
from ..ops import arithmetic
from . import callers, expr, source
from .arguments import Arguments, anonymous, as_laid_out
from .expr import Expr
from .formula import outside
from .layers import Layers, step_name
from .model import Box, Cluster, Role
from .names import Names, names_of_the_notes, namespace, parameter_names, partial, tidy, unique, unpacked
from .reading import formula, from_source
from .statements import call_scope, group, single
from .text import clean, code_text

MOST_READ = 50  # operations whose formula is a box's title
MOST_TOLD = 12  # operations of a layer whose formula is shown
_ARITHMETIC = (arithmetic.add, arithmetic.subtract, arithmetic.multiply, arithmetic.divide)


class Fold:
    """One graph on its way to a picture."""

    def __init__(self, output: Node, view: str, frame: FrameType | None, depth: int | None = None) -> None:
        self.output = output
        self.view = view
        self.recorded = ancestors([output])[0][::-1]
        self.layers = Layers(self.recorded, view, depth, frame)
        self.boxes: dict[int, Box] = {}  # by the id of a result, or of an array
        self.hidden: dict[int, Box] = {}  # leaves that are part of a layer's box
        self.folded: dict[int, Expr] = {}  # constants that a formula spells out, because they have no name
        self.uses: dict[int, tuple[Node, int]] = {}
        self.operands: dict[int, list[tuple[Node, int, Any]]] = {}
        self.steps: set[Box] = set()
        self.parts: dict[tuple[int, int], Expr] | None = None  # what the results of one operation are called
        self.plain: dict[Box, str] = {}  # names before they are numbered
        self.between_layers: set[Box] = set()  # named by what they do
        self.texts: dict[Any, str] = {}
        self.open: set[Box] = set()  # boxes that something outside the picture uses too
        self.end: Box | None = None  # where the picture ends, if not with the output
        self._make_boxes()
        self._make_leaves()
        self._name(frame)
        self._fold_constants()
        if view == "layer":
            self._hide_parameters()
        self._place()

    # --- boxes ----------------------------------------------------------------------------------------------------

    def _make_boxes(self) -> None:
        one_each = self.view == "op"
        self.results = single(self.recorded) if one_each else group(self.recorded, self.output, self.layers)
        members: dict[Node, list[Node]] = defaultdict(list)
        for node in self.recorded:
            for result in self.results[node]:
                members[result].append(node)
        for node in sorted(members, key=lambda n: n.order):
            role: Role = "output" if node is self.output else "computed"
            box = Box("", role, "", "", node, tuple(members[node]), where=node.where)
            self.boxes[id(node)] = box
            self.operands[id(node)] = outside(box)
            self._classify(box)
        for operands in list(self.operands.values()):  # further results of a layer
            for _, _, x in operands:
                if isinstance(x, Node) and x.op is not None and id(x) not in self.boxes:
                    self.boxes[id(x)] = self.boxes[id(self.results[x][0])]

    def _classify(self, box: Box) -> None:
        """A call that is one box is a layer; what stands beside it in a module is a step."""
        unit, region = self.layers.unit(box.result), self.layers.region(box.result)
        if self.view == "layer" and region is not None and box.role != "output":
            box.kind = "step" if unit is None else "layer"

    def _make_leaves(self) -> None:
        leaves: list[Any] = [] if self.recorded else [self.output]
        for box in self.computed():
            for node, i, x in self.operands[id(box.result)]:
                if id(x) not in self.boxes and id(x) not in self.uses and drawn(x):
                    leaves.append(x)
                    # Inside a call of ours the operands are not those that the user's source shows.
                    if call_scope(node) is None:
                        self.uses[id(x)] = (node, i)
        free = any((isinstance(x, Node) and not x.requires_grad) or isinstance(x, np.ndarray) for x in leaves)
        self.leaves = list({id(x): x for x in leaves}.values())
        late = self._late()
        for x in self.leaves:
            needs = isinstance(x, Node) and x.requires_grad
            role: Role = ("parameter" if free else "input") if needs else "constant" if id(x) in late else "input"
            self.boxes[id(x)] = Box("", role, "", "", x, where=x.where if isinstance(x, Node) else "")

    def computed(self) -> list[Box]:
        """The boxes that stand for operations, oldest result first."""
        return [box for key, box in self.boxes.items() if box.nodes and key == id(box.result)]

    def _late(self) -> set[int]:
        """What only the output's own statement uses, beside computed values: targets to compare with, as a rule."""
        last: dict[Node, None] = dict.fromkeys(self.boxes[id(self.output)].nodes) if self.recorded else {}
        computed = (x for n in last for x in n.inputs if isinstance(x, Node) and x.op is not None)
        if all(x in last for x in computed):
            return set()
        early = {id(x) for n in self.recorded if n not in last for x in n.inputs}
        return {id(x) for n in last for x in n.inputs} - early

    # --- names ----------------------------------------------------------------------------------------------------

    def _name(self, frame: FrameType | None) -> None:
        views = {id(x.base) for x in self.leaves if isinstance(x, np.ndarray)}
        variables = namespace(frame, set(self.boxes) | views)
        names = Names(variables, parameter_names(frame, self.leaves), self.uses, self.leaves)
        users: dict[int, list[Node]] = defaultdict(list)
        for node in self.recorded:
            for x in node.inputs:
                users[id(x)].append(node)
        boxes = self.by_age()
        for box in boxes:
            if box.kind == "layer":
                self._name_layer(box)
            elif box.kind == "step":
                self.between_layers.add(box)
                box.name = step_name(box.nodes, self.layers.region(box.result))
            elif box.nodes:
                inside = partial(box.result, users[id(box.result)])
                box.name, box.titled, nameless = names.result(box.result, inside)
                if nameless or (inside and not unpacked(box.result)):
                    self.steps.add(box)
            else:
                box.name = names.leaf(box.result, box.role)
        self._rename_returned(frame)
        Arguments(self, variables, frame).name_all()
        for box in self.computed():
            names_of_the_notes(box, self.boxes)
        self._number([b for b in self.by_age() if b.kind == "value"])

    def _rename_returned(self, frame: FrameType | None) -> None:
        """What functions of the user's return, called as the caller calls it, if it says so."""
        groups: dict[str, list[Box]] = defaultdict(list)
        for box in self.computed():
            if box.name.endswith("()") and box.name == source.returned(box.result):
                groups[box.name[:-2]].append(box)
        for function, boxes in groups.items():
            found = callers.targets(frame.f_code, function, len(boxes)) if frame is not None else None
            modules = [self.layers.name(self.layers.calls[box.result.scope]) for box in boxes]
            if found is None and function == "forward" and all(modules):
                found = [f"{name}()" for name in modules]
            for box, name in zip(boxes, found or (), strict=False):
                box.name = tidy(name)

    def _name_layer(self, box: Box) -> None:
        calls = self.layers.calls[box.result.scope]
        cut = self.layers.cuts[box.result.scope]
        name, _, kind = self.layers.title(calls[: (cut or 0) + 1]).rpartition(": ")
        box.name, box.rest, box.module = name or kind, kind if name else "", True

    def _number(self, boxes: list[Box]) -> None:
        """Give each of `boxes` a name of its own, and what formulas call it."""
        for box, name in zip(boxes, unique([b.name for b in boxes], [not b.nodes for b in boxes]), strict=True):
            tree = source.of(box.result) if isinstance(box.result, Node) else None
            compound = not box.titled and name == box.name
            self.plain[box] = box.name
            box.name = name
            box.symbol = from_source(tree) if compound and isinstance(tree, ast.expr) else self._symbol(box)
            if box.given_shape is not None:
                box.symbol = as_laid_out(box)

    def by_age(self) -> list[Box]:
        """All boxes, arrays first, then in the order in which the program made their results."""
        found = dict.fromkeys(self.boxes.values())
        return sorted(found, key=lambda b: b.result.order if isinstance(b.result, Node) else 0)

    def _symbol(self, box: Box) -> Expr:
        tree = source.operand(*self.uses[id(box.result)]) if id(box.result) in self.uses else None
        spelled = tree is not None and not source.is_reference(tree) and code_text(ast.unparse(tree), 24) == box.name
        return from_source(tree) if spelled and tree is not None else Expr(box.name)

    def describe(self, box: Box) -> None:
        """The source after the name; what the operations do, where the source says no more than the name does."""
        text = "" if box in self.steps or self.view == "op" else self._text(box.result)
        if not text or text == box.name:
            if len(box.nodes) > MOST_READ:
                return
            symbols = {id(x): e for n, i, x in outside(box) if (e := self.naming(n, i, x)) is not None}
            text = clean(formula(box.result, symbols).text, 60)
        box.rest = text

    def _text(self, node: Node) -> str:
        key = id(node.code), node.lasti
        if key not in self.texts:
            self.texts[key] = code_text(source.source_text(node), 60)
        return self.texts[key]

    def compute(self, box: Box) -> None:
        """What a layer computes from its one input, called `x`, where that is short."""
        own = {id(p.result): Expr(p.name) for p in box.parameters}
        others = {id(x): Expr("x") for _, _, x in outside(box) if drawn(x) and id(x) not in own}
        if own and len(others) == 1 and len(box.nodes) <= MOST_TOLD:
            text = formula(box.result, own | others).text
            box.computes = text if len(text) <= 40 and expr.UNNAMED not in text else ""

    def part(self, node: Node, index: int) -> Expr | None:
        """What a formula calls one of the results of an operation that has several: `U` in ``U, s, V = svd(A)``."""
        if self.parts is None:
            picks = (n for n in self.recorded if n.op is pick and id(n) in self.boxes)
            self.parts = {(id(n.inputs[0]), n.params["index"]): self.boxes[id(n)].symbol for n in picks}
        return self.parts.get((id(node), index))

    def naming(self, node: Node, position: int, x: Any) -> Expr | None:
        """What a formula calls an operand."""
        box = self.hidden.get(id(x)) or self.boxes.get(id(x))
        if box is not None:
            return box.symbol
        if id(x) in self.folded:
            return self.folded[id(x)]
        if type(x) in (int, float) or isinstance(x, np.generic):
            tree = source.operand(node, position) if call_scope(node) is None else None
            if isinstance(tree, ast.Name) and node.op in _ARITHMETIC:
                return expr.Given(clean(tree.id, 24), x)
        return None

    # --- leaves that need no box of their own -----------------------------------------------------------------------

    def _fold_constants(self) -> None:
        """Constants computed from named values inside a statement, like ``1 - y``, need no box of their own."""
        known = {b.name for b in self.boxes.values()}
        for x in self.leaves:
            if id(x) not in self.uses or not anonymous(x):
                continue
            tree = source.operand(*self.uses[id(x)])
            if tree is None or source.is_reference(tree):
                continue
            words = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} - {"tg", "np"}
            if words and words <= known:
                self.folded[id(x)] = from_source(tree)
                del self.boxes[id(x)]

    def _hide_parameters(self) -> None:
        """In a layer view parameters are part of the box that uses them."""
        users: dict[int, list[Box]] = defaultdict(list)
        for box in self.computed():
            for key in dict.fromkeys(id(x) for _, _, x in self.operands[id(box.result)]):
                users[key].append(box)
        for x in self.leaves:
            leaf = self.boxes.get(id(x))
            boxes = users[id(x)]
            if leaf is None or not isinstance(x, Node) or not x.requires_grad:
                continue
            mine = leaf.role == "parameter" or any(self.layers.parameter(x, box.result) for box in boxes)
            if mine and (len(boxes) == 1 or all(b.kind == "layer" for b in boxes)):
                self.hidden[id(x)] = self.boxes.pop(id(x))
                for box in boxes:
                    leaf.name = self.layers.parameter(x, box.result) or leaf.name
                    box.parameters += (leaf,)
                    box.kind = box.kind if box.role == "output" else "layer"

    def pairs(self) -> set[tuple[Box, Box]]:
        """The boxes that an edge will join."""
        found = ((x, key) for key, operands in self.operands.items() for _, _, x in operands if id(x) in self.boxes)
        return {(self.boxes[id(x)], self.boxes[key]) for x, key in found}

    # --- frames -----------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        """Put boxes into the frames of the modules they belong to; parameters into that of what uses them."""
        if not any(self.layers.calls.values()):
            return
        users: dict[Box, list[Cluster | None]] = defaultdict(list)
        for box in self.computed():
            box.cluster = self.layers.cluster(box.result)
            for _, _, x in self.operands[id(box.result)]:
                leaf = self.boxes.get(id(x))
                if leaf is not None and not leaf.nodes and isinstance(x, Node) and x.requires_grad:
                    users[leaf].append(box.cluster)
        for leaf, clusters in users.items():
            leaf.cluster = common(clusters)
        whole = self.layers.whole()
        for cluster in self.layers.clusters.values():
            cluster.parent = None if cluster.parent in whole else cluster.parent
        for box in self.boxes.values():
            box.cluster = None if box.cluster in whole else box.cluster


def common(clusters: list[Cluster | None]) -> Cluster | None:
    """The innermost frame around all of these."""
    around = [c.around if c is not None else [] for c in dict.fromkeys(clusters)]
    return next((c for c in around[0] if all(c in other for other in around)), None) if around else None


def drawn(x: Any) -> bool:
    """Whether an operand is a value worth a box: Tensors and arrays, not numbers, indices or hidden tuples."""
    return isinstance(x, Node) or (isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind in "biuf")
