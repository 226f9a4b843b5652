"""Ctrl-C, held back while a step is made, so that no model is left with half of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupts:
    """A context in which Ctrl-C is noted during `hold` and raised at its end.

    A second Ctrl-C breaks into a `hold`, for who cannot wait, but never into a `hold(strict=True)`. Signals go to the
    main thread only; in others, and where the program ignores Ctrl-C, this does nothing.
    """

    def __init__(self) -> None:
        self._depth = self._strict = 0
        self._noted: tuple[int, Any] | None = None
        self._handler: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.getsignal(signal.SIGINT)
            if callable(self._handler):
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if callable(self._handler):
            signal.signal(signal.SIGINT, self._handler)

    def _note(self, number: int, frame: Any) -> None:
        if self._depth and (self._strict or self._noted is None):
            self._noted = number, frame
        else:
            self._noted = None
            self._handler(number, frame)

    @contextmanager
    def hold(self, *, strict: bool = False) -> Iterator[None]:
        """For a block, let Ctrl-C wait."""
        self._depth += 1
        self._strict += strict
        try:
            yield
        finally:
            self._depth -= 1
            self._strict -= strict
        if self._noted is not None and not self._depth:
            noted, self._noted = self._noted, None
            self._handler(*noted)
