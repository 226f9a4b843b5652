"""Callbacks: what happens besides learning. Early stopping, checkpoints, and functions of one's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import DTypeError
from .history import sign_of
from .table import Record

if TYPE_CHECKING:
    from .run import Run


class Callback:
    """Methods that `fit` calls with the `Run`; subclasses write those that they need.

    The order is::

        fit_begin
            epoch_begin
                batch_begin, batch_end            for every batch
            epoch_end                             the epoch's record is run.history[-1], the schedule has moved on
            epoch_saved                           every callback's epoch_end is over: time to write files
        fit_end                                   also after Ctrl-C

    Each is called on the callbacks in the order in which `fit` was given them. ``run.stop("reason")`` ends training.
    A callback that remembers something gives it in `state_dict`, so that training can be resumed.

    >>> class Tell(tg.train.Callback):
    ...     def epoch_end(self, run):
    ...         print(run.epoch, run.history[-1]["train_loss"])
    """

    def fit_begin(self, run: Run) -> None:
        """Before the first epoch; when resuming, with everything restored."""

    def epoch_begin(self, run: Run) -> None:
        """``run.epoch`` begins, counted from 1."""

    def batch_begin(self, run: Run) -> None:
        """Before the batch ``run.batch`` of the epoch, counted from 1, is learnt."""

    def batch_end(self, run: Run) -> None:
        """The step was made; ``run.batch_loss`` is the loss before it, and the parameters have their gradients."""

    def epoch_end(self, run: Run) -> None:
        """The epoch was learnt and validated."""

    def epoch_saved(self, run: Run) -> None:
        """Nothing will change before the next epoch."""

    def fit_end(self, run: Run) -> None:
        """Training is over."""

    def state_dict(self) -> dict[str, Any]:
        """What must be known to go on: a dict of arrays, numbers, strings, lists and dicts."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


HOOKS = ("fit_begin", "epoch_begin", "batch_begin", "batch_end", "epoch_end", "epoch_saved", "fit_end")


class LambdaCallback(Callback):
    """Functions of the `Run` as a callback.

    >>> seen = []
    >>> callback = tg.train.LambdaCallback(epoch_end=lambda run: seen.append(run.history[-1]["train_loss"]))
    """

    def __init__(self, **hooks: Callable[[Run], object]) -> None:
        for name, function in hooks.items():
            if name not in HOOKS or not callable(function):
                raise DTypeError(f"LambdaCallback: {name} must be one of {', '.join(HOOKS)}, and a function of the run")
            setattr(self, name, function)


class Best:
    """The best value so far of one quantity in the records."""

    def __init__(self, monitor: str | None, mode: str | None, min_delta: float = 0.0) -> None:
        sign_of("", mode)
        self.monitor, self.mode, self.min_delta = monitor, mode, min_delta
        self.value = inf  # the smaller the better: accuracies with their sign turned
        self.epoch = 0

    def begin(self, run: Run, owner: str) -> None:
        """Find what to watch, or say what there is."""
        self.monitor = self.monitor or run.history_monitor
        if self.monitor not in run.names:
            raise ValueError(f"{owner}: there is no {self.monitor!r} to monitor; there is {', '.join(run.names)}")

    def better(self, record: Record) -> bool:
        """Whether the record is better than all before by more than `min_delta`. NaN never is."""
        assert self.monitor is not None
        value = sign_of(self.monitor, self.mode) * record[self.monitor]
        if not value < self.value - self.min_delta:
            return False
        self.value, self.epoch = value, record["epoch"]
        return True


class EarlyStopping(Callback):
    """Stops when `monitor` has not become better, by more than `min_delta`, for `patience` epochs in a row.

    Parameters
    ----------
    monitor
        A quantity of the history; None for the validation loss, or without one the training loss.
    mode
        "min" or "max", which is better; None for "max" if it is an accuracy.
    restore_best
        Whether the model gets back its parameters and buffers of the best epoch, however training ends.

    Examples
    --------
    >>> stop = tg.train.EarlyStopping(patience=3, restore_best=True)
    """

    def __init__(
        self,
        monitor: str | None = None,
        patience: int = 5,
        min_delta: float = 0.0,
        mode: str | None = None,
        restore_best: bool = False,
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be at least 1, not {patience}")
        self.patience, self.restore_best = patience, restore_best
        self._settings = monitor, mode, min_delta
        self._forget()

    def _forget(self) -> None:
        self.best = Best(*self._settings)
        self.waited = 0
        self._weights: dict[str, Any] = {}

    def fit_begin(self, run: Run) -> None:
        if not run.resumed:
            self._forget()
        self.best.begin(run, "EarlyStopping")
        self._check(run)

    def epoch_end(self, run: Run) -> None:
        self.waited += 1
        if self.best.better(run.history[-1]):
            self.waited = 0
            if self.restore_best:
                self._weights = run.weights()
        self._check(run)

    def _check(self, run: Run) -> None:
        if self.waited >= self.patience:
            name = str(self.best.monitor).replace("_", " ")
            run.stop(f"stopped early: no better {name} for {self.waited} epochs")

    def fit_end(self, run: Run) -> None:
        if self.restore_best and self._weights:
            run.load_weights(self._weights)
            if run.epoch != self.best.epoch:
                run.note(f"the model has its parameters of epoch {self.best.epoch} again")

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best.value, "epoch": self.best.epoch, "waited": self.waited, "weights": self._weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best.value, self.best.epoch = state["best"], state["epoch"]
        self.waited, self._weights = state["waited"], state["weights"]


class Checkpoint(Callback):
    """Writes all that training needs to go on, bit by bit, to a file: ``fit(..., resume=path)`` reads it.

    The file appears whole or not at all. ``tg.load(path, model)`` reads the weights alone from it. Needs safetensors
    (extra `save`).

    Parameters
    ----------
    path
        Fields are filled in from the record: ``"run-{epoch:03d}.safetensors"``. Without any, the file is replaced.
    every
        Epochs between files. The last epoch is written in any case.
    best
        Only epochs that are better than all before, as `monitor` and `mode` say (see `EarlyStopping`).

    Examples
    --------
    >>> keep = [tg.train.Checkpoint("last.safetensors"), tg.train.Checkpoint("best.safetensors", best=True)]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int = 1,
        best: bool = False,
        monitor: str | None = None,
        mode: str | None = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"Checkpoint: every must be at least 1, not {every}")
        if monitor is not None and not best:
            raise ValueError(f"Checkpoint: monitor={monitor!r} means something with best=True only")
        self.path, self.every = os.fspath(path), every
        self.best = Best(monitor, mode) if best else None
        self._due = False

    def fit_begin(self, run: Run) -> None:
        if self.best is not None:
            self.best.begin(run, "Checkpoint")
            if not run.resumed:
                self.best.value = inf
        if not Path(self.path).parent.is_dir() and "{" not in str(Path(self.path).parent):
            raise ValueError(f"Checkpoint: the folder {Path(self.path).parent} does not exist; make it first")

    def epoch_end(self, run: Run) -> None:
        self._due = self.best is None or self.best.better(run.history[-1])

    def epoch_saved(self, run: Run) -> None:
        last = run.epoch == run.epochs or run.stopped is not None
        if self._due and (self.best is not None or last or run.epoch % self.every == 0):
            run.save(self._place(run.history[-1]))

    def _place(self, record: Record) -> Path:
        try:
            return Path(self.path.format(**record))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"Checkpoint: {self.path} cannot be filled in from {', '.join(record)}: {error}"
            ) from error

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best.value, "epoch": self.best.epoch} if self.best is not None else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if self.best is not None and state:
            self.best.value, self.best.epoch = state["best"], state["epoch"]
