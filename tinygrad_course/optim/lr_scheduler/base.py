"""What schedules share: the rates they start from, the step, and saving."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ...core.errors import DTypeError
from ...core.tracing import deferred
from ..optimizer import Optimizer


class LRScheduler:
    """The base of schedules that give the learning rates of the epochs, counted from 0. Subclasses define `get_lr`.

    The rates of epoch 0 are set at once; each `step`, after an epoch (or a batch, as one likes), sets the next.

    Parameters
    ----------
    optimizer
        Whose ``param_groups`` are given new rates.
    last_epoch
        The epoch to go on from; -1 starts afresh.

    Attributes
    ----------
    base_lrs
        The rate of each group before any schedule: ``group["initial_lr"]``.
    """

    _starting = False  # whether the rates of the first epoch are being set

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = self._checked(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f'{type(self).__name__}: group {i} has no "initial_lr"; to go on from epoch {last_epoch}, load the '
                    "optimiser's state first"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._start()

    def _checked(self, optimizer: Any) -> Optimizer:
        if not isinstance(optimizer, Optimizer):
            raise DTypeError(
                f"{type(self).__name__}: the first argument is the optimiser, not a {type(optimizer).__name__}"
            )
        return optimizer

    def _start(self) -> None:
        self._step_count = 0
        self._starting = True
        try:
            self.step()
        finally:
            del self._starting

    def get_lr(self) -> list[float]:
        """The rates of epoch ``last_epoch``, one per group, from those of the epoch before (in the groups)."""
        raise NotImplementedError

    def closed_lr(self) -> list[float]:
        """The same from `base_lrs` alone, where there is a formula."""
        return self.get_lr()

    def get_last_lr(self) -> list[float]:
        """The rates set last, one per group."""
        return list(self._last_lr)

    @deferred
    def step(self) -> None:
        """Go on to the next epoch, and set its rates."""
        self._step_count += 1
        self.last_epoch += 1
        self._set(self.get_lr())

    def _restart(self) -> None:
        """Begin at epoch 0, wherever the rates are now."""
        self.last_epoch = 0
        self._set(self.closed_lr())

    def _set(self, rates: list[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr
        self._last_lr = self._current()

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """A copy of all that the schedule remembers, but for the optimiser and functions."""
        return {k: deepcopy(x) for k, x in vars(self).items() if k != "optimizer" and not callable(x)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over (a copy of) what `state_dict` gave.

        Raises
        ------
        ValueError
            If it is that of another kind of schedule. Nothing is changed.
        """
        known = self.state_dict()
        missing = sorted(set(known) - set(state_dict))
        if missing:
            raise ValueError(
                f"{type(self).__name__}: the saved state lacks {', '.join(missing)}; is it this schedule's?"
            )
        vars(self).update({k: deepcopy(state_dict[k]) for k in known})
