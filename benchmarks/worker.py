"""One competitor at one workload, in a process of its own: `python -m benchmarks.worker WORKLOAD COMPETITOR`."""

import json
import statistics
import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from .peers import needed

CHECKED = 3  # losses that are compared between competitors before a time counts; they also warm up


def main(workload, competitor):
    module = needed(competitor)
    if module and find_spec(module) is None:
        print(json.dumps({"missing": module}))
        return
    found = measure(workload, competitor)
    library = module or "numpy"
    print(json.dumps({**found, "version": f"{library} {version(library)}"}))


def measure(workload, competitor):
    """The first losses, the median time of every lap, the time of the first step and the memory it all took.

    "steps": how much more the process held at most during the timed steps than before the first one. "process": the
    most it ever held, with the interpreter, the libraries it imported and what compiling took. Both in MB.
    """
    module = import_module(f"{__package__}.workloads.{workload}")
    step = module.COMPETITORS[competitor]()
    before = memory_now()
    losses, laps = [], []
    for _ in range(CHECKED):
        loss, times = timed(step)
        losses.append(loss)
        laps.append(times)
    first = sum(laps[0].values())
    most = peak_memory()
    if module.STEPS:
        forget_peak()
        laps = [timed(step)[1] for _ in range(module.STEPS)]
    seconds = {name: statistics.median(times[name] for times in laps) for name in laps[0]}
    peak = peak_memory()
    megabytes = {"steps": peak - before, "process": max(most, peak)}
    return {"losses": losses, "seconds": seconds, "first": first, "megabytes": megabytes}


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
    """The most memory that this process has held (on Linux: since the peak was last forgotten), in MB."""
    return status("VmHWM")


def memory_now():
    """The memory that this process holds, in MB; where the system does not say, the most it has held."""
    return status("VmRSS")


def status(field):
    """A line of what Linux tells about this process, in MB."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def forget_peak():
    """Begin a new peak, where the system can: compiling takes memory once, and is not what a step needs."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
