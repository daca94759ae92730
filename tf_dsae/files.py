"""Files that are there whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tf_dsae.errors import UserError


@contextlib.contextmanager
def write_errors(folder: str | os.PathLike) -> Iterator[None]:
    """Turns a folder that cannot be written and a disk that is full into a UserError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{folder}: expected a folder that can be written, received: {reason}; free some space "
            "or name another folder"
        ) from error


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
            os.chmod(beside, 0o666 & ~_umask())
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
