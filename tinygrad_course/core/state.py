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


class State(threading.local):
    """Per thread: `recording` (False under ``no_grad``) and the innermost `scope`.

    `everything`: record operations without a derivative too (comparisons, say), so that a formula can name them.
    `outer`: what `recording` was before each ``no_grad`` block that this thread is in.
    """

    recording: bool = True
    everything: bool = False
    scope: Scope | None = None
    anomaly: detect_anomaly | None = None

    def __init__(self) -> None:  # runs once in each thread
        self.outer: list[bool] = []


state = State()


def composite(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function composed of primitives: a picture may show its call as one box.

    A composite called by another composite belongs to the outer call.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        outer = state.scope
        state.scope = Scope(function.__name__, outer)
        try:
            return function(*args, **kwargs)
        finally:
            state.scope = outer

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
        state.outer.append(state.recording)
        state.recording = False
        return self

    def __exit__(self, *_: object) -> None:
        state.recording = state.outer.pop()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with recording(False):
                return function(*args, **kwargs)

        return call


@contextmanager
def recording(on: bool) -> Iterator[None]:
    """Set whether this thread records, for a block."""
    outer = state.recording
    state.recording = on
    try:
        yield
    finally:
        state.recording = outer


@contextmanager
def recording_everything() -> Iterator[None]:
    """Record for a block, operations without a derivative included, and unseen by the scopes and watchers around it."""
    outer = state.recording, state.everything, state.scope, state.anomaly
    state.recording, state.everything, state.scope, state.anomaly = True, True, None, None
    try:
        yield
    finally:
        state.recording, state.everything, state.scope, state.anomaly = outer


def scopes_around(inner: Scope | None) -> list[Scope]:
    """The visible scopes around a node recorded in `inner`, outermost first, `inner` last."""
    found: list[Scope] = []
    while inner is not None:
        if not inner.transparent:
            found.append(inner)
        inner = inner.parent
    return found[::-1]
