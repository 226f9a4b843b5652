"""What printed source calls each value: the user's own names, made Python identifiers that differ from each other."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from ...core.node import Node
from ...show import source as written
from ...show.statements import same_call
from .derived import Argument, Derived

_QUOTED = re.compile(r"""\[?['"](.*?)['"]\]?""")


class Names:
    """Names given out so far; `fresh` makes a wanted name differ from them."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self.taken = {*reserved, "np", *keyword.kwlist, *dir(builtins)}
        self.counts: dict[str, int] = {}

    def fresh(self, wanted: str) -> str:
        """`wanted`, with a number or an underscore behind it if it is taken."""
        name, count = wanted, 0
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}" if wanted[-1:].isdigit() or count > 1 else f"{wanted}_"
        self.taken.add(name)
        return name

    def temporary(self) -> str:
        return self.made_up("t")

    def made_up(self, letter: str) -> str:
        """The letter with the next number behind it."""
        while True:
            self.counts[letter] = self.counts.get(letter, 0) + 1
            name = f"{letter}{self.counts[letter]}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def identifier(path: str) -> str:
    """A path such as ``params['W1']``, ``self.fc.weight`` or ``layers[0]`` as one word.

    >>> from tinygrad_course.emit.printing.naming import identifier
    >>> [identifier(p) for p in ("params['W1']", "self.fc.weight", "layers[0]", "l[0]['W']", "0.weight", "2 * x")]
    ['W1', 'fc_weight', 'layers0', 'W0', 'weight0', '']
    """
    path = path.removeprefix("self.")
    if not re.fullmatch(r"\w+(\.\w+|\[\s*(\d+|'[^']*'|\"[^\"]*\")\s*\])*", path):
        return ""
    parts = [p for p in re.split(r"[.\[\]]", path) if p]
    quoted = [i for i, p in enumerate(parts) if p[0] in "'\""]
    if quoted:  # cache['A1'] is A1, layers[0]['W'] is W0
        numbers = [p for p in parts[1 : quoted[-1]] if p.isdigit()]
        parts = [parts[quoted[-1]], *numbers, *parts[quoted[-1] + 1 :]]
    if len(parts) > 1 and parts[0].isdigit():
        parts[:2] = parts[1::-1]  # the layer 0 of a model: 0.weight is weight0
    name = ""
    for p in parts:
        p = re.sub(r"\W", "_", p.strip("'\""))
        name += p if not name or (p.isdigit() and not name[-1].isdigit()) else f"_{p}"
    return name if name.isidentifier() and not keyword.iskeyword(name) else ""


def argument_names(argument: Argument, names: Names) -> list[str | None]:
    """A name for each leaf of an argument that is an input: the argument's own, or the end of the leaf's path."""
    if argument.paths == [""]:
        return [argument.name]  # taken already: the parameters of the function come first
    ends = [identifier(argument.name + path) or argument.name for path in argument.paths]
    found: list[str | None] = []
    for path, end, node in zip(argument.paths, ends, argument.inputs, strict=True):
        whole = "_".join(re.findall(r"\w+", path))  # layer1_W for ["layer1"]["W"], where W alone does not say which
        wanted = whole if ends.count(end) > 1 and whole.isidentifier() else end
        found.append(None if node is None else names.fresh(wanted))
    return found


def user_names(made: Derived) -> dict[Node, str]:
    """What the program calls each recorded forward node: the name given, the target assigned, or a local variable."""
    users: dict[Node, list[Node]] = {}
    for node in made.forward:
        for x in node.inputs:
            if isinstance(x, Node):
                users.setdefault(x, []).append(node)
    found: dict[Node, str] = {}
    for node in made.forward:
        if type(node.value) is tuple or _inside(node, users.get(node, [])):
            continue
        name = identifier(node.name or "") or identifier(written.assigned(node) or "")
        name = name or identifier(made.locals[id(node)][0] if id(node) in made.locals else "")
        if name:
            found[node] = name
    return _numbered(found)


def _inside(node: Node, users: list[Node]) -> bool:
    """Whether the same call goes on to compute more: what the source assigns is then not this node."""
    return any(same_call(node, user) for user in users)


def _numbered(found: dict[Node, str]) -> dict[Node, str]:
    """Values that share a name, as those of a loop do, numbered in order: ``h1``, ``h2``."""
    total: dict[str, int] = {}
    for name in found.values():
        total[name] = total.get(name, 0) + 1
    seen: dict[str, int] = {}
    answer = {}
    for node, name in found.items():
        if total[name] > 1:
            seen[name] = seen.get(name, 0) + 1
            name = f"{name}{'_' if name[-1].isdigit() else ''}{seen[name]}"
        answer[node] = name
    return answer
