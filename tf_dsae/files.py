"""Files that are there whole or not at all."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_dsae.errors import UserError, reason

_UMASK = os.umask(0)
os.umask(_UMASK)


@contextlib.contextmanager
def write_errors(folder: str | os.PathLike) -> Iterator[None]:
    """Turns a folder that cannot be written and a disk that is full into a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{folder}: expected a folder that can be written, received: "
            f"{error.strerror or reason(error)}; free some space or name another folder"
        ) from error


def require_space(folder: str | os.PathLike, num_bytes: int) -> None:
    """Raises UserError where the folder's disk has less free; for libraries that fail badly."""
    with write_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise UserError(
            f"{folder}: expected {num_bytes / 1e6:.1f} MB of free space, found "
            f"{free / 1e6:.1f} MB; free some space or name another folder"
        )


def check_folder(name: str, folder: str | os.PathLike, num_bytes: int = 0) -> None:
    """Raises UserError where a folder could not be made or written, before there is work to lose.

    Args:
      name: of the setting that names the folder.
      folder: that need not exist; nothing is made.
      num_bytes: that must be free on its disk.
    """
    folder = Path(folder).expanduser()
    with write_errors(folder):
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UserError(f"{name}: expected a folder, received {folder}; {existing} is a file")
    if not os.access(existing, os.W_OK):
        raise UserError(
            f"{name}: expected a folder that can be written, received {folder}; change the rights "
            f"of {existing}, or name another --{name}"
        )
    require_space(existing, num_bytes)


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a name beside `path` to write to, and renames it to `path` when the block succeeds.

    The name keeps the suffix of `path`. Where the block fails, `path` is as it was before.

    Raises:
      UserError: the folder cannot be written, or its disk is full.
    """
    path = Path(path)
    with write_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = "".join(path.suffixes)
        handle, name = tempfile.mkstemp(suffix, f".{path.name.removesuffix(suffix)}.", path.parent)
        os.close(handle)
        beside = Path(name)
        try:
            yield beside
            with open(beside, "rb+") as written:
                os.fsync(written.fileno())
            os.chmod(beside, 0o666 & ~_UMASK)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def write_json(path: str | os.PathLike, value: Any) -> None:
    """Writes plain values as JSON, whole or not at all."""
    text = json.dumps(value, indent=1, allow_nan=False) + "\n"
    with written_whole(path) as beside:
        beside.write_text(text)
