"""One competitor at one workload, in a process of its own: `python -m benchmarks.worker WORKLOAD COMPETITOR`."""

import json
import resource
import statistics
import sys
from importlib import import_module
from importlib.metadata import version
from time import perf_counter

CHECKED = 3  # losses that are compared between competitors before a time counts; they also warm up


def main(workload, competitor):
    module = import_module(f"benchmarks.workloads.{workload}")
    step = module.COMPETITORS[competitor]()
    before = peak_memory()
    losses, laps = [], []
    for _ in range(CHECKED):
        loss, times = timed(step)
        losses.append(loss)
        laps.append(times)
    if module.STEPS:
        laps = [timed(step)[1] for _ in range(module.STEPS)]
    seconds = {name: statistics.median(times[name] for times in laps) for name in laps[0]}
    library = "torch" if "torch" in sys.modules else "numpy"
    print(
        json.dumps(
            {
                "losses": losses,
                "seconds": seconds,
                "megabytes": peak_memory() - before,
                "version": f"{library} {version(library)}",
            }
        )
    )


def timed(step):
    """The loss of one step, and the seconds of each of its laps."""
    times = {}
    start = perf_counter()

    def lap(name):
        nonlocal start
        times[name] = perf_counter() - start
        start = perf_counter()

    return step(lap), times


def peak_memory():
    """The most memory that this process has held, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
