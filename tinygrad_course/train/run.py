"""`Run`: one training, as callbacks see it, and its state, from which it can go on bit by bit."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import DTypeError, GraphError, TinygradError
from ..nn import Module
from ..nn.state import load as load_arrays
from ..optim import Optimizer
from ..optim.lr_scheduler import LRScheduler
from ..tensor import Tensor
from .callbacks import Callback
from .history import History
from .interrupts import Interrupts
from .metrics import Metric
from .saving import Content, LoadError, read, write


class Run:
    """All that takes part in a training, and how far it has come.

    Attributes
    ----------
    model, loss, optimizer, scheduler, train, valid, metrics, callbacks
        What `fit` was given, made ready.
    epoch, epochs
        The epoch that runs (or ran last), counted from 1, and how many there shall be.
    batch, batches
        The batch in it, counted from 1, and how many there are, if that is known.
    batch_loss
        The loss of the last batch.
    history
        The epochs that are done.
    stopped
        Why training ends early, or None.
    resumed
        Whether it goes on from a checkpoint.
    """

    def __init__(
        self,
        model: Any,
        loss: Any,
        optimizer: Optimizer,
        train: Any,
        valid: Any,
        *,
        epochs: int,
        batches: int | None,
        metrics: Mapping[str, Metric],
        callbacks: Sequence[Callback],
        scheduler: LRScheduler | None,
    ) -> None:
        self.model, self.loss, self.optimizer, self.scheduler = model, loss, optimizer, scheduler
        self.train, self.valid, self.metrics, self.callbacks = train, valid, metrics, list(callbacks)
        self.epochs, self.batches = epochs, batches
        self.epoch = self.batch = 0
        self.batch_loss = np.nan
        self.history = History()
        self.notes: list[str] = []
        self.resumed = False
        self.interrupts = Interrupts()
        self._check()

    def _check(self) -> None:
        if not callable(self.model) or not callable(self.loss):
            raise DTypeError("fit: model and loss must be callable: modules or functions")
        if not isinstance(self.optimizer, Optimizer):
            raise DTypeError(f"fit: optimizer must be a tg.optim optimiser, not a {type(self.optimizer).__name__}")
        if self.scheduler is not None and getattr(self.scheduler, "optimizer", None) is not self.optimizer:
            raise GraphError("fit: the schedule belongs to another optimiser than the one given")
        if isinstance(self.model, Module):
            ours = set(self.model.parameters())
            if ours and ours.isdisjoint(self.parameters()):
                raise GraphError(
                    "fit: the optimiser has none of the model's parameters; make it from this model's parameters()"
                )
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise DTypeError(f"fit: {callback!r} is no Callback; for a function there is LambdaCallback")

    @property
    def stopped(self) -> str | None:
        return self.history.stopped

    def stop(self, reason: str) -> None:
        """End training: after this epoch, or, if called for a batch, at once. The first reason counts."""
        self.history.stopped = self.history.stopped or reason

    def note(self, text: str) -> None:
        """Have a line said at the end of training."""
        self.notes.append(text)

    def tell(self, hook: str) -> None:
        """Call one method of all callbacks."""
        for callback in self.callbacks:
            getattr(callback, hook)(self)

    @property
    def names(self) -> list[str]:
        """The quantities of a record."""
        sets = ["train", "valid"] if self.valid is not None else ["train"]
        return [*(f"{part}_{name}" for name in ("loss", *self.metrics) for part in sets), "lr", "seconds"]

    @property
    def history_monitor(self) -> str:
        """What is watched where nothing else is named."""
        return "train_loss" if self.valid is None else "valid_loss"

    @property
    def seconds(self) -> float:
        """The time that the epochs took, those before resuming included."""
        return float(sum(self.history["seconds"]))

    def parameters(self) -> list[Tensor]:
        """What the optimiser updates."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    # --- weights ----------------------------------------------------------------------------------------------------

    def _targets(self) -> dict[str, Tensor]:
        """All arrays that learning may change, by name: the model's, then what else the optimiser updates."""
        found: dict[str, Tensor] = {}
        if isinstance(self.model, Module):
            found = dict(self.model.named_state()) | dict(self.model.named_buffers())
        known = set(found.values())
        others = [p for p in self.parameters() if p not in known]
        for i, p in enumerate(others):
            name = p.name or f"parameter{i}"
            found[name if name not in found else f"{name}.{i}"] = p
        return found

    def weights(self) -> dict[str, Any]:
        """Copies of the model's parameters and buffers, and of what else the optimiser updates."""
        return {name: np.array(x.value) for name, x in self._targets().items()}

    def load_weights(self, weights: Mapping[str, Any]) -> None:
        """Put copies back. `StateDictError` if they do not fit; nothing is changed then."""
        load_arrays(type(self.model).__name__, self._targets(), weights, True)

    # --- the whole state --------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that the next epochs depend on, but for the weights."""
        return {
            "epoch": self.epoch,
            "history": self.history.to_dict(),
            "generators": self.model.rng_state() if isinstance(self.model, Module) else {},
            "optimizer": _state(self.optimizer),
            "scheduler": _state(self.scheduler),
            "train": _state(self.train),
            "valid": _state(self.valid),
            "callbacks": [_state(callback) for callback in self.callbacks],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave. After an error, some of it may have been taken over: see `resume`."""
        if isinstance(self.model, Module):
            self.model.load_rng_state(state["generators"])
        for name in ("optimizer", "scheduler", "train", "valid"):
            _restore(name, getattr(self, name), state[name])
        _restore_callbacks(self.callbacks, state["callbacks"])
        self.epoch = state["epoch"]
        self.history = History.from_dict(state["history"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint; whole or not at all."""
        with self.interrupts.hold():
            weights, model = self.weights(), self.model
            own = [name for name, _ in model.named_state()] if isinstance(model, Module) else [*weights]
            state = {**self.state_dict(), "others": {name: x for name, x in weights.items() if name not in own}}
            write(Path(path), Content({name: weights[name] for name in own}, state))

    def resume(self, path: str | os.PathLike[str]) -> None:
        """Go on from a checkpoint. `LoadError` if that is impossible; everything is as it was then."""
        content = read(Path(path))
        if not isinstance(content.rest, dict) or "optimizer" not in content.rest:
            raise LoadError(f"cannot resume from {path}: it holds no training run; for weights there is tg.load")
        before = self.weights(), self.state_dict()
        try:
            self.load_weights({**content.weights, **content.rest["others"]})
            self.load_state_dict(content.rest)
        except (TinygradError, KeyError, TypeError, ValueError, AttributeError) as error:
            self.load_weights(before[0])
            self.load_state_dict(before[1])
            raise LoadError(f"cannot resume from {path}, nothing was changed: {error}") from error
        self.history.stopped = None
        self.resumed = True


def _state(part: Any) -> dict[str, Any] | None:
    """The kind and state of a part; a part without `state_dict` has no state."""
    if part is None or not hasattr(part, "state_dict"):
        return None
    return {"kind": type(part).__name__, "state": part.state_dict()}


def _restore(name: str, part: Any, saved: Any) -> None:
    now, then = _state(part), saved
    if (now and now["kind"]) != (then and then["kind"]):
        kinds = [x["kind"] if x else "nothing that has a state" for x in (then, now)]
        raise LoadError(
            f"{name} was {kinds[0]} when the checkpoint was written, and is {kinds[1]} now; build it as it was"
        )
    if then:
        part.load_state_dict(then["state"])


def _restore_callbacks(callbacks: Sequence[Callback], saved: Sequence[dict[str, Any]]) -> None:
    """The states to the callbacks of the same kinds, in order; a callback that is new begins afresh."""
    left = list(saved)
    for callback in callbacks:
        kind = type(callback).__name__
        match = next((x for x in left if x["kind"] == kind), None)
        if match is not None:
            left.remove(match)
            callback.load_state_dict(match["state"])
