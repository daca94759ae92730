"""Checks of weights files from anyone, before memory is taken for them."""

import math
import os

import h5py

from tf_dsae.core.checks import quote
from tf_dsae.core.files import open_regular

_MAX_ITEMS, _MAX_DEPTH = 10_000, 32  # Of a weights file; a run's has some hundreds, 6 deep.
# Bytes of a weight and of its two running means in Adam, in double precision; layout on top.
_BYTES_EACH, _LAYOUT = 24, 4 * 2**20


def check_weights(path: str | os.PathLike, num_weights: int) -> None:
    """Checks, before memory is taken, that an HDF5 file can hold the weights of a model.

    What passes is plain arrays of numbers that lie in the file itself, uncompressed, byte for byte,
    enough of them and not many times more: so that neither reading it nor making the model takes
    more memory than its size warrants. OSError where it is no HDF5, else ValueError says what.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    if size > num_weights * _BYTES_EACH + _LAYOUT:
        raise ValueError(f"{size} bytes are too many for {num_weights} weights")
    if size < 2 * num_weights:  # Of half precision.
        raise ValueError(f"{size} bytes are too few for {num_weights} weights")
    with h5py.File(path, "r") as content:
        datasets = _datasets(content)
        count = sum(_checked_size(dataset, size) for dataset in datasets)
        stored = sum(dataset.id.get_storage_size() for dataset in datasets)
    if count < num_weights:
        raise ValueError(f"expected {num_weights} weights, found {count}")
    if stored > size:
        raise ValueError("its arrays overlap")


def _datasets(content: h5py.File) -> list[h5py.Dataset]:
    """Every array of a file; raises ValueError for links that lead elsewhere or around."""
    datasets, groups, seen = [], [(content, 0)], 0
    while groups:
        group, depth = groups.pop()
        for name in group:
            seen += 1
            if seen > _MAX_ITEMS or depth > _MAX_DEPTH:
                raise ValueError("it has too many items, or is nested too deep")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{quote(name)} is a link out of its place")
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                datasets.append(item)
            else:
                raise ValueError(f"{quote(name)} is neither a group nor an array")
    return datasets


def _checked_size(dataset: h5py.Dataset, file_size: int) -> int:
    """Numbers in an array; raises ValueError unless it is a plain one inside the file."""
    layout = dataset.id.get_create_plist()
    kind, name = layout.get_layout(), quote(dataset.name)
    if kind not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT):
        raise ValueError(f"{name} is chunked, compressed or made of other files")
    if layout.get_external_count() or layout.get_nfilters():
        raise ValueError(f"{name} is compressed or lies in another file")
    if h5py.h5a.get_num_attrs(dataset.id):
        raise ValueError(f"{name} has attributes")
    stored_as = dataset.id.get_type()
    if stored_as.get_class() not in (h5py.h5t.FLOAT, h5py.h5t.INTEGER):
        raise ValueError(f"{name} holds no numbers")
    count = math.prod(dataset.shape or ())
    stored, offset = dataset.id.get_storage_size(), dataset.id.get_offset() or 0
    if count and (stored != count * stored_as.get_size() or offset + stored > file_size):
        raise ValueError(f"{name} is larger than what the file holds of it")
    if not count or dataset.dtype.itemsize != stored_as.get_size():
        raise ValueError(f"{name} is empty, or of an unusual type")
    return count
