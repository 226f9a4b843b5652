"""One workload a file.

Each has `STEPS` (how many are timed in one process), `RTOL` (how closely the losses must agree) and `COMPETITORS`:
name -> function that prepares everything and returns `step(lap)`. A step does the work, calls `lap("what")` at the end
of every stretch that is to be timed by itself, and returns its loss.
"""

import numpy as np


def also_keeping_memory(competitors, names=("NumPy by hand", "PyTorch")):
    """`competitors`, and those called `names` once more with the allocator hint that our package gives at import.

    The hint (`tinygrad_course/core/allocator.py`) holds for the whole process, so it would help anyone.
    """

    def started(start):
        def again():
            np.empty(31 << 20, np.uint8)
            return start()

        return again

    again = {f"{name}, same allocator": started(competitors[name]) for name in names if name in competitors}
    return {**competitors, **again}


def cross_entropy(np, scores, labels):
    """Softmax cross-entropy in functions that every NumPy-like library has."""
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_p[rows(labels), labels])


def rows(labels):
    return np.arange(len(labels))
