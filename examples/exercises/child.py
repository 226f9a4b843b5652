"""The process in which a submission runs: it computes what it is asked for, and says nothing else.

Requests come on stdin, a line of JSON each: {"id", "call", "args"}. The answers go to the pipe that stdout was when
the process began; stdout and stderr are nowhere after that, so that what a submission prints is not taken for an
answer. Nobody judges here: numbers go back, and whether they are right is found out by the process that asked.
"""

import importlib.util
import json
import os
import sys
import traceback

import numpy as np

FORBIDDEN = ("tinygrad_course", "torch", "jax", "autograd", "tensorflow")  # the derivatives are the exercise
MEMORY = 2 << 30
LONGEST = 20_000  # elements of an answer


class Refused:
    """Stands in the way of imports that would do the exercise."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"{name} is not allowed in an exercise")


def limit():
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def plain(result):
    """What a function returned, as lists of numbers."""
    if isinstance(result, tuple | list):
        return {"tuple": [plain(item) for item in result]}
    array = np.asarray(result)
    if array.dtype.kind not in "bif" or array.size > LONGEST:
        raise TypeError(
            f"it returned {type(result).__name__} {array.dtype} {array.shape}; an array of numbers is wanted"
        )
    return {"shape": array.shape, "values": array.astype(float).ravel().tolist()}


def answer(module, request):
    function = getattr(module, request["call"], None)
    if function is None:
        return {"missing": f"there is no function {request['call']}"}
    args = [np.array(a["values"], a["dtype"]).reshape(a["shape"]) for a in request["args"]]
    try:
        result = function(*args)
    except NotImplementedError:
        return {"missing": "not filled in"}
    return {"missing": "it returned nothing"} if result is None else {"result": plain(result)}


def told(error):
    """The last line of a traceback and where it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" (line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}"[:300] + where


def main(path):
    questions = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    print("ready", file=answers, flush=True)
    limit()
    sys.meta_path.insert(0, Refused())
    module, broken = None, None
    for line in questions:
        request = json.loads(line)
        try:
            if module is None and broken is None:  # not before somebody waits for an answer
                module, broken = loaded(path)
            reply = {"error": broken} if broken else answer(module, request)
        except BaseException as error:
            reply = {"error": told(error)}
        print(json.dumps({"id": request["id"], **reply}), file=answers, flush=True)


def loaded(path):
    """The submission as a module, or why it is none."""
    try:
        spec = importlib.util.spec_from_file_location("submission", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except BaseException as error:  # SystemExit too
        return None, told(error)
    return module, None


if __name__ == "__main__":
    main(sys.argv[1])
