"""What is seen while training runs: a live bar on a terminal or in a notebook, plain lines in a pipe, and the table.

The table goes to stdout, where it stays; bar and lines go to stderr (in a notebook, to its one output).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from .table import Record, Table

if TYPE_CHECKING:
    from .run import Run

LINES = 20  # rows or lines in all, about: one for every 5 %


class Progress:
    """Rows of the table; subclasses add what shows between them. This class shows them only."""

    def __init__(self, run: Run, every: int | None) -> None:
        self.run = run
        self.every = every or (1 if run.epochs <= LINES + 5 else round(run.epochs / LINES))
        self._table: Table | None = None
        self._shown = 0  # the last epoch that has a row

    def batch(self) -> None:
        """A batch was learnt."""

    def epoch(self) -> None:
        """An epoch was finished, and its record written."""
        epoch = self.run.epoch
        if epoch == 1 or epoch % self.every == 0 or epoch == self.run.epochs or self.run.stopped:
            self._row(self.run.history[-1])

    def end(self) -> None:
        """Training is over: the last row, if it was left out, and the best epoch."""
        history = self.run.history
        if history.epochs and history[-1]["epoch"] != self._shown:
            self._row(history[-1])
        if self._table is not None:
            self.say(self._table.rule)
        for line in (*history.summary(), *self.run.notes):
            self.say(line)

    def close(self) -> None:
        """Leave the screen in order, whatever happened."""

    def say(self, text: str) -> None:
        """Write lines that stay."""
        print(text, flush=True)

    def _row(self, record: Record) -> None:
        if self._table is None:
            self._table = Table(name for name in record if name != "lr" or self.run.scheduler is not None)
            self.say(f"{self._table.head}\n{self._table.rule}")
        self.say(self._table.row(record, self.run.seconds))
        self._shown = record["epoch"]


class Bar(Progress):
    """A live bar over all batches of all epochs."""

    def __init__(self, run: Run, every: int | None, stream: Any) -> None:
        super().__init__(run, every)
        each, sized = run.batches, _has_size(stream)
        self._bar = tqdm(
            total=None if each is None else each * run.epochs,
            initial=(each or 0) * run.epoch,
            file=stream,
            unit=" batches",
            leave=False,
            miniters=1,
            dynamic_ncols=sized,
            ncols=None if sized else 100,
            nrows=None if sized else 24,
        )

    def batch(self) -> None:
        run = self.run
        self._bar.set_description_str(f"epoch {run.epoch}/{run.epochs}", refresh=False)
        self._bar.set_postfix_str(f"loss {run.batch_loss:.4g}", refresh=False)
        self._bar.update()

    def say(self, text: str) -> None:
        with tqdm.external_write_mode(file=sys.stdout):
            super().say(text)

    def close(self) -> None:
        self._bar.close()


class Lines(Progress):
    """A line about every 5 %: rows of the table if there are as many epochs, else lines about batches too."""

    def batch(self) -> None:
        run = self.run
        if run.batches is None or run.epochs >= LINES or run.batch == run.batches:
            return
        total, done = run.batches * run.epochs, run.batches * (run.epoch - 1) + run.batch
        if done * LINES // total > (done - 1) * LINES // total:
            where = f"epoch {run.epoch}/{run.epochs}, batch {run.batch}/{run.batches}"
            print(f"{100 * done // total:3d} %  {where}: loss {run.batch_loss:.4g}", file=sys.stderr, flush=True)


class Silence(Progress):
    """Nothing at all."""

    def epoch(self) -> None:
        pass

    def end(self) -> None:
        pass


def progress_of(run: Run, wanted: bool, every: int | None) -> Progress:
    """What suits the place where the program runs."""
    if not wanted:
        return Silence(run, every)
    if in_notebook():
        return Bar(run, every, sys.stdout)
    return Bar(run, every, sys.stderr) if sys.stderr.isatty() else Lines(run, every)


def _has_size(stream: Any) -> bool:
    """Whether the terminal knows its size; tqdm would show nothing on one that says 0."""
    try:
        return os.get_terminal_size(stream.fileno()).columns > 0
    except (OSError, AttributeError, ValueError):
        return False


def in_notebook() -> bool:
    """Whether output goes to a notebook's page."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and type(get_ipython()).__name__ == "ZMQInteractiveShell"
