"""What a run leaves in its folder: settings and weights, written whole and read with care."""

import dataclasses
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any, NamedTuple

from tf_dsae.config import ModelConfig, TrainingConfig
from tf_dsae.errors import UserError, reason
from tf_dsae.files import require_space, written_whole
from tf_dsae.model import DSAE
from tf_dsae.version import __version__

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
METRICS = "metrics.csv"
CHECKPOINTS = "checkpoints"
FIGURES = "figures"
TENSORBOARD = "tensorboard"

_RECORDED = (
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "tensorflow-datasets",
    "numpy",
    "scikit-learn",
)


class RunConfig(NamedTuple):
    """Everything a run's weights depend on; `data` is {} until the data are open."""

    model: ModelConfig
    training: TrainingConfig
    data: dict[str, Any]


def versions() -> dict[str, str]:
    """Versions of Python, this package and the libraries its numbers depend on."""
    found = {name: importlib.metadata.version(name) for name in _RECORDED}
    return {"python": platform.python_version(), "tf_dsae": __version__, **found}


def write_config(workdir: str | os.PathLike, run: RunConfig) -> None:
    """Writes config.json."""
    settings = {
        "model": dataclasses.asdict(run.model),
        "training": dataclasses.asdict(run.training),
        "data": run.data,
        "versions": versions(),
    }
    with written_whole(Path(workdir) / CONFIG) as path:
        path.write_text(json.dumps(settings, indent=2) + "\n")


def read_config(path: str | os.PathLike) -> RunConfig:
    """Reads a config.json.

    Raises:
      UserError: it is missing, no JSON, or not what `write_config` writes.
    """
    path = Path(path)
    try:
        settings = json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path}: expected a run's settings, found no such file") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: expected a run's settings as JSON, received: {error}") from None
    if not isinstance(settings, dict) or not {"model", "training", "data"} <= set(settings):
        raise UserError(f"{path}: expected an object with model, training and data in it")
    if not isinstance(settings["data"], dict):
        raise UserError(f"{path}: data: expected an object, received {settings['data']!r}")
    try:
        model = ModelConfig.from_dict(settings["model"])
        training = TrainingConfig.from_dict(settings["training"])
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    return RunConfig(model, training, settings["data"])


def _flat(run: RunConfig) -> dict[str, Any]:
    model, training = dataclasses.asdict(run.model), dataclasses.asdict(run.training)
    return {**model, **training, **{f"data {key}": value for key, value in run.data.items()}}


def check_same_run(workdir: str | os.PathLike, run: RunConfig) -> None:
    """Raises UserError where the folder holds a run of other settings; names those that differ.

    Data are compared only where `run` knows its data.
    """
    path = Path(workdir) / CONFIG
    if not path.exists():
        return
    held, asked = _flat(read_config(path)), _flat(run)
    changed = [
        f"{name} {held.get(name)!r} (now {value!r})"
        for name, value in asked.items()
        if held.get(name) != value
    ]
    if changed:
        raise UserError(
            f"workdir: expected {workdir} to be empty or to hold this very run, found one with "
            f"{', '.join(changed)}; name another --workdir, or delete that one"
        )


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
    """The trained model of a run, in float32.

    Raises:
      UserError: the folder holds no finished run, or its files are damaged or do not fit.
    """
    workdir = Path(workdir).expanduser()
    config = read_config(workdir / CONFIG).model
    path = workdir / WEIGHTS
    if not path.exists():
        raise UserError(
            f"{path}: expected the weights of a finished run, found no such file; "
            "let bin/train finish, or name another run"
        )
    model = DSAE(config)
    try:
        model.load_weights(path)
    except Exception as error:  # Keras and h5py raise many kinds; all of them mean this.
        raise UserError(
            f"{path}: expected the weights of the architecture in {CONFIG}, received others or a "
            f"damaged file ({reason(error)})"
        ) from error
    return model
