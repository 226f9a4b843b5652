"""Frames around the turns of folded loops, what the turns share, and how large derivatives are in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from ..core.node import Node
from .boxes import Fold, common
from .model import Box, Cluster
from .names import d_name
from .text import ELLIPSIS, norm


@dataclass(slots=True, eq=False)
class Item:
    """One or more boxes alike, at the same place of successive turns."""

    boxes: list[Box]
    kind: Hashable


@dataclass(slots=True, eq=False)
class Turn:
    """One turn of a run that is drawn in full, or `count` of them folded: one list of boxes for each turn."""

    items: list[Item]
    turns: list[list[Box]]
    first: int  # its number in the loop
    total: int  # the turns that the loop has


class Frames:
    """The frames of one folded graph."""

    def __init__(self, fold: Fold, members: dict[Box, list[Box]], turns: Iterable[Turn]) -> None:
        self.fold = fold
        self.members = members
        self.measured: list[tuple[Cluster, Turn]] = []
        self.users: dict[Box, set[int]] = defaultdict(set)  # the results that use a leaf
        for key, operands in fold.operands.items():
            for _, _, x in operands:
                leaf = fold.boxes.get(id(x))
                if leaf is not None and not leaf.nodes:
                    self.users[leaf].add(key)
        done = set[tuple[Box, ...]]()
        for turn in turns:
            boxes = tuple(dict.fromkeys(fold.boxes[id(b.result)] for item in turn.items for b in item.boxes))
            if boxes not in done:  # turns of an inner loop are the same boxes in each turn of the outer one
                done.add(boxes)
                self._frame(turn, boxes)

    def _frame(self, turn: Turn, boxes: Sequence[Box]) -> None:
        """A frame around the boxes of a turn, or the module's frame that is there, with what its turns share."""
        several = len(turn.turns) > 1
        own = [leaf for leaf in self._leaves_of(boxes) if leaf.repeat is not None or not several]
        if len(boxes) + len(own) == 1:
            if boxes[0].repeat is not None:
                boxes[0].repeat.note = self._shared(turn)
            return
        outer = common([b.cluster for b in boxes])
        if outer is not None and self._alone({*boxes, *own}, outer):
            cluster = outer
            if several:
                cluster.label = _spanned(cluster, turn)
        else:
            cluster = Cluster("", self._label(turn), outer, turn=True)
            self._put(boxes, own, cluster)
        if several:
            cluster.note = self._shared(turn)
            self.measured.append((cluster, turn))

    def _leaves_of(self, boxes: Sequence[Box]) -> list[Box]:
        """Leaves that nothing but these boxes uses."""
        fold = self.fold
        inside = {id(b.result) for box in boxes for b in self.members.get(box, [box])}
        mine = (fold.boxes.get(id(x)) for key in inside for _, _, x in fold.operands[key])
        return [b for b in dict.fromkeys(mine) if b is not None and not b.nodes and self.users[b] <= inside]

    def _alone(self, inside: set[Box], frame: Cluster) -> bool:
        """Whether nothing but these boxes is in a frame."""
        others = (b for b in dict.fromkeys(self.fold.boxes.values()) if b not in inside)
        return not any(b.cluster is not None and frame in b.cluster.around for b in others)

    def _put(self, boxes: Sequence[Box], own: Sequence[Box], cluster: Cluster) -> None:
        """Put boxes into a new frame, with the frames that they are in."""
        outer = cluster.parent
        inner = {
            c for b in boxes if b.cluster is not None for c in b.cluster.around if c.parent is outer and c is not outer
        }
        for frame in inner:
            frame.parent = cluster
        for box in boxes:
            box.cluster = cluster if box.cluster is outer else box.cluster
        for leaf in own:
            leaf.cluster = cluster if leaf.cluster is None or leaf.cluster is outer else leaf.cluster

    def _label(self, turn: Turn) -> str:
        last = turn.first + len(turn.turns) - 1
        if last == turn.first:
            return f"turn {turn.first} of {turn.total}"
        return f"turns {turn.first} {ELLIPSIS} {last} of {turn.total}"

    def _shared(self, turn: Turn) -> str:
        """What the folded turns have in common: `× 28` only where all of them use the same parameters."""
        count = len(turn.turns)
        used = [self._parameters(boxes) for boxes in turn.turns]
        shared = set(used[0]).intersection(*used)
        own = {key for found in used for key in found} - shared
        if not own:
            return f"× {count}" + (", the same parameters" if shared else "")
        same = ", ".join(used[0][key] for key in used[0] if key in shared)
        return f"{count} of them, each with its own parameters" + (f", but the same {same}" if shared else "")

    def _parameters(self, boxes: Sequence[Box]) -> dict[int, str]:
        found: dict[int, str] = {}
        for box in boxes:
            for _, _, x in self.fold.operands[id(box.result)]:
                if isinstance(x, Node) and x.requires_grad and x.op is None:
                    leaf = self.fold.boxes.get(id(x)) or self.fold.hidden.get(id(x))
                    found[id(x)] = leaf.name if leaf is not None else "?"
        return found

    def measure(self) -> None:
        """The norms of the derivatives of what is folded, once they are known."""
        for box, members in self.members.items():
            repeat = box.repeat
            if repeat is not None and _differ([b.parameters for b in members]):
                repeat.norms, repeat.of = tuple(_size(b.parameters) for b in members), "dW"
            elif repeat is not None and box.derivative is not None:
                repeat.norms, repeat.of = tuple(_size([b]) for b in members), d_name(box.name)
        for cluster, turn in self.measured:
            layers = [[p for box in boxes for p in box.parameters] for boxes in turn.turns]
            if _differ(layers):
                cluster.norms, cluster.of = tuple(_size(each) for each in layers), "dW"


def share(fold: Fold) -> None:
    """Put parameters that the same boxes use, turn after turn, into one box."""
    for same, leaves in _used_together(fold).items():
        if len(leaves) > 1 and any(box.repeat is not None for box in same):
            count = sum(box.count for box in same if box.repeat is not None or box.kind == "value")
            _join(fold, leaves, ", ".join(b.name for b in leaves), f"shared by {count} turns")


def gather(fold: Fold, most: int) -> None:
    """Put parameters into one box where a single statement uses more than `most` of them."""
    for same, leaves in _used_together(fold).items():
        if len(leaves) > most and len(same) == 1:
            (user,) = same
            _join(fold, leaves, f"{len(leaves)} parameters", f"used by {user.name}")


def _used_together(fold: Fold) -> dict[frozenset[Box], list[Box]]:
    """Single parameters by the boxes that use them."""
    users: dict[Box, set[Box]] = defaultdict(set)
    for key, operands in fold.operands.items():
        for _, _, x in operands:
            leaf = fold.boxes.get(id(x))
            if leaf is not None and leaf.role == "parameter" and leaf.repeat is None and leaf.kind == "value":
                users[leaf].add(fold.boxes[key])
    groups: dict[frozenset[Box], list[Box]] = defaultdict(list)
    for leaf, targets in users.items():
        groups[frozenset(targets)].append(leaf)
    return groups


def _join(fold: Fold, leaves: list[Box], name: str, rest: str) -> None:
    """One box for several parameters."""
    one = Box("", "parameter", name, "", leaves[0].result)
    one.kind, one.parameters, one.rest = "shared", tuple(leaves), rest
    one.cluster = common([b.cluster for b in leaves])
    for leaf in leaves:
        fold.boxes[id(leaf.result)] = one
        fold.hidden[id(leaf.result)] = leaf


def _differ(parameters: Sequence[Sequence[Box]]) -> bool:
    """Whether layers have parameters of their own: of shared ones, nobody knows what each turn adds."""
    return len({id(p.result) for each in parameters for p in each}) > max(map(len, parameters), default=0)


def _spanned(cluster: Cluster, turn: Turn) -> str:
    """`layers.0 … layers.5: Block`"""
    level = len(cluster.around)
    names = []
    for boxes in (turn.turns[0], turn.turns[-1]):
        chain = boxes[0].cluster.around if boxes[0].cluster is not None else []
        names.append(chain[-level].label if len(chain) >= level else cluster.label)
    name, _, kind = names[1].rpartition(": ")
    first = names[0].rpartition(": ")[0]
    return f"{first} {ELLIPSIS} {name}: {kind}" if first and first != name else names[1]


def _size(boxes: Iterable[Box]) -> float:
    return norm(b.derivative for b in boxes if b.derivative is not None)
