"""The examples in docstrings run. Python's own collector of them passes over primitives and wrapped functions."""

import doctest
import importlib
import importlib.util
import inspect
import pkgutil

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.core.primitive import Primitive

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules():
    yield tg
    for found in pkgutil.walk_packages(tg.__path__, f"{tg.__name__}."):
        numba_missing = ".numba_backend." in found.name and importlib.util.find_spec("numba") is None
        if not found.name.endswith("__main__") and not numba_missing:
            yield importlib.import_module(found.name)


def ours(thing):
    return callable(thing) and (getattr(thing, "__module__", None) or "").startswith(tg.__name__)


def documented(owner, name):
    """`owner` and everything inside it that has a docstring of its own, with full names."""
    yield name, owner
    for key, member in vars(owner).items():
        member = inspect.unwrap(member) if isinstance(member, staticmethod | classmethod) else member
        if inspect.isclass(member) and ours(member):
            yield from documented(member, f"{name}.{key}") if member is not owner else ()
        elif isinstance(member, Primitive | property) or ours(member):
            yield f"{name}.{key}", member


def examples():
    found = {}
    for module in modules():
        for name, thing in documented(module, module.__name__):
            doc = getattr(thing, "__doc__", None)
            if isinstance(doc, str) and ">>>" in doc:
                # Until Python 3.13 a docstring keeps its indentation: alike texts shall be one test everywhere.
                found.setdefault(inspect.cleandoc(doc), name.removeprefix(f"{tg.__name__}."))
    return [pytest.param(doc, id=name) for doc, name in found.items()]


@pytest.mark.parametrize("doc", examples())
def test_examples_run(doc, request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write a picture
    name = request.node.callspec.id
    test = doctest.DocTestParser().get_doctest(doc, {"tg": tg, "np": np}, name, None, 0)
    said = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert result.failed == 0, "".join(said)
