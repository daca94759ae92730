"""What a run leaves in its folder: settings and weights, written whole and read with care."""

import dataclasses
import importlib.metadata
import json
import math
import os
import platform
from pathlib import Path
from typing import Any, NamedTuple

import h5py

from tf_dsae.core.checks import shown
from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import open_regular, read_json, require_space, written_whole
from tf_dsae.core.version import __version__
from tf_dsae.data.data_source import read_source
from tf_dsae.models.config import ModelConfig, TrainingConfig
from tf_dsae.models.dsae import DSAE

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
    return _read_config(Path(path))[0]


def read_settings(path: str | os.PathLike) -> dict[str, Any]:
    """What a config.json holds, versions included, once checked; raises as `read_config` does."""
    return _read_config(Path(path))[1]


def _read_config(path: Path) -> tuple[RunConfig, dict[str, Any]]:
    path = path.expanduser()
    settings = read_json(path, "a run's settings")
    if not isinstance(settings, dict) or not {"model", "training", "data"} <= set(settings):
        raise UserError(f"{path}: expected an object with model, training and data in it")
    if not isinstance(settings["data"], dict):
        raise UserError(f"{path}: data: expected an object, received {shown(settings['data'])}")
    try:
        model = ModelConfig.from_dict(settings["model"])
        training = TrainingConfig.from_dict(settings["training"])
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    return RunConfig(model, training, settings["data"]), settings


def settings_of(run: RunConfig) -> dict[str, Any]:
    """What tells runs apart, name -> value."""
    model, training = dataclasses.asdict(run.model), dataclasses.asdict(run.training)
    # The same data may lie elsewhere by now: their fingerprint says that they are the same.
    data = {f"data {key}": value for key, value in run.data.items() if key != "source"}
    source = read_source(run.data)
    of_source = {"dataset": source.kind, **source.identity()} if source else {}
    return {**model, **training, **of_source, **data}


def check_same_run(workdir: str | os.PathLike, run: RunConfig) -> None:
    """Raises UserError where the folder holds a run of other settings; names those that differ.

    Data are compared only where `run` knows its data.
    """
    path = Path(workdir) / CONFIG
    if not path.exists():
        return
    held, asked = settings_of(read_config(path)), settings_of(run)
    changed = [
        f"{name} {shown(held.get(name))} (now {shown(value)})"
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
    """The trained model of the run in `workdir`, in float32.

    Raises:
      UserError: the folder holds no finished run, or its files are damaged or do not fit.

    Example, of the folder that `train` and bin/train leave:
      >>> model = tf_dsae.load("runs/tiny")
      >>> model.config == tf_dsae.preset("tiny").model
      True
    """
    workdir = Path(workdir).expanduser()
    config = read_config(workdir / CONFIG).model
    path = workdir / WEIGHTS
    if not path.exists():
        raise UserError(
            f"{path}: expected the weights of a finished run, found no such file; "
            "let bin/train finish, or name another run"
        )
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


# --- Weights that anyone may have written.

_MAX_ITEMS, _MAX_DEPTH = 10_000, 32  # Of a weights file; a run's has some hundreds, 6 deep.
# Bytes of a weight and of its two running means in Adam, in double precision; layout on top.
_BYTES_EACH, _LAYOUT = 24, 4 * 2**20


def check_weights(path: str | os.PathLike, num_weights: int) -> None:
    """Checks, before memory is taken, that an HDF5 file can hold the weights of a model.

    What passes is plain arrays of numbers that lie in the file itself, uncompressed, byte for
    byte, enough of them for the model and not many times more: so that neither reading it nor
    making the model takes more memory than the file's size warrants.

    Args:
      path: of the file.
      num_weights: of the model.

    Raises:
      OSError: it cannot be read, or is no HDF5.
      ValueError: it holds something else; the text says what.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    if size > num_weights * _BYTES_EACH + _LAYOUT:
        raise ValueError(f"{size} bytes are too many for {num_weights} weights")
    if size < 2 * num_weights:  # Of half precision.
        raise ValueError(f"{size} bytes are too few for {num_weights} weights")
    with h5py.File(path, "r") as held:
        datasets = _datasets(held)
        count = sum(_checked_size(dataset, size) for dataset in datasets)
        stored = sum(dataset.id.get_storage_size() for dataset in datasets)
    if count < num_weights:
        raise ValueError(f"expected {num_weights} weights, found {count}")
    if stored > size:
        raise ValueError("its arrays overlap")


def _datasets(held: h5py.File) -> list[h5py.Dataset]:
    """Every array of a file; raises ValueError for links that lead elsewhere or around."""
    found, groups, seen = [], [(held, 0)], 0
    while groups:
        group, depth = groups.pop()
        for name in group:
            seen += 1
            if seen > _MAX_ITEMS or depth > _MAX_DEPTH:
                raise ValueError("it has too many items, or is nested too deep")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{shown(name)} is a link out of its place")
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                found.append(item)
            else:
                raise ValueError(f"{shown(name)} is neither a group nor an array")
    return found


def _checked_size(dataset: h5py.Dataset, file_size: int) -> int:
    """Numbers in an array; raises ValueError unless it is a plain one inside the file."""
    layout = dataset.id.get_create_plist()
    kind, name = layout.get_layout(), shown(dataset.name)
    if kind not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT):
        raise ValueError(f"{name} is chunked, compressed or made of other files")
    if layout.get_external_count() or layout.get_nfilters():
        raise ValueError(f"{name} is compressed or lies in another file")
    if h5py.h5a.get_num_attrs(dataset.id):
        raise ValueError(f"{name} has attributes")
    stored_as = dataset.id.get_type()
    if stored_as.get_class() not in (h5py.h5t.FLOAT, h5py.h5t.INTEGER):
        raise ValueError(f"{name} holds no numbers")
    count = math.prod(dataset.shape or ())
    stored, offset = dataset.id.get_storage_size(), dataset.id.get_offset() or 0
    if count and (stored != count * stored_as.get_size() or offset + stored > file_size):
        raise ValueError(f"{name} is larger than what the file holds of it")
    if not count or dataset.dtype.itemsize != stored_as.get_size():
        raise ValueError(f"{name} is empty, or of an unusual type")
    return count
