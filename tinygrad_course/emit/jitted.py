"""`jit`: a function, traced and compiled on its first calls, and run as a compiled program from then on."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from functools import partial, update_wrapper
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..core.allocator import give_back
from ..core.errors import TraceError
from ..core.node import Node
from ..core.state import state
from .backend import Compiled, Plan, Unsupported
from .dispatch import MISS, can_dispatch, dispatcher
from .numpy_backend import compile as compile_numpy
from .program import Program
from .replay import Replay, plan_of
from .simplify import simplified
from .trace.arguments import Arguments
from .trace.compare import difference, interchangeable
from .trace.outline import forget_data, forget_steps
from .trace.run import Trace, trace
from .trace.tracer import NotReady

BACKENDS = ("auto", "numpy", "numba")
MANY = 16  # programs for one function, from which on it is told that something changes all the time


class Jitted:
    """A function that `jit` compiled; it is called as the function is.

    Attributes
    ----------
    runs
        How many calls ran compiled, how many traces were made, and how many calls ran as plain Python (the first step
        of an optimiser that makes its state then, and calls whose data need what a compiled run does not do).
    """

    compiles = True

    def __init__(self, function: Callable[..., Any], backend: str) -> None:
        update_wrapper(self, function)
        self.function = function
        self.backend = backend
        self.name = getattr(function, "__name__", type(function).__name__)
        self.runs = {"compiled": 0, "traced": 0, "plain": 0}
        self._kept: dict[Any, list[_Version]] = {}
        self._refused: dict[Any, str] = {}
        self._told = False
        self._lock = threading.RLock()  # a function that calls itself comes back here
        self._latest: Compiled | None = None
        self._short: tuple[Any, bool] | None = None  # the dispatcher of the last call, and `recording` for it

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        here = state.here
        if here.tracer is not None or here.anomaly is not None:  # inside another traced function; to look for a fault
            return self.function(*args, **kwargs)
        with self._lock:
            short = self._short
            if short is not None and short[1] is here.recording:
                result = short[0](args, kwargs)
                if result is not MISS:
                    self.runs["compiled"] += 1
                    return result
            return self._call(args, kwargs, here.recording)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], recording: bool) -> Any:
        arguments = Arguments(args, kwargs)
        arguments.check(self.name)
        key = arguments.key, recording
        if key in self._refused:
            raise TraceError(self._refused[key])
        versions = self._kept.setdefault(key, [])
        version = next((v for v in versions if v.replay.fits()), None)
        if version is None:
            version = self._new_version(arguments, versions)
            return self._eagerly(arguments) if version is None else self._run(version, arguments)
        if not version.confirmed:
            version = self._confirm(version, arguments, key)
        result = self._run(version, arguments)
        if version.confirmed and version.replay.approved and can_dispatch(version.replay, args, kwargs):
            self._short = dispatcher(version.replay, args, self._failed), recording
        return result

    def _new_version(self, arguments: Arguments, versions: list[_Version]) -> _Version | None:
        made = self._trace(arguments, {})
        if made is None:
            return None
        if not (made.program.steps or made.writes or made.bindings or made.deferred or made.grads):
            raise TraceError(
                f"jit: there is nothing to compile in {self.name}: it computes nothing from its arguments, nor from "
                "any Tensor around it"
            )
        versions.append(self._compiled(made))
        if sum(map(len, self._kept.values())) == MANY:
            warnings.warn(
                f"jit: {self.name} was compiled {MANY} times, for as many kinds of arguments and surroundings; numbers "
                "that change from call to call are best passed as arrays (np.asarray(x))",
                stacklevel=4,
            )
        return versions[-1]

    def _trace(self, arguments: Arguments, persistent: dict[int, Any]) -> Trace | None:
        self.runs["traced"] += 1
        try:
            made = trace(self.function, self.name, arguments, persistent)
        except NotReady as reason:
            if reason.args and not self._told:
                self._told = True
                warnings.warn(f"jit: {self.name} runs as plain Python, because it {reason}", stacklevel=5)
            return None
        return None if made.guarded else made

    def _confirm(self, version: _Version, arguments: Arguments, key: Any) -> _Version:
        """Trace once more, with other data: what differs then is no constant."""
        persistent = {id(x): x for x in version.trace.loose if isinstance(x, np.ndarray)}
        made = self._trace(arguments, persistent)
        if made is None:
            return version
        found = difference(version.trace.program, made.program)
        if found is not None:
            self._refused[key] = (
                f"jit: {self.name} computed something else in its second call, with arguments of the same shapes: "
                f"{found}. What changes from call to call must be an argument, or a Tensor"
            )
            raise TraceError(self._refused[key])
        versions = self._kept[key]
        versions[versions.index(version)] = confirmed = self._compiled(made, version)
        confirmed.settle()
        return confirmed

    def _compiled(self, made: Trace, like: _Version | None = None) -> _Version:
        """`made`, compiled, if what `like` was compiled to does not serve; then the traced values are forgotten."""
        plan = plan_of(made, self.name)
        form = [plan.results, plan.writes, plan.checks, *map(_layout, made.program.inputs)]
        if like is not None and like.form == form and interchangeable(like.trace.program, made.program):
            compiled = like.replay.compiled
        else:
            compiled = self._latest = _compile(self.backend, simplified(made.program), plan)
        version = _Version(made, compiled, form)
        forget_data(made.program, made.sources)
        give_back()
        return version

    def _run(self, version: _Version, arguments: Arguments) -> Any:
        replay = version.replay
        found = replay.gather(arguments.leaves)
        if found is None:  # the numbers of an optimiser ask for another program
            self._kept.clear()
            self._short = None
            return self._eagerly(arguments)
        inputs, drawn = found
        results = replay.run(arguments.leaves, inputs)
        if results is None:
            return self._eagerly(arguments, drawn)
        self.runs["compiled"] += 1
        return replay.finish(arguments.leaves, results)

    def _failed(self, args: tuple[Any, ...], kwargs: dict[str, Any], drawn: list[Any]) -> Any:
        self.runs["compiled"] -= 1  # the caller counts it
        return self._eagerly(Arguments(args, kwargs), drawn)

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

    def __repr__(self) -> str:
        runs = ", ".join(f"{n} {how}" for how, n in self.runs.items())
        return f"<jit of {self.name}: {runs}>"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a class attribute it is a method, like a function."""
        return self if instance is None else partial(self, instance)

    @property
    def source(self) -> str:
        """The code that was compiled last. `TraceError` before the first call."""
        if self._latest is None:
            raise TraceError(f"jit: {self.name} has not been compiled yet, so there is no source; call it first")
        return self._latest.source


class _Version:
    """A program of the function, for arguments of certain shapes and a certain state of what it finds around it."""

    def __init__(self, trace: Trace, compiled: Compiled, form: list[Any]) -> None:
        self.confirmed = False
        self.trace, self.form = trace, form
        self.replay = Replay(trace, compiled)

    def settle(self) -> None:
        """Take it for confirmed; no other trace will be compared with its operations any more."""
        self.confirmed = True
        self.trace.program = forget_steps(self.trace.program)
        self.trace.loose.clear()


def _layout(x: Node) -> tuple[Any, ...]:
    """How the example value of an input lies in memory."""
    value = np.asarray(x.value)
    return value.shape, value.dtype, value.strides


def _compile(backend: str, program: Program, plan: Plan) -> Compiled:
    """`program` compiled by the backend of that name; "auto" is numba where it is installed and can."""
    if backend == "numpy" or (backend == "auto" and find_spec("numba") is None):
        return compile_numpy(program, plan)
    from . import numba_backend

    try:
        return numba_backend.compile(program, plan)
    except Unsupported:
        if backend == "numba":
            raise
        return compile_numpy(program, plan)


def jit(function: Callable[..., Any] | None = None, *, backend: str = "auto") -> Any:
    """Compile a function, or a whole training step: traced once, then run as a program without Python's part.

    The function is run twice on stand-ins for its data, on its first two calls with arguments of given shapes and
    dtypes; all that it computes with Tensors, arrays and optimisers, forward and backward, becomes one program. That
    program then runs in its place, on new data, with the same results: parameters, gradients, the state of optimisers,
    running statistics and random generators end up as the plain function would leave them, so that plain and compiled
    steps can be mixed.

    What a program cannot follow is an error that names the line (a decision in Python on a Tensor's value, ``item()``,
    a change of a global), or leads to another trace (a new shape, dtype, number, flag, mode or object).

    Parameters
    ----------
    function
        Of arrays, Tensors, numbers, objects, and nested tuples, lists and dicts of them; it returns Tensors, arrays,
        numbers, or such nests of them. Arrays and Tensors are data; all else is built into the program.
    backend
        "numpy" needs nothing else; "numba" fuses loops and needs the extra ``fast``; "auto" is numba where it is
        installed and knows all operations, else NumPy.

    Returns
    -------
    callable
        With the arguments of `function`, and with ``source``, the code that was compiled, and ``runs``.

    Raises
    ------
    TraceError
        When called, for what cannot be traced.
    ImportError
        For ``backend="numba"`` without numba.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> w = tg.Tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.1)
    >>> @tg.jit(backend="numpy")
    ... def step(x, y):
    ...     optimizer.zero_grad()
    ...     loss = ((x @ w - y) ** 2).mean()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> x, y = np.eye(2), np.array([3.0, 3.0])
    >>> [round(float(step(x, y)), 3) for _ in range(3)]
    [2.5, 2.025, 1.64]
    >>> print(w.data.round(3), step.runs)
    [1.542 2.271] {'compiled': 3, 'traced': 2, 'plain': 0}
    """
    if backend not in BACKENDS:
        raise ValueError(f'jit: backend must be "auto", "numpy" or "numba", not {backend!r}')
    if backend == "numba" and find_spec("numba") is None:
        raise ImportError('jit(backend="numba") needs numba: install tinygrad-course[fast], or use backend="numpy"')
    if function is None:
        return partial(jit, backend=backend)
    if not callable(function):
        raise TypeError(f"jit: give a function, not a {type(function).__name__}")
    return Jitted(function, backend)
