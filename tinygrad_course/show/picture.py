"""The fold from a recorded graph to a picture: what the boxes are, what they are called, what flows between them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np

from ..core.node import Node
from ..core.reverse import ancestors, reverse
from ..ops import arithmetic
from . import expr, source
from .expr import Expr, Number
from .formula import Local, locals_of, outside
from .model import Box, Edge, Picture, Role
from .names import Names, namespace, partial, unique
from .reading import formula, from_source
from .statements import call_scope, group
from .text import MINUS, clean, code_text, number, simple

MOST_FORMULAS = 2000  # boxes; a larger graph is drawn with values and derivatives only
_ARITHMETIC = (arithmetic.add, arithmetic.subtract, arithmetic.multiply, arithmetic.divide)


class Fold:
    """One graph on its way to a picture."""

    def __init__(self, output: Node, view: str, frame: FrameType | None) -> None:
        self.output = output
        self.view = view
        self.recorded = ancestors([output])[0][::-1]
        self.boxes: dict[int, Box] = {}  # by the id of the result, or of the array
        self.folded: dict[int, Expr] = {}  # constants that a formula spells out, because they have no name
        self.uses: dict[int, tuple[Node, int]] = {}
        self.operands: dict[int, list[tuple[Node, int, Any]]] = {}
        self._make_boxes()
        self._make_leaves()
        self._name(frame)
        self._fold_constants()
        self.order = self._depth_first()

    # --- boxes ----------------------------------------------------------------------------------------------------

    def _make_boxes(self) -> None:
        self.statements = group(self.recorded, self.output)
        result = self.statements if self.view == "statement" else {n: n for n in self.recorded}
        members: dict[Node, list[Node]] = defaultdict(list)
        for node in self.recorded:
            members[result[node]].append(node)
        for node in sorted(members, key=lambda n: n.order):
            role: Role = "output" if node is self.output else "computed"
            box = Box("", role, "", "", node, tuple(members[node]), where=node.where)
            self.boxes[id(node)] = box
            self.operands[id(node)] = outside(box)

    def _make_leaves(self) -> None:
        leaves: list[Any] = [] if self.recorded else [self.output]
        for box in list(self.boxes.values()):
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

    def _late(self) -> set[int]:
        """What only the output's own statement uses, beside computed values: targets to compare with, as a rule."""
        last = [n for n, box in self.statements.items() if box is self.output]
        computed = (x for n in last for x in n.inputs if isinstance(x, Node) and x.op is not None)
        if all(self.statements[x] is self.output for x in computed):
            return set()
        early = {id(x) for n, box in self.statements.items() if box is not self.output for x in n.inputs}
        return {id(x) for n in last for x in n.inputs} - early

    def _name(self, frame: FrameType | None) -> None:
        variables = namespace(frame, set(self.boxes))
        names = Names(variables, self.uses, self.leaves)
        users: dict[int, list[Node]] = defaultdict(list)
        for node in self.recorded:
            for x in node.inputs:
                users[id(x)].append(node)
        steps: set[Box] = set()
        for box in self._by_age():
            if box.nodes:
                inside = partial(box.result, users[id(box.result)])
                box.name, box.titled, nameless = names.result(box.result, inside)
                if inside or nameless:
                    steps.add(box)
            else:
                box.name = names.leaf(box.result, box.role)
        self._inside_calls(variables)
        boxes = self._by_age()
        for box, name in zip(boxes, unique([b.name for b in boxes], [not b.nodes for b in boxes]), strict=True):
            tree = source.of(box.result) if isinstance(box.result, Node) else None
            compound = not box.titled and name == box.name
            box.name = name
            box.symbol = from_source(tree) if compound and isinstance(tree, ast.expr) else self._symbol(box)
        for box in boxes:
            if box.nodes and box.titled:
                self._describe(box, box in steps)

    def _by_age(self) -> list[Box]:
        return sorted(self.boxes.values(), key=lambda b: b.result.order if isinstance(b.result, Node) else 0)

    def _symbol(self, box: Box) -> Expr:
        tree = source.operand(*self.uses[id(box.result)]) if id(box.result) in self.uses else None
        spelled = tree is not None and not source.is_reference(tree) and code_text(ast.unparse(tree), 24) == box.name
        return from_source(tree) if spelled and tree is not None else Expr(box.name)

    def _describe(self, box: Box, step: bool) -> None:
        """The source after the name; what the operations do, where the source says no more than the name does."""
        text = "" if step or self.view == "op" else code_text(source.source_text(box.result), 60)
        if not text or text == box.name:
            symbols = {id(x): e for n, i, x in outside(box) if (e := self.naming(n, i, x)) is not None}
            text = clean(formula(box.result, symbols).text, 60)
        box.rest = text

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

    def _inside_calls(self, variables: Mapping[int, str]) -> None:
        """Arrays that appear only inside a call of ours: an argument of the call, or made there from its arguments."""
        for operands in self.operands.values():
            known = [(x, self.boxes[id(x)]) for _, _, x in operands if id(x) in self.boxes]
            for node, _, x in operands:
                if id(x) in self.uses or id(x) in variables or id(x) not in self.boxes or not anonymous(x):
                    continue
                value = x.value if isinstance(x, Node) else x
                others = [b for other, b in known if other is not x and b.name]
                like = [b for b in others if np.array_equal(value, _complement(b.value))]
                named = {b.name for b in others}
                missing = [name for name in source.arguments(node) if name not in named]
                if missing:
                    self.boxes[id(x)].name = missing[0]
                elif len(operands) > 1:
                    self.folded[id(x)] = expr.subtract(Number(1), Expr(like[0].name)) if like else Expr(expr.UNNAMED)
                    del self.boxes[id(x)]

    def _depth_first(self) -> list[Box]:
        """Boxes in the order in which the output's source would compute them: topological, operands left to right."""
        found: dict[int, Box] = {}
        stack = [id(self.output)]
        while stack:
            key = stack[-1]
            missing = (
                []
                if key in found
                else [id(x) for _, _, x in self.operands.get(key, ()) if id(x) in self.boxes and id(x) not in found]
            )
            if missing:
                stack += missing[::-1]
                continue
            stack.pop()
            found.setdefault(key, self.boxes[key])
        for i, box in enumerate(found.values()):
            box.key = f"n{i}_" + "".join(c for c in box.name if c.isascii() and c.isalnum())[:20]
        return list(found.values())

    # --- what flows -----------------------------------------------------------------------------------------------

    def naming(self, node: Node, position: int, x: Any) -> Expr | None:
        """What a formula calls an operand."""
        if id(x) in self.boxes:
            return self.boxes[id(x)].symbol
        if id(x) in self.folded:
            return self.folded[id(x)]
        if type(x) in (int, float) or isinstance(x, np.generic):
            tree = source.operand(node, position) if call_scope(node) is None else None
            if isinstance(tree, ast.Name) and node.op in _ARITHMETIC:
                return Expr(clean(tree.id, 24))
        return None

    def edges(self, derivatives: bool) -> list[Edge]:
        found: list[Edge] = []
        with_formulas = derivatives and len(self.boxes) <= MOST_FORMULAS
        for box in self.order:
            if box.nodes:
                found += self._edges_into(box, derivatives, with_formulas)
        return found

    def _edges_into(self, box: Box, derivatives: bool, with_formulas: bool) -> list[Edge]:
        reached = derivatives and box.derivative is not None
        local: dict[int, list[Local]] = defaultdict(list)
        if reached and with_formulas and type(box.value) is not tuple:
            for entry in locals_of(box, self.naming, d_symbol(box)):
                local[id(entry.source)].append(entry)
        edges, seen = [], set[int]()
        for _, _, x in self.operands[id(box.result)]:
            if id(x) not in self.boxes or (len(box.nodes) > 1 and id(x) in seen):
                continue
            seen.add(id(x))
            needs = reached and isinstance(x, Node) and x.requires_grad and self.boxes[id(x)].derivative is not None
            edge = Edge(self.boxes[id(x)], box, needs)
            if needs and local[id(x)]:
                _fill(edge, local[id(x)].pop(0), box is self.boxes[id(self.output)])
            edges.append(edge)
        return edges


def _fill(edge: Edge, local: Local, last: bool) -> None:
    """The local derivative and what flows back along an edge."""
    edge.local = local.formula
    target = edge.target
    if target.single and edge.source.single and local.value is not None:
        edge.slope = local.value
        zero = target.derivative == 0  # even where the slope is infinite: the engine's convention
        with np.errstate(all="ignore"):
            edge.contribution = target.derivative if zero else target.derivative * local.value
    elif target.single and local.formula is not None and not last:
        edge.local = expr.multiply(d_symbol(target), local.formula)


def drawn(x: Any) -> bool:
    """Whether an operand is a value worth a box: Tensors and arrays, not numbers, indices or hidden tuples."""
    return isinstance(x, Node) or (isinstance(x, np.ndarray) and x.ndim > 0 and x.dtype.kind in "biuf")


def anonymous(x: Any) -> bool:
    """Whether a leaf is a bare array, or a Tensor that an operation without a gradient made: nobody gave it a name."""
    return not isinstance(x, Node) or not (x.requires_grad or x.code is not None or x.name)


def _complement(value: Any) -> Any:
    return None if type(value) is tuple else 1 - np.asarray(value)


def d_name(name: str) -> str:
    """`dz`, or `d(w*x)`: the differential of something."""
    return f"d{name}" if simple(name) else f"d({name})"


def d_symbol(box: Box) -> Expr:
    return Expr(d_name(box.name))


def _total(box: Box, out: Sequence[Edge]) -> None:
    """How the derivative of a value adds up over the places that use it."""
    if all(e.slope is not None for e in out):
        if len(out) > 1:
            shown = [f"{number(e.contribution)} via {e.target.name}" for e in out[:4]]
            more = f" + {len(out) - 4} more" if len(out) > 4 else ""
            joined = " + ".join(shown).replace(f"+ {MINUS}", f"{MINUS} ")
            box.paths = f"{joined}{more} = {number(box.derivative)}"
    elif all(e.local is not None and e.slope is None for e in out):
        box.formula = expr.add(*(e.local for e in out if e.local is not None)).text
    else:
        parts = [e.local if e.slope is None else expr.multiply(_rate(e), e.local) for e in out if e.local is not None]
        box.formula = expr.add(*parts).text if len(parts) == len(out) else ""


def _rate(edge: Edge) -> Expr:
    return Number(1) if edge.target.role == "output" else d_symbol(edge.target)


def make_picture(
    output: Node, *, view: str, derivatives: bool, gradient: Any, title: str | None, frame: FrameType | None
) -> Picture:
    """The picture of everything that `output` was computed from."""
    fold = Fold(output, view, frame)
    several = [b for b in fold.order if type(b.value) is tuple]  # the hidden node of an operation with several results
    shown = [b.result for b in fold.order if isinstance(b.result, Node) and b.result.requires_grad and b not in several]
    note = ""
    if derivatives and not output.requires_grad:
        note = "no derivatives: nothing here requires a gradient"
    elif derivatives and gradient is None and np.size(output.value) != 1:
        note = f"no derivatives: the output has shape {np.shape(output.value)}; draw a single number, or pass gradient="
    with_derivatives = derivatives and not note
    if output.requires_grad:
        seed = np.ones_like(output.value)[()] if gradient is None else gradient
        found = reverse([output], [seed], shown if with_derivatives else [])  # refuses data changed since
        for box in fold.order:
            box.derivative = found.get(box.result) if isinstance(box.result, Node) else None
        for box in several:
            box.derivative = () if with_derivatives else None
    edges = fold.edges(with_derivatives)
    if with_derivatives:
        leaving: dict[int, list[Edge]] = defaultdict(list)
        for edge in edges:
            if edge.differentiable:
                leaving[id(edge.source)].append(edge)
        for box in fold.order:
            if id(box) in leaving:
                _total(box, leaving[id(box)])
        if len(fold.boxes) > MOST_FORMULAS:
            note = f"formulas are left out above {MOST_FORMULAS} boxes"
    last = fold.boxes[id(output)]
    heading = title if title is not None else _title(fold, last)
    return Picture(heading, view, fold.order, edges, last, with_derivatives, note)


def _title(fold: Fold, last: Box) -> str:
    """The whole computation in one formula where it is short; otherwise what the picture is."""
    if fold.recorded and len(fold.recorded) <= 12:
        symbols = {id(x): fold.boxes[id(x)].symbol for x in fold.leaves if id(x) in fold.boxes}
        symbols |= fold.folded
        text = formula(fold.output, symbols).text
        if len(text) <= 48:
            return f"{last.name} = {text}"
    what = "statement view: one box per statement" if fold.view == "statement" else "op view: one box per operation"
    return f"{last.name} ({what})"
