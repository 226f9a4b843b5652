"""Run workloads by competitors and compare them.

Every competitor runs in a process of its own, since thread pools disturb each other, and in a new one in every round.
They take turns within a round, so that a slow minute of the machine hits all of them; a ratio is the median of the
rounds' own ratios. No time counts unless all competitors agree on the first losses.
"""

import json
import math
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from .report import machine, plot, table

WORKLOADS = [
    "scalar", "tiny_net_1", "tiny_net_400", "cat_net", "digits_net", "wide_net", "lenet", "lstm", "transformer",
    "elementwise", "short_chain", "hessian", "scalar_chain",
]  # fmt: skip
OURS = "ours"
PATIENCE = 600  # seconds for one process


class BenchmarkError(Exception):
    """Why nothing could be measured."""


def compare(workloads, *, rounds, only="", plot_to=None):
    """Print a table for each of the `workloads`, and write a plot of them all to `plot_to` if that is given.

    `only`: competitors whose name has one of these texts, set apart by commas, in it, besides ours.
    """
    print(machine(), flush=True)
    found = {}
    for workload in workloads:
        module = import_module(f"{__package__}.workloads.{workload}")
        texts = [text.strip().lower() for text in only.split(",")]
        names = [n for n in module.COMPETITORS if n == OURS or any(text in n.lower() for text in texts)]
        results, left_out = measure(workload, names, module.RTOL, rounds)
        found[module.__doc__] = results
        print("\n" + table(module.__doc__, results), flush=True)
        for name, why in left_out.items():
            print(f"\nleft out: {name}: {why}", flush=True)
    if plot_to:
        print(f"\nwrote {plot(found, plot_to)}")


def measure(workload, names, rtol, count):
    """What each competitor's processes said, round by round, and the competitors that had to be left out."""
    rounds, left_out = [], {}
    for _ in range(count):
        results = {}
        for name in names:
            if name in left_out:
                continue
            result, why = ask(workload, name)
            if result is None and name == OURS:
                raise BenchmarkError(f"{workload}: {why}")
            if result is None:
                left_out[name] = why
            else:
                results[name] = result
        expected = results[OURS]["losses"]
        for name, result in list(results.items()):
            if not all(math.isclose(a, b, rel_tol=rtol) for a, b in zip(expected, result["losses"], strict=True)):
                left_out[name] = f"disagrees: losses {result['losses']}, ours {expected}"
        rounds.append(results)
    return [{n: r for n, r in results.items() if n not in left_out} for results in rounds], left_out


def ask(workload, competitor):
    """What one worker process says; or None, and why it says nothing."""
    # Where these name an older processor, NumPy's matrix product runs at half its speed.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [sys.executable, "-m", f"{__package__}.worker", workload, competitor]
    root = Path(__file__).parents[__package__.count(".") + 1]
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"took longer than {PATIENCE} s"
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        return None, f"failed: {last[0][:200]}"
    result = json.loads(done.stdout.splitlines()[-1])
    return (None, f"{result['missing']} is not installed") if "missing" in result else (result, "")
