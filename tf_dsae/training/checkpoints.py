"""Checkpoints of a whole run, from which it resumes bit for bit."""

import os
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import logging

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import open_regular, write_errors
from tf_dsae.models.dsae import DSAE
from tf_dsae.training.cluster import broadcast_variables, pick_copy

_KEPT = 2
_NAME = "ckpt-"


def mean_variables(model: DSAE) -> list[tf.Variable]:
    """The state of a model's running means."""
    return [variable.value for mean in model.metrics for variable in mean.variables]


class RunCheckpoints:
    """Saves and restores weights, optimiser, running means and time spent.

    The position in the data and in every schedule is the optimiser's step. A checkpoint is valid
    when its index exists, which TensorFlow writes last; the newest two are kept. All replicas have
    the same state, so that a checkpoint holds one of them and fits any number of replicas.

    Args:
      model: built and compiled.
      folder: of the checkpoints; None for a worker that does not write any, as the chief does.
    """

    def __init__(self, model: DSAE, folder: str | os.PathLike | None):
        self.model = model
        self.folder = None if folder is None else Path(folder)
        self.seconds = pick_copy(tf.Variable(0.0, dtype=tf.float64))
        state = {
            "model": [variable.value for variable in model.variables],
            "optimizer": [variable.value for variable in model.optimizer.variables],
            "means": mean_variables(model),
        }
        self._shared = sum(state.values(), [])
        groups = {name: [pick_copy(variable) for variable in held] for name, held in state.items()}
        self._checkpoint = tf.train.Checkpoint(**groups, seconds=self.seconds)
        # By the names that a checkpoint has for them.
        self._variables = {"seconds": self.seconds} | {
            f"{group}/{place}": variable
            for group, variables in groups.items()
            for place, variable in enumerate(variables)
        }
        if self.folder is not None:
            with write_errors(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def step(self) -> int:
        """Optimiser steps taken."""
        return int(self.model.optimizer.iterations.numpy())

    def paths(self) -> list[Path]:
        """The paths of the checkpoints without suffixes, newest first."""
        if self.folder is None:
            return []
        found = [path.with_suffix("") for path in self.folder.glob(f"{_NAME}*.index")]
        found = [path for path in found if path.name.removeprefix(_NAME).isdecimal()]
        return sorted(found, key=lambda path: int(path.name.removeprefix(_NAME)), reverse=True)

    def last(self) -> str:
        """Where the last good checkpoint is, in words."""
        if self.folder is None:
            return "checkpoints are the first worker's"
        paths = self.paths()
        return f"the last good checkpoint is {paths[0]}" if paths else "there is no checkpoint yet"

    def save(self) -> None:
        """Saves the current state; does nothing if only the chief saves.

        Raises:
          UserError: it cannot be written; earlier checkpoints stay.
          FloatingPointError: a variable is not finite; nothing is saved. The text names it.
        """
        for variable in (*self.model.trainable_variables, *self.model.optimizer.variables):
            value = variable.numpy()
            if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
                raise FloatingPointError(variable.path)
        if self.folder is None:
            return
        with write_errors(self.folder):
            try:
                self._checkpoint.write(str(self.folder / f"{_NAME}{self.step}"))
            except tf.errors.OpError as error:  # TensorFlow's file system says ENOSPC this way.
                raise OSError(reason(error)) from error
            for path in self.paths()[_KEPT:]:
                self._delete(path)
            for path in self.folder.glob(f"{_NAME}*_temp"):  # Left by a kill.
                shutil.rmtree(path, ignore_errors=True)

    def restore(self) -> bool:
        """Restores the newest whole checkpoint; returns False if there are no checkpoints.

        All workers call this and then have the chief's state. Damaged checkpoints are skipped, and
        deleted once an older one has been restored.

        Raises:
          UserError: all checkpoints are damaged or of another model.
        """
        found = self._restore()
        broadcast_variables(self.model.distribute_strategy, [*self._shared, self.seconds])
        return found

    def _restore(self) -> bool:
        damaged = []
        for path in self.paths():
            try:
                self._check_shapes(path)
                self._checkpoint.read(str(path)).assert_consumed()
            # TensorFlow raises RuntimeError where its own checks of a file have no code.
            except (tf.errors.OpError, OSError, ValueError, AssertionError, RuntimeError) as error:
                logging.warning(
                    "%s is damaged (%s); trying the one before it.", path, reason(error)
                )
                damaged.append(path)
                continue
            for other in damaged:
                self._delete(other)
            return True
        if damaged:
            raise UserError(
                f"{self.folder}: expected a whole checkpoint of this model, found {len(damaged)} "
                "damaged; name another --workdir, or delete that folder to begin anew"
            )
        return False

    def _check_shapes(self, path: Path) -> None:
        """Raises ValueError, before memory is taken, for arrays that do not fit this run."""
        for file in path.parent.glob(f"{path.name}.*"):
            open_regular(file).close()  # TensorFlow would wait for a pipe.
        reader = tf.train.load_checkpoint(str(path))
        types = reader.get_variable_to_dtype_map()
        found = {
            name: (tuple(shape), types[name])
            for name, shape in reader.get_variable_to_shape_map().items()
        }
        graph = found.pop("_CHECKPOINTABLE_OBJECT_GRAPH", None)
        expected = {
            f"{group}/.ATTRIBUTES/VARIABLE_VALUE": (tuple(variable.shape), variable.dtype)
            for group, variable in self._variables.items()
        }
        if graph != ((), tf.string) or found != expected:
            raise ValueError("its arrays are not those of this model")

    def _delete(self, path: Path) -> None:
        # The index first: without it, what is left of a checkpoint does not count.
        for file in sorted(path.parent.glob(f"{path.name}.*"), key=lambda f: f.suffix != ".index"):
            file.unlink()
