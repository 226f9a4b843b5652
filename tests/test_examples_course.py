"""examples/course: every program runs without a warning and prints what its docstring says that it prints."""

import ast
import doctest
import runpy
import textwrap
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[1] / "examples" / "course").glob("*.py"))
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
NEEDS_SKLEARN = {"linear_neuron", "normalisation"}


def promised(path):
    """The indented end of the docstring, after the line "Prints:"."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert "\nPrints:\n" in text, f"{path.name}: its docstring must end with what one should see, after a line Prints:"
    return textwrap.dedent(text.split("\nPrints:\n")[1]).strip() + "\n"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_prints_what_it_says(path, tmp_path, monkeypatch, capsys):
    if path.stem in NEEDS_SKLEARN:
        pytest.importorskip("sklearn.datasets", reason="reads data that comes with scikit-learn")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    example = doctest.Example("", promised(path))
    checker = doctest.OutputChecker()
    assert checker.check_output(example.want, printed, OPTIONS), checker.output_difference(example, printed, OPTIONS)


def test_there_are_programs():
    assert len(PROGRAMS) > 10
