"""One schedule after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from ...core.errors import DTypeError
from ...core.tracing import deferred
from ..optimizer import Optimizer
from .base import LRScheduler
from .plateau import ReduceLROnPlateau


class SequentialLR(LRScheduler):
    """`schedulers` one after another: the next begins, at its epoch 0, at each epoch in `milestones`.

    >>> import tinygrad_course as tg
    >>> from tinygrad_course.optim.lr_scheduler import ExponentialLR, LinearLR, SequentialLR
    >>> w = tg.Tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.8)
    >>> warm_up = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> rates = schedule.get_last_lr()
    >>> for _ in range(4):
    ...     schedule.step()
    ...     rates += schedule.get_last_lr()
    >>> [round(lr, 6) for lr in rates]
    [0.4, 0.6, 0.8, 0.4, 0.2]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedules need {max(len(schedulers) - 1, 0)} milestones between "
                f"them, not {len(milestones)}"
            )
        for i, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler) or isinstance(schedule, ReduceLROnPlateau):
                raise DTypeError(
                    f"SequentialLR: schedule {i} is a {type(schedule).__name__}, which has no rates of given epochs; "
                    "use another, or step it yourself"
                )
            if schedule.optimizer is not optimizer:
                raise ValueError(f"SequentialLR: schedule {i} belongs to another optimiser")
        self.optimizer = self._checked(optimizer)
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._undo()  # each schedule made its first step when it was created
        first = self._active()
        first._start()
        self._last_lr = first.get_last_lr()

    def _undo(self) -> None:
        stack: list[LRScheduler] = list(self._schedulers)
        while stack:
            schedule = stack.pop()
            if isinstance(schedule, SequentialLR):
                stack.extend(schedule._schedulers)
            else:
                schedule.last_epoch -= 1

    def _active(self) -> LRScheduler:
        return self._schedulers[bisect_right(self._milestones, self.last_epoch)]

    @deferred
    def step(self) -> None:
        """Go on to the next epoch, with the next schedule where one begins."""
        self.last_epoch += 1
        schedule = self._active()
        if self.last_epoch in self._milestones:
            schedule._restart()
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        own = {"_milestones": list(self._milestones), "last_epoch": self.last_epoch, "_last_lr": self.get_last_lr()}
        return own | {"_schedulers": [schedule.state_dict() for schedule in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        parts = state_dict.get("_schedulers", [])
        if len(parts) != len(self._schedulers):
            raise ValueError(
                f"SequentialLR: the saved state has {len(parts)} schedules, this one {len(self._schedulers)}"
            )
        for schedule, part in zip(self._schedulers, parts, strict=True):
            schedule.load_state_dict(part)
        self._milestones = list(state_dict["_milestones"])
        self.last_epoch = state_dict["last_epoch"]
        self._last_lr = list(state_dict["_last_lr"])
