"""`fit`: the loop over epochs and batches that everyone writes, once."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np

from ..core.state import recording
from ..data.layout import Layout
from ..nn import Module
from ..optim import Optimizer, clip_grad_norm_
from ..optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from .batches import Means, as_loader, count_of, layout_of, length, measure, measured, number, parts
from .callbacks import Callback
from .history import History
from .metrics import named
from .progress import Progress, progress_of
from .run import Run


def fit(
    model: Any,
    loss: Any,
    optimizer: Optimizer,
    train: Any,
    valid: Any = None,
    *,
    epochs: int = 10,
    metrics: Any = (),
    callbacks: Iterable[Callback] = (),
    scheduler: LRScheduler | None = None,
    schedule: str = "epoch",
    clip_norm: float | None = None,
    batch_size: int | None = 32,
    generator: int | np.random.Generator | None = None,
    examples: Layout | None = None,
    resume: str | os.PathLike[str] | None = None,
    progress: bool = True,
    table_every: int | None = None,
) -> History:
    """Train a model, show how it goes, and return the history. Afterwards the model is in eval mode, ready for use.

    For every batch: ``loss(model(*inputs), target)``, ``backward()``, perhaps clipping, ``optimizer.step()``.

    Ctrl-C ends training and keeps what was learnt: the history so far is returned, and the model is as after its last
    whole step. So does a loss that is not finite, with a warning, and before its step.

    Parameters
    ----------
    model
        A Module, or a function of Tensors.
    loss
        ``loss(output, target)``, one number; a Module or a function.
    train, valid
        Arrays ``(X, Y)``, a Dataset, or batches: a DataLoader, or anything that gives ``(inputs, target)`` anew each
        time it is gone through. `valid` is measured after every epoch, in eval mode.
    epochs
        How many in all, those before resuming included.
    metrics
        Names ("accuracy", "binary_accuracy", "mse", "mae"), functions ``(output, target)`` of arrays, or a dict.
    callbacks
        `EarlyStopping`, `Checkpoint`, `LambdaCallback` or your own `Callback`.
    scheduler, schedule
        A learning-rate schedule, and whether it goes on after each "epoch" or each "batch". ReduceLROnPlateau is given
        the validation loss, or without one the training loss.
    clip_norm
        The greatest norm of all gradients together.
    batch_size, generator, examples
        How arrays and Datasets are cut: examples in a batch (None: all), the seed or Generator that shuffles the
        training set, and "rows" or "columns", the way examples lie.
    resume
        A file that `Checkpoint` wrote: training goes on as if it had never ended, bit by bit.
    progress, table_every
        False shows nothing; a row of the table stands for so many epochs, None for about 20 rows in all.

    Raises
    ------
    LoadError
        If `resume` cannot be used. Nothing was changed then.

    Examples
    --------
    >>> X, Y = tg.data.moons(100)
    >>> model = tg.nn.Sequential(tg.nn.Linear(2, 8, rng=0), tg.nn.Tanh(), tg.nn.Linear(8, 2, rng=1))
    >>> optimizer = tg.optim.Adam(model.parameters(), lr=0.05)
    >>> history = tg.train.fit(model, tg.cross_entropy, optimizer, (X, Y), epochs=60, generator=0, metrics=["accuracy"],
    ...                        progress=False)
    >>> history.best["train_accuracy"] > 0.95
    True
    """
    if schedule not in ("epoch", "batch") or (schedule == "batch" and isinstance(scheduler, ReduceLROnPlateau)):
        raise ValueError(f'fit: schedule must be "epoch" or (not for ReduceLROnPlateau) "batch"; it is {schedule!r}')
    loader = as_loader(train, batch_size, shuffle=True, generator=generator, examples=examples)
    layout = layout_of(loader, examples)
    checked = None if valid is None else as_loader(valid, batch_size, shuffle=False, examples=examples)
    run = Run(
        model, loss, optimizer, loader, checked, epochs=epochs, batches=length(loader),
        metrics=named(metrics, loss, layout), callbacks=list(callbacks), scheduler=scheduler,
    )  # fmt: skip
    if resume is not None:
        run.resume(resume)
    return _Loop(run, progress_of(run, progress, table_every), layout, schedule, clip_norm).go()


class _Loop:
    """The loop, with what stays the same all the time."""

    def __init__(self, run: Run, progress: Progress, layout: str, schedule: str, clip_norm: float | None) -> None:
        self.run, self.progress, self.layout, self.clip_norm = run, progress, layout, clip_norm
        self.each_batch = run.scheduler if schedule == "batch" else None
        self.each_epoch = run.scheduler if schedule == "epoch" else None

    def go(self) -> History:
        run = self.run
        with run.interrupts, recording(True):
            try:
                try:
                    run.tell("fit_begin")
                    while run.epoch < run.epochs and not run.stopped:
                        self.epoch()
                except KeyboardInterrupt:
                    run.stop(self.interrupted())
                run.tell("fit_end")
                self.progress.end()
            finally:
                self.progress.close()
                run.optimizer.zero_grad()
                if isinstance(run.model, Module):
                    run.model.eval()
        return run.history

    def interrupted(self) -> str:
        run = self.run
        done = len(run.history) and run.history[-1]["epoch"]
        where = f"in epoch {run.epoch}, batch {run.batch}" if done < run.epoch else f"after epoch {done}"
        return f"interrupted {where}: the model keeps what it learnt"

    def epoch(self) -> None:
        """One pass over the training set, the validation, and what follows."""
        run, start = self.run, perf_counter()
        run.epoch, run.batch = run.epoch + 1, 0
        run.tell("epoch_begin")
        if isinstance(run.model, Module):
            run.model.train()
        means = Means()
        for batch in run.train:
            with run.interrupts.hold():
                self.batch(batch, means)
            if run.stopped:
                return
        values = {"train": means.values()}
        if run.valid is not None:
            values["valid"] = measure(run.model, run.loss, run.valid, run.metrics, self.layout)
        with run.interrupts.hold():
            self.finish(values, perf_counter() - start)

    def batch(self, batch: Any, means: Means) -> None:
        """One step of the optimiser."""
        run = self.run
        inputs, target = parts(batch)
        run.batch += 1
        run.tell("batch_begin")
        run.optimizer.zero_grad()
        output = run.model(*inputs)
        loss = run.loss(output, target)
        run.batch_loss = number(loss)
        if not math.isfinite(run.batch_loss):
            return self.refuse()
        loss.backward()
        if self.clip_norm is not None:
            clip_grad_norm_(run.parameters(), self.clip_norm)
        with run.interrupts.hold(strict=True):
            run.optimizer.step()
            if self.each_batch is not None:
                self.each_batch.step()
        means.add({"loss": run.batch_loss, **measured(run.metrics, output, target)}, count_of(target, self.layout))
        run.tell("batch_end")
        self.progress.batch()
        return None

    def refuse(self) -> None:
        """A step from such a loss would spoil every parameter."""
        run = self.run
        reason = (
            f"stopped: the loss is {run.batch_loss} in epoch {run.epoch}, batch {run.batch}; no step was made from it; "
            "try a smaller learning rate or clip_norm, or find the operation with tg.detect_anomaly()"
        )
        run.stop(reason)
        warnings.warn(reason, RuntimeWarning, stacklevel=6)

    def finish(self, values: dict[str, dict[str, float]], seconds: float) -> None:
        """The record, the schedule, the callbacks and the table, in this order."""
        run = self.run
        record: dict[str, Any] = {"epoch": run.epoch}
        for name in values["train"]:
            record |= {f"{part}_{name}": values[part][name] for part in values}
        record |= {"lr": float(run.optimizer.param_groups[0]["lr"]), "seconds": seconds}
        run.history.epochs.append(record)
        if isinstance(self.each_epoch, ReduceLROnPlateau):
            self.each_epoch.step(record[run.history_monitor])
        elif self.each_epoch is not None:
            self.each_epoch.step()
        run.tell("epoch_end")
        self.progress.epoch()
        run.tell("epoch_saved")
