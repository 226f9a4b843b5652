"""Numba backend: products and loops in parts, and the threads that share them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_course as tg

pytest.importorskip("numba")

SIZES = [(20, 4099, 110), (3, 9002, 90), (20, 209, 4001), (5, 131, 13001), (5003, 111, 7), (2, 1027, 2003)]


def compiled(f):
    return tg.jit(f, backend="numba")


def near(found, expected, dtype):
    tolerance = 1e-11 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_products_in_parts_with_something_left_over(m, k, n, dtype):
    rng = np.random.default_rng(m)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype)
    a[-1, -1] = np.nan
    b[0, -2] = np.inf
    plain, turned = compiled(lambda x, y: x @ y), compiled(lambda x, y: x @ y.T)
    with np.errstate(all="ignore"):
        expected = a.astype(float) @ b.T.astype(float)
    for _ in range(3):
        near(plain(tg.Tensor(a), tg.Tensor(np.ascontiguousarray(b.T))).value, expected, dtype)
        near(turned(tg.Tensor(a), tg.Tensor(b)).value, expected, dtype)


@pytest.mark.parametrize("size", [100_003, 300_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_loops_in_parts(size, dtype):
    x = np.random.default_rng(size).standard_normal((size // 8, 8)).astype(dtype)

    def everything(x):
        y = tg.tanh(x) * x
        return y, tg.sum(y), tg.max(y), tg.sum(y, axis=1), tg.sum(y, axis=0)

    step = compiled(everything)
    for _ in range(3):
        found = step(tg.Tensor(x))
        y = np.tanh(x.astype(float)) * x
        for one, expected in zip(found, (y, y.sum(), y.max(), y.sum(axis=1), y.sum(axis=0)), strict=True):
            near(np.asarray(one.value) / np.sqrt(np.size(expected)), expected / np.sqrt(np.size(expected)), dtype)


HEAVY = """
import os, sys, threading, warnings
import numpy as np, tinygrad_course as tg
warnings.simplefilter("ignore", DeprecationWarning)  # Python's word on forks beside threads
X = np.random.default_rng(0).standard_normal((300, 3000))
f = tg.jit(lambda x: tg.sum(tg.exp(x * 0.1) * x), backend="numba")
first = [float(f(tg.Tensor(X)).value) for _ in range(4)][-1]
def again(n=20):
    assert all(float(f(tg.Tensor(X)).value) == first for _ in range(n))
"""


def run(text, **environment):
    done = subprocess.run(
        [sys.executable, "-c", HEAVY + text],
        capture_output=True, text=True, timeout=120, env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_process_ends_while_workers_wait():
    assert run("again(); print('over', first)").startswith("over")


def test_a_thread_of_the_users_computes_as_well():
    text = """
threads = [threading.Thread(target=again) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]; again(); print('over')
"""
    assert run(text) == "over\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_works_alone():
    text = """
child = os.fork()
if child == 0:
    again(); sys.stdout.flush(); os._exit(7)
again()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(text) == "7\n"


def test_results_do_not_depend_on_the_number_of_threads():
    assert run("print(first.hex())", NUMBA_NUM_THREADS="1") == run("print(first.hex())")


def test_a_team_of_one_has_no_thread():
    text = "print(any(t.name == 'tinygrad_course' for t in threading.enumerate()))"
    assert run(text, NUMBA_NUM_THREADS="1") == "False\n"
    assert run(text, NUMBA_NUM_THREADS="1", OMP_NUM_THREADS="2") == "False\n"


def test_workers_take_parts_beside_the_caller():
    """Two parts that wait for each other: one thread alone would not get past the first."""
    text = """
from numba import njit
from tinygrad_course.emit.numba_backend import team

@njit
def meet(part, job):
    team.put(20 + part, 1)
    turns = 0
    while team.get(21 - part) == 0 and turns < 200_000_000:
        team.breathe()
        turns += 1
    team.put(22 + part, 1 if turns < 200_000_000 else -1)

@njit
def main():
    team.hand_out(team.entry(meet), 2, 0)
    return team.get(22), team.get(23)

print(*main() if team.size() > 1 else (1, 1))
"""
    assert run(text) == "1 1\n"
