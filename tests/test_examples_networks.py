"""examples/images, sequences and text: every program learns something at a small size; slow: all that it promises."""

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "examples"

# What the program returns: at a small size better than chance, and in full as its docstring says; (least, most).
PROGRAMS = {
    "images/mnist_net": ((0, 60), (0, 3)),  # test error, %
    "images/lenet": ((0, 70), (0, 1.2)),
    "images/digits_cnn": ((50, 100), (98.5, 100)),  # right, %
    "images/hybrid": ((40, 100), (97, 100)),
    "sequences/sort": ((0.05, 100), (99.9, 100)),  # exactly sorted, %; other processors round otherwise: a slip or two
    "text/characters": ((1, 3.6), (1, 1.9)),  # nats; chance: 4
}
NEEDS_DATA = {"images/mnist_net": "mnist", "images/lenet": "mnist", "text/characters": "text"}
SHORTER = {"text/characters": {"epochs": 1}}


def program(name):
    """The module, if what it reads is there."""
    if name in NEEDS_DATA:
        folder = os.environ.get("TINYGRAD_COURSE_DATA")
        if not folder or not (Path(folder) / NEEDS_DATA[name]).is_dir():
            pytest.skip(f"TINYGRAD_COURSE_DATA names no folder with {NEEDS_DATA[name]}")
    elif name.startswith("images"):
        pytest.importorskip("sklearn.datasets", reason="reads data that comes with scikit-learn")
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PROGRAMS)
def test_small(name, capsys):
    least, most = PROGRAMS[name][0]
    assert least <= program(name).main(small=True) <= most
    assert capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_full(name):
    least, most = PROGRAMS[name][1]
    assert least <= program(name).main(**SHORTER.get(name, {})) <= most


def test_every_program_is_run_by_a_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_examples*.py"))
    programs = [path for folder in ("images", "sequences", "text") for path in (ROOT / folder).glob("*.py")]
    assert [path.name for path in programs if f"/{path.stem}" not in tests] == []
