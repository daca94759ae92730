"""The judges of a data set: one classifier for each factor, trained once and kept in a folder.

They are trained on the real videos of split 'train', measured on those of split 'test', and then
classify generated videos (Leplae-Arthur and Nichani 2019, Section 5.4).
"""

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tensorflow_datasets as tfds

from tf_dsae.core.checks import printable, quote
from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import (
    read_json,
    require_space,
    sha256,
    write_atomically,
    write_errors,
)
from tf_dsae.core.typed_json import STRICT, Name, read_typed, to_plain
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.evaluation_files import JUDGES, check_judge_dir
from tf_dsae.evaluation.judge import (
    Judges,
    JudgeSettings,
    judge_weights,
    make_judges,
)
from tf_dsae.evaluation.judge_training import check_labels, train_judges
from tf_dsae.evaluation.protocol import MIN_ACCURACY
from tf_dsae.runs.hdf5_guard import check_weights
from tf_dsae.runs.run_config import versions


class JudgesRecord(NamedTuple):
    """The content of judges.json: data set, accuracies and SHA-256 of the weights."""

    dataset: Name
    fingerprint: Name
    classes: dict[str, tuple[Name, ...]]
    accuracy: dict[str, float]
    settings: Annotated[JudgeSettings, STRICT]
    weights: dict[str, Name]
    versions: dict[str, Name] = {}


def _weights_path(folder: Path, factor: str) -> Path:
    """The file of a factor's weights; UserError for a name that leads out of the folder."""
    # Names of factors come with a data set, from whoever made it.
    if not re.fullmatch(r"[^/\\\x00-\x1f\x7f]{1,60}", factor) or set(factor) == {"."}:
        raise UserError(
            f"factor: expected a name of 1 to 60 characters that can be a file's, received "
            f"{quote(factor)}; rename it"
        )
    return folder / f"{factor}.weights.h5"


def save_judges(folder: str | os.PathLike, judges: Judges) -> None:
    """Writes a weights file for each factor and, last, judges.json, so that its folder is complete.

    UserError where the folder holds other judges or cannot be written, or its disk is full.
    """
    folder = Path(folder).expanduser()
    record = folder / JUDGES
    weights = [weight for network in judges.networks.values() for weight in network.weights]
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        # A disk that fills while HDF5 writes takes the process down with it. Layout comes on top.
        require_space(folder, sum(weight.numpy().nbytes for weight in weights) + 2**20)
        if record.exists():
            _check_same_data(folder, _read_record(record), judges.dataset, judges.fingerprint)
    with contextlib.ExitStack() as files:
        # The last to be entered is the first to get its name.
        record_beside = files.enter_context(write_atomically(record))
        sums = {}
        for factor, network in judges.networks.items():
            beside = files.enter_context(write_atomically(_weights_path(folder, factor)))
            network.save_weights(beside, overwrite=True)
            sums[factor] = sha256(beside)
        entries = JudgesRecord(
            judges.dataset,
            judges.fingerprint,
            judges.classes,
            judges.accuracy,
            judges.settings,
            sums,
            versions(),
        )
        record_beside.write_text(json.dumps(to_plain(entries), indent=2) + "\n")
        record.unlink(missing_ok=True)  # No judges are there until all files have their names.


def _again(folder: Path) -> str:
    return f"delete {folder / JUDGES} to have them trained again, or name another --judge_dir"


def _read_record(path: Path) -> JudgesRecord:
    """Reads a judges.json; UserError if it is missing, no JSON, or malformed."""
    advice = _again(path.parent)
    return read_typed(JudgesRecord, read_json(path, "judges", advice), str(path), advice)


def _check_same_data(folder: Path, record: JudgesRecord, dataset: str, fingerprint: str) -> None:
    """Raises UserError if judges were trained on other videos."""
    if (record.dataset, record.fingerprint) != (dataset, fingerprint):
        raise UserError(
            f"{folder}: expected judges of {dataset} with fingerprint {fingerprint[:12]}, found "
            f"those of {printable(record.dataset)} with {printable(record.fingerprint[:12])}; "
            "name another --judge_dir"
        )


def load_judges(folder: str | os.PathLike, data: SequenceData) -> Judges:
    """Reads the judges of a data set; UserError for those of others, or for damaged files."""
    folder = Path(folder).expanduser()
    path = folder / JUDGES
    record = _read_record(path)
    _check_same_data(folder, record, data.name, data.fingerprint)
    classes = {factor: tuple(names) for factor, names in data.factors.items()}
    if record.classes != classes:
        other = [name for name in classes if record.classes.get(name) != classes[name]]
        other += sorted(set(record.classes) - set(classes))
        raise UserError(
            f"{path}: classes: expected those of {data.name}, received others for "
            f"{printable(', '.join(other), 200)}; {_again(folder)}"
        )
    accuracy = {factor: record.accuracy.get(factor, -1.0) for factor in classes}
    if not all(0 <= value <= 1 for value in accuracy.values()):
        raise UserError(
            f"{path}: accuracy: expected fractions for {', '.join(classes)}, received "
            f"{quote(record.accuracy)}; {_again(folder)}"
        )
    settings = record.settings
    try:
        sizes = {
            factor: judge_weights(len(names), data.video_shape[1:], settings)
            for factor, names in classes.items()
        }
    except UserError as error:
        raise UserError(f"{path}: settings: {error}; {_again(folder)}") from error
    for factor, size in sizes.items():
        _check_file(folder, factor, size, record.weights.get(factor))
    networks = make_judges(data.factors, data.video_shape[1:], settings)
    for factor, network in networks.items():
        with _weights_errors(folder, factor):
            network.load_weights(_weights_path(folder, factor))
    return Judges(data, networks, settings, accuracy)


def _check_file(folder: Path, factor: str, num_weights: int, expected: Any) -> None:
    """Raises UserError unless a factor's file has the recorded digest and can hold the weights."""
    path = _weights_path(folder, factor)
    with _weights_errors(folder, factor):
        check_weights(path, num_weights)
        if sha256(path) != expected:
            raise ValueError("its SHA-256 is another")


@contextlib.contextmanager
def _weights_errors(folder: Path, factor: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Keras and h5py raise many kinds; all of them mean this.
        raise UserError(
            f"{_weights_path(folder, factor)}: expected the weights that {JUDGES} names, received "
            f"others or a damaged file ({reason(error)}); {_again(folder)}"
        ) from error


def default_judge_dir(data: SequenceData, data_dir: str | os.PathLike | None = None) -> Path:
    """The default folder of a data set's judges: DATA_DIR/judges/NAME-FINGERPRINT.

    By default DATA_DIR is that of TFDS, $TFDS_DATA_DIR or ~/tensorflow_datasets.
    """
    name = re.sub(r"[/\\\x00-\x1f\x7f]", "-", data.name)  # Any name is one folder.
    root = Path(data_dir or tfds.core.constants.get_default_data_dir()).expanduser()
    return root / "judges" / f"{name}-{data.fingerprint[:12]}"


def obtain_judges(
    data: SequenceData,
    judge_dir: str | os.PathLike | None = None,
    data_dir: str | os.PathLike | None = None,
    show_progress: bool = True,
    min_accuracy: float = MIN_ACCURACY,
) -> Judges:
    """The judges of a data set: loads them, or trains and saves them where there are none yet.

    They are in `judge_dir`, by default `default_judge_dir` of the data and `data_dir`. Newly
    trained judges must name `min_accuracy` of the test videos right, or UserError is raised and
    they are not saved.
    """
    folder = default_judge_dir(data, data_dir) if judge_dir is None else Path(judge_dir)
    folder = folder.expanduser()
    check_labels(data, "test")
    for factor in data.factors:
        _weights_path(folder, factor)  # Raises for a name that can be no file's.
    check_judge_dir(folder)
    there = (folder / JUDGES).exists()
    if there:
        judges = load_judges(folder, data)
    else:
        judges = train_judges(data, show_progress=show_progress)
        judges.require(min_accuracy)  # Poor ones are not kept.
        save_judges(folder, judges)
    if show_progress:
        accuracy = ", ".join(f"{name} {100 * of:.2f}%" for name, of in judges.accuracy.items())
        print(
            f"judges of {data.name} {'found' if there else 'trained'} in {folder}: {accuracy}.",
            file=sys.stderr,
        )
    return judges
