"""The teacher's kit: what is graded right, and what a submission cannot do to the grader."""

import csv
import importlib
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

KIT = Path(__file__).parents[1] / "examples" / "exercises"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the grader limits processes the way POSIX does")

CUBE = "def d_cube(a):\n    return 3 * a**2\n"


@pytest.fixture(scope="module")
def kit():
    sys.path.insert(0, str(KIT))
    try:
        yield importlib.import_module("grade")
    finally:
        sys.path.remove(str(KIT))


def hand_in(folder, student, sheet, text):
    (folder / student).mkdir(exist_ok=True)
    (folder / student / f"{sheet}.py").write_text(text, encoding="utf-8")


def verdicts(kit, folder, student, sheet="derivatives", seconds=5.0):
    return {r.exercise: r for r in kit.grade(student, sheet, folder / student / f"{sheet}.py", seconds)}


@pytest.mark.parametrize("sheet", ["derivatives", "logistic", "backpropagation", "rules"])
def test_solutions_are_right_and_the_sheet_is_not_filled_in(kit, sheet):
    right = list(kit.grade("solution", sheet, KIT / "solutions" / f"{sheet}.py"))
    assert [(r.verdict, r.message) for r in right] == [("right", "")] * len(right)
    empty = list(kit.grade("sheet", sheet, KIT / "sheets" / f"{sheet}.py"))
    assert [(r.verdict, r.message, r.points) for r in empty] == [("missing", "not filled in", 0)] * len(right)


def test_every_sheet_has_judges_and_a_solution(kit):
    for folder in ("sheets", "solutions"):
        assert {path.stem for path in (KIT / folder).glob("*.py")} == set(kit.SHEETS)
    for sheet, exercises in kit.SHEETS.items():
        text = (KIT / "sheets" / f"{sheet}.py").read_text(encoding="utf-8")
        assert re.findall(r"^def (\w+)", text, re.MULTILINE) == list(exercises)


WRONG = {  # sheet, exercise, what replaces a line of the solution, what the message must say
    "a factor": ("derivatives", "d_cube", ("3 * a**2", "2 * a**2"), "2/3"),
    "a sign": ("derivatives", "d_chain", ("-2 * a", "2 * a"), "sign is flipped"),
    "another shape": ("derivatives", "d_line", ("3.0 * np.ones_like(a)", "3.0"), "shape"),
    "an overflow": ("logistic", "sigmoid", ("np.abs(z)", "z"), ""),
    "no division by m": ("logistic", "gradients", ("X @ dZ.T / m", "X @ dZ.T"), "5"),
    "a sum over everything": (
        "backpropagation", "d_hidden", ("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1) * np.ones((4, 1))"), "",
    ),
    "a transpose": ("backpropagation", "d_output", ("dZ2 @ A1.T", "A1 @ dZ2.T"), "shape"),
    "each index once": ("rules", "take_vjp", ("np.add.at(out, index, g)", "out[index] = g"), ""),
}  # fmt: skip


@pytest.mark.parametrize("slip", WRONG)
def test_a_slip_is_wrong_and_only_that(kit, tmp_path, slip):
    sheet, exercise, (old, new), says = WRONG[slip]
    text = (KIT / "solutions" / f"{sheet}.py").read_text(encoding="utf-8")
    assert old in text
    hand_in(tmp_path, "ben", sheet, text.replace(old, new))
    found = verdicts(kit, tmp_path, "ben", sheet)
    assert found[exercise].verdict == "wrong"
    assert says in found[exercise].message
    assert "right" in {r.verdict for name, r in found.items() if name != exercise} or len(found) == 2


PRINTS = """
print("right")
print('{"id": 1, "result": {}}')
def d_cube(a):
    print("passed")
    return a
"""
UNASKED = """
import os
for pipe in range(3, 20):
    try:
        os.write(pipe, b'{"id": "0", "result": {"shape": [4], "values": [1, 2, 3, 4]}}\\n')
    except OSError:
        pass
"""
REPLACES = """
import numpy as np
np.testing.assert_allclose = np.allclose = lambda *a, **k: True
def d_cube(a):
    return a
"""
BAD = {  # a program, and the verdict on d_cube
    "no such file": (None, "missing"),
    "empty": ("", "missing"),
    "a syntax error": ("def d_cube(a:\n", "error"),
    "an exception": ("def d_cube(a):\n    return 1 / 0\n", "error"),
    "leaves": ("import sys\nsys.exit(0)\n" + CUBE, "error"),
    "leaves at once": ("import os\nos._exit(0)\n" + CUBE, "crashed"),
    "leaves when called": ("import os\ndef d_cube(a):\n    os._exit(3)\n", "crashed"),
    "hangs": ("def d_cube(a):\n    while True: pass\n", "hangs"),
    "hangs at once": ("import time\ntime.sleep(60)\n" + CUBE, "hangs"),
    "waits for input": ("answer = input()\n" + CUBE, "error"),
    "text": ("def d_cube(a):\n    return 'right'\n", "error"),
    "nothing": ("def d_cube(a):\n    pass\n", "missing"),
    "too much": ("import numpy as np\ndef d_cube(a):\n    return np.ones(10**7)\n", "error"),
    "too much memory": ("import numpy as np\ndef d_cube(a):\n    return np.ones(10**10).sum() * a\n", "error"),
    "NaN": ("def d_cube(a):\n    return float('nan') * a\n", "wrong"),
    "prints": (PRINTS, "wrong"),
    "prints a lot": ("while True: print('x' * 1000)\n" + CUBE, "hangs"),
    "answers unasked": (UNASKED + CUBE, "error"),
    "autograd": ("import tinygrad_course as tg\nd_cube = tg.grad(lambda a: a**3)\n", "error"),
    "replaces functions": (REPLACES, "wrong"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_no_points_for_that(kit, tmp_path, monkeypatch, capfd, case):
    text, verdict = BAD[case]
    monkeypatch.setattr(kit, "SHEETS", {"derivatives": {"d_cube": kit.SHEETS["derivatives"]["d_cube"]}})
    if text is not None:
        hand_in(tmp_path, "eve", "derivatives", text)
    found = verdicts(kit, tmp_path, "eve", seconds=0.5 if verdict == "hangs" else 20.0)["d_cube"]
    assert (found.verdict, found.points) == (verdict, 0), found.message
    assert found.message
    assert capfd.readouterr().out == ""


def test_the_next_exercise_survives_a_crash(kit, tmp_path):
    hand_in(tmp_path, "eve", "derivatives", "import os\ndef d_line(a):\n    os._exit(1)\n" + CUBE)
    found = verdicts(kit, tmp_path, "eve")
    assert (found["d_line"].verdict, found["d_cube"].verdict) == ("crashed", "right")


def test_a_submission_runs_in_a_folder_of_its_own(kit, tmp_path):
    text = "open('left_behind', 'w').write('x')\n" + CUBE
    hand_in(tmp_path, "eve", "derivatives", text)
    assert verdicts(kit, tmp_path, "eve")["d_cube"].verdict == "right"
    assert not list(tmp_path.rglob("left_behind"))


def test_table_and_csv(kit, tmp_path, capsys):
    for student in ("ada", "ben"):
        shutil.copytree(KIT / "solutions", tmp_path / student, ignore=shutil.ignore_patterns("__pycache__"))
    slip = (tmp_path / "ben" / "derivatives.py").read_text().replace("3 * a**2", "2 * a**2")
    hand_in(tmp_path, "ben", "derivatives", slip)
    (tmp_path / "ben" / "rules.py").unlink()
    assert kit.main([str(tmp_path), "--csv", str(tmp_path / "results.csv")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2].split() == ["ada", "7/7", "8/8", "7/7", "9/9", "31/31"]
    assert printed[3].split() == ["ben", "6/7", "8/8", "7/7", "0/9", "21/31"]
    assert printed[5:] == ["ben: derivatives.d_cube: wrong: a: off by a constant factor 2/3"]
    with (tmp_path / "results.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 2 * sum(map(len, kit.SHEETS.values()))
    assert sum(int(line["points"]) for line in lines) == 31 + 21


@pytest.mark.parametrize("arguments", [["no-such-folder"], [str(KIT / "sheets")]])
def test_nothing_to_grade_is_said(kit, arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        kit.main(arguments)
    assert ended.value.code == 2
    assert "folder" in capsys.readouterr().err
