"""`source`: a function and its gradient as NumPy that a person reads."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...core.node import Node
from ..program import Program
from ..simplify import simplified, without_dead_code
from . import readable
from .captured import captured_names, origin
from .derive import derive
from .derived import Argument, Derived
from .frozen import counting
from .helpers import Helpers, literal, quoted
from .naming import Names, argument_names, user_names
from .texts import Text
from .writer import Line, Writer, ordered, place_of

INDENT = "    "
WIDTH = 112


def source(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    derivatives: bool = True,
    **kwargs: Any,
) -> Source:
    """The function `f` and its gradient as readable NumPy, in the names of its own program.

    `f` is run on Tensors of the example arguments; what it records, and what the reverse pass records, is simplified
    and printed: a Python function that needs nothing but NumPy. Pasted into a file it runs, on other data of the same
    shapes and dtypes too, and gives the value and the gradients that eager code gives, to the last bits.

    Parameters
    ----------
    f
        A function of arrays or Tensors (and nested tuples, lists, dicts of them). For a gradient it must return one
        number. It is run three times (twice if it uses no arrays from outside), the last time on slightly different
        data, to find out what leaves the graph.
    *args, **kwargs
        Example arguments. Arrays and Tensors may change from call to call of the printed function, and so may Python
        floats if there are only numbers. Other numbers, strings and settings are built in, and checked in every call.
        Arrays and Tensors that `f` uses without taking them (globals, closures, attributes such as ``self.X``, the
        parameters of a model) become keyword-only parameters under the names that the program has for them; what `f`
        computes outside the graph and is more than a few numbers becomes ``c1``, ``c2``, and the docstring says what it
        is. Python numbers from outside are built in.
    argnums
        The positional arguments to differentiate with respect to, and nothing else. None: all Tensors that require a
        gradient, arguments first, then those that `f` uses without taking them, such as the parameters of a model;
        where there are none, all arguments of floats. Arrays from outside, and Tensors that require no gradient, get
        none: make them arguments for that.
    derivatives
        Whether the gradient is wanted too. Without it `f` may return any structure of arrays.

    Returns
    -------
    Source
        A str: a function of the same name, below the imports and small functions it needs. It returns
        ``value, (gradient, ...)``, with one gradient for each differentiated argument in the structure of the argument
        (that one gradient alone, if `argnums` is an int); without derivatives it returns what `f` does. Its attribute
        `captured` is a dict of the arrays for the keyword-only parameters, as they are now.

    Raises
    ------
    GraphError
        If `f` records nothing, returns no single number, asks for a value in Python (``if x > 0``, ``x.item()``),
        computes something from its arguments outside the graph, draws random numbers, or uses what cannot be
        written down.
    DTypeError
        For arguments that are no real arrays.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> def cost(a, b, c):
    ...     return 3 * (a + b * c)
    >>> print(tg.source(cost, 5.0, 3.0, 2.0))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def cost(a, b, c):
        \"\"\"cost and its gradient for a, b, c.\"\"\"
        a, b, c = map(np.float64, (a, b, c))
        # line 2: return 3 * (a + b * c)
        value = 3 * (a + b * c)
    <BLANKLINE>
        # backward: from value to a, b, c
        # line 2: return 3 * (a + b * c)
        da = np.float64(3.0)
        db = 3.0 * c
        dc = 3.0 * b
        return value, (da, db, dc)
    <BLANKLINE>
    """
    made = derive(f, args, kwargs, argnums, derivatives)
    page = _Page(made, derivatives, isinstance(argnums, int))
    return Source(page.text(), {name: x.value for x, name in page.captured.items()})


class Source(str):
    """Printed source: a text, with the arrays that its function takes from the surrounding program in `captured`."""

    __slots__ = ("captured",)
    captured: dict[str, Any]

    def __new__(cls, text: str, captured: dict[str, Any]) -> Source:
        made = super().__new__(cls, text)
        made.captured = captured
        return made


class _Page:
    """The printed text of one derived function."""

    def __init__(self, made: Derived, derivatives: bool, alone: bool) -> None:
        self.made = made
        self.derivatives = derivatives
        self.name = made.name if made.name.isidentifier() else "f"
        self.alone = alone
        self.helpers = Helpers()
        self.used = [a for a in made.arguments if any(x is not None for x in a.inputs)]
        self.built_in = {a.name: text for a in made.arguments if a not in self.used and (text := literal(a.tree))}
        self.names = Names([*readable.SOURCES, *self.built_in])
        wanted = user_names(made)
        became: dict[Node, Node] = {}
        first = made.program(*wanted)
        whole = simplified(first, became, reading=True, forward=made.forward)
        kept = len(first.outputs) - len(wanted)
        program = without_dead_code(Program(whole.inputs, whole.outputs[:kept], whole.steps))
        self.writer = self._prepared(program, became, wanted)

    def _prepared(self, program: Program, became: dict[Node, Node], wanted: dict[Node, str]) -> Writer:
        made, writer = self.made, Writer(program, self.names, self.helpers)
        self.now = became
        self.parameters = [self.names.fresh(a.name if a.name.isidentifier() else "x") for a in self.used]
        self.signature = self._signature()
        self.unpacking: list[str] = []
        for argument, parameter in zip(self.used, self.parameters, strict=True):
            argument.name = parameter
            for x, name in zip(argument.inputs, argument_names(argument, self.names), strict=True):
                if x is not None and name is not None:
                    writer.texts[x] = Text(name)
        self.captured = captured_names(made, self.names, wanted)
        writer.texts |= {x: Text(name) for x, name in self.captured.items()}
        self.signature += ["*", *self.captured.values()] if self.captured else []
        writer.forward = {became.get(node, node) for node in made.forward}
        for node in reversed(program.steps):
            if node in writer.forward:
                writer.forward.update(x for x in node.inputs if isinstance(x, Node))
        for node, name in wanted.items():
            writer.wanted.setdefault(became.get(node, node), name)
        self._relate(writer, program)
        return writer

    def _relate(self, writer: Writer, program: Program) -> None:
        """Tell the writer which backward value is the derivative of what, and where that was used."""
        made = self.made
        passed = {*made.cotangents, *made.outputs}
        for node in made.forward:
            for x in node.inputs if node in passed else ():
                if isinstance(x, Node):
                    writer.used_in.setdefault(self.now.get(x, x), place_of(node))
        steps = set(program.steps)
        for x, found in sorted(made.cotangents.items(), key=lambda pair: -pair[0].order):
            g = self.now.get(found, found)
            if g not in steps and g.op is not None and isinstance(g.inputs[0], Node):
                g = g.inputs[0]  # laid out in full for nobody
            if g in steps and g not in writer.forward:
                writer.derivative_of.setdefault(g, []).append(self.now.get(x, x))
        writer.results = {self.now.get(y, y) for y in made.outputs}
        writer.target_inputs = made.targets
        writer.target_names = [self.names.fresh(f"d{writer.texts[x].text}") for x in made.targets]
        for i, gradient in enumerate(made.gradients):
            if gradient is not None:
                writer.targets.setdefault(self.now.get(gradient, gradient), []).append(i)

    # --- the text ---------------------------------------------------------------------------------------------------

    def text(self) -> str:
        self.writer.write()
        name = f"{self.name}_" if self.name in self.helpers.sources else self.name
        body = [*self._head(), *self._lines(), *_folded(f"return {self._returned()}")]
        head = _folded(f"def {name}({', '.join(self.signature)}):", indent=2 * INDENT)
        return "\n".join([self.helpers.text(), "", "", *head, *_indented(body), ""])

    def _head(self) -> Iterator[str]:
        yield from self._docstring()
        for name, text in self.built_in.items():
            yield f'assert {name} == {text}, "{name} is built in"'
        for x, count in self._counts():
            yield f'assert np.sum({self.captured[x]}) == {count}, "the sum of {self.captured[x]} is built in"'
        for argument in self.used:
            for path, given in zip(argument.paths, argument.inputs, strict=True):
                if given is not None and path:
                    yield f"{self.writer.texts[given].text} = {argument.name}{quoted(path)}"
        scalars: dict[str, list[str]] = {}
        for x in self.made.inputs:
            if not np.ndim(x.value):
                scalars.setdefault(f"np.{x.value.dtype.name}", []).append(self.writer.texts[x].text)
        for kind, names in scalars.items():
            listed = ", ".join(names)
            yield f"{listed} = map({kind}, ({listed}))" if len(names) > 1 else f"{listed} = {kind}({listed})"

    def _docstring(self) -> list[str]:
        gives = f"{self.name} and its gradient for {self._target_list()}." if self.derivatives else f"{self.name}."
        if not self.captured:
            return _folded(f'"""{gives}"""', indent="")
        return [*_folded(f'"""{gives}', indent=""), "", *self._surroundings(), '"""']

    def _surroundings(self) -> Iterator[str]:
        """Where what the function takes besides the arguments comes from."""
        origins = self.made.origins
        named = [name for x, name in self.captured.items() if x not in origins]
        if named:
            yield from _folded(f"From the surrounding program: {', '.join(named)}.", indent="")
        places: dict[str, list[str]] = {}
        for x, (node, i) in origins.items():
            places.setdefault(self._origin(x, node, i), []).append(self.captured[x])
        if places:
            yield "Computed outside the graph:"
        for text, names in places.items():
            yield from _folded(f"{INDENT}{', '.join(names)} {text}", indent=2 * INDENT)

    def _origin(self, x: Node, user: Node, i: int) -> str:
        known = user in {*self.made.forward, *self.made.outputs}
        return origin(user, i, self.made.paths[x]) if known else "(by the backward pass)"

    def _counts(self) -> Iterator[tuple[Node, int]]:
        """The masks and counts from outside that say how many elements an operation gives."""
        for node in self.made.forward:
            for x in counting(node):
                if x in self.captured:
                    yield x, int(np.sum(x.value))

    def _signature(self) -> list[str]:
        """The parameters in the order of the arguments; those that are built in have a default where they come last."""
        new = iter(self.parameters)
        words = [next(new) if a in self.used else a.name for a in self.made.arguments if self._printed(a)]
        for i in range(len(words))[::-1]:
            if words[i] not in self.built_in:
                break
            words[i] += f"={self.built_in[words[i]]}"
        return words

    def _printed(self, argument: Argument) -> bool:
        return argument in self.used or argument.name in self.built_in

    def _target_list(self, short: bool = False) -> str:
        names = [self.writer.texts[x].text for x in self.made.targets]
        text = ", ".join(names)
        return f"{names[0]}, ..., {names[-1]}" if short and len(text) > WIDTH // 2 else text

    def _lines(self) -> Iterator[str]:
        lines = ordered(self.writer.lines)
        forward = [line for line in lines if not line.backward]
        backward = [line for line in lines if line.backward]
        yield from _commented(forward)
        if self.derivatives:
            yield ""
            yield f"# backward: from {self._value(self.made.outputs[0])} to {self._target_list(short=True)}"
            if self.writer.guarded:
                yield 'with np.errstate(all="ignore"):  # a slope may be infinite where it does not count'
                yield from _indented(_commented(backward))
            else:
                yield from _commented(backward)

    def _value(self, node: Node) -> str:
        node = self.now.get(node, node)
        found = self.writer.texts.get(node)
        return found.text if found is not None else self.writer._constant(node.value, node).text

    def _returned(self) -> str:
        value = structure(self.made.output_tree([self._value(y) for y in self.made.outputs]))
        if not self.derivatives:
            return value
        names = dict(zip(self.made.targets, self._gradients(), strict=True))
        parts = []
        for argument in self.used:
            if any(x in names for x in argument.inputs if x is not None):
                leaves = [names.get(x, "None") if x is not None else "None" for x in argument.inputs]
                parts.append(_like(argument.tree, iter(leaves)))
        parts += [names[x] for x in self.made.captured if x in names]
        if self.alone:
            return f"{value}, {parts[0]}"
        return f"{value}, ({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def _gradients(self) -> list[str]:
        given = zip(self.made.targets, self.made.gradients, self.writer.target_names, strict=True)
        return [f"np.zeros_like({self.writer.texts[x].text})" if g is None else name for x, g, name in given]


def structure(tree: Any) -> str:
    """A nested structure of texts as Python text."""
    return _like(tree, None)


def _like(tree: Any, leaves: Iterator[str] | None) -> str:
    """The structure of `tree` as Python text, around `leaves` (around its own leaves, which are texts, if None)."""
    if tree is None:
        return "None"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{quoted(repr(k))}: {_like(v, leaves)}" for k, v in tree.items()) + "}"
    if isinstance(tree, tuple | list):
        inner = ", ".join(_like(v, leaves) for v in tree)
        if isinstance(tree, list):
            return f"[{inner}]"
        return f"({inner},)" if len(tree) == 1 else f"({inner})"
    return str(tree) if leaves is None else next(leaves)


def _commented(lines: Sequence[Line]) -> Iterator[str]:
    """The lines, each statement's below a comment with the statement."""
    last = ""
    for line in lines:
        if line.comment and line.comment != last:
            yield f"# {line.comment}"
        last = line.comment
        yield f"{line.name} = {line.text}"


def _folded(text: str, indent: str = INDENT) -> list[str]:
    """A long list between brackets, or prose, on several lines; breaks would change a string with a space in it."""
    if len(text) <= WIDTH or (re.search(r'"[^"]* [^"]*"', text) and not text.startswith('"""')):
        return [text]
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _indented(lines: Any) -> list[str]:
    return [INDENT + line if line else "" for line in lines]
