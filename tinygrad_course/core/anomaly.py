"""`detect_anomaly`: find the first operation, and the user's line, that made a NaN or inf, or saw its data change."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from .errors import AnomalyError, MutationError
from .node import Node
from .state import Scope, state


class detect_anomaly:
    """A context in which every recorded value and every derivative is checked as it is computed.

    Inside it, an operation that turns finite inputs into NaN or infinity raises `AnomalyError`, which names the
    operation, the operand and the line; so does the rule of an operation in the backward pass. Recorded arrays are
    fingerprinted, so that a write into single items (``w.data[0] = 1.0``) between forward and backward raises
    `MutationError`. Everything runs noticeably slower: meant for finding a fault.

    Parameters
    ----------
    inf
        Whether infinities count as anomalies too, or only NaN. Masks made of -inf are often meant.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> x = tg.Tensor([1.0, 0.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"), tg.detect_anomaly():
    ...     y = tg.log(x)
    Traceback (most recent call last):
        ...
    tinygrad_course.core.errors.AnomalyError: log made -inf at [1] from finite operands...
    """

    def __init__(self, *, inf: bool = True) -> None:
        self.inf = inf
        self._prints: dict[int, list[int]] = {}  # by a node's order: nodes compare elementwise, so they are no keys
        self._outer: list[tuple[Scope | None, detect_anomaly | None]] = []

    def __enter__(self) -> detect_anomaly:
        self._outer.append((state.here.scope, state.here.anomaly))
        watched = Scope("detect_anomaly", state.here.scope, transparent=True)
        watched.watch = self._forward
        state.here.scope, state.here.anomaly = watched, self
        return self

    def __exit__(self, *_: object) -> None:
        state.here.scope, state.here.anomaly = self._outer.pop()

    def _bad(self, value: Any) -> Any:
        """Where `value` is anomalous; None if nowhere."""
        if isinstance(value, tuple):
            return next((b for b in map(self._bad, value) if b is not None), None)
        value = np.asarray(value)
        if value.dtype.kind != "f":
            return None
        where = ~np.isfinite(value) if self.inf else np.isnan(value)
        return where if where.any() else None

    def _forward(self, node: Node) -> None:
        self._prints[node.order] = _fingerprints(node)
        where = self._bad(node.value)
        if where is None:
            return
        operands = [x.value if isinstance(x, Node) else x for x in node.inputs]
        name = node.op.name  # type: ignore[union-attr]
        for i, x in enumerate(operands):
            bad = self._bad(x)
            if bad is not None:
                raise AnomalyError(f"operand {i} of {name} already held {_sample(x, bad)} before {node.where}")
        detail = ""
        if operands and np.shape(operands[0]) == where.shape:
            detail = f", the first of which holds {np.asarray(operands[0])[where].flat[0]} there"
        raise AnomalyError(f"{name} made {_sample(node.value, where)} from finite operands{detail} ({node.where})")

    def check_unchanged(self, nodes: list[Node]) -> None:
        """Refuse to differentiate through a node one of whose recorded arrays was written to since."""
        for node in nodes:
            known = self._prints.get(node.order)
            if known is not None and known != (now := _fingerprints(node)):
                i = next(i for i, (a, b) in enumerate(zip(known, now, strict=True)) if a != b)
                what = "its result" if i == len(node.inputs) else f"operand {i}"
                raise MutationError(
                    f"{what} of {node.op.name} was written to after it was recorded ({node.where}); "  # type: ignore[union-attr]
                    "call backward() first, or work on a copy"
                )

    def check_cotangent(self, node: Node, operand: Node, before: Any, after: Any) -> None:
        """Raise if the rule of `node` turned a sound cotangent into an anomalous one for `operand`."""
        a = after.value if isinstance(after, Node) else after
        g = before.value if isinstance(before, Node) else before
        where = None if isinstance(a, tuple) else self._bad(a)
        if where is None:
            return
        name = node.op.name  # type: ignore[union-attr]
        if self._bad(g) is not None:
            raise AnomalyError(f"the derivative that reached {name} already held NaN or inf ({node.where})")
        index = next(i for i, x in enumerate(node.inputs) if x is operand)
        raise AnomalyError(
            f"backward: the derivative of {name} with respect to operand {index} is {_sample(a, where)} ({node.where})"
        )


def _sample(value: Any, where: Any) -> str:
    index = np.argwhere(where)[0]
    text = str(np.asarray(value)[tuple(index)])
    return f"{text} at [{', '.join(map(str, index))}]" if index.size else text


def _fingerprints(node: Node) -> list[int]:
    """One checksum for each operand's array, and for the result's."""
    values = [x.value if isinstance(x, Node) else x for x in node.inputs]
    return [zlib.crc32(np.ascontiguousarray(v).data) if isinstance(v, np.ndarray) else 0 for v in (*values, node.value)]
