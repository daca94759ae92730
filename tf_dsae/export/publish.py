"""Numbered folders for a server to watch: each appears whole, and none is overwritten."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import write_errors

LARGEST_VERSION = 2**63 - 1  # TF Serving's.
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)


def check_version(export_dir: str | os.PathLike, version: int | None) -> None:
    """Raises UserError if the version number is invalid or already taken."""
    if version is None:
        return
    check_whole("version", version, 1, largest=LARGEST_VERSION)
    if version in _versions(export_dir):
        raise _taken(export_dir, version)


def publish(
    write: Callable[[Path], None], export_dir: str | os.PathLike, version: int | None = None
) -> Path:
    """Has `write` fill a folder and renames it to export_dir/<version> when it succeeds.

    While it fills, the folder has a name in export_dir that no server takes for a version. If
    something fails, or another process takes the version first, the folder is removed.

    Args:
      write: takes the folder to fill, which exists.
      export_dir: made if it does not exist.
      version: of at least 1; None for one more than the highest.

    Returns:
      The folder export_dir/<version>.

    Raises:
      UserError: the version is taken, or the folder cannot be written.
    """
    export_dir = Path(export_dir).expanduser()
    check_version(export_dir, version)
    with write_errors(export_dir):
        export_dir.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=export_dir))
        try:
            # A folder in it: mkdtemp's own is closed to other users, such as a server's.
            filled = beside / "version"
            filled.mkdir()
            write(filled)
            _sync(filled)
            return _rename(filled, export_dir, version)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _rename(filled: Path, export_dir: Path, version: int | None) -> Path:
    while True:
        target = export_dir / str(_next_version(export_dir) if version is None else version)
        try:
            os.rename(filled, target)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            if version is not None:
                raise _taken(export_dir, version) from None
        else:
            _sync_one(export_dir)
            return target


def _taken(export_dir: str | os.PathLike, version: int) -> UserError:
    return UserError(
        f"version: expected one that {export_dir} does not have yet, received {version}; name "
        "another, or none for the next"
    )


def _versions(export_dir: str | os.PathLike) -> set[int]:
    """The version numbers that are taken."""
    with write_errors(export_dir):
        folder = Path(export_dir).expanduser()
        names = os.listdir(folder) if folder.exists() else []
    numbers = {int(name) for name in names if name.isascii() and name.isdecimal()}
    return {number for number in numbers if number <= LARGEST_VERSION}


def _next_version(export_dir: Path) -> int:
    version = 1 + max(_versions(export_dir), default=0)
    if version > LARGEST_VERSION:
        raise UserError(
            f"version: expected one free above the highest in {export_dir}, found "
            f"{LARGEST_VERSION}; name a lower one"
        )
    return version


def _sync(folder: Path) -> None:
    """Flushes everything in the folder to the disk before it gets its name."""
    for place, _, names in os.walk(folder):
        for name in (*names, ""):
            _sync_one(Path(place) / name)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
