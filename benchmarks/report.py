"""Results as a table and as a plot, and the machine they come from."""

import os
import platform
import statistics
from datetime import date
from importlib.metadata import version
from pathlib import Path
from textwrap import fill

OURS = "ours"


def table(title, rounds):
    """Median time of every lap, how many times as long ours took within the same round, first step and memory.

    Memory twice: what the steps add to that of the process before them, and the peak of the whole process.
    """
    laps = list(rounds[0][OURS]["seconds"])
    rows = [["", *laps, *(f"ours / this, {lap}" for lap in laps), "first step", "memory, steps", "memory, process", ""]]
    for name in rounds[0]:
        times = [median(rounds, name, lambda r, lap=lap: r["seconds"][lap]) for lap in laps]
        ratios = [ratio(rounds, OURS, name, lap) for lap in laps]
        first = readable(median(rounds, name, lambda r: r["first"]))
        memory = [f"{median(rounds, name, lambda r, k=k: r['megabytes'][k]):.0f} MB" for k in ("steps", "process")]
        rows.append(
            [name, *map(readable, times), *(f"{x:.2f}" for x in ratios), first, *memory, rounds[0][name]["version"]]
        )
    rows.insert(1, ["---", *["---:"] * (len(rows[0]) - 2), "---"])
    return "\n".join([f"### {title}", "", *("| " + " | ".join(row) + " |" for row in rows)])


def median(rounds, name, pick):
    return statistics.median(pick(r[name]) for r in rounds)


def ratio(rounds, a, b, lap):
    """How many times as long `a` took as `b`: the median of the rounds' own ratios."""
    return statistics.median(r[a]["seconds"][lap] / r[b]["seconds"][lap] for r in rounds)


def readable(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e6:.1f} µs"


def plot(found, path):
    """Each workload a row, each competitor a mark: time relative to our eager step, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    names = list(dict.fromkeys(n for rounds in found.values() for n in rounds[0] if "same allocator" not in n))
    figure, axes = plt.subplots(figsize=(9, 1.5 + 0.5 * len(found)), layout="constrained")
    for name in names:
        points = [
            (ratio(rounds, name, OURS, lap), row)
            for row, rounds in enumerate(found.values())
            if name in rounds[0]
            for lap in list(rounds[0][OURS]["seconds"])[:1]
        ]
        style = {"s": 90, "zorder": 3} if name.startswith(OURS) else {"s": 36, "alpha": 0.8}
        axes.scatter(*zip(*points, strict=True), label=name, marker="D" if name.startswith(OURS) else "o", **style)
    axes.set_yticks(range(len(found)), [fill(title.rpartition(", float")[0] or title, 44) for title in found])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("time of a step relative to ours, eager (left is faster)")
    figure.legend(loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=130)
    return path


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
