"""Prepares a data set on disk once, so that training and evaluation only read it.

Does nothing but say so when it is there already. Example:

  prepare_data --dataset=sprites/drawn --data_dir=/tmp/data
"""

from absl import flags

from tf_dsae.cli import common

_DATASET = flags.DEFINE_string(
    "dataset",
    "sprites",
    "Name of the data set: sprites/drawn (drawn by this package; `sprites` is short for it) or "
    "sprites/lpc (sheets of the public repository YingzhenLi/Sprites).",
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "Folder that holds prepared data sets; by default $TFDS_DATA_DIR, else ~/tensorflow_datasets.",
)
_SHEETS_DIR = flags.DEFINE_string(
    "sheets_dir",
    None,
    "For sprites/lpc: folder with body/0.png to shoes/1.png, 25 sheets of 832 x 1344 pixels. "
    "By default they are downloaded (0.5 MB) and checked.",
)


def main(argv: list[str]) -> None:
    """Prepares the data set that the flags name and prints one line about it."""
    del argv  # Flags only.
    common.load_tensorflow()
    from tf_dsae.data import pipeline

    pipeline.prepare(_DATASET.value, _DATA_DIR.value, _SHEETS_DIR.value)


def run() -> None:
    """Entry point of the `prepare_data` program."""
    common.run_main(main)


if __name__ == "__main__":
    run()
