"""Finds and names the sources of clips: movies, GIFs, folders of images, and arrays."""

import itertools
import os
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import logging

from tf_dsae.core.errors import UserError, reason
from tf_dsae.data.folder import array_files as arrays

LABELS = "labels.csv"
MOVIES = (".mp4", ".webm", ".avi", ".mov", ".mkv")
IMAGES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npz", ".npy")
MAX_SOURCES = 1_000_000  # Of one folder; small array files can claim any number.
_NAMED = 5  # Files that are named one by one; of thousands nobody reads more.
_KNOWN = (*MOVIES, ".gif", *IMAGES, *ARRAYS)
_EXPECTED = f"{', '.join(suffix[1:] for suffix in _KNOWN)} files"


class Source(NamedTuple):
    """One video, for splitting as for reading."""

    name: str  # Below the folder, printable: 'cats/1.mp4', 'faces.npz[3]', 'faces.npz:key[3]'.
    kind: str  # 'movie', 'gif', 'images', 'array' or 'damaged'.
    path: Path  # Of the file, or of the folder of images.
    files: tuple[Path, ...] = ()  # The images of a folder, in order.
    key: str = ""  # Of the array in an .npz.
    video: int = 0  # Which one of the array.
    siblings: int = 1  # How many videos the file holds.
    problem: str = ""  # Why a damaged file cannot be read.


def natural_key(text: str) -> tuple:
    """A key for natural order: frame2 before frame10."""
    parts = re.split("([0-9]+)", text)
    # Numbers of any length, compared without being converted.
    parts[1::2] = [(len(part.lstrip("0")), part.lstrip("0")) for part in parts[1::2]]
    return (*parts, ()), text


def find_sources(video_dir: str | os.PathLike) -> list[Source]:
    """Returns every video below a folder, in natural order of names; UserError where there is none.

    A folder that holds images directly is one video of its images, and named as the folder is.
    Images beside movies, GIFs or arrays, such as a cover, are left out, and counted in a warning.
    Hidden files and folders, linked folders, and links to files outside the folder are left out. A
    damaged array file is one source of kind 'damaged'.
    """
    root = Path(video_dir).expanduser()
    if not root.is_dir():
        raise UserError(
            f"video_dir: expected a folder of videos, received {video_dir}; name one that is there"
        )
    root = root.resolve()
    files, left_out = _files_below(root)
    if left_out:
        logging.warning("%s: %d links that leave the folder are not followed.", video_dir, left_out)
    files = _without_covers(files, video_dir)
    sources = _image_folders(files, root)
    for path in files:
        sources += _of_file(path, root)
        if len(sources) > MAX_SOURCES:
            raise UserError(
                f"video_dir: expected at most {MAX_SOURCES} videos, received more; take some away"
            )
    if not sources:
        raise UserError(
            f"video_dir: expected {_EXPECTED} below it, received {video_dir} without any; name "
            "another folder"
        )
    sources.sort(key=lambda source: natural_key(source.name))
    for one, other in itertools.pairwise(sources):
        if one.name == other.name:
            raise UserError(
                f"video_dir: expected one video a name, received two named {one.name}; rename one"
            )
    return sources


def open_source(path: str | os.PathLike) -> list[Source]:
    """Returns the videos of one file or of one folder of images; UserError where there is none."""
    named = Path(path).expanduser().absolute()
    target = named.resolve()
    name = _printable(named.name or target.name)
    if target.is_dir():
        files, _ = _files_below(target, deep=False)
        sources = [source._replace(name=name) for source in _image_folders(files, target)]
    elif target.is_file() and named.suffix.lower() in IMAGES:
        sources = [Source(name, "images", target, (target,))]
    elif target.is_file():
        sources = _of_file(named, named.parent)  # A link may have another suffix than its file.
    else:
        raise UserError(f"{path}: expected a video, received no file; name one that is there")
    if not sources:
        raise UserError(
            f"{path}: expected one of {_EXPECTED}, or a folder of images; convert or rename it"
        )
    return sources


def _without_covers(files: list[Path], video_dir: str | os.PathLike) -> list[Path]:
    """Returns the files except images beside files of other kinds."""
    taken = {path.parent for path in files if path.suffix.lower() not in IMAGES}
    kept = [path for path in files if path.suffix.lower() not in IMAGES or path.parent not in taken]
    if len(kept) < len(files):
        logging.warning(
            "%s: %d images beside movies, GIFs or arrays are left out; frames belong into a folder "
            "of their own.",
            video_dir,
            len(files) - len(kept),
        )
    return kept


def _files_below(root: Path, deep: bool = True) -> tuple[list[Path], int]:
    """Returns the files to look at, and the number of links that leave the folder."""

    def refuse(error: OSError) -> None:
        raise UserError(
            f"video_dir: expected a folder that can be listed, received {error.filename} "
            f"({error.strerror}); change its rights"
        ) from error

    plain, links = [], []
    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if deep and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith(".") or path.suffix.lower() not in _KNOWN:
                continue
            if path.is_symlink():
                links.append(path)
            elif stat.S_ISREG(path.stat().st_mode):  # A pipe would block.
                plain.append(path)
    seen, left_out = set(plain), 0
    for path in links:
        target = path.resolve()
        if not target.is_relative_to(root):
            left_out += 1
        elif target.is_file() and target not in seen:  # Else one video could be in both splits.
            seen.add(target)
            plain.append(path)
    return plain, left_out


def _of_file(path: Path, root: Path) -> list[Source]:
    """Returns the videos of a file that is no image."""
    name, suffix = _printable(path.relative_to(root).as_posix()), path.suffix.lower()
    if suffix in MOVIES or suffix == ".gif":
        return [Source(name, "gif" if suffix == ".gif" else "movie", path)]
    if suffix not in ARRAYS:
        return []
    try:
        videos = arrays.list_videos(path)
    except Exception as error:  # Of many kinds, as bytes may hold anything.
        return [Source(name, "damaged", path, problem=reason(error))]
    single, siblings = len(videos) == 1, sum(count for _, count in videos)
    return [
        Source(
            f"{name}[{index}]" if single else f"{name}:{_printable(key)}[{index}]",
            "array",
            path,
            key=key,
            video=index,
            siblings=siblings,
        )
        for key, count in videos
        for index in range(count)
    ]


def _image_folders(files: list[Path], root: Path) -> list[Source]:
    """Returns one video for each folder that holds images directly."""
    folders: dict[Path, list[Path]] = {}
    for path in files:
        if path.suffix.lower() in IMAGES:
            folders.setdefault(path.parent, []).append(path)
    return [
        Source(
            _printable(root.name if folder == root else folder.relative_to(root).as_posix()),
            "images",
            folder,
            tuple(sorted(images, key=lambda path: natural_key(path.name))),
        )
        for folder, images in folders.items()
    ]


def _printable(name: str) -> str:
    """Returns a printable name that UTF-8 can encode, for any bytes in a file's name."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say_skipped(problems: Sequence[str], log: Callable[[str], object]) -> None:
    """Has `log` take a line for each of the first 5 problems, then the number of others."""
    for problem in problems[:_NAMED]:
        log(f"skipped: {problem}")
    if len(problems) > _NAMED:
        log(f"skipped: {len(problems) - _NAMED} more")


def first_names(names: Sequence[str]) -> str:
    """Returns names for one line: the first 5, and the number of others."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
