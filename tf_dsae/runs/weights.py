"""A run's weights, written whole and read with care."""

import os
from pathlib import Path

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import require_space, written_whole
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.hdf5_guard import check_weights
from tf_dsae.runs.run_config import CONFIG, WEIGHTS, read_finished_run


def save_weights(workdir: str | os.PathLike, model: DSAE) -> None:
    """Writes model.weights.h5.

    Raises:
      UserError: the folder cannot be written, or its disk has no space for it.
    """
    # A disk that fills while HDF5 writes takes the process down with it. Layout comes on top.
    needed = sum(variable.numpy().nbytes for variable in model.weights) + 2**20
    require_space(workdir, needed)
    with written_whole(Path(workdir) / WEIGHTS) as path:
        model.save_weights(path, overwrite=True)


def load(workdir: str | os.PathLike) -> DSAE:
    """The trained model of the run in `workdir`, in float32.

    Raises:
      UserError: the folder holds no finished run, or its files are damaged or do not fit.

    Example, of the folder that `train` and bin/train leave:
      >>> model = tf_dsae.load("runs/tiny")
      >>> model.config == tf_dsae.preset("tiny").model
      True
    """
    config = read_finished_run(workdir).model
    path = Path(workdir).expanduser() / WEIGHTS
    try:
        check_weights(path, config.num_weights)
        model = DSAE(config)
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise many kinds; all of them mean this.
        raise UserError(
            f"{path}: expected the weights of the architecture in {CONFIG}, received others or a "
            f"damaged file ({reason(error)})"
        ) from error
    return model
