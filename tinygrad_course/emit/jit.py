"""`jit`: a function, traced and compiled on its first calls, and run as a compiled program from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import numpy as np

from ..core.errors import TraceError
from ..core.state import state
from .backend import Compiled
from .numpy_backend import compile as compile_numpy
from .replay import Replay, plan_of
from .simplify import simplified
from .trace.arguments import Arguments
from .trace.compare import difference
from .trace.run import Trace, trace
from .trace.tracer import NotReady

MOST = 64  # programs kept for one function


class Jitted:
    """A function that `jit` compiled; it is called as the function is."""

    def __init__(self, function: Callable[..., Any], backend: str) -> None:
        update_wrapper(self, function)
        self.function = function
        self.backend = backend
        self.name = getattr(function, "__name__", type(function).__name__)
        self._kept: dict[Any, list[_Version]] = {}
        self._refused: dict[Any, str] = {}
        self._lock = threading.RLock()
        self._latest: Compiled | None = None
        self.runs = {"compiled": 0, "traced": 0, "plain": 0}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        here = state.here
        if here.tracer is not None or here.anomaly is not None:  # inside another traced function; to look for a fault
            return self.function(*args, **kwargs)
        with self._lock:
            return self._call(Arguments(args, kwargs), here.recording)

    def _call(self, arguments: Arguments, recording: bool) -> Any:
        arguments.check(self.name)
        key = arguments.key, recording
        if key in self._refused:
            raise TraceError(self._refused[key])
        versions = self._kept.setdefault(key, [])
        for version in versions:
            if version.replay.fits():
                if not version.confirmed:
                    self._confirm(version, arguments, key)
                return self._run(version, arguments)
        made = self._trace(arguments, {})
        if made is None:
            return self._eagerly(arguments)
        if not made.program.steps and not made.writes and not made.bindings and not made.deferred:
            raise TraceError(
                f"jit: there is nothing to compile in {self.name}: it computes nothing from its arguments, nor from "
                "any Tensor around it"
            )
        version = _Version(made, self._compiled(made))
        versions.append(version)
        return self._run(version, arguments)

    def _trace(self, arguments: Arguments, persistent: dict[int, Any]) -> Trace | None:
        self.runs["traced"] += 1
        try:
            made = trace(self.function, self.name, arguments, persistent)
        except NotReady:
            return None
        return None if made.guarded else made

    def _confirm(self, version: _Version, arguments: Arguments, key: Any) -> None:
        """Trace once more, with other data: what differs then is no constant."""
        persistent = {id(x): x for x in version.trace.loose if isinstance(x, np.ndarray)}
        made = self._trace(arguments, persistent)
        if made is None:
            return
        found = difference(version.trace.program, made.program)
        if found is not None:
            self._refused[key] = (
                f"jit: {self.name} computed something else in its second call, with arguments of the same shapes: "
                f"{found}. What changes from call to call must be an argument, or a Tensor"
            )
            raise TraceError(self._refused[key])
        version.take(made, self._compiled(made))
        version.confirmed = True

    def _compiled(self, made: Trace) -> Compiled:
        plan, _ = plan_of(made, self.name)
        self._latest = compile_numpy(simplified(made.program), plan)
        return self._latest

    def _run(self, version: _Version, arguments: Arguments) -> Any:
        replay = version.replay
        found = replay.gather(arguments.leaves)
        if found is None:
            self._kept.clear()
            return self._eagerly(arguments)
        inputs, drawn = found
        results = replay.compiled.run(inputs) if replay.writable(arguments.leaves, inputs) else None
        if results is None:
            return self._eagerly(arguments, drawn)
        self.runs["compiled"] += 1
        return replay.finish(arguments.leaves, results)

    def _eagerly(self, arguments: Arguments, drawn: list[Any] | None = None) -> Any:
        """The function as it is; with the random numbers that were drawn for a run that failed."""
        args, kwargs = arguments.tree
        self.runs["plain"] += 1
        here = state.here
        outer = here.draws
        if drawn:
            left = iter(drawn)
            here.draws = lambda *_: next(left)
        try:
            return self.function(*args, **kwargs)
        finally:
            here.draws = outer

    @property
    def source(self) -> str:
        """The code that ran last."""
        if self._latest is None:
            raise TraceError(f"jit: {self.name} has not been called yet, so there is no source")
        return self._latest.source


class _Version:
    """A program of the function, for arguments of certain shapes and a certain state of what it finds around it."""

    def __init__(self, trace: Trace, compiled: Compiled) -> None:
        self.confirmed = False
        self.take(trace, compiled)

    def take(self, trace: Trace, compiled: Compiled) -> None:
        self.trace = trace
        self.replay = Replay(trace, compiled)


def jit(function: Callable[..., Any] | None = None, *, backend: str = "auto") -> Any:
    """Compile `function`."""
    if function is None:
        return lambda f: jit(f, backend=backend)
    return Jitted(function, backend)
