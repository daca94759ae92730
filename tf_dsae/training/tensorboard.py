"""Scalars, pictures and distributions of a run for TensorBoard, if it is installed."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from tf_dsae.core.errors import reason
from tf_dsae.core.types import Logs
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures
from tf_dsae.reports.model_pictures import make_pictures


class TensorBoardRecords(keras.callbacks.Callback):
    """Writes, after every epoch, the terms, reconstructions, swaps and histograms of q.

    Args:
      folder: of the event files.
      videos: held-out videos uint8 [N, T, H, W, C] for the pictures.
      seed: of the samples from the priors.
    """

    def __init__(self, folder: Path, videos: np.ndarray, seed: int):
        super().__init__()
        self.videos, self.seed = videos, seed
        self.writer = tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        try:
            self._write(logs)
        except (OSError, tf.errors.OpError) as error:  # Failing records do not stop a run.
            logging.warning("TensorBoard files cannot be written: %s", reason(error))

    def close(self) -> None:
        """Ends the event file."""
        self.writer.close()

    def _write(self, logs: dict[str, float]) -> None:
        model: DSAE = self.model
        step = int(model.optimizer.iterations.numpy())
        with self.writer.as_default(step):
            for name, value in logs.items():
                held_out = name.startswith("val_")
                folder = "held_out" if held_out else "training"
                tf.summary.scalar(f"{folder}/{name.removeprefix('val_')}", value)
            tf.summary.scalar("learning_rate", model.optimizer.learning_rate)
            self._pictures(model)
            posterior = model.encode(self.videos)
            for name, distribution in zip(("f", "z"), posterior, strict=True):
                tf.summary.histogram(f"posterior/{name}_mean", distribution.mean())
                tf.summary.histogram(f"posterior/{name}_stddev", distribution.stddev())
        self.writer.flush()

    def _pictures(self, model: DSAE) -> None:
        pictures = make_pictures(model, self.videos, self.seed)
        pairs = zip(pictures.source, pictures.reconstruction, strict=True)
        rows = [figures.strip(video) for pair in pairs for video in pair]
        tf.summary.image("reconstruction", np.concatenate(rows)[np.newaxis])
        rows = [np.concatenate([figures.strip(v) for v in row], 1) for row in pictures.swaps[:, :2]]
        tf.summary.image("swaps", np.concatenate(rows)[np.newaxis])
