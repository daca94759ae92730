"""Writes a trained model as a SavedModel that needs TensorFlow alone."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import check_folder
from tf_dsae.export.card import write_card
from tf_dsae.export.exported_run import load_run
from tf_dsae.export.publish import check_version, publish
from tf_dsae.export.signatures import concrete_functions
from tf_dsae.export.warmup import FILE as WARMUP
from tf_dsae.export.warmup import write_warmup
from tf_dsae.layers.recurrent import cudnn_layers
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.run_config import WEIGHTS

EXTRA = "assets.extra"  # TF Serving's folder for files beside the model.
_GRAPH_BYTES = 2**24  # More than the graph, the card and the requests of any model take.


def export_saved_model(
    workdir: str | os.PathLike, export_dir: str | os.PathLike, version: int | None = None
) -> Path:
    """Writes a finished run's model as export_dir/<version>/, whole or not at all.

    Any program with TensorFlow can call the signatures of `tf_dsae.export.signatures`. Their
    answers equal, bit for bit, those of the model's methods under a tf.function of any B and T.
    `assets.extra` holds a model card, model_card.md and model_card.json, and warm-up requests for
    TF Serving. An export that is killed leaves a hidden folder `.unfinished-...` in export_dir,
    which no server reads and which may be deleted.

    Args:
      workdir: folder of a finished run.
      export_dir: folder of versions, made if it does not exist; TF Serving's model_base_path.
      version: of at least 1; None for one more than the highest there.

    Returns:
      The folder of the version.

    Raises:
      UserError: no finished run, a run that changes during the export, weights that are not finite,
        a version that is taken, or a folder that cannot be written.

    Example:
      >>> tf_dsae.export_saved_model("runs/tiny", "exports/tiny").name
      '1'
    """
    workdir = Path(workdir).expanduser()
    weights = workdir / WEIGHTS
    check_version(export_dir, version)
    size = os.path.getsize(weights) if os.path.isfile(weights) else 0
    check_folder("export_dir", export_dir, size + _GRAPH_BYTES)
    model, run = load_run(workdir)
    _check_finite(weights, model)

    def write(path: Path) -> None:
        try:
            save_signatures(model, path)
            (path / EXTRA).mkdir()
            write_card(path / EXTRA, model, run)
            write_warmup(path / EXTRA / WARMUP, model.config)
        except tf.errors.OpError as error:  # Such as a disk that is full.
            raise OSError(reason(error)) from error

    return publish(write, export_dir, version)


def save_signatures(model: DSAE, path: str | os.PathLike) -> None:
    """Writes the SavedModel of a model in memory to a folder: its weights and its signatures.

    Raises:
      tf.errors.OpError: the folder cannot be written.
    """
    module = tf.Module()
    # Metrics, optimizer and seeds stay behind: no signature needs them.
    # Under their paths without the model's own name, which depends on what was made before it.
    module.parameters = {
        variable.path.removeprefix(f"{model.name}/"): variable.value for variable in model.weights
    }
    with _portable(model):
        functions = concrete_functions(model)
    # Debug information holds paths of this machine.
    options = tf.saved_model.SaveOptions(save_debug_info=False)
    tf.saved_model.save(module, os.fspath(path), signatures=functions, options=options)


@contextlib.contextmanager
def _portable(model: DSAE) -> Iterator[None]:
    """Traces recurrent layers for any device, even if this machine has a GPU."""
    # Keras would trace cuDNN's operations there, which a server without a GPU does not have.
    found = cudnn_layers(model)
    kept = [layer.use_cudnn for layer in found]
    try:
        for layer in found:
            layer.use_cudnn = False
        yield
    finally:
        for layer, choice in zip(found, kept, strict=True):
            layer.use_cudnn = choice


def _check_finite(path: Path, model: DSAE) -> None:
    wrong = [weight.path for weight in model.weights if not np.isfinite(weight.numpy()).all()]
    if wrong:
        raise UserError(
            f"{path}: expected finite weights, received NaN or infinity in {', '.join(wrong)}; "
            "train anew, with a smaller learning rate"
        )
