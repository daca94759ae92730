"""Prepares a data set on disk once, so that training and evaluation only read it.

If the data are there already, it only says so. Examples:

  prepare_data --dataset=sprites/drawn --data_dir=/tmp/data
  prepare_data --dataset=folder --video_dir=videos --num_frames=16 --stride=2
"""

from tf_dsae.cli import common, shared_flags
from tf_dsae.data import prepare

_DATASET = shared_flags.define_dataset("sprites/drawn")
_DATA_DIR = shared_flags.define_data_dir()
_SOURCE = shared_flags.SourceFlags()


def main() -> None:
    """Prepares the data set that the flags name and prints one line about it."""
    source = _SOURCE.source(_DATASET.value)
    common.load_tensorflow()
    prepare(source, _DATA_DIR.value)


run = common.program(main)
