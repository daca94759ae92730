"""Tells whether the files of a folder are still those that its clips were made of."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import open_regular
from tf_dsae.data.folder.video_files import Source

WHOLE_BYTES = 2**20  # A file up to this size is read whole.
PART_BYTES = 2**16  # Of a larger one, three parts of this size.


def stamps(sources: Iterable[Source]) -> Iterator[list]:
    """Yields what changes when a source changes: its name, and what `file_stamp` says of its files.

    Raises:
      UserError: a file is gone or cannot be read.
    """
    known: dict[Path, list] = {}  # An array file is the file of many sources.
    for source in sources:
        files = source.files or (source.path,)
        for path in files:
            if path not in known:
                known[path] = file_stamp(path, source.name)
        yield [source.name, source.kind, *(known[path] for path in files)]


def file_stamp(path: Path, name: str) -> list:
    """Returns a file's name, size, time and digest.

    The digest is of the whole content up to 1 MiB, of a larger file of the first, middle and last
    64 KiB, so that films need not be read again to be found again.

    Args:
      path: of the file.
      name: of it, for errors.

    Raises:
      UserError: it is gone or cannot be read.
    """
    try:
        with open_regular(path) as file:
            stat = os.fstat(file.fileno())
            size, digest = stat.st_size, hashlib.sha256()
            if size <= WHOLE_BYTES:
                digest.update(file.read(WHOLE_BYTES))
            else:
                for start in (0, (size - PART_BYTES) // 2, size - PART_BYTES):
                    file.seek(start)
                    digest.update(file.read(PART_BYTES))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{name}: expected a file that can be read, received: {reason(error)}; change its "
            "rights or remove it"
        ) from error
    return [os.fsencode(path.name).hex(), size, stat.st_mtime_ns, digest.hexdigest()]
