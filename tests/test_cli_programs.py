"""`tinygrad-course draw`, `explain` and `check`: programs run as Python runs them, and every way in which they fail."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tinygrad_course as tg
from tinygrad_course import cli

ROOT = Path(__file__).parents[1]
MODEL = """
import sys
import tinygrad_course as tg
x = tg.Tensor(2.0)
w = tg.Tensor(0.5, requires_grad=True)
b = tg.Tensor(0.1, requires_grad=True)
def f(w, x):
    return w * x
z = w * x + b
loss = z ** 2
count = 3
weights = [w, b]
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="model.py"):
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return name

    return write


@pytest.fixture
def run(capsys):
    def run(*arguments):
        try:
            code = cli.main(arguments)
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def model(write):
    return write(MODEL)


def python(*arguments, **options):
    """A command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **options.pop("env", {})}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)


# --- what is drawn ------------------------------------------------------------------------------------------------


def test_the_last_tensor_as_a_tree(model, run):
    code, out, err = run("draw", model)
    assert (code, err) == (0, "")
    assert "loss = z ** 2" in out
    assert "└─ z = w * x + b" in out
    assert "dloss/dw = 4.4" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("name", "line"),
    [("z", "z = w * x + b"), ("f(w, x)", "f() = w * x"), ("(loss * 3)", "└─ loss = z ** 2"), ("weights[0]", "w ")],
)
def test_a_name_is_any_expression(model, run, name, line):
    code, out, err = run("draw", f"{model}:{name}")
    assert (code, err) == (0, "")
    assert any(text.startswith(line) for text in out.splitlines())


@pytest.mark.parametrize("suffix", ["png", "svg", "dot", "txt", "md", "mmd", "html", "apng", "tex"])
def test_every_suffix(model, run, suffix):
    assert run("draw", model, "-o", f"g.{suffix}") == (0, f"wrote g.{suffix}\n", "")
    assert Path(f"g.{suffix}").stat().st_size > 200


def test_the_options_are_those_of_draw(model, run):
    assert "dloss" not in run("draw", model, "--no-derivatives")[1]
    assert "op view" not in run("draw", model, "--title", "My loss")[1]
    assert run("draw", model, "--title", "My loss")[1].startswith("My loss\n")
    assert "∂loss/∂w = 4.4" in run("draw", model, "--notation", "full")[1]
    assert "w * x" in run("draw", model)[1]
    assert len(run("draw", model, "--view", "op")[1].splitlines()) == len(run("draw", model)[1].splitlines()) + 1
    assert run("draw", model, "--direction", "TB", "-o", "g.dot")[0] == 0
    assert "rankdir=TB" in Path("g.dot").read_text(encoding="utf-8")
    between = run("draw", model, "--between", "b", "loss", "--view", "op")[1]
    assert "b  " in between
    assert "w  " not in between


def test_steps(model, run):
    code, out, err = run("draw", model, "-o", "g.png", "--steps")
    assert (code, err) == (0, "")
    count = len(list(Path().glob("g-*.png")))
    assert out == f"wrote {count} files, g-01.png and on\n"
    assert run("draw", model, "--steps")[::2] == (
        1,
        "tinygrad-course: --steps needs a file to number: -o g.png writes g-01.png, g-02.png, ...\n",
    )


def test_letters_without_glyphs_are_told(write, run, monkeypatch):
    monkeypatch.setattr("tinygrad_course.show.render.shutil.which", lambda name: None)
    file = write("import tinygrad_course as tg\n權 = tg.Tensor(2.0, requires_grad=True)\nJ = 權 * 2\n")
    code, out, err = run("draw", file, "-o", "g.png")
    assert (code, out) == (0, "wrote g.png\n")
    assert err.startswith("tinygrad-course: g.png: the fonts of the bundled renderer have no 權")


# --- as `python FILE.py` runs it -----------------------------------------------------------------------------------

SAYS = """
import os, pickle, sys
import __main__
from dataclasses import dataclass
import helper
import tinygrad_course as tg
@dataclass
class Point:
    x: float
assert pickle.loads(pickle.dumps(Point(1.0))) == Point(1.0)
print(__name__, __file__, __doc__, __package__, __spec__, __main__.Point is Point)
print(sys.argv, os.getcwd(), sys.path, helper.value)
J = tg.Tensor(2.0, requires_grad=True) * 3
"""


def test_the_program_sees_what_python_shows_it(write, tmp_path):
    (tmp_path / "inner").mkdir()
    write(SAYS, "inner/says.py")
    write("value = 7", "inner/helper.py")
    arguments = ("inner/says.py", "--seed", "3", "-o", "x")
    expected = python(*arguments)
    assert expected.returncode == 0, expected.stderr
    got = python("-m", "tinygrad_course", "draw", arguments[0], "-o", "g.txt", "--", *arguments[1:])
    assert got.stdout == expected.stdout + "wrote g.txt\n"
    assert got.stderr == ""


def test_the_process_is_put_back(model, run):
    before = sys.argv, list(sys.path), sys.modules["__main__"]
    run("draw", model)
    run("draw", "missing.py")
    assert (sys.argv, sys.path, sys.modules["__main__"]) == before


def test_a_program_that_moves_away(write, run, tmp_path):
    (tmp_path / "other").mkdir()
    file = write("""
        import os
        import tinygrad_course as tg
        a = tg.Tensor(2.0, requires_grad=True)
        os.chdir("other")
        J = a * 3
    """)
    code, out, _ = run("draw", file)
    assert code == 0
    assert "J = a * 3" in out


def test_only_the_guarded_part_computes(write, run):
    file = write("""
        import tinygrad_course as tg
        if __name__ == "__main__":
            J = tg.Tensor(2.0, requires_grad=True) * 3
    """)
    assert run("draw", file)[0] == 0


def test_a_good_exit_is_fine(write, run):
    file = write(MODEL + "\nsys.exit(0)\n")
    assert run("draw", file)[0] == 0


# --- what goes wrong ----------------------------------------------------------------------------------------------

BROKEN = {
    "error": "import tinygrad_course as tg\ndef f(x):\n    return x @ tg.Tensor([[1.0]])\nf(tg.Tensor([1.0, 2.0]))\n",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('two') from e\n",
    "syntax": "x = (\n",
    "import": "import nothing_like_this\n",
    "exit": "import sys\nsys.exit('no data here')\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_program_that_fails_says_what_python_would(write, name):
    file = write(BROKEN[name])
    expected = python(file)
    got = python("-m", "tinygrad_course", "draw", file, "-o", "g.png")
    assert (got.returncode, got.stdout, got.stderr) == (1, "", expected.stderr)
    assert not Path("g.png").exists()


COMPLAINTS = [
    ("missing.py", "there is no file missing.py"),
    ("missing.py:loss", "there is no file missing.py"),
    (".", ". is a folder; name a file in it"),
    ("model.py:los", "model.py has no variable 'los' at module level; did you mean loss?"),
    ("model.py:qqq", "model.py has no variable 'qqq' at module level; it has x, w, b, z or loss"),
    ("model.py:los + z", "model.py has no variable 'los' at module level; did you mean loss?"),
    ("model.py:count", "count is of type int; only a Tensor has a computation graph"),
    ("model.py:f", 'f is a function; to draw what it returns, call it, as in ":f(x)"'),
    ("model.py:f(", "'f(' is neither a name nor an expression of Python"),
    ("model.py:", "'' is neither a name nor an expression of Python"),
    ("model.py:f(w)", "f(w): TypeError: f() missing 1 required positional argument: 'x'"),
    ("model.py:weights[5]", "weights[5]: IndexError: list index out of range"),
]


@pytest.mark.parametrize(("program", "complaint"), COMPLAINTS)
def test_what_cannot_be_drawn(model, run, program, complaint):
    assert run("draw", program) == (1, "", f"tinygrad-course: {complaint}\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1", "model.py ran, but no variable at module level holds a Tensor. Say what is meant: model.py:NAME"),
        ("import tinygrad_course as tg\nx = tg.Tensor(1.0)", "ran, but nothing that requires a gradient was computed"),
        ("import sys; sys.exit(3)", "model.py ended with exit code 3"),
        ("\0", "model.py is no Python program: "),
    ],
)
def test_nothing_to_draw(write, run, text, complaint):
    code, out, err = run("draw", write(text))
    assert (code, out) == (1, "")
    assert complaint in err or "null bytes" in err
    assert "Traceback" not in err


def test_parameters_that_were_updated(write, run):
    code, _, err = run("draw", write(MODEL + "loss.backward()\nw.data -= 0.1 * w.grad\n"))
    assert code == 1
    assert "draw before the parameters are updated" in err
    assert "Traceback" not in err


def test_an_error_inside_the_program_while_a_name_is_computed(write, run):
    code, _, err = run("draw", write("def f():\n    raise ValueError('mine')\n") + ":f()")
    assert code == 1
    assert re.fullmatch(
        r'Traceback \(most recent call last\):\n  File ".*model.py", line 2, in f\n    raise .*\nValueError: mine\n',
        err,
    )


@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        ("g.jpg", "'g.jpg' has the suffix '.jpg'; pictures are saved as .png"),
        ("missing/g.png", "the folder missing does not exist; make it first"),
        (".", "has no suffix"),
    ],
)
def test_a_file_that_cannot_be(model, run, out, complaint):
    code, said, err = run("draw", model, "-o", out)
    assert (code, said) == (1, "")
    assert complaint in err


def test_interrupted(write, run):
    assert run("draw", write("raise KeyboardInterrupt"))[::2] == (130, "tinygrad-course: interrupted\n")


def test_a_pipe_that_closes(model):
    command = f'"{sys.executable}" -m tinygrad_course draw {model} | true'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_terminals_without_unicode(model, encoding):
    for command in ("draw", "explain", "check"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
        arguments = [sys.executable, "-m", "tinygrad_course", command, model]
        done = subprocess.run(arguments, capture_output=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii() == (encoding != "utf-8" or command == "check")


def test_colours_on_a_terminal_only(model, run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[33m" in run("draw", model)[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("draw", model)[1]


@pytest.mark.parametrize("command", ["draw", "explain", "check", "demo"])
def test_every_help_has_examples(command, run):
    code, out, err = run(command, "--help")
    assert (code, err) == (0, "")
    assert f"\nexamples:\n  tinygrad-course {command}" in out
    assert max(map(len, out.splitlines())) <= 100


def test_arguments_for_no_program(run):
    code, _, err = run("demo", "--", "x")
    assert code == 2
    assert "unrecognized arguments: x" in err


# --- explain and check --------------------------------------------------------------------------------------------


def test_explain(model, run):
    code, out, err = run("explain", model)
    assert (code, err) == (0, "")
    assert "product rule" in out or "chain rule" in out
    assert "4.4" in out
    assert "∂loss/∂w" in run("explain", model, "--notation", "full")[1]
    assert run("explain", model, "-o", "d.tex") == (0, "wrote d.tex\n", "")
    assert run("explain", f"{model}:count")[2].startswith("tinygrad-course: count is of type int")


def test_check_a_tensor(model, run):
    code, out, err = run("check", model)
    assert (code, err) == (0, "")
    assert out.startswith("gradcheck: passed, all 2 gradients are right")
    assert re.search(r"^w .* 4\.4 .* ok$", out, re.MULTILINE)


def test_check_a_function(model, run):
    code, out, _ = run("check", f"{model}:f", "--at", "w", "3.5")
    assert code == 0
    assert re.search(r"^w .* 3\.5 .* ok$", out, re.MULTILINE)


def test_check_finds_a_wrong_rule(write, run):
    file = write("""
        import tinygrad_course as tg
        @tg.primitive
        def cube(x):
            return x ** 3
        @cube.def_partials
        def _(y, x):
            return (2 * x ** 2,)
        w = tg.Tensor([1.0, 2.0], requires_grad=True)
        loss = tg.sum(cube(w))
    """)
    code, out, err = run("check", file)
    assert (code, err) == (1, "")
    assert "FAILED, 1 of 1 gradient" in out
    assert "cube" in out.partition("blame")[2]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["model.py:f"], "f is a function of (w, x): say at which values to check it, as in --at x 0.5"),
        (["model.py:x"], "x depends on nothing that requires a gradient"),
        (["model.py:count"], "count is of type int; only a Tensor has a computation graph"),
        (["model.py", "--at", "1.0"], "--at gives the arguments of a function, but a Tensor is checked here"),
        (["model.py:f", "--at", "1.0", "q"], "model.py has no variable 'q' at module level; it has x, w, b, z or loss"),
        (["model.py:f", "--at", "1.0"], "f(w, x) cannot be called with the 1 inputs given"),
    ],
)
def test_what_cannot_be_checked(model, run, arguments, complaint):
    code, out, err = run("check", *arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"tinygrad-course: {complaint}")


def test_check_works_after_an_update(write, run):
    assert run("check", write(MODEL + "loss.backward()\nw.data -= 0.1 * w.grad\n"))[0] == 0


def test_second_order(model, run):
    code, out, _ = run("check", model, "--order", "2")
    assert code == 0
    assert "d/d" in out or "order" in out


@pytest.mark.parametrize("option", [["--eps", "0"], ["--rtol", "-1"], ["--atol", "x"], ["--order", "3"]])
def test_wrong_numbers(model, run, option):
    assert run("check", model, *option)[0] == 2


def test_public_names_are_in_place():
    assert cli.main.__module__ == "tinygrad_course.cli"
    assert tg.draw is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["draw", "model.py:exit(3)"], "exit(3): it ends the program, with exit code 3"),
        (["draw", "model.py:int"], "int is a class; only a Tensor has a computation graph"),
        (["draw", "model.py", "-o", "."], "'.' has no suffix"),
        (
            ["check", "model.py:f", "--at", "0.5", "2.0", "3.0"],
            "f(w, x) cannot be called with the 3 inputs given: too many",
        ),
        (["draw", "nul.py"], "nul.py is no Python program"),
    ],
    ids=lambda x: "" if isinstance(x, str) else " ".join(x),
)
def test_more_slips_have_a_line_that_says_why(arguments, message, write, capsys):
    write(MODEL)
    write("x = 1\0", "nul.py")
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
