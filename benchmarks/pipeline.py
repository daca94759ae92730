"""Measures the data alone: seconds to prepare each data set, videos per second of its batches.

  python benchmarks/pipeline.py [--sheets_dir=FOLDER] [--batch_size=32]

Without --sheets_dir only sprites/drawn is measured. Work is done in a temporary folder.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags  # noqa: E402

from tf_dsae.cli import common  # noqa: E402

_SHEETS_DIR = flags.DEFINE_string("sheets_dir", None, "Folder of sheets; measures sprites/lpc too.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Videos per batch.")
_VIDEOS = flags.DEFINE_integer("videos", 20000, "Videos to read per measurement.")


def measure(dataset: str, **settings: str) -> None:
    """Prepares one data set from scratch, reads batches of it, and prints the numbers."""
    from tf_dsae.data import prepare

    with tempfile.TemporaryDirectory() as data_dir:
        start = time.perf_counter()
        opened = prepare(dataset, data_dir, show_progress=False, **settings)
        print(f"{dataset}: prepared in {time.perf_counter() - start:.1f} s")
        megabytes = sum(path.stat().st_size for path in Path(data_dir).rglob("*.*")) / 1e6
        print(f"{dataset}: {megabytes:.1f} MB on disk")
        start = time.perf_counter()
        opened.load_split("train")
        print(f"{dataset}: training split loaded in {time.perf_counter() - start:.2f} s")
        for name, batches in {
            "training": opened.training_batches(_BATCH_SIZE.value, seed=0),
            "evaluation": opened.evaluation_batches("train", _BATCH_SIZE.value).repeat(),
        }.items():
            print(f"{dataset}: {videos_per_second(batches):.0f} videos/s of {name} batches")


def videos_per_second(batches) -> float:
    """Returns the rate of endless batches, leaving out the first, which builds the graph."""
    steps = max(1, _VIDEOS.value // _BATCH_SIZE.value)
    iterator = iter(batches)
    next(iterator)
    start = time.perf_counter()
    for _ in range(steps):
        next(iterator)
    return steps * _BATCH_SIZE.value / (time.perf_counter() - start)


def main() -> None:
    """Measures what the flags name."""
    common.load_tensorflow()
    measure("sprites/drawn")
    if _SHEETS_DIR.value is not None:
        measure("sprites/lpc", sheets_dir=_SHEETS_DIR.value)


if __name__ == "__main__":
    common.program(main)()
