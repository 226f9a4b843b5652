"""A submission as seen from outside: its functions are called in a process of their own, with a limit of time."""

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CHILD = Path(__file__).with_name("child.py")
LONGEST_ANSWER = 4 << 20  # bytes
START = 60.0  # seconds in which Python and NumPy must have started; not the submission's time


class Failed(Exception):  # noqa: N818 (a result, not an error of ours)
    """A call gave no numbers; `verdict` says why in a word."""

    def __init__(self, verdict, message):
        super().__init__(message)
        self.verdict = verdict


class Submission:
    """``Submission(path).call("d_cube", a)``: what the student's function returns, or `Failed`."""

    def __init__(self, path, seconds=5.0):
        self.path, self.seconds, self.process = Path(path).resolve(), seconds, None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *exception):
        self.stop()
        self.folder.cleanup()

    def call(self, name, *args):
        """The arrays that the function returns: one, or a tuple of them."""
        if not self.path.is_file():
            raise Failed("missing", "no such file")
        if self.process is None:
            self.start()
        token = secrets.token_hex(8)  # an answer prepared in advance cannot know it
        request = {"id": token, "call": name, "args": [_sent(np.asarray(a)) for a in args]}
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; `line` finds out how
        return self.read(token)

    def read(self, token):
        try:
            reply = json.loads(self.line(self.seconds))
            if reply["id"] != token:
                raise Failed("error", "it answered without having been asked")
            for verdict in ("missing", "error"):
                if verdict in reply:
                    raise Failed(verdict, reply[verdict])
            return _received(reply["result"])
        except (ValueError, KeyError, TypeError) as error:
            self.stop()
            raise Failed("error", "its answer makes no sense") from error

    def line(self, seconds):
        """The next line from the process, within the time it has."""
        deadline, text = time.monotonic() + seconds, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not text.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.stop()
                    raise Failed("hangs", f"no answer within {seconds:g} s")
                piece = os.read(self.process.stdout.fileno(), 1 << 16)
                if not piece or len(text) > LONGEST_ANSWER:
                    code = self.stop()
                    raise Failed("crashed", f"the process ended (exit code {code})")
                text += piece
        return text

    def start(self):
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        environment["OPENBLAS_NUM_THREADS"] = "1"  # each thread would take from the memory that is allowed
        self.process = subprocess.Popen(
            [sys.executable, "-B", CHILD, self.path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self.folder.name, env=environment, start_new_session=True,
        )  # fmt: skip
        self.line(START)

    def stop(self):
        """End the process and all that it started; its exit code."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        try:
            code = process.wait(0.2)
        except subprocess.TimeoutExpired:
            code = None
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        return code


def _sent(array):
    return {"shape": array.shape, "dtype": array.dtype.name, "values": array.ravel().tolist()}


def _received(result):
    if "tuple" in result:
        return tuple(map(_received, result["tuple"]))
    return np.array(result["values"], float).reshape(result["shape"])
