"""The labels of a folder's videos, from labels.csv."""

import csv
import io
import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tf_dsae.core.checks import MAX_FACTORS
from tf_dsae.core.errors import UserError, reason
from tf_dsae.data.factor_labels import check_factor_name, check_num_classes
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.video_files import LABELS, Source, first_names, natural_key

MAX_BYTES = 2**26
MAX_CLASS_LENGTH = 200


class Labels(NamedTuple):
    """The factors of a folder.

    Attributes:
      classes: factor -> names of its classes, in label order.
      numbers: name of a source -> its label of each factor.
    """

    classes: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, Mapping[str, int]]


def labels_file(video_dir: str | os.PathLike) -> Path | None:
    """Returns the file of labels of a folder; None if there is none.

    Raises:
      UserError: it is no plain file below the folder.
    """
    path = Path(video_dir).expanduser() / LABELS
    if not path.exists():
        return None
    if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
        raise UserError(
            f"{LABELS}: expected a file in {video_dir}, received a folder or a link that leaves "
            "it; replace it by a copy"
        )
    return path


def read_labels(video_dir: str | os.PathLike, sources: Sequence[Source]) -> Labels:
    """Reads labels.csv, a header `file,<factor>,...` and one row a video; no file, no factors.

    Raises:
      UserError: the file cannot be read, or its rows are not one for each of `sources`.
    """
    path = labels_file(video_dir)
    if path is None:
        return Labels({}, {source.name: {} for source in sources})
    lines = _lines(path)
    if not lines:
        raise UserError(f"{LABELS}: expected a header file,<factor>,..., received an empty file")
    factors = _factors(lines[0][1])
    rows = _rows(lines[1:], factors, sources)
    texts = {name: {cells[at] for cells in rows.values()} for at, name in enumerate(factors)}
    classes = {name: _sort_classes(name, names) for name, names in texts.items()}
    numbers = {name: {text: at for at, text in enumerate(row)} for name, row in classes.items()}
    return Labels(
        classes,
        {
            file: {name: numbers[name][cells[at]] for at, name in enumerate(factors)}
            for file, cells in rows.items()
        },
    )


def dynamic_factors(names: Sequence[str], labels: Labels) -> tuple[str, ...]:
    """Returns those of `names` that are factors.

    Raises:
      UserError: a name is no factor, and the names are others than the default of `ClipSettings`.
    """
    unknown = [name for name in names if name not in labels.classes]
    if not unknown or tuple(names) == ClipSettings().dynamic_factors:
        return tuple(name for name in names if name in labels.classes)
    if not labels.classes:
        raise UserError(
            f"dynamic_factors: expected a {LABELS} with the columns {first_names(unknown)}, "
            f"received no {LABELS}; write one, or leave dynamic_factors out"
        )
    raise UserError(
        f"dynamic_factors: expected columns of {LABELS}, {first_names(list(labels.classes))}, "
        f"received {first_names(unknown)}; correct the names"
    )


def single_classes(labels: Labels) -> list[str]:
    """Returns the factors with one class for all videos."""
    return [name for name, classes in labels.classes.items() if len(classes) == 1]


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Returns (line number, cells) of every line that is not empty."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return [
            (reader.line_num, [unicodedata.normalize("NFC", cell.strip()) for cell in cells])
            for cells in reader
            if cells
        ]
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{LABELS}: expected comma-separated UTF-8 text, received: {reason(error)}; save it "
            "as CSV in UTF-8"
        ) from error


def _factors(header: list[str]) -> list[str]:
    if header[0] != "file" or len(header) < 2:
        raise UserError(
            f"{LABELS}: expected the header file,<factor>,..., received "
            f"{_short(','.join(header))}; name the columns in line 1"
        )
    factors = header[1:]
    if len(factors) > MAX_FACTORS:
        raise UserError(
            f"{LABELS}: expected at most {MAX_FACTORS} factors, received {len(factors)}"
        )
    for name in factors:
        check_factor_name(LABELS, name)
    if len({name.lower() for name in factors}) < len(factors):  # They become names of files.
        raise UserError(
            f"{LABELS}: expected columns of different names, received {_short(','.join(factors))}; "
            "rename one"
        )
    return factors


def _rows(
    lines: list[tuple[int, list[str]]], factors: list[str], sources: Sequence[Source]
) -> dict[str, list[str]]:
    """Returns name of a source -> its cells; checks that every source has a row."""
    whole = [source.name for source in sources if source.kind != "damaged"]
    names = {unicodedata.normalize("NFC", name): name for name in whole}
    if len(names) < len(whole):
        raise UserError(
            f"{LABELS}: expected videos whose names look different, received two that differ in "
            "how an accent is stored; rename one"
        )
    # Nobody knows how many videos a damaged array had, so its rows are not looked at.
    damaged = tuple(source.name for source in sources if source.kind == "damaged")
    rows: dict[str, list[str]] = {}
    for line, cells in lines:
        if len(cells) != len(factors) + 1:
            raise UserError(
                f"{LABELS}: expected {len(factors) + 1} cells in line {line}, received "
                f"{len(cells)}; write one for each column"
            )
        file = cells[0].replace("\\", "/").removeprefix("./") if cells[0] not in names else cells[0]
        if file.startswith(damaged) and file not in names:
            continue
        if file not in names or names[file] in rows:
            what = "a second row for" if file in names else "the unknown file"
            raise UserError(
                f"{LABELS}: expected one row a video, received {what} {_short(file)} in line "
                f"{line}; remove or correct it"
            )
        for name, cell in zip(factors, cells[1:], strict=True):
            _check_class(name, cell, line)
        rows[names[file]] = cells[1:]
    missing = [name for name in names.values() if name not in rows]
    if missing:
        raise UserError(
            f"{LABELS}: expected a row for each of {len(names)} videos, received none for "
            f"{len(missing)}, the first {missing[0]}; add {'it' if len(missing) == 1 else 'them'}"
        )
    return rows


def _check_class(name: str, cell: str, line: int) -> None:
    if not cell or len(cell) > MAX_CLASS_LENGTH or not cell.isprintable():
        raise UserError(
            f"{LABELS}: expected a class of 1 to {MAX_CLASS_LENGTH} printable characters for "
            f"{name} in line {line}, received {_short(cell)}; write one"
        )


def _sort_classes(name: str, classes: set[str]) -> tuple[str, ...]:
    check_num_classes(LABELS, name, len(classes))
    return tuple(sorted(classes, key=natural_key))


def _short(text: str) -> str:
    return repr(text if len(text) <= 100 else f"{text[:100]} ...")
