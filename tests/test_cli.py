"""The command line: what it prints, what it writes, and how it fails."""

import subprocess
import sys

import pytest

import tinygrad_course as tg
from tinygrad_course import cli, demo

PNG = b"\x89PNG\r\n\x1a\n"
PICTURES = {"graph.png", "learning_curve.png", "errors.png"}


@pytest.fixture
def run(capsys):
    """Run a command line in this process: (exit code, stdout, stderr)."""

    def run(*arguments):
        try:
            code = cli.main(arguments)
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


def test_version(run):
    assert run("--version") == (0, f"tinygrad-course {tg.__version__}\n", "")


def test_module_is_the_command():
    command = [sys.executable, "-m", "tinygrad_course", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: tinygrad-course")
    assert "examples:" in done.stdout
    assert not done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["demo", "--epochs", "0"], "'0' is not a whole number of at least 1"),
        (["demo", "--epochs", "many"], "'many' is not a whole number of at least 1"),
        (["demo", "--seed", "-1"], "'-1' is not a whole number from 0 to 4294967295"),
        (["demo", "--seed", "4294967296"], "is not a whole number from 0 to 4294967295"),
        (["demo", "--size", "3"], "unrecognized arguments: --size 3"),
    ],
)
def test_wrong_options(arguments, complaint, run):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert complaint in err


@pytest.mark.parametrize("missing", ["sklearn", "matplotlib"])
def test_missing_extra(missing, run, monkeypatch, tmp_path):
    for name in [m for m in sys.modules if m.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)  # now `import` says it is not there
    monkeypatch.delitem(sys.modules, "tinygrad_course.demo", raising=False)
    monkeypatch.delattr(tg, "demo", raising=False)
    code, out, err = run("demo", "--out", str(tmp_path / "out"))
    assert (code, out) == (1, "")
    assert f"the demo needs {missing}, which is not installed" in err
    assert err.endswith('run: pip install "tinygrad_course[demo]"\n')
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["file", "file/inside"])
def test_folder_that_cannot_be(place, run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, err = run("demo", "--out", str(tmp_path / place))
    assert code == 1
    assert err.startswith(f"tinygrad-course: cannot write to {tmp_path / place}: ")
    assert err.endswith("name another folder with --out\n")
    assert (tmp_path / "file").read_text() == "in the way"


def test_picture_that_cannot_be_written(run, tmp_path):
    (tmp_path / "graph.png").mkdir()
    code, _, err = run("demo", "--out", str(tmp_path))
    assert (code, err) == (
        1,
        f"tinygrad-course: cannot save {tmp_path / 'graph.png'}: it is a folder; add a file name\n",
    )


def test_interrupted(run, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "main", interrupt)
    assert run("demo", "--out", str(tmp_path)) == (130, "", "tinygrad-course: interrupted\n")


def test_demo(run, tmp_path):
    """The main job, whole: checked, trained to 96 %, drawn."""
    code, out, err = run("demo", "--out", str(tmp_path / "new" / "folder"))
    assert (code, err) == (0, "")  # no bar where there is no terminal
    written = {path.name: path.read_bytes() for path in (tmp_path / "new" / "folder").iterdir()}
    assert set(written) == PICTURES  # nothing temporary is left
    assert all(data.startswith(PNG) and len(data) > 5000 for data in written.values())
    last = out.strip().splitlines()[-4]
    assert float(last.rsplit(" ", 1)[1].rstrip("%")) >= 96


def test_demo_repeats(run, tmp_path):
    texts = [run("demo", "--out", str(tmp_path), "--epochs", "2", "--seed", "3")[1] for _ in range(2)]
    losses = [[line.split()[:3] for line in text.splitlines() if line[:5].strip().isdecimal()] for text in texts]
    assert losses[0] == losses[1]
    assert losses[0]
