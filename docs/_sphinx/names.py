"""The directive {names}: a table of the public names in its text, and the docstring of each.

    ```{names} tinygrad_course.nn
    Linear Conv1d Conv2d
    ```

A test holds the names on all pages against the names that the package has (tests/test_docs.py).
"""

import importlib
import inspect
import re

from sphinx.util.docutils import SphinxDirective

ARGUMENT = re.compile(r"^(\w+(?:, \w+)*): (?=\S)")
ATTRIBUTES, HIDDEN = ("property", "attribute", "data"), "\ue000"
STARRED = re.compile(r"(?<![`*\w])(\*{1,2})(?=\w)")


def entry(module, name, known):
    """The lines of reStructuredText that document one name; `known`: object -> the name it was documented under."""
    thing = getattr(module, name)
    first = known.setdefault(id(thing), name)
    if first != name:
        return [f".. py:function:: {name}", "   :no-index-entry:", "", f"   Another name of :func:`{first}`.", ""]
    if inspect.isclass(thing):
        return [f".. autoclass:: {name}", *(f"   {line}" for line in members(thing)), ""]
    return [f".. autofunction:: {name}", ""]


def members(cls):
    """Methods are shown for classes that have some of their own beyond those that Python calls."""
    own = [key for key, value in vars(cls).items() if not key.startswith("_") and getattr(value, "__doc__", None)]
    return [f":members: {', '.join(own)}"] if own else []


class Names(SphinxDirective):
    required_arguments = 1
    has_content = True

    def run(self):
        module = importlib.import_module(self.arguments[0])
        names = " ".join(self.content).split()
        known = {}
        lines = [f".. currentmodule:: {module.__name__}", "", ".. autosummary::", ""]
        lines += [f"   {name}" for name in names if getattr(module, name).__doc__]
        lines.append("")
        for name in names:
            lines += entry(module, name, known)
        return self.parse_text_to_nodes("\n".join(["````{eval-rst}", *lines, "````"]))


def as_restructured_text(app, what, name, thing, options, lines):
    """Docstrings are written to be read as they are; here what reStructuredText would take for something else.

    A paragraph of lines "argument: what it is", continued on indented lines, becomes a list; a star before a word
    is no emphasis.
    """
    inside = False
    for i, line in enumerate(lines):
        if ">>>" not in line and "``" not in line:
            line = STARRED.sub(r"\\\1", line)
        begins = bool(ARGUMENT.match(line)) and (inside or i == 0 or not lines[i - 1])
        inside = begins or (inside and bool(line))
        lines[i] = ARGUMENT.sub(r"- **\1**: ", line) if begins else f"  {line.strip()}" if inside else line


def colons_hidden(app, what, name, thing, options, lines):
    """Napoleon would take "The text: ..." of an attribute for a type and what it is."""
    if what in ATTRIBUTES:
        lines[:] = [line.replace(":", HIDDEN) for line in lines]


def colons_back(app, what, name, thing, options, lines):
    if what in ATTRIBUTES:
        lines[:] = [line.replace(HIDDEN, ":") for line in lines]


def setup(app):
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)  # napoleon's is 500
    app.connect("autodoc-process-docstring", colons_hidden, priority=450)
    app.connect("autodoc-process-docstring", colons_back, priority=550)
    app.add_directive("names", Names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
