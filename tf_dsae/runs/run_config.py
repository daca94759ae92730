"""A run's folder: the names of its files, and config.json, read and written without TensorFlow."""

import dataclasses
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import (
    check_folder,
    read_json,
    wrap_path_errors,
    write_atomically,
    write_errors,
)
from tf_dsae.core.version import __version__
from tf_dsae.data.data_source import DataSource, make_source, read_source
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.registries import PARTS
from tf_dsae.methods.method import METHODS
from tf_dsae.methods.training_config import TrainingConfig

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
METRICS = "metrics.csv"
CHECKPOINTS = "checkpoints"
FIGURES = "figures"
TENSORBOARD = "tensorboard"

_LIBRARIES = (
    *("tensorflow", "keras", "tensorflow-probability", "tensorflow-datasets"),
    *("numpy", "scikit-learn"),
)
_IN_SCRIPT = "run the code of the script or notebook that"
_REGISTRIES = {**PARTS, "method": METHODS}
# Settings that the machine decides, and the value that leaves them to it.
_LEFT_TO_MACHINE = {"xla": "auto", "mixed_precision": None}


class RunConfig(NamedTuple):
    """Everything that a run's weights depend on; `data` is {} until the data are open.

    `terms` are those of its method, name -> what makes it; None until they are written down.
    """

    model: ModelConfig
    training: TrainingConfig
    data: dict[str, Any]
    terms: dict[str, Any] | None = None


def versions() -> dict[str, str]:
    """Versions of Python, this package and the libraries its numbers depend on."""
    libraries = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), "tf_dsae": __version__, **libraries}


def write_config(workdir: str | os.PathLike, run: RunConfig) -> None:
    """Writes config.json."""
    settings = {
        "model": dataclasses.asdict(run.model),
        "training": dataclasses.asdict(run.training),
        "data": run.data,
        "terms": run.terms or {},
        "versions": versions(),
    }
    if modules := _modules_of(run):
        settings["modules"] = modules
    with write_atomically(Path(workdir) / CONFIG) as path:
        path.write_text(json.dumps(settings, indent=2) + "\n")


def describe_terms(method: str) -> dict[str, Any]:
    """The terms of a method as plain values: name -> class, weight and other arguments."""
    described = {
        term.name: {"class": f"{type(term).__module__}.{type(term).__qualname__}"}
        | term.get_config()
        for term in METHODS[method].terms
    }
    return json.loads(json.dumps(described, default=str))


def _modules_of(run: RunConfig) -> dict[str, str]:
    """Other packages' entries that this run needs: "kind name" -> the module to import."""
    names = {kind: getattr(run.model, kind) for kind in PARTS} | {"method": run.training.method}
    homes = {f"{kind} {name}": _REGISTRIES[kind].added_by(name) for kind, name in names.items()}
    return {entry: home for entry, home in homes.items() if home}


def _missing_modules(settings: Mapping[str, Any]) -> str:
    """ "; import x, which registers a, b, first" for entries of a run that are not registered."""
    modules = settings.get("modules")
    missing: dict[str, list[str]] = {}
    for entry, module in modules.items() if isinstance(modules, dict) else ():
        kind, _, name = str(entry).partition(" ")
        if kind in _REGISTRIES and name not in _REGISTRIES[kind]:
            missing.setdefault(quote(str(module)), []).append(quote(str(entry)))
    lines = [
        f"{_IN_SCRIPT if module == '__main__' else f'import {module}, which'} registers "
        f"{', '.join(of)}"
        for module, of in missing.items()
    ]
    return "; " + " and ".join(lines) + ", first" if lines else ""


def read_config(path: str | os.PathLike) -> RunConfig:
    """Reads a config.json; UserError where it is missing or not what `write_config` writes."""
    return _check_settings(path, read_json(Path(path).expanduser(), "a run's settings"))


def read_settings(path: str | os.PathLike) -> dict[str, Any]:
    """The checked content of a config.json, with versions; raises as `read_config` does."""
    settings = read_json(Path(path).expanduser(), "a run's settings")
    _check_settings(path, settings)
    return settings


def _check_settings(path: str | os.PathLike, settings: Any) -> RunConfig:
    if not isinstance(settings, dict) or not {"model", "training", "data"} <= set(settings):
        raise UserError(f"{path}: expected an object with model, training and data in it")
    settings = {"terms": {}, **settings}
    for name in ("data", "terms"):
        if not isinstance(settings[name], dict):
            raise UserError(f"{path}: {name}: expected an object, received {quote(settings[name])}")
    try:
        model = ModelConfig.from_dict(settings["model"])
        training = TrainingConfig.from_dict(settings["training"])
    except UserError as error:
        raise UserError(f"{path}: {error}{_missing_modules(settings)}") from None
    return RunConfig(model, training, settings["data"], settings["terms"])


def read_finished_run(workdir: str | os.PathLike) -> RunConfig:
    """The settings of a run; UserError where they are damaged or there are no weights."""
    workdir = Path(workdir).expanduser()
    with wrap_path_errors("workdir", workdir):
        run = read_config(workdir / CONFIG)
        if not (workdir / WEIGHTS).exists():
            raise UserError(
                f"{workdir / WEIGHTS}: expected the weights of a finished run, found no such file; "
                "let bin/train finish, or name another run"
            )
    return run


def settings_of(run: RunConfig) -> dict[str, Any]:
    """The settings that distinguish runs, name -> value."""
    model, training = dataclasses.asdict(run.model), dataclasses.asdict(run.training)
    # The same data may lie elsewhere by now: their fingerprint says that they are the same.
    data = {f"data {key}": value for key, value in run.data.items() if key != "source"}
    source = read_source(run.data)
    of_source = {"dataset": source.kind, **source.identity()} if source else {}
    terms = {} if run.terms is None else {"terms": run.terms}
    return {**model, **training, **of_source, **data, **terms}


def source_of(run: RunConfig) -> DataSource:
    """The source of a run's data; raises UserError if it is not known here."""
    return read_source(run.data) or make_source(run.training.dataset)


def check_same_run(workdir: str | os.PathLike, run: RunConfig) -> None:
    """Raises UserError, which names the settings that differ, where the folder holds another run.

    Data are compared only if `run` knows its data, and the machine's choices only once they are
    made.
    """
    path = Path(workdir) / CONFIG
    if not path.exists():
        return
    theirs, ours = settings_of(read_config(path)), settings_of(run)
    changed = [
        f"{name} {quote(theirs.get(name))} (now {quote(value)})"
        for name, value in ours.items()
        if theirs.get(name) != value
        and not (name in _LEFT_TO_MACHINE and value == _LEFT_TO_MACHINE[name])
    ]
    if changed:
        raise UserError(
            f"workdir: expected {workdir} to be empty or to hold this very run, found one with "
            f"{', '.join(changed)}; name another --workdir, or delete that one"
        )


def check_workdir(workdir: str | os.PathLike, run: RunConfig, resume: bool) -> None:
    """Raises UserError if the folder cannot hold this run."""
    config, checkpoints = Path(workdir) / CONFIG, Path(workdir) / CHECKPOINTS
    with write_errors(workdir):
        has_run = config.exists()
        has_checkpoints = checkpoints.is_dir() and any(checkpoints.iterdir())
    check_folder("workdir", workdir)
    if has_run and not resume:
        raise UserError(
            f"workdir: expected no run in {workdir} with --noresume, found one; name another "
            "--workdir, or leave --noresume out to go on with it"
        )
    if has_checkpoints and not has_run:
        raise UserError(
            f"workdir: expected {config} beside the checkpoints of a run, found none; name another "
            f"--workdir, or delete {checkpoints}"
        )
    check_same_run(workdir, run)
