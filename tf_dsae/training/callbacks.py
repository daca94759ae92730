"""Callbacks of a run: progress, records, checkpoints, warnings."""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import keras
import numpy as np
from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.progress import progress_bar
from tf_dsae.core.types import Logs
from tf_dsae.metrics.information import COLLAPSED_KL
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.metrics_table import read_metrics, write_metrics
from tf_dsae.training.checkpoints import RunCheckpoints, mean_variables
from tf_dsae.training.cluster import list_copies, make_vote

_SHORT = {"log_likelihood": "log p", "static_kl": "KL f", "dynamic_kl": "KL z"}


class Stopped(KeyboardInterrupt):
    """The run was stopped by a signal and is saved; the text says how to resume it."""


def describe(terms: Mapping[str, float]) -> str:
    """The terms in one short line; those of the bound in nats per video."""
    return ", ".join(f"{_SHORT.get(name, name)} {value:.1f}" for name, value in terms.items())


def _terms(model: DSAE, logs: Logs, prefix: str = "") -> dict[str, float]:
    """The objective's terms from Keras' logs, in their order."""
    return {name: float(logs[prefix + name]) for name in model.objective.names}


class FiniteTerms(keras.callbacks.Callback):
    """Stops the run at the first step whose bound is not finite."""

    def __init__(self, checkpoints: RunCheckpoints):
        super().__init__()
        self.checkpoints = checkpoints

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        terms = _terms(self.model, logs)
        if all(map(np.isfinite, terms.values())):
            return
        raise UserError(
            f"step {self.checkpoints.step}: expected a finite loss, received {describe(terms)} "
            f"(means over the epoch); {self.checkpoints.last()}; lower --learning_rate, or raise "
            "--beta more slowly"
        )


class Records(keras.callbacks.Callback):
    """Writes metrics.csv, a row per epoch, and keeps the run's clock.

    Args:
      path: of the table; when a run resumes, rows of unfinished epochs are dropped.
      checkpoints: of the run.
      batch_size: videos a step.
      epochs: of the whole run.
      show: whether to print a line per epoch to stderr.
    """

    def __init__(
        self, path: Path, checkpoints: RunCheckpoints, batch_size: int, epochs: int, show: bool
    ):
        super().__init__()
        self.path, self.checkpoints, self.batch_size = path, checkpoints, batch_size
        self.epochs, self.show = epochs, show
        self.rows: list[dict[str, str]] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        self._started = time.monotonic() - float(self.checkpoints.seconds)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.rows = [row for row in read_metrics(self.path) if int(row["epoch"]) <= epoch]
        self._epoch_started, self._epoch_step = time.monotonic(), self.checkpoints.step

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._steps_ended = time.monotonic()
        self.checkpoints.seconds.assign(self._steps_ended - self._started)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        steps = self.checkpoints.step - self._epoch_step
        rate = steps * self.batch_size / (self._steps_ended - self._epoch_started)
        seconds = time.monotonic() - self._started
        self.checkpoints.seconds.assign(seconds)
        values = {name: f"{float(value):.9g}" for name, value in logs.items()}
        row = {"epoch": str(epoch + 1), "step": str(self.checkpoints.step), **values}
        row |= {"sequences_per_second": f"{rate:.4g}", "seconds": f"{seconds:.1f}"}
        self.rows.append(row)
        write_metrics(self.path, self.rows, self.model.objective.names)
        if self.show:
            validation = _terms(self.model, logs, "val_")
            training = _terms(self.model, logs)
            print(
                f"epoch {epoch + 1}/{self.epochs}: {describe(training)}; held out: "
                f"{describe(validation)} nats a video; {rate:.0f} videos/s",
                file=sys.stderr,
            )


class Progress(keras.callbacks.Callback):
    """A bar for the steps of an epoch, on a terminal only; call `close`, also after an error."""

    def __init__(self, steps_per_epoch: int, epochs: int, batch_size: int, show: bool):
        super().__init__()
        self.steps_per_epoch, self.epochs, self.batch_size = steps_per_epoch, epochs, batch_size
        self.show = show
        self.bar = progress_bar("", show=False)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        skipped = self.steps_per_epoch - self.params["steps"]
        self.bar = progress_bar(
            f"epoch {epoch + 1}/{self.epochs}",
            self.steps_per_epoch * self.batch_size,
            show=self.show,
            initial=skipped * self.batch_size,
        )

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if self.bar.disable:
            return
        terms = describe(_terms(self.model, logs))
        self.bar.set_postfix_str(terms, refresh=False)
        self.bar.update(self.batch_size)

    def on_test_begin(self, logs: Logs = None) -> None:
        self.bar.set_description_str("scoring held-out videos")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.close()

    def close(self) -> None:
        """Takes the bar off the screen."""
        self.bar.close()


class Checkpointing(keras.callbacks.Callback):
    """Saves after every epoch, every few minutes within one, and when any worker is asked to stop.

    Args:
      checkpoints: of the run.
      minutes: between checkpoints within an epoch.
      means: running means of an epoch that a run resumes in the middle, restored after Keras
        resets them; else [].
    """

    def __init__(self, checkpoints: RunCheckpoints, minutes: float, means: list[np.ndarray]):
        super().__init__()
        self.checkpoints, self.minutes, self.means = checkpoints, minutes, means
        self.stop_signal: str | None = None
        self._asked_of_any = make_vote(checkpoints.model.distribute_strategy)

    def request_stop(self, number: int, frame: FrameType | None) -> None:
        """A signal handler: the run stops after the current step; a second signal stops at once."""
        del frame
        if self.stop_signal is not None:
            raise KeyboardInterrupt
        self.stop_signal = signal.Signals(number).name

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._saved_at = time.monotonic()
        if self.means:
            for variable, value in zip(mean_variables(self.model), self.means, strict=True):
                for copy in list_copies(variable):
                    copy.assign(value)
            self.means = []

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if batch + 1 == self.params["steps"]:
            return  # The epoch's end saves, after its row is written.
        stop = self._asked_of_any(self.stop_signal is not None)
        if stop or time.monotonic() - self._saved_at > 60 * self.minutes:
            self._save()
        if stop:
            raise self._stopped()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._save()
        if self._asked_of_any(self.stop_signal is not None):
            raise self._stopped()

    def _save(self) -> None:
        try:
            self.checkpoints.save()
        except FloatingPointError as error:
            raise UserError(
                f"step {self.checkpoints.step}: expected finite weights, received others in "
                f"{error}; {self.checkpoints.last()}; lower --learning_rate"
            ) from None
        self._saved_at = time.monotonic()

    def _stopped(self) -> Stopped:
        return Stopped(
            f"stopped by {self.stop_signal or 'another worker'} after step "
            f"{self.checkpoints.step}, which is saved; the same command goes on from there"
        )


class CollapseWarning(keras.callbacks.Callback):
    """Warns, with the figures, when a posterior has collapsed on its prior."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        for name, posterior, flag in (
            ("static_kl", "q(f | x)", "--beta_f"),
            ("dynamic_kl", "q(z | x)", "--beta_z"),
        ):
            value = float(logs[f"val_{name}"])
            if value < COLLAPSED_KL:
                logging.warning(
                    "%s has collapsed on its prior: its KL is %.3g nats per video, under %g; "
                    "lower %s, or raise it more slowly.",
                    posterior,
                    value,
                    COLLAPSED_KL,
                    flag,
                )
