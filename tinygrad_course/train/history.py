"""`History`: what training came to, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from math import isnan
from typing import TYPE_CHECKING, Any, overload

from ..core.errors import TinygradError
from .table import Record, Table, shown

if TYPE_CHECKING:
    from ..plots import HistoryDisplay

MOST = 24  # rows printed of a long history


class HistoryError(TinygradError, KeyError):
    """A quantity that the history does not have."""

    def __str__(self) -> str:  # KeyError's would show the quotes of a repr
        return str(self.args[0])


class History:
    """The epochs of a training run, in order, each a dict: epoch, losses, metrics, lr and seconds.

    ``history[-1]`` is the last epoch, ``history["valid_loss"]`` the list of one quantity. Losses and metrics are
    ``train_...`` (means over the batches while they were learnt) and ``valid_...`` (after the epoch, in eval mode).

    Attributes
    ----------
    epochs
        The records.
    stopped
        Why training ended early, or None.

    Examples
    --------
    >>> history = tg.train.History([{"epoch": 1, "train_loss": 0.5}, {"epoch": 2, "train_loss": 0.25}])
    >>> history.best
    {'epoch': 2, 'train_loss': 0.25}
    >>> history
    epoch  train loss      time
    ---------------------------
        1      0.5000    0.00 s
        2      0.2500    0.00 s
    ---------------------------
    best train loss 0.2500 in epoch 2
    """

    def __init__(self, epochs: Iterable[Mapping[str, Any]] = (), stopped: str | None = None) -> None:
        self.epochs: list[Record] = [dict(record) for record in epochs]
        self.stopped = stopped

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.epochs)

    @overload
    def __getitem__(self, key: int) -> Record: ...
    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    def __getitem__(self, key: int | str) -> Any:
        if not isinstance(key, str):
            return self.epochs[key]
        if self.epochs and key not in self.names:
            raise HistoryError(f"history has no {key!r}; it has {', '.join(self.names)}")
        return [record.get(key) for record in self.epochs]

    @property
    def names(self) -> list[str]:
        """The quantities there are."""
        return list(dict.fromkeys(name for record in self.epochs for name in record))

    @property
    def monitor(self) -> str:
        """What `best` goes by: the validation loss, or without one the training loss."""
        return "valid_loss" if "valid_loss" in self.names else "train_loss"

    @property
    def best(self) -> Record | None:
        """The epoch with the lowest validation loss (training loss, where nothing was validated); None if empty."""
        return self.best_by(self.monitor)

    def best_by(self, name: str, mode: str | None = None) -> Record | None:
        """The first epoch with the best value of `name`; `mode` "min" or "max", None for "max" if it is an accuracy."""
        sign = sign_of(name, mode)
        values = [(sign * value, i) for i, value in enumerate(self[name]) if value is not None and not isnan(value)]
        return self.epochs[min(values)[1]] if values else None

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON keeps."""
        return {"epochs": [dict(record) for record in self.epochs], "stopped": self.stopped}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> History:
        """What `to_dict` gave, as a History."""
        return cls(data["epochs"], data.get("stopped"))

    def plot(self, *names: str, ax: Any = None) -> HistoryDisplay:
        """Draw the losses and each metric over the epochs, or only `names` ("loss", "accuracy", "lr", ...).

        `ax`: matplotlib axes, one for each name; None for a new figure. Needs matplotlib (extra `demo`).
        """
        from ..plots import HistoryDisplay

        return HistoryDisplay(self.epochs).plot(*names, ax=ax)

    def __repr__(self) -> str:
        if not self.epochs:
            return "History of no epochs" + (f": {self.stopped}" if self.stopped else "")
        table = Table(table_names(self.epochs))
        times = accumulate(record.get("seconds", 0.0) for record in self.epochs)
        rows = [table.row(record, seconds) for record, seconds in zip(self.epochs, times, strict=True)]
        if len(rows) > MOST:
            rows[MOST // 2 : -MOST // 2] = ["...".rjust(5)]
        return "\n".join([table.head, table.rule, *rows, table.rule, *self.summary()])

    def summary(self) -> list[str]:
        """Lines: why training ended early, and the best epoch."""
        name, best = self.monitor, self.best
        lines = [self.stopped] if self.stopped else []
        if best is not None:
            lines.append(f"best {name.replace('_', ' ')} {shown(name, best[name])} in epoch {best['epoch']}")
        return lines


def sign_of(name: str, mode: str | None) -> int:
    """1 if small values of `name` are good, -1 if large ones are."""
    if mode not in (None, "min", "max"):
        raise ValueError(f'mode must be "min", "max" or None, not {mode!r}')
    return -1 if (mode or ("max" if name.endswith("accuracy") else "min")) == "max" else 1


def table_names(epochs: Iterable[Record]) -> list[str]:
    """The columns of a table: the learning rate only where it changes."""
    records = list(epochs)
    names = list(dict.fromkeys(name for record in records for name in record))
    return [name for name in names if name != "lr" or len({record.get("lr") for record in records}) > 1]
