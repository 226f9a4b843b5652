"""One workload a file.

Each has `STEPS` (how many are timed in one process), `RTOL` (how closely the losses must agree) and `COMPETITORS`:
name -> function that prepares everything and returns `step(lap)`. A step does the work, calls `lap("what")` at the end
of every stretch that is to be timed by itself, and returns its loss.
"""

import numpy as np


def also_keeping_memory(competitors):
    """`competitors`, and those that are not ours once more with the allocator hint that our package gives at import.

    The hint (`tinygrad_course/core/allocator.py`) holds for the whole process, so it would help anyone.
    """

    def started(start):
        def again():
            np.empty(31 << 20, np.uint8)
            return start()

        return again

    others = {name: start for name, start in competitors.items() if not name.startswith("ours")}
    return {**competitors, **{f"{name}, same allocator": started(start) for name, start in others.items()}}
