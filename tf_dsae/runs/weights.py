"""A run's weights, written whole and read with care."""

import os
import tempfile
from pathlib import Path

import h5py

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import require_space, write_atomically
from tf_dsae.layers.weight_count import count_weights
from tf_dsae.methods.method import METHODS
from tf_dsae.models.dsae import DSAE
from tf_dsae.models.objective import Objective
from tf_dsae.runs.hdf5_guard import check_weights
from tf_dsae.runs.run_config import CONFIG, WEIGHTS, read_finished_run

_ANY_STEPS = 10**9  # Of which schedules may be shares.
# Keras names some parts in a file by their class; old name -> today's.
_RENAMED = {
    "layers/static_encoder": "layers/recurrent_static_posterior",
    "layers/mean_static_encoder": "layers/mean_static_posterior",
}


def save_weights(workdir: str | os.PathLike, model: DSAE) -> None:
    """Writes model.weights.h5; UserError where there is no space or no right to."""
    # A disk that fills while HDF5 writes takes the process down with it. Layout comes on top.
    needed = sum(variable.numpy().nbytes for variable in model.weights) + 2**20
    require_space(workdir, needed)
    with write_atomically(Path(workdir) / WEIGHTS) as path:
        model.save_weights(path, overwrite=True)


def load(workdir: str | os.PathLike) -> DSAE:
    """The trained model of the run in `workdir`, in float32.

    Raises:
      UserError: the folder holds no finished run, or its files are damaged or do not match.

    Example, of the folder that `train` and bin/train leave:
      >>> model = tf_dsae.load("runs/tiny")
      >>> model.config == tf_dsae.preset("tiny").model
      True
    """
    run = read_finished_run(workdir)
    config = run.model
    folder = Path(workdir).expanduser()
    path = folder / WEIGHTS
    count = count_weights(lambda: DSAE(config), f"{folder / CONFIG}: model settings")
    try:
        check_weights(path, count)
        model = DSAE(config)
        _load(model, path)
    except Exception as error:  # Keras and h5py raise many kinds; all of them mean this.
        raise UserError(
            f"{path}: expected the weights of the architecture in {CONFIG}, received others or a "
            f"damaged file ({reason(error)})"
        ) from error
    # The run's schedules ended with it; `score` returns its terms.
    terms = METHODS[run.training.method].terms
    model.set_objective(Objective(terms=terms, total_steps=_ANY_STEPS))
    return model


def _load(model: DSAE, path: Path) -> None:
    """Loads weights; those of version 0.1 have other names for the parts."""
    with h5py.File(path, "r") as file:
        renamed = [old for old in _RENAMED if old in file]
        if not renamed:
            model.load_weights(path)
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / WEIGHTS
            with h5py.File(copy, "w") as target:
                for name in file:
                    file.copy(name, target)
                for old in renamed:
                    target.move(old, _RENAMED[old])
            model.load_weights(copy)
