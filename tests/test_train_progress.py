"""What is seen while `fit` runs: in a pipe, on a terminal, in a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course.train import LambdaCallback, fit

PROGRAM = """
import numpy as np, tinygrad_course as tg
w = tg.Tensor(np.zeros(2), requires_grad=True)
X = np.eye(2)[np.arange(60) % 2]
tg.train.fit(lambda x: x @ w, tg.mse_loss, tg.optim.SGD([w], lr=0.1), (X, X @ [1.0, 2.0]), (X, X @ [1.0, 2.0]),
             epochs=4, batch_size=2, generator=0, scheduler=None)
"""


def run_in_terminal(program):
    """What appears on a terminal, as raw text: stdout and stderr."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    here, there = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(Path(tg.__file__).parents[1]), "COLUMNS": "100", "LINES": "40"}
    environment["TQDM_MININTERVAL"] = "0"  # the training is over before the bar would move
    with subprocess.Popen([sys.executable, "-c", program], stdout=there, stderr=there, env=environment) as process:
        os.close(there)
        seen = b""
        try:
            while piece := os.read(here, 65536):
                seen += piece
        except OSError:  # Linux: the other side is closed
            pass
    os.close(here)
    assert process.returncode == 0, seen.decode()
    return seen.decode()


def screen(text):
    """The lines that stay: after a carriage return, what comes writes over what was there."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return [line for line in lines if line]


def test_on_a_terminal_a_bar_lives_and_the_table_stays():
    raw = run_in_terminal(PROGRAM)
    assert re.search(r"\repoch 4/4: .*\d+/120 \[.* batches/s, loss [\d.e-]+\]", raw)
    lines = screen(raw)
    assert lines[0] == "epoch  train loss  valid loss      time"
    assert [line.split()[0] for line in lines[2:6]] == ["1", "2", "3", "4"]
    assert lines[7].startswith("best valid loss")
    assert len(lines) == 8  # nothing is left of the bar


def small(epochs, batches, capsys, **options):
    w = tg.Tensor(np.zeros(1), requires_grad=True)
    data = [(np.ones((2, 1)), np.ones(2))] * batches
    fit(lambda x: x @ w, tg.mse_loss, tg.optim.SGD([w], lr=0.01), data, epochs=epochs, **options)
    return capsys.readouterr()


@pytest.mark.parametrize(("epochs", "batches"), [(1, 100), (2, 50), (3, 40), (4, 10), (7, 100), (19, 3)])
def test_in_a_pipe_a_line_about_every_5_percent(epochs, batches, capsys):
    out, err = small(epochs, batches, capsys)
    assert "\r" not in out + err
    rows = [int(line.split()[0]) for line in out.splitlines()[2 : 2 + epochs]]
    assert rows == list(range(1, epochs + 1))
    done = [int(line.split("%")[0]) for line in err.splitlines()]
    assert done == sorted(set(done))
    assert all(re.fullmatch(r" *\d+ %  epoch \d+/\d+, batch \d+/\d+: loss [\d.e-]+", line) for line in err.splitlines())
    marks = sorted({*done, *(100 * row // epochs for row in rows)})
    assert max(np.diff([0, *marks])) <= 11  # per cent
    assert len(done) <= 20


@pytest.mark.parametrize(("epochs", "rows"), [(20, 20), (25, 25), (100, 21), (1000, 21), (1013, 21)])
def test_a_long_training_has_about_20_rows(epochs, rows, capsys):
    out, err = small(epochs, 1, capsys)
    lines = out.splitlines()[2:-2]
    assert err == ""
    assert abs(len(lines) - rows) <= 1
    assert lines[0].split()[0] == "1"
    assert lines[-1].split()[0] == str(epochs)


def test_rows_as_wished_and_the_last_one(capsys):
    stop = LambdaCallback(batch_begin=lambda run: run.stop("enough") if run.epoch == 9 else None)
    out, _ = small(50, 1, capsys, table_every=3, callbacks=[stop])
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[2:-3]] == ["1", "3", "6", "8"]
    assert lines[-2] == "enough"


def test_silence(capsys):
    assert small(3, 3, capsys, progress=False) == ("", "")


def test_no_rows_no_table(capsys):
    def give_up(run):
        raise KeyboardInterrupt

    out, _ = small(3, 3, capsys, callbacks=[LambdaCallback(batch_begin=give_up)])
    assert out == "interrupted in epoch 1, batch 1: the model keeps what it learnt\n"


def test_a_notebook_has_a_bar(capsys, monkeypatch):
    shell = type("ZMQInteractiveShell", (), {})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=shell))
    out, err = small(2, 3, capsys)
    assert "epoch 2/2:" in out
    assert "best train loss" in out
    assert err == ""


def test_loaders_without_a_length(capsys):
    class Endless:
        def __iter__(self):
            return iter([(np.ones((2, 1)), np.ones(2))] * 3)

    w = tg.Tensor(np.zeros(1), requires_grad=True)
    history = fit(lambda x: x @ w, tg.mse_loss, tg.optim.SGD([w], lr=0.01), Endless(), epochs=2)
    assert len(history) == 2
    assert capsys.readouterr().err == ""
