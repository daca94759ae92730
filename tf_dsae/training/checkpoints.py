"""Checkpoints of a whole run, from which it goes on to the bit."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import logging

from tf_dsae.errors import UserError
from tf_dsae.files import write_errors
from tf_dsae.model import DSAE

_KEPT = 2
_NAME = "ckpt"


class RunCheckpoints:
    """Saves and restores weights, optimiser, running means and time spent.

    The position in the data and in every schedule is the optimiser's step. The newest checkpoints
    are kept; TensorFlow writes each beside the others and lists it when it is whole.

    Args:
      model: built and compiled.
      folder: of the checkpoints.
    """

    def __init__(self, model: DSAE, folder: str | os.PathLike):
        self.model = model
        self.folder = Path(folder)
        self.seconds = tf.Variable(0.0, dtype=tf.float64)
        self._checkpoint = tf.train.Checkpoint(
            model=[variable.value for variable in model.variables],
            optimizer=[variable.value for variable in model.optimizer.variables],
            means=[variable.value for mean in model.metrics for variable in mean.variables],
            seconds=self.seconds,
        )
        with write_errors(folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(self.folder), max_to_keep=_KEPT, checkpoint_name=_NAME
        )

    @property
    def step(self) -> int:
        """Optimiser steps taken."""
        return int(self.model.optimizer.iterations)

    def save(self) -> None:
        """Saves the state of this moment.

        Raises:
          UserError: it cannot be written; the checkpoints before stay.
        """
        with write_errors(self.folder):
            try:
                self._manager.save(checkpoint_number=self.step)
            except tf.errors.OpError as error:  # TensorFlow's file system says ENOSPC this way.
                raise OSError(None, error.message) from error

    def restore(self) -> bool:
        """Restores the newest checkpoint that is whole; False where there is none to restore.

        Raises:
          UserError: there are checkpoints and all are damaged or of another model.
        """
        # From the folder itself: TensorFlow's list of checkpoints may be damaged too.
        indices = self.folder.glob(f"{_NAME}-*.index")
        paths = sorted((path.with_suffix("") for path in indices), key=_step_of, reverse=True)
        for path in paths:
            try:
                self._checkpoint.restore(str(path)).assert_consumed()
                return True
            except (tf.errors.OpError, ValueError, AssertionError) as error:
                reason = str(error).splitlines()[0]
                logging.warning("%s is damaged (%s); trying the one before it.", path, reason)
        if paths:
            raise UserError(
                f"{self.folder}: expected a whole checkpoint of this model, found "
                f"{len(paths)} damaged; name another --workdir, or delete that folder to begin anew"
            )
        return False

    def check_finite(self) -> None:
        """Raises FloatingPointError where a weight is not finite."""
        for variable in self.model.trainable_variables:
            if not np.isfinite(variable.numpy()).all():
                raise FloatingPointError(variable.path)


def _step_of(path: Path) -> int:
    step = path.name.rpartition("-")[2]
    return int(step) if step.isdecimal() else -1
