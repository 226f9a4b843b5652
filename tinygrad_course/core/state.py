"""What each thread is doing while operations run: recording or not, and inside which named call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

if TYPE_CHECKING:
    from .anomaly import detect_anomaly
    from .node import Node
    from .tracing import Tracer

P = ParamSpec("P")
R = TypeVar("R")


class Scope:
    """A call whose operations belong together in a picture: a composed function, or an `nn` module.

    Scopes form a tree through `parent`; one object stands for one call, so two calls never share a scope.
    `owner` is the module for a module's call, else None. `watch` is told of every node recorded inside. A transparent
    scope only watches: pictures pass over it.
    """

    __slots__ = ("name", "owner", "parent", "transparent", "watch")

    def __init__(
        self, name: str, parent: Scope | None = None, owner: object = None, *, transparent: bool = False
    ) -> None:
        self.name = name
        self.parent = parent
        self.owner = owner
        self.transparent = transparent
        self.watch: Callable[[Node], None] | None = parent.watch if parent is not None else None


class Call(Scope):
    """The call of a module, and what a picture needs to know of it, without keeping arrays alive.

    `given`: the shapes of the positional arguments that are arrays or Tensors, None for others. `results`: where the
    module returned a tuple, the `order` of the nodes in it, in tuples of the same form.
    """

    __slots__ = ("given", "results")

    def __init__(self, name: str, parent: Scope | None, owner: object, given: list[tuple[int, ...] | None]) -> None:
        self.name = name  # not by super().__init__: every call of every module comes here
        self.parent = parent
        self.owner = owner
        self.transparent = False
        self.watch = parent.watch if parent is not None else None
        self.given = given
        self.results: tuple[Any, ...] = ()


class Context:
    """What one thread is doing. `recording`: False under ``no_grad``; `scope`: the innermost one.

    `everything`: record operations without a derivative too (comparisons, say), so that a formula can name them.
    `outer`: what `recording` was before each ``no_grad`` block that this thread is in.
    `tracer`: what follows a function that is being traced (see `tracing`); `draws`: where its random numbers come from.
    """

    __slots__ = ("anomaly", "draws", "everything", "outer", "recording", "scope", "tracer")

    def __init__(self) -> None:
        self.recording = True
        self.everything = False
        self.scope: Scope | None = None
        self.anomaly: detect_anomaly | None = None
        self.outer: list[bool] = []
        self.tracer: Tracer | None = None
        self.draws: Callable[..., Any] | None = None


class State(threading.local):
    """The context of the calling thread: ``state.here``. Finding the thread costs more than reading the context."""

    def __init__(self) -> None:  # runs once in each thread
        self.here = Context()


state = State()


def composite(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function composed of primitives: a picture may show its call as one box.

    A composite called by another composite belongs to the outer call.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        here = state.here
        outer = here.scope
        here.scope = Scope(function.__name__, outer)
        try:
            return function(*args, **kwargs)
        finally:
            here.scope = outer

    return call


class no_grad:
    """Run without recording: as a context, ``with tg.no_grad():``, or as a decorator, ``@tg.no_grad``.

    It holds for the calling thread only, and may be nested.

    >>> import tinygrad_course as tg
    >>> w = tg.Tensor(2.0, requires_grad=True)
    >>> with tg.no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """

    @overload
    def __new__(cls) -> no_grad: ...
    @overload
    def __new__(cls, function: Callable[P, R]) -> Callable[P, R]: ...  # type: ignore[misc]
    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        made = super().__new__(cls)
        return made if function is None else made(function)

    def __enter__(self) -> no_grad:
        here = state.here
        here.outer.append(here.recording)
        here.recording = False
        return self

    def __exit__(self, *_: object) -> None:
        state.here.recording = state.here.outer.pop()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with recording(False):
                return function(*args, **kwargs)

        return call


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Set whether this thread records, for a block."""
    here = state.here
    outer = here.recording
    here.recording = on
    try:
        yield
    finally:
        here.recording = outer


@contextmanager
def recording_everything() -> Iterator[None]:
    """Record for a block, operations without a derivative included, and unseen by the scopes and watchers around it."""
    here = state.here
    outer = here.recording, here.everything, here.scope, here.anomaly, here.tracer
    here.recording, here.everything, here.scope, here.anomaly, here.tracer = True, True, None, None, None
    try:
        yield
    finally:
        here.recording, here.everything, here.scope, here.anomaly, here.tracer = outer


def scopes_around(inner: Scope | None) -> list[Scope]:
    """The visible scopes around a node recorded in `inner`, outermost first, `inner` last."""
    found: list[Scope] = []
    while inner is not None:
        if not inner.transparent:
            found.append(inner)
        inner = inner.parent
    return found[::-1]
