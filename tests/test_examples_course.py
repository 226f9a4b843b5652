"""examples/course: every program runs without a warning and prints what its docstring says that it prints."""

import ast
import doctest
import re
import runpy
import textwrap
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[1] / "examples" / "course").glob("*.py"))
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
NEEDS_SKLEARN = {
    "activation_race", "adversarial", "hidden_units", "kinds_of_data", "learning_curve", "linear_neuron",
    "normalisation", "tables",
}  # fmt: skip
NEEDS_MATPLOTLIB = {"adversarial", "hidden_units", "ring_gan"}
SLOW = {"activation_race", "gradient_descent_to_adam", "hidden_units", "hyperparameters", "ring_gan"}


def promised(path):
    """The indented end of the docstring, after the line "Prints:"."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert "\nPrints:\n" in text, f"{path.name}: its docstring must end with what one should see, after a line Prints:"
    return textwrap.dedent(text.split("\nPrints:\n")[1]).strip() + "\n"


def marked(path):
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.stem in SLOW else [])


@pytest.mark.parametrize("path", [marked(path) for path in PROGRAMS])
def test_program_prints_what_it_says(path, tmp_path, monkeypatch, capsys):
    if path.stem in NEEDS_SKLEARN:
        pytest.importorskip("sklearn.datasets", reason="reads data that comes with scikit-learn")
    if path.stem in NEEDS_MATPLOTLIB:
        pytest.importorskip("matplotlib.figure", reason="writes a picture with matplotlib")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path), run_name="__main__")
    printed = capsys.readouterr().out
    for picture in re.findall(r"\w+\.png", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    example = doctest.Example("", promised(path))
    checker = doctest.OutputChecker()
    assert checker.check_output(example.want, printed, OPTIONS), checker.output_difference(example, printed, OPTIONS)


def test_table_of_the_course_names_them():
    text = (Path(__file__).parents[1] / "docs" / "course.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {path.stem for path in PROGRAMS} - set(re.findall(r"`(\w+)\.py`", "\n".join(table))) == set()


def test_python_of_the_course_page_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / "docs" / "course.md").read_text(encoding="utf-8")
    program = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert program
    (tmp_path / "page.py").write_text("\n".join(program), encoding="utf-8")
    runpy.run_path("page.py")


def test_there_are_programs():
    assert len(PROGRAMS) > 20
