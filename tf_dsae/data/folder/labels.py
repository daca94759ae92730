"""The labels of a folder's videos, from labels.csv."""

import csv
import io
import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tf_dsae.core.checks import MAX_FACTORS, quote
from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_bytes
from tf_dsae.data.factor_labels import check_factor_name, check_num_classes
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.video_files import LABELS, Source, first_names, natural_key

MAX_BYTES = 2**26
MAX_CLASS_LENGTH = 200


class Labels(NamedTuple):
    """The factors of a folder."""

    classes: Mapping[str, tuple[str, ...]]  # Factor -> names of its classes, in label order.
    numbers: Mapping[str, Mapping[str, int]]  # Name of a source -> its label of each factor.


def labels_file(video_dir: str | os.PathLike) -> Path | None:
    """Returns labels.csv of a folder, None where there is none; UserError for no plain file."""
    path = Path(video_dir).expanduser() / LABELS
    if not path.exists():
        return None
    if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
        received = "a folder or a link that leaves it"
        raise _mistake(f"a file in {video_dir}", received, "replace it by a copy")
    return path


def read_labels(video_dir: str | os.PathLike, sources: Sequence[Source]) -> Labels:
    """Reads labels.csv, a header `file,<factor>,...` and one row a video; no file, no factors.

    UserError where it cannot be read, or its rows are not one for each of `sources`.
    """
    path = labels_file(video_dir)
    if path is None:
        return Labels({}, {source.name: {} for source in sources})
    lines = _read_lines(path)
    factors = _read_header(lines)
    rows = _read_rows(lines[1:], factors, sources)
    classes: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, dict[str, int]] = {file: {} for file in rows}
    for at, factor in enumerate(factors):
        texts = {cells[at] for cells in rows.values()}
        check_num_classes(LABELS, factor, len(texts))
        classes[factor] = tuple(sorted(texts, key=natural_key))
        number_of = {text: number for number, text in enumerate(classes[factor])}
        for file, cells in rows.items():
            numbers[file][factor] = number_of[cells[at]]
    return Labels(classes, numbers)


def dynamic_factors(names: Sequence[str], labels: Labels) -> tuple[str, ...]:
    """Returns those of `names` that are factors; UserError for others but those of the default."""
    unknown = [name for name in names if name not in labels.classes]
    if not unknown or tuple(names) == ClipSettings().dynamic_factors:
        return tuple(name for name in names if name in labels.classes)
    columns = f"{LABELS}, {first_names(list(labels.classes)) or 'of which there is none'}"
    raise UserError(
        f"dynamic_factors: expected columns of {columns}, received {first_names(unknown)}; correct "
        "the names, or leave them out"
    )


def _mistake(expected: str, received: object, advice: str = "") -> UserError:
    end = f"; {advice}" if advice else ""
    return UserError(f"{LABELS}: expected {expected}, received {received}{end}")


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Returns (line number, cells) of every line that is not empty."""
    try:
        text = read_bytes(path, MAX_BYTES).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [
            (reader.line_num, [unicodedata.normalize("NFC", cell.strip()) for cell in cells])
            for cells in reader
            if cells
        ]
    except (OSError, ValueError, csv.Error) as error:
        expected = "comma-separated UTF-8 text"
        raise _mistake(expected, reason(error), "save it as CSV in UTF-8") from error


def _read_header(lines: list[tuple[int, list[str]]]) -> list[str]:
    """Returns the names of the factors."""
    if not lines:
        raise _mistake("a header file,<factor>,...", "an empty file")
    file, *factors = lines[0][1]
    written = quote(",".join(lines[0][1]))
    if file != "file" or not factors:
        raise _mistake("the header file,<factor>,...", written, "name the columns in line 1")
    if len(factors) > MAX_FACTORS:
        raise _mistake(f"at most {MAX_FACTORS} factors", len(factors))
    for name in factors:
        check_factor_name(LABELS, name)
    if len({name.lower() for name in factors}) < len(factors):  # They become names of files.
        raise _mistake("columns of different names", written, "rename one")
    return factors


def _read_rows(
    lines: list[tuple[int, list[str]]], factors: list[str], sources: Sequence[Source]
) -> dict[str, list[str]]:
    """Returns name of a source -> its cells; checks that every source has a row."""
    whole = [source.name for source in sources if source.kind != "damaged"]
    names = {unicodedata.normalize("NFC", name): name for name in whole}
    if len(names) < len(whole):
        received = "two that differ in how an accent is stored"
        raise _mistake("videos whose names look different", received, "rename one")
    # Nobody knows how many videos a damaged array had, so its rows are not looked at.
    damaged = tuple(source.name for source in sources if source.kind == "damaged")
    rows: dict[str, list[str]] = {}
    for line, (file, *cells) in lines:
        if len(cells) != len(factors):
            expected = f"{len(factors) + 1} cells in line {line}"
            raise _mistake(expected, len(cells) + 1, "write one for each column")
        if file not in names:
            file = file.replace("\\", "/").removeprefix("./")
        if file.startswith(damaged) and file not in names:
            continue
        if file not in names or names[file] in rows:
            what = "a second row for" if file in names else "the unknown file"
            received = f"{what} {quote(file)} in line {line}"
            raise _mistake("one row a video", received, "remove or correct it")
        for name, cell in zip(factors, cells, strict=True):
            if not cell or len(cell) > MAX_CLASS_LENGTH or not cell.isprintable():
                expected = f"a class of 1 to {MAX_CLASS_LENGTH} printable characters for {name}"
                raise _mistake(f"{expected} in line {line}", quote(cell), "write one")
        rows[names[file]] = cells
    missing = [name for name in whole if name not in rows]
    if missing:
        received = f"none for {len(missing)}, the first {missing[0]}"
        advice = f"add {'it' if len(missing) == 1 else 'them'}"
        raise _mistake(f"a row for each of {len(names)} videos", received, advice)
    return rows
