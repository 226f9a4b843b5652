"""One rise and one fall of the rate, and the momentum the other way round."""

from __future__ import annotations

from math import cos, pi
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler


class OneCycleLR(LRScheduler):
    """Smith and Topin's 1cycle policy (2018), stepped after every batch.

    The rate goes from ``max_lr / div_factor`` up to `max_lr` in the first `pct_start` of the steps, then down to
    ``max_lr / div_factor / final_div_factor``; with `three_phase`, down to where it began first. The momentum (or
    beta1) falls to `base_momentum` while the rate rises, and comes back to `max_momentum`.

    Parameters
    ----------
    max_lr, base_momentum, max_momentum
        A number, or a list of one per group.
    total_steps
        The number of steps; or give `epochs` and `steps_per_epoch`.
    anneal_strategy
        "cos" or "linear".
    cycle_momentum
        Whether the momentum moves too.

    Raises
    ------
    ValueError
        For arguments out of range, and when stepped more often than `total_steps`.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w])
    >>> schedule = tg.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=11)
    >>> round(schedule.get_last_lr()[0], 6)
    0.02
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        groups = self._checked(optimizer).param_groups
        if total_steps is None and epochs is not None and steps_per_epoch is not None:
            total_steps = epochs * steps_per_epoch
        if total_steps is None or total_steps < 1:
            raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch, each at least 1")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, not {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'OneCycleLR: anneal_strategy must be "cos" or "linear", not {anneal_strategy!r}')
        self.total_steps = total_steps
        self.pct_start = pct_start
        self.anneal_strategy = anneal_strategy
        self.three_phase = three_phase
        self.cycle_momentum = cycle_momentum
        self.momentum_name = next((k for k in ("betas", "momentum") if k in optimizer.defaults), None)
        if cycle_momentum and self.momentum_name is None:
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has neither momentum nor betas; pass cycle_momentum=False"
            )
        if last_epoch == -1:
            peaks, least, most = (_each(x, len(groups)) for x in (max_lr, base_momentum, max_momentum))
            for group, peak, low, high in zip(groups, peaks, least, most, strict=True):
                first = peak / div_factor
                group.update(initial_lr=first, max_lr=peak, min_lr=first / final_div_factor)
                if cycle_momentum:
                    group.update(base_momentum=low, max_momentum=high)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {self.last_epoch} of {self.total_steps}: the cycle is over")
        lrs, momenta, part = self._phase()
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group, lrs, part))
            if self.cycle_momentum:
                self._set_momentum(group, self._between(group, momenta, part))
        return rates

    def _phase(self) -> tuple[tuple[str, str], tuple[str, str], float]:
        """Between which entries of the groups rate and momentum are, and how much of the way is behind them."""
        peak, end = self.pct_start * self.total_steps - 1, self.total_steps - 1
        up, down = ("initial_lr", "max_lr"), ("max_momentum", "base_momentum")
        phases: list[tuple[float, tuple[str, str], tuple[str, str]]] = [(peak, up, down)]
        if self.three_phase:
            phases += [
                (2 * peak, up[::-1], down[::-1]),
                (end, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
            ]
        else:
            phases += [(end, ("max_lr", "min_lr"), down[::-1])]
        index = next((i for i, (stop, *_) in enumerate(phases) if self.last_epoch <= stop), len(phases) - 1)
        start = phases[index - 1][0] if index else 0.0
        stop, lrs, momenta = phases[index]
        return lrs, momenta, (self.last_epoch - start) / (stop - start)

    def _between(self, group: dict[str, Any], names: tuple[str, str], part: float) -> float:
        start, end = (float(group[name]) for name in names)
        if self.anneal_strategy == "linear":
            return start + (end - start) * part
        return end + (start - end) / 2 * (1 + cos(pi * part))

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.momentum_name == "betas":
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def _each(x: float | list[float], groups: int) -> list[float]:
    values = list(x) if isinstance(x, list | tuple) else [x] * groups
    if len(values) != groups:
        raise ValueError(f"OneCycleLR: {len(values)} values for {groups} parameter groups; one each is needed")
    return values
