"""Writing of files, whole or not at all, and careful reading of files from anyone."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

from tf_dsae.core.checks import printable
from tf_dsae.core.errors import UserError, reason

MAX_BYTES = 4 * 2**20  # Of a file of settings or results; ours have a thousandth of it.
_MAX_VALUES, _MAX_DEPTH = 2_000_000, 40  # Of a JSON; a value takes 20 times its text in memory.
_UMASK = os.umask(0)
os.umask(_UMASK)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


@contextlib.contextmanager
def write_errors(folder: str | os.PathLike) -> Iterator[None]:
    """Turns errors of unwritable folders and full disks into a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{folder}: expected a folder that can be written, received: "
            f"{error.strerror or reason(error)}; free some space or name another folder"
        ) from error


@contextlib.contextmanager
def wrap_path_errors(name: str, path: str | os.PathLike) -> Iterator[None]:
    """Turns errors of impossible paths, such as too long ones, into a UserError."""
    try:
        yield
    except UserError:
        raise
    except (OSError, ValueError) as error:  # A zero byte is a ValueError.
        raise UserError(
            f"{name}: expected a path that can be opened, received {printable(str(path), 100)} "
            f"({getattr(error, 'strerror', None) or reason(error)}); name another"
        ) from error


def require_space(folder: str | os.PathLike, num_bytes: int) -> None:
    """Raises UserError if the folder's disk has less free space; for libraries that crash then."""
    with write_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < num_bytes:
        raise UserError(
            f"{folder}: expected {num_bytes / 1e6:.1f} MB of free space, found "
            f"{free / 1e6:.1f} MB; free some space or name another folder"
        )


def check_folder(name: str, folder: str | os.PathLike, num_bytes: int = 0) -> None:
    """Raises UserError, with the setting's name, where a folder could not be made or written.

    It need not exist, and nothing is made. `num_bytes` must be free on its disk.
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
def write_atomically(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a name beside `path` to write to, and renames it to `path` when the block succeeds.

    The name has the suffix of `path`. UserError where the folder cannot be written.
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
    with write_atomically(path) as beside:
        beside.write_text(text)


# --- Reading what anyone may have written.


def open_regular(path: str | os.PathLike) -> BufferedReader:
    """Opens a file to read its bytes; OSError, and ValueError for a pipe, a device or a folder."""
    # A pipe that nobody writes to is opened at once, not waited for.
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_WAIT))  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError("it is no regular file")
    return file


def read_bytes(path: str | os.PathLike, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a file; raises as `open_regular` does, and ValueError if it is too large."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > max_bytes else file.read(max_bytes + 1)
    if max(size, len(content)) > max_bytes:
        raise ValueError(f"it has more than {max_bytes / 1e6:.1f} MB")
    return content


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file of any size, in hex; raises as `open_regular` does."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(
    path: str | os.PathLike, what: str, advice: str = "", max_bytes: int = MAX_BYTES
) -> Any:
    """The value in a JSON file: finite numbers, texts that UTF-8 can write, at most 40 levels deep.

    UserError, with `what` it should hold and `advice`, where it is missing, not regular, too large,
    no JSON, or holds something else.
    """
    try:
        return parse_json(read_bytes(path, max_bytes), path, what, advice)
    except FileNotFoundError:
        end = f"; {advice}" if advice else ""
        raise UserError(f"{path}: expected {what}, found no such file{end}") from None
    except UserError:
        raise
    except (OSError, ValueError) as error:
        raise _no_json(path, what, error, advice) from None


def parse_json(content: bytes, name: str | os.PathLike, what: str, advice: str = "") -> Any:
    """The value of a JSON text, under the same limits; messages call it `name`."""
    try:
        if sum(map(content.count, (b",", b"[", b"{"))) > _MAX_VALUES:
            raise ValueError(f"it holds more than {_MAX_VALUES} values")
        value = json.loads(content.decode())
        _check_plain(value)
    except (ValueError, RecursionError) as error:
        raise _no_json(name, what, error, advice) from None
    return value


def _no_json(name: str | os.PathLike, what: str, error: Exception, advice: str) -> UserError:
    received = getattr(error, "strerror", None) or reason(error)
    end = f"; {advice}" if advice else ""
    return UserError(f"{name}: expected {what} as JSON, received: {received}{end}")


def _check_plain(value: Any) -> None:
    """Raises ValueError for values that can be read but not written again."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for inner in level:
            if isinstance(inner, dict):
                below += [*inner, *inner.values()]
            elif isinstance(inner, list):
                below += inner
            elif isinstance(inner, str):
                inner.encode()  # Half a surrogate pair is a ValueError.
            elif isinstance(inner, float) and not math.isfinite(inner):
                raise ValueError("it holds a number that is not finite in double precision")
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")
