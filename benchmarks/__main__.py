"""Run the benchmarks: `python -m benchmarks --help`.

Every competitor runs in a process of its own, since thread pools disturb each other, and in a new one in every round.
They take turns within a round, so that a slow minute of the machine hits all of them; a ratio is the median of the
rounds' own ratios. No time counts unless all competitors agree on the first losses.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from datetime import date
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

WORKLOADS = ["tiny_net_1", "tiny_net_400", "digits_net", "lenet", "lstm", "scalar_chain"]
OURS = "ours"


def main():
    options = arguments()
    print(machine(), flush=True)
    for workload in options.workloads:
        module = import_module(f"benchmarks.workloads.{workload}")
        names = [n for n in module.COMPETITORS if options.torch or not n.startswith("PyTorch")]
        rounds = [{n: measure(workload, n, options) for n in names} for _ in range(options.rounds)]
        for results in rounds:
            agree(results, module.RTOL)
        print("\n" + table(module.__doc__, rounds), flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time tinygrad_course against others.")
    parser.add_argument(
        "workloads", nargs="*", default=WORKLOADS, help=f"any of {', '.join(WORKLOADS)}; all of them if none"
    )
    parser.add_argument("--rounds", type=int, default=5, help="processes per competitor (%(default)s)")
    parser.add_argument(
        "--torch", metavar="PYTHON", help="an interpreter that has numpy and torch; without it, no PyTorch"
    )
    options = parser.parse_args()
    if unknown := set(options.workloads) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return options


def measure(workload, competitor, options):
    """What one worker process says."""
    python = options.torch if competitor.startswith("PyTorch") else sys.executable
    # Where these name an older processor, NumPy's matrix product runs at half its speed.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    command = [python, "-m", "benchmarks.worker", workload, competitor]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def agree(results, rtol):
    """Refuse to compare competitors that do not compute the same thing."""
    expected = results[OURS]["losses"]
    for name, result in results.items():
        if not all(math.isclose(a, b, rel_tol=rtol) for a, b in zip(expected, result["losses"], strict=True)):
            sys.exit(f"{name} disagrees: losses {result['losses']}, ours {expected}")


def table(title, rounds):
    """Median time of every lap, how many times as long ours took within the same round, and the memory it took."""
    laps = list(rounds[0][OURS]["seconds"])
    rows = [["", *laps, *(f"ours / this, {lap}" for lap in laps), "peak memory"]]
    for name in rounds[0]:
        times = [statistics.median(r[name]["seconds"][lap] for r in rounds) for lap in laps]
        ratios = [statistics.median(r[OURS]["seconds"][lap] / r[name]["seconds"][lap] for r in rounds) for lap in laps]
        memory = statistics.median(r[name]["megabytes"] for r in rounds)
        rows.append([name, *map(readable, times), *(f"{x:.2f}" for x in ratios), f"{memory:.0f} MB"])
    rows.insert(1, ["---", *["---:"] * (len(rows[0]) - 1)])
    return "\n".join([f"### {title}", "", *("| " + " | ".join(row) + " |" for row in rows)])


def readable(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e6:.1f} µs"


def machine():
    """What it runs on, in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.system()}, Python {platform.python_version()}, NumPy {version('numpy')}"
    return f"{date.today()}: {model}, {os.cpu_count()} cores{load}; {python}"


if __name__ == "__main__":
    main()
