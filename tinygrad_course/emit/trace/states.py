"""The state of optimisers while a function is traced: what user code would read there belongs to the step before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from sys import _getframe
from typing import Any

from ...core.errors import TraceError
from ...core.position import internal, place
from ...core.state import state


class _Guarded(dict[Any, Any]):
    """A dict that the package may read, and user code may not."""


def _asking(name: str) -> Callable[..., Any]:
    read = getattr(dict, name)

    def method(self: _Guarded, *args: Any) -> Any:
        code = _getframe(1).f_code
        if not internal[code.co_filename] or code.co_name == "state_dict":
            error = TraceError(
                "jit: the function reads the state of an optimizer, which is updated after a compiled run: look at it "
                f"outside{place(_getframe(1))}"
            )
            tracer: Any = state.here.tracer
            tracer.failed = error
            raise error
        return read(self, *args)

    return method


for _name in ("__getitem__", "__iter__", "__len__", "__contains__", "get", "items", "values", "keys"):
    setattr(_Guarded, _name, _asking(_name))


@contextmanager
def guarded(optimizers: Sequence[tuple[str, Any]]) -> Iterator[None]:
    """Refuse reading the state of `optimizers` within a block, but for the package itself."""
    before = [(optimizer, optimizer.state) for _, optimizer in optimizers]
    for optimizer, held in before:
        optimizer.state = _Guarded(held)
    try:
        yield
    finally:
        for optimizer, held in before:
            held.update(dict.items(optimizer.state))
            optimizer.state = held
